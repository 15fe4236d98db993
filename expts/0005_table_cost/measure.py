"""Measure what a cell of a workbook costs: this exptdir, an older one, openpyxl and calamine.

From the top of the repository: ``PYTHONPATH=. python expts/0005_table_cost/measure.py --before DIRECTORY``, where the
directory holds ``src/`` of the older version (``git archive COMMIT src | tar -x -C DIRECTORY``).

Each reading is a process of its own, from its start; the workbooks are those of ``benchmarks.workbooks``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import cost_of
from benchmarks.results import machine, merge_csv, read_csv, write_workbook
from benchmarks.tables import CALAMINE, OPENPYXL, OURS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = HERE / "results.csv"
TABLE_COLUMNS = 20
READERS = {
    "exptdir before": OURS,
    "exptdir after": OURS,
    "openpyxl, read-only": OPENPYXL,
    "calamine": CALAMINE,
}
COLUMNS = {
    "reader": ("reader", "General"),
    "rows": ("rows", "#,##0"),
    "cpu_s": ("CPU, s", "0.00"),
    "mib": ("peak, MiB", "#,##0"),
    "cell_us": ("a cell, µs", "0.0"),
}


def measured(options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Read workbooks of all sizes with all readers, and yield their rows."""
    with tempfile.TemporaryDirectory(prefix="exptdir-tables-") as scratch:
        for rows in options.sizes:
            book = Path(scratch, f"{rows}.xlsx")
            write = [sys.executable, "-m", "benchmarks.workbooks", str(book), str(rows), str(TABLE_COLUMNS)]
            subprocess.run(write, check=True, cwd=ROOT)
            for reader, program in READERS.items():
                source = options.before if reader == "exptdir before" else ROOT
                os.environ["PYTHONPATH"] = str(source / "src")
                costs = [cost_of([sys.executable, "-c", program, str(book)]) for _ in range(options.repeat)]
                cpu, mib = min(cost.cpu for cost in costs), min(cost.mebibytes for cost in costs)
                yield row(reader, rows, cpu, mib)


def row(reader: str, rows: int, cpu: float, mib: float) -> dict[str, object]:
    """Return a row of the results."""
    return {"reader": reader, "rows": rows, "cpu_s": cpu, "mib": mib, "cell_us": cpu / rows / TABLE_COLUMNS * 1e6}


def main() -> None:
    """Measure, and bring results.csv and results.xlsx up to date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--before", type=Path, required=True, metavar="DIRECTORY", help="the older version")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000], metavar="ROWS")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="keep the least of N readings")
    options = parser.parse_args()
    print(machine("openpyxl", "python-calamine"))
    for found in measured(options):
        print(*found.values(), flush=True)
        # One by one, so that an interrupted measurement keeps what it has.
        merge_csv(RESULTS, [found], ["reader", "rows"])
    write_workbook(HERE / "results.xlsx", {"Readers": (RESULTS, COLUMNS)})
    print(f"{len(read_csv(RESULTS))} rows")


if __name__ == "__main__":
    main()
