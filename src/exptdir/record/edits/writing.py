"""Applies a plan to a record: all of it or nothing, one writer at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from exptdir.errors import EditError, RecordBusyError
from exptdir.record.edits.files import inside, put, read_state, sync_directory
from exptdir.record.edits.journal import Journal
from exptdir.record.edits.plan import Edit, Plan, need_free
from exptdir.record.problem import Problem

_PAUSE = 0.05


class Writer:
    """The one who may write to a record; made by :func:`locked`.

    *recovered* names the files that an interrupted command before had changed and somebody since, too. *step* is
    called before each step with its name.
    """

    def __init__(self, base: Path, step: Callable[[str], None] = lambda name: None) -> None:
        self._base = base
        self._journal = Journal(base)
        self._step = step
        self.recovered: tuple[Problem, ...] = self._journal.undo(step)

    def apply(self, plan: Plan) -> None:
        """Make the changes of a plan, or none of them.

        Raises
        ------
        EditError
            When a file is no longer what the plan was made for, a name is taken, a file lies outside the record
            or cannot be written. Whatever was changed by then is taken back.
        """
        if not plan.edits and not plan.renames:
            return
        for edit in plan.edits:
            self._check(edit)
        for rename in plan.renames:
            self._check_inside(rename.old)
            self._check_inside(rename.new)
        try:
            self._write(plan)
        except (OSError, EditError) as error:
            self._take_back()
            raise EditError(f"nothing was changed: {error}") from error
        except KeyboardInterrupt:
            self._take_back()
            raise
        self._step("end")
        self._journal.end()

    def _take_back(self) -> None:
        self._journal.undo()
        self._journal.end()

    def _write(self, plan: Plan) -> None:
        self._step("begin")
        self._journal.begin(plan)
        for edit in plan.edits:
            self._step("edit")
            if edit.after is not None:
                edit.path.parent.mkdir(parents=True, exist_ok=True)
            put(edit.path, edit.after, is_link=edit.is_link, sync=False)
        for directory in {Path(os.path.realpath(edit.path)).parent for edit in plan.edits}:
            sync_directory(directory)
        for number, rename in enumerate(plan.renames):
            self._step("rename")
            need_free(rename.new)
            rename.new.parent.mkdir(parents=True, exist_ok=True)
            self._journal.starting(number)
            self._step("renaming")
            rename.old.rename(rename.new)
            sync_directory(rename.old.parent)
            sync_directory(rename.new.parent)

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
def locked(
    base: Path, timeout: float = 10.0, step: Callable[[str], None] = lambda name: None
) -> Iterator[Writer]:
    """Keep other commands from writing to the record, and take back what an interrupted one has left.

    Hold it from before the scan, so that the plan is made for what is there.

    Parameters
    ----------
    base
        The source directory, absolute.
    timeout
        How many seconds to wait for another command.
    step
        Called before each step of writing, with its name.

    Raises
    ------
    RecordBusyError
        When the other command does not end in time.
    EditError
        When the record cannot be written to.
    """
    descriptor = _lock(base, timeout)
    try:
        yield Writer(base, step)
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def apply(plan: Plan) -> tuple[Problem, ...]:
    """Make the changes of a plan, or none of them.

    Returns
    -------
    tuple of Problem
        What is left of an interrupted command before this one.

    Raises
    ------
    EditError
        As :meth:`Writer.apply` and :func:`locked`.
    """
    with locked(plan.base) as writer:
        writer.apply(plan)
        return writer.recovered


def _lock(base: Path, timeout: float) -> int:
    """Lock the directory itself, so that no file is left behind; -1 where the system has no such locks."""
    try:
        import fcntl
    except ImportError:
        return -1
    try:
        descriptor = os.open(base, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise EditError(f"the record cannot be opened: {error}") from None
    ends = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() >= ends:
                os.close(descriptor)
                raise RecordBusyError(f"another command is writing to the record in {base}") from None
            time.sleep(_PAUSE)
        except OSError:
            # Some network file systems have no locks.
            with suppress(OSError):
                os.close(descriptor)
            return -1
