"""Nodes of tables: one for all rows, which HTML writes straight from the values, with a start tag made once a look.

Other builders get nodes of docutils.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import Placeholder
from exptdir.sphinxext.tables.packed_table import Dress, Extra, PackedTable, natural_widths, pack

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from exptdir.tables import Look, Table

DATATABLE = "exptdir-datatable"
#: Characters, some of them bold, that fit into a line of Sphinx's LaTeX, whose font is this high in points.
_LINE, _HEIGHT = 80, 10
#: Bidirectional classes of characters that run from right to left, and of the marks that turn a text round
#: (Unicode Standard Annex 9, section 3.2).
_FROM_RIGHT = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI"})
#: Builders whose pages may load a file of their own output.
SCRIPTED = frozenset({"html", "dirhtml", "singlehtml"})
#: A word that no line can hold, such as a sequence, and the length of the pieces that it may be broken into.
_ENDLESS = re.compile(r"(\S{30,})")
_PIECE = 5
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
        return [nodes.inline("", f"{_('Table')} {self['number']} ", classes=["caption-number"])]


def table_node(
    table: Table, widths: str | list[int] = "auto", limit: int = 0, ids: Mapping[int, tuple[str, ...]] | None = None
) -> nodes.table:
    """Make the node of a table, with *limit* rows shown below the headers (0 for all) and the anchors *ids* of rows.

    The widths ``auto`` leave them to the browser; a list gives the relative widths of all columns.
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
    packed = pack(table, limit, ids)
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
                fit_on_paper(group, node["packed"])
            # The builder of texts breaks a word twice, and would leave blanks in it.
            for cell in list(group.findall(nodes.paragraph)) if form == "text" else ():
                if _ENDLESS.search(cell.astext()):
                    cell.parent.replace(cell, nodes.raw("", cell.astext(), format="text"))


