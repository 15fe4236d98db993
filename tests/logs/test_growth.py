"""Reading a log takes steps as many as its lines: counted, not timed."""

from __future__ import annotations

import pytest

from benchmarks.logs import KINDS
from exptdir.logs import read_log_text
from tests.limits import calls, ending


def steps(name: str, text: str) -> int:
    """Count the calls of functions, Python's own among them, while a log is read."""
    return calls(lambda: read_log_text(text, name))


@pytest.mark.parametrize("kind", KINDS)
def test_twice_the_lines_take_twice_the_steps(kind: str) -> None:
    name, make = KINDS[kind]
    read_log_text(make(100), name)
    short, long = steps(name, make(600)), steps(name, make(1200))
    assert long / short < 2.2


@pytest.mark.parametrize("part", ["{\n", "- a\n", "a", "`", "[", "1 ", "(,", "|\n", "**\n", "a: 1 "])
def test_odd_texts_take_no_more(part: str) -> None:
    for name in ("notes.txt", "log.csv", "notes.md", "j.org"):
        read_log_text(part * 10, name)
        assert steps(name, part * 2000) < 2.3 * steps(name, part * 1000) + 2000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("notes.md", "# Run 1\n\n# a" + "-v1" * 40_000 + "!\n"),
        ("log.csv", "id," + "date " * 40_000 + "!\n1,2024-05-21\n2,2024-05-22\n"),
        ("notes.txt", "2024-05-21\n\nx\n\n2024-05-22\n\n> " + "ab " * 250_000 + "\n"),
    ],
)
def test_a_long_line_comes_to_an_end(name: str, text: str) -> None:
    with ending():
        read_log_text(text, name)
