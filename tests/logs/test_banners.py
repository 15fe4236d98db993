"""The lines that people part their days with, in each reader, and lines that only look so."""

from __future__ import annotations

from datetime import date

import pytest

from exptdir.logs import read_log_text

BANNERS = [
    ("---- ana costa 03/24/21", "---- ana costa 03/25/21"),
    ("---- bo 3/24/2021 ----", "---- ana 3/25/2021 ----"),
    ("---- ana costa 3-24-21 8：12 pm", "---- ana costa 3-25-21 1:55 am"),
    ("=== 2021-03-24 ===", "=== 2021-03-25 ==="),
    ("*** 2021-03-24 ***", "*** 2021-03-25 ***"),
    ("## [2021-03-24] wet", "## [2021-03-25] dry"),
    ("[2021-03-24 14:30] wet", "[2021-03-25 09:00] dry"),
    ("<2021-03-24 Wed>", "<2021-03-25 Thu>"),
    (">>> 2021-03-24", ">>> 2021-03-25"),
    ("03/24/21 - ana - wet rows", "03/25/21 - bo - dry rows"),
    ("Ana Costa, 2021-03-24:", "Bo, 2021-03-25:"),
    ("@ana 2021-03-24", "@bo 2021-03-25"),
    ("**2021-03-24** wet", "**2021-03-25** dry"),
    ("**2021-03-24: wet**", "**2021-03-25: dry**"),
    ("Wednesday, March 24, 2021", "Thursday, March 25, 2021"),
    ("24th March 2021", "25th March 2021"),
    ("Day 12 (2021-03-24)", "Day 13 (2021-03-25)"),
    ("Date: 2021-03-24", "Date: 2021-03-25"),
    ("2021年3月24日", "2021年3月25日（周四）"),
    ("2021년 3월 24일 (수)", "2021년 3월 25일 (목)"),
    ("24 de março de 2021", "25 de março de 2021"),
    ("24. März 2021", "25. März 2021"),
    ("Mittwoch, 24.3.2021", "Donnerstag, 25.3.2021"),
    ("le 24 mars 2021", "jeudi 25 mars 2021"),
    ("24 marzo 2021", "25 marzo 2021"),
    ("24 maart 2021", "25 maart 2021"),
]


@pytest.mark.parametrize("banner", BANNERS, ids=lambda pair: pair[0])
@pytest.mark.parametrize("format", ["", "journal", "runs", "versions", "outline"])
def test_each_is_the_title_of_an_entry(banner: tuple[str, str], format: str) -> None:
    lines = ["the wet rows grew", "and again"]
    if format == "outline":
        text = "".join(f"{one} {{\n  {lines[0]}\n}}\n" for one in banner)
    else:
        text = "\n\n".join(part for one in banner for part in (one, "\n".join(lines)))
    for name in ("notes.txt", "notes.md") if format != "outline" else ("notes.txt",):
        found = read_log_text(text, name, format)
        assert [entry.day for entry in found.entries] == [date(2021, 3, 24), date(2021, 3, 25)], name
        assert [block.text for block in found.blocks if block.kind == "section"] != []
        words = " ".join(" ".join(block.text for block in found.walk()).split())
        assert words.count("the wet rows grew") == 2


def test_days_without_a_year_get_it_from_their_neighbours() -> None:
    for first, second in (
        ("3월 24일", "3월 25일"),
        ("Day 1 (3/24)", "Day 2 (3/25)"),
        ("Wednesday, March 24", "March 25"),
    ):
        found = read_log_text(f"=== 2021-03-20 ===\n\nwet\n\n{first}\n\nwet\n\n{second}\n\ndry\n", "notes.txt")
        assert [entry.day for entry in found.entries][1:] == [date(2021, 3, 24), date(2021, 3, 25)], first


def test_the_title_of_a_day_is_what_stands_beside_it() -> None:
    found = read_log_text("---- ana costa 03/24/21\nwet\n\n03/25/21 - bo - dry rows\n\nx\n", "notes.txt")
    assert [entry.title for entry in found.entries] == ["ana costa", "bo - dry rows"]


def test_lines_that_each_begin_with_a_day_are_entries_each() -> None:
    found = read_log_text("wet = 0\n\n2021-03-24 03:05:02.3-05:00 | wet_1\n2021-03-25 21:33:40 | dry_1\n", "notes.txt")
    assert [(entry.day, entry.line) for entry in found.entries] == [(date(2021, 3, 24), 3), (date(2021, 3, 25), 4)]


@pytest.mark.parametrize(
    "line",
    [
        "2021-03-24 we took the wet rows\nand looked at them.",
        "see 2021-03-24",
        "as on 2021-03-24",
        "4. May be wrong",
        "March was wet",
        "3/4 of the rows were wet",
        "10/12 rows",
    ],
)
def test_prose_is_no_title(line: str) -> None:
    for name in ("notes.txt", "notes.md"):
        found = read_log_text(f"# Rows\n\n{line}\n\nwords\n\n{line}\n\nmore\n", name, "journal")
        assert found.entries == [], name
        assert [block.text for block in found.walk() if block.kind == "section"] == ["Rows"]


def test_a_day_within_a_run_does_not_end_it() -> None:
    log = "v1\n--\nwet\n\n2021-03-24\n\nloss: 0.4\n\n2021-03-25\n\nloss: 0.3\n\nv2\n--\ndry\n"
    found = read_log_text(log, "notes.txt")
    assert [entry.day for entry in found.entries] == [date(2021, 3, 24), date(2021, 3, 25)]
    assert {metric.run for metric in found.metrics} == {"v1"}
