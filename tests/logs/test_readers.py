"""Each kind of log: what is recognised in it, with the line it stands on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from exptdir.logs import LogDocument, LogError, read_log, read_log_text, readers

RUNS = """\
**[`a/01`](01.yaml)**
**[`a/02`](02.yaml)**

A first try. In `a/01`, loss go to MSE=7.

**[`a/03`](03.yaml)**

- Compare `a/03-1` and `a/01`.
- `a/03-2`: batch=8, train=1.5, valid=2.5
"""
BRACES = """\
2021/12/30 {
    2021_m12_d29@10_00_00_wide
        looks good
            #show
}
1/13{
    see 12/30 notes
    exp: narrow
}
1/14 talk {
    ok
}
1/15 {
    fine
}
todo {
    try more
        and more
}
archive {
    old idea
}
"""
TABLE = """\
experiment,log,result
0,first one, good
1,same as 0 but longer, better, and nicer
3,same as before, loss is ~0.5
4,back to exp 1, as exp_5 did
5,none,0.25
"""
VERSIONS = """\
v0
--
Summary:
Small.

GPU Memory: 1,985/8,126 MB
GPU Use: 30 %

v1
--
Same as V0. [UPDATE: no]
-wider
    -much wider

----------
NEW MODELS
----------

v0
--
From nothing.

