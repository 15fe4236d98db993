"""What is remembered of each experiment, and the file that it is remembered in."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from exptdir import __version__
from exptdir.record.model import Experiment

#: Another form of what is remembered has another number.
_FORM = 2
#: The files, beside the log, that facts come from.
_SOURCES = ("expt.toml", ".expt", ".expt/id", ".expt/status", ".expt/tags", ".expt/prereqs")
#: No log is longer; the rest of it is not looked at.
LONGEST_LOG = 8 << 20


@dataclass(frozen=True)
class Item:
    """What is remembered of one experiment.

    Parameters
    ----------
    data
        Plain values, as they come out of JSON.
    """

    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The directory's name without the number."""
        return str(self.data["facts"][0])

    @property
    def id(self) -> int | None:
        """The number."""
        return self.data["facts"][1]  # type: ignore[no-any-return]

    @property
    def title(self) -> str:
        """The title, the name where there is none."""
        return str(self.data["facts"][2] or self.data["facts"][0])

    @property
    def status(self) -> str | None:
        """The author's own status."""
        return self.data["facts"][3]  # type: ignore[no-any-return]

    @property
    def tags(self) -> list[str]:
        """The tags."""
        return self.data["facts"][4]  # type: ignore[no-any-return]

    @property
    def waits(self) -> bool:
        """Whether it has prerequisites."""
        return bool(self.data["facts"][5])

    @property
    def begun(self) -> str | None:
        """The day on which it began, by its facts, else by its first entry."""
        return self.data["begun"] or self.first

    @property
    def count(self) -> int:
        """The number of entries."""
        return int(self.data["entries"][0])

    @property
    def first(self) -> str | None:
        """The earliest day of an entry, as ``2024-05-21``."""
        return self.data["entries"][1]  # type: ignore[no-any-return]

    @property
    def last(self) -> str | None:
        """The latest day of an entry."""
        return self.data["entries"][2]  # type: ignore[no-any-return]

    @property
    def references(self) -> list[str]:
        """The references in the log, as typed."""
        return self.data["references"]  # type: ignore[no-any-return]


class _Origins(Mapping[str, tuple[Path, int | None]]):
    """Where facts come from; paths are made when asked for, as most never are."""

    def __init__(self, directory: str, places: Mapping[str, tuple[str, int | None]]) -> None:
        self._directory, self._places = directory, places

    def __getitem__(self, fact: str) -> tuple[Path, int | None]:
        name, line = self._places[fact]
        return Path(self._directory, name), line

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def stamp(path: str) -> list[int]:
    """Return what of a file changes with its content; an empty list if it is not there."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return []
    return [found.st_mtime_ns, found.st_ctime_ns, found.st_size]


def read_log(path: Path) -> str:
    """Read a log in whatever encoding it has; nothing where it cannot be read."""
    from exptdir.record.metadata_io import read_bytes

    try:
        data = read_bytes(os.fspath(path), LONGEST_LOG)
    except OSError:
        return ""
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")


def item_of(base: Path, root: str, path: str, logs: list[str]) -> Item:
    """Read an experiment.

    Parameters
    ----------
    base, root, path, logs
        As for :func:`exptdir.record.scan.read_experiment`.
    """
    from exptdir.record.mentions import mentions
    from exptdir.record.outline import entries
    from exptdir.record.scan import read_experiment

    directory = os.path.join(base, path)
    # Before the files are read: one that changes meanwhile is read again next time.
    sources = {name: now for name in (logs[0], *_SOURCES) if (now := stamp(f"{directory}/{name}"))}
    found = read_experiment(base, root, path, logs, [])
    text, markdown = read_log(found.log), found.log.suffix.lower() == ".md"
    days = sorted(entry.day.isoformat() for entry in entries(text, markdown=markdown, begun=found.begun) if entry.day)
    places = {fact: (os.path.relpath(origin, directory), line) for fact, (origin, line) in found.origins.items()}
    data = {
        "root": root,
        "log": logs[0],
        "sources": sources,
        "facts": [found.name, found.id, found.title, found.status, found.tags, found.prerequisites],
        "begun": found.begun.isoformat() if found.begun else None,
        "origins": places,
        "entries": [len(days), days[0] if days else None, days[-1] if days else None],
        "references": list(dict.fromkeys(mention.text for mention in mentions(text, markdown=markdown))),
    }
    return Item(data)


def experiment_of(base: str, path: str, item: Item) -> Experiment:
    """Make an experiment of what is remembered of it.

    Parameters
    ----------
    base
        The source directory.
    path
        The experiment's directory, as a POSIX path from *base*.
    item
        What is remembered.
    """
    root, log = item.data["root"], item.data["log"]
    name, number, title, status, tags, prerequisites = item.data["facts"]
    begun = item.data["begun"]
    return Experiment(
        key=path,
        path=path if root == "." else path.removeprefix(root + "/"),
        log=Path(f"{base}/{path}/{log}"),
        name=name,
        id=number,
        title=title,
        status=status,
        tags=tuple(tags),
        prerequisites=tuple(prerequisites),
        begun=date.fromisoformat(begun) if begun else None,
        origins=_Origins(f"{base}/{path}", item.data["origins"]),
    )


def load(path: Path, mark: str) -> dict[str, Any]:
    """Read what is remembered; nothing where there is none, it is of another configuration, or makes no sense."""
    try:
        data = json.loads(path.read_bytes())
        if data["form"] == [_FORM, __version__, mark]:
            return dict(data["directories"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return {}


def save(path: Path, mark: str, directories: Mapping[str, Any]) -> None:
    """Write what is to be remembered; where that is impossible, the next command takes longer and is right."""
    text = json.dumps({"form": [_FORM, __version__, mark], "directories": directories}, separators=(",", ":"))
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".index-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise
