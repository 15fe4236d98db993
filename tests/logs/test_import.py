"""Logs that become pages: every line of them is there, ids and links lead where they led, nothing of theirs changes."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from exptdir.errors import EditError
from exptdir.logs.import_ import ImportedLog, Parts, import_log
from exptdir.record.audit import Audit
from exptdir.record.documents import Document
from exptdir.record.edits.apply import locked
from exptdir.record.facts_values import LogForm
from exptdir.record.home import read_conf
from exptdir.record.problem import Problem
from exptdir.record.scan import scan
from tests.logs.test_corpus import CORPUS, FILES, line_words, read_text, words

DAY = date(2024, 6, 1)


def take_over(base: Path, path: Path, suffix: str = ".md", parts: Parts = "", runs: str = "") -> ImportedLog:
    conf = read_conf(base / "conf.py")
    form = LogForm("csv" if path.name.startswith("003_") else "", runs)
    done = import_log(conf, scan(base, conf.scan_settings), path, form=form, parts=parts, suffix=suffix, today=DAY)
    with locked(base) as writer:
        writer.apply(done.plan)
    return done


def problems(base: Path) -> list[Problem]:
    conf = read_conf(base / "conf.py")
    record = scan(base, conf.scan_settings)
    return [*record.problems, *Audit(conf, record).problems()]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "record").mkdir()
    (tmp_path / "record" / "conf.py").write_text('extensions = ["exptdir"]\n')
    (tmp_path / "record" / "index.md").write_text("# Notebook\n")
    return tmp_path / "record"


def shown(text: str) -> str:
    """Return the source of a page without its markup: roles are their text, and signs are not escaped."""
    text = re.sub(r"(?:\{expt\}|:expt:)`([^`<]*) <[^`]*>`", r"\1", text)
    return re.sub(r"\\([^\w\s])", r"\1", text.replace("\\ ", ""))


def in_order(wanted: list[str], found: list[str]) -> bool:
    rest = iter(found)
    return all(word in rest for word in wanted)


def link_text_first(line: str) -> str:
    return re.sub(r"\[\[(?:file:)?([^\]]+)\]\[([^\]]+)\]\]", r"\2 \1", re.sub(r"^(\s*\(?)0+(?=\d+[.)]\s)", r"\1", line))


@pytest.mark.skipif(not FILES, reason="the corpus is not here")
@pytest.mark.parametrize("suffix", [".md", ".rst"])
@pytest.mark.parametrize("parts", ["", "run", "entry"])
def test_every_line_of_a_log_is_on_a_page_and_every_link_leads_somewhere(base: Path, suffix: str, parts: Parts) -> None:
    for path in FILES:
        runs = str(CORPUS / "journal_runs") if path.name.startswith("002_") else ""
        before = path.read_bytes()
        try:
            done = take_over(base, path, suffix, parts, runs)
        except Exception as error:
            assert "to make pages of" in str(error)
            continue
        pages = [words(shown((edit.after or b"").decode())) for edit in done.plan.edits if edit.path.suffix == suffix]
        lines = [line_words(link_text_first(line)) for line in read_text(path).splitlines()]
        if not parts:
            assert in_order([word for line in lines for word in line], pages[0]), path.name
        assert [line for line in lines if not any(in_order(line, page) for page in pages)] == [], path.name
        assert path.read_bytes() == before
        assert [edit.after for edit in done.plan.edits if edit.path.suffix != suffix] == [before]
        if not parts:
            entries = [entry.day for entry in Document(done.page).entries if entry.day]
            assert entries == [entry.day for entry in done.found.entries if entry.day], path.name
            found = {run.id for run in done.found.runs}
            assert set(Document(done.page).runs) == found, path.name
    # An author who forgets the date of one section among many is told so; a picture was missing before.
    known = ("no date, unlike", "IMG_20191123_144436")
    assert [problem for problem in problems(base) if not any(text in problem.message for text in known)] == []


LIST = """\
**[`b/13`](13.yaml) wider**

loss: 2.5, as `b/14`. *Not* _emphasis_ 2*3 <b> & $x$ {{y}}

**[`b/14`](14.yaml)**

