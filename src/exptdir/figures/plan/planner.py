"""What is to be done about every script: a decision that reads files and changes nothing."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from exptdir.figures.ledger import LedgerEntry, Ledgers, parse_ledger
from exptdir.figures.model import Script, is_figure
from exptdir.figures.plan.check import Checker, Freshness, Staleness
from exptdir.figures.state import setting_of
from exptdir.record.files import read_or_none
from exptdir.record.problem import Problem


class Flow:
    """Who writes and who reads which files, by script."""

    def __init__(self) -> None:
        self._reads: dict[str, frozenset[str]] = {}
        self._writes: dict[str, frozenset[str]] = {}
        self._readers: defaultdict[str, set[str]] = defaultdict(set)
        self._writers: defaultdict[str, set[str]] = defaultdict(set)
        self._above: dict[str, frozenset[str]] = {}
        self._contested: dict[str, list[str]] | None = None

    def put(self, key: str, reads: Iterable[str], writes: Iterable[str]) -> None:
        """Say what a script reads, or sought in vain, and what it writes."""
        for path in self._reads.get(key, ()):
            self._readers[path].discard(key)
        for path in self._writes.get(key, ()):
            self._writers[path].discard(key)
        self._reads[key], self._writes[key] = frozenset(reads), frozenset(writes)
        for path in self._reads[key]:
            self._readers[path].add(key)
        for path in self._writes[key]:
            self._writers[path].add(key)
        self._above.clear()
        self._contested = None

    def readers(self, paths: Iterable[str]) -> set[str]:
        """Return the scripts that read one of *paths*."""
        return {key for path in paths for key in self._readers.get(path, ())}

    def writers(self, path: str) -> set[str]:
        """Return the scripts that write a file."""
        return self._writers.get(path, set())

    def contested(self) -> dict[str, list[str]]:
        """Return the files that several scripts write, and these scripts in order."""
        if self._contested is None:
            several = {path: sorted(keys) for path, keys in self._writers.items() if len(keys) > 1}
            self._contested = dict(sorted(several.items()))
        return self._contested

    def above(self, key: str) -> frozenset[str]:
        """Return the scripts whose files a script reads, directly or through others; itself if in a circle."""
        if key not in self._above:
            found: set[str] = set()
            waiting = [key]
            while waiting:
                at = waiting.pop()
                reads = self._reads.get(at, frozenset())
                before = {writer for path in reads for writer in self._writers.get(path, ()) if writer != at}
                # Of two that write the same file the last in order wins, so that the outcome is always the same.
                writes = self._writes.get(at, frozenset())
                fresh = before.union(other for path in writes for other in self._writers[path] if other < at) - found
                found |= fresh
                waiting += fresh
            self._above[key] = frozenset(found)
        return self._above[key]

    def circle(self, key: str) -> frozenset[str]:
        """Return the other scripts that read, however indirectly, what a script writes and it what they write."""
        return frozenset(other for other in self.above(key) if other != key and key in self.above(other))

    def ignored(self, key: str) -> frozenset[str]:
        """Return the files that make a script's figures stale no more than they make it wait.

        They are written by those in a circle with it, or by it and by others: a journal that all append to
        would never come to rest.
        """
        shared = {path for path in self._writes.get(key, ()) if len(self._writers[path]) > 1}
        return frozenset(shared.union(*(self._writes.get(other, ()) for other in self.circle(key))))

    def must_wait(self, key: str, pending: Iterable[str]) -> bool:
        """Tell whether one of the scripts that are yet to be run has to be run before this one."""
        before = self.above(key).intersection(pending) - {key}
        # In a circle the names decide.
        return any(other < key or key not in self.above(other) for other in before)


#: Failures that need not come again.
_PASSING = ("killed", "missing program")
#: What the system says of a want that passes without any change to the record.
_OF_THE_MOMENT = (
    "No space left on device",
    "Disk quota exceeded",
    "Cannot allocate memory",
    "Too many open files",
    "Resource temporarily unavailable",
    "Temporary failure in name resolution",
)


@dataclass
class Planner:
    """Decides script by script, as the ledgers and the files are at that moment.

    *shown* are the figures that each experiment shows, by its key, and those in its directory that others show.
    """

    scripts: Mapping[str, Script]
    ledgers: Ledgers
    checker: Checker
    shown: Mapping[str, frozenset[str]]
    flow: Flow = field(default_factory=Flow)
    _texts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Learn from the ledgers who reads and writes what."""
        for key in self.scripts:
            self.learn(key)

    def entry(self, key: str) -> LedgerEntry | None:
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

    def verdict(self, key: str) -> Staleness:
        """Decide about one script."""
        found = self._verdict(key)
        settings, script = self.checker.settings, self.scripts[key]
        failure = self.checker.state.failures.get(key) if found.run and not settings.retry else None
        said = "" if failure is None else f"{failure.message}\n{failure.traceback}"
        if failure is None or failure.status in _PASSING or any(one in said for one in _OF_THE_MOMENT):
            return found
        failed = parse_ledger(failure.ledger, ".", Path())[0].get(key)
        bound = setting_of(script.timeout or settings.timeout, settings.memory)
        if failed is None or failure.setting != bound:
            return found
        bare = replace(script, outputs=())
        # Nothing has changed since it failed, so that it would fail again.
        same = self.checker.check(bare, failed, self.flow.ignored(key), stamps=failure.stamps).state == "no figure"
        return replace(found, run=False) if same else found

    def _verdict(self, key: str) -> Staleness:
        script, entry = self.scripts[key], self.entry(key)
        if entry is None:
            wanted = self._wanted(script, "never run")
            figures = [path for path in self.shown.get(script.experiment, ()) if not self.flow.writers(path)]
            if wanted is not None or not (figures or script.outputs):
                return wanted or Staleness("never run")
            tree = self.checker.tree
            data = () if script.inputs else tree.data_files(script.experiment)
            nowhere = sorted(posixpath.relpath(path, script.experiment) for path in data if not tree.exists(path))
            reasons = tuple(f"{name} leads nowhere" for name in nowhere)
            return Staleness("never run", reasons, adopt=True, keep=bool(nowhere))
        contested = frozenset(self.contested) if entry.outputs else frozenset()
        found = self.checker.check(script, entry, self.flow.ignored(key), contested)
        if entry.adopted and not entry.outputs:
            # None of the figures that are there seems to be its own, so there is nothing that could be stale.
            found = Staleness("no figure")
        wanted = self._wanted(script, "stale") if entry.adopted and not found.run else None
        return replace(wanted, edited=found.edited) if wanted is not None else found

    def _wanted(self, script: Script, state: Freshness) -> Staleness | None:
        """Decide whether a script that has never run is run for figures that are missing: for those that it names, and
        as a trial for those that no script of the experiment names.
        """
        exists = self.checker.tree.exists
        shown = self.shown.get(script.experiment, ())
        wanted = (path for path in shown if not script.outputs or path in script.outputs)
        # A figure whose script is gone counts as missing: another script has to take it over.
        lost = [path for path in wanted if not exists(path) or path in self.orphans]
        missing = sorted(path for path in lost if not self.flow.writers(path) - {script.key})
        if sought := self._sought(script):
            reason = f"{posixpath.basename(sought[0])} is what another script looked for in vain"
            return Staleness(state, (reason,), run=True)
        named = [path for path in missing if script.key in self.naming(path, script.experiment)]
        unnamed = [path for path in missing if not self.naming(path, script.experiment)]
        found = named or unnamed
        if not found:
            return None
        first = found[0].removeprefix(script.experiment + "/")
        more = f" and {len(found) - 1} more figures are" if len(found) > 1 else " is"
        reason = f"{first}{more} missing" + ("" if named else ", and no script names it")
        return Staleness(state, (reason,), run=True, trial=not named)

    def _sought(self, script: Script) -> list[str]:
        """Return the files that other scripts of the experiment failed to find and that this one names."""
        failures, text = self.checker.state.failures, self._text(script)
        found: set[str] = set()
        for key, failure in failures.items():
            other = self.scripts.get(key)
            if other is not None and other.key != script.key and other.experiment == script.experiment:
                entry = parse_ledger(failure.ledger, ".", Path())[0].get(key)
                found.update(entry.absent if entry is not None else ())
        exists = self.checker.tree.exists
        return sorted(path for path in found if not exists(path) and path.rpartition("/")[2] in text)

    def _text(self, script: Script) -> str:
        if script.path not in self._texts:
            data = read_or_none(self.checker.tree.absolute(script.path)) or b""
            self._texts[script.path] = data.decode("utf-8", "replace")
        return self._texts[script.path]

    def naming(self, path: str, experiment: str, *, adopted: bool = True) -> list[str]:
        """Return the scripts of an experiment that name a figure: in ``expt.toml``, in the ledger or in their text.

        Of the ledger what was merely *adopted* may be left out.
        """
        name = path.rpartition("/")[2]
        stem = name.rpartition(".")[0]
        found = []
        for key, script in self.scripts.items():
            if script.experiment != experiment:
                continue
            entry = self.entry(key)
            drew = () if entry is None or (entry.adopted and not adopted) else (*entry.outputs, *entry.former)
            if path in script.outputs or path in drew:
                found.append(key)
                continue
            text = self._text(script)
            if name in text or f'"{stem}"' in text or f"'{stem}'" in text:
                found.append(key)
        return found

    @cached_property
    def orphans(self) -> dict[str, LedgerEntry]:
        """The figures that are known to come from a script that is no more, and what was known of it."""
        return {
            path: entry
            for entries in self.ledgers.entries.values()
            for key, entry in entries.items()
            if key not in self.scripts and not entry.adopted
            for path in entry.outputs
        }

    def adoptions(self, keys: Collection[str]) -> dict[str, list[str]]:
        """Share out the figures of experiments that were drawn before us among scripts that are to be adopted.

        Each gets those that it seems to draw: those that ``expt.toml`` says; those whose name stands in it; all, if the
        experiment has one script only.
        """
        shared: dict[str, list[str]] = {key: [] for key in sorted(keys)}
        rivals: dict[str, list[str]] = {}
        for key in shared:
            rivals.setdefault(self.scripts[key].experiment, []).append(key)
        for experiment, group in rivals.items():
            entries = self.ledgers.entries.get(experiment, {}).values()
            spoken_of = {*self.orphans, *(path for entry in entries if entry.adopted for path in entry.outputs)}
            for path in sorted(set(self.shown.get(experiment, ())) - spoken_of):
                if not self.checker.tree.exists(path) or self.flow.writers(path):
                    continue
                likely = self.likely(path, group)
                if likely is not None:
                    shared[likely].append(path)
        exists = self.checker.tree.exists
        for key, figures in shared.items():
            figures += [path for path in self.scripts[key].outputs if exists(path) and path not in figures]
        return shared

    def likely(self, path: str, keys: Collection[str]) -> str | None:
        """Return which of several scripts of an experiment seems to draw a figure, if any does."""
        naming = {key for one in keys for key in self.naming(path, self.scripts[one].experiment)} if keys else set()
        return next((key for key in keys if key in naming), next(iter(keys)) if len(keys) == 1 else None)

    def problems(self, verdicts: Mapping[str, Staleness]) -> list[Problem]:
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
                message = (
                    f"{path} was changed after {key} drew it, and stays as it is, though the script would draw "
                    "something else; delete it, or call exptdir plot --overwrite-edited, and it is drawn again"
                )
                found.append(Problem("figure", message, Path(self.checker.tree.absolute(path))))
        return found

    @property
    def contested(self) -> dict[str, list[str]]:
        """The figures that several scripts draw, and these scripts in order."""
        return {path: keys for path, keys in self.flow.contested().items() if is_figure(path)}

    def _path(self, key: str) -> Path:
        return Path(self.checker.tree.absolute(self.scripts[key].path))
