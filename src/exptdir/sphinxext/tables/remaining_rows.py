"""Big tables: the page has the first rows, a file beside it the others, which a script may load.

The file is written when a document is read, among the doctrees, as it is part of what was read; pages of HTML get
a copy. Its name is the digest of its content, so that it is the same whoever writes it, and when.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from exptdir.record.files import write_if_changed
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.tables.html import SCRIPTED
from exptdir.sphinxext.tables.packed import column_kinds, sort_key

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from exptdir.tables import Cell, Table

#: Rows that a page shows of a table which has more than the limit.
BEGINNING = 100
#: Columns that a page shows.
COLUMNS = 250
#: Below the doctrees, and below the output.
_KEPT, _PUBLISHED = "exptdir-tables", "_tables"


def rows_shown(table: Table, limit: int) -> int:
    """Return how many rows below its headings a page shows of a table.

    Parameters
    ----------
    limit
        The setting ``exptdir_table_limit``; 0 for none.

    Returns
    -------
    int
        0 for all. A table of more rows than the limit is looked through with the browser's tools, not by scrolling:
        the page shows its beginning, and loads as fast as one without it.
    """
    if not limit or table.n_rows - table.header_rows <= limit:
        return 0
    return min(limit, BEGINNING)


def first_columns(table: Table) -> tuple[Table, list[nodes.Node]]:
    """Return what a page shows of a table that is too wide for any, and the paragraph that says so.

    A browser takes seconds for some thousands of columns, and does not end with more.
    """
    if table.n_columns <= COLUMNS:
        return table, []
    from exptdir.tables import select
    from exptdir.tables.ranges import column_letters

    all_letters = table.letters or tuple(column_letters(at + 1) for at in range(table.n_columns))
    shown = f"The first {COLUMNS} of {table.n_columns:,} columns; choose others by “columns” or “range”."
    narrow = select(table, columns=f"{all_letters[0]}:{all_letters[COLUMNS - 1]}")
    return narrow, [nodes.paragraph("", shown, classes=["exptdir-table-more"])]


def more_line(table: Table, limit: int, *, in_file: bool) -> list[nodes.Node]:
    """Return the paragraph that says how many rows are not shown, and where they are; nothing if all are."""
    body = table.n_rows - table.header_rows
    shown, total = min(body, limit) if limit else body, body + table.omitted
    if shown == total:
        return []
    where = "; the file has them all" if in_file else ""
    first = f"The first {shown:,} of {total:,} rows{where}." if shown else f"None of {total:,} rows{where}."
    return [nodes.paragraph("", first, classes=["exptdir-table-more"])]


def keep_rest(env: BuildEnvironment, table: Table, limit: int) -> str | None:
    """Write the rows behind the first *limit* to a file, and return its key; ``None`` where there are none."""
    if not limit or table.n_rows - table.header_rows <= limit:
        return None
    content = rest_of(table, limit)
    key = hashlib.sha256(content.encode()).hexdigest()[:20]
    path = _kept(env, key)
    if not path.is_file():
        write_if_changed(path, f"exptdirTable({json.dumps(key)}, {content});\n".encode())
    keys = domain_of(env).tables.setdefault(env.docname, [])
    if key not in keys:
        keys.append(key)
    return key


def rest_of(table: Table, limit: int) -> str:
    """Return the rows behind the first *limit* as JSON: ``{"rows": [[cell, …], …], "kinds": [kind, …]}``.

    A cell is its text, or ``[text, what it is sorted by]``, or an object with these as ``t`` and ``o`` and how it
    looks: ``b``, ``i``, ``s`` (bold, italic, struck out), ``ink``, ``fill`` and ``h``, its link.
    """
    rows = [list(map(_cell, row)) for row in table.rows[table.header_rows + limit :]]
    content = json.dumps(
        {"rows": rows, "kinds": column_kinds(table)}, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    # Line ends in the eyes of older browsers, also within a string.
    return content.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _cell(cell: Cell) -> str | list[Any] | dict[str, Any]:
    order: str | float | None = sort_key(cell)
    if order is not None and cell.kind == "number":
        order = float(order)
    look = cell.look
    dress = {"b": int(look.bold), "i": int(look.italic), "s": int(look.strike), "ink": look.ink, "fill": look.fill}
    more = {key: value for key, value in {**dress, "h": cell.href}.items() if value}
    if more:
        return {"t": cell.text, **more, **({} if order is None else {"o": order})}
    return cell.text if order is None else [cell.text, order]


def _kept(env: BuildEnvironment, key: str) -> Path:
    return Path(env.doctreedir, _KEPT, f"{key}.js")


def _keys(domain: ExptDomain) -> set[str]:
    return {key for keys in domain.tables.values() for key in keys}


def _outdated(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Have pages read again whose rows somebody has deleted."""
    found = domain_of(env).tables.items()
    return [docname for docname, keys in found if not all(_kept(env, key).is_file() for key in keys)]


def published(domain: ExptDomain) -> list[str]:
    """Return the files that pages of HTML load, relative to the output directory."""
    return [f"{_PUBLISHED}/{key}.js" for key in sorted(_keys(domain))]


def _publish(app: Sphinx, exception: Exception | None) -> None:
    """Copy the rows beside the pages, and forget those that no document has any more."""
    if exception is not None:
        return
    keys = _keys(domain_of(app.env))
    if app.builder.name in SCRIPTED:
        for key in sorted(keys):
            target = Path(app.outdir, _PUBLISHED, f"{key}.js")
            write_if_changed(target, _kept(app.env, key).read_bytes())
    for path in Path(app.env.doctreedir, _KEPT).glob("*"):
        if path.stem not in keys:
            path.unlink(missing_ok=True)


def setup_tables_big(app: Sphinx) -> None:
    """Connect to the start and the end of a build."""
    app.connect("env-get-outdated", _outdated, priority=300)
    app.connect("build-finished", _publish, priority=800)
