"""What in a page may lead somewhere, and what is only shown."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exptdir.record.markup.blocks import read_blocks
from exptdir.record.markup.references import names_used, tokens, toml_references


def written(text: str, suffix: str) -> list[str]:
    found = tokens(read_blocks(text, markdown=suffix == ".md"))
    assert all(text[token.start : token.end] == token.text for token in found)
    return [token.text for token in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":expt:`63` and (:expt:`64`).", ["63", "64"]),
        (":expt:`Some\nwords\n<63>`", ["63"]),
        (":expt:`!63` :expt:`! 64`", ["63", "64"]),
        (":expt:`!words <63>`", []),
        ("`63`:expt:", ["63"]),
        (":expt:run:`63/13-3` :expt:builds-on:`64`", ["63/13-3", "64"]),
        ("``:expt:`63``` ``a`` :expt:`64`", ["64"]),
        ("As in::\n\n   :expt:`63`\n\n:expt:`64`", ["64"]),
        (".. A comment :expt:`62`\n   :expt:`63`\n\n:expt:`64`", ["64"]),
        ("..\n   :expt:`63`\n", []),
        ("..\n\n:expt:`63`", ["63"]),
        (".. code-block:: rst\n\n   :expt:`63`\n\n:expt:`64`", ["rst", "64"]),
        (".. note::\n\n   :expt:`63`", ["63"]),
        (".. [1] :expt:`63`", ["63"]),
        (">>> :expt:`63`\n:expt:`62`\n\n:expt:`64`", ["64"]),
        (":class:`63` `63` :expt :`63`", []),
        (".. image:: a b.png\n   :target: x.html\n", ["a b.png", "x.html"]),
        (".. toctree::\n   :maxdepth: 2\n\n   a/index\n   B <b/index>\n\nText\n", ["2", "a/index", "b/index"]),
        ("T\n=\n\n:prereqs: 63, :expt:`64`\n:author: 65\n", ["63", "64", "65"]),
    ],
)
def test_restructured_text(text: str, expected: list[str]):
    assert written(text, ".rst") == expected
    assert written(text.replace("\n", "\r\n"), ".rst") == [item.replace("\n", "\r\n") for item in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{expt}`63` {expt}`words <64>` {ref}`expt-65`", ["63", "64", "expt-65"]),
        ("`{expt}` `` {expt}`63` `` {expt}``64``", ["64"]),
        ("[](#63) [words](#64@2024-05-01) <project:#65>", ["63", "64@2024-05-01", "65"]),
        ("[x](https://a.b/#63) [y](a/b.md#c) ![](c.png 'title')", ["a/b.md", "c.png"]),
        ("[x]: a/b.md\n", ["a/b.md"]),
        ("```\n{expt}`63`\n```\n{expt}`64`", ["64"]),
        ("~~~python\n{expt}`63`\n~~~\n{expt}`64`", ["64"]),
        ("```{note}\n{expt}`63`\n```\n{expt}`64`", ["63", "64"]),
        ("````{note}\n```{tip}\n{expt}`63`\n```\n```python\n{expt}`62`\n```\n````\n{expt}`64`", ["63", "64"]),
        (":::{figure} a.png\n:alt: b\n\n{expt}`63`\n:::\n", ["a.png", "b", "63"]),
        ("```{code-block} md\n{expt}`63`\n```\n", ["md"]),
        ("```{eval-rst}\n:expt:`63` ``:expt:`64```\n```\n{expt}`65`", ["63", "65"]),
        ("<!-- {expt}`63`\n{expt}`64` -->\n{expt}`65`\n% {expt}`66`\n", ["65"]),
        ("Text\n\n    {expt}`63`\n\n{expt}`64`", ["64"]),
        ("- a\n\n    {expt}`63`\n", ["63"]),
        ("---\nprereqs:\n  - 63 # 1\n  - '64'\nid: 65\n---\n{expt}`66`", ["63", "64", "66"]),
        ("```{toctree}\na/index\nB <b/index>\n```\n", ["a/index", "b/index"]),
    ],
)
def test_myst(text: str, expected: list[str]):
    assert written(text, ".md") == expected


def test_prerequisites_in_toml_may_be_numbers_or_texts_and_comments_are_none():
    text = "id = 1\nprerequisites = [\n  63,  # 1\n  '0064', \"a b\",\n]\nother = [99]\n"
    assert [token.text for token in toml_references(text)] == ["63", "0064", "a b"]
    assert toml_references("id = 1\n") == []


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("`:{}[]()<>#.~ \t\r\n-expt63=|!_*\\"), max_size=120), st.sampled_from([".rst", ".md"]))
def test_any_text_can_be_read_and_every_place_is_kept(text: str, suffix: str):
    blocks = read_blocks(text, markdown=suffix == ".md")
    found = tokens(blocks)
    assert all(text[token.start : token.end] == token.text for token in found)
    assert all(one.end <= two.start for one, two in pairwise(found))


def test_names_are_those_of_roles_and_directives_that_a_page_uses():
    text = ".. od::\n\n:pdb:`1a` ``:pdb:`` `1b`:pdb: and\n\n.. A comment :pdb:`1c`\n\n.. code::\n\n   :pdb:`1d`\n"
    assert sorted(names_used(read_blocks(text, markdown=False))) == ["code", "od", "pdb", "pdb"]


def test_what_an_experiment_builds_on_is_found_wherever_it_is_said():
    assert [token.text for token in toml_references('prereqs = [1]\nbuilds_on = ["0063", 2]\n')] == ["1", "0063", "2"]
    page = read_blocks("---\nbuilds_on: [63, b]\n---\n# T\n", markdown=True)
    assert [token.text for token in tokens(page)] == ["63", "b"]
