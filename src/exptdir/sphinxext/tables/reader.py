"""The reader that all documents of a build share, so that a workbook used ten times is read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exptdir.sphinxext.domain import domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from exptdir.tables import TableReader


def reader_of(env: BuildEnvironment) -> TableReader:
    """Return the reader of this build, made when it is first asked for."""
    domain = domain_of(env)
    if domain.table_reader is None:
        # Most builds read no spreadsheet.
        from exptdir.tables import TableReader

        domain.table_reader = TableReader()
    return domain.table_reader


def _forget(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Let go of the files when all documents are read."""
    domain_of(env).table_reader = None
    return []


def setup_tables_reader(app: Sphinx) -> None:
    """Connect to the end of reading."""
    app.connect("env-updated", _forget)
