"""The repository is itself a record: its manual and its own notebook are one site."""

import sys
from pathlib import Path

from exptdir import __version__

HERE = Path(__file__).parent
# Directives that only this manual needs.
sys.path.insert(0, str(HERE / "docs" / "_ext"))

project = "exptdir"
author = "The exptdir authors"
copyright = author
version = release = __version__

extensions = ["exptdir", "exptdir_reference", "exptdir_commands"]
# Our own notebook, and the small made-up record that the manual's examples refer to.
exptdir_roots = ["expts", "docs/examples"]
exclude_patterns = ["src", "tests", "benchmarks", ".venv*", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"]

html_theme = "pydata_sphinx_theme"
html_title = "exptdir"
html_static_path = ["docs/_static"]
html_css_files = ["manual.css"]
html_theme_options = {"navigation_with_keys": False}