def fit_on_paper(group: nodes.Element, packed: PackedTable) -> None:
    """Keep a table on the paper: LaTeX would break neither a long word nor, in a long table, a sentence.

    Of a table that is wider than a line, or has such a text, columns get their shares of it; one whose words would
    have to be broken is set in a smaller font, or LaTeX would write one column over the next.
    """
    for text in list(group.findall(nodes.Text)):
        words = _ENDLESS.split(str(text))
        if len(words) > 1:
            # Every second of them is without an end: it may be broken after each few letters, without a hyphen.
            pieces = [
                word[at : at + _PIECE] if number % 2 else word
                for number, word in enumerate(words)
                for at in range(0, len(word) if number % 2 else 1, _PIECE)
            ]
            pairs = ((nodes.raw("", "\\allowbreak{}", format="latex"), nodes.Text(piece)) for piece in pieces)
            text.parent.replace(text, list(chain.from_iterable(pairs)))
    columns = [[text for text in column if text] for column in zip(*packed.texts, strict=True)]
    # What a column needs: its longest word (capitals are wide) or two pieces of an endless one, and two blanks.
    words = [[word for text in column for word in _ENDLESS.sub(2 * _PIECE * "x", text).split()] for column in columns]
    least = [max((len(one) + sum(map(str.isupper, one)) // 3 for one in column), default=0) + 2 for column in words]
    table, shares = group.parent, list(group.findall(nodes.colspec))
    more = [max(share["colwidth"] + 2 - few, 0) for share, few in zip(shares, least, strict=True)]
    # LaTeX gives a column with a text of several lines so much of the line that short words beside it are cut off.
    long = sum(least) + sum(more) > _LINE or any(len(text) > _LINE for text in chain(*columns))
    if long and "colwidths-auto" in table["classes"]:
        table["classes"] = ["colwidths-given" if name == "colwidths-auto" else name for name in table["classes"]]
        spare = max(_LINE - sum(least), 0) / max(sum(more), 1)
        for share, few, wish in zip(shares, least, more, strict=True):
            share["colwidth"] = round(10 * (few + spare * wish))
    if sum(least) > _LINE:
        size, around, at = _HEIGHT * _LINE / sum(least), table.parent, table.parent.index(table)
        around.insert(at + 1, nodes.raw("", "\\endgroup", format="latex"))
        # The blanks beside a column do not shrink with the font: of 24 columns, they are most of a line.
        small = (
            f"\\fontsize{{{size:.2f}}}{{{1.2 * size:.2f}}}\\selectfont\\setlength{{\\tabcolsep}}{{{size / 2:.2f}pt}}"
        )
        around.insert(at, nodes.raw("", f"\\begingroup{small}", format="latex"))


class PlainTabs(SphinxPostTransform):
    """Leaves tabs out of books, where nothing can be clicked: what they hold stands one after the other.

    What sphinx-design writes for tabs is no XHTML, of which books are made.
    """

    # Before sphinx-design makes HTML of tabs.
    default_priority = 199
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Take the parts of tabs for what they are to builders that know no tabs."""
        if getattr(domain_of(self.env).builder, "embedded", False):
            for node in self.document.findall(nodes.container):
                if node.get("design_component") in {"tab-set", "tab-item", "tab-content"}:
                    del node["design_component"]
                    node["classes"] = [name for name in node["classes"] if not name.startswith("sd-")]


def unpacked(packed: PackedTable) -> list[nodes.Node]:
    """Return the head and the body of a table as nodes of docutils."""
    rows = []
    for at, texts in enumerate(packed.texts):
        row = nodes.row()
        for column, (text, dress) in enumerate(zip(texts, packed.dressed[at], strict=True)):
            if text is not None:
                row += _entry(text, packed.dresses[dress], packed.extras.get((at, column)))
        if at in packed.ids:
            # A row is nothing that LaTeX could lead to.
            entry, targets = row.next_node(nodes.entry), (nodes.target(ids=[one]) for one in packed.ids[at])
            assert entry is not None
            entry.insert(0, nodes.paragraph("", "", *targets))
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
        line += _run(first, run.look, look, run.href)
        for other in others:
            yield _linked(line, href)
            line = _run(other, run.look, look, run.href)
    yield _linked(line, href)


def _run(text: str, look: Look, around: Look, href: str | None) -> list[nodes.Node]:
    if not text:
        return []
    node = _dressed(text, look)
    if look.ink and look.ink != around.ink:
        node = tinted("", "", node, ink=look.ink)
    return _linked([node], href)


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
    if not href or not content:
        return content
    # Within the page there are targets, not addresses.
    place: dict[str, Any] = {"refid": href[1:]} if href[0] == "#" else {"refuri": href}
    return [nodes.reference("", "", *content, internal=href[0] == "#", **place)]


class _Rows:
    """Writes the rows of one table."""

    def __init__(self, visitor: Any, packed: PackedTable) -> None:
        self.visitor = visitor
        self.packed = packed
        self._tags: dict[tuple[int, bool, int, bool], tuple[str, str, bool]] = {}

    def write(self) -> None:
        """Append head and body to the page."""
        packed, body = self.packed, self.visitor.body
        for name, first, last in (("thead", 0, packed.header_rows), ("tbody", packed.header_rows, len(packed.texts))):
            if first < last or name == "tbody":
                body.append(self.visitor.starttag(nodes.Element(), name))
                for at in range(first, last):
                    classes = ["row-even" if at % 2 else "row-odd"]
                    if at in packed.rules_below:
                        classes.append("exptdir-rule-below")
                    row = nodes.row(classes=classes, ids=list(packed.ids.get(at, ())[:1]))
                    body.append(self.visitor.starttag(row, "tr", ""))
                    for column, (text, dress) in enumerate(zip(packed.texts[at], packed.dressed[at], strict=True)):
                        if text is not None:
                            # What matters of a cell's column: 2 for headers, 1 for numbers; whether a line follows.
                            # Labels with blanks in them stay in one line: the table scrolls sooner.
                            label = packed.labels and column == 0 and " " in text and at >= packed.header_rows
                            kind = 2 if column < packed.header_columns else int(column in packed.numeric)
                            kind = 3 if label and kind == 0 else kind
                            rule = column + packed.dresses[dress].colspan - 1 in packed.rules_right
                            self.cell(at, column, text, (dress, at < packed.header_rows, kind, rule))
                    body.append("</tr>\n")
                body.append(f"</{name}>\n")

    def cell(self, at: int, column: int, text: str, key: tuple[int, bool, int, bool]) -> None:
        found = self._tags.get(key)
        if found is None:
            found = self._tags[key] = self.start_tag(*key)
        start, end, plain = found
        order = self.packed.orders.get((at, column))
        more = {} if order is None or key[1] else {"data-order": order}
        if not text.isascii() and any(unicodedata.bidirectional(char) in _FROM_RIGHT for char in text):
            more["dir"] = "auto"
        if more:
            attributes = (f' {name}="{self.visitor.attval(value)}"' for name, value in more.items())
            start = f"{start[:-1]}{''.join(attributes)}>"
        body = self.visitor.body
        body.append(start)
        for anchor in self.packed.ids.get(at, ())[1:] if column == 0 else ():
            body.append(self.visitor.starttag(nodes.target(ids=[anchor]), "span", "") + "</span>")
        extra = self.packed.extras.get((at, column))
        if plain and extra is None and "\n" not in text:
            body.append(self.visitor.encode(text))
        elif text:
            for number, line in enumerate(shown_lines(text, self.packed.dresses[key[0]].look, extra)):
                if number:
                    self.visitor.body.append("<br />")
                # Links are written in their own way outside a text.
                for node in nodes.paragraph("", "", *line).children:
                    node.walkabout(self.visitor)
        body.append(end)

    def start_tag(self, index: int, head: bool, place: int, rule: bool) -> tuple[str, str, bool]:
        """Return a cell's start tag, its end tag, and whether its text needs no tags inside."""
        dress = self.packed.dresses[index]
        name = "th" if head or place == 2 else "td"
        look = dress.look
        classes = [*(["head"] if head else []), *(["stub"] if place == 2 else [])]
        if dress.kind != "text":
            classes.append(f"exptdir-{dress.kind}")
        elif head and place == 1 and dress.colspan == 1:
            # The heading is aligned with the numbers below it.
            classes.append("exptdir-number")
        placed = (("text", look.align), ("exptdir-valign", look.valign))
        classes += [f"{part}-{value}" for part, value in placed if value]
        if place == 3:
            classes.append("exptdir-label")
        classes += [f"exptdir-{part}" for part in ("ink", "fill") if getattr(look, part)]
        node = nodes.entry(classes=[*classes, *(["exptdir-rule-right"] if rule else [])])
        attributes: dict[str, Any] = {}
        if dress.rowspan > 1:
            attributes["rowspan"] = dress.rowspan
        if dress.colspan > 1:
            attributes["colspan"] = dress.colspan
        if name == "th":
            # Whom a header cell is for, as HTML has it (section 4.9.10).
            group = "group" if (dress.colspan if head else dress.rowspan) > 1 else ""
            attributes["scope"] = ("col" if head else "row") + group
        colours = {"ink": look.ink, "fill": look.fill}
        style = ";".join(f"--exptdir-{part}:#{colour}" for part, colour in colours.items() if colour)
        if style:
            attributes["style"] = style
        plain = not (look.bold or look.italic or look.strike or look.script)
        return self.visitor.starttag(node, name, "", **attributes), f"</{name}>\n", plain


def html_visit_rows(visitor: Any, node: packed_rows) -> None:
    """Write all rows of a table."""
    _Rows(visitor, node["packed"]).write()
    raise nodes.SkipNode


def html_visit_box(visitor: Any, node: table_box) -> None:
    """Open the box of a table, which says where its other rows are."""
    attributes = {}
    if "rest" in node and visitor.builder.name in SCRIPTED:
        key, rows = node["rest"]
        # Images lie beside the tables, and Sphinx knows the way to them.
        top = posixpath.dirname(visitor.builder.imgpath)
        attributes = {
            "data-exptdir-more": key,
            "data-exptdir-rows": str(rows),
            "data-exptdir-src": posixpath.join(top, "_tables", f"{key}.js"),
        }
    visitor.body.append(visitor.starttag(node, "div", CLASS="docutils container", **attributes))


def html_visit_tinted(visitor: Any, node: tinted) -> None:
    """Open a coloured text."""
    style = f"--exptdir-ink:#{node['ink']}"
    visitor.body.append(visitor.starttag(node, "span", "", CLASS="exptdir-ink", style=style))


def html_depart(visitor: Any, node: nodes.Element) -> None:
    """Close what such a node has opened."""
    visitor.body.append("</div>\n" if isinstance(node, table_box) else "</span>")


def setup_table_nodes(app: Sphinx) -> None:
    """Register the nodes, with the way in which HTML writes them."""
    app.add_node(table_number)
    app.add_node(packed_rows, html=(html_visit_rows, None))
    app.add_node(table_box, html=(html_visit_box, html_depart))
    app.add_node(tinted, html=(html_visit_tinted, html_depart))
    app.add_post_transform(UnpackRows)
    app.add_post_transform(PlainTabs)
