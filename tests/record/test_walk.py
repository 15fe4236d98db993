"""File patterns, held against Sphinx's own."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sphinx.util.matching import compile_matchers

from exptdir.record.walk import compile_patterns, literal_pattern

PIECES = ["*", "**", "?", "[", "]", "!", "^", "-", "/", ".", "a", "b", "z", "1", "\\", "(", "+", "$", "ä", " ", "[ab]"]
PATTERNS = st.lists(st.sampled_from([*PIECES, "[!ab]", "[!a]", "[a-z]", "[]", "[^a]", "**/"]), max_size=8).map("".join)
PATHS = st.text("ab/.1-z[]!^\\(+$ ä", max_size=8)


@given(st.lists(PATTERNS, max_size=3), PATHS)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_same_paths_match_as_with_sphinx(patterns: list[str], path: str):
    try:
        # Not Sphinx's Matcher: that one, for html_extra_path, lets `**/a` match `a` too.
        expected = any(matches(path) for matches in compile_matchers(patterns))
    except re.error:
        assume(False)
    assert compile_patterns(patterns)(path) == expected


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("expts/old", "expts/old", True),
        ("expts/old", "expts/old/notes.rst", False),
        ("expts/*", "expts/a/b", False),
        ("**/_*", "a/b/_c", True),
        ("**/_*", "_c", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[!a]", "/", False),
        ("[!a]", "b", True),
        ("[", "[", True),
        ("", "a", False),
    ],
)
def test_patterns(pattern: str, path: str, matches: bool):
    assert compile_patterns([pattern])(path) is matches


@pytest.mark.filterwarnings("error")
def test_an_escaped_bracket_is_no_reason_for_a_warning():
    assert compile_patterns([literal_pattern("a[1]")])("a[1]")


def test_without_patterns_nothing_matches():
    assert not compile_patterns([])("")


@given(st.text(min_size=1), st.text())
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_an_escaped_path_matches_itself_alone(path: str, other: str):
    matches = compile_patterns([literal_pattern(path)])
    assert matches(path)
    assert matches(other) == (path == other)
    assume("\n" not in path)
    (sphinx_matches,) = compile_matchers([literal_pattern(path)])
    assert sphinx_matches(path)
