"""Pages with figures: what they depend on, their style sheet, and the script that enlarges figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.figures.index import thumbnails
from exptdir.sphinxext.figures.view import origins_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_STYLES, _SCRIPT = "exptdir-figures.css", "exptdir-figures.js"


def enlarges(domain: ExptDomain, docname: str) -> bool:
    """Say whether a page has figures of an experiment that can be enlarged."""
    figures = domain.figures.get(docname, ())
    return any(figure.enlarged for figure in figures) and domain.record.around(docname) is not None


def figures_shown(domain: ExptDomain, docname: str) -> tuple[Any, ...]:
    """Return what a page shows of its figures and of others' beyond what its document says."""
    if docname not in domain.figures and docname not in domain.figure_indexes:
        return ()
    indexes = domain.figure_indexes.get(docname, ())
    listed = [thumbnails(domain, docname, index) for index in indexes]
    return (enlarges(domain, docname), origins_of(domain, docname), listed)


def _dress_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    domain = domain_of(app.env)
    docnames = sorted(domain.env.found_docs) if app.builder.name == "singlehtml" else [pagename]
    if any(name in domain.figures or name in domain.figure_indexes for name in docnames):
        app.add_css_file(_STYLES)
    # Books and help files are no place for scripts.
    if not getattr(app.builder, "embedded", False) and any(enlarges(domain, name) for name in docnames):
        app.add_js_file(_SCRIPT, loading_method="defer")


def setup_figure_scripts(app: Sphinx) -> None:
    """Connect to the pages."""
    app.connect("html-page-context", _dress_page)
