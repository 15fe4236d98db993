"""Facts of an experiment, and the titles of logs."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import pytest

from exptdir.record.facts import Facts, log_heading, read_facts, read_top
from exptdir.record.problem import Problem
from tests.limits import ending

DAY = date(2024, 5, 21)


@pytest.fixture
def expt(tmp_path: Path) -> Path:
    folder = tmp_path / "train_cnn"
    folder.mkdir()
    return folder


def log_title(log: Path) -> str | None:
    heading = log_heading(read_top(str(log)), markdown=log.suffix == ".md")
    return heading.title if heading is not None else None


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def from_rst(folder: Path, content: str | bytes) -> tuple[Facts, list[Problem]]:
    return read_facts(folder, write(folder / "notes.rst", content))


def from_md(folder: Path, content: str | bytes) -> tuple[Facts, list[Problem]]:
    return read_facts(folder, write(folder / "notes.md", content))


def only(problems: list[Problem]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


def test_nothing_but_a_name(expt: Path) -> None:
    facts, problems = read_facts(expt, None)
    assert facts == Facts(name="train_cnn", origins={"name": (expt, None)})
    assert problems == []


# --- the directory's name


@pytest.mark.parametrize(
    ("name", "number", "rest", "begun"),
    [
        ("0063_train_cnn", 63, "train_cnn", None),
        ("63-train", 63, "train", None),
        ("63 train", 63, "train", None),
        ("063", 63, None, None),
        ("0", 0, None, None),
        ("0063-2nd_try", 63, "2nd_try", None),
        ("63_2nd_try", 63, "2nd_try", None),
        ("99999999_x", 99999999, "x", None),
        ("20200101_foo", None, "20200101_foo", date(2020, 1, 1)),
        ("2024-05-21_foo", None, "2024-05-21_foo", DAY),
        ("20240521", None, "20240521", DAY),
        ("2022_m12_d18@01_37_34_max", None, "2022_m12_d18@01_37_34_max", date(2022, 12, 18)),
        ("100-200nm", None, "100-200nm", None),
        ("2.5_percent", None, "2.5_percent", None),
        ("3d_models", None, "3d_models", None),
        ("train", None, "train", None),
        ("12_実験 'é' 🧪", 12, "実験 'é' 🧪", None),
    ],
)
def test_names(tmp_path: Path, name: str, number: int | None, rest: str | None, begun: date | None) -> None:
    facts, problems = read_facts(tmp_path / name, None)
    assert (facts.id, facts.name, facts.begun, problems) == (number, rest, begun, [])


# --- expt.toml

TOML = """\
# facts
id = 63
title = "Train  CNN"
status = "In_Progress"
tags = ["cnn", "lba", "cnn"]
prereqs = [12, "train-cnn", "013"]
date = 2024-05-21

[[figure]]
script = "plot.py"
"""


@pytest.mark.parametrize("content", [TOML, TOML.replace("\n", "\r\n"), "\ufeff" + TOML])
def test_toml(expt: Path, content: str) -> None:
    path = write(expt / "expt.toml", content)
    facts, problems = read_facts(expt, None)
    assert problems == []
    assert facts == Facts(
        id=63,
        title="Train CNN",
        status="in progress",
        tags=("cnn", "lba"),
        prerequisites=("12", "train-cnn", "013"),
        begun=DAY,
        name="train_cnn",
        origins={
            "id": (path, 2),
            "title": (path, 3),
            "status": (path, 4),
            "tags": (path, 5),
            "prerequisites": (path, 6),
            "begun": (path, 7),
            "name": (expt, None),
        },
    )


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("id = true", "id", "an id must be a whole number, not “True”"),
        ("id = -3", "id", "“-3”"),
        ("id = 6.3", "id", "“6.3”"),
        ('id = "6x"', "id", "“6x”"),
        ("id = [1]", "id", "“[1]”"),
        ("title = 5", "metadata", "expected a text, not “5”"),
        ("status = false", "metadata", "“False”"),
        ("tags = {a = 1}", "metadata", "expected a list"),
        ("tags = [1.5]", "metadata", "“1.5” is neither"),
        ("prerequisites = [true]", "metadata", "“True” is neither"),
        ("begun = 5", "metadata", "expected a date"),
        ('begun = "soon"', "metadata", "“soon” is not a date"),
        ('begun = "5/6/2024"', "metadata", "can mean"),
        ('begun = "6/28"', "metadata", "year"),
        ("prequisites = []", "metadata", "did you mean “prerequisites”?"),
        ("tag = []", "metadata", "did you mean “tags”?"),
        ("[Status]", "metadata", "did you mean “status”?"),
    ],
)
def test_toml_with_a_bad_value(expt: Path, line: str, kind: str, message: str) -> None:
    path = write(expt / "expt.toml", f"\n{line}\n")
    write(expt / ".expt/status", "new")
    facts, problems = read_facts(expt, None)
    found = only(problems)
    assert (found.kind, found.path, found.line) == (kind, path, 2)
    assert message in found.message
    assert facts.status == "new"


def test_toml_with_keys_of_others(expt: Path) -> None:
    write(expt / "expt.toml", "lab = 1\n[run]\nid = 5\n[[table]]\nx = 1\n[tool.x]\nstatus = 2\n")
    facts, problems = read_facts(expt, None)
    assert (facts.id, problems) == (None, [])


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"id = 1\nstatus = \n", 2, "it is not TOML"),
        (b"id = 1\nid = 2\n", 2, "it is not TOML"),
        ("id = 1\n".encode("utf-16"), None, "UTF-16"),
        ("id = 1\n".encode("utf-16-le"), None, "null bytes"),
        (b"id = 1\ntitle = '\xff'\n", 2, "not UTF-8"),
        (b"#" * (1 << 20) + b"\nid = 1\n", None, "larger than 1 MiB"),
        (b"x = " + b"[" * 100_000, None, "TOML"),
        (b"x = " + b"9" * 10_000, None, "TOML"),
    ],
    ids=range(8),
)
def test_malformed_toml(expt: Path, content: bytes, line: int | None, message: str) -> None:
    path = write(expt / "expt.toml", content)
    write(expt / ".expt/id", "63\n")
    facts, problems = read_facts(expt, None)
    found = only(problems)
    assert (found.kind, found.path) == ("metadata", path)
    assert message in found.message
    if line is not None:
        assert found.line == line
    assert facts.id == 63


# --- .expt


def test_small_files(expt: Path) -> None:
    write(expt / ".expt/id", "0063\r\n")
    write(expt / ".expt/status", "\ufeffIn-Progress")
    write(expt / ".expt/tags/lba", "")
    write(expt / ".expt/tags/cnn", "")
    write(expt / ".expt/tags/.gitkeep", "")
    write(expt / ".expt/prereqs/12", "")
    (expt / ".expt/prereqs/link").symlink_to("../../../0013_collect/", target_is_directory=True)
    (expt / ".expt/prereqs/other").symlink_to("../../../0014_clean/.expt")
    (expt / ".expt/root").symlink_to("../../..")
    facts, problems = read_facts(expt, None)
    assert problems == []
    assert (facts.id, facts.status) == (63, "in progress")
    assert facts.tags == ("cnn", "lba")
    assert facts.prerequisites == ("12", "0013_collect", "0014_clean")
    assert facts.origins["id"] == (expt / ".expt/id", 1)
    assert facts.origins["tags"] == (expt / ".expt/tags", None)


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"", "metadata", "it is empty"),
        (b" \n", "metadata", "it is empty"),
        (b"5\n6\n", "metadata", "more than one line"),
        (b"x5\n", "id", "“x5”"),
        ("5\n".encode("utf-16"), "metadata", "UTF-16"),
        (b"\xff5", "metadata", "not UTF-8"),
        (b"9" * 5000, "id", "whole number"),
        (b"5" * (1 << 21), "metadata", "1 MiB"),
    ],
    ids=range(8),
)
def test_bad_id_file(expt: Path, content: bytes, kind: str, message: str) -> None:
    path = write(expt / ".expt/id", content)
    write(expt / ".expt/status", "new")
    facts, problems = read_facts(expt, None)
    found = only(problems)
    assert (found.kind, found.path) == (kind, path)
    assert message in found.message
    assert len(found.message) < 300
    assert (facts.id, facts.status) == (None, "new")


def test_what_is_no_regular_file(expt: Path) -> None:
    (expt / "expt.toml").mkdir()
    (expt / ".expt").mkdir()
    (expt / ".expt/status").symlink_to("nowhere")
    os.mkfifo(expt / ".expt/id")
    write(expt / ".expt/tags", "a file")
    facts, problems = read_facts(expt, None)
    assert facts == Facts(name="train_cnn", origins={"name": (expt, None)})
    assert sorted((p.path.name, p.kind) for p in problems if p.path) == [
        ("expt.toml", "metadata"),
        ("id", "metadata"),
        ("status", "metadata"),
        ("tags", "metadata"),
    ]
    assert all("cannot be read" in p.message for p in problems)


@pytest.mark.parametrize("name", ["expt.toml", ".expt"])
def test_dangling_links_are_reported(expt: Path, name: str) -> None:
    (expt / name).symlink_to("nowhere")
    assert only(read_facts(expt, None)[1]).path == expt / name


def test_a_file_in_place_of_the_small_files(expt: Path) -> None:
    path = write(expt / ".expt", "5")
    assert only(read_facts(expt, None)[1]).path == path


# --- .rst logs

FIELDS = """\
:id: 63
:status: complete
:tags: a, b c
:prerequisites: 12, :expt:`13`,
   train
