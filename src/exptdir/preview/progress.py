"""What a build is at, for the terminal."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from sphinx.util.logging import NAMESPACE

from exptdir.preview.located import message_of
from exptdir.preview.messages import Progress

if TYPE_CHECKING:
    from sphinx.application import Sphinx

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
