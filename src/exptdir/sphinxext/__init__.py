"""The adapter between the core and Sphinx; with the preview, the only part that imports it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from exptdir import __version__
from exptdir.sphinxext.assets import setup_assets
from exptdir.sphinxext.build_mark import setup_build_mark
from exptdir.sphinxext.cites import setup_cites
from exptdir.sphinxext.companions import setup_companions, setup_style
from exptdir.sphinxext.conditions import setup_conditions
from exptdir.sphinxext.config import setup_config
from exptdir.sphinxext.curves import setup_curves
from exptdir.sphinxext.dependencies import setup_dependencies
from exptdir.sphinxext.doi import setup_doi
from exptdir.sphinxext.domain import ExptDomain, setup_roles
from exptdir.sphinxext.entries import setup_entries
from exptdir.sphinxext.figures.index import setup_figure_index
from exptdir.sphinxext.figures.notes import setup_figure_notes
from exptdir.sphinxext.figures.provenance import setup_figure_origin
from exptdir.sphinxext.figures.update import setup_figures
from exptdir.sphinxext.journal.archive_pages import setup_archive
from exptdir.sphinxext.journal.calendar import setup_calendar
from exptdir.sphinxext.journal.cited_by import setup_cited_by
from exptdir.sphinxext.journal.contents import setup_contents
from exptdir.sphinxext.journal.drafts import setup_drafts
from exptdir.sphinxext.journal.drawing import setup_drawing
from exptdir.sphinxext.journal.feed import setup_feed
from exptdir.sphinxext.journal.graph import setup_graph
from exptdir.sphinxext.journal.header import setup_header
from exptdir.sphinxext.journal.journal import setup_journal
from exptdir.sphinxext.journal.listing import setup_listing
from exptdir.sphinxext.journal.mentions import setup_mentions
from exptdir.sphinxext.journal.tasks import setup_tasks
from exptdir.sphinxext.labels import setup_labels
from exptdir.sphinxext.language import setup_language
from exptdir.sphinxext.logs.directive import setup_logs
from exptdir.sphinxext.logs.documents import setup_other_logs
from exptdir.sphinxext.mathml import setup_math
from exptdir.sphinxext.navigation import setup_navigation
from exptdir.sphinxext.notebooks import setup_notebooks
from exptdir.sphinxext.outputs import setup_outputs
from exptdir.sphinxext.pages import setup_pages
from exptdir.sphinxext.parsers import setup_parsers
from exptdir.sphinxext.protocol import setup_protocol
from exptdir.sphinxext.record import setup_record, setup_report
from exptdir.sphinxext.runs import setup_runs
from exptdir.sphinxext.singlehtml import setup_singlefile
from exptdir.sphinxext.store import DocumentMaps
from exptdir.sphinxext.tables.cell import setup_cell
from exptdir.sphinxext.tables.directive import setup_tables
from exptdir.sphinxext.toctree import setup_toctree
from exptdir.sphinxext.xhtml import setup_xhtml

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Set up every feature."""
    setup_config(app)
    setup_language(app)
    setup_build_mark(app)
    setup_companions(app)
    app.add_domain(ExptDomain)
    setup_roles(app)
    setup_record(app)
    setup_pages(app)
    setup_labels(app)
    setup_conditions(app)
    setup_entries(app)
    setup_toctree(app)
    setup_cites(app)
    setup_cited_by(app)
    setup_mentions(app)
    setup_drafts(app)
    setup_contents(app)
    setup_header(app)
    setup_notebooks(app)
    setup_listing(app)
    setup_journal(app)
    setup_tasks(app)
    setup_drawing(app)
    setup_calendar(app)
    setup_graph(app)
    setup_feed(app)
    setup_archive(app)
    setup_assets(app)
    setup_dependencies(app)
    setup_figures(app)
    setup_figure_notes(app)
    setup_figure_origin(app)
    setup_figure_index(app)
    setup_tables(app)
    setup_logs(app)
    setup_other_logs(app)
    setup_runs(app)
    setup_curves(app)
    setup_cell(app)
    setup_protocol(app)
    setup_doi(app)
    setup_math(app)
    setup_xhtml(app)
    setup_parsers(app)
    setup_navigation(app)
    setup_style(app)
    setup_outputs(app)
    setup_singlefile(app)
    setup_report(app)
    # What another exptdir has kept of documents, of the same version too, is read anew where the maps are others.
    kept = zlib.crc32(repr(DocumentMaps.__annotations__).encode())
    return {"version": __version__, "env_version": kept, "parallel_read_safe": True, "parallel_write_safe": True}
