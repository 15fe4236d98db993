"""Mathematics is on the page itself: no script, no network."""

from __future__ import annotations

import re

import pytest

from exptdir.sphinxext.mathml import to_mathml
from tests.sphinxext.building import Built, the, titled, words
from tests.sphinxext.conftest import Build

NOTES = "expts/1_a/notes"
TEXT = """
Inline :math:`x^2 < y` here.

.. math:: \\sum_{i=1}^n i = \\frac{n(n+1)}{2}
   :label: gauss

.. math::

   a &= b \\\\
   c &= d

See :eq:`gauss`.
"""


def one(build: Build, text: str, **options: object) -> Built:
    return build({f"{NOTES}.rst": titled("Log", text)}, **options)


@pytest.fixture(scope="module")
def built(build_once: Build) -> Built:
    return build_once(
        {f"{NOTES}.rst": titled("Log", TEXT), "expts/2_b/notes.md": "# B\n\n$a^2$ and $5 and $6.\n\n$$\nb_1\n$$\n"}
    )


def test_formulas_are_mathml(built: Built):
    body = built.body(NOTES)
    assert len(body.select("span.math math")) == 1
    assert len(body.select("div.math math")) == 2
    assert words(the(body, "span.math")) == "x 2 < y"
    assert built.warnings == ""


def test_markdown_has_formulas_and_prices(built: Built):
    body = built.body("expts/2_b/notes")
    assert (len(body.select("span.math math")), len(body.select("div.math math"))) == (1, 1)
    assert "and $5 and $6." in words(body)


def test_numbered_equations_are_referred_to(built: Built):
    body = built.body(NOTES)
    assert words(the(body, ".eqno")) == "(1)"
    link = next(link for link in body.select("a") if words(link) == "(1)")
    assert len(body.select(f'[id="{link["href"][1:]}"]')) == 1


def test_nothing_is_loaded_from_elsewhere(built: Built):
    for docname in (NOTES, "expts/2_b/notes", "index"):
        page = built.page(docname)
        addresses = [tag.get("src") or tag.get("href") for tag in page.select("script[src], link[href], img[src]")]
        assert not [address for address in addresses if re.match(r"(https?:)?//", address)]
        assert "mathjax" not in str(page.select("script")).lower()


@pytest.mark.parametrize(
    "tex",
    [r"\nosuchcommand{x}", r"\frac{a", r"x \& <script>alert(1)</script>", r"\begin{tikzpicture}\end{tikzpicture}"],
)
def test_what_cannot_be_converted_is_shown_as_tex_and_reported_at_its_line(build: Build, tex: str):
    built = one(build, f".. math:: {tex}\n\nBehind.\n")
    if built.warnings:
        (warning,) = built.located
        assert warning.startswith(f"{NOTES}.rst:4: WARNING: formula shown as TeX: ")
        assert warning.endswith("[exptdir.math]")
        assert the(built.body(NOTES), "code.exptdir-tex").get_text() == tex
    assert not built.body(NOTES).select("script")
    assert "Behind." in words(built.body(NOTES))


def test_most_of_those_are_in_fact_reported(build: Build):
    assert "[exptdir.math]" in one(build, r":math:`\nosuchcommand{x}`").warnings


@pytest.mark.parametrize("environment", ["align", "align*", "equation", "gather", "cases", "pmatrix", "aligned"])
def test_usual_displays(build: Build, environment: str):
    text = (
        f".. math::\n   :nowrap:\n\n   \\begin{{{environment}}}\n   a & b \\\\\n   c & d\n   \\end{{{environment}}}\n"
    )
    built = one(build, text)
    assert len(built.body(NOTES).select("div.math math")) == 1
    assert built.warnings == ""


@pytest.mark.parametrize(
    "conf",
    [
        'extensions = ["exptdir", "sphinx.ext.mathjax"]\n',
        'extensions = ["sphinx.ext.mathjax", "exptdir"]\n',
        'html_math_renderer = "mathjax"\n',
    ],
)
def test_a_renderer_of_the_authors_wins(build: Build, conf: str):
    built = one(build, ":math:`x^2` and :math:`\\nosuchcommand`\n", conf=conf)
    assert not built.body(NOTES).select("math")
    assert "mathjax" in built.html(NOTES).lower()
    assert built.warnings == ""


def test_a_renderer_of_another_extension_wins(build: Build):
    conf = (
        "def visit(self, node):\n    self.body.append('<i>MINE</i>')\n    from docutils import nodes\n"
        "    raise nodes.SkipNode\n"
        "def setup(app):\n    app.add_html_math_renderer('mine', (visit, None), (visit, None))\n"
        "html_math_renderer = 'mine'\n"
    )
    assert words(the(one(build, ":math:`x^2`\n", conf=conf).body(NOTES), "p > i")) == "MINE"


def test_other_builders_show_the_source(build: Build):
    assert "x^2 < y" in one(build, TEXT).text(NOTES)


@pytest.mark.parametrize(
    ("tex", "shown"),
    [
        (r"x_{\rm max}", "x max"),
        (r"a_{\rm{max}}", "a max"),
        (r"\rm{ATP} x", "ATP x"),
        (r"\stackrel{!}{=}", "= !"),
        (r"a \iff b", "a ⟺ b"),
        ("a · b", "a ⋅ b"),
        ("a\tb", "a b"),
        ("x × 5 °C", "x × 5 ∘ C"),
        ("a ≤ ∞", "a ≤ ∞"),
        (r"\big( x \big) \nonumber", "( x )"),
        (r"\begin{array}{cc} 1 & 2 \end{array}", "1 2"),
        (r"\text{a × b}", "a × b"),
    ],
)
def test_what_people_write_for_mathjax_is_understood(tex: str, shown: str):
    assert " ".join(re.sub("<[^>]*>", " ", to_mathml(tex, block=False)).split()) == shown


@pytest.mark.parametrize(
    ("tex", "grows"),
    [(r"\|x\|_2^2", False), (r"\{x\}^2", False), (r"\lVert x\rVert", False), (r"\left\|x\right\|^2", True)],
)
def test_a_fence_grows_only_where_tex_lets_it(tex: str, grows: bool):
    # Before an exponent it hung below the line in Chromium.
    assert [("stretchy" in fence) is not grows for fence in re.findall("<mo.*?</mo>", to_mathml(tex, block=False))] == [
        True
    ] * 2


def test_what_the_converter_cannot_do_is_named_and_shown_as_written(build: Build):
    built = one(build, r"A :math:`\SI{5}{mM}`")
    assert r'WARNING: formula shown as TeX: Unknown LaTeX command "\SI". [exptdir.math]' in built.warnings
    assert [words(tag) for tag in built.body(NOTES).select("code.exptdir-tex")] == [r"\SI{5}{mM}"]
