"""What tests of edits do with plans and records."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from exptdir.record.edits.apply import Writer, locked
from exptdir.record.edits.plan import Plan
from exptdir.record.edits.references import Runs, around, read_pages, read_token
from exptdir.record.markup.references import Token
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem
from exptdir.record.reference import Resolution, Unresolved


class Killed(BaseException):
    """Stands for a process that ends at once: nothing of ours catches it."""


def killed(*_: object) -> None:
    raise Killed


@contextmanager
def killed_before(line: int) -> Iterator[None]:
    """End a process, so to speak, before a line of those that its writer comes to, counted from 0."""
    left = line

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left
        if not frame.f_code.co_qualname.startswith("Writer."):
            return None
        if event == "line":
            left -= 1
            if left < 0:
                raise Killed
        return trace

    others = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(others)


def leave_unfinished(plan: Plan) -> None:
    """Make the changes of a plan as a process does that is killed before it says that they are made."""
    with pytest.MonkeyPatch.context() as patched, pytest.raises(Killed), locked(plan.base) as writer:
        patched.setattr(Writer, "_end", killed)
        writer.apply(plan)


def apply(plan: Plan) -> tuple[Problem, ...]:
    """Make the changes of a plan; return what is left of an interrupted command before."""
    with locked(plan.base) as writer:
        writer.apply(plan)
        return writer.recovered


def find_references(record: Record) -> list[tuple[Token, Experiment | None, Resolution | Unresolved]]:
    """Find the references of a record, where each stands and leads; what only may be one is there if it leads on."""
    pages, _ = read_pages(record.base)
    runs = Runs(record, pages)
    found = []
    for page in pages:
        here = around(record, page.key)
        for token in page.tokens:
            target = read_token(record, token, here, runs.exists(token.text))
            if target is not None and (token.form == "reference" or isinstance(target, Resolution)):
                found.append((token, here, target))
    return found
