"""What tests of edits do with plans and records."""

from __future__ import annotations

from exptdir.record.edits.apply import locked
from exptdir.record.edits.plan import Plan
from exptdir.record.edits.references import Runs, around, read_pages, read_token
from exptdir.record.markup.references import Token
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem
from exptdir.record.reference import Resolution, Unresolved


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
