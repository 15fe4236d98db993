"""Tables in the browser: the scripts, on pages with tables alone, and the library that they load.

The library is DataTables, from the package *itables*, which carries it as an ES module. Browsers load no module
from a file, so the output gets a classic script that holds the module's text and hands it over on demand.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.environment.collectors import EnvironmentCollector
from sphinx.errors import ExtensionError

from exptdir.record.files import write_if_changed
from exptdir.sphinxext.tables.nodes import DATATABLE

if TYPE_CHECKING:
    from collections.abc import Set

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

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


class TableCollector(EnvironmentCollector):
    """Notes which documents have data tables, in ``env.exptdir_tabled``."""

    def clear_doc(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        """Forget a document."""
        tabled(env).discard(docname)

    def merge_other(self, app: Sphinx, env: BuildEnvironment, docnames: Set[str], other: BuildEnvironment) -> None:
        """Take over what another process has read."""
        tabled(env).update(tabled(other) & set(docnames))

    def process_doc(self, app: Sphinx, doctree: nodes.document) -> None:
        """Note a document that was read."""
        if any(DATATABLE in table["classes"] for table in doctree.findall(nodes.table)):
            tabled(app.env).add(app.env.docname)


def tabled(env: BuildEnvironment) -> set[str]:
    """Return the names of the documents with data tables."""
    if not hasattr(env, "exptdir_tabled"):
        env.exptdir_tabled = set()  # type: ignore[attr-defined]
    found: set[str] = env.exptdir_tabled  # type: ignore[attr-defined]
    return found


def _dress_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Give a page with tables its style sheet and, where scripts run, its scripts."""
    whole_record = app.builder.name == "singlehtml"
    if not (tabled(app.env) if whole_record else pagename in tabled(app.env)):
        return
    app.add_css_file(_STYLES, priority=_PRIORITY)
    if not _is_embedded(app):
        for script in _SCRIPTS:
            app.add_js_file(script, priority=_PRIORITY, loading_method="defer")


def _is_embedded(app: Sphinx) -> bool:
    """Say whether pages go into a book or a help file."""
    return bool(getattr(app.builder, "embedded", False))


def library_script() -> str:
    """Return the classic script that holds the library, with its licences in front.

    Raises
    ------
    sphinx.errors.ExtensionError
        If the package *itables* is not there, or holds no library.
    """
    try:
        package = distribution("itables")
        bundle = Path(str(package.locate_file("itables/html/dt_bundle.js"))).read_text("utf-8")
    except (PackageNotFoundError, OSError) as error:
        raise ExtensionError("the package itables, with which tables are sorted, is not installed", error) from error
    module, mark, licences = bundle.rpartition(_LICENCES)
    files = [path for path in package.files or () if path.name.startswith("LICEN") and ".dist-info" in str(path)]
    own = files[0].read_text("utf-8").replace("*/", "* /") if files else ""
    return "".join(
        (
            f"/*! itables {package.version}, with DataTables\n\n{own}*/\n",
            f"{mark}{licences.rstrip()}\n",
            _LOADER.format(text=json.dumps(module)),
        )
    )


def _publish(app: Sphinx, exception: Exception | None) -> None:
    """Write the library where a page needs it, and delete it where none does any more."""
    if exception is not None or app.builder.format != "html" or _is_embedded(app):
        return
    path = Path(app.outdir, LIBRARY)
    if not tabled(app.env):
        path.unlink(missing_ok=True)
        return
    write_if_changed(path, library_script().encode())


def setup_grid(app: Sphinx) -> None:
    """Connect to the pages and to the end of a build."""
    app.add_env_collector(TableCollector)
    app.connect("html-page-context", _dress_page)
    app.connect("build-finished", _publish)
