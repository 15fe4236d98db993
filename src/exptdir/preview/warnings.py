"""All that is wrong with a record now, though each build says only what is wrong with what it reads and writes.

What is said while a document is read or written is remembered by document, until it is read or written again. What
is said besides is said by every build, and holds for the last of them.

What a log record of Sphinx says, and where.

What a build is at, for the terminal.

What ended a build, in a sentence and with its place, as far as an exception tells.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.build_phase import BuildPhase
from sphinx.util.logging import NAMESPACE, get_node_location, is_suppressed_warning

from exptdir.preview.messages import Progress, Warned

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
#: A file, and perhaps a line of it; Sphinx leaves the colon where it knows no line.
_PLACE = re.compile(r"(?P<file>.+?)(?::(?P<line>\d+))?:?", re.DOTALL)
#: What Sphinx calls a document of unknown source.
_UNKNOWN = frozenset({"<unknown>", "<string>"})


def message_of(record: logging.LogRecord, kind: str = "") -> str:
    """Return the message of a record, without its place and without its *kind* in brackets."""
    # Sphinx's own records put the place in front.
    text = logging.LogRecord.getMessage(record)
    return _COLOUR.sub("", text).removesuffix(f" [{kind}]").strip()


def place_of(location: Any, path_of: Callable[[str], str]) -> tuple[str, int]:
    """Return the file and the line that the location of a record means.

    Parameters
    ----------
    location
        A node, a document, a document and a line, or ``"path:line"``.
    path_of
        Returns the file of a document.

    Returns
    -------
    tuple of str and int
        The file, empty where there is none, and the line, 0 where there is none.
    """
    if isinstance(location, nodes.Node):
        location = get_node_location(location)
    if isinstance(location, tuple):
        docname, line = location
        return (path_of(docname) if docname else "", line if isinstance(line, int) and docname else 0)
    text = str(location or "")
    if text and ":" not in text:
        return path_of(text) if not text.startswith("/") else text, 0
    found = _PLACE.fullmatch(text)
    if found is None or found["file"] in _UNKNOWN:
        return "", 0
    return found["file"], int(found["line"] or 0)


#: What a document was doing when a warning was given.
READ, WRITTEN = "read", "written"
#: Attribute of a log record that says what begins, and of which document; of the latter also at its end.
_BEGINS, _ENDS = "exptdir_begins", "exptdir_ends"
_SEEN = "exptdir_seen"
Stage = tuple[str, str]
_BESIDES: Stage = ("", "")
_logger = logging.getLogger(f"{NAMESPACE}.exptdir.preview")


def begin(stage: str, docname: str) -> None:
    """Say that a document is being read or written from now on; with neither, that none is.

    It is said as a log record, since those of other processes arrive in their order.
    """
    _logger.debug("", extra={_BEGINS: (stage, docname)})


def end(docname: str) -> None:
    """Say that what a process has said without a document was about this page."""
    _logger.debug("", extra={_ENDS: docname})


@dataclass
class WarningLog:
    """What was said, by when.

    Parameters
    ----------
    read, written
        While each document was read, and written.
    consistency
        When the whole was last looked at, which builds without changes leave out.
    made
        When the application was made.
    besides
        By the last build.
    """

    read: dict[str, list[Warned]] = field(default_factory=dict)
    written: dict[str, list[Warned]] = field(default_factory=dict)
    consistency: list[Warned] = field(default_factory=list)
    made: list[Warned] = field(default_factory=list)
    besides: list[Warned] = field(default_factory=list)

    def everything(self) -> tuple[Warned, ...]:
        """Return all of it, each once, by file and line."""
        documents = (*self.read.values(), *self.written.values())
        # An orphan that is gone is none, but no build need say so.
        inconsistent = (one for one in self.consistency if not one.file or Path(one.file).exists())
        said = {*inconsistent, *self.made, *self.besides, *(one for some in documents for one in some)}
        return tuple(sorted(said, key=lambda one: (one.file, one.line, one.kind, one.text)))


#: File among the doctrees with what was said: Sphinx warns of a page only when it reads or writes it.
_KEPT = "exptdir-warnings.json"
#: Changes when the file means something else.
_VERSION = 1


def recall(doctrees: Path) -> WarningLog:
    """Return what was said while the documents were read and written that are still as they were then."""

    def warnings(data: list[Any]) -> list[Warned]:
        return [Warned(**one) for one in data]

    try:
        data = json.loads((doctrees / _KEPT).read_bytes())
        if data["version"] != _VERSION:
            return WarningLog()
        read, written = ({name: warnings(said) for name, said in data[key].items()} for key in ("read", "written"))
        return WarningLog(read, written, warnings(data["consistency"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return WarningLog()


def keep(doctrees: Path, said: WarningLog) -> None:
    """Write it down, for the next start."""
    data = {
        "version": _VERSION,
        "read": {name: [asdict(one) for one in some] for name, some in said.read.items() if some},
        "written": {name: [asdict(one) for one in some] for name, some in said.written.items() if some},
        "consistency": [asdict(one) for one in said.consistency],
    }
    path = doctrees / _KEPT
    content = json.dumps(data, sort_keys=True).encode("ascii")
    # What cannot be written is not known at the next start, which is no reason to fail.
    with suppress(OSError):
        if not path.is_file() or path.read_bytes() != content:
            unfinished = path.with_name(_KEPT + ".new")
            unfinished.write_bytes(content)
            unfinished.replace(path)


class WarningListener(logging.Handler):
    """Takes down the warnings of one application.

    Parameters
    ----------
    said
        What was said until now.
    """

    def __init__(self, said: WarningLog) -> None:
        super().__init__()
        self.said = said
        self.app: Sphinx | None = None
        self._stages: dict[int, Stage] = {}
        self._unclaimed: dict[int, list[Warned]] = {}
        self._consistency: list[Warned] = []
        self._besides = said.made
        self._main = os.getpid()

    @property
    def document(self) -> Stage:
        """What this process is reading or writing."""
        return self._stages.get(self._main, _BESIDES)

    def connect(self, app: Sphinx) -> None:
        """Follow what an application does, from the beginning of its logging."""
        self.app = app
        logging.getLogger(NAMESPACE).addHandler(self)

    def begin_build(self) -> None:
        """Forget what the last build said besides."""
        self._besides = []
        self._stages.clear()
        self._unclaimed.clear()

    def finish_build(self) -> None:
        """Take what was said by a build that has ended well."""
        for left in self._unclaimed.values():
            self._besides += left
        self._unclaimed.clear()
        self.said.besides = self._besides
        known = self.app.env.all_docs if self.app is not None else {}
        for per_document in (self.said.read, self.said.written):
            for docname in per_document.keys() - known.keys():
                del per_document[docname]

    def purge(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        """Forget a document."""
        self.said.read.pop(docname, None)
        self.said.written.pop(docname, None)

    def checked(self, app: Sphinx, env: BuildEnvironment) -> None:
        """Replace what the last check found."""
        self.said.consistency, self._consistency = self._consistency, []

    def emit(self, record: logging.LogRecord) -> None:
        """Take down a warning, or note what begins."""
        process, marks = record.process or 0, record.__dict__
        if _BEGINS in marks:
            stage = marks[_BEGINS]
            self._stages[process] = stage
            if stage != _BESIDES:
                store = self.said.read if stage[0] == READ else self.said.written
                store[stage[1]] = []
        elif _ENDS in marks and process not in self._stages:
            self.said.written.setdefault(marks[_ENDS], []).extend(self._unclaimed.pop(process, ()))
        elif record.levelno >= logging.WARNING and _SEEN not in marks and not self._is_suppressed(marks):
            # Sphinx holds warnings back while it reads and writes, and then gives them a second time.
            marks[_SEEN] = True
            self._place(process).append(self._warned(record))

    def _place(self, process: int) -> list[Warned]:
        stage, docname = self._stages.get(process, _BESIDES)
        if stage == READ:
            return self.said.read.setdefault(docname, [])
        if stage == WRITTEN:
            return self.said.written.setdefault(docname, [])
        if process != self._main:
            return self._unclaimed.setdefault(process, [])
        if self.app is not None and self.app.phase is BuildPhase.CONSISTENCY_CHECK:
            return self._consistency
        return self._besides

    def _is_suppressed(self, marks: dict[str, Any]) -> bool:
        config = getattr(self.app, "config", None)
        suppressed = config.suppress_warnings if config is not None else ()
        return is_suppressed_warning(marks.get("type") or "", marks.get("subtype") or "", suppressed)

    def _warned(self, record: logging.LogRecord) -> Warned:
        marks = record.__dict__
        kind = ".".join(filter(None, (marks.get("type"), marks.get("subtype"))))
        file, line = place_of(marks.get("location"), self._path_of)
        severity = "error" if record.levelno >= logging.ERROR else "warning"
        return Warned(message_of(record, kind), file, line, kind, severity)

    @property
    def _path_of(self) -> Callable[[str], str]:
        env = getattr(self.app, "env", None)
        return (lambda docname: str(env.doc2path(docname))) if env is not None else str


#: Seconds between two of them.
_PAUSE = 0.1
#: As Sphinx says it, in any language: ``reading sources... [ 12%] expts/0063_train/notes``.
_STEP = re.compile(r"(?P<what>.+?)\.\.\. *\[ *(?P<percent>\d+)%\] *(?P<item>.*)", re.DOTALL)


class Reporter(logging.Handler):
    """Reports what Sphinx says about its progress, a few times a second at most.

    Parameters
    ----------
    send
        Takes the reports.
    clock
        Tells the time, in seconds.
    """

    def __init__(self, send: Callable[[Progress], None], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(logging.INFO)
        self._send = send
        self._clock = clock
        self._last = float("-inf")

    def connect(self, app: Sphinx) -> None:
        """Follow an application, from the beginning of its logging."""
        logging.getLogger(NAMESPACE).addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Report a message that tells of a step."""
        if record.levelno >= logging.WARNING:
            return
        now = self._clock()
        if now - self._last < _PAUSE:
            return
        report = progress_of(message_of(record))
        if report is not None:
            self._last = now
            self._send(report)


def progress_of(text: str) -> Progress | None:
    """Return what a message of Sphinx's tells of its progress, ``None`` if that is nothing."""
    found = _STEP.fullmatch(text)
    if found is not None:
        return Progress(f"{found['what']} {found['item']}".strip(), int(found["percent"]) / 100)
    text = text.strip(" .\r\n")
    return Progress(text) if len(text) > 1 and "\n" not in text else None
