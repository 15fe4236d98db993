"""What pages with tables load: scripts, the library that these load, and the rows that a page does not show.

The library is DataTables, from the package *itables*, which carries it as an ES module. Browsers load no module
from a file, so the output gets a classic script that holds the module's text and hands it over on demand.

Of a big table the page has the first rows. A file with the others is written when a document is read, among the
doctrees, as it is part of what was read; pages of HTML get a copy. Its name is the digest of its content, so that it is
the same whoever writes it, and when.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.errors import ExtensionError

from exptdir.record.files import write_if_changed
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.language import add_words
from exptdir.sphinxext.pages import copies
from exptdir.sphinxext.tables.nodes import SCRIPTED, table_box
from exptdir.sphinxext.tables.packed_table import column_kinds, sort_key

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from exptdir.tables import Cell, Table

LIBRARY = "_static/exptdir-datatables.js"
_SCRIPTS = ("exptdir-tables-cells.js", "exptdir-tables-rows.js", "exptdir-tables.js")
_STYLES = "exptdir-tables.css"
#: After the theme's, so that a table of ours looks the same with every theme.
_PRIORITY = 700
#: How the bundle's list of the licences in it begins; nothing follows the list.
_LICENCES = "/*! Bundled license information"
_LOADER = """\
window.exptdirDataTables = async () => {{
  const address = URL.createObjectURL(new Blob([{text}], {{ type: "text/javascript" }}));
  try {{
    return await import(address);
  }} finally {{
    URL.revokeObjectURL(address);
  }}
}};
"""
#: Where rows are kept below the doctrees, and below the output.
_KEPT, _PUBLISHED = "exptdir-tables", "_tables"


def add_scripts(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Give a page with tables its style sheet and, where scripts run, its scripts."""
    domain = domain_of(app.env)
    here = pagename in domain.tables or copies(domain, pagename, doctree, table_box)
    if not (domain.tables if app.builder.name == "singlehtml" else here):
        return
    app.add_css_file(_STYLES, priority=_PRIORITY)
    if not getattr(app.builder, "embedded", False):
        add_words(app)
        for script in _SCRIPTS:
            app.add_js_file(script, priority=_PRIORITY, loading_method="defer")


def library_script() -> str:
    """Return the classic script that holds the library, with its licences in front.

    Raises ExtensionError if the package *itables* is not there, or holds no library.
    """
    try:
        package = distribution("itables")
        bundle = Path(str(package.locate_file("itables/html/dt_bundle.js"))).read_text("utf-8")
    except (PackageNotFoundError, OSError) as error:
        raise ExtensionError("the package itables, with which tables are sorted, is not installed", error) from error
    module, mark, licences = bundle.rpartition(_LICENCES)
    files = [path for path in package.files or () if path.name.startswith("LICEN") and ".dist-info" in str(path)]
    own = files[0].read_text("utf-8").replace("*/", "* /") if files else ""
    head = f"/*! itables {package.version}, with DataTables\n\n{own}*/\n{mark}{licences.rstrip()}\n"
    return head + _LOADER.format(text=json.dumps(module))


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
    kinds = column_kinds(table)
    numeric = [kind == "number" for kind in kinds]
    rows = [list(map(_cell, row, numeric)) for row in table.rows[table.header_rows + limit :]]
    content = json.dumps({"rows": rows, "kinds": kinds}, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Line ends in the eyes of older browsers, also within a string.
    return content.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _cell(cell: Cell, numeric: bool) -> str | list[Any] | dict[str, Any]:
    order: str | float | None = sort_key(cell, numeric)
    if order is not None and cell.kind == "number":
        order = float(order)
    look = cell.look
    if look.bold or look.italic or look.strike or look.ink or look.fill or cell.href:
        dress = {"b": int(look.bold), "i": int(look.italic), "s": int(look.strike), "ink": look.ink, "fill": look.fill}
        more = {key: value for key, value in {**dress, "h": cell.href}.items() if value}
        return {"t": cell.text, **more, **({} if order is None else {"o": order})}
    return cell.text if order is None else [cell.text, order]


def _kept(env: BuildEnvironment, key: str) -> Path:
    return Path(env.doctreedir, _KEPT, f"{key}.js")


def find_lost_rows(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """Have pages read again whose rows somebody has deleted."""
    found = domain_of(env).tables.items()
    return [docname for docname, keys in found if not all(_kept(env, key).is_file() for key in keys)]


def published(domain: ExptDomain) -> list[str]:
    """Return the files with rows that pages of HTML load, relative to the output directory."""
    return sorted({f"{_PUBLISHED}/{key}.js" for keys in domain.tables.values() for key in keys})


def publish(app: Sphinx, exception: Exception | None) -> None:
    """Write the library and the rows where a page needs them, and delete what none needs any more."""
    if exception is not None:
        return
    domain = domain_of(app.env)
    names = {Path(name).name: name for name in published(domain)}
    for path in Path(app.env.doctreedir, _KEPT).glob("*"):
        if path.name not in names:
            path.unlink(missing_ok=True)
        elif app.builder.name in SCRIPTED:
            write_if_changed(Path(app.outdir, names[path.name]), path.read_bytes())
    library = Path(app.outdir, LIBRARY)
    if app.builder.format != "html" or getattr(app.builder, "embedded", False):
        return
    if domain.tables:
        write_if_changed(library, library_script().encode())
    else:
        library.unlink(missing_ok=True)


def setup_table_scripts(app: Sphinx) -> None:
    """Connect to the pages, and to the start and the end of a build."""
    app.connect("env-get-outdated", find_lost_rows, priority=300)
    app.connect("html-page-context", add_scripts)
    app.connect("build-finished", publish, priority=800)
