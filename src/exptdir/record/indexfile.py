"""What is remembered of each directory of a record, and the file that it is remembered in.

The file is read by every command, and so is made to be read fast: values of one kind stand together, and those that
repeat stand there once. It is JSON, since what is read from it can then do nothing; a checksum tells whether it is
whole, and no value is used before it has been seen to be of its kind.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from exptdir import __version__

#: Another form of what is remembered has another number.
_FORM = 3
_NO_NAMES = frozenset({"", ".", ".."})

#: What of a file changes with its content: both its times and its size; nothing for one that is not there.
Stamp = tuple[int, ...]


class Item(NamedTuple):
    """What is remembered of one experiment: plain values, as they come out of JSON."""

    #: The record root that it is in, and the name of its log.
    root: str
    log: str
    #: The files that it was read from, by their paths from its directory, and their stamps.
    sources: Sequence[str]
    stamps: Sequence[Stamp]
    #: The facts.
    name: str
    id: int | None
    heading: str | None
    status: str | None
    tags: Sequence[str]
    prerequisites: Sequence[str]
    day: str | None
    #: The file and the line that each fact is from.
    origins: Mapping[str, Sequence[Any]]
    #: The number of entries, and the days of the earliest and the latest, as ``2024-05-21``.
    entries: int
    first: str | None
    last: str | None
    #: The references in the log, as typed.
    references: Sequence[str]

    @property
    def title(self) -> str:
        """The title, the name where there is none."""
        return self.heading or self.name

    @property
    def waits(self) -> bool:
        """Whether it has prerequisites."""
        return bool(self.prerequisites)

    @property
    def begun(self) -> str | None:
        """The day on which it began, by its facts, else by its first entry."""
        return self.day or self.first


class Directory(NamedTuple):
    """What is remembered of one directory."""

    stamp: Stamp
    #: The names of the directories to look into, and of the files that could be its log, the best first.
    inside: Sequence[str]
    logs: Sequence[str]
    item: Item | None


_Columns = Sequence[Sequence[Any]]

#: The columns of items, and whether the values of each repeat.
_REPEATED = {
    name: name in {"root", "log", "sources", "status", "tags", "prerequisites", "origins"}
    for name in Item._fields
    if name != "stamps"
}
_KINDS: Mapping[str, frozenset[type]] = {
    **dict.fromkeys(("root", "log", "name"), frozenset({str})),
    **dict.fromkeys(("heading", "status", "day", "first", "last"), frozenset({str, type(None)})),
    **dict.fromkeys(("sources", "tags", "prerequisites", "references"), frozenset({list})),
    "id": frozenset({int, type(None)}),
    "origins": frozenset({dict}),
    "entries": frozenset({int}),
}


def stamp(path: str) -> Stamp:
    """Return what of a file changes with its content; nothing if it is not there."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return ()
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def load(path: Path, mark: str) -> dict[str, Directory]:
    """Read what is remembered.

    Parameters
    ----------
    path
        The file.
    mark
        What it must have been remembered of.

    Returns
    -------
    dict
        The directories by their POSIX paths; none where there is no file, it is of something else, or damaged.
    """
    try:
        head, _, body = path.read_bytes().partition(b"\n")
        return _unpacked(json.loads(body)) if head == _head(mark, body) else {}
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return {}


def save(path: Path, mark: str, directories: Mapping[str, Directory]) -> None:
    """Write what is to be remembered; where that is impossible, the next command takes longer and is right."""
    import tempfile

    body = json.dumps(_packed(directories), separators=(",", ":")).encode()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".index-")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(_head(mark, body) + b"\n" + body)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise


def _head(mark: str, body: bytes) -> bytes:
    return ascii((_FORM, __version__, zlib.crc32(body), mark)).encode()


def _packed(directories: Mapping[str, Directory]) -> dict[str, Any]:
    items = {path: known.item for path, known in directories.items() if known.item is not None}
    columns = dict(zip(Item._fields, zip(*items.values(), strict=True), strict=False)) if items else {}
    return {
        "paths": list(directories),
        "stamps": [number for known in directories.values() for number in _three(known.stamp)],
        "inside": _once(known.inside for known in directories.values()),
        "logs": _once(known.logs for known in directories.values()),
        "experiments": list(items),
        "items": {name: _once(columns[name]) if _REPEATED[name] else columns[name] for name in _REPEATED if columns},
        "sources": [number for item in items.values() for one in item.stamps for number in _three(one)],
    }


def _three(one: Stamp) -> Stamp:
    return one or (0, 0, 0)


def _once(values: Iterable[Any]) -> list[list[Any]]:
    """Return each value once, and for each place which it is."""
    texts: dict[str, int] = {}
    distinct: list[Any] = []
    places = []
    for value in values:
        place = texts.setdefault(json.dumps(value), len(distinct))
        if place == len(distinct):
            distinct.append(value)
        places.append(place)
    return [distinct, places]


def _each(column: Sequence[Sequence[Any]]) -> list[Any]:
    distinct, places = column
    return [distinct[place] for place in places]


def _unpacked(data: Mapping[str, Any]) -> dict[str, Directory]:
    for names in (*data["inside"][0], *data["logs"][0]):
        _need_names(names)
    columns = _columns(data["items"]) if data["items"] else {}
    if columns:
        # Each item has as many stamps as it has sources.
        left = iter(_stamps(data["sources"]))
        columns["stamps"] = [list(islice(left, len(names))) for names in columns["sources"]]
    rows = zip(*(columns[name] for name in Item._fields), strict=True) if columns else ()
    items = dict(zip(data["experiments"], map(Item._make, rows), strict=True))
    found = zip(
        data["paths"],
        _stamps(data["stamps"]),
        _each(data["inside"]),
        _each(data["logs"]),
        map(items.get, data["paths"]),
        strict=True,
    )
    return {path: Directory(*known) for path, *known in found}


def _stamps(numbers: Sequence[int]) -> list[Stamp]:
    _need_kind(numbers, {int})
    return list(zip(*[iter(numbers)] * 3, strict=True))


def _columns(packed: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the columns of items, once all values are seen to be of their kinds."""
    columns = {}
    for name, repeated in _REPEATED.items():
        values = packed[name][0] if repeated else packed[name]
        _need_kind(values, _KINDS[name])
        if _KINDS[name] == {list}:
            _need_kind([value for one in values for value in one], {str})
        columns[name] = _each(packed[name]) if repeated else values
    _need_names(packed["log"][0])
    for day in set(columns["day"]) - {None}:
        date.fromisoformat(day)
    for places in packed["origins"][0]:
        for place, line in places.values():
            _need_kind((place, line), {str, int, type(None)})
    return columns


def _need_kind(values: Iterable[Any], kinds: Iterable[type]) -> None:
    if not set(map(type, values)) <= set(kinds):
        raise TypeError


def _need_names(names: Sequence[str]) -> None:
    """Make sure that no name leads out of the directory that it is in."""
    if not isinstance(names, list) or "/" in "".join(names) or not _NO_NAMES.isdisjoint(names):
        raise ValueError
