"""The configuration: declared once, for Sphinx, the commands and the manual, and validated by its declaration."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, Literal

from exptdir.errors import ConfigurationError
from exptdir.record.walk import LOG_NAMES, ScanSettings

#: Narrow, so that neither `plots.py` nor the training of a `fignet` starts because a page is built.
_STEMS = ("plot", "plot_*", "*_plot", "fig", "fig_*", "fig[0-9]*")
#: Names of plot scripts (``exptdir_plot_scripts``).
PLOT_SCRIPTS = tuple(stem + suffix for suffix in (".py", ".R", ".jl") for stem in _STEMS)

#: The statuses and what each means for the experiments that wait: ``open`` (not done yet), ``done`` or
#: ``dropped`` (never will be) (``exptdir_statuses``).
STATUSES: Mapping[str, str] = {
    "new": "open",
    "ready": "open",
    "in progress": "open",
    "complete": "done",
    "abandoned": "dropped",
}

#: Powers of 1024 (IEC 80000-13); the letters of the decimal units, which nobody means of memory, say the same.
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?\s*", re.IGNORECASE)


def memory_size(value: Any) -> int:
    """Return the bytes that ``exptdir_figure_memory`` means: a number of bytes, or a text such as ``2 GiB``.

    An empty text is no limit, as is 0. Raises ConfigurationError if it is neither.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if value == "":
        return 0
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ConfigurationError('expected a number of bytes or a text such as "2 GiB"')
    return int(float(found[1]) * 1024 ** _UNITS[found[2].lower()])


def check_executor(value: Any) -> None:
    """Refuse what scripts cannot be handed to: a word that means nothing, or an object without ``submit``."""
    if isinstance(value, str):
        known = value == "local" or (value.split()[:1] == ["dask"] and len(value.split()) <= 2)
    else:
        known = callable(value) or any(hasattr(value, name) for name in ("submit", "scheduler_address"))
    if not known:
        raise ConfigurationError('expected "local", "dask", "dask <address>", an executor, or what makes one')


PREFIX = "exptdir_"
#: Words that a line of prose begins with where its author marks what is to be done.
TASK_MARKERS = ("TODO", "next exp:", "next:", "下一步")
Rebuild = Literal["env", "html", ""]


def _expect(is_valid: Callable[[Any], object], what: str) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if not is_valid(value):
            raise ConfigurationError(f"expected {what}")

    return check


_string = _expect(lambda value: isinstance(value, str), "a string")
_strings = _expect(
    lambda value: isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value), "a list of strings"
)
_boolean = _expect(lambda value: isinstance(value, bool), "True or False")
_seconds = _expect(
    lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf"),
    "a number of seconds",
)
_web_address = _expect(
    lambda value: isinstance(value, str) and (not value or re.match(r"https?://[^\s<>\"]+\Z", value)),
    "an address that begins with https:// or http://",
)
_statuses = _expect(
    lambda value: isinstance(value, dict) and all(one in ("open", "done", "dropped") for one in value.values()),
    "a dict from each status to 'open', 'done' or 'dropped'",
)


def _one_of(*choices: str) -> Callable[[Any], None]:
    return _expect(lambda value: value in choices, "one of " + ", ".join(map(repr, choices)))


def _at_least(least: int) -> Callable[[Any], None]:
    return _expect(
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least,
        f"a whole number of at least {least}",
    )


def _template(*names: str) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        _string(value)
        try:
            value.format_map(dict.fromkeys(names, ""))
        except (KeyError, ValueError, IndexError, AttributeError) as error:
            allowed = ", ".join(f"{{{name}}}" for name in names)
            raise ConfigurationError(f"expected a text with fields from {allowed} ({error})") from error

    return check


#: What validates the options that may be anything of the type of their defaults.
_OF_TYPE = {list: _strings, str: _string, bool: _boolean}


