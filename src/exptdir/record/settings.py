"""The configuration: declared once, for Sphinx, the commands and the manual, and validated by its declaration."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, Literal

from exptdir.errors import ConfigurationError
from exptdir.record.check import STATUSES
from exptdir.record.walk import LOG_NAMES, ScanSettings

#: Narrow, so that neither `plots.py` nor the training of a `fignet` starts because a page is built.
_STEMS = ("plot", "plot_*", "*_plot", "fig", "fig_*", "fig[0-9]*")
#: Names of plot scripts (``exptdir_plot_scripts``).
PLOT_SCRIPTS = tuple(stem + suffix for suffix in (".py", ".R", ".jl") for stem in _STEMS)

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


def check_seconds(value: Any) -> None:
    """Refuse what is no time that something can take."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < float("inf"):
        raise ConfigurationError("expected a number of seconds")


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


def _strings(value: Any) -> None:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ConfigurationError("expected a list of strings")


def _string(value: Any) -> None:
    if not isinstance(value, str):
        raise ConfigurationError("expected a string")


def _web_address(value: Any) -> None:
    _string(value)
    if value and not re.match(r"https?://[^\s<>\"]+\Z", value):
        raise ConfigurationError("expected an address that begins with https:// or http://")


def _boolean(value: Any) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError("expected True or False")


def _one_of(*choices: str) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if value not in choices:
            raise ConfigurationError("expected one of " + ", ".join(map(repr, choices)))

    return check


def _template(*names: str) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        _string(value)
        try:
            value.format_map(dict.fromkeys(names, ""))
        except (KeyError, ValueError, IndexError, AttributeError) as error:
            allowed = ", ".join(f"{{{name}}}" for name in names)
            raise ConfigurationError(f"expected a text with fields from {allowed} ({error})") from error

    return check


def _at_least(least: int) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ConfigurationError(f"expected a whole number of at least {least}")

    return check


