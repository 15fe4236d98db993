"""Touch one thing after another in a record of many plot scripts, and compare what is run with what depends on it.

The record has shared modules that import another, shared data, data of each experiment (some globbed, some
optional), experiments in experiments, and scripts that read what others write. What depends on what is known
from how the record is made, not from the ledgers. Then the time is taken that an update costs that has nothing
to do.

Run ``python -m benchmarks.figure_plan`` from the root of the repository.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from exptdir.figures.report import Report
from exptdir.figures.settings import FigureSettings
from exptdir.figures.update import update
from exptdir.record.scan import scan

MODULES, SHARED = 5, 12
LIMIT = 1.0


@dataclass
class Planned:
    """One script of the record, and everything that it depends on."""

    number: int
    directory: str
    modules: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    globs: str | None = None
    optional: str | None = None
    saves: str | None = None

    @property
    def path(self) -> str:
        return f"{self.directory}/plot_{self.number:03}.py"

    @property
    def figure(self) -> str:
        return f"{self.directory}/figure_{self.number:03}.svg"

    def relative(self, path: str) -> str:
        return os.path.relpath(path, self.directory)


def planned(count: int, inputs: int) -> list[Planned]:
    """Lay out *count* scripts that read *inputs* files each beside what they share."""
    scripts = []
    for number in range(count):
        group = f"expts/{number // 10:03}_group"
        directory = group if number % 10 == 0 else f"{group}/part/{number:03}_run"
        script = Planned(number, directory, modules=[f"expts/lib/util{number % MODULES}.py"])
        script.reads = [f"{directory}/data/{at}.csv" for at in range(inputs)]
        script.reads.append(f"expts/data/shared{number % SHARED}.csv")
        if number % 7 == 3:
            script.globs = f"{directory}/globbed"
        if number % 11 == 5:
            script.optional = f"{directory}/optional.csv"
        if number % 6 in (3, 4):
            script.saves = f"{directory}/table.csv"
        if number % 6 in (4, 5):
            script.reads.append(scripts[-1].saves or "")
        scripts.append(script)
    return scripts


def emit_python(script: Planned) -> str:
    """Write the script with matplotlib."""
    module = os.path.basename(script.modules[0]).removesuffix(".py")
    lines = [
        "import glob, os, sys",
        f"sys.path.insert(0, {script.relative('expts/lib')!r})",
        "import matplotlib.pyplot as plt",
        f"import {module}",
        f"values = [{script.number}, {module}.SCALE]",
        f"names = {[script.relative(path) for path in script.reads]}",
    ]
    if script.globs:
        lines.append(f"names += sorted(glob.glob({script.relative(script.globs) + '/*.csv'!r}))")
    if script.optional:
        lines += ["try:", f"    open({script.relative(script.optional)!r}).close()"]
        lines += [f"    names.append({script.relative(script.optional)!r})", "except OSError:", "    pass"]
    lines += ["for name in names:", "    with open(name) as file:", "        values += map(float, file.read().split())"]
    if script.saves:
        lines += [f"with open({script.relative(script.saves)!r}, 'w') as file:", "    file.write(str(sum(values)))"]
    lines += ["plt.plot(values)", f"plt.savefig({os.path.basename(script.figure)!r})"]
    return "\n".join(lines) + "\n"


def write_record(base: Path, scripts: list[Planned], emit: Callable[[Planned], str] = emit_python) -> None:
    """Write the record."""
    for number in range(MODULES):
        text = f"# read common.py\nimport common\nSCALE = common.SCALE + {number}\n"
        put(base, f"expts/lib/util{number}.py", text)
    put(base, "expts/lib/common.py", "SCALE = 1\n")
    for number in range(SHARED):
        put(base, f"expts/data/shared{number}.csv", f"{number}\n")
    saved = {script.saves for script in scripts}
    for script in scripts:
        log = f"Experiment {script.number}\n{'=' * 20}\n\n.. figure:: {os.path.basename(script.figure)}\n"
        put(base, f"{script.directory}/index.rst", log)
        put(base, script.path, emit(script))
        for path in script.reads:
            if path not in saved and not (base / path).exists():
                put(base, path, f"{script.number}\n")
        if script.globs:
            put(base, f"{script.globs}/first.csv", "1\n")


def put(base: Path, name: str, text: str) -> None:
    """Write a file."""
    path = base / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


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


def mutations(scripts: list[Planned], samples: int) -> Iterator[Mutation]:
    """Yield changes of every kind, some for *samples* of the scripts."""

    def change(path: str, text: str) -> Callable[[Path], None]:
        return lambda base: put(base, path, text)

    for number in range(0, MODULES, 2):
        text = f"# read common.py\nimport common\nSCALE = common.SCALE * 3 + {number}\n"
        path = f"expts/lib/util{number}.py"
        yield Mutation("module", change(path, text), dependents(scripts, path))
    every = {script.path for script in scripts}
    yield Mutation("module of a module", change("expts/lib/common.py", "SCALE = 7\n"), every)
    for number in range(0, SHARED, 3):
        path = f"expts/data/shared{number}.csv"
        yield Mutation("shared data", change(path, "99\n"), dependents(scripts, path))
    for script in scripts[:: max(1, len(scripts) // samples)]:
        yield Mutation("own data", change(script.reads[0], "5.5\n"), dependents(scripts, script.reads[0]))
        yield Mutation("figure deleted", lambda base, s=script: (base / s.figure).unlink(), {script.path})
        touched = lambda base, s=script: os.utime(base / s.reads[0])  # noqa: E731
        yield Mutation("time only", touched, set())
        yield Mutation("unrelated file", change(f"{script.directory}/note.txt", "?"), set())
        comment = lambda base, s=script: put(base, s.path, (base / s.path).read_text() + "\n# a comment\n")  # noqa: E731
        yield Mutation("comment in the script", comment, {script.path})
    for script in scripts:
        below = dependents(scripts, script.saves) if script.saves else set()
        if script.globs and script.number % 3 == 0:
            yield Mutation("new globbed file", change(f"{script.globs}/new.csv", "3\n"), {script.path} | below)
            gone = lambda base, s=script: (base / f"{s.globs}/first.csv").unlink()  # noqa: E731
            yield Mutation("globbed file deleted", gone, {script.path} | below)
        if script.optional and script.number % 2:
            yield Mutation("optional file appears", change(script.optional, "4\n"), {script.path} | below)


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


def tally(
    base: Path, scripts: list[Planned], bring: Callable[[], Report], say: Callable[[str], None], samples: int = 30
) -> Tally:
    """Make every change, bring the record up to date after each, and once more."""
    result = Tally()
    for mutation in mutations(scripts, samples):
        mutation.do(base)
        ran, again = bring().ran, bring().ran
        result.count(mutation, ran, again)
        if set(ran) != mutation.needed or again:
            missed, needless = sorted(mutation.needed - set(ran)), sorted(set(ran) - mutation.needed)
            say(f"{mutation.what}: missed {missed}, needless {needless}, again {list(again)}")
    return result


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that something takes, and those in which it computes."""
    began, computed = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - began, time.process_time() - computed


