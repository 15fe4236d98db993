"""Runs the scripts that are stale, those that read what others write after these, and writes down what they did."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from exptdir.figures.ledger import LedgerEntry, format_ledger
from exptdir.figures.model import FigureSettings, Job, Outcome, Script
from exptdir.figures.plan.check import FileTree, Staleness
from exptdir.figures.plan.new_entry import ScriptRun, drawn_entry, prepare
from exptdir.figures.plan.planner import Planner
from exptdir.figures.run.guard import recover
from exptdir.figures.run.outcome import headline
from exptdir.figures.run.processes import PROGRAMS
from exptdir.figures.state import Failure, State, setting_of
from exptdir.record.files import locked
from exptdir.record.problem import Problem


def judge(
    script: Script, job: Job, outcome: Outcome, tree: FileTree, old: LedgerEntry | None, shown: Collection[str]
) -> Failure | None:
    """Say what was wrong with a run, ``None`` if nothing was.

    A script that writes no figure is right to do so, unless it is listed with figures, or drew one before, as *old*
    says, that is still *shown*.
    """
    if outcome.status == "timeout":
        message = f"{script.path} did not end within {job.timeout:g} seconds and was stopped"
    elif outcome.status == "missing program":
        message = f"{script.path} cannot be run: {PROGRAMS[script.language][0]} is not installed"
    elif outcome.status not in ("ok", "no output"):
        last = headline(script.language, outcome.traceback)[:300]
        verb = "was killed" if outcome.status == "killed" else "failed"
        message = f"{script.path} {verb}: {last}" if last else f"{script.path} {verb}"
    else:
        missing = [path for path in script.outputs if not tree.exists(path)]
        idle = old is not None and not old.adopted and not outcome.written and not outcome.spared
        drew = set(old.outputs).intersection(shown) if old is not None and idle else set()
        if missing:
            message = f"{script.path} did not write {missing[0]}, which expt.toml lists"
        elif drew:
            message = f"{script.path} wrote no figure, though {min(drew)} is shown and was drawn by it"
        else:
            return None
    return Failure(outcome.status, message, outcome.traceback, outcome.output, outcome.line)


Submit = Callable[[Job], "Future[Outcome]"]
Progress = Callable[[Script, Outcome | None, str], None]

#: A script may be run again in one update when what it read was written meanwhile by one that came later.
_MOST_RUNS = 3
#: Seconds between two looks at whether another build has ended with a script.
_PATIENCE = 0.1
#: So many scripts are handed over at once; each holds a lock, which is an open file.
_AT_ONCE = 200


@dataclass
class Scheduler:
    """One update's runs."""

    planner: Planner
    state: State
    settings: FigureSettings
    submit: Submit
    #: The scripts that may be run.
    allowed: Collection[str]
    #: Is told of each script that begins (without an outcome) or ends, and why it is run.
    progress: Progress | None
    #: Directories of exptdir itself, which are inputs of nothing.
    private: tuple[str, ...]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    #: Figures changed by hand, and their copies.
    kept: dict[str, dict[str, Path]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _pending: set[str] = field(default_factory=set)
    _running: dict[Future[Outcome], ScriptRun] = field(default_factory=dict)
    _runs: Counter[str] = field(default_factory=Counter)
    _lost: set[str] = field(default_factory=set)
    #: Files of scripts, with whatever arguments, that no other build may run now.
    _locks: dict[str, ExitStack] = field(default_factory=dict)
    _forced: set[str] = field(default_factory=set)
    _trials: set[str] = field(default_factory=set)

    def run(self, keys: Collection[str], *, forced: Collection[str] = ()) -> None:
        """Run scripts, and what thereby becomes stale, until nothing is; *forced* ones whatever another build did."""
        self._pending = set(keys)
        self._trials = {key for key in keys if key not in forced and self.planner.verdict(key).trial}
        self._forced = set(forced)
        try:
            while self._pending or self._running:
                active = {running.key for running in self._running.values()}
                for key in sorted(self._pending):
                    if len(self._running) >= _AT_ONCE:
                        break
                    # Scripts that are merely tried come one after another, until what is missing is there.
                    others = {self.planner.scripts[other].experiment for other in active & self._trials}
                    tried = key in self._trials and self.planner.scripts[key].experiment in others
                    free = key not in active and not self.planner.flow.must_wait(key, self._pending | active)
                    if free and not tried and self._start(key):
                        active.add(key)
                self._await()
                if not self._pending and not self._running:
                    self._pending = {key for key in self.planner.scripts if self._again(key)}
        finally:
            for future in self._running:
                future.cancel()
            for lock in self._locks.values():
                lock.close()

    def _again(self, key: str) -> bool:
        if key not in self.allowed or key in self.failed or self._runs[key] >= _MOST_RUNS:
            return False
        return self.planner.verdict(key).run

    def _start(self, key: str) -> bool:
        """Hand a script over, unless another build is at it; say whether that was done."""
        script = self.planner.scripts[key]
        path = self.planner.checker.tree.absolute(script.path)
        if path not in self._locks:
            with ExitStack() as lock:
                if not lock.enter_context(locked(path, wait=False)):
                    return False
                self._locks[path] = lock.pop_all()
        verdict = self._verdict(script)
        if not verdict.run and key not in self._forced:
            self._drop(key)
            return False
        self._forced.discard(key)
        try:
            running = prepare(self.planner, self.state, self.settings, script, verdict)
        except OSError as error:
            self._fail(script, Failure("failed", f"{script.path} was not run: {error.strerror or error}"))
            self._drop(key)
            return False
        if self.progress is not None:
            self.progress(script, None, running.why)
        self._pending.discard(key)
        self._runs[key] += 1
        self._hand_over(running)
        return True

    def _drop(self, key: str) -> None:
        self._pending.discard(key)
        self._unlock(self.planner.checker.tree.absolute(self.planner.scripts[key].path))

    def _unlock(self, path: str) -> None:
        if all(running.job.script != path for running in self._running.values()):
            self._locks.pop(path).close()

    def _verdict(self, script: Script) -> Staleness:
        """Decide again: another build, or another script of this one, may have changed what is stale."""
        if self.planner.ledgers.refresh(script.experiment):
            for key, other in self.planner.scripts.items():
                if other.experiment == script.experiment:
                    self.planner.learn(key)
        else:
            entry = self.planner.entry(script.key)
            if (entry is None or entry.adopted) and script.key not in self._trials:
                # Which of several scripts draws what is missing shows only when all have been run, in any order.
                return replace(self.planner.verdict(script.key), run=True)
        return self.planner.verdict(script.key)

    def _hand_over(self, running: ScriptRun) -> None:
        try:
            future = self.submit(running.job)
        except RuntimeError as error:
            # A pool that is broken or closed takes nothing more.
            future = Future()
            said = " ".join(str(error).split())
            future.set_result(Outcome("failed", traceback=f"it could not be started: {said}"))
        self._running[future] = running

    def _await(self) -> None:
        if not self._running:
            if self._pending:
                time.sleep(_PATIENCE)
            return
        done, _ = wait(self._running, _PATIENCE if self._pending else None, FIRST_COMPLETED)
        for future in sorted(done, key=lambda future: self._running[future].key):
            running = self._running.pop(future)
            # Not by us: an executor cancels what it has no more way to run.
            error = CancelledError("it was given up") if future.cancelled() else future.exception()
            if error is None:
                self._finish(running, future.result())
                continue
            recover(Path(running.job.scratch))
            if running.key in self._lost:
                said = " ".join(str(error).split())
                self._finish(running, Outcome("killed", traceback=f"its worker died twice: {said}"))
            else:
                # The worker died, which need not be the script's fault.
                self._lost.add(running.key)
                self._hand_over(running)

    def _finish(self, running: ScriptRun, outcome: Outcome) -> None:
        key, planner = running.key, self.planner
        script, tree = planner.scripts[key], planner.checker.tree
        self.outcomes[key] = outcome
        for figure, copy in running.kept.items():
            # Where it was not drawn again after all, there is nothing to keep.
            if tree.digest(figure) == tree.digests.of(str(copy)):
                copy.unlink()
            else:
                self.kept.setdefault(key, {})[figure] = copy
        shown = planner.shown.get(script.experiment, ())
        failure = judge(script, running.job, outcome, tree, running.before.old, shown)
        touched: set[str] = set()
        kept = outcome if failure is None else replace(outcome, written=())
        entry, stamps = drawn_entry(script, kept, tree, running.before, self.private)
        if failure is not None:
            # What it read or sought counts for when another script writes it, or has done so meanwhile.
            trace = outcome.trace
            names = {*trace.reads, *trace.absent, *trace.modules} - {*trace.writes}
            touched = {path for name in names if (path := tree.inside(name)) is not None}
            sought = {path for name in trace.absent if (path := tree.inside(name)) is not None}
            # With all that it touched, the failure is known like a result: it is not tried again for nothing.
            setting = setting_of(running.job.timeout, running.job.memory)
            failure = replace(failure, ledger=format_ledger([entry], "."), stamps=stamps, setting=setting)
            self._fail(script, failure, again=any(map(tree.exists, touched & sought)))
        else:
            self.state.failures.pop(key, None)
            self.failed.discard(key)
            self.state.remember_outside(entry, stamps)
            problem = planner.ledgers.store(script.experiment, {key: entry})
            self.problems += [problem] if problem is not None else []
        self._unlock(running.job.script)
        planner.learn(key, touched)
        if self.progress is not None:
            self.progress(script, outcome, running.why)
        written = {path for name in outcome.trace.writes + outcome.written if (path := tree.inside(name))}
        self.failed -= planner.flow.readers(written) - {key}
        active = {other.key for other in self._running.values()}
        self._pending |= {other for other in planner.flow.readers(written) - active - {key} if self._again(other)}

    def _fail(self, script: Script, failure: Failure, *, again: bool = False) -> None:
        self.state.failures[script.key] = failure
        if not again:
            self.failed.add(script.key)
