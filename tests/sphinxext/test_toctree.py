"""Tables of contents: every experiment is listed somewhere, and only once."""

from __future__ import annotations

from tests.sphinxext.building import Built, titled, words
from tests.sphinxext.conftest import Build

NESTED = {
    "expts/10_ten/notes.rst": titled("Ten"),
    "expts/9_nine/notes.rst": titled("Nine"),
    "expts/9_nine/11_inner/notes.rst": titled("Inner"),
    "expts/9_nine/data/12_deeper/log.md": "# Deeper\n",
    "expts/named/notes.rst": titled("Named"),
}


def listed(built: Built, docname: str = "index") -> list[str]:
    return [words(link) for link in built.body(docname).select(".toctree-wrapper a")]


def contents(*lines: str, options: str = "") -> str:
    return ".. toctree::\n" + options + "\n" + "".join(f"   {line}\n" for line in lines) + "\n"


def test_the_root_lists_the_top_and_each_experiment_its_children(build: Build):
    built = build(NESTED)
    assert listed(built) == ["#9: Nine", "#10: Ten", "Named"]
    assert listed(built, "expts/9_nine/notes") == ["#11: Inner", "#12: Deeper"]
    assert listed(built, "expts/named/notes") == []
    assert built.warnings == ""


def test_an_explicit_list_wins_and_the_others_follow(build: Build):
    root = titled("Home", contents("expts/named/notes", "expts/9_nine/11_inner/notes") + "Behind.\n")
    built = build({**NESTED, "index.rst": root})
    assert listed(built) == ["Named", "#11: Inner", "#9: Nine", "#10: Ten"]
    # Another document lists it, so its parent does not.
    assert listed(built, "expts/9_nine/notes") == ["#12: Deeper"]
    assert built.warnings == ""


def test_a_glob_that_lists_all_leaves_nothing_to_add(build: Build):
    built = build({**NESTED, "index.rst": titled("Home", contents("expts/**", options="   :glob:\n"))})
    assert sorted(listed(built)) == sorted(["#9: Nine", "#10: Ten", "#11: Inner", "#12: Deeper", "Named"])
    assert listed(built, "expts/9_nine/notes") == []
    assert built.warnings == ""


def test_a_hidden_list_of_the_authors_counts(build: Build):
    built = build({**NESTED, "index.rst": titled("Home", contents("expts/10_ten/notes", options="   :hidden:\n"))})
    assert listed(built) == ["#9: Nine", "Named"]
    assert built.warnings == ""


def test_a_list_in_a_loose_page_wins_over_the_root(build: Build):
    built = build(
        {
            **NESTED,
            "index.rst": titled("Home", contents("overview")),
            "overview.rst": titled("Overview", contents("expts/10_ten/notes")),
        }
    )
    assert listed(built) == ["Overview", "#10: Ten", "#9: Nine", "Named"]
    assert len(built.body().select('a[href="expts/10_ten/notes.html"]')) == 1
    assert listed(built, "overview") == ["#10: Ten"]
    assert built.warnings == ""


def test_the_placeholder_of_exmemo_says_where(build: Build):
    root = titled("Home", contents("first", ".experiments", "last") + "Behind.\n")
    built = build({**NESTED, "index.rst": root, "first.rst": titled("First"), "last.rst": titled("Last")})
    assert listed(built) == ["First", "#9: Nine", "#11: Inner", "#12: Deeper", "#10: Ten", "Named", "Last"]
    assert built.warnings == ""


def test_the_placeholder_keeps_the_caption(build: Build):
    built = build({**NESTED, "index.rst": titled("Home", contents(".experiments", options="   :caption: All of it\n"))})
    assert [words(caption) for caption in built.body().select(".caption-text")] == ["All of it"]
    assert listed(built) == ["#9: Nine", "#11: Inner", "#12: Deeper", "#10: Ten", "Named"]
    assert built.warnings == ""


