"""What code that is no Python's opens: seen by the kernel, on Linux, which asks before each such call.

Audit events tell nothing of files that libraries open themselves, by whatever path they were given. Once a script loads
one that may, or starts another program, the calls that open, rename and remove files are notified
(``seccomp_unotify(2)``) to a process of ours beside the script, which writes down what they touch and lets them go on.
The standard library has no wrapper of ``ptrace``, and preloaded libraries do not see programs linked statically.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import select
import socket
import struct
import sys
from contextlib import suppress
from importlib.util import source_from_cache
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .events import Listener

#: By machine: its number for the kernel (``AUDIT_ARCH``), that of ``seccomp``, and those of the calls, with the places
#: of directory and path, and of flags, among their arguments (-1: there is none).
_MACHINES: dict[str, tuple[int, int, dict[int, tuple[str, int, int, int]]]] = {
    "x86_64": (
        0xC000003E,
        317,
        {
            2: ("open", -1, 0, 1),
            85: ("creat", -1, 0, -1),
            257: ("open", 0, 1, 2),
            437: ("openat2", 0, 1, 2),
            82: ("rename", -1, 0, 1),
            264: ("rename", 0, 1, 2),
            316: ("rename", 0, 1, 2),
            87: ("remove", -1, 0, -1),
            263: ("remove", 0, 1, -1),
            217: ("list", 0, -1, -1),
        },
    ),
    "aarch64": (
        0xC00000B7,
        277,
        {
            56: ("open", 0, 1, 2),
            437: ("openat2", 0, 1, 2),
            38: ("rename", 0, 1, 2),
            276: ("rename", 0, 1, 2),
            35: ("remove", 0, 1, -1),
            61: ("list", 0, -1, -1),
        },
    ),
}
_PR_SET_NO_NEW_PRIVS, _PR_SET_PTRACER = 38, 0x59616D61
_SET_MODE_FILTER, _NEW_LISTENER, _TSYNC, _TSYNC_ESRCH = 1, 8, 1, 16
_RECEIVE, _SEND, _GO_ON = 0xC0502100, 0xC0182101, 1
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NOTICE, _ANSWER = struct.Struct("QIIiIQ6Q"), struct.Struct("QqiI")
_LONGEST = 4096
#: What the import system opens, which tells of that itself in this process.
_MODULES = (".py", ".so")
#: Says to other Python processes of the script that they are watched as well.
_WATCHED = "EXPTDIR_WATCHED"


class _Shared(ctypes.Structure):
    """What Python says to the process beside it: that it lists a directory itself, and which thread works for us."""

    _fields_ = (("lists", ctypes.c_bool), ("apart", ctypes.c_uint32))


class Watch:
    """Begins to watch the calls of this process and of all that it starts.

    The *listener* is told, in the process beside this one.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._process = os.getpid()
        self.shared = _Shared.from_buffer(mmap.mmap(-1, ctypes.sizeof(_Shared)))
        self.works = _WATCHED in os.environ
        # No more processes, or no descriptors; the script goes on as where the system cannot watch it.
        with suppress(OSError):
            self.works = self.works or self._begin()

    def _begin(self) -> bool:
        machine = _MACHINES.get(os.uname().machine) if sys.platform == "linux" else None
        if machine is None:
            return False
        architecture, seccomp, calls = machine
        ours, theirs = socket.socketpair()
        with ours, theirs:
            # Twice, so that the script is not told of a child that it has not started.
            middle = os.fork()
            if not middle:
                if not os.fork():
                    # Who waits for the end of a pipe is not to wait for us.
                    for number in {int(name) for name in os.listdir("/proc/self/fd")} - {theirs.fileno()}:
                        with suppress(OSError):
                            os.close(number)
                    with suppress(BaseException):
                        self._serve(theirs, calls)
                os._exit(0)
            os.waitpid(middle, 0)
            theirs.close()
            descriptor = _install(architecture, seccomp, list(calls))
            if descriptor < 0:
                return False
            try:
                socket.send_fds(ours, [b"."], [descriptor])
                ours.recv(1)
            finally:
                os.close(descriptor)
        os.environ[_WATCHED] = "1"
        return True

    def _serve(self, channel: socket.socket, calls: dict[int, tuple[str, int, int, int]]) -> None:
        from fcntl import ioctl

        descriptors = socket.recv_fds(channel, 1, 1)[1]
        if not descriptors:
            return
        channel.send(b".")
        channel.close()
        poll = select.poll()
        poll.register(descriptors[0], select.POLLIN)
        # Until nobody is left who is watched.
        while not poll.poll()[0][1] & select.POLLHUP:
            notice = bytearray(_NOTICE.size)
            try:
                ioctl(descriptors[0], _RECEIVE, notice, True)
            except OSError:
                continue
            number, thread, _, call, _, _, *arguments = _NOTICE.unpack(notice)
            if thread != self.shared.apart:
                try:
                    self._note(thread, calls[call], arguments)
                except (ValueError, TypeError):
                    # What makes no sense is left for the call to refuse.
                    pass
                except Exception:
                    # Whatever it is, whoever waits for an answer must get one.
                    with suppress(Exception):
                        self._listener.note_unseen("subprocess")
            # One that was killed meanwhile waits for no answer.
            with suppress(OSError):
                ioctl(descriptors[0], _SEND, _ANSWER.pack(number, 0, 0, _GO_ON))

    def _note(self, process: int, call: tuple[str, int, int, int], arguments: list[int]) -> None:
        kind, directory, first, second = call
        with open(f"/proc/{process}/mem", "rb", 0) as memory:  # noqa: PTH123

            def text(at: int, place: int) -> str:
                memory.seek(arguments[place])
                name = os.fsdecode(memory.read(_LONGEST).partition(b"\0")[0])
                start = ctypes.c_int(arguments[at]).value if at >= 0 else -1
                origin = f"/proc/{process}/" + ("cwd" if start < 0 else f"fd/{start}")
                return name if os.path.isabs(name) or not name else os.path.join(os.readlink(origin), name)

            if kind == "list":
                # Who merely opens a directory, as `gzip` does, has not asked for the names in it.
                if self._is_apart(process) and not self._is_other_python(process):
                    self._listener.listed(os.readlink(f"/proc/{process}/fd/{arguments[directory]}"))
                return
            path = text(directory, first)
            if kind == "rename":
                self._listener.copied(
                    path, text(second if directory >= 0 else -1, second + (directory >= 0)), moves=True
                )
            elif kind == "remove":
                self._listener.write(self._listener.scope.absolute(path))
            else:
                flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC if kind == "creat" else arguments[second]
                if kind == "openat2":
                    memory.seek(arguments[second])
                    flags = int.from_bytes(memory.read(8), sys.byteorder)
                self._opened(process, path, flags)

    def _is_apart(self, thread: int) -> bool:
        """Tell whether a thread is one of another process than the script's own."""
        with open(f"/proc/{thread}/status", "rb") as file:  # noqa: PTH123
            return next(int(line.split()[1]) for line in file if line.startswith(b"Tgid:")) != self._process

    def _is_other_python(self, process: int) -> bool:
        """Tell whether another process is a Python, which notes itself what it lists, and lists where modules may be.

        In one that is isolated, neither is so.
        """
        with open(f"/proc/{process}/cmdline", "rb") as line:  # noqa: PTH123
            options = takewhile(lambda word: word.startswith(b"-"), line.read().split(b"\0")[1:])
            isolated = any(b"I" in option for option in options)
        return not isolated and "python" in os.path.basename(os.readlink(f"/proc/{process}/exe"))

    def _opened(self, thread: int, path: str, flags: int) -> None:
        listener = self._listener
        path = source_from_cache(path) if path.endswith(".pyc") else path
        if not path or (path.endswith(_MODULES) and not (listener.scope.counts(path) and self._is_apart(thread))):
            return
        if flags & os.O_DIRECTORY:
            if not self._is_apart(thread):
                if not self.shared.lists:
                    listener.listed(path)
                self.shared.lists = False
            return
        if flags & os.O_RDWR and not os.path.exists(path):
            # A database that is not there is made, and counts when it is put there.
            listener.read(listener.scope.absolute(path))
        writes = flags & (os.O_WRONLY | os.O_TRUNC) or not os.path.exists(path) or listener.scope.figure(path)
        # Databases are opened for writing as well where they are merely read.
        listener.opened(path, flags if writes else os.O_RDONLY)


def _install(architecture: int, seccomp: int, calls: list[int]) -> int:
    """Have the kernel notify of calls; return the descriptor of the notices, or -1."""
    libc = ctypes.CDLL(None, use_errno=True)
    steps = [(_LOAD, 0, 0, 4), (_JUMP_IF_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, 0)]
    steps += [(_JUMP_IF_EQUAL, len(calls) - at, 0, call) for at, call in enumerate(calls)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _NOTIFY)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
    # Without these, only root may set a filter, and only a parent may look into a process.
    libc.prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return int(libc.syscall(seccomp, _SET_MODE_FILTER, _NEW_LISTENER | _TSYNC | _TSYNC_ESRCH, program))
