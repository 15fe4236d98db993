"""``expt-journal``, ``expt-tasks`` and ``expt-tags``: what is written in logs, found again on other pages."""

from __future__ import annotations

import pytest

from exptdir.record.home import read_conf
from exptdir.record.scan import scan
from exptdir.record.timeline import open_tasks
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.journal import contents
from tests.sphinxext.building import Built, Files, the, titled, words
from tests.sphinxext.conftest import Build

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="9"/>'
JOURNALS = {
    "plain": "",
    "sentences": ":content: sentence\n   :tag: cress, cress/fast",
    "recent": ":since: 10d",
    "between": ":since: 2024/02/29\n   :until: 2024-05-20",
    "months": ":group-by: month\n   :limit: 3",
    "weeks": ":group-by: week\n   :expt: 2",
    "experiments": ":group-by: experiment",
    "full": ":content: full\n   :expt: 1",
    "done": ":status: complete",
    "none": ":tag: nowhere",
}
FILES = {
    "expts/1_first/notes.rst": titled(
        "First",
        "2024-05-20: Sown\n----------------\n\n:tags: cress, wet\n\nSown after :expt:`2`. More.\n\n"
        ".. figure:: a.svg\n\n"
        "   Plants\n\n"
        ".. datatable::\n   :caption: Seeds\n\n   tray,seeds\n   A,25\n\n"
        "See below_ and `2024-05-20: Later`_.\n\n"
        ".. _below:\n\nDetails\n~~~~~~~\n\nDeep text, :expt:`@2024-05-20`.\n\n"
        "2024-05-20: Later\n-----------------\n\nStill the same day.\n\n"
        "TODO: weigh the trays of :expt:`2`\nand this is no task.\n\nnext:\n\n- dry them\n- burn them\n\n"
        ".. todo::\n\n   Write *this* up.\n",
    ),
    "expts/1_first/a.svg": SVG,
    "expts/1_first/expt.toml": 'status = "complete"\n',
    "expts/2_second/notes.md": "# Second\n\n## 2024-02-29: Leap\n\n- [ ] buy seeds #not\n"
    "- [x] sleep\n\n"
    "Todos are no task.\n\n"
    "## 2024-05-25\n\nA `#code` and #cress/fast, not [x](#1) &#35;.\n\n下一步:再做\n\n## 2023-12-31: Old\n\nBefore.\n",
    "tasks.rst": ":orphan:\n\n" + titled("Tasks", ".. expt-tasks::\n"),
    "tags.rst": ":orphan:\n\n" + titled("Tags", ".. expt-tags::\n"),
    **{
        f"{name}.rst": ":orphan:\n\n" + titled(name, f".. expt-journal::\n   {text}\n")
        for name, text in JOURNALS.items()
    },
}
NEWEST = [
    "2024-05-25 #2 Second",
    "2024-05-20 #1 Later",
    "2024-05-20 #1 Sown",
    "2024-02-29 #2 Leap",
    "2023-12-31 #2 Old",
]


@pytest.fixture(scope="module")
def site(build_once: Build) -> Built:
    with pytest.MonkeyPatch.context() as patch:
        # 2024-05-30, when it is the day before still in half of the world.
        patch.setenv("SOURCE_DATE_EPOCH", "1717027200")
        patch.setenv("TZ", "America/Los_Angeles")
        return build_once(FILES, conf="exptdir_hashtags = True\n")


def lines(built: Built, docname: str) -> list[str]:
    found = the(built.body(docname), ".exptdir-journal").select("ul > li > p:first-child")
    return [words(line).replace(" · ", " ").split(" #cress")[0].split(" #not")[0] for line in found]


def test_the_newest_come_first_and_the_last_of_a_day_before_the_first(site: Built):
    assert site.warnings == ""
    assert lines(site, "plain") == NEWEST


@pytest.mark.parametrize(
    ("docname", "shown"),
    [
        ("recent", NEWEST[:3]),
        ("between", NEWEST[1:4]),
        ("months", NEWEST[:3]),
        ("done", NEWEST[1:3]),
        ("sentences", [NEWEST[0], NEWEST[2]]),
    ],
)
def test_days_tags_and_statuses_choose(site: Built, docname: str, shown: list[str]):
    assert lines(site, docname) == shown


