"""Plans a new experiment: its number, its directory, its log with a first entry."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path, PurePosixPath

from exptdir.errors import EditError
from exptdir.record.edits.entry import new_entry
from exptdir.record.edits.plan import Plan, create, need_free
from exptdir.record.edits.relocate import next_id
from exptdir.record.files import MAX_LOG, read_bytes
from exptdir.record.home import Conf
from exptdir.record.markup.blocks import columns
from exptdir.record.model import Record
from exptdir.record.scan import numbers_left_out
from exptdir.record.walk import OWN_NAME

#: Where an author's own templates are, in the first record root.
TEMPLATES = "_templates"
_DIGITS = 4
_DAY = re.compile(r"[0-9]{4}(-?)[0-9]{2}\1[0-9]{2}([_ -])")
_LONGEST_NAME = 60
#: A text as TOML and YAML both read it.
_quoted = partial(json.dumps, ensure_ascii=False)


@dataclass(frozen=True)
class NewExperiment:
    """What the new experiment is to be."""

    title: str
    today: date
    #: The words of its directory's name; made of the title where there are none.
    name: str | None = None
    #: Key of the experiment to be nested in.
    parent: str | None = None
    tags: tuple[str, ...] = ()
    status: str | None = None
    #: Name of a template; ``None`` for the one called ``default``, if there is one.
    template: str | None = None
    #: ``.md`` or ``.rst``; as the newest experiment's where it is ``None``.
    suffix: str | None = None
    #: Whether its directory begins with the day and not with a number, where those of a record without numbers do.
    by_day: bool = False


def new_experiment(conf: Conf, record: Record, wanted: NewExperiment) -> tuple[Plan, Path, int]:
    """Plan a new experiment; return the plan, which begins with the log, the log and the number.

    Raises EditError when the title makes no name, there is no such template, or the directory exists.
    """
    title = " ".join(wanted.title.split())
    name = slug(wanted.name or title)
    if not title or not name:
        raise EditError("the experiment needs a title with a letter or a digit in it")
    settings = conf.scan_settings
    number = next_id(record, numbers_left_out(record, settings))
    root = PurePosixPath(settings.roots[0]).as_posix() if settings.roots else "expts"
    above = wanted.parent if wanted.parent is not None else root
    # Filled up to as many digits as most directories have, where a day in front of a name is no number.
    numbered = (re.match(r"(\d+)_", one.directory_name) for one in record.experiments.values() if one.id is not None)
    widths = [len(match[1]) for match in numbered if match]
    digits = max(set(widths), key=widths.count) if widths else _DIGITS
    pages = (one for one in record.experiments.values() if one.is_page)
    newest = max(pages, key=lambda one: (one.id or 0, one.key), default=None)
    day = _DAY.match(newest.directory_name) if newest is not None and wanted.by_day and not record.by_id else None
    label = wanted.today.strftime(f"%Y{day[1]}%m{day[1]}%d{day[2]}") if day else f"{number:0{digits}}_"
    directory = conf.base / above / f"{label}{name}"
    need_free(directory)
    template = _template(conf.base / root / TEMPLATES, wanted)
    # The log is called as that of the newest experiment.
    stem = next((one for one in settings.log_names if one != OWN_NAME), "index")
    suffix = ".md" if ".md" in settings.suffixes else ".rst"
    if newest is not None:
        stem, suffix = newest.log.stem, newest.log.suffix
        # Or as its own directory, where that one is.
        stem = stem if stem.lower() in map(str.lower, settings.log_names) else name
    suffix = template.suffix if template is not None else wanted.suffix or suffix
    if suffix not in settings.suffixes:
        raise EditError(f"logs of this record end in {' or '.join(settings.suffixes)}, not in {suffix}")
    log = directory / f"{stem}{suffix}"
    if template is None:
        return Plan(conf.base, (create(log, _log(title, suffix, wanted)),)), log, number
    values = {"title": title, "date": wanted.today.isoformat(), "id": str(number), "name": name}
    values |= {"status": wanted.status or "", "tags": ", ".join(wanted.tags)}
    edits = [create(log, _filled(template, values))]
    facts = [f"status = {_quoted(wanted.status)}"] if wanted.status else []
    facts += [f"tags = [{', '.join(map(_quoted, wanted.tags))}]"] if wanted.tags else []
    if facts:
        edits.append(create(directory / "expt.toml", "\n".join(facts) + "\n"))
    return Plan(conf.base, tuple(edits)), log, number


def slug(text: str) -> str:
    """Turn a title into the name of a directory: letters and digits of any script, joined by underscores."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", text).replace("_", " ").lower().replace("'", ""))
    name = ""
    for word in words:
        longer = f"{name}_{word}" if name else word[:_LONGEST_NAME]
        if len(longer.encode()) > 200 or len(longer) > _LONGEST_NAME:
            break
        name = longer
    return name


def _template(directory: Path, wanted: NewExperiment) -> Path | None:
    name = wanted.template or "default"
    if "/" in name or name.startswith("."):
        raise EditError(f"{name!r} is no name of a template; give that of a file in {directory}")
    paths = [directory / f"{name.removesuffix(suffix)}{suffix}" for suffix in (".md", ".rst")]
    found = [path for path in paths if path.is_file()]
    if wanted.suffix is not None:
        found = [path for path in found if path.suffix == wanted.suffix]
    if not found and wanted.template is not None:
        raise EditError(f"there is no template {directory / name}.md or .rst")
    return found[0] if found else None


def _filled(template: Path, values: dict[str, str]) -> str:
    try:
        text = read_bytes(str(template), MAX_LOG).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EditError(f"{template} cannot be read: {error}") from None
    filled = re.sub(r"\{(\w+)\}", lambda field: values.get(field[1], field[0]), text)
    if template.suffix != ".rst":
        return filled
    lines = filled.split("\n")
    for at, line in enumerate(lines[1:], 1):
        above = lines[at - 1].rstrip()
        # A line below a title must be as long as the title has become.
        if re.fullmatch(r"([=\-~^\"'*+#])\1{2,}", line) and above and not above[0].isspace():
            lines[at] = line[0] * max(columns(above), len(line))
    return "\n".join(lines)


def _log(title: str, suffix: str, wanted: NewExperiment) -> str:
    if suffix == ".md":
        plain = re.compile(r"[\w][\w ./+-]*")
        tags = [tag if plain.fullmatch(tag) and not tag.isdigit() else _quoted(tag) for tag in wanted.tags]
        facts = [f"status: {wanted.status}"] if wanted.status else []
        facts += [f"tags: [{', '.join(tags)}]"] if tags else []
        head = "---\n" + "\n".join(facts) + "\n---\n\n" if facts else ""
        text = f"{head}# {title}\n"
    else:
        fields = [f":status: {wanted.status}"] if wanted.status else []
        fields += [f":tags: {', '.join(wanted.tags)}"] if wanted.tags else []
        head = "\n".join(fields) + "\n\n" if fields else ""
        # What is typed for a title must not turn into markup, where that would be broken.
        escaped = re.sub(r"(?<!\w)([*`|])(?=\S)|(\\)|(?<=\w)(_)(?!\w)", r"\\\g<0>", title)
        text = f"{head}{escaped}\n{'=' * max(columns(escaped), 4)}\n"
    return new_entry(text, suffix, "", wanted.today)
