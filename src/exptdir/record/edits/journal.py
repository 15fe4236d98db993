"""The journal of a command that writes: what the files were, kept until the last change is made.

It is a directory, ``.exptdir-journal``, in the source directory. While it holds ``journal.json`` a command is
under way, or was interrupted; then the next writer takes its changes back. A file that somebody has changed
since is left as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exptdir.errors import EditError
from exptdir.record.edits.files import beside, inside, put, read_state, sync_directory
from exptdir.record.edits.plan import Plan
from exptdir.record.problem import Problem

#: Name of the journal's directory.
JOURNAL = ".exptdir-journal"
_PLAN = "journal.json"
_STARTED = "started"


@dataclass(frozen=True)
class Journal:
    """The journal of one record.

    Parameters
    ----------
    base
        The source directory, absolute.
    """

    base: Path

    @property
    def folder(self) -> Path:
        """The directory of the journal."""
        return self.base / JOURNAL

    def begin(self, plan: Plan) -> None:
        """Note what all files are, before the first is changed."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        edits = []
        for number, edit in enumerate(plan.edits):
            mode = None
            if edit.before is not None:
                put(self.folder / str(number), edit.before, sync=False)
                mode = None if edit.is_link else edit.path.stat().st_mode & 0o7777
            after = None if edit.after is None else hashlib.sha256(edit.after).hexdigest()
            path = self._relative(edit.path)
            edits.append({"path": path, "link": edit.is_link, "new": edit.before is None, "after": after, "mode": mode})
        renames = [[self._relative(rename.old), self._relative(rename.new)] for rename in plan.renames]
        made = [self._relative(path) for path in _missing_directories(plan)]
        content = {"edits": edits, "renames": renames, "made": made}
        put(self.folder / _PLAN, json.dumps(content, indent=1).encode())
        sync_directory(self.folder)
        sync_directory(self.base)

    def starting(self, rename: int) -> None:
        """Note that a rename is about to be made, counted from 0."""
        put(self.folder / _STARTED, str(rename + 1).encode())
        sync_directory(self.folder)

    def end(self) -> None:
        """Forget: from here on the changes stay."""
        with suppress(FileNotFoundError):
            (self.folder / _PLAN).unlink()
            sync_directory(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)

    def undo(self, step: Callable[[str], None] = lambda name: None) -> tuple[Problem, ...]:
        """Take back what an unfinished command has changed.

        Parameters
        ----------
        step
            Called before each step, with its name.

        Returns
        -------
        tuple of Problem
            The files that could not be brought back since somebody changed them.

        Raises
        ------
        EditError
            When the journal makes no sense or a file cannot be written; the journal stays.
        """
        try:
            data = (self.folder / _PLAN).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return ()
        try:
            content = json.loads(data)
            problems = tuple(self._undo(content, step))
        except (ValueError, TypeError, KeyError) as error:
            raise EditError(f"{self.folder} is damaged ({error}); look at it, then delete it") from None
        except OSError as error:
            raise EditError(f"an interrupted command cannot be taken back: {error}") from None
        self.end()
        return problems

    def _undo(self, content: dict[str, Any], step: Callable[[str], None]) -> Iterator[Problem]:
        try:
            started = int((self.folder / _STARTED).read_bytes())
        except FileNotFoundError:
            started = 0
        renames = [(self._inside(old), self._inside(new)) for old, new in content["renames"]]
        for number in reversed(range(min(started, len(renames)))):
            step("undo rename")
            old, new = renames[number]
            # The last one that was started may not have happened, or be taken back already.
            if os.path.lexists(new) and not os.path.lexists(old):
                new.rename(old)
            put(self.folder / _STARTED, str(number).encode())
        for number, edit in enumerate(content["edits"]):
            step("undo edit")
            yield from self._restore(self.folder / str(number), edit)
        for made in reversed(content["made"]):
            with suppress(OSError):
                self._inside(made).rmdir()

    def _restore(self, image: Path, edit: dict[str, Any]) -> Iterator[Problem]:
        path, is_link = self._inside(edit["path"]), bool(edit["link"])
        beside(path).unlink(missing_ok=True)
        now = read_state(path, is_link=is_link)
        before = None if edit["new"] else image.read_bytes()
        if now == before:
            return
        if (None if now is None else hashlib.sha256(now).hexdigest()) != edit["after"]:
            message = "it was changed after a command was interrupted, and is left as it is"
            yield Problem("edit", message, path)
            return
        put(path, before, is_link=is_link, mode=edit["mode"])

    def _relative(self, path: Path) -> str:
        return Path(os.path.relpath(path, self.base)).as_posix()

    def _inside(self, path: str) -> Path:
        found = self.base / path
        # Only the directory counts: a link itself may lead anywhere.
        if not inside(found.parent / "x", self.base) or found.name in {"", "..", JOURNAL}:
            raise ValueError(f"{path} is outside the record")
        return found


def _missing_directories(plan: Plan) -> list[Path]:
    """Return the directories that will be made for new files, outer ones first."""
    wanted = [edit.path for edit in plan.edits if edit.after is not None] + [r.new for r in plan.renames]
    missing = {above for path in wanted for above in path.parents if not above.exists()}
    return sorted(missing)
