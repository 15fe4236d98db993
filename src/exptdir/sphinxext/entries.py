"""Entries: dated sections and updates, their anchors, and the list of them on top of a page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from exptdir.record.documents import Document
from exptdir.record.entries import date_titles, dates_in_no_heading
from exptdir.sphinxext.conditions import conditions_of
from exptdir.sphinxext.doctree import add_unclaimed_directive, all_nodes, ancestors, page_section, title_text
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.language import _, counted
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
    option_spec: ClassVar[dict[str, Any]] = {"draft": directives.flag}

    def run(self) -> list[Node]:
        """Return an admonition titled with the date."""
        if "draft" in self.options and not domain_of(self.env).settings.drafts:
            domain_of(self.env).with_drafts[self.env.docname] = True
            return []
        argument = " ".join(self.arguments[0].split())
        box = nodes.admonition("\n".join(self.content), classes=["note", "exptdir-update"])
        box["exptdir_update"] = argument
        self.set_source_info(box)
        inline, messages = self.parse_inline(f"{_('Update')} — {argument}")
        title = nodes.title(argument, "", *inline)
        self.set_source_info(title)
        box += [title, *messages, *self.parse_content_to_nodes()]
        return [box]


class EntryTransform(ExperimentTransform):
    """Finds the entries of a log, gives them anchors, and lists them."""

    default_priority = 510
    parts = True

    def apply_to_page(self) -> None:
        """Note the entries with the domain, and put the list below the page's title."""
        page, settings = page_section(self.document), self.domain.settings
        dated: list[tuple[nodes.Element, nodes.title]] = []
        titles: list[tuple[str, int]] = []
        for title in all_nodes(self.document):
            if not (isinstance(title, nodes.title) and isinstance(title.parent, (nodes.section, nodes.admonition))):
                continue
            node: nodes.Element = title.parent
            if isinstance(node, nodes.admonition) and "exptdir_update" not in node:
                continue
            outer = (node, *ancestors(node)) if isinstance(node, nodes.section) else ()
            level = sum(isinstance(above, nodes.section) for above in outer)
            dated.append((node, title))
            # A log in another form says itself how its dates are to be read.
            text = str(node.get("exptdir_update") or node.get("exptdir_title") or title_text(title))
            titles.append((text, level))
        at_page = next((at for at, (node, _) in enumerate(dated) if node is page), None)
        found = date_titles(titles, at_page, order=settings.date_order, begun=self.experiment.begun)
        # The rows of a table may be entries already.
        rows = self.domain.entries.get(self.env.docname, [])
        self._note_dates_in_no_heading(has_entries=bool(rows or found))
        before = Counter(row.day for row in rows)
        entries: list[Entry] = []
        #: What the sections of a log had for anchors, and its links lead to.
        moved: dict[str, str] = {}
        for at, day, nth, written, _year in found:
            if written.problem:
                line = dated[at][0].line or dated[at][1].line
                self.domain.note_trouble(self.env.docname, "date", written.problem, line)
            if day is not None:
                node = dated[at][0]
                # A part of a log does not know what else is of a day.
                part = self.env.docname in self.domain.page_of
                n = node.get("exptdir_n", nth) if part else nth + before[day.isoformat()]
                anchor = f"entry-{day}" + (f"-{n}" if n > 1 else "")
                if "exptdir_n" in node:
                    moved[node["ids"][0]] = anchor
                node["ids"].insert(0, anchor)
                node["classes"].append("exptdir-entry")
                self.document.ids[anchor] = node
                entries.append(Entry(day.isoformat(), n, written.written, written.rest, anchor, conditions_of(node)))
        for link in all_nodes(self.document) if moved else ():
            if isinstance(link, nodes.reference) and link.get("refid") in moved:
                link["refid"] = moved[link["refid"]]
        if entries:
            self.domain.entries[self.env.docname] = [*rows, *entries]
        if settings.entry_list != "none" and len(entries) > 1 and page is not None:
            # The list itself is made when the page is: a built record holds thousands of pages.
            heading = page.first_child_matching_class(nodes.title)
            page.insert(0 if heading is None else heading + 1, entry_list(docname=self.env.docname))

    def _note_dates_in_no_heading(self, *, has_entries: bool) -> None:
        is_told = has_entries or not self.experiment.is_page
        unmarked = None if is_told else dates_in_no_heading(Document(self.experiment.log, "").blocks)
        if unmarked is not None:
            self.domain.note_trouble(self.env.docname, "date", unmarked[1], unmarked[0])


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
        items = nodes.bullet_list(classes=["exptdir-entries"])
        for anchor, text in self.links(domain):
            link = nodes.reference("", text, refid=anchor, internal=True)
            items += nodes.list_item("", nodes.paragraph("", "", link))
        return [nodes.container("", items, classes=["exptdir-entry-list"])]


def visit_entry_list_html(visitor: Any, node: entry_list) -> None:
    """Open the list of entries."""
    write, encode = visitor.body.append, visitor.encode
    links = node.links(domain_of(visitor.builder.env))
    # Folded: themes show the page's contents beside it, and what is read first is what the page says.
    write(visitor.starttag(node, "details", CLASS="exptdir-entry-list exptdir-fold"))
    write(f"<summary>{encode(counted('%d entry', '%d entries', len(links)))}</summary>\n")
    write('<ul class="exptdir-entries">\n')
    for anchor, text in links:
        write(f'<li><a class="reference internal" href="#{encode(anchor)}">{encode(text)}</a></li>\n')
    write("</ul>\n</details>\n")
    raise nodes.SkipNode


def setup_entries(app: Sphinx) -> None:
    """Register the directive, unless another extension has one of that name, and the transform."""
    add_unclaimed_directive(app, "update", UpdateDirective)
    app.add_node(entry_list, html=(visit_entry_list_html, None))
    app.add_transform(EntryTransform)
