"""Mathematics without a network: MathML, made at build time by docutils' own converter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from docutils.utils.math.unichar2tex import uni2tex_table

from exptdir.sphinxext.doctree import all_nodes, line_of
from exptdir.sphinxext.domain import domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

RENDERER = "exptdir_mathml"
#: Extensions that an author lists in order to have mathematics rendered.
_RENDERERS = frozenset({"sphinx.ext.mathjax", "sphinx.ext.imgmath", "sphinxcontrib.katex"})
#: Displays that the converter does not know, and what stands for each; "" is the display itself.
_ENVIRONMENTS = {
    **dict.fromkeys(("align", "split", "eqnarray", "flalign", "gather", "gathered", "multline"), "aligned"),
    **dict.fromkeys(("equation", "displaymath", "math"), ""),
}
#: What else is commonly written, and how the converter spells it; the alphabets of old TeX reach to the end of a group.
_SPELLINGS = [
    (re.compile(rf"\\{old}(?![a-zA-Z])\s*(?:\{{([^{{}}]*)\}}|([^{{}}]*))"), rf"\\math{old}{{\1\2}}")
    for old in ("rm", "bf", "it", "sf", "tt", "cal")
] + [
    (re.compile(rf"\\{old}(?![a-zA-Z])"), new)
    for old, new in {
        "iff": r"\\Longleftrightarrow",
        "dots": r"\\ldots",
        "degree": r"{}^{\\circ}",
        "textbf": r"\\mathbf",
        "bm": r"\\boldsymbol",
        "stackrel": r"\\overset",
        "mathds": r"\\mathbb",
        r"(?:[bB]igg?[lrm]?|nonumber|notag|(?:label|tag)\{[^{}]*\})": "",
        r"(begin|end)\{array\}(?:\{[^{}]*\})?": r"\\\1{matrix}",
    }.items()
]
#: Fences grow only between ``\\left`` and ``\\right``, which make a row; with an exponent, browsers let them sag.
_FENCE = re.compile(r'(<mrow>\s*)?<mo( class="\w+")?>(?=[‖|{}⟨⟩⌊⌋⌈⌉]</mo>(?!\s*</mrow>))')
_CHARACTERS = {**uni2tex_table, ord("·"): r"\cdot ", ord("°"): r"{}^{\circ}", ord("\t"): " ", ord("µ"): r"\mu "}


def to_mathml(tex: str, *, block: bool) -> str:
    """Convert TeX, without dollar signs, to MathML; as a *block* it stands on lines of its own.

    Raises MathError if it holds something that the converter does not know.
    """
    code = tex.strip()
    for name, known in _ENVIRONMENTS.items():
        code = re.sub(rf"\\(begin|end)\{{{name}\*?\}}", rf"\\\1{{{known}}}" if known else "", code)
    if block:
        # Sphinx lets a blank line separate equations.
        code = re.sub(r"\n\s*\n", r" \\\\ ", code)
    try:
        return _converted(code, block)
    except (MathError, SyntaxError) as error:
        # Only then: inside a text, a character must stay one.
        for pattern, spelling in _SPELLINGS:
            code = pattern.sub(spelling, code)
        try:
            return _converted(code.translate(_CHARACTERS), block)
        except (MathError, SyntaxError):
            raise error from None


def _converted(code: str, block: bool) -> str:
    try:
        made = str(tex2mathml(code, as_block=block))
    except (MathError, SyntaxError):
        raise
    except Exception as error:
        # The converter is no validator: some malformed input ends in whatever exception comes first.
        raise MathError("it is not complete, or not TeX") from error
    return _FENCE.sub(lambda found: found[0] if found[1] else f'<mo{found[2] or ""} stretchy="false">', made)


def _visit(visitor: Any, node: nodes.Element) -> None:
    block = isinstance(node, nodes.math_block)
    source = node.astext()
    try:
        shown = to_mathml(source, block=block)
    except (MathError, SyntaxError):
        shown = f'<code class="exptdir-tex">{visitor.encode(source.strip())}</code>'
    tag = "div" if block else "span"
    visitor.body.append(visitor.starttag(node, tag, "", CLASS="math exptdir-math"))
    if block and node.get("number"):
        number = visitor.encode(str(node["number"]))
        visitor.body.append(f'<span class="eqno">({number})')
        visitor.add_permalink_ref(node, "Link to this equation")
        visitor.body.append("</span>")
    visitor.body.append(f"{shown}</{tag}>" + ("\n" if block else ""))
    raise nodes.SkipNode


def _check(app: Sphinx, doctree: nodes.document) -> None:
    """Report formulas that cannot be converted, where it is this renderer that will be asked to."""
    if app.config.html_math_renderer != RENDERER:
        return
    for node in all_nodes(doctree):
        if not isinstance(node, (nodes.math, nodes.math_block)):
            continue
        try:
            to_mathml(node.astext(), block=isinstance(node, nodes.math_block))
        except (MathError, SyntaxError) as error:
            message = f"formula shown as TeX: {error}"
            domain_of(app.env).note_trouble(app.env.docname, "math", message, line_of(node))


def choose_math_renderer(app: Sphinx, config: Config) -> None:
    """Register the renderer, unless the author has set one up."""
    chosen = config.html_math_renderer is not None or _RENDERERS & set(config.extensions)
    others = set(app.registry.html_inline_math_renderers) - {"mathjax"}
    if not chosen and not others:
        app.add_html_math_renderer(RENDERER, (_visit, None), (_visit, None))
        config.html_math_renderer = RENDERER


def setup_math(app: Sphinx) -> None:
    """Connect the choice and the check."""
    app.connect("config-inited", choose_math_renderer, priority=900)
    app.connect("doctree-read", _check, priority=650)
