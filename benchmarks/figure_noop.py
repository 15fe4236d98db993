"""What it costs to find that all figures are fresh: whole builds that have nothing to do, and a check of many inputs.

A record of many plot scripts (:mod:`benchmarks.figure_plan` lays it out) is built twice, so that nothing is left to do,
then again and again with ``exptdir_figures`` as ``auto`` and as ``never``. Both are built at once, each on
a processor of its own, and change places after each round. Then the scripts' inputs are checked by themselves: as
many files as asked for, of which the state remembers the digests.

    python -m benchmarks.figure_noop --scripts 300 --inputs 10000 --rounds 5
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figure_record import planned, write_record
from benchmarks.measuring import Cost, cost_of, costs_at_once
from benchmarks.results import merge_csv
from exptdir.figures.model import FigureSettings
from exptdir.figures.update import update
from exptdir.record.files import RACY
from exptdir.record.scan import scan

CONF = "project = 'plots'\nextensions = ['exptdir']\n"
INDEX = "Plots\n=====\n"
MODES = ("auto", "never")


def command(base: Path, mode: str) -> list[str]:
    """Return what builds the record without drawing more than the mode allows."""
    output = base.parent / f"{base.name}-html"
    return [sys.executable, "-m", "sphinx", "-q", "-D", f"exptdir_figures={mode}", str(base), str(output)]


def idle_builds(directory: Path, scripts: int, inputs: int, rounds: int) -> tuple[Cost, Cost]:
    """Return what builds without work cost with ``auto`` and with ``never``: the means of all rounds."""
    bases = []
    for name in ("one", "two"):
        base = directory / name
        write_record(base, planned(scripts, inputs))
        (base / "conf.py").write_text(CONF, "utf-8")
        (base / "index.rst").write_text(INDEX, "utf-8")
        cost_of(command(base, "auto"))
        bases.append(base)
    # What was written just now is read once more.
    time.sleep(RACY / 1e9 + 0.5)
    for base in bases:
        cost_of(command(base, "auto"))
    costs: dict[str, list[Cost]] = {mode: [] for mode in MODES}
    for number in range(2 * rounds):
        modes = MODES if number % 2 else MODES[::-1]
        one, two = (command(base, mode) for base, mode in zip(bases, modes, strict=True))
        for mode, cost in zip(modes, costs_at_once(one, two), strict=True):
            costs[mode].append(cost)
    return Cost.mean(costs["auto"]), Cost.mean(costs["never"])


def check_of_inputs(directory: Path, inputs: int, rounds: int) -> float:
    """Return the processor seconds of an update in which nothing but this many inputs of a script is looked at."""
    base, state = directory / "many", directory / "many-state"
    data = base / "expts" / "many" / "data"
    data.mkdir(parents=True)
    for number in range(inputs):
        (data / f"{number}.csv").write_text(f"{number}\n")
    (base / "expts" / "many" / "index.rst").write_text("Many\n====\n\n.. figure:: a.svg\n")
    text = "import glob\nfor name in sorted(glob.glob('data/*.csv')):\n    open(name).close()\n"
    (base / "expts" / "many" / "plot_a.py").write_text(text + "open('a.svg', 'w').write('<svg/>')\n")
    from exptdir.figures.run.runner import LocalExecutor, run_job

    with LocalExecutor(1) as executor:
        bring = lambda: update(scan(base), FigureSettings(), state, lambda job: executor.submit(run_job, job))  # noqa: E731
        if len(bring().ran) != 1:
            raise SystemExit("the script was not run")
        time.sleep(RACY / 1e9 + 0.5)
        bring()
        taken = []
        for _ in range(rounds):
            begun = time.process_time()
            report = bring()
            taken.append(time.process_time() - begun)
            if report.ran or len(report.scripts["expts/many/plot_a.py"].inputs) < inputs:
                raise SystemExit("the inputs are not what they should be")
    return min(taken)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scripts", type=int, default=300)
    parser.add_argument("--each", type=int, default=3, help="files that each script reads beside what is shared")
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="put the results into this file, too")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="exptdir-bench-") as name:
        seconds = check_of_inputs(Path(name), options.inputs, options.rounds)
        print(f"{options.inputs} inputs checked: {seconds:.2f} processor seconds, the whole update included")
        auto, never = idle_builds(Path(name), options.scripts, options.each, options.rounds)
    print(f"{options.scripts} scripts, nothing to do, processor seconds of a build:")
    print(f"auto {auto.cpu:.2f}, never {never.cpu:.2f}: {auto.cpu / never.cpu:.3f}")
    if options.csv is not None:
        row = {"scripts": options.scripts, "auto_s": auto.cpu, "never_s": never.cpu, "ratio": auto.cpu / never.cpu}
        merge_csv(options.csv, [{**row, "inputs": options.inputs, "check_s": seconds}], ["scripts", "inputs"])


if __name__ == "__main__":
    main()
