"""What the notebook's scripts share: least of several measurements, and a CSV that becomes a workbook.

A script measures, puts its rows into ``results.csv`` and makes ``results.xlsx`` of that. Rows that were not
measured this time stay, so that a long measurement can be made in parts, and repeated in part.
"""

from __future__ import annotations

import csv
import io
import os
import platform
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import process_time

#: What openpyxl writes into a workbook besides the contents; the same each time, so that the bytes are, too.
_STAMP = datetime(2000, 1, 1)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")

Row = Mapping[str, object]
#: For each column its heading and its number format; text has the format "General".
Columns = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Timing:
    """The least of several measurements, and how much more the worst of them was, as a share of the least."""

    least: float
    spread: float

    @classmethod
    def of(cls, measured: Sequence[float]) -> Timing:
        """Sum up what was measured."""
        least = min(measured)
        return cls(least, max(measured) / least - 1 if least else 0.0)


def cpu(work: Callable[[], object], repeat: int) -> Timing:
    """Do some work once to warm up, then some times more, and return the processor time of those."""
    work()
    measured = []
    for _ in range(repeat):
        begun = process_time()
        work()
        measured.append(process_time() - begun)
    return Timing.of(measured)


def machine(*packages: str) -> str:
    """Say what was measured on, for the log: cores, Python, and the versions of some packages."""
    from importlib.metadata import version

    named = (f"{package} {version(package)}" for package in packages)
    place = f"{platform.system()}, {os.cpu_count()} cores"
    return ", ".join([place, f"Python {platform.python_version()}", *named])


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of an earlier measurement, or none."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def merge_csv(path: Path, rows: Iterable[Row], keys: Sequence[str]) -> None:
    """Put rows into a CSV in place of those with the same keys, and sort it by its keys.

    Parameters
    ----------
    path
        The file, which need not exist.
    rows
        What was measured.
    keys
        The columns that say what a row is about; numbers in them count as numbers.
    """
    new = [{name: _text(value) for name, value in row.items()} for row in rows]
    known = {tuple(row[key] for key in keys): row for row in [*read_csv(path), *new]}
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(new[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for _, row in sorted(known.items(), key=lambda item: [_order(k) for k in item[0]]))


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def _order(text: str) -> tuple[bool, float, str]:
    number = _number(text)
    return (True, 0.0, text) if number is None else (False, number, "")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def write_workbook(path: Path, sheets: Mapping[str, tuple[Path, Columns]]) -> None:
    """Make a workbook of CSV files, with headings and number formats; the same files give the same bytes.

    Parameters
    ----------
    path
        The workbook.
    sheets
        For each sheet its name, its CSV, and the columns to take from it.
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.created = _STAMP
    for name, (source, columns) in sheets.items():
        _fill(book.create_sheet(name), read_csv(source), columns)
    stream = io.BytesIO()
    book.save(stream)
    content = _without_clock(stream)
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def _fill(sheet: object, rows: Sequence[Mapping[str, str]], columns: Columns) -> None:
    from openpyxl.styles import Font
    from openpyxl.worksheet.worksheet import Worksheet

    assert isinstance(sheet, Worksheet)
    for column, (name, (heading, code)) in enumerate(columns.items(), start=1):
        sheet.cell(1, column, heading).font = Font(bold=True)
        for line, row in enumerate(rows, start=2):
            number = None if code == "General" else _number(row[name])
            cell = sheet.cell(line, column, row[name] or None if number is None else number)
            cell.number_format = code
    sheet.freeze_panes = "A2"


def _without_clock(stream: io.BytesIO) -> bytes:
    """Write the archive again, without the times at which its parts were made."""
    written = io.BytesIO()
    stamp = _STAMP.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + stamp, content)
            info = zipfile.ZipInfo(name, _STAMP.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, content)
    return written.getvalue()
