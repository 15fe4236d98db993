"""Write counts.xlsx, the workbook that the manual's tables come from."""

from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font

book = Workbook()
counts = book.active
counts.title = "Counts"
counts.append(["tray", "sown", "seeds", "germinated", "share", "kept"])
for tray, day, germinated, kept in (("A", 20, 24, True), ("B", 20, 19, True), ("C", 21, 7, False)):
    counts.append([tray, date(2024, 5, day), 25, germinated, germinated / 25, kept])
for row in counts.iter_rows(min_row=2):
    row[1].number_format = "d mmm yyyy"
    row[4].number_format = "0.0%"
for cell in counts[1]:
    cell.font = Font(bold=True)

setup = book.create_sheet("Setup")
setup["B2"], setup["C2"], setup["D2"] = "tray", "light", None
setup["C3"], setup["D3"] = "hours", "lamp"
setup.merge_cells("C2:D2")
for row, values in enumerate((("A", 16, "LED"), ("B", 16, "window"), ("C", 0, "none")), start=4):
    for column, value in zip("BCD", values, strict=True):
        setup[f"{column}{row}"] = value
book.save(Path(__file__).with_name("counts.xlsx"))
