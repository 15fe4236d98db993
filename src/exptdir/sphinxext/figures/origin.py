"""Below a figure: the script that drew it, what that read, and what is wrong with it."""

from __future__ import annotations

import posixpath
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from docutils import nodes

from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.figures.facts import Input, Origin, script_text
from exptdir.sphinxext.figures.view import origins_of
from exptdir.sphinxext.placeholders import Placeholder

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from exptdir.sphinxext.domain import ExptDomain

#: Languages of scripts, as the highlighter calls them.
_LEXERS = {"python": "python", "r": "r", "julia": "julia"}


class figure_origin(Placeholder):
    """Holds the place below a figure; what goes there is known when all scripts have run.

    *docname* and *number* say which figure it is.
    """

    written_late = True

    def origin(self, domain: ExptDomain) -> Origin | None:
        """Return what is known of the figure, ``None`` where no script draws it."""
        found = origins_of(domain, self["docname"])
        return found[self["number"]] if self["number"] < len(found) else None

    def content(self, domain: ExptDomain) -> list[nodes.Node]:
        """Return what builders show that fold nothing away: what is wrong, if anything is."""
        origin = self.origin(domain)
        if origin is None or not origin.mark:
            return []
        shown: list[nodes.Node] = [nodes.paragraph("", origin.mark, classes=["exptdir-figure-mark"])]
        if origin.fault and origin.missing:
            shown.append(nodes.literal_block(origin.fault, origin.fault, language="none"))
        return shown


class _Writer:
    """Writes what is known of one figure as HTML."""

    def __init__(self, visitor: Any, origin: Origin, docname: str) -> None:
        self.visitor = visitor
        self.origin = origin
        self.docname = docname
        self.domain = domain_of(visitor.builder.env)

    def write(self) -> None:
        if self.origin.mark:
            self._line(self._text(self.origin.mark), "exptdir-figure-mark")
        if self.origin.fault:
            self._open("exptdir-figure-fault", "What went wrong")
            self._put(f"<pre>{self._text(self.origin.fault)}</pre>\n</details>\n")
        if self.origin.explained:
            self._explain()

    def _put(self, html: str) -> None:
        self.visitor.body.append(html)

    def _text(self, text: str) -> str:
        return str(self.visitor.encode(text))

    def _code(self, text: str) -> str:
        return f'<code class="docutils literal notranslate">{self._text(text)}</code>'

    def _open(self, name: str, summary: str) -> None:
        start = self.visitor.starttag(nodes.container(), "details", "", CLASS=f"exptdir-fold {name}")
        self._put(f"{start}<summary>{summary}</summary>\n")

    def _line(self, html: str, name: str = "") -> None:
        start = self.visitor.starttag(nodes.paragraph(classes=[name] if name else []), "p", "")
        self._put(f"{start}{html}</p>\n")

    def _explain(self) -> None:
        origin = self.origin
        drawn = "Probably drawn by" if origin.adopted else "Drawn by"
        name = self._code(posixpath.basename(origin.script))
        day = self._text(origin.changed)
        changed = f'<span class="exptdir-muted">, last changed on {day}</span>' if day else ""
        self._open("exptdir-figure-origin", f"{drawn} {name}{changed}")
        if origin.args:
            command = shlex.join((posixpath.basename(origin.script), *origin.args))
            self._line(f"Run as {self._code(command)}.")
        self._inputs()
        for note in origin.notes:
            self._line(self._text(note), "exptdir-muted")
        self._source()
        self._put("</details>\n")

    def _inputs(self) -> None:
        if not self.origin.inputs:
            return
        self._line("Drawn from:")
        self._put(self.visitor.starttag(nodes.bullet_list(), "ul", CLASS="simple"))
        for item in self.origin.inputs:
            page = self._page(item)
            self._put(f"<li><p>{self._download(item.path, item.name, item.offered)}{page}</p></li>\n")
        if self.origin.more_inputs:
            self._put(f"<li><p>and {self.origin.more_inputs:,} more</p></li>\n")
        self._put("</ul>\n")

    def _page(self, item: Input) -> str:
        """Link the experiment whose file it is, where that is another."""
        if item.owner is None:
            return ""
        docname, label = item.owner
        address = self.visitor.builder.get_relative_uri(self.docname, docname)
        start = self.visitor.starttag(nodes.reference(), "a", "", CLASS="reference internal exptdir-ref", href=address)
        return f" of {start}{self._text(label)}</a>"

    def _download(self, path: str, name: str, offered: bool) -> str:
        known = self.domain.figure_state.downloads.get(path) if offered else None
        if known is None:
            return self._code(name)
        address = posixpath.join(self.visitor.builder.dlpath, quote(known))
        attributes = {"CLASS": "reference download internal", "href": address, "download": ""}
        return f"{self.visitor.starttag(nodes.reference(), 'a', '', **attributes)}{self._code(name)}</a>"

    def _source(self) -> None:
        origin = self.origin
        name = posixpath.basename(origin.script)
        if origin.shown_at:
            self._line(f'The script is shown <a class="reference internal" href="#{origin.shown_at}">above</a>.')
            return
        start = self.visitor.starttag(nodes.paragraph(ids=[origin.anchor]), "p", "")
        self._put(f"{start}{self._download(origin.script, name, origin.offered)}:</p>\n")
        text = script_text(Path(self.domain.env.srcdir, origin.script))
        if text is None:
            return
        language = _LEXERS.get(origin.language, "none")
        highlighted = self.visitor.highlighter.highlight_block(text, language, force=True)
        start = self.visitor.starttag(nodes.literal_block(), "div", "", CLASS=f"highlight-{language} notranslate")
        self._put(f"{start}{highlighted}</div>\n")


def _visit_html(visitor: Any, node: figure_origin) -> None:
    origin = node.origin(domain_of(visitor.builder.env))
    if origin is not None:
        _Writer(visitor, origin, node["docname"]).write()
    raise nodes.SkipNode


def setup_figure_origin(app: Sphinx) -> None:
    """Register the placeholder."""
    app.add_node(figure_origin, html=(_visit_html, None))