def main() -> int:
    """Measure and say what came out; 1 if a script was missed or an idle update took too long."""
    from exptdir.figures.runner import LocalExecutor, run_job

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scripts", type=int, default=300)
    parser.add_argument("--inputs", type=int, default=33, help="files that each script reads for itself")
    parser.add_argument("--no-mutations", action="store_true")
    options = parser.parse_args()
    scripts = planned(options.scripts, options.inputs)
    with tempfile.TemporaryDirectory() as scratch, LocalExecutor() as executor:
        base, state = Path(scratch) / "record", Path(scratch) / "state"
        write_record(base, scripts)
        record = scan(base)

        def bring(mode: str = "auto") -> Report:
            settings = FigureSettings(mode)  # type: ignore[arg-type]
            return update(record, settings, state, lambda job: executor.submit(run_job, job))

        first = bring()
        print(f"first update: {len(first.ran)} scripts run, {len(first.failed)} failed, {first.seconds:.1f} s")
        time.sleep(2.1)
        bring()
        idle, busy = min(timed(bring) for _ in range(5))
        files = sum(len(script.reads) + 2 for script in scripts)
        print(f"idle update: {idle:.2f} s, {busy:.2f} s of them computing, for {len(scripts)} scripts, {files} inputs")
        result = Tally() if options.no_mutations else tally(base, scripts, bring, print)
    print(result)
    return int(bool(result.missed or result.restless or first.failed or idle > LIMIT))


if __name__ == "__main__":
    sys.exit(main())
