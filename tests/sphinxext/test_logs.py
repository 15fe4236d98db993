"""Logs in other forms on a page: headings, links, anchors, what is doubtful, and members of the domain."""

from __future__ import annotations

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
import sphinx
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from exptdir.logs.import_ import import_log
from exptdir.preview.scratch_site import alone
from exptdir.record.edits.apply import locked
from exptdir.record.home import read_conf
from exptdir.record.scan import scan
from tests.sphinxext.building import Link, Site, titled, words
from tests.sphinxext.conftest import Build

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "logs"
RUNS = "**[`a/01`](01.yaml)**\n\nFirst.\n\n**[`a/02`](02.yaml)**\n\n- `a/02-1` is as `a/01`.\n"
BRACES = (
    "2021/12/30 {\n    wide\n        good <b>\n}\n1/13 {\n    see 12/30 notes\n}\n"
    "1/14 talk {\n    ok\n}\n1/15{\n  a\n}\n"
)
ARCHIVE = "todo {\n    more\n}\narchive {\n    old\n}\n"
TABLE = "experiment,log\n1,first\n2,same as 1\n3,like exp_9\n4,as exp_2\n"


def page(typed: str, *options: str) -> str:
    return titled("Log", f".. expt-log:: {typed}\n" + "".join(f"   {option}\n" for option in options))


def test_a_run_list_is_shown_with_links(build: Build) -> None:
    built = build(
        {
            "expts/1_a/notes.rst": page("list.txt"),
            "expts/1_a/list.txt": RUNS,
            "expts/1_a/01.yaml": "lr: 1\n",
            "expts/2_b/notes.rst": titled("B", ":expt:`1/a/02-1` and :expt:`1/a/01`\n"),
        }
    )
    body = built.body("expts/1_a/notes")
    assert [words(title) for title in body.select("h2")] == ["a/01", "a/02 (02.yaml)"]
    assert [link["href"] for link in body.select(".exptdir-log-list a")] == ["#run-a-01"]
    assert body.select_one("[id='run-a-02-1']") is not None
    links = [link["href"] for link in built.body("expts/2_b/notes").select("a.exptdir-ref")]
    assert [link.rpartition("#")[2] for link in links] == ["run-a-02-1", "run-a-01"]


def test_an_outline_has_entries_tasks_and_a_folded_archive(build: Build) -> None:
    built = build({"expts/1_a/notes.rst": page("list.txt"), "expts/1_a/list.txt": BRACES + ARCHIVE})
    body = built.body("expts/1_a/notes")
    found = [entry["id"] for entry in body.select(".exptdir-entry")]
    assert found == ["entry-2021-12-30", "entry-2022-01-13", "entry-2022-01-14", "entry-2022-01-15"]
    assert words(body.select_one("li li")) == "good <b>"
    assert [link["href"] for link in body.select("section li a") if words(link) == "12/30"] == ["#entry-2021-12-30"]
    assert words(body.select_one(".exptdir-task-open")) == "☐ more"
    assert words(body.select_one("#archive details li")) == "old"


def test_links_to_entries_lead_into_their_own_log_wherever_it_is_shown(build: Build) -> None:
    both = f"{page('one.txt')}\n2021-12-30 Before\n-----------------\n\nText.\n\n"
    both += ".. expt-log:: two.txt\n\n.. expt-log:: rows.csv\n"
    built = build(
        {
            "index.rst": titled("Home", ".. expt-log:: expts/1_a/one.txt\n\n.. expt-log:: expts/1_a/two.txt\n"),
            "expts/1_a/notes.rst": both,
            "expts/1_a/one.txt": BRACES,
            "expts/1_a/two.txt": BRACES.replace("wide", "narrow"),
            "expts/1_a/rows.csv": "run,date,log\n1,2021-12-30,first\n2,2021-12-31,second\n",
        }
    )
    for name in ("index", "expts/1_a/notes"):
        body = built.body(name)
        ids = [node["id"] for node in body.select("[id]")]
        assert len(ids) == len(set(ids))
        links = [link["href"][1:] for link in body.select("section li a") if words(link) == "12/30"]
        sections = [body.find(id=link) for link in links]
        assert [words(one.select_one("li") or one.parent.select_one("li")).split()[0] for one in sections] == [
            "wide",
            "narrow",
        ]
    found = [node["id"] for node in body.select("[id^=entry-2021]")]
    assert found == [f"entry-2021-12-3{more}" for more in ("0-2", "0-3", "0-4", "0", "1")]
    listed = [link["href"][1:] for link in body.select(".exptdir-entry-list a")]
    assert sorted(one for one in listed if "2021" in one) == sorted(found)


