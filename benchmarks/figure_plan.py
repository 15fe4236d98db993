"""Touch one thing after another in a record of many plot scripts, and compare what is run with what depends on it.

The record has shared modules that import another, shared data, data of each experiment (some globbed, some
optional), experiments in experiments, and scripts that read what others write. What depends on what is known
from how the record is made, not from the ledgers. Before that the time is taken of an update that has nothing to do,
and of one that is not allowed to do anything.

    python -m benchmarks.figure_plan --scripts 300 --samples 12 --csv mutations.csv --idle-csv idle.csv

All scripts are planned in every update, and whatever is stale is really run and traced. Sampled is what is touched:
some modules and shared files, and of each other kind of change the given number, spread over all scripts. The
scripts draw a few bytes without matplotlib, unless that is asked for: what they read is the same.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from functools import partial
from math import gcd
from pathlib import Path

from benchmarks.figure_record import (
    MATPLOTLIB,
    MODULES,
    PLAIN,
    SHARED,
    Planned,
    emit_python,
    planned,
    put,
    write_record,
)
from benchmarks.results import merge_csv
from exptdir.figures.model import FigureSettings
from exptdir.figures.update import Report, update
from exptdir.record.scan import scan

LIMIT = 1.0


@dataclass
class Mutation:
    """Something that is touched, and the scripts that must be run for it."""

    what: str
    do: Callable[[Path], None]
    needed: set[str]


def dependents(scripts: list[Planned], path: str) -> set[str]:
    """Return the scripts that depend on a file, also through what others save."""
    found = {path}
    hit: set[str] = set()
    for script in scripts:
        if found.intersection((*script.reads, *script.modules, script.path)):
            hit.add(script.path)
            found.update([script.saves] if script.saves else [])
    return hit


def change(path: str, text: str) -> Callable[[Path], None]:
    """Return what writes a file."""
    return lambda base: put(base, path, text)


def spread(scripts: Sequence[Planned], samples: int) -> list[Planned]:
    """Choose some scripts: those of every kind, for what kind they are follows from their number by division."""
    count = len(scripts)
    step = next((step for step in range(max(1, count * 382 // 1000), count) if gcd(step, count) == 1), 1)
    return [scripts[at * step % count] for at in range(min(samples, count))]


def shared_mutations(scripts: list[Planned]) -> Iterator[Mutation]:
    """Yield changes of what many scripts use."""
    for number in range(0, MODULES, 2):
        text = f"# read common.py\nimport common\nSCALE = common.SCALE * 3 + {number}\n"
        path = f"expts/lib/util{number}.py"
        yield Mutation("module", change(path, text), dependents(scripts, path))
    every = {script.path for script in scripts}
    yield Mutation("module of a module", change("expts/lib/common.py", "SCALE = 7\n"), every)
    for number in range(0, SHARED, 3):
        path = f"expts/data/shared{number}.csv"
        yield Mutation("shared data", change(path, "99\n"), dependents(scripts, path))


def own_mutations(scripts: list[Planned], script: Planned) -> Iterator[Mutation]:
    """Yield changes of what a script has for itself."""
    yield Mutation("own data", change(script.reads[0], "5.5\n"), dependents(scripts, script.reads[0]))
    yield Mutation("figure deleted", lambda base: (base / script.figure).unlink(), {script.path})
    yield Mutation("time only", lambda base: os.utime(base / script.reads[0]), set())
    yield Mutation("unrelated file", change(f"{script.directory}/note.txt", "?"), set())
    comment = lambda base: put(base, script.path, (base / script.path).read_text() + "\n# a comment\n")  # noqa: E731
    yield Mutation("comment in the script", comment, {script.path})


def directory_mutations(scripts: list[Planned], samples: int) -> Iterator[Mutation]:
    """Yield files that come and go where a script looks for them."""
    for script in spread([script for script in scripts if script.globs], samples):
        needed = {script.path} | (dependents(scripts, script.saves) if script.saves else set())
        yield Mutation("new globbed file", change(f"{script.globs}/new.csv", "3\n"), needed)
        gone = lambda base, s=script: (base / f"{s.globs}/first.csv").unlink()  # noqa: E731
        yield Mutation("globbed file deleted", gone, needed)
    for script in spread([script for script in scripts if script.optional], samples):
        needed = {script.path} | (dependents(scripts, script.saves) if script.saves else set())
        yield Mutation("optional file appears", change(script.optional or "", "4\n"), needed)


def mutations(scripts: list[Planned], samples: int) -> Iterator[Mutation]:
    """Yield changes of every kind, most of them for *samples* of the scripts."""
    yield from shared_mutations(scripts)
    for script in spread(scripts, samples):
        yield from own_mutations(scripts, script)
    yield from directory_mutations(scripts, samples)


@dataclass
class Tally:
    """How many scripts were run, and how many too few and too many."""

    mutations: int = 0
    needed: int = 0
    ran: int = 0
    missed: int = 0
    needless: int = 0
    restless: int = 0

    def count(self, mutation: Mutation, ran: tuple[str, ...], again: tuple[str, ...]) -> None:
        self.mutations += 1
        self.needed += len(mutation.needed)
        self.ran += len(ran)
        self.missed += len(mutation.needed - set(ran))
        self.needless += len(ran) - len(mutation.needed & set(ran))
        self.restless += len(again)

    @classmethod
    def sum(cls, tallies: Iterable[Tally]) -> Tally:
        return cls(*map(sum, zip(*map(astuple, tallies), strict=True)))


def some(names: Sequence[str]) -> str:
    """Name the first of some scripts."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") if names else "none"