def _statuses(value: Any) -> None:
    meanings = ("open", "done", "dropped")
    if not isinstance(value, dict) or not all(meaning in meanings for meaning in value.values()):
        raise ConfigurationError("expected a dict from each status to 'open', 'done' or 'dropped'")


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

    roots: list[str] = _option(
        ["expts"], "Directories, relative to the source directory, in which experiments are looked for."
    )
    log_names: list[str] = _option(
        list(LOG_NAMES),
        "Names (without suffix) of an experiment's log, the best first. Where several are there, the others "
        "are files like any other.",
    )
    statuses: Mapping[str, str] = _option(
        dict(STATUSES),
        "The statuses that an experiment may have, each with its meaning for the experiments that wait for it: "
        "``open``, ``done`` or ``dropped``.",
        _statuses,
    )
    ref_format: str = _option(
        "#{id}",
        "What a reference to an experiment shows, with the fields ``{id}``, ``{name}``, ``{title}`` and "
        "``{path}``. An experiment without a number shows its name in place of ``#{id}``. "
        "``#{id}: {title}`` is what exmemo showed.",
        _template("id", "name", "title", "path"),
    )
    title_format: str = _option(
        "#{id}: {title}",
        "What the title of an experiment's page becomes, with the same fields; empty: the title stays as it is. "
        "Experiments without a number keep their title.",
        _template("id", "name", "title", "path"),
    )
    date_order: str = _option(
        "",
        "How dates such as 5/6/2024 are read: ``DMY``, ``MDY`` or ``YMD``; empty: only where the file leaves no doubt.",
        _one_of("", "DMY", "MDY", "YMD"),
    )
    entry_list: str = _option(
        "oldest",
        "Order of the list of entries on top of a page with two or more: ``oldest`` first, ``newest`` first, or "
        "``none``.",
        _one_of("oldest", "newest", "none"),
    )
    cited_by: bool = _option(True, "Whether an experiment's page ends with the list of those that refer to it.")
    list_format: str = _option(
        "",
        "What tables of contents and the sidebar show beside the title of each experiment, with the fields "
        "``{status}``, ``{begun}``, ``{last}`` (the day of its last entry) and ``{tags}``, such as "
        "``{status} · {last}``. Parts with a dot between them are left out where a field of theirs is empty.",
        _template("status", "begun", "last", "tags"),
    )
    mentions: str = _option(
        "none",
        "Where to list the places whose words name an experiment without a reference (``experiment 34``): ``none``, or "
        "at the end of its ``page``.",
        _one_of("none", "page"),
    )
    header: bool = _option(
        True,
        "Whether an experiment's page says below its title what its facts are: status, tags, days, and the experiments "
        "that it belongs to, waits for and holds.",
    )
    task_markers: list[str] = _option(
        list(TASK_MARKERS),
        "What a line of prose that says what is to be done begins with; ``expt-tasks`` and ``exptdir tasks`` list it.",
    )
    hashtags: bool = _option(
        False, "Whether ``#tag`` in the text of an entry, outside code and links, is one of its tags."
    )
    archive: str = _option(
        "auto",
        "Whether pages of HTML are made of all entries by year and month, and of what bears a tag: ``auto``, where a "
        "page has ``expt-journal``, ``expt-calendar`` or ``expt-tags``, which lead there; ``always``; or ``never``.",
        _one_of("auto", "always", "never"),
        "html",
    )
    drafts: bool = _option(False, "Whether drafts are shown, marked as such; else they are left out of everything.")
    navigation: str = _option(
        "auto",
        "Where the navigation among experiments goes: in the theme's ``sidebar``, into the ``page`` (a trail above "
        "and the neighbours below), ``none``, or ``auto``: the sidebar where the theme is known to show one.",
        _one_of("auto", "sidebar", "page", "none"),
        "html",
    )
    navigation_window: int = _option(
        10, "How many siblings the navigation shows on either side of an experiment.", _at_least(1), "html"
    )
    missing_assets: str = _option(
        "warn",
        "What happens when a figure, download or table has no file: ``warn``, or ``ignore`` (the placeholder is "
        "shown all the same).",
        _one_of("warn", "ignore"),
    )
    asset_roots: list[str] = _option(
        [],
        "Directories outside the source directory, absolute or relative to it, from which typed paths may take files.",
    )

    table_limit: int = _option(
        500,
        "How many rows a data table may have to be shown whole; 0: any number. Of a longer one pages show the first "
        "100. In HTML a script can load the others from a file beside the page; other builders say how many there "
        "are.",
        _at_least(0),
    )

    figures: str = _option(
        "auto",
        "Which plot scripts a build runs: ``auto``, those whose figures are stale; ``never``, none; ``always``, all. "
        "Any other value is a mistake, and counts as ``never``.",
        _one_of("auto", "never", "always"),
        "",
        # Whoever writes `False` or `Never` means that nothing is run.
        invalid="never",
    )
    plot_scripts: list[str] = _option(
        list(PLOT_SCRIPTS), "Names of the files in experiments that are plot scripts, as patterns.", rebuild=""
    )
    plot_style: str = _option(
        "",
        "A matplotlib style for all plot scripts: a file, relative to the source directory, or a name; empty: none.",
        rebuild="",
    )
    plot_dark: bool = _option(
        False, "Whether ``loss.svg`` is also drawn for the dark scheme, as ``loss.dark.svg`` beside it.", rebuild=""
    )
    python: str = _option(
        "",
        "The Python that plot scripts are run with: a path from the source directory, or a name; 3.11 or later. Empty: "
        "that of a ``.venv`` of the project in which matplotlib is installed, else the one that builds.",
        rebuild="",
    )
    figure_timeout: float = _option(300, "How many seconds a plot script may take.", check_seconds, "")
    figure_memory: int | str = _option(
        "",
        "How much memory a plot script may take: a number of bytes, or a text such as ``2 GiB``; empty: any amount.",
        memory_size,
        "",
    )
    figure_jobs: int = _option(
        0, "How many plot scripts run at once; 0: as many as there are processors.", _at_least(0), ""
    )
    figure_executor: Any = _option(
        "local",
        "What runs the plot scripts: ``local``; ``dask`` or ``dask <address>``; or an executor, a Dask client or "
        "cluster, or a function that returns one.",
        check_executor,
        "",
    )
    figure_versions: bool = _option(
        False, "Whether another version of Python, matplotlib or numpy makes figures stale.", rebuild=""
    )
    figure_provenance: bool = _option(
        True, "Whether the script of a figure, and what it was drawn from, can be unfolded below it.", rebuild="html"
    )
    repository_url: str = _option(
        "",
        "Where the repository of the work is on the web, such as ``https://github.com/you/work``; empty: nowhere. "
        "Commits that pages name become links to it, and experiments link their history there.",
        _web_address,
    )
    feed_url: str = _option(
        "",
        "Where the site will be, such as ``https://you.example.org/notebook``; then Atom feeds of its entries are "
        "written: ``feed.xml``, and one for each experiment and tag below ``feeds``. Empty: none.",
        _web_address,
        "html",
    )
    editor_url: str = _option(
        "",
        "An address that opens a file in your editor, with the fields ``{path}`` (absolute) and ``{line}``, such as "
        "``vscode://file/{path}:{line}``; empty: none. The preview links what it warns of, and each page, to it.",
        _template("path", "line"),
        "",
    )
    watch_ignore: list[str] = _option(
        [],
        "Files and directories whose changes ``exptdir serve`` lets pass, as patterns like those of "
        "``exclude_patterns``: ``**/*.log``, ``expts/*/checkpoints``.",
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
