"""Compare what exptdir shows in every used cell of workbooks with what LibreOffice shows there.

LibreOffice writes each sheet as CSV with the option *save cell contents as shown*; ``exptdir.tables`` reads
the same sheet, hidden rows and columns included. Cells are compared as texts, without regard to blanks.

One difference is by design and is counted apart: LibreOffice's CSV ignores the width rule of the format
General and writes up to 15 digits, though its cells, like Excel's, show what fits. Such a cell agrees if
LibreOffice's number, shown under General, gives our text.

Run ``python benchmarks/libreoffice_agreement.py DIRECTORY_OR_WORKBOOK...``; with ``--generate`` it also
makes and compares a workbook of more than 500 format and value pairs.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from exptdir.errors import TableError
from exptdir.tables import workbook
from exptdir.tables.model import Cell
from exptdir.tables.numfmt import format_value
from exptdir.tables.ranges import cell_name

#: Tokens of LibreOffice's CSV filter: comma, quote, UTF-8, from line 1, no column formats, English (US), no
#: quotes around texts, detect special numbers, contents as shown, no formulas, no trimming, all sheets.
FILTER = "csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,false,true,true,false,false,-1"

NUMBER_CODES = (
    *("General", "0", "0.00", "#,##0", "#,##0.00", "#,##0.00;[Red]-#,##0.00", "0%", "0.00%", "0.00E+00"),
    *("##0.0E+0", "# ?/?", "# ??/??", "# ?/8", '"$"#,##0.00', '"$"#,##0.00_);("$"#,##0.00)', "@", "0;;"),
    *("[$€-407] #,##0.00", "#,##0.0,", "0,,", "000", "#.##", "0.0##", '0.0" µM"', "(###) ###-####"),
    *("[>100]0;[<-5]0.0;0.00", '"+"0;"-"0;"zero"', '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)'),
)
NUMBERS = (
    0,
    1,
    -1,
    0.5,
    -0.5,
    1.005,
    0.285,
    12.3456,
    -1234.5678,
    99.995,
    1234567.891,
    1e-7,
    -0.001,
    55512345,
)
DATE_CODES = (
    *("yyyy-mm-dd", "mm/dd/yy", "d-mmm-yy", "mmmmm", "dddd, mmmm d, yyyy", "h:mm", "h:mm:ss", "h:mm AM/PM"),
    *("hh:mm:ss.000", "yyyy-mm-dd hh:mm:ss", "[h]:mm", "[mm]:ss", "mmss.0", "m/d/yyyy", "ddd d mmm"),
)
#: Later than February 1900, before which Excel and LibreOffice count the days differently.
DATES = (61, 366.999, 44762, 44762.75, 45351.123456, 45352.5, 73050.25, 2958465.0)


@dataclass
class Tally:
    """Counts over all sheets."""

    cells: int = 0
    same: int = 0
    general: int = 0
    unread: int = 0


def main() -> int:
    """Run the comparison that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", type=Path, help="workbooks, or directories to search for them")
    parser.add_argument("--generate", action="store_true", help="also compare format/value pairs")
    parser.add_argument(
        "--office", default="libreoffice", help="LibreOffice's program (default: %(default)s)"
    )
    parser.add_argument(
        "--shown", type=int, default=50, metavar="N", help="differing cells to print (default: 50)"
    )
    parser.add_argument(
        "--least", type=float, default=99.5, help="agreement in %% below which to fail (default: 99.5)"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        books = list(_workbooks(options.paths))
        if options.generate:
            books.append(_generate(Path(scratch) / "generated.xlsx"))
        exports = _export(books, Path(scratch), options.office)
        tally, kinds = Tally(), Counter[str]()
        for book in books:
            for line, kind in _differences(book, exports[book], tally):
                kinds[kind] += 1
                if kinds.total() <= options.shown:
                    print(line)
    return _report(tally, kinds, len(books), options.least)


def _workbooks(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        found = path.rglob("*") if path.is_dir() else [path]
        yield from sorted(book for book in found if book.suffix.lower() in {".xlsx", ".xlsm"})


def _generate(path: Path) -> Path:
    """Write one row for each value, with one column for each format."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    pairs = [(NUMBER_CODES, NUMBERS), (DATE_CODES, DATES)]
    row = 0
    for codes, values in pairs:
        for value in values:
            row += 1
            for column, code in enumerate(codes, start=1):
                sheet.cell(row, column, value).number_format = code
    book.save(path)
    return path


def _export(books: list[Path], scratch: Path, office: str) -> dict[Path, Path]:
    """Let one LibreOffice write all sheets; links tell workbooks of the same name apart."""
    links, targets = [], {}
    for number, book in enumerate(books):
        link = scratch / f"book{number:05d}{book.suffix}"
        link.symlink_to(book.resolve())
        links.append(str(link))
        targets[book] = scratch / "csv" / link.stem
    profile = f"-env:UserInstallation={(scratch / 'profile').as_uri()}"
    command = [
        office,
        profile,
        "--headless",
        "--convert-to",
        FILTER,
        "--outdir",
        str(scratch / "csv"),
        *links,
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return targets


def _differences(book: Path, export: Path, tally: Tally) -> Iterator[tuple[str, str]]:
    try:
        names = workbook.sheet_names(book)
    except TableError as error:
        tally.unread += 1
        yield f"{book}: {error}", "unreadable"
        return
    for name in names:
        target = export.with_name(f"{export.name}-{name}.csv")
        if not target.exists():
            yield f"{book}: LibreOffice wrote no sheet {name!r}", "no export"
            continue
        with target.open(newline="", encoding="utf-8-sig") as stream:
            shown = list(csv.reader(stream))
        sheet = workbook.read_sheet(book, name)
        for row, column in sorted(sheet.used):
            cell = sheet.show((row, column))
            other = shown[row - 1][column - 1] if row <= len(shown) and column <= len(shown[row - 1]) else ""
            if (kind := _compare(cell, other, tally)) is not None:
                where = f"{book.name}!{name}!{cell_name(row, column)}"
                yield (
                    f"{where}: {kind}: ours {cell.text!r}, LibreOffice {other!r}, value {cell.value!r}",
                    kind,
                )


def _compare(cell: Cell, other: str, tally: Tally) -> str | None:
    """Count a cell, and return the kind of difference if there is one."""
    tally.cells += 1
    ours, theirs = " ".join(cell.text.split()), " ".join(other.split())
    if ours == theirs:
        tally.same += 1
        return None
    if cell.kind == "number" and _general(theirs) == ours:
        tally.general += 1
        return None
    return cell.kind


def _general(text: str) -> str | None:
    try:
        return format_value(Decimal(text), "General")
    except InvalidOperation:
        return None


def _report(tally: Tally, kinds: Counter[str], books: int, least: float) -> int:
    if not tally.cells:
        print("no used cells: nothing was compared")
        return 2
    agreement = 100 * (tally.same + tally.general) / tally.cells
    print(f"{books} workbooks ({tally.unread} unreadable), {tally.cells} used cells")
    print(f"same text: {tally.same} ({100 * tally.same / tally.cells:.3f} %)")
    print(f"same number under General's width rule: {tally.general}")
    print(f"agreement: {agreement:.3f} %; different: {kinds.total()} {dict(kinds)}")
    return int(agreement < least)


if __name__ == "__main__":
    sys.exit(main())
