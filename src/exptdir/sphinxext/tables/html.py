"""Tables in pages of HTML: the rows are written straight from the values, with a start tag made once a look."""

from __future__ import annotations

import posixpath
import unicodedata
from typing import TYPE_CHECKING, Any

from docutils import nodes

from exptdir.sphinxext.tables.nodes import packed_rows, shown_lines, table_box, tinted
from exptdir.sphinxext.tables.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx

#: Bidirectional classes of characters that run from right to left, and of the marks that turn a text round
#: (Unicode Standard Annex 9, section 3.2).
_FROM_RIGHT = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI"})
#: Builders whose pages may load a file of their own output.
SCRIPTED = frozenset({"html", "dirhtml", "singlehtml"})


class _Rows:
    """Writes the rows of one table."""

    def __init__(self, visitor: Any, packed: Packed) -> None:
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
                    body.append(self.visitor.starttag(nodes.row(classes=classes), "tr", ""))
                    for column, (text, dress) in enumerate(zip(packed.texts[at], packed.dressed[at], strict=True)):
                        if text is not None:
                            # What matters of a cell's column: 2 for headers, 1 for numbers; whether a line follows.
                            # Labels with blanks in them stay in one line: the table scrolls sooner.
                            label = packed.labels and column == 0 and " " in text and at >= packed.header_rows
                            kind = 2 if column < packed.header_columns else int(column in packed.numeric)
                            kind = 3 if label and kind == 0 else kind
                            rule = column + packed.dresses[dress].colspan - 1 in packed.rules_right
                            self._cell(at, column, text, (dress, at < packed.header_rows, kind, rule))
                    body.append("</tr>\n")
                body.append(f"</{name}>\n")

    def _cell(self, at: int, column: int, text: str, key: tuple[int, bool, int, bool]) -> None:
        found = self._tags.get(key)
        if found is None:
            found = self._tags[key] = self._start(*key)
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

    def _start(self, index: int, head: bool, place: int, rule: bool) -> tuple[str, str, bool]:
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


def closing(tag: str) -> Callable[[Any, nodes.Node], None]:
    """Return what a visitor does at the end of a node: write its end tag."""
    return lambda visitor, node: visitor.body.append(tag)


def _visit_rows(visitor: Any, node: packed_rows) -> None:
    _Rows(visitor, node["packed"]).write()
    raise nodes.SkipNode


def _visit_box(visitor: Any, node: table_box) -> None:
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


def _visit_tinted(visitor: Any, node: tinted) -> None:
    style = f"--exptdir-ink:#{node['ink']}"
    visitor.body.append(visitor.starttag(node, "span", "", CLASS="exptdir-ink", style=style))


def setup_tables_html(app: Sphinx) -> None:
    """Register the nodes with the way in which HTML writes them."""
    app.add_node(packed_rows, html=(_visit_rows, None))
    app.add_node(table_box, html=(_visit_box, closing("</div>\n")))
    app.add_node(tinted, html=(_visit_tinted, closing("</span>")))
