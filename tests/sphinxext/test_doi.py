"""``:doi:``: a link to where the agency sends readers on, and no lookup."""

from __future__ import annotations

import pytest

from tests.sphinxext.building import titled, words
from tests.sphinxext.conftest import Build


@pytest.mark.parametrize(
    ("text", "shown", "target"),
    [
        ("10.1000/182", "doi:10.1000/182", "https://doi.org/10.1000/182"),
        ("doi:10.1000/182", "doi:10.1000/182", "https://doi.org/10.1000/182"),
        ("https://doi.org/10.1000/182", "doi:10.1000/182", "https://doi.org/10.1000/182"),
        ("the handbook <10.1000/182>", "the handbook", "https://doi.org/10.1000/182"),
        ("10.1016/S0022-2836(05)80134-2", "doi:10.1016/S0022-2836(05)80134-2", None),
        ('10.1000/a"b', 'doi:10.1000/a"b', "https://doi.org/10.1000/a%22b"),
        ("10.1000/a--b", "doi:10.1000/a--b", "https://doi.org/10.1000/a--b"),
    ],
)
def test_a_doi_is_a_link(build: Build, text: str, shown: str, target: str | None):
    built = build({"index.rst": titled("Home", f":doi:`{text}`\n"), "expts/1_a/notes.rst": titled("A")})
    (link,) = built.body().select("a.doi")
    assert (words(link), link["href"]) == (shown, target or f"https://doi.org/{text}")
    assert built.warnings == ""


@pytest.mark.parametrize("text", ["hello", "10.1000", "javascript:alert(1)", "11.1000/182"])
def test_what_is_no_doi_stays_as_text_and_is_reported(build: Build, text: str):
    built = build({"index.rst": titled("Home", f"Before :doi:`{text}` behind.\n"), "expts/1_a/notes.rst": titled("A")})
    assert words(built.body().select_one("p")) == f"Before {text} behind."
    assert built.located == [
        f"index.rst:4: WARNING: {text!r} is not a DOI (they begin with 10. and hold a slash) [exptdir.directive]"
    ]
