"""What is wrong with a record as a whole: ids that are not unique, statuses and prerequisites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem
from exptdir.record.reference import Unresolved, resolve

#: The statuses and what each means for the experiments that wait: ``open`` (not done yet), ``done`` or
#: ``dropped`` (never will be) (``exptdir_statuses``).
STATUSES: Mapping[str, str] = {
    "new": "open",
    "ready": "open",
    "in progress": "open",
    "complete": "done",
    "abandoned": "dropped",
}


def check(record: Record, statuses: Mapping[str, str] | None = None) -> list[Problem]:
    """Find what can only be seen with all experiments at hand.

    Parameters
    ----------
    record
        The experiments.
    statuses
        The statuses that are allowed; empty or ``None`` for the usual ones.
    """
    statuses = statuses or STATUSES
    problems = list(_duplicate_ids(record))
    edges: dict[str, list[str]] = {}
    for experiment in record.experiments.values():
        if experiment.status is not None and experiment.status not in statuses:
            problems.append(_unknown_status(experiment, statuses))
        edges[experiment.key] = []
        for text in experiment.prerequisites:
            found = _prerequisite(record, experiment, text)
            if isinstance(found, Unresolved):
                problems.append(_located(experiment, "prerequisites", "prerequisite", found.message))
            else:
                edges[experiment.key].append(found.key)
    return problems + [_cycle_problem(record, cycle) for cycle in _cycles(edges)]


def _prerequisite(record: Record, experiment: Experiment, text: str) -> Experiment | Unresolved:
    found = resolve(record, text, experiment, lambda _experiment, _run: False, "experiment")
    return found if isinstance(found, Unresolved) else found.experiment


def _located(experiment: Experiment, fact: str, kind: str, message: str) -> Problem:
    path, line = experiment.origins.get(fact, (experiment.log, None))
    return Problem(kind, f"{experiment.label()}: {message}", path, line)


def _unknown_status(experiment: Experiment, statuses: Mapping[str, str]) -> Problem:
    near = get_close_matches(experiment.status or "", statuses, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    message = f"unknown status {experiment.status!r} (known: {', '.join(statuses)}){hint}"
    return _located(experiment, "status", "status", message)


def _duplicate_ids(record: Record) -> Iterator[Problem]:
    for number, group in sorted(record.by_id.items()):
        for experiment in group[1:]:
            message = f"id {number} is taken by {group[0].key!r} already"
            path, line = experiment.origins.get("id", (experiment.log, None))
            yield Problem("id", f"{experiment.key!r}: {message}", path, line)


def _cycles(edges: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Yield each cycle that a depth-first search closes; iterative, as chains may be thousands long."""
    finished: set[str] = set()
    for start in edges:
        trail: list[str] = []
        on_trail: set[str] = set()
        stack = [(start, iter(edges[start]))] if start not in finished else []
        while stack:
            node, targets = stack[-1]
            if len(trail) < len(stack):
                trail.append(node)
                on_trail.add(node)
            target = next((key for key in targets if key not in finished), None)
            if target is None:
                stack.pop()
                on_trail.discard(trail.pop())
                finished.add(node)
            elif target in on_trail:
                yield [*trail[trail.index(target) :], target]
            else:
                stack.append((target, iter(edges[target])))


def _cycle_problem(record: Record, cycle: list[str]) -> Problem:
    labels = " → ".join(record.experiments[key].label() for key in cycle)
    message = f"waits for itself: {labels}"
    return _located(record.experiments[cycle[0]], "prerequisites", "prerequisite", message)


def status(record: Record, experiment: Experiment, statuses: Mapping[str, str] | None = None) -> str | None:
    """Return the status to show: the author's own, or ``blocked`` while a prerequisite is not done.

    Parameters
    ----------
    record, experiment
        The experiment and the record that its prerequisites are in.
    statuses
        Meaning of each status, as in :data:`STATUSES`.
    """
    statuses = statuses or STATUSES
    if statuses.get(experiment.status or "", "open") != "open":
        return experiment.status
    for text in experiment.prerequisites:
        found = _prerequisite(record, experiment, text)
        if isinstance(found, Experiment) and statuses.get(found.status or "", "open") != "done":
            return "blocked"
    return experiment.status
