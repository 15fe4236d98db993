"""What is wrong with a record as a whole: ids that are not unique, statuses and prerequisites."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from exptdir.record.facts_values import status_word
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem, nearest
from exptdir.record.reference import Unresolved, resolve
from exptdir.record.settings import STATUSES

#: A status that every record has: an experiment that is not published yet.
DRAFT = "draft"


def check(record: Record, statuses: Mapping[str, str] | None = None) -> list[Problem]:
    """Find what can only be seen with all experiments at hand; without *statuses* the usual ones are allowed."""
    statuses = statuses or STATUSES
    problems = []
    for number, group in sorted(record.by_id.items()):
        for experiment in group[1:]:
            message = f"{experiment.key!r}: id {number} is taken by {group[0].key!r} already"
            path, line = experiment.origins.get("id", (experiment.log, None))
            problems.append(Problem("id", message, path, line))
    edges: dict[str, list[str]] = {}
    for experiment in record.experiments.values():
        if experiment.status is not None and meaning(experiment.status, statuses) is None:
            # “done” is what “complete” means, and only looks like “abandoned”.
            meant = [word for word, means in statuses.items() if means == experiment.status]
            near = meant or nearest(experiment.status, statuses, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            message = f"unknown status {experiment.status!r} (known: {', '.join(statuses)}){hint}"
            problems.append(_located(experiment, "status", "status", message))
        edges[experiment.key] = []
        for fact, kind in (("builds_on", "ref"), ("prerequisites", "prerequisite")):
            for text in getattr(experiment, fact):
                found = _experiment(record, experiment, text)
                if isinstance(found, Unresolved):
                    problems.append(_located(experiment, fact, kind, found.message))
                elif fact == "prerequisites":
                    edges[experiment.key].append(found.key)
    while True:
        try:
            TopologicalSorter(edges).prepare()
            return problems
        except CycleError as error:
            cycle: list[str] = error.args[1][::-1]
            edges[cycle[0]].remove(cycle[1])
            message = f"waits for itself: {' → '.join(record.experiments[key].label() for key in cycle)}"
            problems.append(_located(record.experiments[cycle[0]], "prerequisites", "prerequisite", message))


def _experiment(record: Record, experiment: Experiment, text: str) -> Experiment | Unresolved:
    found = resolve(record, text, experiment, lambda _experiment, _run: False, "experiment")
    return found if isinstance(found, Unresolved) else found.experiment


def _located(experiment: Experiment, fact: str, kind: str, message: str) -> Problem:
    path, line = experiment.origins.get(fact, (experiment.log, None))
    return Problem(kind, f"{experiment.label()}: {message}", path, line)


def meaning(status: str | None, statuses: Mapping[str, str]) -> str | None:
    """Return what a status means, ``None`` for an unknown one; a configured ``in_progress`` is ``in progress``."""
    if status is None:
        return None
    found = statuses.get(status) or ("open" if status == DRAFT else None)
    return found or next((known for name, known in statuses.items() if status_word(name) == status), None)


def status(record: Record, experiment: Experiment, statuses: Mapping[str, str] | None = None) -> str | None:
    """Return the status to show: the author's own, or ``blocked`` while a prerequisite is not done."""
    return "blocked" if blockers(record, experiment, statuses) else experiment.status


def those_named(record: Record, experiment: Experiment, fact: str) -> list[Experiment]:
    """Return the experiments of a fact, ``prerequisites`` or ``builds_on``; those that are not there are left out."""
    found = (_experiment(record, experiment, text) for text in getattr(experiment, fact))
    return [one for one in found if isinstance(one, Experiment)]


def blockers(record: Record, experiment: Experiment, statuses: Mapping[str, str] | None = None) -> list[Experiment]:
    """Return the experiments because of which one is blocked; none where it is not."""
    statuses = statuses or STATUSES
    if not experiment.prerequisites or meaning(experiment.status, statuses) not in {None, "open"}:
        return []
    waited = those_named(record, experiment, "prerequisites")
    return [one for one in waited if meaning(one.status, statuses) != "done"]