def test_sentences_show_references_as_they_are_shown_elsewhere(site: Built):
    found = [words(line) for line in site.body("sentences").select(".exptdir-sentence")]
    assert found == ["A #code and #cress/fast, not x &#35;.".replace("&#35;", "#"), "Sown after #2."]


@pytest.mark.parametrize(
    ("docname", "names"),
    [
        ("months", ["2024-05"]),
        ("weeks", ["2024-W21", "2024-W09", "2023-W52"]),
        ("experiments", ["#2 Second", "#1 First"]),
    ],
)
def test_entries_stand_in_groups(site: Built, docname: str, names: list[str]):
    assert [words(name) for name in site.body(docname).select(".exptdir-journal > .rubric")] == names


def test_whole_entries_keep_figures_tables_and_references(site: Built):
    later, sown = the(site.body("full"), ".exptdir-journal").select(".exptdir-journal-entry")
    assert sown.select_one("img")["src"] == site.body("expts/1_first/notes").select_one("img")["src"].removeprefix(
        "../../"
    )
    assert words(sown.select_one("table td")) == "A"
    links = {words(link): link["href"] for link in sown.select("a.reference")}
    assert links["#2"] == "expts/2_second/notes.html"
    # A label within the entry, one beside it, and a reference that leaves its target out.
    inside = sown.select_one(f"[id='{links['below'][1:]}']")
    assert inside is not None and "Deep text" in words(inside.parent)
    assert links["2024-05-20: Later"] == "expts/1_first/notes.html#later"
    assert links["2024-05-20"] == "expts/1_first/notes.html#entry-2024-05-20"
    assert "Still the same day." in words(later)
    ids = [tag["id"] for tag in site.page("full").select("[id]")]
    assert sorted(ids) == sorted(set(ids))
    needed = {"exptdir-tables.css", "exptdir-tables.js", "exptdir-figures.css", "exptdir-figures.js"}
    assert [name for name in needed if name not in site.html("full")] == []
    assert [name for name in needed if name in site.html("plain")] == []


def test_other_builders_show_whole_entries(site: Built):
    text = site.text("full")
    assert "Deep text, *2024-05-20*." in text and "Still the same day." in text


def test_an_empty_journal_says_so(site: Built):
    assert words(site.body("none").select_one(".exptdir-none")) == "There are no such entries."


def test_tasks_are_found_in_all_their_forms_and_lead_to_their_entry(site: Built):
    first, second = the(site.body("tasks"), ".exptdir-task-list > ul").find_all("li", recursive=False)
    assert [words(task) for task in first.select("li")] == [
        "weigh the trays of #2 2024-05-20",
        "dry them 2024-05-20",
        "burn them 2024-05-20",
        "Write this up. 2024-05-20",
    ]
    assert [words(task) for task in second.select("li")] == ["buy seeds #not 2024-02-29", "再做 2024-05-25"]
    assert first.select("li")[0].a["href"] == "expts/1_first/notes.html#entry-2024-05-20-2"


TASKS: Files = {
    "expts/1_first/notes.rst": titled(
        "First",
        ".. todo:: on the line\n\n.. todo:: over\n   two lines\n\n.. todo:: with a list\n\n   - of details\n\n"
        ".. todo::\n\n   - first item\n   - second\n     item\n\n- .. todo:: in an item\n\n"
        "TODO: only this line\nnot this one\n\n- [ ] a box\n  and what goes on\n- [x] done\n\n"
        "TODO:\n\n* below\n\n  - deeper\n\nNo task:\n\n- nothing\n",
    ),
    "expts/1_first/more/page.rst": titled("More", "TODO: on another page\n"),
    "expts/2_second/index.md": "# Second\n\n```{todo} on the fence\nand below\n```\n\n:::{todo}\n:class: x\n\n"
    "in colons\n:::\n\n> - [ ] quoted\n\n1. [ ] numbered\n   - [ ] deeper\n\nnext exp:\n\n1. one\n"
    "\n   more of it\n2. two\n\nEnd.\n\n- no\n",
    "tasks.rst": ":orphan:\n\n" + titled("Tasks", ".. expt-tasks::\n"),
}


