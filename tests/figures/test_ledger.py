"""The ledger as text: what it looks like, and what is left of one that is damaged."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exptdir.figures.ledger import LedgerEntry, format_ledger, parse_ledger
from tests.figures.toys import bench, log

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
PATH = Path("expts/a/figures.lock")

ENTRY = LedgerEntry(
    script="expts/a/plot.py",
    digest=A,
    style=B,
    outputs={"expts/a/x.svg": A},
    inputs={"expts/data/1 of 2.csv": B},
    modules={"lib/util.py": A},
    absent=("expts/a/extra.csv",),
    unseen=("pyarrow",),
    versions={"matplotlib": "3.10.1"},
)


def again(entry: LedgerEntry, directory: str = "expts/a") -> LedgerEntry:
    entries, problems = parse_ledger(format_ledger([entry], directory), directory, PATH)
    assert (problems, list(entries)) == ([], [entry.key])
    return entries[entry.key]


def test_one_fact_is_one_line_with_paths_from_the_ledger():
    first, *facts, last = format_ledger([ENTRY], "expts/a").split("\n")
    assert first.startswith("# figures.lock 1")
    assert last == ""
    assert [fact for fact in facts if " sum " not in fact] == [
        "plot.py absent extra.csv",
        f'plot.py input "../data/1 of 2.csv" {B}',
        f"plot.py module ../../lib/util.py {A}",
        f"plot.py output x.svg {A}",
        f"plot.py script {A}",
        f"plot.py style {B}",
        "plot.py unseen pyarrow",
        "plot.py version matplotlib 3.10.1",
    ]
    assert facts == sorted(facts)


def test_a_ledger_says_the_same_when_it_is_read_and_when_its_directory_moves():
    assert again(ENTRY) == ENTRY
    moved, _ = parse_ledger(format_ledger([ENTRY], "expts/a"), "expts/b", PATH)
    assert moved["expts/b/plot.py"].inputs == {"expts/data/1 of 2.csv": B}
    assert moved["expts/b/plot.py"].damaged == ""


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=()), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)


@settings(deadline=None)
@given(name=NAMES, other=NAMES, args=st.lists(st.text(max_size=5), max_size=3))
def test_names_and_arguments_of_any_kind_survive(name: str, other: str, args: list[str]):
    entry = LedgerEntry(f"e/{name}", A, B, tuple(args), inputs={f"e/{other}": A}, absent=(f"e/sub/{name}",))
    assert again(entry, "e") == entry


def test_the_order_of_entries_does_not_matter():
    other = LedgerEntry("expts/a/fig.py", B, B, ("--log",))
    assert format_ledger([ENTRY, other], "expts/a") == format_ledger([other, ENTRY], "expts/a")


@pytest.mark.parametrize(
    "harm",
    [
        lambda text: text.replace("plot.py absent extra.csv\n", ""),
        lambda text: text.replace(f"output x.svg {A}", f"output x.svg {B}"),
        lambda text: text + f"plot.py input new.csv {A}\n",
        lambda text: text.replace(A, A[:30]),
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("plot.py style", "plot.py\tstyle"),
        lambda text: text.replace("module ../../lib", "module ../../../lib"),
        lambda text: text.replace("unseen pyarrow", "sorcery pyarrow"),
        lambda text: text + "plot.py args again\n",
    ],
)
def test_a_damaged_entry_is_not_believed_and_the_others_are(harm):
    good = LedgerEntry("expts/a/fig.py", B, B, outputs={"expts/a/y.svg": B})
    text = format_ledger([good], "expts/a") + harm(format_ledger([ENTRY], "expts/a"))
    entries, problems = parse_ledger(text, "expts/a", PATH)
    assert entries["expts/a/plot.py"].damaged
    assert entries["expts/a/fig.py"] == good
    assert not entries["expts/a/fig.py"].damaged
    assert all(problem.kind == "figure" and problem.path == PATH for problem in problems)
    assert problems


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n\n", "\0\0\0", "x", '"', '"x" "', "<<<<<<< HEAD", "a  b", "\ufeff# x"),
        *("../../../x.py script y", '"\\ud800" script x'),
    ],
)
def test_nonsense_is_no_traceback(text: str):
    entries, _ = parse_ledger(text, "expts/a", PATH)
    assert all(entry.damaged for entry in entries.values())


@settings(deadline=None)
@given(st.text())
def test_no_text_at_all_is_a_traceback(text: str):
    parse_ledger(text, "expts/a", PATH)


def test_lines_that_cannot_be_read_are_told_with_their_number():
    _, problems = parse_ledger("# figures.lock 1\n\nrubbish\n", "expts/a", PATH)
    assert [(problem.line, "rubbish" in problem.message) for problem in problems] == [(3, True)]


def test_windows_line_ends_do_no_harm():
    entries, problems = parse_ledger(format_ledger([ENTRY], "expts/a").replace("\n", "\r\n"), "expts/a", PATH)
    assert (problems, entries[ENTRY.key]) == ([], ENTRY)


def git(directory: Path, *command: str) -> str:
    identity = ("-c", "user.name=N", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *command], cwd=directory, capture_output=True, text=True)
    return done.stdout + done.stderr


def branches(tmp_path: Path, ours: dict[str, str], theirs: dict[str, str]):
    """Change data on two branches, draw on each, and merge them."""
    texts = {"a/index.rst": log("x.svg", "y.svg", "z.svg"), "a/x.csv": "1", "a/y.csv": "1", "a/z.csv": "1"}
    work = bench(tmp_path, texts | {f"a/plot_{name}.py": f"read {name}.csv\ndraw {name}.svg" for name in "xyz"})
    work.update()
    for command in (("init", "-b", "main"), ("add", "."), ("commit", "-m", "1"), ("checkout", "-b", "theirs")):
        git(work.base, *command)
    for name, changes in (("theirs", theirs), ("main", ours)):
        git(work.base, "checkout", name)
        work.fill({f"expts/a/{path}": text for path, text in changes.items()}).update()
        git(work.base, "commit", "-am", name)
    return work, git(work.base, "merge", "theirs")


def test_branches_that_changed_different_scripts_merge_by_themselves(tmp_path: Path):
    work, said = branches(tmp_path, {"x.csv": "2"}, {"z.csv": "2"})
    assert "CONFLICT" not in said
    assert work.ran() == []
    assert work.update().problems == ()


def test_a_conflict_in_the_ledger_is_reported_and_drawn_anew(tmp_path: Path):
    work, said = branches(tmp_path, {"x.csv": "2"}, {"x.csv": "3"})
    assert "CONFLICT" in said
    assert "<<<<<<<" in work.ledger()
    git(work.base, "checkout", "--ours", "expts/a/x.csv", "expts/a/x.svg")
    report = work.update()
    assert report.ran == ("expts/a/plot_x.py",)
    assert any("merge conflict" in problem.message and problem.line for problem in report.problems)
    assert "<<<<<<<" not in work.ledger()
    assert (work.ran(), work.update().problems) == ([], ())
