"""Directives of the manual: what the code declares, and examples beside what they become."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from exptdir.record.settings import PREFIX, Settings
from exptdir.sphinxext import config, warnings_
from exptdir.sphinxext.warnings_ import Subtype

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx

_PART = re.compile(r"^=== (.+)\n", re.MULTILINE)
_LANGUAGES = {".rst": "rst", ".md": "markdown", ".py": "python", ".toml": "toml"}
_REBUILDS = {
    "env": "A change reads every document again.",
    "html": "A change writes every page again.",
    "": "A change writes those pages again that show something else for it.",
}


class Case(NamedTuple):
    """A small record with something wrong in it: its files by path, and the warnings that it gives."""

    files: dict[str, str]
    warnings: list[str]


def read_case(path: Path) -> Case:
    """Read a case: parts under lines ``=== path``, the last of them ``=== warnings``."""
    pieces = _PART.split(path.read_text("utf-8"))
    parts = dict(zip(pieces[1::2], (text.strip("\n") + "\n" for text in pieces[2::2]), strict=True))
    warnings = parts.pop("warnings").splitlines()
    return Case(parts, warnings)


def _indented(text: str, by: int = 3) -> Iterator[str]:
    for line in text.splitlines():
        yield " " * by + line if line.strip() else ""


class _Generated(SphinxDirective):
    """Base of the directives whose content is reStructuredText that we make ourselves."""

    source: Path

    def run(self) -> list[Node]:
        """Parse what :meth:`lines` makes."""
        if Path(self.env.doc2path(self.env.docname)).suffix != ".rst":
            raise self.error(f"{self.name} works in reStructuredText alone")
        self.env.note_dependency(str(self.source))
        return self.parse_text_to_nodes("\n".join(self.lines()), allow_section_headings=True)

    def lines(self) -> Iterator[str]:
        """Yield the lines of the content."""
        raise NotImplementedError


class ConfigurationDirective(_Generated):
    """``.. exptdir-configuration::``: every configuration value, from its declaration."""

    source = Path(config.__file__)

    def lines(self) -> Iterator[str]:
        """Yield a ``confval`` for each value."""
        defaults = Settings()
        for option in fields(Settings):
            yield f".. confval:: {PREFIX}{option.name}"
            yield f"   :type: ``{option.type}``"
            yield f"   :default: ``{getattr(defaults, option.name)!r}``"
            yield ""
            yield from _indented(str(option.metadata["help"]))
            yield ""
            yield from _indented(_REBUILDS[option.metadata["rebuild"]])
            yield ""


class WarningsDirective(_Generated):
    """``.. exptdir-warnings:: problems``: every subtype, with the cases in a directory beside the page."""

    required_arguments = 1
    source = Path(warnings_.__file__)

    def lines(self) -> Iterator[str]:
        """Yield a section for each subtype."""
        directory = Path(self.env.doc2path(self.env.docname)).parent / self.arguments[0]
        for subtype in Subtype:
            title = f"exptdir.{subtype.name}"
            yield from (f".. _warning-{subtype.name}:", "", title, "-" * len(title), "", subtype.value, "")
            path = directory / f"{subtype.name}.txt"
            self.env.note_dependency(str(path))
            yield from self._case(read_case(path))

    def _case(self, case: Case) -> Iterator[str]:
        for name, text in case.files.items():
            yield from self._block(_LANGUAGES.get(Path(name).suffix, "text"), text, name)
        yield from self._block("text", "\n".join(case.warnings), "what the build says")

    def _block(self, language: str, text: str, caption: str) -> Iterator[str]:
        options = (f"   :caption: {caption}", "   :class: manual-wrap")
        yield from (f".. code-block:: {language}", *options, "", *_indented(text), "")


class ExampleDirective(SphinxDirective):
    """``.. example::``: shows its content as source, and below it what that becomes."""

    has_content = True

    def run(self) -> list[Node]:
        """Return a container with the source and the result."""
        self.assert_has_content()
        source = "\n".join(self.content)
        suffix = Path(self.env.doc2path(self.env.docname)).suffix
        shown = nodes.literal_block(source, source, language=_LANGUAGES[suffix], classes=["manual-source"])
        self.set_source_info(shown)
        result = nodes.container("", *self.parse_content_to_nodes(), classes=["manual-result"])
        return [nodes.container("", shown, result, classes=["manual-example"])]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("exptdir-configuration", ConfigurationDirective)
    app.add_directive("exptdir-warnings", WarningsDirective)
    app.add_directive("example", ExampleDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