v1
--
Like v0.
"""


def read(text: str, name: str, **more: object) -> LogDocument:
    return read_log_text(text, name, **more)  # type: ignore[arg-type]


def references(found: LogDocument) -> list[tuple[int, str, tuple[str, ...], str]]:
    return [(one.line, one.text, one.targets, one.state) for one in found.references]


def test_a_run_list() -> None:
    found = read(RUNS, "notes.txt")
    assert found.format == "runs"
    assert [(run.id, run.line, run.file) for run in found.runs][:3] == [
        ("a/01", 1, "01.yaml"),
        ("a/02", 2, "02.yaml"),
        ("a/03", 6, "03.yaml"),
    ]
    assert [(run.id, run.parent) for run in found.runs][3:] == [("a/03-1", "a/03"), ("a/03-2", "a/03")]
    assert references(found) == [
        (4, "a/01", ("a/01",), "resolved"),
        (8, "a/03-1", ("a/03-1",), "resolved"),
        (8, "a/01", ("a/01",), "resolved"),
    ]
    metrics = [(metric.name, metric.number, metric.run, metric.setting) for metric in found.metrics]
    assert metrics == [
        ("MSE", 7.0, "a/01", False),
        ("batch", 8.0, "a/03-2", True),
        ("train", 1.5, "a/03-2", False),
        ("valid", 2.5, "a/03-2", False),
    ]


def test_a_brace_outline() -> None:
    known = ["2021_m12_d29@10_00_00_wide", "2022_m01_d14@09_00_00_narrow", "2021_m11_d01@09_00_00_narrow"]
    found = read(BRACES, "notes.txt", runs=known)
    assert found.format == "outline"
    days = [date(2021, 12, 30), date(2022, 1, 13), date(2022, 1, 14), date(2022, 1, 15)]
    assert [entry.day for entry in found.entries] == days
    assert found.entries[2].title == "talk"
    assert references(found) == [
        (7, "12/30", ("@2021-12-30",), "resolved"),
        (8, "narrow", ("2022_m01_d14@09_00_00_narrow",), "resolved"),
    ]
    assert [(tag.name, tag.line, tag.run) for tag in found.tags] == [("show", 4, "2021_m12_d29@10_00_00_wide")]
    assert [(task.text, task.done) for task in found.tasks] == [("try more", False)]
    assert [block.text for block in found.walk() if block.folded] == ["archive"]


def test_a_day_without_a_year_is_none_that_was_still_to_come() -> None:
    days = "# Log\n\n## 2020-12-27\n\nbegun\n\n## 2021-01-02\n\nsee 12/27 notes\n\n## 2021-12-27\n\nagain\n"
    days += "\n## 2022-01-02\n\nsee 12/27 notes and 1/5 notes\n\n## 2022-01-05\n\nend\n"
    found = read(days, "log.md", format="journal")
    assert references(found) == [
        (9, "12/27", ("@2020-12-27",), "resolved"),
        (17, "12/27", ("@2020-12-27", "@2021-12-27"), "ambiguous"),
        (17, "1/5", ("@2022-01-05",), "resolved"),
    ]


def test_a_table_with_commas_in_its_prose() -> None:
    found = read(TABLE, "log.csv")
    assert [(run.id, run.line) for run in found.runs] == [("0", 2), ("1", 3), ("3", 4), ("4", 5), ("5", 6)]
    assert references(found) == [
        (3, "0", ("0",), "resolved"),
        (4, "before", ("1",), "resolved"),
        (5, "exp 1", ("1",), "resolved"),
        (5, "exp_5", ("5",), "ambiguous"),
    ]
    assert (found.problems[0].line, found.problems[0].message[:24]) == (3, "',' stands in prose or b")
    assert [(metric.number, metric.run) for metric in found.metrics] == [(0.25, "5")]
    assert next(found.walk()).children[2].children[2].text == "better, and nicer"


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("1,same as 0, but longer,good", ["1", "same as 0, but longer", "good"]),
        ("1,size (224, 13),good", ["1", "size (224, 13)", "good"]),
        ('1,{"a": 1, "b": [2, 3]},good', ["1", '{"a": 1, "b": [2, 3]}', "good"]),
        ("1,open (bracket,good", ["1", "open (bracket", "good"]),
        ("1,a,b,c", ["1", "a", "b,c"]),
    ],
)
def test_commas_that_part_no_cells(row: str, cells: list[str]) -> None:
    found = read(f"run,log,result\n0,first,bad\n{row}\n", "log.csv")
    assert [cell.text for cell in next(found.walk()).children[2].children] == cells
    assert [problem.line for problem in found.problems] == ([3] if row.count(",") > 2 else [])


def test_versions_that_begin_again() -> None:
    found = read(VERSIONS, "notes.txt")
    assert found.format == "versions"
    assert [run.id for run in found.runs] == ["v0", "v1", "v0.2", "v1.2"]
    assert references(found) == [(11, "V0", ("v0",), "resolved"), (25, "v0", ("v0.2",), "resolved")]
    assert [(amended.text, amended.line, amended.run) for amended in found.amendments] == [("[UPDATE: no]", 11, "v1")]
    metric = found.metrics[0]
    assert (metric.name, metric.value, metric.number, metric.unit) == ("GPU Memory", "1,985/8,126", 1985.0, "MB")
    assert [(one.value, one.unit) for one in found.metrics[1:]] == [("30", "%")]


def test_an_org_file() -> None:
    text = "* Log\n** 2024-05-06 Mon\ntext\n*** TODO more  :big:\n*** DONE less\n#+begin_src sh\nls\n#+end_src\n"
    found = read(text, "journal.org")
    assert [(entry.day, entry.line) for entry in found.entries] == [(date(2024, 5, 6), 2)]
    assert [(task.text, task.line, task.done) for task in found.tasks] == [("more", 4, False), ("less", 5, True)]
    assert [(tag.name, tag.line) for tag in found.tags] == [("big", 4)]
    assert [(block.text, block.line) for block in found.walk() if block.kind == "code"] == [("ls", 7)]


@pytest.mark.parametrize("name", ["notes.rst", "notes.md"])
def test_a_journal_with_bare_dates(name: str) -> None:
    found = read("Title\n=====\n\n2024-05-06\n\nText. TODO: more\n\n2024-05-07\n\nText.\n", name)
    assert found.format == "journal"
    assert [(entry.day, entry.line) for entry in found.entries] == [(date(2024, 5, 6), 4), (date(2024, 5, 7), 8)]
    assert [task.line for task in found.tasks] == [6]


@pytest.mark.parametrize(
    ("written", "days"),
    [
        (["2021/6/05", "2021/6/9"], [date(2021, 6, 5), date(2021, 6, 9)]),
        (["2021年6月5日", "5 June 2021"], [date(2021, 6, 5), date(2021, 6, 5)]),
        (["6/5/21", "6/13/21"], [date(2021, 6, 5), date(2021, 6, 13)]),
        (["2021-06-05 18:30", "2021-06-05T19:00:01"], [date(2021, 6, 5), date(2021, 6, 5)]),
        (["6/5/21", "7/5/21"], [None, None]),
        (["2021-06-05", "", "later"], [date(2021, 6, 5)]),
    ],
)
@pytest.mark.parametrize("name", ["log.csv", "log.md"])
def test_rows_are_dated_as_titles_are(written: list[str], days: list[date | None], name: str) -> None:
    if name == "log.csv":
        text = "date,what was done\n" + "".join(f"{day},step {n}\n" for n, day in enumerate(written))
    else:
        rows = "".join(f"| {day} | step {n} |\n" for n, day in enumerate(written))
        text = "# Log\n\n| 日期 | what |\n| --- | --- |\n" + rows
    found = read_log_text(text, name)
    assert [entry.day for entry in found.entries] == days
    # One message for a column: which order is meant is said once.
    assert len([problem for problem in found.problems if problem.kind == "date"]) == (None in days)


def test_a_date_that_has_no_year_anywhere_stays_open() -> None:
    found = read("3/4 {\n  a\n}\n3/5 {\n  b\n}\n", "notes.txt")
    assert [entry.day for entry in found.entries] == [None, None]
    assert [problem.line for problem in found.problems] == [1, 4]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "log.csv"
    text = "实验,日志\n1,训练损失下降很快\n2,和实验 1 一样但是学习率更低\n3,和实验 2 一样没有区别\n"
    path.write_bytes(text.replace("\n", end).encode(encoding))
    found = read_log(path)
    assert [(run.id, run.line) for run in found.runs] == [("1", 2), ("2", 3), ("3", 4)]
    assert references(found) == [(3, "实验 1", ("1",), "resolved"), (4, "实验 2", ("2",), "resolved")]


def test_japanese_in_seven_bits_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes("番号,メモ\n1,初回の学習\n2,実験 1 と同じ設定で再実行\n".encode("iso2022_jp"))
    found = read_log(path)
    assert references(found) == [(3, "実験 1", ("1",), "resolved")]
    assert found.problems == []
    path.write_bytes(b"a\x1b$Bfor ever")
    with pytest.raises(LogError, match="ISO-2022-JP"):
        read_log(path)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(LogError, match=r"notes\.txt is no log"):
        read_log(path)
    with pytest.raises(LogError, match="cannot be read"):
        read_log(tmp_path / "absent.txt")


def test_a_format_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="did you mean outline"):
        read("text", "notes.txt", format="outlin")
    assert list(readers())[:5] == ["csv", "outline", "versions", "runs", "journal"]
