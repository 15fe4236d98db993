"""Brings the figures of a record up to date: finds the scripts, decides, runs, writes the ledgers, reports.

The report says what was found and done, to those who show it: where each figure comes from, and whether it is fresh.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from exptdir.figures.find import Finder, find_scripts
from exptdir.figures.ledger import LedgerEntry, Ledgers
from exptdir.figures.model import LEDGER, FigureSettings, Outcome, Script
from exptdir.figures.plan.check import Checker, FileTree, Freshness, Staleness
from exptdir.figures.plan.new_entry import adopted_entry
from exptdir.figures.plan.planner import Planner
from exptdir.figures.plan.scheduler import Progress, Scheduler, Submit
from exptdir.figures.run.guard import at_work, recover_record
from exptdir.figures.state import Failure, State
from exptdir.record.git import DeletedFiles
from exptdir.record.model import Record
from exptdir.record.problem import Problem


@dataclass(frozen=True)
class ScriptReport:
    """One script: whether its figures are fresh, and how its last run went."""

    script: Script
    verdict: Staleness
    #: The figures that it draws, the data files that it reads, the modules that it imports, relative to the base.
    figures: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    #: Why not all that it reads is known; empty where it is.
    unseen: tuple[str, ...] = ()
    #: How its last run went wrong, if it did and its figures are still not fresh.
    failure: Failure | None = None
    #: How it ended now, if it was run.
    outcome: Outcome | None = None
    #: Figures changed by hand that it has drawn again, and where the changed ones are.
    kept: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class FigureReport:
    """One figure: where it comes from and whether it is fresh."""

    #: The figure, relative to the record's base.
    path: str
    state: Freshness
    #: Key of the script that draws it, in the report's ``scripts``; ``None`` if that script is gone.
    script: str | None
    reasons: tuple[str, ...] = ()
    #: Whether it is known, or plain from the scripts' texts, that this script draws it.
    sure: bool = True


@dataclass(frozen=True)
class Report:
    """All of it."""

    #: The scripts by path and arguments.
    scripts: Mapping[str, ScriptReport]
    #: The figures that are drawn by a script, and those that are shown and not there, by path. An image that no script
    #: draws is not one of them.
    figures: Mapping[str, FigureReport]
    problems: tuple[Problem, ...] = ()
    #: Which figures are kept as they are, as it cannot be told whether they are fresh, and why.
    unknown: tuple[Problem, ...] = ()
    #: Keys of the scripts that were run, adopted, and run in vain.
    ran: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    #: Keys of the scripts that are stale now: those that would be run, in a dry run or with ``never``.
    planned: tuple[str, ...] = ()
    #: Experiments whose figures are stale and whose directory cannot be written.
    fixed: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def counts(self) -> str:
        """How many scripts drew, were adopted, failed, or drew only what was put back; empty where nothing was done."""
        ends = {key: self.scripts[key].outcome for key in self.ran if key not in self.failed}
        kept = {key for key, end in ends.items() if end and end.spared and not end.written}
        found = {"drawn": ends.keys() - kept, "adopted": self.adopted, "failed": self.failed, "kept": kept}
        return ", ".join(f"{len(keys)} {name}" for name, keys in found.items() if keys)


def figure_reports(planner: Planner, verdicts: Mapping[str, Staleness]) -> dict[str, FigureReport]:
    """Report, by path, on each figure that a script draws or drew, and on those that are shown and not there."""
    found: dict[str, FigureReport] = {}
    exists = planner.checker.tree.exists
    # What a script drew in our sight counts before what it is only supposed to have drawn; of two that draw
    # the same figure the last is the one whose it is.
    entries = [(entry.adopted, key, entry) for key in planner.scripts if (entry := planner.entry(key)) is not None]
    contested = planner.contested
    for adopted, key, entry in sorted(entries, key=lambda known: known[:2]):
        for path in entry.outputs:
            if adopted or contested.get(path, [key])[-1] == key:
                verdict = verdicts[key]
                # Of several figures of a script one may have been edited, and the others are as it drew them.
                state = "fresh" if verdict.state == "edited" and path not in verdict.edited else verdict.state
                sure = not adopted or planner.naming(path, planner.scripts[key].experiment, adopted=False) == [key]
                found.setdefault(path, FigureReport(path, state, key, verdict.reasons, sure))
    # What is left over of a script that draws it no more, or that is gone.
    for _, key, entry in entries:
        for path in entry.former:
            reason = f"{planner.scripts[key].path} does not draw it any more"
            found.setdefault(path, FigureReport(path, "stale", key, (reason,)))
    for path in filter(exists, planner.orphans):
        reason = f"{planner.orphans[path].script}, which drew it, is gone"
        found.setdefault(path, FigureReport(path, "stale", None, (reason,)))
    by_experiment: defaultdict[str, list[str]] = defaultdict(list)
    for key, script in planner.scripts.items():
        by_experiment[script.experiment].append(key)
    for experiment, keys in by_experiment.items():
        for path in planner.shown.get(experiment, ()):
            likely = None if exists(path) else planner.likely(path, keys)
            if likely is not None:
                found.setdefault(path, FigureReport(path, verdicts[likely].state, likely, verdicts[likely].reasons))
    return dict(sorted(found.items()))


def update(
    record: Record,
    settings: FigureSettings,
    state_dir: Path,
    submit: Submit,
    *,
    only: Collection[str] | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    private: Collection[Path] = (),
    finder: Finder | None = None,
) -> Report:
    """Bring the figures of a record up to date.

    A script that fails, a ledger that is damaged or cannot be written, and whatever else is wrong is among the problems
    of the report; nothing of that is raised.

    In *state_dir*, outside the source tree or in a hidden directory, lies what is remembered on this machine. *submit*
    runs a job: ``lambda job: executor.submit(run_job, job)`` for any executor. *only* names the scripts that may be
    run, by their path or with their arguments, or all those of an experiment, by its key; all for ``None``. *progress*
    is called with each script that begins (and ``None``) and ends (and the outcome), in this thread. *private*
    directories, such as the output of a build, are inputs of nothing.
    """
    began = time.monotonic()
    # A build that was killed may have left figures that are not what any ledger says.
    unrecovered = [] if dry_run else recover_record(record.base, state_dir)
    work = _Update(record, settings, State(state_dir), only, finder or Finder())
    work.problems += [Problem("figure", message, state_dir) for message in unrecovered]
    acting = settings.mode != "never" and not dry_run
    if acting:
        # Ledgers that were deleted are written anew.
        for experiment in work.recovered:
            work.store(experiment, dict(work.planner.ledgers.entries[experiment]))
        work.adopt()
        work.run(submit, progress, tuple(os.path.abspath(path) for path in (state_dir, *private)))
        # What was not tried after all was there before us.
        work.adopt()
        work.tidy()
    if not dry_run:
        work.save(prune=only is None)
    return work.report(time.monotonic() - began)


#: How figures stand whose script may have failed.
_FAILING = ("stale", "unknown", "never run")


@dataclass
class _Update:
    """One update, from what is found to what is reported."""

    record: Record
    settings: FigureSettings
    state: State
    only: Collection[str] | None
    finder: Finder
    problems: list[Problem] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    kept: dict[str, dict[str, Path]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the scripts, read the ledgers and decide about each."""
        found = self.finder.survey(self.record, self.settings.exclude)
        scripts, problems = find_scripts(self.record, self.settings.patterns, found)
        self.problems += problems
        paths = {script.path for script in scripts}
        # Where nothing was ever drawn, no document is read to see what it shows.
        concerned = bool(scripts) or any(path.endswith(f"/{LEDGER}") for files in found.values() for path in files)
        self.tree = FileTree(self.record.base, self.state.digests, self.record.experiments, paths)
        ledgers = Ledgers(
            self.record.base, self.record.experiments if concerned else (), self.state.directory / "ledgers"
        )
        homes = dict.fromkeys(script.experiment for script in scripts)
        deleted = DeletedFiles(self.record.base, LEDGER)

        def still_drawn(entry: LedgerEntry) -> bool:
            there = ((self.tree.digest(path), digest) for path, digest in entry.outputs.items())
            return not entry.damaged and all(now in (None, digest) for now, digest in there)

        #: Experiments whose directory cannot be written, as in a container.
        self.fixed = {key for key in homes if not os.access(self.record.base / key, os.W_OK)}
        self.recovered = [key for key in homes if ledgers.recover(key, deleted.content, still_drawn)]
        self.planner = Planner(
            scripts={script.key: script for script in scripts},
            ledgers=ledgers,
            checker=Checker(self.tree, self.state, self.settings),
            shown=self.finder.shown(self.record, found) if concerned else {},
        )
        self.problems += self.planner.ledgers.problems
        self.verdicts: dict[str, Staleness] = {}
        self._decide()
        self.allowed = {
            key
            for key, script in self.planner.scripts.items()
            if self.only is None or {script.key, script.path, script.experiment}.intersection(self.only)
            if script.experiment not in self.fixed
        }

    def _decide(self) -> None:
        self.verdicts = {key: self.planner.verdict(key) for key in self.planner.scripts}

    def adopt(self) -> None:
        """Write down the figures that were there before us."""
        if self.settings.mode == "always":
            return
        scripts = self.planner.scripts.items()
        may = self.allowed | {key for key, script in scripts if script.experiment in self.fixed}
        keys = [key for key in self.planner.scripts if self.verdicts[key].adopt and key in may]
        changes: dict[str, dict[str, LedgerEntry | None]] = {}
        for key, figures in self.planner.adoptions(keys).items():
            script = self.planner.scripts[key]
            entry, stamps = adopted_entry(script, figures, self.tree, self.tree.style(script, self.settings))
            self.state.remember_outside(entry, stamps)
            changes.setdefault(script.experiment, {})[key] = entry
        for experiment, entries in changes.items():
            self.store(experiment, entries)
            for key in entries:
                self.planner.learn(key)
                self.verdicts[key] = self.planner.verdict(key)
                self.adopted.append(key)

    def store(self, experiment: str, entries: dict[str, LedgerEntry | None]) -> None:
        """Write down what is known of some scripts, unless their experiment cannot be written."""
        if experiment in self.fixed:
            self.planner.ledgers.learn(experiment, entries)
            return
        problem = self.planner.ledgers.store(experiment, entries)
        if problem is not None:
            self.problems.append(problem)

    def run(self, submit: Submit, progress: Progress | None, private: tuple[str, ...]) -> None:
        """Run what is stale, and what becomes stale by it."""
        forced = self.settings.mode == "always"
        stale = {key for key in self.allowed if self.verdicts[key].run or (forced and not self.verdicts[key].keep)}
        edited = {key for key in self.allowed if self.settings.overwrite_edited and self.verdicts[key].edited}
        if not stale | edited:
            return
        scheduler = Scheduler(self.planner, self.state, self.settings, submit, self.allowed, progress, private)
        try:
            with at_work(self.record.base, self.state.directory):
                scheduler.run(stale | edited, forced=stale | edited if forced else edited)
        except BaseException:
            # What has been learnt by an update that was interrupted is true all the same.
            self.save(prune=False)
            raise
        self.outcomes, self.failed, self.kept = scheduler.outcomes, scheduler.failed, scheduler.kept
        self.problems += scheduler.problems
        self._decide()

    def tidy(self) -> None:
        """Forget scripts that are gone, once nothing is left that only they are known to have drawn."""
        for experiment, entries in self.planner.ledgers.entries.items():
            gone = [entry for key, entry in entries.items() if key not in self.planner.scripts]
            left = {path for entry in gone for path in entry.outputs if self.tree.exists(path)}
            orphans = {path for path in left if not self.planner.flow.writers(path)}
            needless = [entry for entry in gone if entry.adopted or orphans.isdisjoint(entry.outputs)]
            if needless and self.only is None:
                self.store(experiment, {entry.key: None for entry in needless})

    def save(self, *, prune: bool) -> None:
        """Write the state; without it the next update takes longer and knows less, but is right."""
        for key in list(self.state.failures):
            # It matters no more if the script is gone or was changed back, unless it was run all the same.
            gone = key not in self.planner.scripts
            if gone or (key not in self.failed and self.planner.verdict(key).state not in _FAILING):
                del self.state.failures[key]
        self.planner.ledgers.keep_copies()
        try:
            self.state.save(prune=prune)
        except OSError as error:
            message = f"what is remembered of figures cannot be written: {error.strerror or error}"
            self.problems.append(Problem("figure", message, self.state.directory))

    def report(self, seconds: float) -> Report:
        """Gather what was found and done."""
        scripts: dict[str, ScriptReport] = {}
        problems, unknown = [*self.problems, *self.planner.problems(self.verdicts)], []
        for key, script in self.planner.scripts.items():
            entry, verdict = self.planner.entry(key), self.verdicts[key]
            failure = self.state.failures.get(key) if verdict.state in _FAILING or key in self.failed else None
            found = ScriptReport(script, verdict, script.outputs)
            if entry is not None:
                figures, inputs, modules = map(tuple, (entry.outputs, entry.inputs, entry.modules))
                found = ScriptReport(script, verdict, figures, inputs, modules, entry.unseen)
            outcome, kept = self.outcomes.get(key), self.kept.get(key, {})
            scripts[key] = replace(found, failure=failure, outcome=outcome, kept=kept)
            if failure is not None:
                problems.append(Problem("figure", failure.message, self.record.base / script.path, failure.line))
            elif verdict.reasons and (verdict.adopt or (verdict.state == "unknown" and found.figures)):
                message = f"the figures of {key} are kept as they are ({'; '.join(verdict.reasons)})"
                unknown.append(Problem("figure", message, self.record.base / script.path))
        is_held_up = any(self.verdicts[key].run for key in self.verdicts.keys() - self.allowed)
        return Report(
            scripts=scripts,
            figures=figure_reports(self.planner, self.verdicts),
            problems=tuple(dict.fromkeys(problems)),
            unknown=tuple(unknown),
            ran=tuple(sorted(self.outcomes)),
            adopted=tuple(sorted(self.adopted)),
            failed=tuple(sorted(self.failed)),
            planned=tuple(sorted(key for key, verdict in self.verdicts.items() if verdict.run)),
            fixed=tuple(sorted(self.fixed)) if is_held_up else (),
            seconds=seconds,
        )
