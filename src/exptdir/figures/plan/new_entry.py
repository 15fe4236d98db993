"""What is written down of a run, and what is written down and copied just before it.

Entries of the ledger are made out of what a run touched, or out of what may have been touched long ago.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import tempfile
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from exptdir.figures.ledger import CHANGED, LedgerEntry
from exptdir.figures.model import LEDGER, FigureSettings, Job, Outcome, Script, dark_path, interpreter, is_figure
from exptdir.figures.plan.check import FileTree, Staleness
from exptdir.figures.plan.planner import Planner
from exptdir.figures.state import State, is_below, mark, stamp
from exptdir.record import files

#: A file larger than this that may only *perhaps* be read is not digested but known by size and time.
BIG = 1 << 26


@dataclass
class Collector:
    """Collects the facts of one entry."""

    tree: FileTree
    #: The files that the script itself wrote: they are no inputs unless it read them first.
    own: frozenset[str]
    #: When it was started, in nanoseconds; what is newer changed while it ran.
    started: int
    inputs: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    listings: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    #: Sizes and times of files that are known by these alone, by path: absolute, or relative to the base.
    stamps: dict[str, str] = field(default_factory=dict)

    def read(self, path: str, into: dict[str, str]) -> None:
        """Take a file that was read into the facts of one kind."""
        before = self.tree.digests.before(self.tree.absolute(path), self.started)
        digest = self.tree.digest(path)
        if digest is not None:
            newer = self._is_newer(path) and not os.path.isdir(self.tree.absolute(path)) and digest != before
            into[path] = CHANGED if newer else digest
        elif path not in self.own and not os.path.isdir(self.tree.absolute(path)):
            # It was read and is gone, though not by the script's own doing.
            into[path] = CHANGED

    def _is_newer(self, path: str) -> bool:
        found = files.stamp(self.tree.absolute(path))
        return path not in self.own and (not found or found[1] > self.started)

    def perhaps_read(self, path: str) -> None:
        """Take a file that may be an input; where that costs much, by size and time alone."""
        absolute = self.tree.absolute(path)
        found = files.stamp(absolute)
        if found and found[2] > BIG:
            self.stamps[path] = stamp(absolute)
        elif found:
            self.read(path, self.inputs)

    def list_names(self, directory: str, known: Collection[str]) -> None:
        """Take a directory that was listed; *known* are figures that were in it before, old or new."""
        found = self.tree.listing(directory, without=self.own)
        if found is None:
            self.absent.add(directory)
            return
        others = found[1].difference(known)
        homes = {posixpath.dirname(path) for path in others}
        grew = {home for home in homes if files.stamp(self.tree.absolute(home)) > (self.started,)}
        newer = any(self._is_newer(path) for path in others if posixpath.dirname(path) in grew)
        self.listings[directory] = CHANGED if newer else found[0]


@dataclass(frozen=True)
class InputPlaces:
    """Sorts absolute paths into those of the record and those outside it that count: none in *private* directories."""

    tree: FileTree
    private: tuple[str, ...]

    def inside(self, paths: Iterable[str]) -> set[str]:
        """Return those in the record, relative to its base."""
        # A record may itself lie in one of them.
        own = tuple(place for place in self.private if self.tree.inside(place) is not None)
        found = {place for path in paths if (place := self.tree.inside(path)) is not None and not is_below(path, own)}
        return {path for path in found if "__pycache__" not in path}

    def outside(self, paths: Iterable[str]) -> set[str]:
        """Return those outside the record."""
        far = {path for path in paths if self.tree.inside(path) is None and not is_below(path, self.private)}
        # Temporary files have other names each time.
        passing = (os.path.normpath(tempfile.gettempdir()),)
        return {path for path in far if os.path.lexists(path) or not is_below(path, passing)}


@dataclass(frozen=True)
class Before:
    """What is known of a script when it is run: digests, the time in ns, which figures are there, its entry."""

    digest: str
    style: str
    started: int
    known: frozenset[str] = frozenset()
    old: LedgerEntry | None = None


def drawn_entry(
    script: Script, outcome: Outcome, tree: FileTree, before: Before, private: tuple[str, ...] = ()
) -> tuple[LedgerEntry, dict[str, str]]:
    """Write down what a run that ended well touched, but for directories of exptdir itself, which are *private*.

    Returned are the entry, and sizes and times of the files outside the record by path.
    """
    trace = outcome.trace
    places = InputPlaces(tree, private)
    writes = places.inside(trace.writes)
    outputs = {path: digest for path in places.inside(outcome.written) if (digest := tree.digest(path))}
    spared = {path: digest for name, digest in outcome.spared.items() if (path := tree.inside(name)) is not None}
    # Of a figure that somebody has edited the ledger knows what the script draws now; one that was there before us
    # counts as if it had been adopted.
    mine = {*script.outputs, *(() if before.old is None else before.old.outputs)}
    there = ((path, digest if path in mine else tree.digest(path)) for path, digest in spared.items())
    outputs |= {path: digest for path, digest in there if digest}
    facts = Collector(tree, frozenset((*writes, *outputs)), before.started)
    skipped = {script.path, posixpath.normpath(posixpath.join(script.experiment, LEDGER))}
    modules = places.inside(trace.modules) - skipped
    for path in modules | tree.shadowing(script):
        facts.read(path, facts.modules)
    for path in places.inside(trace.reads) - modules - skipped:
        facts.read(path, facts.inputs)
    for path in places.inside(trace.listed):
        facts.list_names(path, before.known)
    facts.absent |= places.inside(trace.absent) - facts.own
    present = places.inside(trace.present) - facts.own - skipped - outputs.keys()
    # What was a file may become a directory of that name, and the other way round.
    facts.absent |= {f"{path}/" for path in present if os.path.isfile(tree.absolute(path))}
    present = {path + "/" * os.path.isdir(tree.absolute(path)) for path in present}
    present = {path for path in present if tree.digests.exists(tree.absolute(path))}
    for path in places.inside(trace.timed) & facts.inputs.keys():
        # The same content may bear another time, which git does not keep.
        facts.stamps[path] = stamp(tree.absolute(path))
    # What a script keeps for itself outside the record, a cache or a journal, is no data.
    for path in places.outside((*trace.reads, *trace.absent, *trace.listed)) - set(trace.writes):
        newer = os.path.isfile(path) and files.stamp(path) > (before.started,)
        facts.stamps[path] = CHANGED if newer else stamp(path)
    unseen = trace.unseen if script.language == "python" else (script.language,)
    scope = _scope(script, tree, unseen, places.inside(trace.named_directories))
    _take_unseen(facts, script, scope)
    wrote = {path for path in writes - set(outputs) if tree.exists(path) and posixpath.basename(path) != LEDGER}
    hidden = {path for path in wrote if is_figure(path) and posixpath.basename(path).startswith(".")}
    wrote -= hidden | spared.keys()
    # What was merely adopted may never have been its own.
    old = before.old if before.old is not None and not before.old.adopted else None
    former = {*old.outputs, *old.former} - set(outputs) if old is not None else set()
    entry = LedgerEntry(
        script=script.path,
        args=script.args,
        digest=before.digest,
        style=before.style,
        outputs=dict(sorted(outputs.items())),
        versions=dict(sorted(outcome.versions.items())),
        former=tuple(sorted(filter(tree.exists, former))),
        present=tuple(sorted(present)),
        scope=scope,
        unseen=tuple(sorted(unseen)),
        wrote=tuple(sorted(wrote)),
    )
    return _with(facts, entry), facts.stamps


def adopted_entry(
    script: Script, figures: Iterable[str], tree: FileTree, style: str
) -> tuple[LedgerEntry, dict[str, str]]:
    """Write down figures that were there before us, with all that they may depend on, for their likely script."""
    outputs = {path: digest for path in figures if (digest := tree.digest(path))}
    facts = Collector(tree, frozenset(), started=1 << 80)
    scope = _scope(script, tree, ("adopted",), set())
    _take_unseen(facts, script, scope)
    entry = LedgerEntry(
        script=script.path,
        args=script.args,
        digest=tree.digest(script.path) or "",
        style=style,
        outputs=dict(sorted(outputs.items())),
        scope=scope,
        adopted=True,
    )
    return _with(facts, entry), facts.stamps


def _scope(script: Script, tree: FileTree, unseen: Collection[str], named: Collection[str]) -> tuple[str, ...]:
    """Return the directories of which all data count: none where everything was seen or the author says what counts."""
    if not unseen or script.inputs:
        return ()
    return tuple(sorted({script.experiment, *(path for path in named if os.path.isdir(tree.absolute(path)))}))


def _take_unseen(facts: Collector, script: Script, scope: Iterable[str]) -> None:
    declared = facts.tree.matching(script.inputs)
    for path in declared - facts.own - facts.inputs.keys():
        facts.read(path, facts.inputs)
    literal = {pattern for pattern in script.inputs if not set(pattern) & set("*?[")}
    facts.absent |= literal - declared - facts.own
    for directory in scope:
        for path in facts.tree.data_files(directory):
            if path not in facts.own and path not in facts.inputs and path not in facts.modules:
                facts.perhaps_read(path)


def _with(facts: Collector, entry: LedgerEntry) -> LedgerEntry:
    return replace(
        entry,
        inputs=dict(sorted(facts.inputs.items())),
        modules=dict(sorted(facts.modules.items())),
        listings=dict(sorted(facts.listings.items())),
        absent=tuple(sorted(facts.absent)),
        outside=tuple(sorted(map(mark, facts.stamps))),
    )


@dataclass
class ScriptRun:
    """A script that is about to be run, or running.

    *kept* are figures that somebody edited and that are to be drawn again, and where a copy of each is kept.
    """

    key: str
    job: Job
    before: Before
    kept: dict[str, Path]
    why: str = ""


def prepare(planner: Planner, state: State, settings: FigureSettings, script: Script, verdict: Staleness) -> ScriptRun:
    """Get a script ready to be run; raises OSError when a figure that may be lost cannot be copied."""
    tree, old = planner.checker.tree, planner.entry(script.key)
    outputs = {*script.outputs, *(() if old is None else old.outputs)}
    # What a script that is gone drew has to be taken over by another.
    own = outputs | planner.orphans.keys() | set(() if old is None else old.former)
    own |= set(map(dark_path, own))
    kept: dict[str, Path] = {}
    for path in verdict.edited if settings.overwrite_edited else ():
        figure = Path(tree.absolute(path))
        names = (f"{figure.stem}.edited{number}{figure.suffix}" for number in ("", *range(2, 1000)))
        kept[path] = next(place for name in names if not (place := figure.with_name(name)).exists())
        shutil.copy2(figure, kept[path])
    job = Job(
        base=tree.base,
        script=tree.absolute(script.path),
        cwd=os.path.normpath(tree.absolute(script.folder)),
        scratch=str(state.scratch(script.key)),
        args=script.args,
        language=script.language,
        timeout=script.timeout or settings.timeout,
        memory=settings.memory,
        style=tree.style_path(settings) or settings.style,
        dark=settings.dark,
        outputs=tuple(sorted(map(tree.absolute, outputs))),
        # Who asks for everything to be drawn again means the figures that were there before, too.
        own=None if settings.mode == "always" else tuple(sorted(map(tree.absolute, own))),
        edited=tuple(tree.absolute(path) for path in verdict.edited if path not in kept),
        lost=tuple(
            tree.absolute(path) for path in verdict.lost if not tree.digests.seen(tree.absolute(tree.lost_part(path)))
        ),
        python=interpreter(tree.base, settings.python) if script.language == "python" else "",
    )
    known = {path for paths in planner.shown.values() for path in paths if tree.exists(path)}
    before = Before(
        digest=tree.digest(script.path) or "",
        style=tree.style(script, settings),
        started=time.time_ns(),
        known=frozenset(known | outputs),
        old=old,
    )
    return ScriptRun(script.key, job, before, kept, "; ".join(verdict.reasons))
