"""Nodes of tables: one for all rows, which HTML writes as it is and other builders get as nodes of docutils."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.pages import Placeholder
from exptdir.sphinxext.tables.packed import Dress, Extra, Packed, natural_widths, pack

if TYPE_CHECKING:
    from exptdir.tables import Look, Table

DATATABLE = "exptdir-datatable"
#: Characters that fit into a line of Sphinx's LaTeX, and the font for tables that are wider.
_SIZES = ((130, "tiny"), (105, "scriptsize"), (85, "footnotesize"))
_SCRIPTS = {"sub": nodes.subscript, "super": nodes.superscript}


class packed_rows(nodes.Part, nodes.Element):
    """All rows of a table, as plain values in the attribute ``packed``; its text is for the search."""


class table_box(nodes.container):
    """A table and what stands below it; ``rest`` is the key of the file with more rows, and how many rows there are."""


class tinted(nodes.inline):
    """A part of a text in the colour ``ink``."""


class table_number(Placeholder):
    """Stands in front of a caption: "Table 2", counted within the page."""

    def content(self, domain: ExptDomain) -> list[nodes.Node]:
        """Return the number, unless the builder or the author's ``numfig`` gives one."""
        if domain.env.config.numfig or domain.builder.format == "latex":
            return []
        return [nodes.inline("", f"Table {self['number']} ", classes=["caption-number"])]


def table_node(table: Table, widths: str | list[int] = "auto", limit: int = 0) -> nodes.table:
    """Make the node of a table.

    Parameters
    ----------
    table
        The cells.
    widths
        ``auto`` leaves them to the browser; a list gives the relative widths of all columns.
    limit
        How many rows are shown below the headers; 0 for all.
    """
    node = nodes.table(classes=[DATATABLE])
    if widths == "auto":
        node["classes"].append("colwidths-auto")
    # Cells show what the spreadsheet shows, quotes and double hyphens included.
    group = nodes.tgroup(cols=table.n_columns, support_smartquotes=False)
    given = widths if isinstance(widths, list) else natural_widths(table)
    if isinstance(widths, list):
        node["classes"].append("colwidths-given")
    for column, width in enumerate(given):
        column_node = nodes.colspec(colwidth=width)
        if column < table.header_columns:
            # LaTeX takes a column for a header wherever the attribute is there, whatever its value.
            column_node["stub"] = 1
        group += column_node
    packed = pack(table, limit)
    group += packed_rows("", nodes.Text(packed.astext()), packed=packed)
    node += group
    return node


class UnpackRows(SphinxPostTransform):
    """Makes nodes of packed rows, for all builders but those that write HTML."""

    # Before references in cells are looked at, by the check of links for one.
    default_priority = 4

    def run(self, **kwargs: Any) -> None:
        """Replace the packed rows of the document."""
        form = domain_of(self.env).builder.format
        if form == "html":
            return
        for node in list(self.document.findall(packed_rows)):
            group = node.parent
            group.replace(node, unpacked(node["packed"]))
            if form == "latex":
                # A table whose words would have to be broken is set in a smaller font: LaTeX would write one column
                # over the next.
                columns = zip(*node["packed"].texts, strict=True)
                words = [[word for text in column if text for word in text.split()] for column in columns]
                longest = [max(map(len, column), default=0) for column in words]
                size = next((size for least, size in _SIZES if sum(longest) + 2 * len(longest) > least), None)
                if size is not None:
                    around, at = group.parent.parent, group.parent.parent.index(group.parent)
                    around.insert(at + 1, nodes.raw("", "\\endgroup", format="latex"))
                    around.insert(at, nodes.raw("", f"\\begingroup\\{size}", format="latex"))


def unpacked(packed: Packed) -> list[nodes.Node]:
    """Return the head and the body of a table as nodes of docutils."""
    rows = []
    for at, texts in enumerate(packed.texts):
        row = nodes.row()
        for column, (text, dress) in enumerate(zip(texts, packed.dressed[at], strict=True)):
            if text is not None:
                row += _entry(text, packed.dresses[dress], packed.extras.get((at, column)))
        rows.append(row)
    head, body = rows[: packed.header_rows], rows[packed.header_rows :]
    parts: list[nodes.Node] = [nodes.thead("", *head)] if head else []
    return [*parts, nodes.tbody("", *body)]


def _entry(text: str, dress: Dress, extra: Extra | None) -> nodes.entry:
    entry = nodes.entry(classes=[f"exptdir-{dress.kind}"] if dress.kind != "text" else [])
    if dress.look.align:
        entry["classes"].append(f"text-{dress.look.align}")
    if dress.rowspan > 1:
        entry["morerows"] = dress.rowspan - 1
    if dress.colspan > 1:
        entry["morecols"] = dress.colspan - 1
    lines = list(shown_lines(text, dress.look, extra))
    if len(lines) > 1:
        entry += nodes.line_block("", *(nodes.line("", "", *line) for line in lines))
    elif text:
        entry += nodes.paragraph("", "", *lines[0])
    return entry


def shown_lines(text: str, look: Look, extra: Extra | None) -> Iterator[list[nodes.Node]]:
    """Yield the lines of a cell, each as nodes that stand inside a paragraph."""
    href = extra.href if extra else None
    runs = extra.runs if extra else ()
    if not runs:
        yield from (_linked([_dressed(line, look)], href) for line in text.split("\n"))
        return
    line: list[nodes.Node] = []
    for run in runs:
        first, *others = run.text.split("\n")
        line += _run(first, run.look, look)
        for other in others:
            yield _linked(line, href)
            line = _run(other, run.look, look)
    yield _linked(line, href)


def _run(text: str, look: Look, around: Look) -> list[nodes.Node]:
    if not text:
        return []
    node = _dressed(text, look)
    if look.ink and look.ink != around.ink:
        node = tinted("", "", node, ink=look.ink)
    return [node]


def _dressed(text: str, look: Look) -> nodes.Node:
    node: nodes.Node = nodes.Text(text)
    if look.script:
        node = _SCRIPTS[look.script]("", "", node)
    if look.strike:
        node = nodes.inline("", "", node, classes=["exptdir-strike"])
    if look.italic:
        node = nodes.emphasis("", "", node)
    if look.bold:
        node = nodes.strong("", "", node)
    return node


def _linked(content: list[nodes.Node], href: str | None) -> list[nodes.Node]:
    return [nodes.reference("", "", *content, refuri=href, internal=False)] if href and content else content
