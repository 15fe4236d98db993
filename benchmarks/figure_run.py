"""Compare what it costs to draw many small plots: with exptdir, and with what else there is.

Each way draws the same scripts, with as many workers, from nothing: no figure is there, and no server runs. The limit
is what drawing them all in one process takes that has imported matplotlib already, divided by the workers; nobody
can be faster who runs each script once. Two more ways say what of the distance to it is whose: "limit at once" has
that many such processes, each with its share, at the same time, as processors that work at the same time need not
be as fast as one alone; "bare fork" imports matplotlib and forks a child for each script, and does nothing else.

    python -m benchmarks.figure_run --count 100 --jobs 2

Seconds on the clock say what a person waits; processor seconds, of all processes together, can be compared also on a
machine that has other things to do.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from benchmarks.results import merge_csv
from exptdir.figures.model import Job
from exptdir.figures.run.processes import environment
from exptdir.figures.run.runner import LocalExecutor, run_job

HEAD = '''"""
Plot {n}
========

A small plot.
"""

import matplotlib.pyplot as plt
import numpy as np

x = np.linspace(0, {n} + 1, 200)
figure, axes = plt.subplots()
'''
KINDS = (
    "axes.plot(x, np.sin(x), label='sine')\naxes.plot(x, np.cos(x), label='cosine')\naxes.legend()\n",
    "axes.scatter(x, np.sin(x) * x, s=4)\naxes.set_title('points')\n",
    "axes.hist(np.sin(x), bins=30)\naxes.set_ylabel('count')\n",
    "axes.imshow(np.outer(np.sin(x), x))\n",
    "axes.bar(range(12), np.abs(np.sin(x[:12])))\naxes.grid(True)\n",
)
TAIL = "figure.savefig('figure_{n}.svg')\n"

WARM = """
import sys
from pathlib import Path
from time import perf_counter, process_time
from exptdir.figures.run.matplotlib_ import warm_up
warm_up("svg", "png")
scripts = sorted(Path().glob("plot_*.py"))[int(sys.argv[1]) :: int(sys.argv[2])]
import matplotlib.pyplot as plt
print(flush=True)
input()
begun = perf_counter(), process_time()
for script in scripts:
    exec(compile(script.read_bytes(), str(script), "exec"), {"__name__": "__main__", "__file__": str(script)})
    plt.close("all")
print(perf_counter() - begun[0], process_time() - begun[1])
"""
FORK = """
import os, sys
from pathlib import Path
from exptdir.figures.run.matplotlib_ import warm_up
warm_up("svg", "png")
running = 0
for script in sorted(Path().glob("plot_*.py")):
    if running == int(sys.argv[1]):
        os.wait()
        running -= 1
    if not os.fork():
        exec(compile(script.read_bytes(), str(script), "exec"), {"__name__": "__main__", "__file__": str(script)})
        os._exit(0)
    running += 1
for _ in range(running):
    os.wait()
