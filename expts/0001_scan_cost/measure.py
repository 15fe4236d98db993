"""Measure what the scan of a record costs, and what walking the same tree and reading its logs cost.

From the top of the repository: ``PYTHONPATH=. python expts/0001_scan_cost/measure.py``
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.generate import generate
from benchmarks.results import Timing, cpu, machine, merge_csv, write_workbook
from exptdir.record.scan import scan

HERE = Path(__file__).parent
SIZES = (100, 1_000, 3_000, 10_000)
#: What is compared: how the experiments nest, and where their facts are written down.
CASES = (
    ("flat", "name"),
    ("nested", "name"),
    ("flat", "small files"),
    ("nested", "small files"),
    ("flat", "front matter"),
    ("flat", "expt.toml"),
)
STATUSES = ("new", "ready", "in progress", "complete")
COLUMNS = {
    "facts": ("facts from", "General"),
    "layout": ("layout", "General"),
    "experiments": ("experiments", "#,##0"),
    "walk_s": ("os.walk, s", "0.000"),
    "read_s": ("and read, s", "0.000"),
    "scan_s": ("scan, s", "0.000"),
    "per_thousand_s": ("per 1,000, s", "0.000"),
    "spread": ("spread", "0%"),
}


def before(number: int) -> list[int]:
    """Return what an experiment waits for: the one before it."""
    return [number - 1] if number > 1 else []


def small_files(directory: Path, number: int) -> None:
    """Write the facts as exmemo does; the number is in the directory's name."""
    facts = directory / ".expt"
    for name in ("tags/cold", "tags/first"):
        (facts / name).parent.mkdir(parents=True, exist_ok=True)
        (facts / name).touch()
    (facts / "id").write_text(f"{number}\n", "utf-8")
    (facts / "status").write_text(f"{STATUSES[number % 4]}\n", "utf-8")
    (facts / "prereqs").mkdir()
    for other in before(number):
        (facts / "prereqs" / str(other)).touch()


def front_matter(directory: Path, number: int) -> None:
    """Write the same facts on top of a Markdown log."""
    log = directory / "index.md"
    facts = f"id: {number}\nstatus: {STATUSES[number % 4]}\ntags: [cold, first]\n"
    facts += f"prerequisites: {before(number)}\n"
    log.write_text(f"---\n{facts}---\n\n{log.read_text('utf-8')}", "utf-8")


def toml(directory: Path, number: int) -> None:
    """Write the same facts into a file of their own."""
    facts = f'id = {number}\nstatus = "{STATUSES[number % 4]}"\ntags = ["cold", "first"]\n'
    (directory / "expt.toml").write_text(facts + f"prerequisites = {before(number)}\n", "utf-8")


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "small files": small_files,
    "front matter": front_matter,
    "expt.toml": toml,
}


def experiments(base: Path) -> Iterator[tuple[int, Path]]:
    """Yield the generated experiments' numbers and directories."""
    for path, _, files in os.walk(base / "expts"):
        if files:
            yield int(Path(path).name.partition("_")[0]), Path(path)


def walk(base: Path) -> int:
    """List the tree: nothing that finds experiments can do with less."""
    return sum(len(files) for _, _, files in os.walk(base / "expts"))


def read(base: Path) -> int:
    """List the tree and read all logs, which is the least that finds their titles."""
    size = 0
    for path, _, files in os.walk(base / "expts"):
        for name in files:
            if name in {"notes.rst", "index.md"}:
                size += len(Path(path, name).read_bytes())
    return size


def scan_all(base: Path, number: int) -> None:
    """Scan the record, and see that all was found."""
    record = scan(base)
    if len(record.experiments) != number or record.problems:
        raise SystemExit(f"{len(record.experiments)} of {number} experiments, {record.problems[:3]}")


def measure(number: int, layout: str, facts: str, repeat: int) -> dict[str, object]:
    """Write a record, and return the row of what it costs."""
    with tempfile.TemporaryDirectory(prefix="exptdir-scan-") as name:
        base = Path(name)
        generate(base, number, nested=layout == "nested", markdown=float(facts == "front matter"))
        if writer := WRITERS.get(facts):
            for one, directory in list(experiments(base)):
                writer(directory, one)
        walked: Timing = cpu(lambda: walk(base), repeat)
        done = cpu(lambda: read(base), repeat)
        scanned = cpu(lambda: scan_all(base, number), repeat)
    return {
        "experiments": number,
        "layout": layout,
        "facts": facts,
        "walk_s": walked.least,
        "read_s": done.least,
        "scan_s": scanned.least,
        "per_thousand_s": scanned.least * 1_000 / number,
        "times_walk": scanned.least / walked.least,
        "spread": scanned.spread,
    }


def main() -> None:
    """Measure, and bring results.csv and results.xlsx up to date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="N")
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="keep the least of N")
    options = parser.parse_args()
    print(machine())
    rows = []
    for number in options.sizes:
        for layout, facts in CASES:
            row = measure(number, layout, facts, options.repeat)
            print(*(f"{cell:.3f}" if isinstance(cell, float) else cell for cell in row.values()), flush=True)
            rows.append(row)
    merge_csv(HERE / "results.csv", rows, ["facts", "layout", "experiments"])
    write_workbook(HERE / "results.xlsx", {"Scan": (HERE / "results.csv", COLUMNS)})


if __name__ == "__main__":
    main()
