"""``expt-list`` and the header of an experiment's page: what a reader sees of facts that were typed."""

from __future__ import annotations

import pytest
from bs4 import Tag

from tests.sphinxext.building import Built, the, titled, words
from tests.sphinxext.conftest import Build

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="9"/>'
FILES = {
    "expts/1_first/notes.rst": titled(
        "First",
        "2024-05-20\n----------\n\nSown.\n\n.. figure:: a.svg\n\n   Plants\n\n"
        "2024-05-22: Seen\n----------------\n\nx\n\n"
        "Conclusion\n----------\n\nIt grew as in :expt:`2`. Nothing else.\n",
    ),
    "expts/1_first/a.svg": SVG,
    "expts/1_first/expt.toml": 'status = "complete"\ntags = ["cress", "light"]\n',
    "expts/2_second/notes.md": "---\nstatus: In-Progress\nprerequisites: [1]\n---\n# Second\n\n"
    "## 2024-06-01\n\nText.\n",
    "expts/2_second/3_third/index.md": "---\nstatus: ready\nprerequisites: [2, 1]\nbuilds_on: [4, 1]\n"
    "tags: [cress]\n---\n# Third\n",
    "expts/4_fourth/index.md": "# Fourth\n",
    "table.rst": ":orphan:\n\n"
    + titled("Table", ".. expt-list::\n   :columns: experiment, status, blocked, conclusion\n"),
    "sorted.rst": ":orphan:\n\n" + titled("Sorted", ".. expt-list::\n   :sort: -last\n"),
    "cards.rst": ":orphan:\n\n" + titled("Cards", ".. expt-list::\n   :as: cards\n   :tag: cress\n"),
    "waiting.rst": ":orphan:\n\n" + titled("Waiting", ".. expt-list::\n   :as: cards\n   :status: in progress\n"),
    "tree.rst": ":orphan:\n\n" + titled("Tree", ".. expt-list::\n   :as: tree\n"),
    "board.rst": ":orphan:\n\n" + titled("Board", ".. expt-list::\n   :as: board\n"),
    "since.rst": ":orphan:\n\n" + titled("Since", ".. expt-list::\n   :since: 2024-05-23\n   :until: 2024-06-01\n"),
    "below.rst": ":orphan:\n\n" + titled("Below", ".. expt-list::\n   :expt: 2\n   :status: blocked\n"),
    "alone.rst": ":orphan:\n\n" + titled("Alone", ".. expt-list::\n   :expt: 2\n   :alone:\n"),
    "none.rst": ":orphan:\n\n" + titled("None", ".. expt-list::\n   :tag: unheard of\n"),
}


@pytest.fixture(scope="module")
def site(build_once: Build) -> Built:
    return build_once(FILES)


def rows(built: Built, docname: str) -> list[list[str]]:
    return [
        [words(cell) for cell in row.select("td")]
        for row in the(built.body(docname), ".exptdir-experiments").select("tr")
    ][1:]


def test_a_table_shows_who_waits_for_whom_and_what_came_out(site: Built):
    assert site.warnings == ""
    assert rows(site, "table") == [
        ["#1 First", "complete", "", "It grew as in #2."],
        ["#2 Second", "in progress", "", ""],
        ["#3 Third", "blocked", "#2", ""],
        ["#4 Fourth", "", "", ""],
    ]


def test_what_has_no_day_comes_last_in_either_order(site: Built):
    assert [row[0] for row in rows(site, "sorted")] == ["#2 Second", "#1 First", "#3 Third", "#4 Fourth"]


def test_a_card_has_the_first_figure_and_leads_to_it(site: Built):
    first, third = the(site.body("cards"), ".exptdir-cards").select("li")
    assert first.select_one("a")["href"] == "expts/1_first/notes.html#figure-a-svg"
    assert words(first) == "#1 First complete · 2024-05-20 – 2024-05-22 · #cress #light It grew as in #2."
    assert words(third) == "#3 Third blocked · waits for #2 · #cress"


def test_a_card_without_a_conclusion_says_how_its_last_entry_begins(site: Built):
    second = the(site.body("waiting"), ".exptdir-cards").select("li")[0]
    assert words(second) == "#2 Second in progress · 2024-06-01 Text."


def test_a_tree_nests_as_directories_do(site: Built):
    top = the(site.body("tree"), ".exptdir-tree > ul")
    assert [words(item.select_one("a")) for item in top.find_all("li", recursive=False)] == [
        "#1 First",
        "#2 Second",
        "#4 Fourth",
    ]
    assert words(the(top, "ul")) == "#3 Third · blocked · waits for #2"


def test_a_board_has_a_column_for_each_status_and_says_who_blocks(site: Built):
    found = [words(column) for column in site.body("board").select(".exptdir-column")]
    assert found == [
        "in progress 1 #2 Second 2024-06-01",
        "blocked 1 #3 Third waits for #2 · #cress",
        "complete 1 #1 First 2024-05-22 · #cress #light",
        "no status 1 #4 Fourth",
    ]