def _option(
    default: Any, text: str, check: Callable[[Any], object] | None = None, rebuild: Rebuild = "env", invalid: Any = None
) -> Any:
    """Declare one option: its default, its line in the manual, its validation, what a change rebuilds, and what
    holds in place of a value that is not valid where that is not the default.
    """
    metadata = {"help": text, "check": check or _OF_TYPE[type(default)], "rebuild": rebuild, "invalid": invalid}
    if isinstance(default, (list, dict)):
        return field(default_factory=lambda: default.copy(), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """All options; each field is the value ``exptdir_<name>`` of a ``conf.py``."""

    roots: list[str] = _option(["expts"], "Directories, relative to the source directory, in which experiments lie.")
    log_names: list[str] = _option(
        list(LOG_NAMES),
        "Names (without suffix) of a log, the best first. The others are files like any other. With ``{name}`` among "
        "them a log may be called as its directory, also where that begins with no number.",
    )
    statuses: Mapping[str, str] = _option(
        dict(STATUSES),
        "Statuses, each with its meaning for experiments that wait: ``open``, ``done`` or ``dropped``.",
        _statuses,
    )
    ref_format: str = _option(
        "#{id}",
        "What a reference shows, with the fields ``{id}``, ``{name}``, ``{title}`` and ``{path}``. An experiment "
        "without a number shows its name in place of ``#{id}``. exmemo showed ``#{id}: {title}``.",
        _template("id", "name", "title", "path"),
    )
    title_format: str = _option(
        "#{id}: {title}",
        "The title of a page, with the same fields; empty, or without a number: as in the log.",
        _template("id", "name", "title", "path"),
    )
    date_order: str = _option(
        "",
        "Order of 5/6/2024: ``DMY``, ``MDY`` or ``YMD``; empty: as the file shows.",
        _one_of("", "DMY", "MDY", "YMD"),
    )
    entry_list: str = _option(
        "oldest",
        "List of entries on a page with two or more: ``oldest`` first, ``newest`` first, or ``none``.",
        _one_of("oldest", "newest", "none"),
    )
    cited_by: bool = _option(True, "End an experiment's page with the list of those that refer to it.")
    list_format: str = _option(
        "",
        "What lists of contents and the sidebar show beside a title: ``{status}``, ``{begun}``, ``{last}`` (the last "
        "entry's day) and ``{tags}``, such as ``{status} · {last}``. Parts between dots go where a field is empty.",
        _template("status", "begun", "last", "tags"),
    )
    mentions: str = _option(
        "none",
        "List words that name an experiment without a reference (``experiment 34``): ``none``, or on its ``page``.",
        _one_of("none", "page"),
    )
    header: bool = _option(
        True, "Show an experiment's facts below its title: status, tags, days, and the experiments around it."
    )
    task_markers: list[str] = _option(
        list(TASK_MARKERS), "What begins a line that ``expt-tasks`` and ``exptdir tasks`` list as something to do."
    )
    hashtags: bool = _option(False, "Take ``#tag`` in an entry, outside code and links, for one of its tags.")
    archive: str = _option(
        "auto",
        "Make pages of HTML of all entries by year, month and tag: ``auto``, where a page has ``expt-journal``, "
        "``expt-calendar`` or ``expt-tags``; ``always``; or ``never``.",
        _one_of("auto", "always", "never"),
        "html",
    )
    drafts: bool = _option(False, "Show drafts, marked as such; else leave them out of everything.")
    navigation: str = _option(
        "auto",
        "Put the navigation in the theme's ``sidebar``, on the ``page`` (a trail above and the neighbours below), "
        "``none``, or ``auto``: the sidebar where the theme is known to show one.",
        _one_of("auto", "sidebar", "page", "none"),
        "html",
    )
    navigation_window: int = _option(10, "Siblings that the navigation shows on either side.", _at_least(1), "html")
    missing_assets: str = _option(
        "warn",
        "Where a figure, download or table has no file: ``warn``, or ``ignore``. The page shows a placeholder anyway.",
        _one_of("warn", "ignore"),
    )
    asset_roots: list[str] = _option(
        [], "Directories outside the source directory, absolute or relative to it, that typed paths may reach."
    )

    table_limit: int = _option(
        500,
        "Rows up to which a table is shown whole; else its first 100, and HTML can load the others. 0: any number.",
        _at_least(0),
    )

    figures: str = _option(
        "auto",
        "Plot scripts to run: ``auto``, those with stale figures; ``always``, all; ``never``, or anything else, none.",
        _one_of("auto", "never", "always"),
        "",
        # Whoever writes `False` or `Never` means that nothing is run.
        invalid="never",
    )
    plot_scripts: list[str] = _option(list(PLOT_SCRIPTS), "Patterns for names of plot scripts.", rebuild="")
    plot_style: str = _option(
        "", "A matplotlib style for plot scripts: a file from the source directory, or a name; empty: none.", rebuild=""
    )
    plot_dark: bool = _option(False, "Draw ``loss.svg`` for the dark scheme too, as ``loss.dark.svg``.", rebuild="")
    python: str = _option(
        "",
        "The Python that runs plot scripts: a path from the source directory, or a name; 3.11 or later. Empty: that of "
        "a ``.venv`` of the project with matplotlib, else the one that builds.",
        rebuild="",
    )
    figure_timeout: float = _option(300, "Seconds that a plot script may take.", _seconds, "")
    figure_memory: int | str = _option(
        "", "Memory of a plot script: bytes, or a text such as ``2 GiB``; empty: any amount.", memory_size, ""
    )
    figure_jobs: int = _option(0, "Plot scripts that run at once; 0: as many as processors.", _at_least(0), "")
    figure_executor: Any = _option(
        "local",
        "What runs plot scripts: ``local``, ``dask``, ``dask <address>``, an executor, a Dask client or cluster, or a "
        "function that returns one.",
        check_executor,
        "",
    )
    figure_versions: bool = _option(False, "Let another Python, matplotlib or numpy make figures stale.", rebuild="")
    figure_provenance: bool = _option(True, "Let a figure's script and inputs be unfolded below it.", rebuild="html")
    repository_url: str = _option(
        "",
        "The repository on the web (``https://github.com/you/work``), for links to commits and history; empty: none.",
        _web_address,
    )
    feed_url: str = _option(
        "",
        "The site's address, such as ``https://you.example.org/notes``, for Atom feeds (``feed.xml``); empty: none.",
        _web_address,
        "html",
    )
    editor_url: str = _option(
        "",
        "An address that opens a file in your editor from the preview, such as ``vscode://file/{path}:{line}``.",
        _template("path", "line"),
        "",
    )
    watch_ignore: list[str] = _option(
        [], "Patterns of what ``exptdir serve`` ignores, as in ``exclude_patterns``: ``**/*.log``, ``expts/*/data``."
    )

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Settings:
        """Read the options of a record, by their names without the prefix; most that are not valid count as not set."""
        valid = {option.name: values[option.name] for option in fields(cls) if option.name in values}
        for option, _ in _mistakes(values):
            del valid[option.name]
            if option.metadata["invalid"] is not None:
                valid[option.name] = option.metadata["invalid"]
        return cls(**valid)

    def scan(self, suffixes: Collection[str], exclude: Callable[[str], bool]) -> ScanSettings:
        """Say what counts as an experiment, where Sphinx reads documents with these *suffixes*."""
        return ScanSettings(
            roots=self.roots,
            log_names=self.log_names,
            suffixes=[suffix for suffix in (".rst", ".md") if suffix in suffixes],
            unread=[suffix for suffix in suffixes if suffix not in {".rst", ".md"}],
            statuses=self.statuses,
            date_order=self.date_order,
            exclude=exclude,
        )


def _mistakes(values: Mapping[str, Any]) -> Iterator[tuple[Field[Any], str]]:
    """Yield the options whose values are not valid, and what would be."""
    for option in fields(Settings):
        if option.name in values:
            try:
                option.metadata["check"](values[option.name])
            except ConfigurationError as error:
                yield option, str(error)


def invalid_values(values: Mapping[str, Any]) -> dict[str, str]:
    """Say of each option whose value is not valid what would be, and what holds in its place."""
    found = {}
    for option, reason in _mistakes(values):
        instead = option.metadata["invalid"]
        used = "the default is used" if instead is None else f"it counts as {instead!r}"
        found[option.name] = f"{PREFIX}{option.name} = {values[option.name]!r}: {reason}; {used}"
    return found
