"""What the server and the process that builds say to each other, in lines of JSON; and the builder's end of it.

The server serves, watches the disk and talks to browsers; the builder is a child of it, which holds the Sphinx
application. It reads :class:`Build` messages from its standard input and answers on its standard output, both kept
away from whatever else prints and reads in its process.
"""

from __future__ import annotations

import _thread
import json
import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from types import FrameType
from typing import Any, NoReturn, Self

from exptdir.errors import ExptdirError
from exptdir.record.files import Stamp

#: A file that was written, absolute, with its stamp; that is empty where it was deleted.
Wrote = tuple[str, Stamp]
#: Likewise, and whether its content is another than before.
Made = tuple[str, Stamp, bool]


class BadMessage(ExptdirError):
    """What the other side sent is none of the messages."""


@dataclass(frozen=True)
class BuildWarning:
    """A warning or an error of a build: its text without its place, and where (0 or empty if that is not known).

    *file* is absolute, *kind* Sphinx's type and subtype (``exptdir.ref``), *severity* ``warning`` or ``error``.
    """

    text: str
    file: str = ""
    line: int = 0
    kind: str = ""
    severity: str = "warning"


@dataclass(frozen=True)
class Build:
    """To the builder: bring the output up to date."""

    #: Files that were changed, made or deleted, absolute. Empty at the first build.
    changed: tuple[str, ...] = ()
    #: Pages that browsers look at, as addresses relative to the output: ``expts/0063_train/notes.html``.
    viewed: tuple[str, ...] = ()
    #: Whether every page is to be written again.
    everything: bool = False
    #: Those of the changed files that were there before, and still are.
    modified: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ready:
    """From the builder, once: the application is made, and the first build begins. Paths are absolute."""

    #: The address of the root document's page.
    home: str
    #: The author's directories of static files and of templates.
    statics: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    #: Files and directories outside the source directory that are to be watched as well.
    outside: tuple[str, ...] = ()
    #: The author's ``exptdir_editor_url`` and ``exptdir_watch_ignore``.
    editor: str = ""
    ignored: tuple[str, ...] = ()
    #: The language of pages, and what the preview says in it, by what it says in English.
    language: str = "en"
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """From the builder: what it is at, in a few words, and how far (0 to 1; negative where that is not known)."""

    text: str
    share: float = -1.0


@dataclass(frozen=True)
class PagesShown:
    """From the builder: the pages of changed documents are written; what collects from them is not yet.

    *pages* and *files* are addresses relative to the output.
    """

    pages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    seconds: float = 0.0
    warnings: tuple[BuildWarning, ...] = ()


@dataclass(frozen=True)
class Built:
    """From the builder: the output is what a clean build would have made."""

    #: Addresses of what was written or deleted, relative to the output.
    pages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    #: Everything that is wrong now, whichever build said it first.
    warnings: tuple[BuildWarning, ...] = ()
    #: Files in the source tree that this build or what it ran has written: their changes are no reason for another.
    wrote: tuple[Wrote, ...] = ()
    #: Files of Python modules outside the library directories that the builder has loaded: it must be started again
    #: when one of them changes.
    modules: tuple[str, ...] = ()
    #: As in :class:`Ready`, for the state that the record is in now.
    outside: tuple[str, ...] = ()
    seconds: float = 0.0
    #: What the configuration or extensions have made in the source tree.
    made: tuple[Made, ...] = ()
    #: Whether nothing was built, since nothing depends on what has changed.
    idle: bool = False
    #: Whether something that extensions have begun goes on, and may change files.
    goes_on: bool = False
    #: The scripts, relative to the record, that are still at work: what they draw is built when it is there.
    drawing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawn:
    """From the builder, at any time: a script has drawn *figures* that no build has waited for, and one is to show.

    There are none where all scripts have ended.
    """

    figures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failed:
    """From the builder, which ends: the build ended early; the output is as it was, or partly newer.

    The *traceback* is empty for what is the author's to mend.
    """

    failure: BuildWarning
    traceback: str = ""
    modules: tuple[str, ...] = ()
    wrote: tuple[Wrote, ...] = ()
    made: tuple[Made, ...] = ()


Message = Build | Ready | Progress | PagesShown | Built | Drawn | Failed
_KINDS: dict[str, type[Any]] = {one.__name__: one for one in (Build, Ready, Progress, PagesShown, Built, Drawn, Failed)}


def encode(message: Message) -> bytes:
    """Write a message as one line; file names that are no text keep their bytes."""
    line = json.dumps({"is": type(message).__name__, **asdict(message)}, separators=(",", ":"))
    return line.encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """Read a message; raises BadMessage if the line holds none."""

    def frozen(value: Any) -> Any:
        return tuple(map(frozen, value)) if isinstance(value, list) else value

    try:
        given = json.loads(line)
        kind = _KINDS[given.pop("is")]
        values = {one.name: frozen(given[one.name]) for one in fields(kind) if one.name in given}
        if "warnings" in values:
            values["warnings"] = tuple(BuildWarning(**one) for one in values["warnings"])
        if "failure" in values:
            values["failure"] = BuildWarning(**values["failure"])
        message: Message = kind(**values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadMessage(f"not a message: {line[:80]!r}") from error
    return message


class Channel:
    """Reads messages from one descriptor and writes them to another."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads = reads
        self._writes = writes
        self._builds: queue.SimpleQueue[Build] = queue.SimpleQueue()
        self._sending = threading.Lock()

    @classmethod
    def taken_over(cls) -> Self:
        """Take over standard input and output; Sphinx, extensions and scripts get nothing, and standard error."""
        sys.stdout.flush()
        channel = cls(os.dup(0), os.dup(1))
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        return channel

    def listen(self, closed: Callable[[], None]) -> None:
        """Begin to read; *closed* is called, in another thread, when the other side is gone."""

        def read() -> None:
            with os.fdopen(self._reads, "rb") as lines:
                for line in lines:
                    try:
                        message = decode(line)
                    except BadMessage as error:
                        print(error, file=sys.stderr)
                        continue
                    if isinstance(message, Build):
                        self._builds.put(message)
            closed()

        threading.Thread(target=read, name="exptdir-channel", daemon=True).start()

    def next(self) -> Build:
        """Wait for what is to be built."""
        return self._builds.get()

    def send(self, message: Message) -> None:
        """Send a message; raises OSError if the other side is gone."""
        line = memoryview(encode(message))
        with self._sending:
            while line:
                line = line[os.write(self._writes, line) :]


#: A builder that is asked to end has so many seconds to end its scripts.
_PATIENCE = 0.5


class Ending:
    """Turns signals and a closed pipe into :class:`KeyboardInterrupt`, and sees to it that it is obeyed."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._asked = False

    def install(self) -> None:
        """Take the signals; also one that was ignored when the process was started."""

        def interrupt(number: int, frame: FrameType | None) -> None:
            if os.getpid() != self._process:
                # A process of Sphinx's, which shares this handler and has nothing to clear up.
                os._exit(1)
            if not self._asked:
                self._asked = True
                last = threading.Timer(_PATIENCE, leave, (1,))
                last.daemon = True
                last.start()
                raise KeyboardInterrupt

        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, interrupt)

    def ask(self) -> None:
        """Ask the process to end, from another thread."""
        # Sent to the process, it might reach a thread that cannot be woken for it.
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        else:
            _thread.interrupt_main(signal.SIGTERM)


def leave(status: int) -> NoReturn:
    """End this process without waiting for anybody."""
    for child in multiprocessing.active_children():
        child.kill()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