def test_the_page_and_the_terminal_list_the_same_tasks(build: Build):
    built = build(TASKS)
    found = [words(task) for task in the(built.body("tasks"), ".exptdir-task-list > ul").select("li li")]
    conf = read_conf(built.site.source / "conf.py")
    assert [task.text for task in open_tasks(conf, scan(conf.base, conf.scan_settings))] == found
    assert found == [
        *("on the line", "over two lines", "with a list", "first item", "second item", "in an item", "only this line"),
        *("a box and what goes on", "below", "deeper", "on another page"),
        *("on the fence and below", "in colons", "quoted", "numbered", "deeper", "one", "two"),
    ]


def test_tags_of_entries_are_fields_or_words_but_no_code_and_no_links(site: Built):
    found = the(site.body("tags"), ".exptdir-tags")
    assert [words(term) for term in found.select("dt")] == ["#cress 1", "#cress/fast 1", "#not 1", "#wet 1"]
    assert words(found.select_one("dd")) == "2024-05-20 #1 Sown"


def test_a_new_day_rewrites_the_pages_that_say_so_and_no_others(build: Build, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1717027200")
    built = build(FILES)
    pages = {path: path.stat().st_mtime_ns for path in built.out.rglob("*.html")}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1717027200 + 3 * 86400))
    again = built.rebuild()
    changed = {path.stem for path, then in pages.items() if path.stat().st_mtime_ns != then}
    assert changed == {"recent"}
    assert len(lines(again, "recent")) == 1


def test_a_year_that_was_typed_wrongly_is_told_once(build: Build, monkeypatch: pytest.MonkeyPatch):
    log = "# A\n\n## 2042-05-20: Sown\n\nx\n\n## May 22\n\nx\n\n## 2024-05-20\n\nx\n"
    built = build({"expts/1_a/notes.md": log})
    assert built.located == ["expts/1_a/notes.md:3: WARNING: “2042-05-20” is more than a year ahead [exptdir.future]"]
    # Changed page or not.
    assert built.rebuild().warnings == built.warnings
    # It is said by the day of the build, which may be set.
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "2262304000")
    assert built.rebuild().warnings == ""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1577836800")
    assert [line.partition(": ")[0] for line in built.rebuild().located] == [
        "expts/1_a/notes.md:3",
        "expts/1_a/notes.md:11",
    ]


def test_what_the_rows_of_a_table_share_is_looked_through_once(build: Build, monkeypatch: pytest.MonkeyPatch):
    looked: list[object] = []
    first = contents.first_paragraph
    monkeypatch.setattr(contents, "first_paragraph", lambda node: looked.append(node) or first(node))
    rows = "".join(f"{at},2024-05-{at % 28 + 1:02},it works well today as in {at // 2}\n" for at in range(700))
    built = build({"expts/1_a/log.csv": f"run,date,log\n{rows}", "index.rst": titled("Home", ".. expt-journal::\n")})
    assert len(looked) <= 3
    entries = next(iter(domain_of(built.app.env).entries.values()))
    assert len(entries) == 700
    assert any(entry.digest for entry in entries)


def test_what_is_no_sentence_begins_no_entry(build: Build):
    text = (
        "2024-05-01\n----------\n\n.. figure:: gone.svg\n\nThen this.\n\n"
        "2024-05-02\n----------\n\n.. datatable:: a.csv\n\n"
    )
    files = {
        "index.rst": titled("Home", ".. expt-journal::\n   :content: sentence\n"),
        "expts/1_a/notes.rst": titled("A", text),
        "expts/1_a/a.csv": "x,y\n1,2\n",
    }
    items = build(files).body().select(".exptdir-journal li")
    assert [words(item) for item in items] == ["2024-05-02 · #1 A", "2024-05-01 · #1 A Then this."]
