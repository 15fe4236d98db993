"""Entries: dated sections and updates, their anchors, and the list of them on top of a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from exptdir.record.dates import TitleDate
from exptdir.record.entries import date_titles
from exptdir.sphinxext.conditions import conditions_of
from exptdir.sphinxext.doctree import add_unclaimed_directive, all_nodes, page_section, title_text
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.pages import ExperimentTransform, Placeholder
from exptdir.sphinxext.store import Entry

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx


class UpdateDirective(SphinxDirective):
    """``.. update:: 2024/07/02``: a note that was added later, in a box that is an entry."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, object]] = {}  # type: ignore[assignment]

    def run(self) -> list[Node]:
        """Return an admonition titled with the date."""
        argument = " ".join(self.arguments[0].split())
        box = nodes.admonition("\n".join(self.content), classes=["note", "exptdir-update"])
        box["exptdir_update"] = argument
        self.set_source_info(box)
        inline, messages = self.parse_inline(f"Update — {argument}")
        title = nodes.title(argument, "", *inline)
        self.set_source_info(title)
        box += [title, *messages, *self.parse_content_to_nodes()]
        return [box]


def _is_update(node: nodes.Node) -> bool:
    return isinstance(node, nodes.admonition) and "exptdir_update" in node


def _level(node: nodes.Element) -> int:
    """Return how deep a section is nested, 1 for those of the document; 0 for an update."""
    if _is_update(node):
        return 0
    level, above = 1, node.parent
    while above is not None:
        level += isinstance(above, nodes.section)
        above = above.parent
    return level


class EntryTransform(ExperimentTransform):
    """Finds the entries of a log, gives them anchors, and lists them."""

    default_priority = 510

    def apply_to_page(self) -> None:
        """Note the entries with the domain, and put the list below the page's title."""
        page, settings = page_section(self.document), self.domain.settings
        dated = list(self._titled())
        titles = [
            # A log in another form says itself how its dates are to be read.
            (str(node.get("exptdir_update") or node.get("exptdir_title") or title_text(title)), _level(node))
            for node, title in dated
        ]
        at_page = next((at for at, (node, _) in enumerate(dated) if node is page), None)
        found, contradictions = date_titles(titles, at_page, order=settings.date_order, begun=self.experiment.begun)
        for text in contradictions:
            message = f"“{text}” has day and month in another order than dates before it in this file"
            at = next(at for at, (other, _) in enumerate(titles) if other == text)
            self._trouble(message, *dated[at])
        entries: list[Entry] = []
        for at, day, n, written, _ in found:
            if written.problem:
                self._trouble(written.problem, *dated[at])
            if day is not None:
                entries.append(self._note(dated[at][0], written, day.isoformat(), n))
        if entries:
            self.domain.entries[self.env.docname] = entries
            self._reserve(entries)

    def _trouble(self, message: str, node: nodes.Element, title: nodes.title) -> None:
        self.domain.note_trouble(self.env.docname, "date", message, node.line or title.line)

    def _titled(self) -> Iterator[tuple[nodes.Element, nodes.title]]:
        """Yield the sections and the updates with their titles."""
        for title in all_nodes(self.document):
            if isinstance(title, nodes.title) and (isinstance(title.parent, nodes.section) or _is_update(title.parent)):
                yield title.parent, title

    def _note(self, node: nodes.Element, found: TitleDate, day: str, n: int) -> Entry:
        anchor = f"entry-{day}" + (f"-{n}" if n > 1 else "")
        node["ids"].insert(0, anchor)
        node["classes"].append("exptdir-entry")
        self.document.ids[anchor] = node
        return Entry(day, n, found.written, found.rest, anchor, conditions_of(node))

    def _reserve(self, entries: list[Entry]) -> None:
        """Keep the place of the list, which is made when the page is: a built record holds thousands of pages."""
        section = page_section(self.document)
        if self.domain.settings.entry_list != "none" and len(entries) > 1 and section is not None:
            title = section.first_child_matching_class(nodes.title)
            section.insert(0 if title is None else title + 1, entry_list(docname=self.env.docname))


class entry_list(Placeholder):
    """Holds the place of the list of a page's entries."""

    written_late = True

    def links(self, domain: ExptDomain) -> list[tuple[str, str]]:
        """Return the anchor and the text of each entry, in the order that ``exptdir_entry_list`` says."""
        entries = domain.entries.get(self["docname"], [])
        newest_first = domain.settings.entry_list == "newest"
        in_order = sorted(entries, key=lambda entry: (entry.day, entry.n), reverse=newest_first)
        return [(entry.anchor, f"{entry.written} {entry.title}".rstrip()) for entry in in_order]

    def content(self, domain: ExptDomain) -> list[nodes.Node]:
        """Return the list, for builders other than those of HTML pages."""
        items = nodes.bullet_list("", *(_item(*link) for link in self.links(domain)), classes=["exptdir-entries"])
        return [nodes.container("", items, classes=["exptdir-entry-list"])]


def _item(anchor: str, text: str) -> nodes.list_item:
    link = nodes.reference("", text, refid=anchor, internal=True)
    return nodes.list_item("", nodes.paragraph("", "", link))


def visit_entry_list_html(visitor: Any, node: entry_list) -> None:
    """Open the list of entries."""
    write, encode = visitor.body.append, visitor.encode
    write(visitor.starttag(node, "div", CLASS="exptdir-entry-list container"))
    write('<ul class="exptdir-entries">\n')
    for anchor, text in node.links(domain_of(visitor.builder.env)):
        write(f'<li><a class="reference internal" href="#{encode(anchor)}">{encode(text)}</a></li>\n')
    write("</ul>\n</div>\n")
    raise nodes.SkipNode


def setup_entries(app: Sphinx) -> None:
    """Register the directive, unless another extension has one of that name, and the transform."""
    add_unclaimed_directive(app, "update", UpdateDirective)
    app.add_node(entry_list, html=(visit_entry_list_html, None))
    app.add_transform(EntryTransform)
