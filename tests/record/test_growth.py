"""What a page, a title, a name or a reference may hold to make its reader slow: growth is linear for all of them.

What is called is counted. What goes on within one call, as in a regular expression, has texts that it would not get to
the end of.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from exptdir.errors import ExptdirError
from exptdir.record.dates import DateContext, days_of_name, heading_year, parse_title_date
from exptdir.record.edits.entry import new_entry
from exptdir.record.edits.facts import set_in_fields, set_in_front_matter
from exptdir.record.entries import entries
from exptdir.record.facts import from_name
from exptdir.record.markup.blocks import MARKDOWN, RST, plain_title, read_blocks, with_targets
from exptdir.record.markup.references import mentions, shown_files, tokens, toml_references, without_code
from exptdir.record.model import Record, natural_key
from exptdir.record.reference import look_up, parse_reference, resolve
from tests.limits import calls, ending

#: What texts are made of that a reader may take for its own again and again: what markup begins, goes on or ends with.
BITS = [
    *" \t\n-=+*_`'\"~^#:;.,!<>()[]{}|\\/@%$0aAé年",
    *("``", "`a", "`a`", "``a`", ":a:", ":a:`", "{a}`", "`a`:a", "[a", "[a]", "](", "](a", "[a](", "![", "![a("),
    *("[^a]", "<a", "<!--", "<a href=", '<img src="', "<a href='a' ", "|a", "| a | ", "|a|"),
    *(".. ", ".. _", ".. _a", ".. |a"),
    *("a::", "::", "\\a", "\\`", "a: ", "a:\n", "\n a", "\n- a", "\n-a", '"a', "'a", '"a" ', "a, ", "- ", "1. ", "a. "),
    *("> ", "+-", "=a ", "= ", "*a*", "**a", "_a_", "$$", "$$a", "# ", "a#", " #a", "\n#", "--- "),
    *("2024-", "2024-05-21 ", "21. ", "May ", "at ", "a\n", "\n\n", " \n", "\t\n", "a b"),
    *("(a", "(a)", "((", "a@", "/a", "a/", "%2", "1/2/"),
    *("<project:", "```\n", ":::\n", "```{a}\n", "::: {a}\n", "\n\n> ", "\n   ", "\n    a", "\n:a: "),
    *("\n\n1. a", "\n===\n"),
]
#: Those of one line that a regular expression may go back over, from each place to the end.
LONG = [*" a_`[<1", "](", "[a](", "![a(", "<a href='a' ", ":a:`", "`a`:a", "|a", "2024-", "a: ", "*a*", "(a", "1. "]
STARTS = ["", "---\na: ", "[a](", ".. a:: "]
BASE = Path("/r")
RECORD = Record(BASE, {})


def read_page(text: str, *, markdown: bool) -> None:
    """Read a page as commands and builds do."""
    blocks = read_blocks(text, markdown=markdown)
    tokens(blocks)
    for found in (mentions(blocks), shown_files(blocks), without_code(blocks, MARKDOWN if markdown else RST)):
        list(found)
    entries(blocks, with_targets(blocks, markdown=markdown))
    suffix = ".md" if markdown else ".rst"
    with suppress(ExptdirError):
        (set_in_front_matter if markdown else set_in_fields)(text, "tags", ("a",))
    with suppress(ExptdirError):
        new_entry(text[:20_000], suffix, "New", date(2024, 5, 21))


def read_words(text: str) -> None:
    """Read a title, a name, a reference and prerequisites."""
    parse_title_date(text, context=DateContext())
    for read in (heading_year, plain_title, toml_references):
        read(text)
    for read in (days_of_name, from_name, natural_key):
        # No file system has longer names.
        read(text[:255])
    toml_references(f"prereqs = [{text}")
    with suppress(ExptdirError):
        parse_reference(text)
    resolve(RECORD, text, None, lambda _experiment, _run: False)
    look_up(RECORD, text)


def grows(call: Callable[[str], object], start: str, bit: str) -> bool:
    """Tell whether four times the text takes more than eight times as many calls, and does so for long ones too."""
    texts = [start + bit * (length // len(bit)) for length in (300, 1_200, 4_800, 19_200)]
    call(texts[0])
    # The first is short enough for all; what is nested grows until it is as deep as anything may be.
    counts = (calls(lambda text=text: call(text)) for text in texts)
    before = next(counts)
    for count in counts:
        if count <= 8 * before:
            return False
        before = count
    return True


@pytest.mark.slow
@pytest.mark.parametrize("markdown", [True, False], ids=["markdown", "rst"])
@pytest.mark.parametrize("start", STARTS)
def test_reading_a_page_grows_with_its_length(start: str, markdown: bool) -> None:
    with ending():
        assert [bit for bit in BITS if grows(lambda text: read_page(text, markdown=markdown), start, bit)] == []


@pytest.mark.parametrize("start", ["", "2024-05-21", '"', "63@"])
def test_reading_words_grows_with_their_length(start: str) -> None:
    with ending():
        assert [bit for bit in BITS if grows(read_words, start, bit)] == []


@pytest.mark.parametrize("markdown", [True, False], ids=["markdown", "rst"])
def test_reading_long_lines_comes_to_an_end(markdown: bool) -> None:
    for bit in LONG:
        with ending():
            read_page(bit * (200_000 // len(bit)), markdown=markdown)


def test_reading_long_words_comes_to_an_end() -> None:
    for bit in LONG:
        with ending():
            read_words(bit * (200_000 // len(bit)))