def tallies(
    base: Path, scripts: list[Planned], bring: Callable[[], Report], say: Callable[[str], None], samples: int
) -> dict[str, Tally]:
    """Make every change, bring the record up to date after each, and once more; by kind of change."""
    kinds: dict[str, Tally] = {}
    for mutation in mutations(scripts, samples):
        mutation.do(base)
        ran, again = bring().ran, bring().ran
        kinds.setdefault(mutation.what, Tally()).count(mutation, ran, again)
        if set(ran) != mutation.needed or again:
            missed, needless = sorted(mutation.needed - set(ran)), sorted(set(ran) - mutation.needed)
            say(f"{mutation.what}: missed {some(missed)}, needless {some(needless)}, again {some(again)}")
    return kinds


def tally(
    base: Path, scripts: list[Planned], bring: Callable[[], Report], say: Callable[[str], None], samples: int = 30
) -> Tally:
    """Do the same, and return the sum."""
    return Tally.sum(tallies(base, scripts, bring, say, samples).values())


@dataclass
class Idle:
    """The least that updates take that draw nothing, in seconds on the clock and of the processor."""

    clock: float = float("inf")
    processor: float = float("inf")

    def take(self, action: Callable[[], object]) -> None:
        began, computed = time.perf_counter(), time.process_time()
        action()
        self.clock = min(self.clock, time.perf_counter() - began)
        self.processor = min(self.processor, time.process_time() - computed)


def idle_updates(bring: Callable[[str], Report], repeat: int = 5) -> dict[str, Idle]:
    """Time updates that may draw and have nothing to, in turn with such as may not."""
    # Files that were digested so shortly after they were written are not taken for known.
    time.sleep(2.1)
    bring("auto")
    idle = {"auto": Idle(), "never": Idle()}
    for _ in range(repeat):
        for mode, taken in idle.items():
            taken.take(partial(bring, mode))
    return idle


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scripts", type=int, default=300)
    parser.add_argument("--inputs", type=int, default=33, help="files that each script reads for itself")
    parser.add_argument("--samples", type=int, default=12, help="scripts that each kind of change is tried with")
    parser.add_argument("--matplotlib", action="store_true", help="draw with it, which takes longer")
    parser.add_argument("--no-mutations", action="store_true")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="what was run for which kind of change")
    parser.add_argument("--idle-csv", type=Path, metavar="FILE", help="what an update takes that draws nothing")
    return parser.parse_args()


def report_idle(idle: Mapping[str, Idle], scripts: list[Planned], csv: Path | None) -> None:
    """Say what idle updates take."""
    inputs = len({path for script in scripts for path in (*script.reads, *script.modules)})
    for mode, taken in idle.items():
        print(f"{mode}, nothing to do: {taken.clock:.3f} s, {taken.processor:.3f} s of them computing")
    print(f"({len(scripts)} scripts, {inputs} inputs)")
    sizes = {"scripts": len(scripts), "inputs": inputs}
    rows = [{"mode": mode, **sizes, "clock_s": t.clock, "processor_s": t.processor} for mode, t in idle.items()]
    if csv is not None:
        merge_csv(csv, rows, ["mode", "scripts"])


def report_tallies(kinds: Mapping[str, Tally], count: int, csv: Path | None) -> Tally:
    """Say what was run for which changes."""
    total = Tally.sum(kinds.values())
    for kind, counted in [*kinds.items(), ("all", total)]:
        print(f"{kind:22} {' '.join(f'{name} {value:4}' for name, value in asdict(counted).items())}")
    if csv is not None:
        rows = [{"change": kind, "scripts": count, **asdict(counted)} for kind, counted in kinds.items()]
        merge_csv(csv, rows, ["scripts", "change"])
    return total


def main() -> int:
    """Measure and say what came out; 1 if a script was missed or an idle update took too long."""
    from exptdir.figures.run.runner import LocalExecutor, run_job

    options = arguments()
    scripts = planned(options.scripts, options.inputs)
    emit = partial(emit_python, drawing=MATPLOTLIB if options.matplotlib else PLAIN)
    with tempfile.TemporaryDirectory() as scratch, LocalExecutor() as executor:
        base, state = Path(scratch) / "record", Path(scratch) / "state"
        write_record(base, scripts, emit)
        record = scan(base)

        def bring(mode: str = "auto") -> Report:
            settings = FigureSettings(mode)  # type: ignore[arg-type]
            return update(record, settings, state, lambda job: executor.submit(run_job, job))

        first = bring()
        print(f"first update: {len(first.ran)} scripts run, {first.seconds:.1f} s")
        if first.problems:
            raise SystemExit(f"{len(first.failed)} scripts failed; {first.problems[0].message}")
        idle = idle_updates(bring)
        report_idle(idle, scripts, options.idle_csv)
        total = Tally()
        if not options.no_mutations:
            kinds = tallies(base, scripts, bring, print, options.samples)
            total = report_tallies(kinds, len(scripts), options.csv)
    return int(bool(total.missed or total.restless or idle["auto"].clock > LIMIT))


if __name__ == "__main__":
    sys.exit(main())
