"""Long logs in parts: what is in which, that names stay, that nothing is lost and no part is too long."""

from __future__ import annotations

from itertools import pairwise

import pytest

from exptdir.logs import LogDocument, read_log_text
from exptdir.logs.parts import line_count, split_log
from exptdir.record.facts_values import LONG, Way

LINE = "wet rows of cress grow in the dark\n"


def days(count: int, lines: int = 30, *, newest_first: bool = False) -> list[str]:
    """Return entries that lie twelve days apart, oldest first in time, each with its title."""
    found = [
        f"## {2019 + at // 30}-{at % 30 * 12 // 30 + 1:02}-{at % 30 * 12 % 30 % 28 + 1:02} sown\n\n{LINE * lines}\n"
        for at in range(count)
    ]
    return found[::-1] if newest_first else found


def read(entries: list[str], head: str = "") -> LogDocument:
    return read_log_text(head + "".join(entries), "notes.md", "journal")


def names(document: LogDocument, way: Way = "") -> list[str]:
    return [part.name for part in split_log(document, way).parts]


def texts(document: LogDocument, way: Way = "") -> list[str]:
    parts = split_log(document, way)
    blocks = [*parts.head, *(block for part in parts.parts for block in part.blocks)]
    return [inner.text for block in blocks for inner in block.walk()]


def test_a_log_of_some_years_has_a_part_for_each_and_keeps_what_stands_before() -> None:
    parts = split_log(read(days(75), "What for.\n\n"))
    assert [block.text for block in parts.head] == ["What for."]
    assert [(part.name, part.title, part.entries) for part in parts.parts] == [
        ("2019", "2019", 30),
        ("2020", "2020", 30),
        ("2021", "2021", 15),
    ]
    assert parts.places["@2020-01-01"] == "2020"


def test_a_short_log_or_one_without_days_and_runs_stays_whole() -> None:
    short = read(days(40, 2))
    assert line_count(short.blocks) < LONG
    assert names(short) == []
    assert names(short, "year") == ["2019", "2020"]
    assert names(read([f"## {'abcdefgh'[at % 8]}\n\n{LINE}\n" for at in range(2000)])) == []
    assert names(read(days(75)), "none") == []


@pytest.mark.parametrize("newest_first", [False, True])
def test_names_and_parts_stay_as_the_log_grows(newest_first: bool) -> None:
    before: dict[str, list[str]] = {}
    for count in range(70, 130, 7):
        entries = days(count, 80, newest_first=newest_first)
        parts = split_log(read(entries)).parts
        now = {part.name: [inner.text for block in part.blocks for inner in block.walk()] for part in parts}
        # All but the part that was the last one are as they were.
        newest = max(before, default="", key=lambda name: (int(name[:4]), len(name), name))
        assert {name: now[name] for name in before if name != newest} == {
            name: text for name, text in before.items() if name != newest
        }
        assert newest in now or not before
        before = now
    assert {"2019", "2019-2"} <= before.keys()


@pytest.mark.parametrize("newest_first", [False, True])
def test_parts_stand_in_the_order_of_the_file_and_lose_nothing(newest_first: bool) -> None:
    document = read(days(100, 90, newest_first=newest_first), "First.\n\n")
    whole = [block.text for block in document.walk()]
    assert texts(document) == whole
    parts = split_log(document).parts
    assert all(
        one.days[0] > two.days[-1] if newest_first else one.days[-1] < two.days[0] for one, two in pairwise(parts)
    )
    assert all(part.lines <= LONG for part in parts)


def test_a_heading_around_all_is_opened_and_that_of_a_year_stays_with_it() -> None:
    nested = "".join(
        f"## {year}\n\n" + "".join(f"### {year}-{month:02}-03\n\n{LINE * 300}\n" for month in range(1, 9))
        for year in (2020, 2021)
    )
    document = read([nested], "# Notebook\n\nOf mine.\n\n")
    parts = split_log(document)
    assert [part.name for part in parts.parts] == ["2020", "2020-2", "2021", "2021-2"]
    assert parts.parts[2].blocks[0].text == "2021"
    assert texts(document) == [block.text for block in document.walk()]


def test_runs_are_split_by_number_and_each_part_is_called_by_its_oldest() -> None:
    log = "".join(f"v{at}\n---\n\n{LINE * 9}\nAs v{max(at - 1, 0)}.\n\n" for at in range(400))
    document = read_log_text(log, "notes.txt")
    parts = split_log(document)
    assert [(part.name, part.title) for part in parts.parts] == [
        ("v0", "v0 – v180"),
        ("v181", "v181 – v361"),
        ("v362", "v362 – v399"),
    ]
    assert [parts.places[name] for name in ("v0", "v180", "v181", "v399")] == ["v0", "v0", "v181", "v362"]
    assert texts(document) == [block.text for block in document.walk()]
    again = "".join(f"v{at}\n---\n\n{LINE * 9}\n" for _ in range(2) for at in range(120))
    assert len(names(read_log_text(again, "notes.txt"))) == 2


def test_a_log_that_tells_of_more_years_by_turns_has_each_of_them_once() -> None:
    entries = days(70)
    mixed = [entry for pair in zip(entries[:35], entries[35:], strict=True) for entry in pair]
    document = read(mixed)
    assert names(document) == ["2019", "2020", "2021"]
    assert sorted(texts(document)) == sorted(block.text for block in document.walk())
