"""``list``, ``show`` and ``find``: what a person sees."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run, write


def test_list_shows_status_tags_and_dates(run: Run):
    lines = run("list").out.splitlines()
    assert [line.split()[0] for line in lines] == ["#63", "#64", "#65", "paper_towel:"]
    assert lines[0].split("  ")[-1] == "2024-05-20 … 2024-06-01"
    assert "in progress" in lines[0] and "cnn, gpu" in lines[0]


def test_list_can_be_narrowed(run: Run):
    assert [row["id"] for row in run("list", "--json", "--status", "in progress").json] == [63]
    assert [row["id"] for row in run("list", "--json", "--tag", "gpu", "--tag", "cnn").json] == [63]
    assert run("list", "--json", "--tag", "nothing").json == []
    assert run("list", "--tag", "nothing").out == ""
    assert [row["id"] for row in run("list", "--json", "--last", "2").json] == [63, 64]


def test_list_sees_what_was_changed_a_moment_ago(run: Run, record: Path):
    run("list")
    log = record / "expts/0063_train_cnn/index.md"
    log.write_text(log.read_text().replace("in progress", "complete"))
    assert run("list", "--json").json[0]["status"] == "complete"


def test_a_prerequisite_that_is_not_done_blocks(run: Run, record: Path):
    write(record, {"expts/0066_next/index.md": "---\nprerequisites: [63]\n---\n\n# Next\n"})
    assert run("list", "--json", "--status", "blocked").json[0]["id"] == 66


def test_columns_stay_straight_beside_wide_characters(run: Run, record: Path):
    write(record, {"expts/0070_x/index.md": "---\nstatus: new\n---\n\n# 学习率\n"})
    lines = run("list").out.splitlines()
    wide = next(line for line in lines if "学习率" in line)
    narrow = next(line for line in lines if "in progress" in line)
    assert wide.index("new") + 3 == narrow.index("in progress")


def test_a_title_cannot_ring_the_terminal(run: Run, record: Path):
    write(record, {"expts/0070_x/index.md": "# Bell \x07\x1b[31m red\n"})
    assert "\x07" not in run("list").out and "\x1b" not in run("list").out


def test_find_needs_all_words_and_shows_where(run: Run):
    done = run("find", "LEARNING", "rate")
    assert done.code == 0
    assert done.out.splitlines()[0] == "#63: Train a network  expts/0063_train_cnn/index.md"
    assert "The learning rate is 0.1.  [2024-05-20: Begun]" in done.out


def test_find_knows_chinese(run: Run):
    [hit] = run("find", "学习率", "--json").json
    assert (hit["path"], hit["line"], hit["experiment"]) == ("expts/0064_data/notes.rst", 9, "64")


def test_find_ends_with_1_where_nothing_is(run: Run):
    assert (run("find", "unheard").code, run("find", "unheard", "--json").json) == (1, [])
    assert run("find", "learning", "unheard").code == 1


def test_find_can_write_names_only(run: Run):
    assert run("find", "-l", "text").out == "expts/0064_data/0065_more/index.md\n"


def test_find_looks_only_at_documents(run: Run, record: Path):
    for path in ("_build/x.md", "expts/.hidden/x.md", "expts/0063_train_cnn/x.py"):
        write(record, {path: "learning"})
    assert run("find", "-l", "learning").out == "expts/0063_train_cnn/index.md\n"


def test_show_gives_facts_entries_and_both_ends_of_references(run: Run):
    shown = run("show", "63", "--json").json
    assert shown["status"] == "in progress" and shown["tags"] == ["cnn", "gpu"]
    entries = [(entry["date"], entry["title"]) for entry in shown["entries"]]
    assert entries == [("2024-05-20", "Begun"), ("2024-06-01", "")]
    assert (shown["refers_to"], shown["cited_by"]) == (["64"], ["64"])
    text = run("show", "63").out
    assert text.splitlines()[0] == "#63: Train a network" and "2024-05-20  Begun" in text


def test_show_takes_an_entry(run: Run, record: Path):
    text = (
        "# Dose\n\n## 2024-05-24: Fed\n\nMuch.\x1b]\n\n### Detail\n\nMore.\n\n## 2024-05-24\n\nAgain.\n\n# End\n\nNo.\n"
    )
    write(record, {"expts/0066_dose/index.md": text})
    done = run("show", "66@2024-05-24")
    place = "expts/0066_dose/index.md:3"
    assert done.out.splitlines() == ["#66  2024-05-24  Fed", place, "Much. ]", "", "### Detail", "", "More."]
    second = run("show", "@2024/05/24.2", "--json", at="expts/0066_dose").json
    assert (second["line"], second["text"], second["n"]) == (11, "Again.", 2)
    gone = run("show", "dose@2024-05-25")
    assert gone.code == 3 and "#66 has no entry 2024-05-25; its last is of 2024-05-24" in gone.err


def test_show_takes_words_a_path_and_the_directory(run: Run):
    for arguments, at in (
        (["63"], "."),
        (["#63"], "."),
        (["expts/0063_train_cnn"], "."),
        (["network TRAIN"], "."),
        ([], "expts/0063_train_cnn"),
    ):
        assert run("show", *arguments, "--json", at=at).json["id"] == 63
    assert run("show", "--json", at="expts/0064_data/0065_more").json["parent"] == "64"
    assert run("show", "-1", "--json", at="expts/0064_data/0065_more").code == 2
    assert run("show", "--json", "--", "-1", at="expts/0064_data/0065_more").json["id"] == 64


def test_words_that_fit_several_are_listed_and_end_with_3(run: Run):
    done = run("show", "data")
    assert done.code == 0, "the name of one experiment is that one, whatever titles hold it"
    done = run("show", "dat")
    assert done.code == 3
    assert "#64  0064_data  Gather data" in done.err and "#65  0064_data/0065_more  More data" in done.err
    assert run("show", "zzz").code == 3
    assert run("show").code == 3


def test_a_terminal_is_asked_which(run: Run, monkeypatch):
    monkeypatch.setattr("exptdir.cli.session.can_ask", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *arguments, **options: 2)
    assert run("show", "dat", "--json").json["id"] == 65


def test_a_status_that_there_is_not_is_told_with_those_that_there_are(run: Run):
    done = run("list", "--status", "typo")
    assert done.code == 1 and done.out == "" and "'typo'" in done.err and "in progress" in done.err
    done = run("list", "--json", "--status", "abandoned")
    assert (done.code, done.json) == (1, []) and "typo" not in done.err
    for spelling in ("in-progress", "in_progress", "In Progress"):
        assert [row["id"] for row in run("list", "--json", "--status", spelling).json] == [63]


def test_finding_nothing_says_so_and_ends_with_one(run: Run):
    done = run("find", "nonsuch")
    assert done.code == 1 and "nonsuch" in done.err
    assert (run("find", "nonsuch", "--json").code, run("find", "nonsuch", "--json").json) == (1, [])


def test_digits_are_an_id_or_a_whole_name_and_nothing_else(run: Run, record: Path):
    write(record, {"expts/0066_dose/index.md": "# Dose 9 mM in week 12\n"})
    for text in ("9", "#9", "0009", "12"):
        done = run("show", text)
        assert done.code == 3 and f"no experiment #{int(text.strip('#'))}" in done.err


def test_show_knows_who_cites_by_a_relative_reference_or_a_name_over_two_lines(run: Run, record: Path):
    write(
        record,
        {"expts/very_cold/notes.rst": "Cold\n====\n", "expts/very_cold/a/notes.rst": "A\n=\n\n:expt:`up <-1>`\n"},
    )
    write(record, {"expts/my cat/notes.rst": "Cat\n===\n", "expts/b/notes.rst": "B\n=\n\n:expt:`my\ncat` is asleep\n"})
    assert run("show", "very_cold", "--json").json["cited_by"] == ["very_cold/a"]
    assert run("show", "my cat", "--json").json["cited_by"] == ["b"]
