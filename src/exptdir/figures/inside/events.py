"""The audit hook: turns what the interpreter is about to do into facts, and has figures kept first.

The events are those of the table of audit events in the documentation of Python. Asking whether a file exists is none;
so the functions that ask are wrapped, in the script's processes.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from errno import ELOOP, ENOENT, ENOTDIR
from functools import wraps
from types import FrameType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .scope import (
    ABSENT,
    LIST,
    PRESENT,
    READ,
    TIMED,
    UNSEEN,
    WILD,
    WRITE,
    Ground,
    Imports,
    Keeper,
    Notes,
    Scope,
    look_around,
    runs_unseen,
    split_pattern,
)

if TYPE_CHECKING:
    from .native import Watch

#: Name of the environment variable that brings the trace to the script's own Python processes.
MARKER = "EXPTDIR_TRACE"
_ACCESS = os.O_RDONLY | os.O_WRONLY | os.O_RDWR
#: Where those stand who ask the system for scripts, and what asks only whether something is there, or is a link.
_PATH_MODULES = ("genericpath", "posixpath", "pathlib", f"inside{os.sep}events")
_GLOBBING = tuple(os.path.join(os.path.dirname(os.__file__), name) for name in ("glob.py", "pathlib.py"))
_EXISTENCE = frozenset(
    {"exists", "lexists", "isfile", "isdir", "islink", "ismount", "is_file", "is_dir", "is_symlink", "is_mount"}
    | {"realpath", "resolve"}
)


def _caller() -> FrameType | None:
    """Return the frame that an event comes from: above this one, the handler, the listener, its hook and a probe."""
    try:
        frame = sys._getframe(4)
    except ValueError:
        # The interpreter itself opens the main script.
        return None
    return frame.f_back if frame.f_code.co_filename == __file__ else frame


def _pattern(frame: FrameType | None) -> tuple[str, str]:
    """Return the pattern for whose sake a directory is listed, by ``glob`` or a method of paths, and from where."""
    place = pattern = ""
    while frame is not None and frame.f_code.co_filename in _GLOBBING:
        name, held = frame.f_code.co_name, frame.f_locals
        if name == "_iglob" and held["dir_fd"] is None and not held["include_hidden"]:
            # It calls itself for the directories of a pattern; the first call has the whole.
            place, pattern = os.fsdecode(held["root_dir"] or ""), os.fsdecode(held["pathname"])
            pattern = pattern if held["recursive"] else pattern.replace("**", "*")
        elif name in ("glob", "rglob") and "self" in held and held.get("case_sensitive") is None:
            place, pattern = str(held["self"]), os.path.join("**" if name == "rglob" else "", held["pattern"])
        frame = frame.f_back
    return place, pattern


class Listener:
    """Hears of events; it cannot be taken off, but be told to stop."""

    def __init__(self, scope: Scope, notes: Notes, keeper: Keeper, ground: Ground) -> None:
        self.scope = scope
        self.notes = notes
        self.keeper = keeper
        self.imports = Imports(scope, notes, ground, self.unseen)
        self.active = True
        self.native: Watch | None = None
        self._busy = threading.local()
        self._handlers: dict[str, Callable[[tuple[Any, ...]], None]] = {
            "open": self._open,
            "import": lambda args: self.imports.begin(args, _caller()),
            "os.listdir": self._list,
            "os.scandir": self._list,
            "os.rename": lambda args: self.copied(args[0], args[1], args[2], args[3], moves=True),
            "os.remove": lambda args: self.write(self.scope.absolute(args[0], args[1])),
            "os.truncate": lambda args: self.write(self.scope.absolute(args[0])),
            "os.link": lambda args: self.copied(*args),
            "os.symlink": lambda args: self.write(self.scope.absolute(args[1], args[2])),
            "sqlite3.connect": self._database,
            "ctypes.dlopen": self._library,
            "os.mkdir": lambda args: self.write(self.scope.absolute(args[0], args[2])),
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
        if self.native is not None:
            self.native.shared.apart = threading.get_native_id()
        try:
            work(*args)
        except (ValueError, TypeError):
            return
        finally:
            self._busy.now = False
            if self.native is not None:
                self.native.shared.apart = 0

    def find_spec(self, name: str, path: Iterable[str] | None = None, target: object = None) -> None:
        """Note a module that is found nowhere: of what finds modules, this is asked last."""
        if self.active:
            self.apart(self.imports.sought, name, sys.path if path is None else path, sys._getframe(1))

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
        """Have what is read and written past the events of Python seen by the system, or note that nobody sees it."""
        if not self._is_watched():
            self.note_unseen(what)

    def _is_watched(self) -> bool:
        if self.native is None:
            # Some Pythons lack the modules that this needs, and `ctypes` tells of itself before it is whole.
            with suppress(ImportError, OSError, AttributeError):
                from .native import Watch

                self.native = Watch(self)
        return self.native is not None and self.native.works

    def note_unseen(self, what: str) -> None:
        """Note that files may be read, and written, where nobody sees it."""
        if self.notes.add(UNSEEN, what):
            self.keeper.keep_all(os.getcwd())  # noqa: PTH109

    def _open(self, args: tuple[Any, ...]) -> None:
        path, _mode, flags = args
        if not isinstance(path, int) and not self.imports.opens(os.fsdecode(path), _caller()):
            self.opened(path, flags)

    def opened(self, path: object, flags: int) -> None:
        """Note that a file is opened."""
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
        if self.native is not None:
            self.native.shared.lists = True
        if self.imports.is_machinery(_caller(), path):
            return
        if isinstance(path, int):
            path = os.readlink(f"/proc/self/fd/{path}")
        self.listed("." if path is None else path, *_pattern(_caller()))

    def listed(self, path: object, place: str = "", pattern: str = "") -> None:
        """Note that the names in a directory are asked for, or what a pattern means that is seen from some place."""
        full = self.scope.absolute(path)
        if not os.path.isdir(full):
            self.missing(full)
        elif self.scope.counts(full) and not self._sought(full, place, pattern):
            self.notes.add(LIST, full)

    def _sought(self, full: str, place: str, pattern: str) -> bool:
        """Note a pattern as a whole, if it can be, instead of a directory that is listed for its sake."""
        begin, rest = split_pattern(pattern)
        root = self.scope.absolute(os.path.join(place, begin))
        parts = [part for part in rest.split(os.sep) if part not in ("", ".")]
        if not parts or ".." in parts or set(root) & WILD or not full.startswith(root):
            return False
        self.notes.add(LIST, os.path.join(root, *parts))
        # What is hidden, or behind a link below `**`, is not looked at when what it means is compared.
        below = full[len(root) :]
        apart = any(part.startswith(".") and part not in parts for part in below.split(os.sep))
        apart = apart or ("**" in parts and os.path.realpath(full) != os.path.realpath(root) + below)
        for _ in range(below.count(os.sep) + 1 if apart else 0):
            self.notes.add(LIST, full)
            full = os.path.dirname(full)
        return True

    def copied(
        self, source: object, target: object, source_dir: int = -1, target_dir: int = -1, moves: bool = False
    ) -> None:
        """Note that a file is copied, linked or moved."""
        origin = self.scope.absolute(source, source_dir)
        if os.path.isfile(origin):
            self.read(origin)
        self.write(self.scope.absolute(target, target_dir))
        if moves:
            self.write(origin)

    def _database(self, args: tuple[Any, ...]) -> None:
        # What is attached to it is named in SQL.
        self.unseen("sqlite3")
        name = os.fsdecode(args[0])
        if name.startswith("file:"):
            name = unquote(name[len("file:") :].partition("?")[0])
        if name not in ("", ":memory:"):
            self.opened(name, os.O_RDONLY)

    def _library(self, args: tuple[Any, ...]) -> None:
        frame = _caller()
        while frame is not None and f"{os.sep}ctypes{os.sep}" in frame.f_code.co_filename:
            frame = frame.f_back
        # Libraries of packages are told of by their names, where they read.
        if frame is not None and self.scope.inside(frame.f_code.co_filename):
            self.unseen("ctypes")
        else:
            self._is_watched()
        if isinstance(args[0], (str, bytes)) and os.path.isfile(args[0]):
            full = self.scope.absolute(args[0])
            if self.scope.inside(full):
                self.read(full)

    def _program(self, path: object, args: object, env: object) -> None:
        if runs_unseen(path, args, env, MARKER):
            self.unseen("subprocess")


class _Entries(AbstractContextManager["_Entries"]):
    """What ``os.scandir`` returns; sizes and times of the entries are asked for where that is noted."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found, name)

    def __exit__(self, *error: object) -> None:
        self._found.close()

    def __iter__(self) -> Iterator[_Entries]:
        return map(_Entries, self._found)

    def __next__(self) -> _Entries:
        return _Entries(next(self._found))

    def __fspath__(self) -> str:
        return str(self._found.path)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return os.stat(self._found.path, follow_symlinks=follow_symlinks)


