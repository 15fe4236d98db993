"""How long everyday commands take in a large record, from the start to the end of the process.

``python -m benchmarks.command --size 1000 --repeat 5``. Each command reads the record anew; ``list``, ``show`` and
``new`` are to take at most a second at a thousand experiments.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.generate import generate
from benchmarks.measuring import surroundings

SOURCE = Path(__file__).resolve().parents[1] / "src"
COMMANDS = (
    ["list"],
    ["show", "77"],
    ["new", "A new one"],
    ["entry", "77", "More"],
    ["find", "drifted"],
    ["check", "--fail-on", "never"],
)


def main() -> None:
    """Print a line for each command: the median time, and the longest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="number of experiments")
    parser.add_argument("--repeat", type=int, default=5, help="how often each command is run")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        record = Path(directory, "record")
        generate(record, asked.size, extensions=["exptdir"])
        environment = surroundings(PYTHONPATH=str(SOURCE))
        print(f"{asked.size} experiments")
        for command in COMMANDS:
            times = [timed(command, record, environment) for _ in range(asked.repeat)]
            print(f"{' '.join(command):16} median {statistics.median(times):.2f} s, longest {max(times):.2f} s")


def timed(command: list[str], record: Path, environment: dict[str, str]) -> float:
    """Run a command and return the seconds that it took."""
    began = time.perf_counter()
    run = [sys.executable, "-m", "exptdir", *command]
    done = subprocess.run(run, cwd=record, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command} failed: {done.stderr}")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
