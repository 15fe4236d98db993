"""Big tables: the page has the first rows, a file beside it the others, which a script may load.

The file is written when a document is read, among the doctrees, as it is part of what was read; pages of HTML get
a copy. Its name is the digest of its content, so that it is the same whoever writes it, and when.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from json.encoder import encode_basestring as _string
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.tables.html import SCRIPTED
from exptdir.sphinxext.tables.packed import column_kinds, sort_key

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from exptdir.tables import Cell, Look, Table

#: Rows that a page shows of a table which has more than the limit.
BEGINNING = 100
#: Below the doctrees, and below the output.
_KEPT, _PUBLISHED = "exptdir-tables", "_tables"


def rows_shown(table: Table, limit: int) -> int:
    """Return how many rows below its headings a page shows of a table.

    Parameters
    ----------
    table
        The table.
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
        path.parent.mkdir(parents=True, exist_ok=True)
        # Write a file that another process may be writing too.
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.stem, delete=False) as unfinished:
            unfinished.write(f"exptdirTable({json.dumps(key)}, {content});\n".encode())
        Path(unfinished.name).replace(path)
    keys = domain_of(env).tables.setdefault(env.docname, [])
    if key not in keys:
        keys.append(key)
    return key


def rest_of(table: Table, limit: int) -> str:
    """Return the rows behind the first *limit* as JSON: ``{"rows": [[cell, …], …], "kinds": [kind, …]}``.

    A cell is its text, or ``[text, what it is sorted by]``, or an object with these as ``t`` and ``o`` and how it
    looks: ``b``, ``i``, ``s`` (bold, italic, struck out), ``ink``, ``fill`` and ``h``, its link.
    """
    # Written piece by piece: a million lists and dictionaries for `json` to go through take thrice the time.
    looks: dict[int, str] = {}
    written = (f"[{','.join([_cell(cell, looks) for cell in row])}]" for row in table.rows[table.header_rows + limit :])
    content = f'{{"rows":[{",".join(written)}],"kinds":{json.dumps(column_kinds(table), separators=(",", ":"))}}}'
    # Line ends in the eyes of older browsers, also within a string.
    return content.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _cell(cell: Cell, looks: dict[int, str]) -> str:
    shown, value, kind, its_look, _rowspan, _colspan, _covered, href, _runs = cell
    look = looks.get(id(its_look))
    if look is None:
        look = "".join(f",{_string(name)}:{json.dumps(value)}" for name, value in _look(its_look))
        looks[id(its_look)] = look
    if kind == "number" and not look and not href and isinstance(value, (float, int)) and -1e300 < value < 1e300:
        # Most cells of most big tables, and so without a look at what else a cell can be.
        order = f"{value:.9g}"
        same = order == shown or ("." in shown and order == shown.rstrip("0").rstrip("."))
        return f'"{shown}"' if same else f"[{_string(shown)},{order}]"
    text = _string(shown)
    key = sort_key(cell) if kind == "number" or kind == "date" else None
    if key is not None and kind == "date":
        key = _string(key)
    if not look and not href:
        return text if key is None else f"[{text},{key}]"
    order = "" if key is None else f',"o":{key}'
    link = f',"h":{_string(href)}' if href else ""
    return f'{{"t":{text}{look}{order}{link}}}'


def _look(look: Look) -> Iterator[tuple[str, Any]]:
    for short, is_so in (("b", look.bold), ("i", look.italic), ("s", look.strike)):
        if is_so:
            yield short, 1
    for name, colour in (("ink", look.ink), ("fill", look.fill)):
        if colour:
            yield name, colour


def _kept(env: BuildEnvironment, key: str) -> Path:
    return Path(env.doctreedir, _KEPT, f"{key}.js")


def _keys(domain: ExptDomain) -> set[str]:
    return {key for keys in domain.tables.values() for key in keys}


def _outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
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
            content = _kept(app.env, key).read_bytes()
            if not target.is_file() or target.read_bytes() != content:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
    for path in Path(app.env.doctreedir, _KEPT).glob("*"):
        if path.stem not in keys:
            path.unlink(missing_ok=True)


def setup_tables_big(app: Sphinx) -> None:
    """Connect to the start and the end of a build."""
    app.connect("env-get-outdated", _outdated, priority=300)
    app.connect("build-finished", _publish, priority=800)
