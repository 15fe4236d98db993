"""Pages that are written one by one between builds, as a preview does.

Whoever does so emits ``write-started``, as Sphinx does before it writes, and :data:`WRITTEN` when the pages are
written: then what was put aside for writing is put back. Pages and files that a build collects are left to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: The event, whose one argument is what went wrong, as that of ``build-finished`` is.
WRITTEN = "exptdir-pages-written"


def setup_single(app: Sphinx) -> None:
    """Register the event."""
    app.add_event(WRITTEN)