- same as `b/13` but wider_
- [ ] look at b/13
"""


def test_a_run_list_becomes_a_page_with_runs_and_links(base: Path) -> None:
    (base.parent / "list.md").write_text(LIST)
    done = take_over(base, base.parent / "list.md")
    assert done.page.relative_to(base).as_posix() == "expts/0001_list/index.md"
    text = done.page.read_text()
    assert "## b/13 wider" in text
    assert "```{expt:run} b/13\n:hidden:\n```" in text
    assert "as {expt}`b/14 <1/b/14>`" in text
    assert "- [ ] look at {expt}`b/13 <1/b/13>`" in text
    assert r"\*Not\* \_emphasis\_ 2\*3 \<b> & \$x\$ \{\{y}}" in text
    assert text.endswith("From {download}`list.md <list.md.txt>`.\n")
    assert (done.page.parent / "list.md.txt").read_text() == LIST
    assert done.notes == (
        "the file 13.yaml is not in the record; its name is left as text",
        "the file 14.yaml is not in the record; its name is left as text",
    )


def test_numbered_runs_keep_their_numbers_as_experiments_of_their_own(base: Path) -> None:
    table = "run,log,result\n7,first one of all that I have tried so far,2.5\n9,same as 7 but wider,3.5\n"
    (base.parent / "log.csv").write_text(table)
    done = take_over(base, base.parent / "log.csv", ".rst", "run")
    root = base / "expts"
    made = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    above = done.page.parent.name
    assert above.startswith("0010_")
    assert made == [
        f"{above}/0007_run_7/index.rst",
        f"{above}/0009_run_9/index.rst",
        f"{above}/index.rst",
        f"{above}/log.csv",
    ]
    nine = (root / above / "0009_run_9/index.rst").read_text()
    assert "- **log**: same as :expt:`7 <7>` but wider" in nine
    assert "* - :expt:`9 <9>`" in done.page.read_text()
    # Where the numbers are taken, others are given.
    (base.parent / "more.csv").write_text(table)
    again = take_over(base, base.parent / "more.csv", ".rst", "run")
    assert (again.page.parent / "0012_run_7/index.rst").is_file()


def test_days_without_a_year_are_written_out_and_what_is_in_doubt_is_said(base: Path) -> None:
    (base.parent / "days.txt").write_text("2024/5/6 {\n    warm\n}\n5/17 {\n    cold, see 5/6 notes\n}\n")
    text = take_over(base, base.parent / "days.txt").page.read_text()
    assert "## 2024-05-17: 5/17" in text
    assert "see {expt}`5/6 <1@2024-05-06>` notes" in text
    (base.parent / "more.txt").write_text("5/6 {\n    warm\n}\n5/17 {\n    cold\n}\n")
    done = take_over(base, base.parent / "more.txt", parts="")
    assert "## Undated: 5/6" in done.page.read_text()
    assert "more.txt, line 1: " in done.notes[0]
    assert problems(base) == []


def test_a_log_that_is_an_experiment_gets_its_page_beside_it(base: Path) -> None:
    place = base / "expts" / "0004_sweep"
    place.mkdir(parents=True)
    (place / "notes.txt").write_text("v0\n--\nsmall\n\nv1\n--\nas v0\n")
    (place / "expt.toml").write_text('title = "Sweep"\n\n[log]\nformat = "versions"\n')
    (base / "index.md").write_text("# Notebook\n\n{expt}`4/v1`\n")
    done = take_over(base, place / "notes.txt")
    assert done.page == place / "index.md"
    assert "as {expt}`v0 <4/v0>`" in done.page.read_text()
    assert "From {download}`notes.txt <notes.txt>`." in done.page.read_text()
    assert (place / "expt.toml").read_text().strip() == 'title = "Sweep"'
    assert problems(base) == []


def test_nothing_is_overwritten(base: Path) -> None:
    place = base / "expts" / "0004_sweep"
    place.mkdir(parents=True)
    (place / "notes.txt").write_text("v0\n--\nsmall\n\nv1\n--\nas v0\n")
    take_over(base, place / "notes.txt")
    before = (place / "index.md").read_text()
    # It is a page now, and the file is one beside it: imported again, it becomes another experiment.
    again = take_over(base, place / "notes.txt")
    assert again.page.parent.name == "0005_sweep"
    assert "</expts/0004_sweep/notes.txt>" in again.page.read_text()
    assert (place / "index.md").read_text() == before


def test_doubts_of_one_kind_are_said_once_and_why_there_are_no_pages(base: Path) -> None:
    path = base.parent / "notes.txt"
    path.write_text("".join(f"March {day}\n-------\n\nwet\n\n" for day in range(1, 12)))
    with pytest.raises(EditError, match="no entries to make pages of: the year of “March 1” cannot be told"):
        take_over(base, path, parts="entry")
    done = take_over(base, path)
    more = "write it out; and so 10 more, in lines 6, 11, 16, 21, 26, 31, …"
    assert done.notes == (f"notes.txt, line 1: the year of “March 1” cannot be told from its surroundings; {more}",)