def test_rows_are_runs_and_what_is_doubtful_says_so(build: Build) -> None:
    built = build({"expts/1_a/notes.rst": page("log.csv"), "expts/1_a/log.csv": TABLE})
    body = built.body("expts/1_a/notes")
    assert [row["id"] for row in body.select("tbody tr")] == ["run-1", "run-2", "run-3", "run-4"]
    assert [link["href"] for link in body.select("td a")] == ["#run-1", "#run-2"]
    assert words(body.select_one("td em")) == "exp_9"


@pytest.mark.parametrize(
    ("typed", "options", "says"),
    [
        ("absent.txt", (), "absent.txt"),
        ("list.txt", (":format: outlin",), "did you mean outline"),
        ("list.txt", (":runs: nowhere",), "no directory"),
        ("list.bin", (), "is no log"),
    ],
)
def test_what_cannot_be_shown_is_said_and_the_build_goes_on(
    build: Build, typed: str, options: tuple[str, ...], says: str
) -> None:
    files = {"expts/1_a/list.txt": RUNS, "expts/1_a/list.bin": bytes(range(256))}
    built = build({"expts/1_a/notes.rst": page(typed, *options), **files})
    assert says in built.warnings
    assert built.body("expts/1_a/notes").select_one(".exptdir-placeholder, .exptdir-missing") is not None


@pytest.mark.parametrize(
    ("name", "text", "titles", "runs"),
    [
        ("notes.txt", BRACES, ["2021/12/30", "1/13", "1/14 talk", "1/15"], []),
        ("log.csv", TABLE, [], ["run-1", "run-2", "run-3", "run-4"]),
        ("journal.org", "* 2024-05-06\n** TODO more\n* 2024-05-07\nseen\n", ["2024-05-06", "2024-05-07"], []),
        ("README.txt", RUNS, ["a/01 (01.yaml)", "a/02 (02.yaml)"], ["run-a-01", "run-a-02"]),
        ("wide.txt", RUNS, ["a/01 (01.yaml)", "a/02 (02.yaml)"], ["run-a-01", "run-a-02"]),
    ],
)
def test_a_log_alone_is_an_experiment(build: Build, name: str, text: str, titles: list[str], runs: list[str]) -> None:
    built = build({f"expts/1_wide/{name}": text, "expts/2_b/notes.md": "# B\n\n{expt}`1`\n"})
    assert built.warnings == ""
    body = built.body(f"expts/1_wide/{name.rpartition('.')[0]}")
    assert words(body.select_one("h1")) == "#1: wide"
    assert [words(title) for title in body.select("h2")] == titles
    assert [place["id"] for place in body.select("[id^=run-]")][: len(runs)] == runs
    links = [link["href"] for link in built.body("expts/2_b/notes").select("a.exptdir-ref")]
    assert links == [f"../1_wide/{name.rpartition('.')[0]}.html"]


def test_a_page_is_read_as_a_list_of_runs_where_that_is_said(build: Build) -> None:
    built = build({"expts/1_a/README.md": RUNS, "expts/1_a/expt.toml": '[log]\nformat = "runs"\nruns = "."\n'})
    assert next(words(title) for title in built.body("expts/1_a/README").select("h2")) == "a/01 (01.yaml)"


def test_what_lies_about_is_no_log(build: Build) -> None:
    built = build(
        {
            "expts/1_a/notes.md": "# A\n",
            "expts/1_a/notes.txt": "v1\n--\nold\n",
            "expts/1_a/results.csv": "a,b\n1,2\n",
            "expts/1_a/results.txt": "text",
            "expts/1_a/runs/2024-01-02_x/log.txt": "epoch 1\n",
            "expts/1_a/runs/2024-01-02_x/log.csv": "epoch,loss\n1,2\n",
            "expts/2_b/b.csv": "a,b\n1,2\n",
            "notes.txt": "text",
        }
    )
    assert built.warnings == ""
    assert sorted(path.name for path in built.out.rglob("*.html") if path.name in {"log.html", "b.html"}) == []


def test_a_file_that_is_shown_by_itself_is_a_log(tmp_path: Path) -> None:
    path = tmp_path / "my notes.txt"
    path.write_text(BRACES, "utf-8")
    (tmp_path / "other.txt").write_text("no log", "utf-8")
    shown = alone(path)
    warnings = StringIO()
    with docutils_namespace():
        out = tmp_path / "out"
        app = Sphinx(shown.source, None, out, out / "doctrees", "html", dict(shown.overrides), None, warnings)
        app.build()
    assert warnings.getvalue() == ""
    assert sorted(app.env.found_docs) == ["my notes"]
    page = BeautifulSoup((out / "my notes.html").read_text("utf-8"), "html.parser")
    assert [words(title).rstrip("#") for title in page.select("h2")][:2] == ["2021/12/30", "1/13"]


STRANGE = (
    "Run 1\n-----\n1. a_ b* `c` |d| <e> {f} [g]: h::\n   - ::\n=====\n\nRun 2\n-----\nof run 1中 and 中run 1, 2024\n"
)


