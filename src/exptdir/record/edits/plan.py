"""Changes as values: what a command would do to the files of a record, and how it is put together.

The text of a file is decoded so that its encoding, byte-order mark and line ends come back as they were.
"""

from __future__ import annotations

import codecs
import difflib
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from exptdir.errors import EditError
from exptdir.record.files import read_state
from exptdir.record.problem import Problem


@dataclass(frozen=True)
class Edit:
    """New content for one file."""

    #: The file, absolute, under the name that it has before any :class:`Rename` of the same plan.
    path: Path
    #: What it must hold now; ``None`` where there must be no such file.
    before: bytes | None
    #: What it is to hold; ``None`` takes it away.
    after: bytes | None
    #: Whether this is a symbolic link, whose content is where it leads.
    is_link: bool = False


@dataclass(frozen=True)
class Rename:
    """A new name for a directory or a file; *new* must not exist."""

    old: Path
    new: Path


@dataclass(frozen=True)
class Plan:
    """All that a command would change: first the edits, then the renames, in order."""

    base: Path
    edits: tuple[Edit, ...] = ()
    renames: tuple[Rename, ...] = ()
    #: What the command was unsure of and left as it is.
    problems: tuple[Problem, ...] = ()

    def summary(self, start: Path | None = None) -> list[str]:
        """Return one line for each change, with paths as seen from *start*, by default from the record."""
        start = start or self.base
        lines = []
        for edit in self.edits:
            verb = "create" if edit.before is None else "edit" if edit.after is not None else "delete"
            extent = ""
            if not edit.is_link and edit.before is not None and edit.after is not None:
                old, new = edit.before.split(b"\n"), edit.after.split(b"\n")
                blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
                changed = sum(max(b - a, d - c) for tag, a, b, c, d in blocks if tag != "equal")
                extent = f" ({changed} line{'s' if changed != 1 else ''})"
            lines.append(f"{verb} {_seen(edit.path, start)}{extent}")
        return lines + [f"rename {_seen(r.old, start)} to {_seen(r.new, start)}" for r in self.renames]


def _seen(path: Path, start: Path) -> str:
    return Path(os.path.relpath(path, start)).as_posix()


def create(path: Path, text: str) -> Edit:
    """Plan a new file in UTF-8; applying the plan fails where it exists."""
    return Edit(path, None, text.encode())


def need_free(path: Path) -> None:
    """Make sure that nothing has the name *path*.

    Raises EditError when something does, a link that leads nowhere included.
    """
    if os.path.lexists(path):
        raise EditError(f"{path} exists already")


@dataclass(frozen=True)
class SourceFile:
    """A decoded file."""

    text: str
    #: UTF-8; else the encoding of Western Europe that gives these bytes back.
    encoding: str = "utf-8"
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """Turn a changed text into bytes; raises EditError when the file's encoding lacks a character."""
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            missing = error.object[error.start]
            message = f"the file is not UTF-8 and has no “{missing}”; save it as UTF-8 first"
            raise EditError(message) from None


def decode(data: bytes) -> SourceFile:
    """Decode a file so that what is not changed comes back byte for byte.

    Raises EditError when it is UTF-16 or UTF-32, or no text at all.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)) or b"\0" in data:
        raise EditError("it is not UTF-8 but UTF-16, UTF-32 or no text; save it as UTF-8 first")
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    data = data[len(mark) :]
    for encoding in ("utf-8", "cp1252"):
        with suppress(UnicodeDecodeError):
            return SourceFile(data.decode(encoding), encoding, mark)
    return SourceFile(data.decode("latin-1"), "latin-1", mark)


def read_source(path: Path) -> tuple[bytes, SourceFile]:
    """Read a text that is to be edited; raises EditError when it cannot be read."""
    workspace = Workspace(path.parent)
    data = workspace.read(path)
    if data is None:
        raise EditError(f"{path} does not exist")
    return data, workspace.source(path)


class Workspace:
    """Collects edits below the source directory *base*, so that two changes to one file become one edit."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.problems: list[Problem] = []
        self._before: dict[tuple[Path, bool], bytes | None] = {}
        self._after: dict[tuple[Path, bool], bytes | None] = {}

    def read(self, path: Path, *, is_link: bool = False) -> bytes | None:
        """Return what a file holds by now, ``None`` if it is not there; raises EditError when it cannot be read."""
        key = (path, is_link)
        if key not in self._before:
            try:
                self._before[key] = self._after[key] = read_state(path, is_link=is_link)
            except OSError as error:
                raise EditError(f"{path} cannot be read: {error.strerror or error}") from None
        return self._after[key]

    def write(self, path: Path, content: bytes | None, *, is_link: bool = False) -> None:
        """Plan new content for a file; ``None`` takes it away."""
        self.read(path, is_link=is_link)
        self._after[path, is_link] = content

    def rewrite(self, path: Path, change: Callable[[str], str]) -> None:
        """Plan a change of a text, whatever its encoding.

        Raises EditError when it is no text that can be edited, or its encoding lacks a new character.
        """
        source = self.source(path)
        text = change(source.text)
        if text != source.text:
            try:
                self.write(path, source.encode(text))
            except EditError as error:
                raise EditError(f"{path} cannot be edited: {error}") from None

    def source(self, path: Path) -> SourceFile:
        """Return a text as it is by now; empty where there is no such file.

        Raises EditError when it is no text that can be edited.
        """
        try:
            return decode(self.read(path) or b"")
        except EditError as error:
            raise EditError(f"{path} cannot be edited: {error}") from None

    def plan(self, renames: Iterable[Rename] = ()) -> Plan:
        """Return what has changed, by path."""
        edits = [
            Edit(path, before, self._after[path, is_link], is_link)
            for (path, is_link), before in self._before.items()
            if before != self._after[path, is_link]
        ]
        edits.sort(key=lambda edit: os.fspath(edit.path))
        return Plan(self.base, tuple(edits), tuple(renames), tuple(self.problems))
