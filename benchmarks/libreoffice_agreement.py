"""Compare what exptdir shows in every used cell of workbooks with what LibreOffice shows there.

LibreOffice writes each sheet as CSV with the option *save cell contents as shown*; ``exptdir.tables`` reads
the same sheet, hidden rows and columns included. Cells are compared as texts, without regard to blanks.

One difference is by design and is counted apart: LibreOffice's CSV ignores the width rule of the format
General and writes up to 15 digits, though its cells, like Excel's, show what fits. Such a cell agrees if
LibreOffice's number, shown under General, gives our text.

Other differences have kinds, listed in ``EXPLAINED`` with their reasons: what Excel shows is not what
LibreOffice shows. They count as disagreement, but are counted by kind; differences without a kind are what to look
at.

Run ``python -m benchmarks.libreoffice_agreement DIRECTORY_OR_WORKBOOK...``; with ``--generate`` it also makes and
compares a workbook of more than 1,000 format and value pairs.
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from benchmarks.format_pairs import write_pairs
from exptdir.errors import TableError
from exptdir.tables.model import Cell
from exptdir.tables.numfmt import number_format
from exptdir.tables.ranges import cell_name
from exptdir.tables.xlsx import XlsxBook

OPENERS = {".xlsx": XlsxBook, ".xlsm": XlsxBook}

#: Tokens of LibreOffice's CSV filter: comma, quote, UTF-8, from line 1, no column formats, English (US), no
#: quotes around texts, detect special numbers, contents as shown, no formulas, no trimming, all sheets.
FILTER = "csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,false,true,true,false,false,-1"


@dataclass
class Tally:
    """Counts over all sheets."""

    cells: int = 0
    same: int = 0
    general: int = 0
    unread: int = 0


def main() -> int:
    """Run the comparison that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, help="workbooks, or directories to search for them")
    parser.add_argument("--generate", action="store_true", help="also compare format/value pairs")
    parser.add_argument("--office", default="libreoffice", help="LibreOffice's program (default: %(default)s)")
    parser.add_argument("--shown", type=int, default=50, metavar="N", help="differing cells to print (default: 50)")
    parser.add_argument("--least", type=float, default=99.5, help="agreement in %% below which to fail (default: 99.5)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        books = list(_workbooks(options.paths))
        if options.generate:
            books.append(write_pairs(Path(scratch) / "generated.xlsx"))
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
        yield from sorted(book for book in found if book.suffix.lower() in OPENERS)


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
        opened = OPENERS[book.suffix.lower()](book)
        sheets = {name: opened.read(name, hidden=True) for name in opened.sheet_names(hidden=True)}
    except TableError as error:
        tally.unread += 1
        yield f"{book}: {error}", "unreadable"
        return
    for name, sheet in sheets.items():
        target = export.with_name(f"{export.name}-{name}.csv")
        if not target.exists():
            yield f"{book}: LibreOffice wrote no sheet {name!r}", "no export"
            continue
        with target.open(newline="", encoding="utf-8-sig") as stream:
            shown = list(csv.reader(stream))
        for row, column, cell in ((row, *one) for row, cells in sorted(sheet.cells.items()) for one in cells.items()):
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
    for kind, (holds, _) in EXPLAINED.items():
        if holds(ours, theirs, cell):
            return kind
    return f"unexplained {cell.kind}"


def _general(text: str) -> str | None:
    try:
        return number_format("General").number(Decimal(text))
    except InvalidOperation:
        return None


def _is_bare_point(ours: str, theirs: str, _: Cell) -> bool:
    return re.sub(r"\.(?![0-9])", "", ours) == theirs


def _is_sign(ours: str, theirs: str, cell: Cell) -> bool:
    return cell.kind == "number" and ours == "-" + theirs


def _is_half(ours: str, theirs: str, cell: Cell) -> bool:
    numbers = [re.fullmatch(r"(-?)([0-9]*)\.?([0-9]*)%?", text) for text in (ours, theirs)]
    if cell.kind != "number" or not all(numbers):
        return False
    first, second = (int((match[1] + match[2] + match[3]) or 0) for match in numbers if match)
    return abs(first - second) == 1


def _is_cut_second(ours: str, theirs: str, cell: Cell) -> bool:
    return cell.kind == "date" and ours[:-1] == theirs[:-1] and int(ours[-1:] or 0) == int(theirs[-1:] or 0) + 1


def _is_overflow(_: str, theirs: str, cell: Cell) -> bool:
    return cell.kind == "date" and theirs == "#FMT"


def _is_column_style(ours: str, theirs: str, cell: Cell) -> bool:
    return (
        isinstance(cell.value, (int, float))
        and ours == number_format("General").number(cell.value)
        and theirs[:1].isdigit()
    )


def _is_other_fraction(ours: str, theirs: str, cell: Cell) -> bool:
    return cell.kind == "number" and "/" in theirs


#: Kinds of difference that stay, with a test for each and the reason.
EXPLAINED: dict[str, tuple[Callable[[str, str, Cell], bool], str]] = {
    "bare point": (_is_bare_point, "'#.##' of 1 is '1.' in Excel, '1' in LibreOffice"),
    "sign": (_is_sign, "a section with a condition, or after one, keeps the minus sign in Excel"),
    "half": (_is_half, "Excel rounds the 15 digits that a person sees, LibreOffice what the float times 100 is"),
    "cut second": (_is_cut_second, "Excel rounds a time to the seconds that are shown, LibreOffice cuts it off"),
    "overflow": (_is_overflow, "LibreOffice shows no elapsed time of a century"),
    "column's style": (_is_column_style, "a cell without a style has style 0 (part 1, §18.3.1.4), not its column's"),
    "fraction": (_is_other_fraction, "Excel takes a convergent of the continued fraction, LibreOffice the nearest"),
}


def _report(tally: Tally, kinds: Counter[str], books: int, least: float) -> int:
    if not tally.cells:
        print("no used cells: nothing was compared")
        return 2
    agreement = 100 * (tally.same + tally.general) / tally.cells
    print(f"{books} workbooks ({tally.unread} unreadable), {tally.cells} used cells")
    print(f"same text: {tally.same} ({100 * tally.same / tally.cells:.3f} %)")
    print(f"same number under General's width rule: {tally.general}")
    print(f"different: {kinds.total()}")
    for kind, count in kinds.most_common():
        print(f"  {kind}: {count}" + (f" ({EXPLAINED[kind][1]})" if kind in EXPLAINED else ""))
    unexplained = sum(count for kind, count in kinds.items() if kind not in EXPLAINED)
    print(f"agreement: {agreement:.3f} %; all but {unexplained} of the differences are explained")
    return int(agreement < least)


if __name__ == "__main__":
    sys.exit(main())
