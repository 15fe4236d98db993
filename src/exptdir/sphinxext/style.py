"""The style sheet, which follows the theme's colours in the light scheme and the dark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config


def _add_static(app: Sphinx, config: Config) -> None:
    # In front of the author's, whose files of the same name win.
    config.html_static_path = [str(Path(__file__).parent / "static"), *config.html_static_path]


def setup_style(app: Sphinx) -> None:
    """Register the style sheet with every page."""
    app.connect("config-inited", _add_static)
    app.add_css_file("exptdir.css")
