"""A new entry looks like the entries beside it, and nothing else in the log changes."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exptdir.errors import EditError
from exptdir.record.edits.entry import add_entry, new_entry
from exptdir.record.entries import entries
from exptdir.record.markup.blocks import read_blocks
from exptdir.record.scan import scan
from tests.record.edits.helpers import apply

TODAY = date(2026, 11, 2)


def added(text: str, suffix: str = ".rst", title: str = "New", **options: object) -> str:
    """What was added; fails unless the rest is as it was."""
    new = new_entry(text, suffix, title, TODAY, **options)
    length = len(new) - len(text)
    for at in range(len(text), -1, -1):
        if new[:at] == text[:at] and new[at + length :] == text[at:]:
            return new[at : at + length]
    raise AssertionError("more than the entry changed")


@pytest.mark.parametrize(
    ("heading", "new"),
    [
        ("2024-05-03: B", "2026-11-02: New"),
        ("2024/05/03 - B", "2026/11/02 - New"),
        ("May 3, 2024: B", "November 2, 2026: New"),
        ("3 May 2024: B", "2 November 2026: New"),
        ("May 3rd, 2024 B", "November 2nd, 2026 New"),
        ("Fri May 3 2024: B", "Mon November 2 2026: New"),
        ("Sep 3, 2024: B", "Nov 2, 2026: New"),
        ("[2024-05-03 Fri] B", "[2026-11-02 Mon] New"),
        ("B (2024-05-03)", "New (2026-11-02)"),
        ("23.5.2024 B", "2.11.2026 New"),
        ("2024年5月3日(金) B", "2026年11月2日(月) New"),
        ("2024-05-03", "2026-11-02: New"),
        ("20240503 B", "20261102 New"),
    ],
)
def test_the_date_is_written_as_that_of_the_other_entries(heading: str, new: str):
    assert added(f"# T\n\n## {heading}\n\nText.\n", ".md") == f"\n## {new}\n"


def test_oldest_first_grows_at_the_end_and_newest_first_at_the_top():
    one, two = "2024-05-01\n----------\n\nx\n", "2024-05-03\n----------\n\ny\n"
    forward = new_entry(f"T\n=\n\n{one}\n{two}", ".rst", "", TODAY)
    backward = new_entry(f"T\n=\n\n{two}\n{one}", ".rst", "", TODAY)
    new = "2026-11-02\n----------\n"
    assert forward == f"T\n=\n\n{one}\n{two}\n{new}"
    assert backward == f"T\n=\n\n{new}\n{two}\n{one}"


def test_an_undated_section_behind_the_entries_stays_behind():
    text = "T\n=\n\n2024-05-01 A\n------------\n\nx\n\n.. _refs:\n\nReferences\n----------\n\nz\n"
    new = new_entry(text, ".rst", "New", TODAY)
    assert new.index("x\n") < new.index("2026-11-02 New") < new.index(".. _refs:")


def test_lines_around_the_title_keep_their_style():
    over = "=====\nTitle\n=====\n\n++++++++++++++\n 2024-05-01 A\n++++++++++++++\n\nx\n"
    assert added(over) == "\n++++++++++++++++\n 2026-11-02 New\n++++++++++++++++\n"
    fixed = "T\n=\n\n2024-05-01\n--------------------\n\n2024-05-02 More\n--------------------\n"
    assert added(fixed, title="") == "\n2026-11-02\n--------------------\n"
    setext = "T\n===\n\n2024-05-01 A\n------------\n\nx\n"
    assert added(setext, ".md") == "\n2026-11-02 New\n--------------\n"


def test_a_title_in_chinese_gets_a_line_as_wide_as_it_looks():
    assert added("T\n=\n\n2024-05-01 A\n------------\n", title="实验") == "\n2026-11-02 实验\n" + "-" * 15 + "\n"


def test_an_entry_below_last_years_heading_gets_a_heading_of_its_year():
    assert added("# T\n\n## 2024\n\n### 5/21: A\n\nx\n", ".md") == "\n## 2026\n\n### 11/2: New\n"
    assert "## 2024" not in added("# T\n\n## 2026\n\n### 5/21: A\n\nx\n", ".md")


def test_a_log_without_entries_gets_an_iso_date_below_its_title():
    assert added("Title\n-----\n\nText.") == "\n\n2026-11-02: New\n===============\n".removesuffix("\n")
    assert added("# Title\n\nText.\n", ".md") == "\n## 2026-11-02: New\n"
    assert added("T\n=\n\nAim\n~~~\n\nText.\n") == "\n2026-11-02: New\n~~~~~~~~~~~~~~~\n"


def test_headings_in_code_and_front_matter_are_no_headings():
    text = "---\nid: 3\n---\n# T\n\n```python\n# 2024-05-01\n## 2024-05-02\n```\n"
    assert added(text, ".md") == "\n## 2026-11-02: New\n"


@pytest.mark.parametrize("text", ["", "Only text.\n", "\n\n"])
def test_a_log_without_a_title_is_refused_with_advice(text: str):
    with pytest.raises(EditError, match="has no title"):
        new_entry(text, ".rst", "New", TODAY)


def test_a_title_that_would_make_no_entry_is_refused():
    with pytest.raises(EditError, match="by hand"):
        new_entry("T\n=\n", ".rst", "", date(999, 1, 1))


def test_line_ends_byte_order_mark_and_old_encodings_are_kept(tmp_path: Path):
    log = tmp_path / "expts/a/log.rst"
    log.parent.mkdir(parents=True)
    for data in (b"\xef\xbb\xbfT\r\n=\r\n\r\nx\r\n", b"T\n=\n\n\xb5l \x81\n", b"T\r=\r\rx\r"):
        log.write_bytes(data)
        record = scan(tmp_path)
        apply(add_entry(record, record.experiments["expts/a"], "New", TODAY))
        new = log.read_bytes()
        end = b"\r\n" if b"\r\n" in data else b"\r" if b"\r" in data else b"\n"
        assert new == data + end.join([b"", b"2026-11-02: New", b"-" * 15, b""])
    log.write_bytes(b"T\n=\n\n\xb5l\n")
    record = scan(tmp_path)
    with pytest.raises(EditError, match="save it as UTF-8"):
        add_entry(record, record.experiments["expts/a"], "实验", TODAY)


FORMS = ["%Y-%m-%d", "%Y/%m/%d", "%B %d, %Y", "%d %b %Y", "%a %Y-%m-%d", "%d.%m.%Y"]


@settings(max_examples=60, deadline=None)
@given(
    days=st.lists(st.integers(0, 700), min_size=1, max_size=6, unique=True),
    form=st.sampled_from(FORMS),
    backward=st.booleans(),
    suffix=st.sampled_from([".rst", ".md"]),
    end=st.sampled_from(["\n", "\r\n"]),
    gap=st.integers(1, 3),
    tail=st.sampled_from(["", "\n", "\n\n"]),
)
def test_the_new_entry_is_found_at_its_end_of_the_file_and_the_rest_is_untouched(
    days: list[int], form: str, backward: bool, suffix: str, end: str, gap: int, tail: str
):
    stamps = [(date(2024, 1, 1) + timedelta(n)).strftime(form) for n in sorted(days, reverse=backward)]
    blocks = [f"## {s} x" if suffix == ".md" else f"{s} x\n{'-' * (len(s) + 2)}" for s in stamps]
    title = "# T\n\n" if suffix == ".md" else "T\n=\n\n"
    text = (title + ("\n" * (gap + 1)).join(f"{block}\n\nbody" for block in blocks) + tail).replace("\n", end)
    assert added(text, suffix)
    found = entries(read_blocks(new_entry(text, suffix, "New", TODAY), markdown=suffix == ".md"))
    at = 0 if backward and len(days) > 1 else -1
    assert found[at].day == TODAY
    only_may = all((date(2024, 1, 1) + timedelta(n)).month == 5 for n in days)
    expected = TODAY.strftime(form.replace("%b", "%B") if only_may else form)
    assert found[at].heading.title in {f"{expected} New", f"{re.sub('02(?!6)', '2', expected)} New"}
    assert len(found) == len(days) + 1


@pytest.mark.parametrize(
    ("text", "suffix", "expected"),
    [
        # What "new" makes; the wet lab's habit of a date in the title; a title in front matter.
        ("# T\n\n## {today}\n", ".md", "# T\n\n## {today}: New\n"),
        ("T\n====\n\n{today}\n----------\n\n", ".rst", "T\n====\n\n{today}\n---------------\n\n"),
        ("# 2023-03-10 qPCR\n\nText.\n", ".md", "# 2023-03-10 qPCR\n\nText.\n\n## {today}: New\n"),
        ("# 2023-03-10 qPCR\nText.", ".md", "# 2023-03-10 qPCR\nText.\n\n## {today}: New"),
        ("# T\n\n## {today}\n\nText.\n", ".md", "# T\n\n## {today}\n\nText.\n\n## {today}: New\n"),
    ],
)
def test_an_empty_section_of_today_is_filled_and_a_dated_title_is_the_page_s(text: str, suffix: str, expected: str):
    today = TODAY.isoformat()
    new = new_entry(text.format(today=today), suffix, "New", TODAY)
    wanted = expected.format(today=today)
    assert new == wanted.replace(f"{today}\n---------------", f"{today}: New\n---------------")


def test_a_log_whose_title_is_a_fact_needs_no_heading():
    assert new_entry("---\ntitle: T\n---\n", ".md", "New", TODAY, stated="T").endswith(f"---\n\n## {TODAY}: New\n")
