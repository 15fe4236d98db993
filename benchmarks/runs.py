"""Measure what runs cost on a page: configurations read, compared and written as a table.

    python -m benchmarks.runs

Each figure is processor time of a whole child process, user and system, less that of one without the runs:

- a page with ``expt-runs`` for 200 runs of 150 settings, a YAML file each, of which 20 differ, built by Sphinx with
  exptdir, against the limit of one second;
- the same with all settings shown, which are 30,000 cells, against two seconds;
- reading and comparing alone, for 200 and for 2,000 runs: a run may not cost much more among many.

Ends with 1 where a limit is passed. The limits are for a machine of its own; a busy one takes up to twice as long.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Cost, cost_of

SECONDS = 1.0
#: Of the same page with all settings, which are 30,000 cells.
SECONDS_ALL = 2.0
#: How many times as much a run may cost among ten times as many.
GROWTH = 1.3
RUNS, GROUPS, KEYS, DIFFERING = 200, 10, 15, 20
READ = """
import sys
from pathlib import Path
from exptdir.runs import ConfigurationFiles, find_runs, run_table
root = Path(sys.argv[1])
runs = find_runs([root], ConfigurationFiles(), base=root)
if runs.every:
    run_table(runs.every, runs.every[0])
"""


def write_runs(directory: Path, count: int) -> None:
    """Write configurations: keys in groups, of which the first ones differ from run to run."""
    directory.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        lines = []
        for at in range(GROUPS * KEYS):
            lines += [f"group_{at // KEYS}:"] if at % KEYS == 0 else []
            value = (number * 31 + at) % 97 / 10 if at < DIFFERING else at * 1.5
            lines.append(f"  key_{at}: {value if at % 3 else f'word {value}'}")
        (directory / f"run{number:04}.yaml").write_text("\n".join(lines) + "\n", "utf-8")


def build(base: Path, name: str, directive: str) -> Cost:
    """Build a record whose one experiment shows its runs, or nothing."""
    source = base / name
    (source / "expts/runs").mkdir(parents=True)
    (source / "conf.py").write_text('extensions = ["exptdir"]\n', "utf-8")
    (source / "index.rst").write_text("Home\n====\n", "utf-8")
    (source / "expts/runs/notes.rst").write_text(f"Runs\n====\n\n{directive}\n", "utf-8")
    write_runs(source / "expts/runs", RUNS)
    arguments = ["-m", "sphinx", "-q", "-E", "-b", "html", str(source), str(base / f"{name}-out")]
    return cost_of([sys.executable, *arguments])


def rows(base: Path, repeat: int) -> Iterator[tuple[str, float, float]]:
    """Yield what was measured, its value, and the limit."""
    pages = {"empty": "Text.", "page": ".. expt-runs::", "page, all settings": ".. expt-runs::\n   :keys: all"}
    costs: dict[str, Cost] = {}
    for turn in range(repeat):
        for name, directive in pages.items():
            cost = build(base / str(turn), name, directive)
            costs[name] = cost.least(costs.get(name, cost))
    for name, limit in zip(list(pages)[1:], (SECONDS, SECONDS_ALL), strict=True):
        yield f"{name}: seconds for {RUNS} runs × {GROUPS * KEYS} keys", costs[name].cpu - costs["empty"].cpu, limit
    each: dict[int, float] = {}
    for count in (0, RUNS, 10 * RUNS):
        write_runs(base / f"read{count}", count)
        found = [cost_of([sys.executable, "-c", READ, str(base / f"read{count}")]).cpu for _ in range(repeat)]
        each[count] = min(found)
    few, many = ((each[count] - each[0]) / count for count in (RUNS, 10 * RUNS))
    yield "reading: a run among ten times as many, times", many / few, GROWTH


def main() -> int:
    """Print the figures, and say whether they are within their limits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--repeat", type=int, default=3, help="how often each is measured; the least counts")
    arguments = parser.parse_args()
    passed = False
    with tempfile.TemporaryDirectory() as directory:
        for name, value, limit in rows(Path(directory), arguments.repeat):
            passed = passed or value > limit
            print(f"{name:52} {value:7.2f}  limit {limit:g}  ratio {value / limit:.2f}{'  !' if value > limit else ''}")
    return int(passed)


if __name__ == "__main__":
    sys.exit(main())
