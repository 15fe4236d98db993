"""The audit hook: turns what the interpreter is about to do into facts, and has figures kept first.

The events are those of the table of audit events in the documentation of Python.

Asking whether a file exists is no audit event; so the functions that ask are wrapped, in the script's processes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import wraps
from types import FrameType
from typing import Any
from urllib.parse import unquote

from .imports import Imports, runs_unseen
from .keeper import ABSENT, LIST, READ, UNSEEN, WRITE, Keeper, Notes
from .scope import Ground, Scope, look_around

#: Name of the environment variable that brings the trace to the script's own Python processes.
MARKER = "EXPTDIR_TRACE"
_ACCESS = os.O_RDONLY | os.O_WRONLY | os.O_RDWR


def _caller() -> FrameType | None:
    """Return the frame that an event comes from: above this one, the handler, the listener and its hook."""
    try:
        return sys._getframe(4)
    except ValueError:
        # The interpreter itself opens the main script.
        return None


class Listener:
    """Hears of events; it cannot be taken off, but be told to stop.

    Parameters
    ----------
    scope
        Which paths count.
    notes
        Where facts go.
    keeper
        Keeps figures.
    ground
        What is known of the process.
    """

    def __init__(self, scope: Scope, notes: Notes, keeper: Keeper, ground: Ground) -> None:
        self.scope = scope
        self.notes = notes
        self.keeper = keeper
        self.imports = Imports(scope, notes, ground, self.unseen)
        self.active = True
        self._busy = threading.local()
        self._handlers: dict[str, Callable[[tuple[Any, ...]], None]] = {
            "open": self._open,
            "import": lambda args: self.imports.begin(args, _caller()),
            "os.listdir": self._list,
            "os.scandir": self._list,
            "os.rename": self._rename,
            "os.remove": lambda args: self.write(self.scope.absolute(args[0], args[1])),
            "os.truncate": self._truncate,
            "os.link": lambda args: self._copy(*args),
            "os.symlink": lambda args: self.write(self.scope.absolute(args[1], args[2])),
            "sqlite3.connect": self._database,
            "ctypes.dlopen": self._library,
            "subprocess.Popen": lambda args: self._program(args[0], args[1], args[3]),
            "os.exec": lambda args: self._program(*args),
            "os.posix_spawn": lambda args: self._program(*args),
            "os.spawn": lambda args: self._program(*args[1:]),
            "os.system": lambda args: self.unseen("subprocess"),
            "pty.spawn": lambda args: self._program(args[0][0], args[0], None),
        }

    def hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        """Return what :func:`sys.addaudithook` is to call."""
        handlers = self._handlers

        # There are thousands of events to a figure, nearly all of which are calls of `id`.
        def hear(event: str, args: tuple[Any, ...]) -> None:
            if event in handlers and self.active:
                self.apart(handlers[event], args)

        return hear

    def apart(self, work: Callable[..., object], *args: object) -> None:
        """Do something whose own events do not count; what makes no sense is left for the operation to refuse."""
        if getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            work(*args)
        except (ValueError, TypeError):
            return
        finally:
            self._busy.now = False

    def read(self, path: str) -> None:
        """Note that a file that is there is read."""
        if self.scope.counts(path):
            self.notes.add(READ, path)

    def write(self, path: str, changes: bool = True) -> None:
        """Note that a file is written or removed; a figure is kept first, unless its bytes stay what they are."""
        if self.scope.counts(path):
            if changes:
                self.keeper.keep(path)
            self.notes.add(WRITE, path)

    def missing(self, path: str) -> None:
        """Note that a file was looked for in vain."""
        if self.scope.counts(path):
            self.notes.add(ABSENT, path)

    def unseen(self, what: str) -> None:
        """Note that files may be read, and written, where nobody sees it."""
        if self.notes.add(UNSEEN, what):
            self.keeper.keep_all(os.getcwd())  # noqa: PTH109

    def _open(self, args: tuple[Any, ...]) -> None:
        path, _mode, flags = args
        if isinstance(path, int):
            return
        name = os.fsdecode(path)
        if self.imports.opens(name, _caller()):
            return
        full = self.scope.absolute(path)
        if not self.scope.counts(full) or os.path.isdir(full):
            return
        there = os.path.exists(full)
        access = flags & _ACCESS
        if access == os.O_RDONLY and not there:
            self.missing(full)
            return
        if there and not (flags & os.O_TRUNC and access != os.O_RDONLY):
            # Also what is appended to, or changed in part: what comes out depends on what was there.
            self.read(full)
        if access != os.O_RDONLY:
            self.write(full)

    def _list(self, args: tuple[Any, ...]) -> None:
        path = args[0]
        if self.imports.is_machinery(_caller()):
            return
        if isinstance(path, int):
            path = os.readlink(f"/proc/self/fd/{path}")
        full = self.scope.absolute("." if path is None else path)
        if not self.scope.counts(full):
            return
        if os.path.isdir(full):
            self.notes.add(LIST, full)
        else:
            self.missing(full)

    def _rename(self, args: tuple[Any, ...]) -> None:
        source = self.scope.absolute(args[0], args[2])
        self._copy(*args)
        self.write(source)

    def _copy(self, source: object, target: object, source_dir: int = -1, target_dir: int = -1) -> None:
        origin = self.scope.absolute(source, source_dir)
        if os.path.isfile(origin):
            self.read(origin)
        self.write(self.scope.absolute(target, target_dir))

    def _truncate(self, args: tuple[Any, ...]) -> None:
        if not isinstance(args[0], int):
            self.write(self.scope.absolute(args[0]))

    def _database(self, args: tuple[Any, ...]) -> None:
        name = os.fsdecode(args[0])
        if name.startswith("file:"):
            name = unquote(name[len("file:") :].partition("?")[0])
        if name in ("", ":memory:"):
            return
        full = self.scope.absolute(name)
        if os.path.exists(full):
            self.read(full)
        else:
            self.missing(full)

    def _library(self, args: tuple[Any, ...]) -> None:
        if isinstance(args[0], (str, bytes)) and os.path.isfile(args[0]):
            full = self.scope.absolute(args[0])
            if self.scope.inside(full):
                self.read(full)

    def _program(self, path: object, args: object, env: object) -> None:
        if runs_unseen(path, args, env, MARKER):
            self.unseen("subprocess")


def watch_probes(listener: Listener) -> None:
    """Have ``os.stat``, ``os.lstat`` and ``os.access`` note what is not there.

    They are what ``os.path.exists`` and the methods of paths call; the import system has its own.
    """
    for name in ("stat", "lstat", "access"):
        original = getattr(os, name)
        watched = _watched(original, listener)
        for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if original in able:
                able.add(watched)
        setattr(os, name, watched)


def _watched(original: Callable[..., Any], listener: Listener) -> Callable[..., Any]:
    @wraps(original)
    def ask(path: Any, *args: Any, **options: Any) -> Any:
        try:
            answer = original(path, *args, **options)
        except (FileNotFoundError, NotADirectoryError):
            _missing(path, options, listener)
            raise
        if answer is False:
            _missing(path, options, listener)
        return answer

    return ask


def _missing(path: Any, options: dict[str, Any], listener: Listener) -> None:
    if not listener.active or isinstance(path, int) or options.get("dir_fd") is not None:
        return

    def note() -> None:
        full = listener.scope.absolute(path)
        # Names such as `<string>` are what tracebacks ask for. Outside of the record, programs look for much that
        # has nothing to do with figures.
        if listener.scope.inside(full) and not os.path.basename(full).startswith("<") and not os.path.exists(full):
            listener.missing(full)

    listener.apart(note)


#: Names in the directory of a run.
NOTES, COPIES = "trace", "copies"


@dataclass(frozen=True)
class Setting:
    """What a process must know to take part in the trace of a run.

    Parameters
    ----------
    base
        The record's base.
    cwd
        The script's directory.
    scratch
        The directory of this run.
    outputs
        The figures that the script is known to write.
    """

    base: str
    cwd: str
    scratch: str
    outputs: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Write it for the environment."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Setting:
        """Read what :meth:`to_text` wrote."""
        data = json.loads(text)
        return cls(data["base"], data["cwd"], data["scratch"], tuple(data["outputs"]))


def listen(setting: Setting, ground: Ground | None = None) -> Listener:
    """Begin the trace of this process; there is no end to it but :attr:`Listener.active`.

    Parameters
    ----------
    setting
        What is traced.
    ground
        What is known of this process, if somebody has looked already.
    """
    ground = ground or look_around()
    scope = Scope(setting.base, setting.cwd, setting.scratch, ground.programs)
    notes = Notes(os.path.join(setting.scratch, NOTES))
    keeper = Keeper(scope, os.path.join(setting.scratch, COPIES), setting.outputs)
    listener = Listener(scope, notes, keeper, ground)
    watch_probes(listener)
    sys.addaudithook(listener.hook())
    return listener
