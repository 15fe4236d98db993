"""Changes as values: what a command would do to the files of a record."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from exptdir.errors import EditError
from exptdir.record.problem import Problem


@dataclass(frozen=True)
class Edit:
    """New content for one file.

    Parameters
    ----------
    path
        The file, absolute, under the name that it has before any :class:`Rename` of the same plan.
    before
        What it must hold now; ``None`` where there must be no such file.
    after
        What it is to hold; ``None`` takes it away.
    is_link
        Whether this is a symbolic link, whose content is where it leads.
    """

    path: Path
    before: bytes | None
    after: bytes | None
    is_link: bool = False


@dataclass(frozen=True)
class Rename:
    """A new name for a directory or a file; *new* must not exist."""

    old: Path
    new: Path


@dataclass(frozen=True)
class Plan:
    """All that a command would change: first the edits, then the renames, in order.

    Parameters
    ----------
    base
        The source directory of the record, absolute.
    edits, renames
        The changes.
    problems
        What the command was unsure of and left as it is.
    """

    base: Path
    edits: tuple[Edit, ...] = ()
    renames: tuple[Rename, ...] = ()
    problems: tuple[Problem, ...] = ()

    def summary(self) -> list[str]:
        """Return one line for each change, with paths relative to the record."""
        lines = [f"{_verb(edit)} {self._shown(edit.path)}{_extent(edit)}" for edit in self.edits]
        return lines + [f"rename {self._shown(r.old)} to {self._shown(r.new)}" for r in self.renames]

    def _shown(self, path: Path) -> str:
        return Path(os.path.relpath(path, self.base)).as_posix()


def create(path: Path, text: str) -> Edit:
    """Plan a new file in UTF-8; applying the plan fails where it exists."""
    return Edit(path, None, text.encode())


def need_free(path: Path) -> None:
    """Make sure that nothing has the name *path*.

    Raises
    ------
    EditError
        When something does, a link that leads nowhere included.
    """
    if os.path.lexists(path):
        raise EditError(f"{path} exists already")


def _verb(edit: Edit) -> str:
    if edit.before is None:
        return "create"
    return "edit" if edit.after is not None else "delete"


def _extent(edit: Edit) -> str:
    if edit.is_link or edit.before is None or edit.after is None:
        return ""
    old, new = edit.before.split(b"\n"), edit.after.split(b"\n")
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changed = sum(max(b - a, d - c) for tag, a, b, c, d in blocks if tag != "equal")
    return f" ({changed} line{'s' if changed != 1 else ''})"