def watch_probes(listener: Listener) -> None:
    """Have the functions of :mod:`os` of which no event tells all note what is asked; the import system has its own."""
    scan, open_file = os.scandir, os.open

    def scandir(path: Any = ".") -> Any:
        own = listener.active and listener.scope.inside(sys._getframe(1).f_code.co_filename)
        return _Entries(scan(path)) if own and not isinstance(path, int | bytes) else scan(path)

    def open_at(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if dir_fd is not None and listener.active:
            listener.apart(listener.unseen, "os.open")
        return open_file(path, flags, mode, dir_fd=dir_fd)

    probes: dict[str, Any] = {"scandir": scandir, "open": open_at}
    probes |= {name: _watched(getattr(os, name), listener) for name in ("stat", "lstat", "access", "readlink")}
    for name, watched in probes.items():
        for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if getattr(os, name) in able:
                able.add(watched)
        setattr(os, name, watched)


def _watched(original: Callable[..., Any], listener: Listener) -> Callable[..., Any]:
    @wraps(original)
    def ask(path: Any, *args: Any, **options: Any) -> Any:
        answer = None
        try:
            answer = original(path, *args, **options)
        except OSError as error:
            # Links that lead in a circle may be mended.
            answer = False if error.errno in (ENOENT, ENOTDIR, ELOOP) else None
            raise
        finally:
            plain = not isinstance(path, int) and options.get("dir_fd") is None
            if answer is not None and plain and listener.active:
                listener.apart(_note_asked, listener, path, answer, sys._getframe(1))
        return answer

    return ask


def _note_asked(listener: Listener, path: Any, answer: Any, frame: FrameType | None) -> None:
    """Note that a file was asked for in vain; or, by the author's own code, that it is there, or its size or time."""
    full, through = listener.scope.absolute(path), set()
    while frame is not None and any(part in frame.f_code.co_filename for part in _PATH_MODULES):
        through.add(frame.f_code.co_name)
        frame = frame.f_back
    source = "" if frame is None else frame.f_code.co_filename
    inside, own = listener.scope.inside(full), os.path.isabs(source) and listener.scope.counts(source)
    if answer is False:
        # Names such as `<string>` are what tracebacks ask for. Outside of the record, programs look for much that
        # has nothing to do with figures.
        if (inside or own) and not os.path.basename(full).startswith("<") and not os.path.exists(full):
            listener.missing(full)
        return
    # What libraries ask for they read as well.
    if not own:
        return
    is_directory = os.path.isdir(full)
    if isinstance(answer, str) or ("samefile" in through and os.path.islink(full)):
        # Where a link leads; to a file, what is there counts.
        if inside:
            listener.notes.add(READ, full)
        return
    if inside:
        listener.notes.add(PRESENT, full)
    if inside and (answer is True or through & _EXISTENCE):
        return
    if is_directory and inside:
        listener.notes.add(LIST, full)
    elif not is_directory:
        listener.read(full)
        if inside and "getsize" not in through:
            listener.notes.add(TIMED, full)


#: Names in the directory of a run.
NOTES, COPIES = "trace", "copies"


@dataclass(frozen=True)
class Setting:
    """What a process must know to take part in the trace of a run."""

    base: str
    cwd: str
    scratch: str
    outputs: tuple[str, ...] = ()


def listen(setting: Setting, ground: Ground | None = None) -> Listener:
    """Begin the trace of this process; there is no end to it but :attr:`Listener.active`."""
    ground = ground or look_around()
    scope = Scope(setting.base, setting.cwd, setting.scratch, ground.programs)
    notes = Notes(os.path.join(setting.scratch, NOTES))
    keeper = Keeper(scope, os.path.join(setting.scratch, COPIES), setting.outputs)
    listener = Listener(scope, notes, keeper, ground)
    watch_probes(listener)
    sys.meta_path.append(listener)
    sys.addaudithook(listener.hook())
    return listener
