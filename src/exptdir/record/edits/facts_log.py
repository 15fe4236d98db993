"""Facts on top of a log: front matter (``.md``) and field list (``.rst``)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from exptdir.errors import EditError
from exptdir.record.edits.facts_small import padded
from exptdir.record.lines import line_end, split_lines
from exptdir.record.metadata_log import from_log
from exptdir.record.metadata_values import FACT_OF_KEY

_KEY = re.compile(r"(?P<quote>[\"']?)(?P<key>[A-Za-z]+)(?P=quote)[ \t]*:(?=[ \t\r\n]|$)")
_FIELD = re.compile(r":(?P<key>(?:\\.|[^:\\\r\n]){1,60}):(?=[ \t\r\n]|$)")
_COMMENT = re.compile(r"[ \t]+#[^\r\n]*")
_SAFE = re.compile(r"[A-Za-z_][\w .()-]*[\w)]|[A-Za-z_]")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})

Plain = str | int | tuple[str, ...] | None


def has_facts(log: Path) -> bool:
    """Tell whether a log states any fact, so that others may stand beside it."""
    return bool(from_log(os.fspath(log))[0])


def set_in_front_matter(text: str, fact: str, value: Plain) -> str:
    """Set a fact in the front matter of a Markdown log, or take it out; the other lines stay as they are.

    Parameters
    ----------
    text
        The log.
    fact
        Name of the fact.
    value
        Its value.

    Raises
    ------
    EditError
        When there is no front matter.
    """
    lines = split_lines(text)
    last = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in {"---", "..."}), 0)
    if not lines or lines[0].rstrip() != "---" or not last:
        raise EditError("the log has no front matter")
    for at in range(1, last):
        found = _KEY.match(lines[at])
        if found and FACT_OF_KEY.get(found["key"]) == fact:
            stop = _block_end(lines, at, last)
            new = _yaml(found[0], value, lines[at:stop], line_end(text))
            return "".join([*lines[:at], *new, *lines[stop:]])
    new = _yaml(f"{fact}:", value, [], line_end(text))
    return "".join([*lines[:last], *new, *lines[last:]])


def _block_end(lines: list[str], at: int, last: int) -> int:
    stop = at + 1
    while stop < last and (lines[stop][:1] in " \t-" or not lines[stop].strip()):
        stop += 1
    while stop > at + 1 and not lines[stop - 1].strip():
        stop -= 1
    return stop


def _yaml(key: str, value: Plain, old: Sequence[str], end: str) -> list[str]:
    if value is None:
        return []
    first = old[0].rstrip("\r\n") if old else ""
    comment = _COMMENT.search(first)
    note = comment[0] if comment and "\"" not in first and "'" not in first else ""
    items = [line for line in old[1:] if line.lstrip().startswith("- ")]
    if not isinstance(value, tuple):
        shown = padded(value, first) if isinstance(value, int) else _scalar(value)
        return [f"{key} {shown}{note}{end}"]
    if items:
        return [f"{key}{note}{end}", *_block_items(value, items, end)]
    written = first[len(key) :].strip().removesuffix(note.strip()).strip()
    if written and not written.startswith(("[", "&", "!")):
        return [f"{key} {_scalar(', '.join(value))}{note}{end}"]
    return [f"{key} [{', '.join(map(_scalar, value))}]{note}{end}"]


def _block_items(value: tuple[str, ...], old: list[str], end: str) -> list[str]:
    """Write a list of one item a line; items that stay keep their lines with what is noted beside them."""
    indent = old[0][: old[0].index("-")]
    written = {_COMMENT.sub("", line.strip()[2:]).strip("\"' \t\r\n"): line for line in old}
    return [written.get(item, f"{indent}- {_scalar(item)}{end}") for item in value]


def _scalar(value: str | int) -> str:
    text = str(value)
    plain = isinstance(value, int) or text.isdecimal() or (_SAFE.fullmatch(text) and text.lower() not in _WORDS)
    return text if plain else json.dumps(text, ensure_ascii=False)


def set_in_fields(text: str, fact: str, value: Plain) -> str:
    """Set a fact in the field list on top of a reStructuredText log, or take it out.

    Raises
    ------
    EditError
        When there is no field list with facts.
    """
    lines, end = split_lines(text), line_end(text)
    last = -1
    for at, line in enumerate(lines):
        found = _FIELD.match(line)
        here = FACT_OF_KEY.get(found["key"].lower()) if found else None
        if found is None or here is None:
            if last >= 0 and line.strip() and line[0] not in " \t:":
                break
            continue
        stop = _field_end(lines, at)
        if here == fact:
            return "".join([*lines[:at], *_field(found[0], value, lines[at], end), *lines[stop:]])
        last = stop
    if last < 0:
        raise EditError("the log has no field list with facts")
    return "".join([*lines[:last], *_field(f":{fact}:", value, "", end), *lines[last:]])


def _field_end(lines: list[str], at: int) -> int:
    stop = at + 1
    while stop < len(lines) and lines[stop].strip() and lines[stop][0] in " \t":
        stop += 1
    return stop


def _field(key: str, value: Plain, old: str, end: str) -> list[str]:
    if value is None:
        return []
    if isinstance(value, int):
        return [f"{key} {padded(value, old)}{end}"]
    return [f"{key} {', '.join(value) if isinstance(value, tuple) else value}{end}"]