@pytest.mark.parametrize("suffix", [".md", ".rst"])
def test_imported_logs_build_without_a_warning_and_their_links_lead_to_runs(tmp_path: Path, suffix: str) -> None:
    site = Site(tmp_path)
    (tmp_path / "strange.txt").write_text(STRANGE)
    site.write({})
    conf = read_conf(site.source / "conf.py")
    logs = [path for path in sorted(EXAMPLES.iterdir()) if path.suffix in {".txt", ".org", ".csv"}]
    for path in (*logs, tmp_path / "strange.txt"):
        record = scan(site.source, conf.scan_settings)
        done = import_log(conf, record, path, suffix=suffix, today=date(2024, 6, 1))
        with locked(site.source) as writer:
            writer.apply(done.plan)
    built = site.build()
    assert built.located == []
    page = built.body(done.page.relative_to(site.source).with_suffix("").as_posix())
    assert [words(link) for link in page.select("a.reference[href='#run-1']")] == ["run 1", "run 1"]
    assert len(page.select("#run-1")) == 1
    assert "of run 1中 and 中run 1, 2024" in page.get_text()
    assert words(page.select_one("ol li p")) == "a_ b* c |d| <e> {f} [g]: h::"
    assert [words(title) for title in page.select("h2")] == ["Run 1", "Run 2"]
    assert page.select(".exptdir-run-name") == []


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030"])
def test_a_log_that_is_not_utf_8_is_read_and_what_cannot_be_is_told_with_its_place(build: Build, encoding: str) -> None:
    days = "2024/5/6 {\n    宽一点的网络 学习率\n        损失很好\n}\n2024/5/7 {\n    再试一次 更好的结果\n}\n"
    table = "实验,日志,结果\n1,宽一点的网络学习率,损失很好\n2,同 1 但是更宽的网络,更好\n3,再试一次,更好的结果\n"
    built = build(
        {
            "expts/1_a/notes.txt": days.encode(encoding),
            "expts/2_b/log.csv": table.encode(encoding),
            "expts/3_c/notes.rst": page("days.txt") + "\n" + page("table.csv").partition("\n\n")[2],
            "expts/3_c/days.txt": days.encode(encoding),
            "expts/3_c/table.csv": table.encode(encoding),
        }
    )
    refused = [line for line in built.located if "so the page is left out; save the file as UTF-8" in line]
    alone = ["expts/1_a/notes", "expts/2_b/log"]
    # Before version 9 Sphinx reads a log itself.
    readable = sphinx.version_info[0] > 8
    assert [line.split(".")[0] for line in refused] == ([] if readable else alone)
    shown = "".join(
        built.body(name).get_text() for name in (["expts/3_c/notes"], [*alone, "expts/3_c/notes"])[readable]
    )
    assert shown.count("损失很好") == 2 * (1 + readable)
    assert shown.count("更宽的网络") == 1 + readable


def test_a_long_log_on_one_page_is_folded_below_its_titles_and_links_lead_into_it(build: Build) -> None:
    long = "\n\n".join(f"v{at}\n---\n\n- as v{max(at - 1, 0)}\n\nwide\n\n{'more ' * 3}" for at in range(700))
    short = "v0\n--\nsmall\n\nv1\n--\nas v0\n"
    built = build(
        {
            "expts/1_a/notes.txt": long,
            "expts/1_a/expt.toml": '[log]\nsplit = "none"\n',
            "expts/2_b/notes.txt": short,
            "expts/3_c/notes.rst": page("short.txt", ":fold: yes"),
            "expts/3_c/short.txt": short,
            "expts/4_d/notes.rst": titled("D", ":expt:`1/v7`"),
        }
    )
    body = built.body("expts/1_a/notes")
    section = body.select_one("section#run-v7, #run-v7")
    assert words(section.select_one("h2")) == "v7"
    assert "as v6" in words(section.select_one("details.exptdir-log-part"))
    assert section.select_one("details > summary").get_text() == "3 lines"
    assert len(body.select("details.exptdir-log-part")) == 700
    assert built.body("expts/2_b/notes").select("details.exptdir-log-part") == []
    assert len(built.body("expts/3_c/notes").select("details.exptdir-log-part")) == 2
    link = built.body("expts/4_d/notes").select_one("a.reference[href*='run-v7']")
    assert link["href"] == "../1_a/notes.html#run-v7"


def test_a_log_that_is_a_link_out_of_the_record_is_not_shown(build: Build, tmp_path: Path) -> None:
    (tmp_path / "private.txt").write_text("2024-05-20 Secret\n\nText.\n")
    text = titled("A", ".. expt-log:: private.txt\n")
    link = Link(str(tmp_path / "private.txt"))
    built = build({"expts/1_a/notes.rst": text, "expts/1_a/private.txt": link})
    assert "this is a link to a file outside the record" in built.warnings
    assert "Secret" not in built.html("expts/1_a/notes")
