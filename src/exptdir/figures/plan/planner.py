"""What is to be done about every script: a decision that reads files and changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from exptdir.figures.known import Ledgers
from exptdir.figures.ledger import Entry
from exptdir.figures.model import Script, is_figure
from exptdir.figures.plan.check import Checker, Verdict
from exptdir.figures.plan.order import Flow
from exptdir.record.files import read_or_none
from exptdir.record.problem import Problem


@dataclass
class Planner:
    """Decides script by script, as the ledgers and the files are at that moment.

    Parameters
    ----------
    scripts
        The plot scripts by path and arguments.
    ledgers
        What is known of them.
    checker
        Compares that with the files.
    shown
        The figures that each experiment shows, by its key, and those in its directory that others show.
    flow
        Who reads what another writes.
    """

    scripts: Mapping[str, Script]
    ledgers: Ledgers
    checker: Checker
    shown: Mapping[str, frozenset[str]]
    flow: Flow = field(default_factory=Flow)

    def __post_init__(self) -> None:
        """Learn from the ledgers who reads and writes what."""
        for key in self.scripts:
            self.learn(key)

    def entry(self, key: str) -> Entry | None:
        """Return what the ledger knows of a script."""
        return self.ledgers.get(self.scripts[key].experiment, key)

    def learn(self, key: str, touched: Iterable[str] = ()) -> None:
        """Take over from the ledger, and from a run that failed, what a script reads and writes."""
        script, entry = self.scripts[key], self.entry(key)
        declared = self.checker.tree.matching(script.inputs)
        if entry is None:
            self.flow.put(key, {*touched, *declared}, script.outputs)
            return
        reads = {*entry.inputs, *entry.modules, *entry.absent, *touched, *declared}
        # What was adopted may never have been this script's doing.
        writes = script.outputs if entry.adopted else {*entry.outputs, *entry.wrote, *script.outputs}
        self.flow.put(key, reads - set(writes), writes)

    def verdict(self, key: str) -> Verdict:
        """Decide about one script."""
        script, entry = self.scripts[key], self.entry(key)
        if entry is None:
            if missing := self._missing(script):
                return Verdict("never run", _not_there(missing, script), run=True)
            figures = [path for path in self.shown.get(script.experiment, ()) if not self.owners(path)]
            return Verdict("never run", adopt=bool(figures or script.outputs))
        contested = frozenset(self.contested) if entry.outputs else frozenset()
        found = self.checker.check(script, entry, self.flow.ignored(key), contested)
        if entry.adopted and not found.run and (missing := self._missing(script)):
            return Verdict("stale", _not_there(missing, script), run=True)
        return found

    def _missing(self, script: Script) -> list[str]:
        """Return the figures that are shown and not there, and that no other script is known to draw.

        A figure whose script is gone counts as missing: another script has to take it over.
        """
        exists = self.checker.tree.exists
        shown = self.shown.get(script.experiment, ())
        wanted = (path for path in shown if not script.outputs or path in script.outputs)
        lost = [path for path in wanted if not exists(path) or path in self.orphans]
        return sorted(path for path in lost if not self.owners(path) - {script.key})

    def owners(self, path: str) -> set[str]:
        """Return the scripts that are known to draw a figure."""
        return self.flow.writers(path)

    @cached_property
    def orphans(self) -> dict[str, Entry]:
        """The figures that are known to come from a script that is no more, and what was known of it."""
        return {
            path: entry
            for entries in self.ledgers.entries.values()
            for key, entry in entries.items()
            if key not in self.scripts and not entry.adopted
            for path in entry.outputs
        }

    def unowned(self, experiment: str) -> list[str]:
        """Return the figures shown by an experiment that are there and of which no ledger speaks."""
        entries = self.ledgers.entries.get(experiment, {}).values()
        adopted = {path for entry in entries if entry.adopted for path in entry.outputs}
        there = (path for path in self.shown.get(experiment, ()) if self.checker.tree.exists(path))
        return sorted(path for path in there if not self.owners(path) and path not in {*adopted, *self.orphans})

    def adoptions(self, keys: Collection[str]) -> dict[str, list[str]]:
        """Share out the figures of experiments that were drawn before us.

        Parameters
        ----------
        keys
            Scripts to be adopted.

        Returns
        -------
        dict
            For each script the figures that it seems to draw: those that ``expt.toml`` says; those whose name
            stands in it; all, if the experiment has one script only.
        """
        shared: dict[str, list[str]] = {key: [] for key in sorted(keys)}
        rivals: dict[str, list[str]] = {}
        for key in shared:
            rivals.setdefault(self.scripts[key].experiment, []).append(key)
        for experiment, group in rivals.items():
            for path in self.unowned(experiment):
                likely = self.likely(path, group)
                if likely is not None:
                    shared[likely].append(path)
        exists = self.checker.tree.exists
        for key, figures in shared.items():
            figures += [path for path in self.scripts[key].outputs if exists(path) and path not in figures]
        return shared

    def likely(self, path: str, keys: Collection[str]) -> str | None:
        """Return which of several scripts seems to draw a figure, if any does."""
        name = path.rpartition("/")[2]
        for key in keys:
            script = self.scripts[key]
            text = (read_or_none(self.checker.tree.absolute(script.path)) or b"").decode("utf-8", "replace")
            if path in script.outputs or name in text:
                return key
        return next(iter(keys)) if len(keys) == 1 else None

    def problems(self, verdicts: Mapping[str, Verdict]) -> list[Problem]:
        """Say what is wrong with the scripts taken together, and with figures changed by hand."""
        found = []
        for path, keys in self.contested.items():
            message = f"{path} is written by several plot scripts: {', '.join(keys)}"
            found.append(Problem("figure", message, self._path(keys[-1])))
        circles = {frozenset((key, *self.flow.circle(key))) for key in self.scripts if self.flow.circle(key)}
        for circle in sorted(sorted(keys) for keys in circles):
            order = ", ".join(circle)
            message = f"these plot scripts read what the others write and are run once each, in this order: {order}"
            found.append(Problem("figure", message, self._path(circle[0])))
        for key, verdict in sorted(verdicts.items()):
            for path in verdict.edited if verdict.state == "edited" else ():
                message = f"{path} is not as {key} drew it; delete it, and it is drawn again"
                found.append(Problem("figure", message, Path(self.checker.tree.absolute(path))))
        return found

    @property
    def contested(self) -> dict[str, list[str]]:
        """The figures that several scripts draw, and these scripts in order."""
        return {path: keys for path, keys in self.flow.contested().items() if is_figure(path)}

    def _path(self, key: str) -> Path:
        return Path(self.checker.tree.absolute(self.scripts[key].path))


def _not_there(missing: list[str], script: Script) -> tuple[str, ...]:
    first = missing[0].removeprefix(script.experiment + "/")
    more = f" and {len(missing) - 1} more figures" if len(missing) > 1 else ""
    return (f"{first}{more} shown and not there",)
