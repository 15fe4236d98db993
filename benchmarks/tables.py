"""Compare what tables cost with what pandas, openpyxl and python-calamine take for the same workbooks.

Each figure is of a whole child process: seconds of processor time, user and system, and the highest resident
memory. The rows:

- a page with a table of a workbook of 10,000 × 20 cells, built by Sphinx with exptdir, against a process in which
  pandas reads the workbook by openpyxl and writes it as HTML (which shows no number formats); both less what they
  take without the workbook (an empty page, the import of pandas), and as they are, which has the limit;
- reading alone, against openpyxl's read-only mode (which formats nothing) and python-calamine (likewise);
- reading from 1,000 to 90,000 rows, for each cell;
- a workbook that claims a million empty rows, against the same without them.

``--pandas PYTHON`` names a Python that has pandas and openpyxl, if this one has no pandas; without one, that row is
passed over and the exit code is 2.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import Cost, least

PAGE_LIMIT = 1.2
#: So many times the rows are the largest workbook: with their head, ten times as many hold more cells than are read.
MORE = 9
#: How many times as much a cell may cost in a hundred times as many, and all empty rows together.
GROWTH_LIMIT, EMPTY_LIMIT = 1.3, 2.0
COLUMNS = 20
WIDTHS = (50, 9, 9, 9, 9, 8, 8, 10)
HEAD = ("", "CPU s", "MiB", "against", "MiB", "ratio", "limit", "")

OURS = "import sys; from exptdir.tables import read_table; from pathlib import Path; read_table(Path(sys.argv[1]))"
NOTHING = "import exptdir.tables.xlsx"
PANDAS = "import sys, pandas; pandas.read_excel(sys.argv[1], engine='openpyxl').to_html(sys.argv[2])"
OPENPYXL = """
import sys, openpyxl
for sheet in openpyxl.load_workbook(sys.argv[1], read_only=True, data_only=True):
    for row in sheet.values:
        pass
"""
CALAMINE = """
import sys, python_calamine
book = python_calamine.CalamineWorkbook.from_path(sys.argv[1])
for name in book.sheet_names:
    book.get_sheet_by_name(name).to_python()
"""


@dataclass(frozen=True)
class Row:
    """One comparison."""

    name: str
    ours: Cost
    other: Cost
    ratio: float
    limit: float | None = None

    @property
    def passes(self) -> bool:
        """Whether the ratio keeps the limit, if there is one."""
        return self.limit is None or self.ratio <= self.limit

    def __str__(self) -> str:
        """Return the row under the columns' heads."""
        cells = (
            self.name,
            f"{self.ours.cpu:.2f}",
            f"{self.ours.mebibytes:.0f}",
            f"{self.other.cpu:.2f}",
            f"{self.other.mebibytes:.0f}",
            f"{self.ratio:.2f}",
            "" if self.limit is None else f"{self.limit:.2f}",
            "" if self.passes else "too much",
        )
        return line(cells)


def line(cells: tuple[str, ...]) -> str:
    """Return cells under each other."""
    return cells[0].ljust(WIDTHS[0]) + "".join(
        cell.rjust(width) for cell, width in zip(cells[1:], WIDTHS[1:], strict=True)
    )


def write_record(directory: Path, workbook: Path, *, shown: bool = True) -> Path:
    """Write a record of one page, which shows a workbook, or only names it."""
    directory.mkdir()
    (directory / "conf.py").write_text("extensions = ['exptdir']\nexptdir_roots = []\n", encoding="utf-8")
    (directory / workbook.name).symlink_to(workbook)
    text = f".. datatable:: {workbook.name}" if shown else workbook.name
    (directory / "index.rst").write_text(f"Results\n=======\n\n{text}\n", encoding="utf-8")
    return directory


def write_results(path: Path, rows: int, *, empty_rows: bool = False) -> Path:
    """Write a workbook in a process of its own: a child is said to have taken what its parent held."""
    command = [sys.executable, "-m", "benchmarks.workbooks", str(path), str(rows), str(COLUMNS)]
    subprocess.run([*command, "--empty-rows"] if empty_rows else command, check=True)
    return path


