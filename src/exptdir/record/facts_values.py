"""What the sources of metadata say, fact by fact, and how their texts become values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from exptdir.errors import MetadataError
from exptdir.record.dates import DateContext, parse_date, update_date

#: Every spelling of a fact's name → the fact.
FACT_OF_KEY = {
    **{fact: fact for fact in ("id", "title", "status", "tags", "prerequisites", "builds_on", "begun", "draft")},
    **{"prereqs": "prerequisites", "builds-on": "builds_on", "date": "begun"},
}
#: The facts that are references to other experiments.
REFERENCES = frozenset({"prerequisites", "builds_on"})

_ID = re.compile(r"#?([0-9]{1,18})")
_ROLE = re.compile(r":expt:(?:[a-z-]+:)?`([^`]*)`")
NUMBERS = re.compile(r"#?[0-9]+(?:\s+#?[0-9]+)+")


#: The ways to split a log; without one a long log is split as fits it.
Way = Literal["", "year", "runs", "none"]
#: Lines from which a log is long: as many as a browser lays out at once without a pause.
LONG = 2000


class LogForm(NamedTuple):
    """How a log is to be read: the name of its *format*, the directory of its *runs*, what it is *split* by."""

    format: str = ""
    runs: str = ""
    split: str = ""


#: That nothing is said of it.
ANY_FORM = LogForm()
Value = int | str | tuple[str, ...] | date


@dataclass(frozen=True)
class Claim:
    """What one source says about one fact."""

    #: Name of the field of :class:`exptdir.record.facts.Facts`.
    fact: str
    value: object
    path: str
    line: int | None = None


def convert(fact: str, raw: object) -> Value | None:
    """Turn what a source says about a fact, a text or what TOML makes of it, into the fact's value.

    ``None`` where the source leaves the fact empty.

    Raises MetadataError when the value has the wrong type or does not make sense.
    """
    return _CONVERTERS[fact](raw)


def same(one: Value, other: Value) -> bool:
    """Tell whether two sources agree, however they spell or sort it."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return {_plain(item) for item in one} == {_plain(item) for item in other}
    return one == other


def shown(value: object) -> str:
    """Show a value in a message, in at most some 80 characters."""
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 80 else text[:80] + "…"


def status_word(text: str) -> str:
    """Return the one spelling of a status: ``In-Progress`` and ``in_progress`` are ``in progress``."""
    return " ".join(text.lower().replace("_", " ").replace("-", " ").split())


def _plain(item: str) -> str:
    number = _ID.fullmatch(item)
    return str(int(number[1])) if number else item


def _id(raw: object) -> int | None:
    if raw == "":
        return None
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
        return raw
    found = _ID.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if found is None:
        raise MetadataError(f"an id must be a whole number, not “{shown(raw)}”")
    return int(found[1])


def _text(raw: object) -> str | None:
    if not isinstance(raw, str):
        raise MetadataError(f"expected a text, not “{shown(raw)}”")
    return " ".join(raw.split()) or None


def _list(raw: object) -> tuple[str, ...] | None:
    if isinstance(raw, str):
        raw = raw.split() if NUMBERS.fullmatch(raw.strip()) else raw.split(",")
    elif isinstance(raw, int) and not isinstance(raw, bool):
        raw = [raw]
    if not isinstance(raw, list | tuple):
        raise MetadataError(f"expected a list, not “{shown(raw)}”")
    items: dict[str, None] = {}
    for item in raw:
        if isinstance(item, bool) or not isinstance(item, str | int):
            raise MetadataError(f"expected a list of texts or numbers, in which “{shown(item)}” is neither")
        text = str(item).strip()
        role = _ROLE.fullmatch(text)
        items[role[1].strip() if role else text] = None
    return tuple(filter(None, items))


def is_draft(raw: object) -> bool:
    """Return what ``draft`` says of an experiment or of an entry: a field without a value says yes.

    Raises MetadataError if it is neither yes nor no.
    """
    word = raw.strip().lower() if isinstance(raw, str) else raw
    if word in {True, "", "true", "yes", "on", "1"}:
        return True
    if word in {False, "false", "no", "off", "0"}:
        return False
    raise MetadataError(f"expected true or false, not “{shown(raw)}”")


def _begun(raw: object) -> date | None:
    if isinstance(raw, date):
        return raw.date() if isinstance(raw, datetime) else raw
    if not isinstance(raw, str):
        raise MetadataError(f"expected a date such as 2024-05-21, not “{shown(raw)}”")
    text = raw.strip()
    if not text:
        return None
    strict = parse_date(text)
    if strict is not None:
        return strict
    loose = update_date(text, DateContext())
    if loose.date is None or loose.problem or loose.rest:
        raise MetadataError(loose.problem or f"“{shown(text)}” is not a date such as 2024-05-21")
    return loose.date


def _form(raw: object) -> LogForm:
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise MetadataError("[log] holds texts: format, runs, split")
    if unknown := sorted(raw.keys() - {*LogForm._fields}):
        raise MetadataError(f"[log] has no “{unknown[0]}”, only {', '.join(LogForm._fields)}")
    return LogForm(**{key: value.strip() for key, value in raw.items()})


_CONVERTERS: dict[str, Callable[[object], Value | None]] = {
    "id": _id,
    "title": _text,
    "status": lambda raw: status_word(_text(raw) or "") or None,
    "tags": _list,
    "prerequisites": _list,
    "builds_on": _list,
    "begun": _begun,
    "draft": is_draft,
    "name": _text,
    "form": _form,
}
