"""``new``, ``entry``, ``status`` and ``tag``: what ends up in the files, and what does not change."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from tests.cli.conftest import Run, contents, write


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def test_new_takes_the_next_number_and_prints_the_log(run: Run, record: Path):
    before = contents(record)
    done = run("new", "A Smaller Network?", "--date", "2024-07-01")
    path = "expts/0066_a_smaller_network/index.md"
    assert (done.code, done.out) == (0, f"{path}\n")
    assert changed(before, contents(record)) == {path}
    assert (record / path).read_text() == "# A Smaller Network?\n\n## 2024-07-01\n"
    assert run("list", "--json", "--last", "1").json[0]["title"] == "A Smaller Network?"


def test_new_writes_todays_entry_by_default(run: Run, record: Path):
    before = datetime.date.today()
    text = (record / run("new", "X").out.strip()).read_text()
    # It may be midnight.
    assert any(f"## {day}\n" in text for day in (before, datetime.date.today()))


def test_new_is_as_the_newest_experiment(run: Run, record: Path):
    write(record, {"expts/00070_other/notes.rst": "Other\n=====\n"})
    path = run("new", "学习 *率", "--status", "new", "--tag", "a b", "--date", "2024-07-01").out.strip()
    assert path == "expts/0071_学习_率/notes.rst"
    expected = ":status: new\n:tags: a b\n\n学习 \\*率\n=========\n\n2024-07-01\n----------\n"
    assert (record / path).read_text("utf-8") == expected
    assert run("show", "71", "--json").json["tags"] == ["a b"]


def test_a_log_is_called_as_its_directory_where_the_newest_one_is(run: Run, record: Path):
    write(record, {"expts/0070_qpcr/qpcr.rst": "qPCR\n====\n"})
    assert run("new", "Try again").out == "expts/0071_try_again/try_again.rst\n"
    again = run("new", "Try again")
    assert (again.out, again.err) == ("expts/0072_try_again/try_again.rst\n", "note: #71 has the same title\n")


def test_a_day_in_front_of_a_name_does_not_say_how_wide_numbers_are(run: Run, record: Path):
    write(record, {f"expts/2024010{day}_x/index.md": "# X\n" for day in range(1, 10)})
    assert run("new", "Next").out == "expts/0066_next/index.md\n"


@pytest.mark.parametrize(
    ("last", "made"),
    [("20240511_gel/gel.rst", "20240521_wash/wash.rst"), ("2024-05-11 gel/notes.md", "2024-05-21 wash/notes.md")],
)
def test_where_all_directories_begin_with_days_a_new_one_does(run: Run, tmp_path: Path, last: str, made: str):
    write(tmp_path / "lab", {"conf.py": 'extensions = ["exptdir"]\n', f"expts/{last}": "Gel\n===\n"})
    assert run("new", "Wash", "--date", "2024-05-21", at="../lab").out == f"expts/{made}\n"
    assert run("show", made.partition("/")[0], at="../lab").code == 0
    write(tmp_path / "lab", {"expts/0001_x/index.md": "# X\n"})
    assert run("new", "Dry", at="../lab").out.startswith("expts/0002_dry/")


def test_new_can_be_nested_and_named(run: Run, record: Path):
    done = run("new", "Heat", "--parent", "64", "--name", "warm room", at="expts/0063_train_cnn")
    assert done.out == "../0064_data/0066_warm_room/index.md\n"
    assert run("show", "66", "--json").json["parent"] == "64"


def test_new_states_facts_that_are_read_back(run: Run):
    run("new", "Heat", "--tag", 'odd: "tag"', "--tag", "12", "--status", "ready")
    shown = run("show", "66", "--json").json
    assert (shown["status"], shown["tags"]) == ("ready", ['odd: "tag"', "12"])


def test_new_refuses_what_makes_no_name_and_unknown_statuses(run: Run, record: Path):
    before = contents(record)
    assert run("new", "???").code == 1
    assert run("new", "  ").code == 1
    done = run("new", "X", "--status", "finished")
    assert done.code == 2 and "in progress" in done.err
    assert contents(record) == before


def test_new_never_overwrites(run: Run, record: Path):
    write(record, {"expts/0066_x/data.csv": "1\n"})
    done = run("new", "X")
    assert done.code == 1 and "exists already" in done.err
    assert contents(record)["expts/0066_x/data.csv"] == b"1\n"


def test_new_stays_inside_of_the_record(run: Run, tmp_path: Path):
    path = run("new", "../../../out", "--name", "../../x").out.strip()
    assert path == "expts/0066_x/index.md"
    assert run("new", "X", "--template", "../../index").code == 1


def test_new_uses_the_authors_template(run: Run, record: Path):
    template = "{title}\n=======\n\n{date} is the day of {id}, {not} known.\n"
    write(record, {"expts/_templates/pcr.rst": template, "expts/_templates/default.md": "# {title}\n\n{status}!\n"})
    path = run("new", "A rather long title", "--template", "pcr", "--date", "2024-07-01").out.strip()
    text = (record / path).read_text()
    assert text.startswith("A rather long title\n===================\n\n2024-07-01 is the day of 66, {not} known.")
    path = run("new", "Y", "--status", "new").out.strip()
    assert (record / path).read_text() == "# Y\n\nnew!\n"
    assert run("show", "67", "--json").json["status"] == "new"
    assert run("new", "Y", "--template", "none").code == 1


def test_new_opens_the_editor(run: Run, record: Path, monkeypatch):
    monkeypatch.setenv("EDITOR", "sh -c 'echo edited >> \"$0\"'")
    path = run("new", "X", "--edit").out.strip()
    assert (record / path).read_text().endswith("edited\n")
    monkeypatch.setenv("VISUAL", "no-such-editor")
    done = run("new", "Y", "--edit")
    assert done.code == 1 and "no-such-editor" in done.err and done.out.endswith("0067_y/index.md\n")


def test_entry_is_added_in_the_logs_own_style(run: Run, record: Path):
    before = contents(record)
    done = run("entry", "Loss fell", "--date", "2024-07-01", at="expts/0063_train_cnn")
    assert (done.code, done.out) == (0, "index.md\n")
    after, path = contents(record), "expts/0063_train_cnn/index.md"
    assert changed(before, after) == {path}
    assert after[path] == before[path] + b"\n## 2024-07-01: Loss fell\n"


def test_entry_takes_an_experiment_and_keeps_line_ends_and_the_byte_order_mark(run: Run, record: Path):
    text = b"\xef\xbb\xbf# X\r\n\r\n## 2024-06-02\r\n\r\nNew\r\n\r\n## 2024-06-01\r\n\r\nOld\r\n"
    write(record, {"expts/0070_x/index.md": text})
    run("entry", "70", "Later", "--date", "2024-06-03")
    after = contents(record)["expts/0070_x/index.md"]
    assert after.replace(b"## 2024-06-03: Later\r\n\r\n", b"") == text
    assert after.index(b"2024-06-03") < after.index(b"2024-06-02")


def test_entry_outside_of_experiments_needs_a_name(run: Run, record: Path):
    before = contents(record)
    assert run("entry", "Words").code == 3
    assert contents(record) == before


def test_status_goes_where_it_is(run: Run, record: Path):
    write(record, {"expts/0070_x/index.md": "# X\n", "expts/0070_x/expt.toml": "# mine\nstatus = 'new' # yes\n"})
    for expt, path, old, new in (
        ("63", "expts/0063_train_cnn/index.md", b"status: in progress", b"status: complete"),
        ("64", "expts/0064_data/notes.rst", b":status: complete", b":status: abandoned"),
    ):
        before = contents(record)
        assert run("status", expt, new.split(b": ")[-1].decode()).code == 0
        after = contents(record)
        assert changed(before, after) == {path}
        assert after[path] == before[path].replace(old, new)
    assert run("status", "IN_progress", at="expts/0070_x").code == 0
    assert "# mine\n" in (record / "expts/0070_x/expt.toml").read_text()
    assert run("show", "70", "--json").json["status"] == "in progress"


def test_status_knows_the_records_own(run: Run, record: Path):
    own = 'exptdir_statuses = {"cooking": "open", "eaten": "done"}\n'
    (record / "conf.py").write_text(f'extensions = ["exptdir"]\n{own}')
    assert run("status", "63", "eaten").code == 0
    assert run("status", "63", "complete").code == 2


def test_tags_are_added_taken_away_and_listed(run: Run):
    assert run("tag", "63").out == "cnn\ngpu\n"
    assert run("tag", "63", "small", "gpu", "-r", "cnn").code == 0
    assert run("tag", ".", at="expts/0063_train_cnn").out == "gpu\nsmall\n"
    assert run("tag", "63", "a,b").code == 2


@pytest.mark.parametrize("arguments", [["status", "63", "complete"], ["tag", "63", "x"], ["renumber", "63", "70"]])
def test_a_dry_run_changes_nothing_and_says_what_it_would(run: Run, record: Path, arguments):
    before = contents(record)
    done = run(*arguments, "--dry-run")
    assert done.code == 0 and "0063_train_cnn" in done.out
    assert contents(record) == before


def test_digits_in_a_title_are_not_what_a_command_changes(run: Run, record: Path):
    write(record, {"expts/0066_dose/index.md": "# Dose 9 mM in week 12\n"})
    before = contents(record)
    for line in ("status 9 complete", "rename 9 foo", "move 12 --under 63", "tag 9 x"):
        done = run(*line.split())
        assert done.code == 3 and "no experiment #" in done.err
    assert contents(record) == before


def test_who_writes_asks_before_taking_a_word_for_an_experiment(run: Run, record: Path):
    before = contents(record)
    for line in ("status network complete", "tag network x", "entry network x", "new X --parent network"):
        done = run(*line.split())
        assert done.code == 3 and "0063_train_cnn" in done.err, line
    assert contents(record) == before
    assert run("show", "network").code == run("status", "network", "complete", "-n").code == 0


def test_a_status_is_one_word_however_it_is_joined(run: Run, record: Path):
    for spelling in ("in-progress", "In_Progress", "in progress"):
        assert run("status", "64", spelling).code == 0
        assert run("list", "--json", "--status", "in progress").json[-1]["id"] == 64
    assert run("new", "X", "--status", "in-progress").code == 0
    conf = record / "conf.py"
    conf.write_text(conf.read_text() + 'exptdir_statuses = {"in-progress": "open", "done": "done"}\n')
    assert run("status", "64", "in progress").code == 0
    wrong = [found["message"] for found in run("check", "--json", "--no-figures").json]
    assert not any("unknown status 'in progress'" in message for message in wrong)


def test_numbers_of_excluded_directories_are_taken(run: Run, record: Path):
    write(record, {"expts/0090_old/index.md": "# Old\n"})
    conf = record / "conf.py"
    conf.write_text(conf.read_text() + 'exclude_patterns = ["expts/0090_old"]\n')
    done = run("renumber", "63", "90")
    assert done.code == 1 and "the id 90 is taken by expts/0090_old, which exclude_patterns leaves out" in done.err
    assert run("new", "Next").out == "expts/0091_next/index.md\n"


def test_a_tag_that_stands_in_another_tools_key_is_not_said_to_be_gone(run: Run, record: Path):
    write(record, {"expts/0070_x/index.md": "---\ncategories: [pcr, gel]\n---\n\n# X\n"})
    assert run("tag", "70", "new").code == 0 and run("tag", "70").out == "pcr\ngel\nnew\n"
    done = run("tag", "70", "--remove", "gel")
    assert done.code == 1 and "“categories”" in done.err and run("tag", "70").out == "pcr\ngel\nnew\n"
