"""Headings and entries of logs, read without docutils."""

from __future__ import annotations

from datetime import date

from exptdir.record.entries import entries
from exptdir.record.markup.blocks import Heading, read_blocks


def headings(text: str, markdown: bool) -> list[Heading]:
    return read_blocks(text, markdown=markdown).headings


def titles(text: str, *, markdown: bool) -> list[tuple[int, int, str]]:
    return [(heading.line, heading.level, heading.title) for heading in read_blocks(text, markdown=markdown).headings]


def days(text: str, *, markdown: bool = True, **known: date) -> list[tuple[date | None, int, str]]:
    return [(entry.day, entry.n, entry.rest) for entry in entries(read_blocks(text, markdown=markdown), **known)]


def test_headings_of_markdown():
    text = "---\nx: 1\n---\n# A #\n\nB\n===\n\n## C\n\n```\n# no\n```\n~~~\n# no\n~~~\n    # no\n\n#no\n"
    assert titles(text, markdown=True) == [(4, 1, "A"), (6, 1, "B"), (9, 2, "C")]


def test_headings_of_restructuredtext():
    text = "===\nTop\n===\n\nA\n---\n\nText::\n\n   B\n   ---\n\n* x\n\nB\n~~~~\n\nC\n---\n\n----\n\nD\n"
    assert titles(text, markdown=False) == [(2, 1, "Top"), (5, 2, "A"), (15, 3, "B"), (18, 2, "C")]


def test_the_second_entry_of_a_day_is_number_two():
    text = "# X\n\n## 2024-05-21: a\n\n## 2024-05-21\n\n```{update} 2024/05/22\nx\n```\n"
    day = date(2024, 5, 21)
    assert days(text) == [(day, 1, "a"), (day, 2, ""), (date(2024, 5, 22), 1, "")]


def test_a_year_may_stand_in_a_heading_above():
    text = "# X\n\n## 2023\n\n### 28 December\n\n## 2024\n\n### 3 January\n"
    assert [day for day, _, _ in days(text)] == [date(2023, 12, 28), date(2024, 1, 3)]


def test_a_lone_dated_title_is_that_of_the_page_and_others_beside_it_make_it_an_entry():
    first, second = date(2024, 5, 21), date(2024, 5, 22)
    assert days("2024-05-21\n----------\n\nText\n", markdown=False) == []
    assert days("# 2024-05-21 qPCR\n\n## 2024-05-22\n") == [(second, 1, "")]
    assert days("# 2024-05-21\n\n# 2024-05-22\n") == [(first, 1, ""), (second, 1, "")]


def test_a_doubtful_date_has_no_day_and_a_reason():
    [entry] = entries(read_blocks("# X\n\n## 5/6/2024\n", markdown=True))
    assert entry.day is None and entry.problem is not None


def test_a_heading_in_a_comment_is_none():
    text = "# A\n\n<!--\n## 2024-05-21\n-->\n\n## B\n"
    assert titles(text, markdown=True) == [(1, 1, "A"), (7, 2, "B")]


def test_line_ends_do_not_matter():
    for text, markdown in (("# A\n\nB\nC\n---\n\n## D\n", True), ("A\n=\n\nB\n-\n\n.. update:: 2024-05-21\n", False)):
        assert headings(text, markdown) == headings(text.replace("\n", "\r\n"), markdown)


def test_the_first_prose_of_a_section_is_no_field_directive_code_or_comment():
    blocks = read_blocks(
        "## A\n\n```python\nx = 1\n```\n\n<!-- no -->\n\n```{note}\n:class: x\n```\n\n  Said.\n", markdown=True
    )
    assert blocks.first_prose(1, len(blocks.lines())) == "Said."
    blocks = read_blocks("A\n-\n\n:tags: x\n\n.. no\n   more\n\nSaid.\n\nLater\n", markdown=False)
    assert blocks.first_prose(2, len(blocks.lines())) == "Said." and blocks.first_prose(2, 7) == ""
