"""The sample record of `tests/sites`, with the workbook that is made rather than kept."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import openpyxl

from tests.sphinxext.building import Site

SAMPLE = Path(__file__).parents[1] / "sites" / "sample"


def sample_site(root: Path, **overrides: Any) -> Site:
    """Copy the sample record below *root*, ready to be built."""
    site = Site(root, overrides=overrides)
    shutil.copytree(SAMPLE, site.source)
    book = openpyxl.Workbook()
    book.active.title = "First day"
    book.active.append(["hour", "weight"])
    sheet = book.create_sheet("Second day")
    for row in (["hour", "weight"], [0, 100.004], [6, 100.1]):
        sheet.append(row)
    for row in (2, 3):
        sheet.cell(row, 2).number_format = "0.00"
    book.save(site.source / "expts" / "0001_calibrate" / "0002_repeat" / "repeated.xlsx")
    return site
