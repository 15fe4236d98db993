"""Sets up the extensions that exptdir stands on, where the author has not.

The style sheet, which follows the theme's colours in the light scheme and the dark.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

#: What Markdown logs are written with elsewhere, and MyST leaves off unless it is told.
_MYST_EXTENSIONS = ["colon_fence", "deflist", "dollarmath", "fieldlist", "tasklist"]
_MYST = frozenset({"myst_parser", "myst_nb"})


def enable_markdown(app: Sphinx, config: Config) -> None:
    """Enable the usual Markdown, where the author says nothing of it."""
    if "myst_enable_extensions" not in config._raw_config:
        config.myst_enable_extensions = set(_MYST_EXTENSIONS)
        # "$5 and $6" is no formula.
        config.myst_dmath_allow_digits = False
        config.myst_dmath_allow_space = False


def setup_companions(app: Sphinx) -> None:
    """Set up sphinx-design, and MyST-Parser unless ``source_suffix`` is set and does not name Markdown's."""
    # Those that come later in the author's list are not set up yet, but would be a second time.
    named = set(app.config._raw_config.get("extensions", ())) | set(app.extensions)
    if "sphinx_design" not in named:
        app.setup_extension("sphinx_design")
    suffixes = app.config._raw_config.get("source_suffix", ".md")
    if not _MYST & named and ".md" in ([suffixes] if isinstance(suffixes, str) else suffixes):
        app.setup_extension("myst_parser")
        app.connect("config-inited", enable_markdown, priority=400)


def add_paths(app: Sphinx, config: Config) -> None:
    """Have our templates found, and our style sheets and scripts copied, with those of the project."""
    # Where files have the same name the author's win: of static files the last, of templates the first.
    config.html_static_path = [str(Path(__file__).parent / "static"), *config.html_static_path]
    config.templates_path = [*config.templates_path, str(Path(__file__).parent / "templates")]


def setup_style(app: Sphinx) -> None:
    """Register the style sheet with every page."""
    app.connect("config-inited", add_paths)
    app.add_css_file("exptdir.css")