def test_the_placeholder_keeps_the_depth(build: Build):
    built = build({**NESTED, "index.rst": titled("Home", contents(".experiments", options="   :maxdepth: 1\n"))})
    assert listed(built) == ["#9: Nine", "#10: Ten", "Named"]
    assert not [ul for ul in built.body().select("ul") if not ul.select("li")]
    assert built.warnings == ""


def test_the_placeholder_in_a_loose_page_lists_what_lies_below_it(build: Build):
    built = build(
        {
            **NESTED,
            "index.rst": titled("Home", contents("expts/index")),
            "expts/index.rst": titled("Experiments", contents(".experiments")),
            "other.rst": ":orphan:\n\n" + titled("Other"),
        }
    )
    assert listed(built, "expts/index") == ["#9: Nine", "#11: Inner", "#12: Deeper", "#10: Ten", "Named"]
    assert "#9: Nine" not in [words(link) for link in built.body().select(".toctree-wrapper > ul > li > a")], (
        "the root does not list them again"
    )
    assert built.warnings == ""


def test_the_placeholder_in_markdown(build: Build):
    built = build({**NESTED, "index.md": "# Home\n\n```{toctree}\n.experiments\n```\n\nBehind.\n"})
    assert listed(built) == ["#9: Nine", "#11: Inner", "#12: Deeper", "#10: Ten", "Named"]
    assert built.warnings == ""


def test_the_home_page_that_exmemo_wrote_lists_where_it_says(build: Build):
    root = titled("Home", contents("ideas.rst", "{notebook_entries}") + "Behind.\n")
    logs = {"20170714_gel/gel.rst": titled("Gel"), "20170801_gel/gel.rst": titled("Gel again")}
    built = build(
        {
            "conf.py": 'extensions = ["exptdir"]\nexptdir_roots = ["."]\nsource_suffix = ".rst"\n',
            "index.rst": root,
            "ideas.rst": titled("Ideas"),
            **logs,
        }
    )
    assert listed(built) == ["Ideas", "Gel", "Gel again"]
    assert "{" not in words(built.body("index")) and words(built.body("index")).endswith("Gel again Behind.")
    assert built.warnings == ""


def test_the_placeholder_without_experiments_is_nothing(build: Build):
    built = build({"index.rst": titled("Home", contents(".experiments")), "expts/data.csv": "1\n"})
    assert listed(built) == []
    assert [line for line in built.located if "exptdir.root" not in line] == []


def test_an_experiments_own_list_wins_over_its_children(build: Build):
    notes = titled("Nine", contents("data/12_deeper/log") + "Behind.\n")
    built = build({**NESTED, "expts/9_nine/notes.rst": notes})
    assert listed(built, "expts/9_nine/notes") == ["#12: Deeper", "#11: Inner"]
    assert built.warnings == ""


def test_a_root_document_in_another_place(build: Build):
    built = build(
        {**NESTED, "start.rst": titled("Start")}, conf='root_doc = "start"\nexclude_patterns = ["index.rst"]\n'
    )
    assert listed(built, "start") == ["#9: Nine", "#10: Ten", "Named"]
    assert built.warnings == ""


def test_previous_and_next_follow_the_tree(build: Build):
    built = build(NESTED)
    relations = built.app.env.collect_relations()
    chain, docname = [], relations["index"][2]
    while docname:
        chain.append(docname)
        docname = relations[docname][2]
    assert chain == [
        "expts/9_nine/notes",
        "expts/9_nine/11_inner/notes",
        "expts/9_nine/data/12_deeper/log",
        "expts/10_ten/notes",
        "expts/named/notes",
    ]
    assert relations["expts/9_nine/data/12_deeper/log"][0] == "expts/9_nine/notes"


def test_files_beside_a_log_are_loose_pages_and_a_readme_is_none(build: Build):
    built = build(
        {**NESTED, "expts/named/README.md": "# Not shown\n", "expts/named/extra.rst": titled("Extra")},
    )
    assert [line for line in built.located if "not_included" not in line] == []
    assert len(built.located) == 1
    assert built.located[0].startswith("expts/named/extra.rst: ")
    assert not (built.out / "expts/named/README.html").exists()
