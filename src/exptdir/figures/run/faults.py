"""Puts into words how a script failed, and finds the line of it that is at fault."""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import dataclass
from types import TracebackType

#: Where our own code is; the author has no use for seeing it in a traceback.
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LONGEST = 20_000


@dataclass(frozen=True)
class Fault:
    """Why a script failed.

    Parameters
    ----------
    text
        The traceback, or a sentence.
    line
        The line of the script at fault, where one is.
    """

    text: str
    line: int | None = None


def explain(error: BaseException, script: str) -> Fault:
    """Describe an exception that nobody caught: from the script's frame on, as the interpreter would."""
    described = traceback.TracebackException.from_exception(error)
    _trim(described)
    text = "".join(described.format())
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]}\n[…]\n{text[-_LONGEST // 2 :]}"
    if isinstance(error, SyntaxError) and error.filename == script:
        return Fault(text, error.lineno)
    return Fault(text, _last_line(error.__traceback__, script))


def _trim(described: traceback.TracebackException) -> None:
    """Take our own frames out, also from the exceptions that led to this one."""
    seen: list[traceback.TracebackException | None] = [described]
    while seen:
        one = seen.pop()
        if one is not None:
            kept = [frame for frame in one.stack if not frame.filename.startswith(_OURS)]
            one.stack = traceback.StackSummary.from_list(kept)
            seen += [one.__cause__, one.__context__]


def _last_line(trace: TracebackType | None, script: str) -> int | None:
    lines = [line for frame, line in traceback.walk_tb(trace) if frame.f_code.co_filename == script]
    return lines[-1] if lines else None


def explain_exit(end: SystemExit, script: str) -> Fault | None:
    """Describe a ``sys.exit``; there is nothing to describe if it means success."""
    if end.code is None or end.code == 0:
        return None
    line = _last_line(end.__traceback__, script)
    if isinstance(end.code, int):
        return Fault(f"The script ended itself with exit status {end.code}.", line)
    sys.stderr.write(f"{end.code}\n")
    return Fault(f"The script ended itself: {end.code}", line)
