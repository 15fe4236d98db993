"""What tests of unreadable workbooks share."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from exptdir.errors import TableError
from exptdir.tables import read_table


def good_workbook(path: Path) -> Path:
    """Save a workbook of three sheets in which nothing is wrong."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Results"
    for row in range(200):
        sheet.append([f"run {row}", row * 1.37, row % 2 == 0])
    book.create_sheet("Summary").append(["x"])
    book.create_sheet("Summaries 2").append(["y"])
    book.save(path)
    return path


def refusal(path: Path, **options: object) -> str:
    """Return the message with which a file is refused."""
    with pytest.raises(TableError) as caught:
        read_table(path, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    return message


def replace(path: Path, target: Path, changes: dict[str, bytes]) -> Path:
    """Copy a workbook with some of its parts replaced, or added."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, changes.pop(name, None) or old.read(name))
        for name, data in changes.items():
            new.writestr(name, data)
    return target
