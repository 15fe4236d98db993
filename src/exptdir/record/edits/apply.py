"""Applies a plan to a record: all of it or nothing, one writer at a time.

What the files were is kept in a journal, the directory ``.exptdir-journal`` in the source directory, until the last
change is made. While it holds ``journal.json`` a command is under way, or was interrupted; then the next writer takes
its changes back. A file that somebody has changed since is left as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from exptdir.errors import EditError, RecordBusyError
from exptdir.record.edits.plan import Edit, Plan, need_free
from exptdir.record.files import clear_unfinished, inside, read_state, sync_directory, take_lock, write
from exptdir.record.problem import Problem

#: Name of the journal's directory.
JOURNAL = ".exptdir-journal"
_PLAN = "journal.json"
_STARTED = "started"


class Writer:
    """The one who may write to a record; made by :func:`locked`.

    *recovered* names the files that an interrupted command before had changed and somebody since, too.
    """

    def __init__(self, base: Path) -> None:
        self._base, self._folder = base, base / JOURNAL
        self.recovered = self._undo()

    def apply(self, plan: Plan) -> None:
        """Make the changes of a plan, or none of them.

        Raises EditError when a file is no longer what the plan was made for, a name is taken, a file lies outside the
        record or cannot be written. Whatever was changed by then is taken back.
        """
        if not plan.edits and not plan.renames:
            return
        for edit in plan.edits:
            self._check(edit)
        for rename in plan.renames:
            self._check_inside(rename.old)
            self._check_inside(rename.new)
        try:
            self._begin(plan)
            for edit in plan.edits:
                if edit.after is not None:
                    edit.path.parent.mkdir(parents=True, exist_ok=True)
                write(edit.path, edit.after, is_link=edit.is_link)
            for directory in {Path(os.path.realpath(edit.path)).parent for edit in plan.edits}:
                sync_directory(directory)
            for number, rename in enumerate(plan.renames):
                need_free(rename.new)
                rename.new.parent.mkdir(parents=True, exist_ok=True)
                write(self._folder / _STARTED, str(number + 1).encode(), sync=True)
                rename.old.rename(rename.new)
                sync_directory(rename.old.parent)
                sync_directory(rename.new.parent)
        except (OSError, EditError, KeyboardInterrupt) as error:
            self._undo()
            self._end()
            if isinstance(error, OSError | EditError):
                raise EditError(f"nothing was changed: {error}") from error
            raise
        self._end()

    def _begin(self, plan: Plan) -> None:
        """Note what all files are, before the first is changed."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        edits = []
        for number, edit in enumerate(plan.edits):
            mode = None
            if edit.before is not None:
                write(self._folder / str(number), edit.before)
                mode = None if edit.is_link else edit.path.stat().st_mode & 0o7777
            after = None if edit.after is None else hashlib.sha256(edit.after).hexdigest()
            path = self._relative(edit.path)
            edits.append({"path": path, "link": edit.is_link, "new": edit.before is None, "after": after, "mode": mode})
        renames = [[self._relative(rename.old), self._relative(rename.new)] for rename in plan.renames]
        # The directories that will be made for new files, outer ones first.
        wanted = [edit.path for edit in plan.edits if edit.after is not None] + [r.new for r in plan.renames]
        missing = {above for path in wanted for above in path.parents if not above.exists()}
        made = [self._relative(path) for path in sorted(missing)]
        content = {"edits": edits, "renames": renames, "made": made}
        write(self._folder / _PLAN, json.dumps(content, indent=1).encode(), sync=True)
        sync_directory(self._base)

    def _end(self) -> None:
        """Forget: from here on the changes stay."""
        with suppress(FileNotFoundError):
            (self._folder / _PLAN).unlink()
            sync_directory(self._folder)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _undo(self) -> tuple[Problem, ...]:
        """Take back what an unfinished command has changed; return the files that somebody has changed since.

        Raises EditError when the journal makes no sense or a file cannot be written; the journal stays.
        """
        try:
            data = (self._folder / _PLAN).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return ()
        try:
            content = json.loads(data)
            problems = tuple(self._take_back(content))
        except (ValueError, TypeError, KeyError) as error:
            raise EditError(f"{self._folder} is damaged ({error}); look at it, then delete it") from None
        except OSError as error:
            raise EditError(f"an interrupted command cannot be taken back: {error}") from None
        self._end()
        return problems

    def _take_back(self, content: dict[str, Any]) -> Iterator[Problem]:
        try:
            started = int((self._folder / _STARTED).read_bytes())
        except FileNotFoundError:
            started = 0
        renames = [(self._inside(old), self._inside(new)) for old, new in content["renames"]]
        for number in reversed(range(min(started, len(renames)))):
            old, new = renames[number]
            # The last one that was started may not have happened, or be taken back already.
            if os.path.lexists(new) and not os.path.lexists(old):
                new.rename(old)
            write(self._folder / _STARTED, str(number).encode(), sync=True)
        for number, edit in enumerate(content["edits"]):
            path, is_link = self._inside(edit["path"]), bool(edit["link"])
            clear_unfinished(path)
            now = read_state(path, is_link=is_link)
            before = None if edit["new"] else (self._folder / str(number)).read_bytes()
            if now == before:
                continue
            if (None if now is None else hashlib.sha256(now).hexdigest()) == edit["after"]:
                write(path, before, is_link=is_link, mode=edit["mode"], sync=True)
            else:
                message = "it was changed after a command was interrupted, and is left as it is"
                yield Problem("edit", message, path)
        for made in reversed(content["made"]):
            with suppress(OSError):
                self._inside(made).rmdir()

    def _relative(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._base)).as_posix()

    def _inside(self, path: str) -> Path:
        found = self._base / path
        # Only the directory counts: a link itself may lead anywhere.
        if not inside(found.parent / "x", self._base) or found.name in {"", "..", JOURNAL}:
            raise ValueError(f"{path} is outside the record")
        return found

    def _check(self, edit: Edit) -> None:
        self._check_inside(edit.path.parent / "x" if edit.is_link else edit.path)
        if edit.before is None:
            need_free(edit.path)
            return
        try:
            now = read_state(edit.path, is_link=edit.is_link)
        except OSError as error:
            raise EditError(f"{edit.path} cannot be read: {error}") from error
        if now != edit.before:
            raise EditError(f"{edit.path} was changed meanwhile; nothing was changed, try again")

    def _check_inside(self, path: Path) -> None:
        if not inside(path, self._base):
            raise EditError(f"{path} is outside the record in {self._base} and is not written to")


@contextmanager
def locked(base: Path, timeout: float = 10.0) -> Iterator[Writer]:
    """Keep other commands from writing to the record, and take back what an interrupted one has left.

    Hold it from before the scan, so that the plan is made for what is there. *timeout* is in seconds.

    Raises RecordBusyError when the other command does not end in time, EditError when nothing can be written.
    """
    try:
        # The directory itself, so that no file is left behind.
        descriptor = take_lock(base, timeout)
    except BlockingIOError:
        raise RecordBusyError(f"another command is writing to the record in {base}") from None
    except OSError as error:
        raise EditError(f"the record cannot be opened: {error}") from None
    try:
        yield Writer(base)
    finally:
        if descriptor >= 0:
            os.close(descriptor)