"""
CONF = "project = 'plots'\nextensions = [{extension!r}]\nsuppress_warnings = ['config.cache']\n"
GALLERY = """
sphinx_gallery_conf = {{
    "examples_dirs": "plots", "gallery_dirs": "gallery", "parallel": {jobs}, "show_memory": False,
}}
"""

Way = Callable[[Path, int], "Cost"]


class Cost(NamedTuple):
    """What drawing all took, in seconds."""

    clock: float
    processor: float


class Clock:
    """Both clocks, from when it was made; of processes, those that have ended and were waited for."""

    def __init__(self) -> None:
        self._begun = self._now()

    def _now(self) -> Cost:
        times = os.times()
        return Cost(perf_counter(), sum(times[:4]))

    def read(self) -> Cost:
        """Return what has passed."""
        now = self._now()
        return Cost(now.clock - self._begun.clock, now.processor - self._begun.processor)


def write_scripts(directory: Path, count: int) -> list[Path]:
    """Write the scripts, of five kinds in turn."""
    directory.mkdir(parents=True)
    scripts = []
    for n in range(count):
        script = directory / f"plot_{n:04}.py"
        script.write_text((HEAD + KINDS[n % len(KINDS)] + TAIL).format(n=n), "utf-8")
        scripts.append(script)
    return scripts


def check(directory: Path, count: int) -> None:
    """Stop if a figure is missing: whoever draws less is faster."""
    drawn = len(list(directory.glob("figure_*.svg")))
    if drawn != count:
        raise SystemExit(f"{drawn} figures of {count} were drawn in {directory}")


def ours(directory: Path, jobs: int) -> Cost:
    """Time exptdir, the start of its server and all guards included."""
    clock = Clock()
    with LocalExecutor(jobs) as executor:
        tasks = [
            Job(str(directory), str(script), str(directory), str(directory.parent / "state" / script.stem))
            for script in sorted(directory.glob("plot_*.py"))
        ]
        outcomes = list(executor.map(run_job, tasks))
    taken = clock.read()
    failed = [outcome.traceback for outcome in outcomes if outcome.status != "ok"]
    if failed:
        raise SystemExit(failed[0])
    return taken


def warm(directory: Path, shares: int) -> list[Cost]:
    """Draw all scripts in so many warm processes at once, and return what each took for its share."""
    own = environment()
    at_once = [
        subprocess.Popen(
            [sys.executable, "-c", WARM, str(share), str(shares)],
            cwd=directory,
            env=own,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for share in range(shares)
    ]
    for process in at_once:
        # It says when it is ready, and waits until all are.
        process.stdout.readline()  # type: ignore[union-attr]
    said = []
    for process in at_once:
        process.stdin.write("\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    for process in at_once:
        said.append(process.communicate()[0])
        if process.returncode:
            raise SystemExit("a warm process failed")
    return [Cost(*map(float, text.split())) for text in said]


def limit(directory: Path, jobs: int) -> Cost:
    """Time all scripts in one warm process, and divide by the workers."""
    (taken,) = warm(directory, 1)
    return Cost(taken.clock / jobs, taken.processor)


def limit_at_once(directory: Path, jobs: int) -> Cost:
    """Time all scripts in as many warm processes as there are workers."""
    shares = warm(directory, jobs)
    return Cost(max(share.clock for share in shares), sum(share.processor for share in shares))


def bare_fork(directory: Path, jobs: int) -> Cost:
    """Time a process that imports matplotlib and forks a child for each script; its start is part of it."""
    clock = Clock()
    command = [sys.executable, "-c", FORK, str(jobs)]
    subprocess.run(command, cwd=directory, env=environment(), check=True)
    return clock.read()


def processes(directory: Path, jobs: int) -> Cost:
    """Time a new interpreter for each script."""
    own = environment()

    def run(script: Path) -> None:
        subprocess.run([sys.executable, str(script)], cwd=directory, env=own, check=True)

    clock = Clock()
    with ThreadPoolExecutor(jobs) as threads:
        list(threads.map(run, sorted(directory.glob("plot_*.py"))))
    return clock.read()


def _sphinx(directory: Path, extension: str, conf: str, options: Sequence[str]) -> Cost:
    source = directory.parent
    (source / "conf.py").write_text(CONF.format(extension=extension) + conf, "utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", *options, str(source), str(source / "_build")]
    clock = Clock()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-4000:])
    return clock.read()


def gallery(directory: Path, jobs: int) -> Cost:
    """Time sphinx-gallery with its own parallel build; building its pages is part of it."""
    (directory / "README.rst").write_text("Plots\n=====\n", "utf-8")
    (directory.parent / "index.rst").write_text("Plots\n=====\n\n.. toctree::\n\n   gallery/index\n", "utf-8")
    return _sphinx(directory, "sphinx_gallery.gen_gallery", GALLERY.format(jobs=jobs), [])


def directive(directory: Path, jobs: int) -> Cost:
    """Time matplotlib's directive for plots, one page a script; building the pages is part of it."""
    pages = []
    for script in sorted(directory.glob("plot_*.py")):
        page = directory.parent / f"{script.stem}.rst"
        page.write_text(f"{script.stem}\n=========\n\n.. plot:: {directory.name}/{script.name}\n", "utf-8")
        pages.append(f"   {script.stem}\n")
    (directory.parent / "index.rst").write_text(f"Plots\n=====\n\n.. toctree::\n\n{''.join(pages)}", "utf-8")
    conf = f"plot_formats = ['svg']\nplot_working_directory = {str(directory)!r}\n"
    return _sphinx(directory, "matplotlib.sphinxext.plot_directive", conf, [f"-j{jobs}"])


WAYS: dict[str, Way] = {
    "limit": limit,
    "limit at once": limit_at_once,
    "bare fork": bare_fork,
    "exptdir": ours,
    "interpreter each": processes,
    "sphinx-gallery": gallery,
    "plot_directive": directive,
}


def measure(way: Way, count: int, jobs: int) -> Cost:
    """Draw all scripts once, in a directory of their own."""
    with tempfile.TemporaryDirectory(prefix="exptdir-bench-") as name:
        directory = Path(name) / "plots"
        write_scripts(directory, count)
        taken = way(directory, jobs)
        check(directory, count)
        shutil.rmtree(directory)
    return taken


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print a table: the least of several rounds, in which the ways take turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--csv", type=Path, metavar="FILE", help="put the results into this file, too")
    parser.add_argument("--version", default="now", metavar="TEXT", help="what they are called there")
    options = parser.parse_args(argv)
    names = [name for name in options.ways if name != "sphinx-gallery" or importlib.util.find_spec("sphinx_gallery")]
    taken: dict[str, list[Cost]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            taken[name].append(measure(WAYS[name], options.count, options.jobs))
    print(f"{options.count} scripts, {options.jobs} workers, {options.rounds} rounds, {os.cpu_count()} cores")
    print(f"{'':18} {'clock s':>9} {'worst':>9} {'of limit':>9} {'processor s':>12} {'of limit':>9}")
    least = {name: Cost(*map(min, zip(*costs, strict=True))) for name, costs in taken.items()}
    base = least.get("limit", Cost(float("nan"), float("nan")))
    for name, cost in least.items():
        worst = max(each.clock for each in taken[name])
        shares = cost.clock / base.clock, cost.processor / base.processor
        print(f"{name:18} {cost.clock:9.2f} {worst:9.2f} {shares[0]:9.2f} {cost.processor:12.2f} {shares[1]:9.2f}")
    if options.csv is not None:
        merge_csv(options.csv, rows(options, taken), ["version", "way"])


def rows(options: argparse.Namespace, taken: Mapping[str, Sequence[Cost]]) -> list[dict[str, object]]:
    """Return the results as they are kept in a file."""
    found: list[dict[str, object]] = []
    for way, costs in taken.items():
        least = Cost(*map(min, zip(*costs, strict=True)))
        worst = max(cost.clock for cost in costs)
        measured = {"clock_s": least.clock, "worst_s": worst, "processor_s": least.processor}
        about = {"version": options.version, "way": way, "scripts": options.count, "workers": options.jobs}
        found.append({**about, **measured})
    return found


if __name__ == "__main__":
    main()
