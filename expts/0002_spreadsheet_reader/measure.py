"""Measure what reading a workbook costs with several readers, and find out what each of them knows.

From the top of the repository, with python-calamine installed besides:
``PYTHONPATH=. python expts/0002_spreadsheet_reader/measure.py``

Each reading is done in a process of its own, which reports its processor time and its peak memory.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from time import process_time

from readers import READERS, probe

from benchmarks.results import Timing, machine, merge_csv, write_workbook

HERE = Path(__file__).parent
COLUMNS, SIZES = 20, (100, 1_000, 10_000)
FORMATS = ("0.00", "#,##0", "0.0%", "0.00E+00", "yyyy-mm-dd")
#: Sheets of twenty used cells that say they are larger: by a claim alone, and by an empty formatted cell.
CLAIMED, FAR = "20 cells, claim", "20 cells, corner"
CORNER = (65_536, 255)
#: What a reading may take before it is given up: seconds, and bytes of address space.
SECONDS, MEMORY = 600, 6 * 2**30
#: Readings that take longer than this are done twice only.
LONG = 2.0
SHEETS = {
    "Cost": (
        HERE / "results.csv",
        {
            "sheet": ("sheet", "General"),
            "reader": ("reader", "General"),
            "import_s": ("import, s", "0.00"),
            "read_s": ("read, s", "0.000"),
            "mib": ("peak, MiB", "#,##0"),
            "rows": ("rows given", "#,##0"),
            "spread": ("spread", "0%"),
        },
    ),
    "Knows": (
        HERE / "knows.csv",
        {name: (name, "General") for name in ("what", "openpyxl", "openpyxl read-only", "calamine", "exptdir")},
    ),
}


def write_numbers(path: Path, rows: int) -> None:
    """Write a sheet of formatted numbers and dates below a bold heading."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    chance = random.Random(rows)
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append([f"column {column}" for column in range(1, COLUMNS + 1)])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in range(2, rows + 2):
        for column in range(1, COLUMNS + 1):
            code = FORMATS[column % len(FORMATS)]
            dated = datetime(2019, 1, 7) + timedelta(days=chance.randrange(3_000))
            sheet.cell(row, column, dated if code == "yyyy-mm-dd" else chance.uniform(-9, 9_999))
            sheet.cell(row, column).number_format = code
    book.save(path)


def write_twenty(path: Path, *, far: bool) -> None:
    """Write twenty cells into a sheet that says it has 65,536 × 255."""
    from openpyxl import Workbook

    book = Workbook()
    for row in range(1, 6):
        for column in range(1, 5):
            book.worksheets[0].cell(row, column, row * column)
    if far:
        book.worksheets[0].cell(*CORNER).number_format = "0.00"
    book.save(path)
    if not far:
        edit(path, lambda xml: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:IU65536"', xml))


def write_probe(path: Path) -> None:
    """Write a sheet with one of each of the things that a reader may know."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["A2"], sheet["B2"] = "merged", "share", 0.125
    sheet["A1"].font = Font(bold=True)
    sheet.merge_cells("A1:B1")
    sheet["B2"].number_format = "0.0%"
    sheet["A3"], sheet["B3"] = "formula", "=1+1"
    sheet["A4"] = "hidden"
    sheet.row_dimensions[4].hidden = True
    sheet["A5"], sheet["B5"] = "link", date(2026, 11, 22)
    sheet["A5"].hyperlink = "https://example.org/"
    book.save(path)
    # openpyxl writes no value for a formula; a spreadsheet program does.
    edit(path, lambda xml: re.sub(rb"<f>1\+1</f>(<v ?/>|<v></v>)", b"<f>1+1</f><v>2</v>", xml))


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the XML of the only sheet, and see that it did change."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    changed = change(parts[name])
    assert changed != parts[name]
    parts[name] = changed
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)


def once(reader: str, path: Path) -> None:
    """Read a workbook, and print what that took."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    begun = process_time()
    read = READERS[reader]()
    imported = process_time()
    rows = read(path)
    done = process_time()
    print(json.dumps({"import_s": imported - begun, "read_s": done - imported, "mib": peak(), "rows": rows}))


def peak() -> float:
    """Return the highest memory of this process in MiB; getrusage would tell its parent's, if that was higher."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 2**10


def cells(sheet: str) -> int:
    """Return how many cells of a sheet hold something, its heading included."""
    return 20 if sheet in {CLAIMED, FAR} else (int(sheet.partition(" ")[0].replace(",", "")) + 1) * COLUMNS


def several(reader: str, path: Path, repeat: int) -> dict[str, object]:
    """Read a workbook some times, and return the least of what that took; nothing if it was given up."""
    command = [sys.executable, __file__, "--once", reader, str(path)]
    measured: list[dict[str, float]] = []
    while len(measured) < (2 if measured and measured[0]["read_s"] > LONG else repeat):
        said = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        if said.returncode:
            print(said.stderr[-300:], f"({said.returncode})")
            return {"import_s": None, "read_s": None, "mib": None, "rows": None, "spread": None}
        measured.append(json.loads(said.stdout))
    least = {name: min(one[name] for one in measured) for name in ("import_s", "read_s", "mib")}
    read = Timing.of([one["read_s"] for one in measured])
    return {**least, "rows": int(measured[0]["rows"]), "spread": read.spread}


def measure(sizes: list[int], repeat: int, readers: list[str]) -> list[dict[str, object]]:
    """Write the workbooks, and read each with all readers."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="exptdir-readers-") as name:
        books = {f"{size:,} × {COLUMNS}": Path(name, f"{size}.xlsx") for size in sizes}
        for size, path in zip(sizes, books.values(), strict=True):
            write_numbers(path, size)
        books |= {CLAIMED: Path(name, "claimed.xlsx"), FAR: Path(name, "far.xlsx")}
        write_twenty(books[CLAIMED], far=False)
        write_twenty(books[FAR], far=True)
        for sheet, path in books.items():
            for reader in readers:
                row: dict[str, object] = {"cells": cells(sheet), "sheet": sheet, "reader": reader}
                row |= several(reader, path, repeat)
                print(*(f"{cell:.3f}" if isinstance(cell, float) else cell for cell in row.values()), flush=True)
                rows.append(row)
        write_probe(Path(name, "probe.xlsx"))
        merge_csv(HERE / "knows.csv", probe(Path(name, "probe.xlsx")), ["number"])
    return rows


def main() -> None:
    """Measure, and bring the CSV files and results.xlsx up to date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="N", help="rows")
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="keep the least of N")
    parser.add_argument("--readers", nargs="+", default=list(READERS), metavar="NAME", choices=list(READERS))
    parser.add_argument("--once", nargs=2, metavar=("READER", "FILE"), help="what the processes are called with")
    options = parser.parse_args()
    if options.once:
        once(options.once[0], Path(options.once[1]))
        return
    print(machine("openpyxl", "python-calamine"))
    rows = measure(options.sizes, options.repeat, options.readers)
    merge_csv(HERE / "results.csv", rows, ["cells", "sheet", "reader"])
    write_workbook(HERE / "results.xlsx", SHEETS)


if __name__ == "__main__":
    main()
