"""Ids: the next free one, and how two branches that both took the same one are brought together.

Git is asked when a file came and who wrote a line; without git, or outside of it, nothing is known.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from exptdir.record.edits.layout import DirectoryLayout, Exclude
from exptdir.record.edits.plan import Plan
from exptdir.record.edits.references import EditedPage, nothing
from exptdir.record.edits.relocate import numbered_key, relocate
from exptdir.record.markup.references import PATHS, Token
from exptdir.record.model import Experiment, Record, in_order
from exptdir.record.problem import Problem

_SECONDS = 60
_ID = re.compile(r"(?:expt-|#)?(?P<id>[0-9]{1,18})(?![\w.])")


@dataclass(frozen=True)
class Added:
    """The commit that brought a file."""

    commit: str
    #: Its time of commit, in seconds since 1970.
    when: int


class History:
    """The history of the repository around a directory; each question is asked once."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._answers: dict[tuple[str, ...], str | None] = {}

    def added(self, path: Path) -> Added | None:
        """Return the first commit that has a file, under this or an earlier name; ``None`` for none."""
        out = self._ask("log", "--follow", "--diff-filter=A", "--format=%H %ct", "--", os.fspath(path))
        lines = (out or "").split("\n")
        last = next((line.split() for line in reversed(lines) if line.strip()), [])
        return Added(last[0], int(last[1])) if len(last) == 2 and last[1].isdecimal() else None

    def blame(self, path: Path, line: int) -> str | None:
        """Return the commit that last wrote a line; ``None`` for a line that is not committed."""
        out = self._ask("blame", "--porcelain", f"-L{line},{line}", "--", os.fspath(path))
        commit = (out or "").split(" ", 1)[0]
        return commit if commit.strip("0") else None

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Tell whether the second commit was made with the first one before it."""
        return self._ask("merge-base", "--is-ancestor", older, newer) is not None

    def _ask(self, *arguments: str) -> str | None:
        if arguments not in self._answers:
            command = ["git", "-C", os.fspath(self._base), *arguments]
            environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
            answer = None
            with suppress(OSError, subprocess.SubprocessError):
                done = subprocess.run(command, capture_output=True, env=environment, timeout=_SECONDS, check=True)
                answer = done.stdout.decode("utf-8", "replace")
            self._answers[arguments] = answer
        return self._answers[arguments]


def next_id(record: Record, left_out: Iterable[int] = ()) -> int:
    """Return the id after the highest that is taken, also by what is excluded; 1 in a record without numbers."""
    return max((*record.by_id, *left_out), default=0) + 1


def mend_conflicts(record: Record, *, exclude: Exclude = nothing, left_out: Iterable[int] = ()) -> Plan:
    """Plan new ids for the experiments that share theirs with one that was there before.

    The one whose log was committed first keeps the id. A reference by the id follows another one when it stands
    in that one's directory, or when git says that its line was written where only that one existed. What git does
    not decide is a problem of the plan, and stays as it is. *left_out* are the ids of directories that are excluded.

    Raises EditError when a file that has to change cannot be edited.
    """
    history = History(record.base)
    problems: list[Problem] = []
    ids: dict[str, int] = {}
    groups: dict[int, list[Experiment]] = {}
    free = next_id(record, left_out)
    for number, rivals in sorted(record.by_id.items()):
        if len(rivals) < 2:
            continue
        # By when their logs were first committed, unless that leaves the first open.
        times = {rival.key: history.added(rival.log) for rival in rivals}
        known = [time.when for time in times.values() if time is not None]
        if not known or known.count(min(known)) > 1:
            names = ", ".join(rival.path for rival in in_order(rivals))
            message = f"git does not tell which of {names} had the id {number} first; renumber one of them by hand"
            problems.append(Problem("id", message, rivals[0].log))
            continue
        by_time = sorted(in_order(rivals), key=lambda rival: float(getattr(times[rival.key], "when", "inf")))
        groups[number] = by_time
        for later in by_time[1:]:
            ids[later.key], free = free, free + 1
    moves = {key: numbered_key(record.experiments[key], new) for key, new in ids.items()}
    judge = _Judge(history, groups)
    plan = relocate(DirectoryLayout(record, moves, ids), exclude, judge.meant)
    return Plan(plan.base, plan.edits, plan.renames, (*problems, *plan.problems, *judge.problems))


class _Judge:
    """Decides which of several experiments with one id a reference means."""

    def __init__(self, history: History, groups: dict[int, list[Experiment]]) -> None:
        self._history = history
        self._groups = groups
        self.problems: list[Problem] = []

    def meant(self, page: EditedPage, token: Token) -> Experiment | None:
        found = _ID.match(token.text) if token.form not in PATHS else None
        rivals = self._groups.get(int(found["id"]), []) if found else []
        if not rivals:
            return None
        owners = [rival for rival in rivals if page.key.startswith(rival.key + "/")]
        if owners:
            return max(owners, key=lambda rival: len(rival.key))
        line = page.line(token)
        commit = self._history.blame(page.path, line)
        known = []
        for rival in rivals:
            added = self._history.added(rival.log)
            if commit and added is not None and self._history.is_ancestor(added.commit, commit):
                known.append(rival)
        if len(known) == 1:
            return known[0]
        names = " or ".join(rival.path for rival in rivals)
        message = f"“{token.text}” may mean {names}; it leads to the first now, mend it if that is wrong"
        self.problems.append(Problem("ref", message, page.path, line))
        return None
