"""What a Sphinx application has gathered in a build, and must not bring into the next."""

from __future__ import annotations

import filecmp
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class Beginnings:
    """What an application has before its first build.

    Themes and extensions add scripts and style sheets while pages are written: to the application, which keeps them
    all, and to the builder, which keeps those of the last page. Both go to every page of the next build.

    Parameters
    ----------
    app
        The application, which has just been made.
    """

    def __init__(self, app: Sphinx) -> None:
        builder: Any = app.builder
        lists = (app.registry.js_files, app.registry.css_files, builder._js_files, builder._css_files)
        self._lists: list[tuple[list[Any], list[Any]]] = [(one, list(one)) for one in lists]

    def restore(self, app: Sphinx) -> None:
        """Have the application begin as it did the first time, but for the documents that it has read."""
        for now, first in self._lists:
            now[:] = first
        app._warncount = 0
        app.statuscode = 0
        app.builder.images.clear()
        env = app.env
        env._pickled_doctree_cache.clear()
        env._write_doc_doctree_cache.clear()
        env.__dict__.pop("master_doctree", None)
        # A document whose reading failed is still the current one, and is copied for every page that is written.
        env.current_document = type(env.current_document)()
        env.ref_context.clear()
        # Sizes and times that were seen before do not tell that a file is the same.
        filecmp.clear_cache()
