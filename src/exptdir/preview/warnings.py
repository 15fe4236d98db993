"""All that is wrong with a record now, though each build says only what is wrong with what it reads and writes.

What is said while a document is read or written is remembered by document, until it is read or written again. What
is said besides is said by every build, and holds for the last of them.

Also what a build is at, and what ended it, in a sentence and with its place.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.errors import ConfigError, ExtensionError, SphinxError, SphinxParallelError
from sphinx.util.build_phase import BuildPhase
from sphinx.util.logging import NAMESPACE, get_node_location, is_suppressed_warning

from exptdir.preview.channel import BuildWarning, Failed, Progress
from exptdir.preview.dependencies import libraries
from exptdir.record.files import read_or_none, write_if_changed

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
    return _COLOUR.sub("", logging.LogRecord.getMessage(record)).removesuffix(f" [{kind}]").strip()


def place_of(location: Any, path_of: Callable[[str], str]) -> tuple[str, int]:
    """Return the file and the line that the location of a record means.

    A location is a node, a document, a document and a line, or ``"path:line"``; *path_of* returns the file of a
    document. Where there is no file it is empty, and where there is no line it is 0.
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
    """What was said while each document was read and written, when the application was made, by the last build."""

    read: dict[str, list[BuildWarning]] = field(default_factory=dict)
    written: dict[str, list[BuildWarning]] = field(default_factory=dict)
    #: When the whole was last looked at, which builds without changes leave out.
    consistency: list[BuildWarning] = field(default_factory=list)
    made: list[BuildWarning] = field(default_factory=list)
    besides: list[BuildWarning] = field(default_factory=list)

    def everything(self) -> tuple[BuildWarning, ...]:
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

    def warnings(data: list[Any]) -> list[BuildWarning]:
        return [BuildWarning(**one) for one in data]

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
    # What cannot be written is not known at the next start, which is no reason to fail.
    with suppress(OSError):
        write_if_changed(doctrees / _KEPT, json.dumps(data, sort_keys=True).encode("ascii"))


class WarningListener(logging.Handler):
    """Takes down the warnings of one application, after those that it is made with."""

    def __init__(self, said: WarningLog) -> None:
        super().__init__()
        self.said = said
        self.app: Sphinx | None = None
        self._stages: dict[int, Stage] = {}
        self._unclaimed: dict[int, list[BuildWarning]] = {}
        self._consistency: list[BuildWarning] = []
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
        elif record.levelno >= logging.WARNING and _SEEN not in marks:
            # Sphinx holds warnings back while it reads and writes, and then gives them a second time.
            marks[_SEEN] = True
            config, env = getattr(self.app, "config", None), getattr(self.app, "env", None)
            names = marks.get("type") or "", marks.get("subtype") or ""
            if is_suppressed_warning(*names, config.suppress_warnings if config is not None else ()):
                return
            kind = ".".join(filter(None, names))
            path_of = (lambda docname: str(env.doc2path(docname))) if env is not None else str
            severity = "error" if record.levelno >= logging.ERROR else "warning"
            place = place_of(marks.get("location"), path_of)
            self._place(process).append(BuildWarning(message_of(record, kind), *place, kind, severity))

    def _place(self, process: int) -> list[BuildWarning]:
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


#: Seconds between two of them.
_PAUSE = 0.1
#: As Sphinx says it, in any language: ``reading sources... [ 12%] expts/0063_train/notes``.
_STEP = re.compile(r"(?P<what>.+?)\.\.\. *\[ *(?P<percent>\d+)%\] *(?P<item>.*)", re.DOTALL)


class Reporter(logging.Handler):
    """Reports what Sphinx says about its progress, a few times a second at most."""

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
    # Sphinx itself ends so what it begins, in any language.
    step = text.rstrip().removesuffix("...")
    return Progress(step) if step and step != text.rstrip() and "\n" not in step else None


#: A place in a traceback that is there as text only, since another process wrote it.
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
#: How Sphinx names an extension that it cannot set up.
_EXTENSION = re.compile(r"extension ['\"]?([\w.]+)")


def failed(error: BaseException, *, conf: Path | None, document: str = "") -> Failed:
    """Describe what was raised and ended a build, and the builder with it.

    *conf* is the ``conf.py``, if there is one and it may be to blame, *document* the file being read or written.
    """
    cause, seen = error, {id(error)}
    while isinstance(below := getattr(cause, "orig_exc", None) or cause.__cause__, BaseException):
        if id(below) in seen:
            break
        seen.add(id(below))
        cause = below
    file, line = _place(error, cause)
    if not file and conf is not None and not document and isinstance(error, (SphinxError, SystemExit)):
        # The line that names the extension of which the message speaks.
        found = _EXTENSION.search(str(error))
        name = re.compile(rf"['\"]{re.escape(found[1])}['\"]") if found else None
        lines = (read_or_none(conf) or b"").decode("utf-8", "replace").splitlines()
        file = str(conf)
        line = next((at for at, text in enumerate(lines, start=1) if name is not None and name.search(text)), 0)
    text, folded = _text_and_traceback(error, cause)
    return Failed(BuildWarning(text, file or document, line, "", "error"), folded)


def _place(error: BaseException, cause: BaseException) -> tuple[str, int]:
    if isinstance(cause, SyntaxError) and cause.filename:
        return os.path.abspath(cause.filename), cause.lineno or 0
    if isinstance(error, SphinxParallelError):
        found = [(match["file"], int(match["line"])) for match in _FRAME.finditer(str(error.traceback))]
    else:
        found = [(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(cause.__traceback__)]
    ours = os.path.join(Path(__file__).resolve().parents[1], "")
    last = ("", 0)
    for file, line in found:
        real = os.path.realpath(file)
        if os.path.isfile(real) and not real.startswith((*libraries(), ours)):
            last = real, line
    return last


def _text_and_traceback(error: BaseException, cause: BaseException) -> tuple[str, str]:
    """Return what has happened in a sentence, and the traceback unless that says all."""
    if isinstance(cause, SystemExit):
        return f"it was ended by sys.exit({'' if cause.code is None else repr(cause.code)})", ""
    if isinstance(cause, SyntaxError):
        return f"{type(cause).__name__}: {cause.msg}", ""
    if isinstance(error, SphinxParallelError):
        return str(error.message), str(error.traceback)
    folded = "" if cause is error and isinstance(error, SphinxError) else "".join(traceback.format_exception(cause))
    of_extension = isinstance(error, ExtensionError) and _EXTENSION.search(str(error))
    if isinstance(error, (ConfigError, ExtensionError)) and not of_extension:
        error = cause
    if isinstance(error, SphinxError):
        return str(error).strip() or type(error).__name__, folded
    return "".join(traceback.format_exception_only(error)).strip(), folded