:date: 2024/05/21
:Author: somebody
"""


@pytest.mark.parametrize(
    ("content", "first_line"),
    [
        (FIELDS, 1),
        (FIELDS + "\nTitle\n=====\n", 1),
        ("Title\n=====\n\n" + FIELDS, 4),
        ("=====\nTitle\n=====\n" + FIELDS, 4),
        ("=======\n Title\n=======\n\n\n" + FIELDS + "\ntext\n", 6),
        (".. _label:\n\n.. comment\n   more\n\nTitle\n=====\n\n" + FIELDS, 9),
        ("\ufeff" + FIELDS, 1),
        ("Title\r\n=====\r\n\r\n" + FIELDS.replace("\n", "\r\n"), 4),
        (":orphan:\n\nTitle\n=====\n\n" + FIELDS, 6),
    ],
)
def test_field_lists(expt: Path, content: str, first_line: int) -> None:
    facts, problems = from_rst(expt, content)
    assert problems == []
    assert (facts.id, facts.status, facts.tags) == (63, "complete", ("a", "b c"))
    assert facts.prerequisites == ("12", "13", "train")
    assert (facts.begun, facts.title) == (DAY, None)
    assert facts.origins["id"] == (expt / "notes.rst", first_line)


@pytest.mark.parametrize(
    "content",
    [
        "Title\n=====\n\nText first.\n\n:id: 63\n",
        "Title\n=====\n\nSection\n-------\n\n:id: 63\n",
        ":expt:`63` is where it began\n",
        "  :id: 63\n",
        "Title\n=====\n\n.. figure:: x.svg\n   :id: 63\n",
        "::id: 63\n",
        "",
    ],
)
def test_fields_elsewhere_are_not_facts(expt: Path, content: str) -> None:
    facts, problems = from_rst(expt, content)
    assert (facts.id, problems) == (None, [])


def test_field_with_a_bad_value(expt: Path) -> None:
    facts, problems = from_rst(expt, "Title\n=====\n\n:status: new\n:date: someday\n:id: six\n:tags:\n")
    assert [(p.kind, p.line) for p in problems] == [("metadata", 5), ("id", 6)]
    assert (facts.status, facts.tags, facts.begun) == ("new", (), None)


def test_numbers_without_commas(expt: Path) -> None:
    assert from_rst(expt, ":prereqs: 12 #13 014\n")[0].prerequisites == ("12", "#13", "014")


# --- .md logs

FRONT = """\
---
id: 0063
title: Train *CNN*
status: In progress
tags: [a, b c]
prereqs:
  - 12
  - train
date: 2024-05-21
myst:
  html_meta: {id: 7}
---

