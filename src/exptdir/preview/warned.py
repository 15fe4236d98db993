"""All that is wrong with a record now, though each build says only what is wrong with what it reads and writes.

What is said while a document is read or written is remembered by document, until it is read or written again. What
is said besides is said by every build, and holds for the last of them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.build_phase import BuildPhase
from sphinx.util.logging import NAMESPACE, is_suppressed_warning

from exptdir.preview.located import message_of, place_of
from exptdir.preview.messages import Warned

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

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
class Said:
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


class Listener(logging.Handler):
    """Takes down the warnings of one application.

    Parameters
    ----------
    said
        What was said until now.
    """

    def __init__(self, said: Said) -> None:
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
            self._begin(process, marks[_BEGINS])
        elif _ENDS in marks and process not in self._stages:
            self.said.written.setdefault(marks[_ENDS], []).extend(self._unclaimed.pop(process, ()))
        elif record.levelno >= logging.WARNING and _SEEN not in marks and not self._is_suppressed(marks):
            # Sphinx holds warnings back while it reads and writes, and then gives them a second time.
            marks[_SEEN] = True
            self._place(process).append(self._warned(record))

    def _begin(self, process: int, stage: Stage) -> None:
        self._stages[process] = stage
        if stage != _BESIDES:
            store = self.said.read if stage[0] == READ else self.said.written
            store[stage[1]] = []

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
