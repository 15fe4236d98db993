"""Entries: dated sections and updates, their anchors, and the list of them on top of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from exptdir.record.dates import (
    DateContext,
    TitleDate,
    heading_year,
    infer_direction,
    infer_order,
    parse_title_date,
    update_date,
)
from exptdir.sphinxext.data import Entry
from exptdir.sphinxext.doctree import all_nodes, page_section, title_text
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.pages import ExperimentTransform
from exptdir.sphinxext.placeholders import Placeholder
from exptdir.sphinxext.unclaimed import add_unclaimed_directive

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


def _title(node: nodes.Element) -> nodes.title | None:
    return next((child for child in node.children if isinstance(child, nodes.title)), None)


class EntryTransform(ExperimentTransform):
    """Finds the entries of a log, gives them anchors, and lists them."""

    default_priority = 510

    def apply_to_page(self) -> None:
        """Note the entries with the domain, and put the list below the page's title."""
        dated = list(self._titled())
        titles = [title.astext() for _node, title in dated]
        order, evidence = self.domain.settings.date_order, infer_order(titles)
        self._contradictions(dated, evidence.contradictions)
        context = DateContext(
            order=order,
            evidence=evidence.order,
            newest_first=infer_direction(titles, order=order or evidence.order),
            begun=self.experiment.begun,
        )
        entries: list[Entry] = []
        of_day: Counter[str] = Counter()
        previous: date | None = None
        for node, title in dated:
            context = replace(context, heading=self._year_around(node), previous=previous)
            found = self._read(node, title, context)
            if found is None:
                continue
            if found.problem:
                self.domain.note_trouble(self.env.docname, "date", found.problem, node.line or title.line)
            if found.date is None:
                continue
            previous = found.date
            day = found.date.isoformat()
            of_day[day] += 1
            entries.append(self._note(node, found, day, of_day[day]))
        if entries:
            self.domain.entries[self.env.docname] = entries
            self._reserve(entries)

    def _contradictions(self, dated: list[tuple[nodes.Element, nodes.title]], titles: Iterable[str]) -> None:
        for text in titles:
            line = next((node.line or title.line for node, title in dated if title.astext() == text), None)
            message = f"“{text}” has day and month in another order than dates before it in this file"
            self.domain.note_trouble(self.env.docname, "date", message, line)

    def _titled(self) -> Iterator[tuple[nodes.Element, nodes.title]]:
        """Yield what may be an entry: sections and updates, but for the page itself."""
        page = page_section(self.document)
        for title in all_nodes(self.document):
            node = title.parent
            if not isinstance(title, nodes.title) or node is page:
                continue
            if isinstance(node, nodes.section) or _is_update(node):
                yield node, title

    def _read(self, node: nodes.Element, title: nodes.title, context: DateContext) -> TitleDate | None:
        if _is_update(node):
            return update_date(node["exptdir_update"], context)
        return parse_title_date(title_text(title), context=context)

    def _year_around(self, node: nodes.Element) -> int | None:
        """Return the year that an enclosing heading names."""
        above = node.parent
        while above is not None:
            title = _title(above) if isinstance(above, nodes.section) else None
            year = heading_year(title.astext()) if title is not None else None
            if year is not None:
                return year
            above = above.parent
        return None

    def _note(self, node: nodes.Element, found: TitleDate, day: str, n: int) -> Entry:
        anchor = f"entry-{day}" + (f"-{n}" if n > 1 else "")
        node["ids"].insert(0, anchor)
        node["classes"].append("exptdir-entry")
        self.document.ids[anchor] = node
        return Entry(day, n, found.written, found.rest, anchor)

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


def _visit_html(visitor: Any, node: entry_list) -> None:
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
    app.add_node(entry_list, html=(_visit_html, None))
    app.add_transform(EntryTransform)
