"""exptdir: lab notebooks kept as plain files, published with Sphinx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__version__ = "0.1.0"


def setup(app: Sphinx) -> dict[str, Any]:
    """Entry point for ``extensions = ["exptdir"]``; the adapter, and with it Sphinx, is imported only here."""
    from exptdir.sphinxext import setup as setup_adapter

    return setup_adapter(app)
