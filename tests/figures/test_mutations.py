"""Touch one thing in a record of many scripts: exactly what depends on it is run, and then nothing."""

from __future__ import annotations

from pathlib import Path

from benchmarks.figure_plan import Planned, Tally, planned, tally, write_record
from tests.figures.toys import Bench


def emit(script: Planned) -> str:
    lines = [f"# {script.number}"]
    lines += [f"import {script.relative(path)}" for path in (*script.modules, "expts/lib/common.py")]
    lines += [f"read {script.relative(path)}" for path in script.reads]
    if script.globs:
        lines += [f"list {script.relative(script.globs)}"]
    if script.optional:
        lines += [f"try {script.relative(script.optional)}"]
    if script.saves:
        lines += [f"save {script.relative(script.saves)}"]
    return "\n".join([*lines, f"draw {script.relative(script.figure)}"])


def test_each_change_runs_its_dependents_and_nothing_else(tmp_path: Path):
    scripts = planned(36, 2)
    work = Bench(tmp_path / "record")
    write_record(work.base, scripts, emit)
    first = work.update()
    assert (len(first.ran), first.failed, first.problems) == (36, (), ())
    said: list[str] = []
    result = tally(work.base, scripts, work.update, said.append, samples=4)
    assert said == []
    assert result.mutations > 30
    assert result == Tally(result.mutations, result.needed, result.needed)
