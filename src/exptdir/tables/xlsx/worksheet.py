"""One sheet of a workbook: its cells as they are shown, and what is said about them elsewhere in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from exptdir.record.problem import Problem
from exptdir.tables.cellrows import RawCell
from exptdir.tables.grid import Position, Sheet
from exptdir.tables.manifest import SheetPart
from exptdir.tables.model import EMPTY, Cell, Look, TextRun, plain, safe_link
from exptdir.tables.parts import Package
from exptdir.tables.ranges import Box, cell_name
from exptdir.tables.rules import Edges
from exptdir.tables.tableobjects import read_table_objects
from exptdir.tables.xlsx.pictures import Drawn, count_pictures, pictures_in_cells, read_drawings
from exptdir.tables.xlsx.richtext import Texts
from exptdir.tables.xlsx.runs import Run
from exptdir.tables.xlsx.sheetxml import SheetXml, parse_sheet
from exptdir.tables.xlsx.stored import CellMaker
from exptdir.tables.xlsx.styles import Stylesheet

Change = Callable[[Cell], Cell]


class Shared(NamedTuple):
    """What all sheets of a workbook share: its file, styles and texts, and the part with metadata of values."""

    path: Path
    styles: Stylesheet
    texts: Texts
    date1904: bool
    metadata: str | None


def read_worksheet(package: Package, part: SheetPart, shared: Shared) -> Sheet:
    """Read a sheet.

    Parameters
    ----------
    package
        The workbook.
    part
        The sheet.
    shared
        What it shares with the others.

    Returns
    -------
    Sheet
        The cells that hold something, and how they are shown.

    Raises
    ------
    xml.parsers.expat.ExpatError, ValueError, LookupError, TableError
        If a part is damaged.
    """
    with package.open(part.part) as stream:
        xml = parse_sheet(stream, shared.styles.bordered)
    maker = CellMaker(
        strings=shared.texts.plain,
        style=shared.styles.style,
        date1904=shared.date1904,
        links=_links(package, part, xml),
        runs=partial(_shared_runs, shared),
    )
    used = maker.used(xml.cells, xml.types)
    tables = list(read_table_objects(package, part.part, part.name))
    pictured = pictures_in_cells(package, shared.metadata, xml.metadata)
    drawn = [*read_drawings(package, part.part), *(Drawn("picture", at) for at in sorted(pictured))]
    return Sheet(
        path=shared.path,
        name=part.name,
        used=used,
        show=lambda at: maker.make(at, used[at]),
        show_row=lambda row, columns: maker.make_row(row, used.rows.get(row), columns),
        changes=_changes(xml, shared) | dict.fromkeys(pictured, _pictured),
        merged=xml.merged,
        hidden_rows=xml.hidden_rows,
        hidden_columns=xml.hidden_columns,
        frozen_rows=xml.frozen_rows,
        frozen_columns=xml.frozen_columns,
        header_boxes=[*(table.box for table in tables if table.header_rows), *xml.filters],
        label_boxes=[table.box for table in tables if table.first_column],
        borders=_borders(xml, shared.styles),
        late_problems=partial(_without_values, shared.path, part.name, _lacking(xml)),
        notes=partial(_notes, drawn),
    )


def _links(package: Package, part: SheetPart, xml: SheetXml) -> list[tuple[Box, str]]:
    targets = {relation.id: relation.target for relation in package.relations(part.part)} if xml.links else {}
    links = [(box, safe_link(targets.get(target))) for box, target in xml.links]
    return [(box, target) for box, target in links if target is not None]


def _changes(xml: SheetXml, shared: Shared) -> dict[Position, Change]:
    """Return what gives texts that are not shared their several looks."""
    return {at: partial(_with_runs, runs, shared.styles) for at, runs in xml.rich.items()}


def _with_runs(runs: tuple[Run, ...], styles: Stylesheet, cell: Cell) -> Cell:
    found = _text_runs(runs, styles, cell.look)
    return cell._replace(runs=found) if "".join(run.text for run in found) == cell.text else cell


def _shared_runs(shared: Shared, raw: RawCell, look: Look) -> tuple[TextRun, ...]:
    if raw.type != "s" or raw.stored is None or not shared.texts.rich:
        return ()
    return _text_runs(shared.texts.rich.get(int(raw.stored), ()), shared.styles, look)


def _text_runs(stored: tuple[Run, ...], styles: Stylesheet, cell: Look) -> tuple[TextRun, ...]:
    """Return the parts of a text, those of one look joined; none where all look like the cell."""
    runs: list[TextRun] = []
    for part in stored:
        look = cell if part.properties is None else styles.run_look(part.properties, cell)
        text = plain(part.text)
        if runs and runs[-1].look == look:
            text = runs.pop().text + text
        if text:
            runs.append(TextRun(text, look))
    return () if all(run.look == cell for run in runs) else tuple(runs)


def _pictured(cell: Cell) -> Cell:
    return EMPTY._replace(look=cell.look)


def _borders(xml: SheetXml, styles: Stylesheet) -> Mapping[Position, Edges]:
    """Return the borders of the cells that have any, if one of those that hold something has."""
    if not styles.bordered:
        return {}
    found = {
        (row, column): styles.edges(raw.style)
        for row, cells in xml.cells.rows.items()
        for column, raw in cells.items()
        if raw.style in styles.bordered
    }
    return found | {at: styles.edges(style) for at, style in xml.blanks.items()} if found else {}


def _lacking(xml: SheetXml) -> list[Position]:
    """Return the formulas without a stored value."""
    return [
        (row, column)
        for row, cells in xml.cells.rows.items()
        for column, raw in cells.items()
        if raw.stored is None
    ]


def _without_values(
    path: Path, sheet: str, lacking: list[Position], shown: Callable[[Position], bool]
) -> list[Problem]:
    """Report the formulas without a stored value among the cells that are shown."""
    missing = [at for at in lacking if shown(at)]
    if not missing:
        return []
    first, count = cell_name(*min(missing)), len(missing)
    what = f"the formula in {first} has" if count == 1 else f"{count} formulas (from {first} on) have"
    message = (
        f"sheet {sheet!r}: {what} no stored value, so that the formula itself is shown: "
        f"open the workbook in a spreadsheet program and save it once"
    )
    return [Problem("table", message, path)]


def _notes(drawn: list[Drawn], box: Box | None) -> list[str]:
    """Say what is drawn in a range of the sheet, or anywhere on it, and not shown."""
    kinds = [
        one.kind
        for one in drawn
        if box is None or (box.top <= one.at[0] <= box.bottom and box.left <= one.at[1] <= box.right)
    ]
    note = count_pictures(kinds)
    return [note] if note else []