# Heading
"""


@pytest.mark.parametrize("content", [FRONT, FRONT.replace("\n", "\r\n"), "\ufeff" + FRONT])
def test_front_matter(expt: Path, content: str) -> None:
    facts, problems = from_md(expt, content)
    assert problems == []
    assert (facts.id, facts.title, facts.status) == (63, "Train *CNN*", "in progress")
    assert (facts.tags, facts.prerequisites, facts.begun) == (("a", "b c"), ("12", "train"), DAY)
    assert facts.origins["id"] == (expt / "notes.md", 2)
    assert facts.origins["prerequisites"] == (expt / "notes.md", 6)


def test_texts_in_place_of_lists(expt: Path) -> None:
    facts, problems = from_md(expt, "---\ntags: a, b\nprereqs: 12\nid:\ntitle: ~\n---\n")
    assert (facts.tags, facts.prerequisites, facts.id, facts.title) == (("a", "b"), ("12",), None, None)
    assert problems == []


@pytest.mark.parametrize(
    ("content", "kind", "line", "message"),
    [
        ("---\nid: true\n---\n", "id", 2, "whole number"),
        ("---\nx: 1\nid: six\n---\n", "id", 3, "“six”"),
        ("---\nx: 1\nid: [\n---\n", "metadata", None, "not YAML"),
        ("---\na: b: c\n---\n", "metadata", 2, "not YAML"),
        ("---\n- a\n---\n", "metadata", 2, "keys and values"),
        ("---\ntags: {a: b}\n---\n", "metadata", 2, "list"),
        ("---\nx: '" + "y" * 70_000 + "\n---\n", "metadata", 1, "64 KiB"),
        ("---\nx: " + "[" * 60_000 + "\n---\n", "metadata", None, "notes.md"),
        (b"---\nid: 1\ntitle: \xff\n---\n", "metadata", 3, "not UTF-8"),
        ("---\nid: 1\n---\n".encode("utf-16"), "metadata", None, "UTF-16"),
    ],
    ids=range(10),
)
def test_bad_front_matter(expt: Path, content: str | bytes, kind: str, line: int | None, message: str) -> None:
    write(expt / ".expt/status", "new")
    facts, problems = from_md(expt, content)
    found = only(problems)
    assert (found.kind, found.path) == (kind, expt / "notes.md")
    assert message in found.message
    if line is not None:
        assert found.line == line
    assert facts.status == "new"


@pytest.mark.parametrize("content", ["", "---", "---\n\ntext\n", "# Title\n---\nid: 1\n---\n", "----\nid: 1\n---\n"])
def test_no_front_matter(expt: Path, content: str) -> None:
    facts, problems = from_md(expt, content)
    assert (facts.id, problems) == (None, [])


def test_aliases_in_front_matter_stay_small(expt: Path) -> None:
    bomb = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    with ending():
        facts, _ = from_md(expt, f"---\na0: &a0 x\n{bomb}id: 5\n---\n")
    assert facts.id == 5


def test_log_that_is_not_there(expt: Path) -> None:
    found = only(read_facts(expt, expt / "notes.rst")[1])
    assert (found.kind, found.path) == ("metadata", expt / "notes.rst")


def test_character_cut_at_the_end_of_what_is_read(expt: Path) -> None:
    content = ":id: 63\n\n" + "x" * ((16 << 10) - 10) + "é" * 10
    assert from_rst(expt, content) == from_rst(expt, ":id: 63\n")


# --- several sources


def test_first_source_wins_and_others_are_reported(tmp_path: Path) -> None:
    folder = tmp_path / "0064_train"
    toml = write(folder / "expt.toml", "id = 63\n")
    write(folder / ".expt/id", "65\n")
    write(folder / ".expt/status", "complete\n")
    facts, problems = from_rst(folder, "Title\n=====\n\n:id: 0063\n:status: In-progress\n:tags: a\n")
    assert (facts.id, facts.status, facts.tags) == (63, "complete", ("a",))
    assert facts.origins["id"] == (toml, 1)
    assert facts.origins["status"] == (folder / ".expt/status", 1)
    assert [(p.kind, p.path, p.line) for p in problems] == [
        ("id", folder / ".expt/id", 1),
        ("metadata", folder / "notes.rst", 5),
        ("id", folder, None),
    ]
    assert problems[0].message == "id “65” disagrees with “63” in ../expt.toml, which counts"
    assert problems[1].message == "status “in progress” disagrees with “complete” in .expt/status, which counts"
    assert problems[2].message == "id “64” disagrees with “63” in 0064_train/expt.toml, which counts"


def test_a_lone_digit_beside_another_id_belongs_to_the_name(tmp_path: Path) -> None:
    folder = tmp_path / "2_fragments"
    assert read_facts(folder, None)[0].id == 2
    write(folder / ".expt/id", "142\n")
    facts, problems = read_facts(folder, None)
    assert (facts.id, facts.name, problems) == (142, "2_fragments", [])
    write(tmp_path / "63-train/.expt/id", "64\n")
    facts, problems = read_facts(tmp_path / "63-train", None)
    assert (facts.id, facts.name) == (64, "train")
    assert only(problems).kind == "id"


def test_same_lists_in_other_words_agree(expt: Path) -> None:
    write(expt / "expt.toml", 'tags = ["b", "a"]\nprerequisites = [12, "x"]\n')
    facts, problems = from_rst(expt, ":tags: a, b\n:prereqs: x, #012\n")
    assert (facts.tags, facts.prerequisites, problems) == (("b", "a"), ("12", "x"), [])


# --- titles of logs


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("Title\n=====\n", "Title"),
        ("*****\nTitle\n*****\n\ntext\n", "Title"),
        ("=========\n  Title\n=========\n", "Title"),
        ("Train *CNN* on ``LBA``\n----------------------\n", "Train *CNN* on ``LBA``"),
        (":id: 5\n\nTitle\n=====\n", "Title"),
        (".. _x:\n\nTitle\n=====\n", "Title"),
        (".. comment\n\n   Not\n   ===\n\nTitle\n=====\n", "Title"),
        ("Some text.\n\nTitle\n~~~~~\n", "Title"),
        ("text\n\n-----\n\ntext\n\nTitle\n-----\n", "Title"),
        ("実験\n====\n", "実験"),
        ("\ufeffTitle\r\n=====\r\n", "Title"),
        ("Long title\n====\n", "Long title"),
        ("Long title\n===\n", None),
        ("one\ntwo\n===\n", None),
        ("just text\n", None),
        ("", None),
        ("===\n===\n===\n", None),
        ("=====  =====\na      b\n=====  =====\n", None),
    ],
)
def test_titles_of_rst_logs(expt: Path, content: str, title: str | None) -> None:
    assert log_title(write(expt / "notes.rst", content)) == title


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("# Title\n", "Title"),
        ("# Title *x* ##\n", "Title *x*"),
        ("   ## Title\n", "Title"),
        ("Title\n=====\n", "Title"),
        ("text\n\nTwo\nlines\n---\n", "Two lines"),
        (FRONT, "Heading"),
        ("```\n# comment\n```\n# Title\n", "Title"),
        ("~~~~ python\n# comment\n~~~\n~~~~\n# Title\n", "Title"),
        ("(label)=\n# Title\n", "Title"),
        ("\ufeff# Title\r\n", "Title"),
        ("# C#\n", "C#"),
        ("#\n# Title\n", "Title"),
        ("#hashtag\n", None),
        ("    # code\n", None),
        ("- item\n---\n", None),
        ("---\n", None),
        ("", None),
    ],
)
def test_titles_of_markdown_logs(expt: Path, content: str, title: str | None) -> None:
    assert log_title(write(expt / "notes.md", content)) == title


def test_titles_of_unreadable_logs(expt: Path) -> None:
    assert log_title(expt / "nowhere.rst") is None
    assert log_title(expt) is None
    assert log_title(write(expt / "a.rst", "Title\n=====\n".encode("utf-16"))) is None


@pytest.mark.parametrize(
    "content",
    [
        "x" * 1000000,
        "# " + "x" * 1000000,
        "=" * 1000000,
        "a\n" * 500000,
        ":a:" * 300000,
        "#" + " " * 1000000,
        "# x" + " #" * 500000,
        "x\n=" + " " * 999999,
        "---\n" + "- " * 500000,
        "(" * 1000000,
    ],
    ids=range(10),
)
@pytest.mark.parametrize("name", ["notes.rst", "notes.md"])
def test_hostile_logs_are_quick(expt: Path, content: str, name: str) -> None:
    log = write(expt / name, content)
    # What grows faster than the text takes many minutes for so much.
    with ending():
        log_title(log)
        read_facts(expt, log)


def test_neither_yaml_nor_sphinx_is_loaded_for_rst() -> None:
    import subprocess

    names = "('yaml', 'sphinx', 'docutils')"
    code = f"import sys, exptdir.record.facts; print([m for m in {names} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("front", "tags"),
    [
        ("categories: [pcr, gel]", ("pcr", "gel")),
        ("keywords: pcr, gel", ("pcr", "gel")),
        ("category: pcr\ntag: gel", ("pcr", "gel")),
        ("tags: [pcr]\ncategories:\n  - gel\nkeywords: pcr, 3", ("pcr", "gel", "3")),
    ],
)
def test_categories_and_keywords_are_tags(expt: Path, front: str, tags: tuple[str, ...]) -> None:
    facts, problems = from_md(expt, f"---\n{front}\n---\n# X\n")
    assert (facts.tags, problems) == (tags, [])


def test_front_matter_in_toml_is_said_not_to_be_read(expt: Path) -> None:
    facts, problems = from_md(expt, '+++\ntitle = "X"\n+++\n\n# Y\n')
    assert "its front matter is TOML" in only(problems).message and facts.title is None


def test_categories_that_are_no_list_are_told_and_tags_stay(expt: Path) -> None:
    facts, problems = from_md(expt, "---\ntags: [pcr]\ncategories: {a: b}\n---\n# X\n")
    assert facts.tags == ("pcr",)
    assert "expected a list" in only(problems).message
