"""Parsers that name a document in which they give up, where Sphinx's own end the whole build without a name.

They call themselves for each part within a part, and Python allows so many such calls. A page that includes itself
has no end at all. And of MyST's, that it makes a heading of the title in front matter where the page has none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exptdir.record.documents import nulls
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.pages import lacks_heading

if TYPE_CHECKING:
    from pathlib import Path

    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.config import Config

#: Why they give up.
TOO_DEEP = "its parts are nested too deep, or it includes itself"


class NamingParser:
    """Mixin for a parser: a document that it cannot follow becomes one that says so."""

    def parse(self, inputstring: Any, document: nodes.document) -> None:
        """Parse a document; one that is nested too deep is reported, and left with one sentence."""
        env = document.settings.env
        null = nulls(inputstring) if isinstance(inputstring, str) else None
        if null is not None:
            domain_of(env).note_trouble(env.docname, null.kind, null.message, null.line)
            inputstring = inputstring.replace("\0", "\ufffd")
        options = getattr(env, "myst_config", None)
        if options is not None and lacks_heading(domain_of(env).shown_by(env.docname), inputstring):
            env.myst_config = replace(options, title_to_header=True)
        try:
            super().parse(inputstring, document)  # type: ignore[misc]
        except RecursionError:
            # What was made of it so far may be as deep as that.
            document.children = []
            title = env.docname.rpartition("/")[2]
            # The same in reStructuredText and Markdown.
            instead = f"{title}\n{'=' * 2 * len(title)}\n\nThis page cannot be shown: {TOO_DEEP}.\n"
            super().parse(instead, document)  # type: ignore[misc]
            domain_of(env).note_trouble(env.docname, "log", f"the page is left out: {TOO_DEEP}", 1)
        finally:
            if options is not None:
                env.myst_config = options


def name_documents(app: Sphinx, config: Config) -> None:
    """Have all parsers that are set up name documents."""
    for parser in set(app.registry.source_parsers.values()):
        if not issubclass(parser, NamingParser):
            app.add_source_parser(type(parser.__name__, (NamingParser, parser), {}), override=True)


def replace_nulls(app: Sphinx, path: Path, docname: str, content: list[str]) -> None:
    """Have none in what a page in reStructuredText includes; Markdown has no other rule."""
    content[0] = content[0].replace("\0", "\ufffd")


def setup_parsers(app: Sphinx) -> None:
    """Connect to the end of all extensions' setup."""
    app.connect("config-inited", name_documents, priority=960)
    app.connect("include-read", replace_nulls)