@pytest.mark.parametrize(
    ("docname", "shown"), [("since", ["#2 Second"]), ("below", ["#3 Third"]), ("alone", ["#2 Second"])]
)
def test_filters_choose(site: Built, docname: str, shown: list[str]):
    assert [row[0] for row in rows(site, docname)] == shown


def test_an_empty_list_says_so(site: Built):
    assert words(site.body("none").select_one(".exptdir-none")) == "There are no such experiments."


@pytest.mark.parametrize(
    ("docname", "shown"),
    [
        ("expts/1_first/notes", "complete · 2024-05-20 – 2024-05-22 · #cress #light"),
        ("expts/2_second/notes", "in progress · 2024-06-01 Needs: #1 First Holds: #3 Third"),
        (
            "expts/2_second/3_third/index",
            "blocked · #cress Part of: #2 Second Needs: #2 Second in progress, #1 First Builds on: #4 Fourth, #1 First",
        ),
    ],
)
def test_the_header_of_a_page_says_the_facts(site: Built, docname: str, shown: str):
    assert words(the(site.body(docname), ".exptdir-header")) == shown


def test_a_page_without_facts_has_no_header(site: Built):
    assert site.body("expts/4_fourth/index").select(".exptdir-header") == []


def test_other_builders_show_the_same(site: Built):
    assert "in progress" in site.text("expts/2_second/notes")
    assert "#3 Third · blocked · waits for #2" in site.text("tree")


def test_options_that_mean_nothing_are_reported_where_they_stand(build: Build):
    built = build(
        {
            "index.rst": titled("Home", ".. expt-list::\n   :as: pie\n   :columns: id\n   :since: soon\n"),
            "expts/1_a/index.md": "# A\n",
        }
    )
    assert built.located == [
        "index.rst:4: WARNING: there is no column 'id'; there are experiment, status, tags, begun, last, blocked, "
        "conclusion [exptdir.directive]",
        "index.rst:4: WARNING: since: 'soon' is neither a date such as 2024-05-21 nor a time such as 30d; it does not "
        "count [exptdir.directive]",
        "index.rst:4: WARNING: as is none of table, cards, tree, board: 'pie'; table is taken [exptdir.directive]",
    ]


def test_a_header_leads_to_the_history_of_its_log_where_the_repository_is_on_the_web(build: Build):
    files = {"expts/1_a b/index.md": "---\nstatus: ready\n---\n# A\n", "expts/2_c/notes.txt": "2024-05-20 sown\n\nx\n"}
    built = build(files, conf='exptdir_repository_url = "https://example.org/you/work/"\n')
    for page, log in (("1_a b/index", "1_a%20b/index.md"), ("2_c/notes", "2_c/notes.txt")):
        link = the(built.body(f"expts/{page}"), ".exptdir-header a")
        assert link["href"] == f"https://example.org/you/work/commits/HEAD/expts/{log}"
        assert words(link) == "History"


def test_a_long_column_of_a_board_has_its_newest_and_says_how_many_more(build: Build):
    files = {f"expts/{n}_x/index.md": f"# X{n}\n\n## 2024-05-{n:02}\n\ny\n" for n in range(1, 24)}
    built = build({**files, "index.rst": titled("Home", ".. expt-list::\n   :as: board\n")})
    column = the(built.body(), ".exptdir-column")
    shown = [words(item) for item in column.select("li")]
    assert len(shown) == 20
    assert (shown[0], shown[-1]) == ("#23 X23 2024-05-23", "#4 X4 2024-05-04")
    assert words(column.select_one("p")) == "no status 23"
    assert words(column.find_all("p", recursive=False)[-1]) == "and 3 more"


def shape(tag: Tag) -> list[tuple[str, tuple[str, ...], str]]:
    """Return the elements within one: their names, classes and words; addresses differ between the builders."""
    return [(one.name, tuple(sorted(one.get_attribute_list("class"))), words(one)) for one in tag.find_all(True)]


def test_what_pages_collect_is_what_other_builders_of_html_make_of_it(build: Build):
    lists = "".join(f".. expt-list::\n   :as: {form}\n\n" for form in ("table", "board", "tree"))
    entry = '## 2024-05-20: <Sown> & "so"\n\n:tags: a b\n\nAs in {expt}`1`, *x* & <y>.\n\n- [ ] weigh {expt}`2`\n'
    files = {
        "index.rst": titled(
            "Home", f"{lists}.. expt-journal::\n   :content: sentence\n\n.. expt-tasks::\n\n.. expt-tags::\n"
        ),
        "expts/1_a/index.md": '---\nstatus: ready\ntags: [x&y]\n---\n# A & "B" <c>\n',
        "expts/2_b/index.md": f"---\nprerequisites: [1]\n---\n# B\n\n{entry}",
    }
    # Other builders have no archive, to which tags are links.
    page = build(files, conf='exptdir_archive = "never"\n')
    whole = page.site.build("singlehtml")
    pages = [page.page(name) for name in ("index", "expts/1_a/index", "expts/2_b/index")]
    for name in ("experiments", "board", "tree", "journal", "task-list", "tags", "header", "cited-by"):
        found = [shape(part) for one in pages for part in one.select(f".exptdir-{name}")]
        assert found and found == [shape(part) for part in whole.page().select(f".exptdir-{name}")], name