def page(scratch: Path, options: argparse.Namespace) -> Iterator[Row]:
    """Compare the build of a page with what pandas takes for the same workbook."""
    book = write_results(scratch / "page.xlsx", options.rows)
    record = write_record(scratch / "record", book)
    empty = write_record(scratch / "empty", book, shown=False)
    builds = [
        [sys.executable, "-m", "sphinx", "-q", "-E", "-b", "html", str(source), str(scratch / f"{source.name}-html")]
        for source in (record, empty)
    ]
    pandas = [options.pandas, "-c", PANDAS, str(book), str(scratch / "pandas.html")]
    start = [options.pandas, "-c", "import pandas"]
    ours, nothing, other, imported = least([*builds, pandas, start], options.repeat)
    ratio = (ours.cpu - nothing.cpu) / (other.cpu - imported.cpu)
    name = f"page of {options.rows:,} × {COLUMNS}, pandas"
    yield Row(f"{name}, without starting", ours, other, ratio)
    yield Row(f"{name}, whole processes", ours, other, ours.cpu / other.cpu, PAGE_LIMIT)


def readers(scratch: Path, options: argparse.Namespace) -> Iterator[Row]:
    """Compare reading alone with readers that know no formats."""
    book = write_results(scratch / "readers.xlsx", options.rows)
    programs = [OURS, OPENPYXL, CALAMINE]
    ours, *others = least([[sys.executable, "-c", program, str(book)] for program in programs], options.repeat)
    for name, other in zip(("openpyxl, read-only", "calamine"), others, strict=True):
        yield Row(f"reading {options.rows:,} × {COLUMNS}, {name}", ours, other, ours.cpu / other.cpu)


def growth(scratch: Path, options: argparse.Namespace) -> Iterator[Row]:
    """Compare what a cell costs in few and in many rows, without what starting up costs."""
    (start,) = least([[sys.executable, "-c", NOTHING]], options.repeat)
    costs = {}
    for rows in (options.rows // 10, options.rows, options.rows * MORE):
        book = write_results(scratch / f"{rows}.xlsx", rows)
        (costs[rows],) = least([[sys.executable, "-c", OURS, str(book)]], options.repeat)
    for rows in (options.rows // 10, options.rows * MORE):
        ours, other = costs[rows], costs[options.rows]
        time = (ours.cpu - start.cpu) / rows / ((other.cpu - start.cpu) / options.rows)
        memory = (ours.mebibytes - start.mebibytes) / rows / ((other.mebibytes - start.mebibytes) / options.rows)
        limit = GROWTH_LIMIT if rows > options.rows else None
        yield Row(f"a cell of {rows:,} rows, of {options.rows:,}: time", ours, other, time, limit)
        yield Row(f"a cell of {rows:,} rows, of {options.rows:,}: memory", ours, other, memory, limit)


def empty_rows(scratch: Path, options: argparse.Namespace) -> Iterator[Row]:
    """Compare a workbook that claims a million rows with the same used cells alone."""
    book = write_results(scratch / "used.xlsx", options.rows // 10)
    claims = write_results(scratch / "claims.xlsx", options.rows // 10, empty_rows=True)
    commands = [[sys.executable, "-c", OURS, str(path)] for path in (claims, book)]
    ours, other = least(commands, options.repeat)
    yield Row("a million empty rows, the same without", ours, other, ours.cpu / other.cpu, EMPTY_LIMIT)


def has_pandas(python: str) -> bool:
    """Tell whether a Python can read workbooks by pandas."""
    found = subprocess.run([python, "-c", "import pandas, openpyxl"], capture_output=True, check=False)
    return found.returncode == 0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pandas", default=sys.executable, metavar="PYTHON", help="a Python that has pandas")
    parser.add_argument("--repeat", type=int, default=2, metavar="N", help="keep the least of N (default: 2)")
    parser.add_argument("--rows", type=int, default=10_000, metavar="N", help="rows (default: 10,000)")
    return parser.parse_args()


def main() -> int:
    """Print the comparisons; return 1 where a limit is passed, 2 where something was not measured."""
    options = parse()
    kinds = [readers, growth, empty_rows]
    if pandas := has_pandas(options.pandas):
        kinds.insert(0, page)
    print(line(HEAD), flush=True)
    failed = False
    with tempfile.TemporaryDirectory(prefix="exptdir-bench-") as name:
        for number, kind in enumerate(kinds):
            scratch = Path(name) / str(number)
            scratch.mkdir()
            for row in kind(scratch, options):
                print(row, flush=True)
                failed = failed or not row.passes
    if not pandas:
        print(f"{options.pandas} has no pandas, so that pages were not compared: name one with --pandas")
    return 1 if failed else 0 if pandas else 2


if __name__ == "__main__":
    sys.exit(main())
