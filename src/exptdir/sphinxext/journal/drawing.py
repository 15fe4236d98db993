"""Drawings that pages make of what they collect: SVG within HTML, in the colours of the page, with links.

Drawn here, not by matplotlib: every shape is a link or bears a title, and colours follow the theme's scheme.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from docutils import nodes
from markupsafe import escape
from sphinx.errors import NoUri

from exptdir.sphinxext.domain import ExptDomain

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class Box(NamedTuple):
    """A rectangle with a text in it, a link where it has an address; *title* is its tooltip, and what is read out."""

    x: float
    y: float
    width: float
    height: float
    name: str
    title: str = ""
    address: str = ""
    lines: tuple[str, ...] = ()


class Caption(NamedTuple):
    """A text, a link where it has an address."""

    x: float
    y: float
    text: str
    address: str = ""


class Curve(NamedTuple):
    """A line from one box to another, to the right or *down*; *title* says what it means.

    One that would run behind boxes between its ends leaves to the right instead, as far as *side*.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    name: str
    title: str
    down: bool = False
    side: float = 0.0


class drawing(nodes.General, nodes.Element):
    """A drawing: *width*, *height*, a *label* for those who do not see it, and *shapes*, the first at the back."""


def address(domain: ExptDomain, docname: str, anchor: str = "") -> str:
    """Return the address of a place, from the page that is being made; empty where the builder leaves it out."""
    try:
        page = domain.builder.get_relative_uri(domain.env.docname, docname)
    except NoUri:
        return ""
    # In a page that holds all others, its anchors are enough.
    if anchor and page.startswith("#"):
        return f"#{anchor}"
    return f"{page}#{anchor}" if anchor else page


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _element(name: str, content: str = "", **attributes: Any) -> str:
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_number(value) if isinstance(value, float) else value)}"'
        for key, value in attributes.items()
        if value not in {None, ""}
    )
    return f"<{name}{given}>{content}</{name}>"


def _shape(shape: Box | Caption | Curve) -> str:
    if isinstance(shape, Caption):
        text = _element("text", str(escape(shape.text)), x=float(shape.x), y=float(shape.y))
        return _element("a", text, href=shape.address) if shape.address else text
    if isinstance(shape, Curve):
        (x, y), (to_x, to_y) = shape.start, shape.end
        bend = max(20.0, abs(to_y - y if shape.down else to_x - x) / 2)
        right, below = (0.0, bend) if shape.down else (bend, 0.0)
        points = [x, y, x + right, y + below, to_x - right, to_y - below, to_x, to_y]
        if shape.side:
            # The curve comes three quarters of the way to what draws it there.
            pulled = max(x, to_x) + (shape.side - max(x, to_x)) / 0.75
            points = [x, y, pulled, y, pulled, to_y, to_x, to_y]
        path = "M{} {}C{} {} {} {} {} {}".format(*map(_number, points))
        return _element("path", _element("title", str(escape(shape.title))), d=path, class_=shape.name)
    x, y, width, height = map(float, shape[:4])
    title = _element("title", str(escape(shape.title))) if shape.title else ""
    inside = _element("rect", title, x=x, y=y, width=width, height=height, rx=2.0, class_=shape.name)
    for at, line in enumerate(shape.lines):
        inside += _element("text", str(escape(line)), x=x + 8, y=y + 15 + 14 * at)
    if shape.address:
        return _element("a", inside, href=shape.address, aria_label=shape.title)
    # Of boxes with words, only the one of the page itself leads nowhere.
    return _element("g", inside, class_="exptdir-here") if shape.lines else inside


def svg(node: drawing) -> str:
    """Return the SVG of a drawing; all texts come escaped."""
    width, height = map(float, (node["width"], node["height"]))
    shapes: Iterable[Box | Caption | Curve] = node["shapes"]
    return _element(
        "svg",
        "\n" + "\n".join(map(_shape, shapes)) + "\n",
        xmlns="http://www.w3.org/2000/svg",
        class_="exptdir-drawing",
        width=width,
        height=height,
        viewBox=f"0 0 {_number(width)} {_number(height)}",
        role="group",
        aria_label=node["label"],
    )


def visit_drawing_html(visitor: Any, node: drawing) -> None:
    """Write a drawing, in a box that scrolls where the page is narrow."""
    visitor.body.append(visitor.starttag(node, "div", CLASS="exptdir-drawing-box", tabindex="0"))
    visitor.body.append(svg(node) + "</div>\n")
    raise nodes.SkipNode


def setup_drawing(app: Sphinx) -> None:
    """Register the node; other builders are given something else in its place by whoever draws."""
    app.add_node(drawing, html=(visit_drawing_html, None))
