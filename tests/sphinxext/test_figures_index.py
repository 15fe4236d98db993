"""The index of figures: which it shows, in which order, and where its pictures lead."""

from __future__ import annotations

import pytest

from tests.sphinxext.building import Built, the, titled, words
from tests.sphinxext.conftest import Build

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="9"/>'
INDEX = ".. expt-figures::\n"
FILES = {
    "expts/1_first/notes.rst": titled(
        "First",
        "2024-05-20\n----------\n\n.. figure:: early.svg\n\n   After :expt:`2`, *at last*.\n\n"
        "2024-05-22\n----------\n\n.. image:: late.svg\n   :alt: The late one\n",
    ),
    "expts/1_first/early.svg": SVG.format(1),
    "expts/1_first/late.svg": SVG.format(2),
    "expts/2_second/notes.rst": titled(
        "Second", "2024-05-21\n----------\n\nText |middle|.\n\n.. |middle| image:: m.svg\n"
    ),
    "expts/2_second/expt.toml": 'tags = ["calibration"]\n',
    "expts/2_second/m.svg": SVG.format(3),
    "expts/2_second/3_nested/index.md": "# Nested\n\n![undated](n.svg)\n\n![gone](gone.svg)\n",
    "expts/2_second/3_nested/n.svg": SVG.format(4),
    "other/page.md": "---\norphan: true\n---\n\n# Page\n\n![no figure of an experiment](o.svg)\n",
    "other/o.svg": SVG.format(5),
}
ALL = ["#1, 2024-05-22: The late one", "#2, 2024-05-21: middle", "#1, 2024-05-20: After #2, at last.", "#3: undated"]


def lines(built: Built, docname: str = "index") -> list[str]:
    """Return what stands below the pictures."""
    return [words(item.select("p")[-1]) for item in the(built.body(docname), ".exptdir-figure-index").select("li")]


@pytest.fixture(scope="module")
def site(build_once: Build) -> Built:
    filters = {
        "one": ":experiment: 2",
        "two": ":experiment: 1, second",
        "tagged": ":tag: other, calibration",
        "after": ":after: 2024-05-21",
        "before": ":before: 2024/05/21",
        "limited": ":limit: 2",
        "none": ":tag: unheard of",
    }
    pages = {f"{name}.rst": ":orphan:\n\n" + titled(name, f"{INDEX}   {text}\n") for name, text in filters.items()}
    return build_once({**FILES, **pages, "index.rst": titled("Home", INDEX)})


@pytest.mark.parametrize(
    ("docname", "shown"),
    [
        ("index", ALL),
        ("one", [ALL[1], ALL[3]]),
        ("two", ALL),
        ("tagged", [ALL[1]]),
        ("after", ALL[:2]),
        ("before", [ALL[2]]),
        ("limited", ALL[:2]),
    ],
)
def test_filters(site: Built, docname: str, shown: list[str]) -> None:
    assert lines(site, docname) == shown


def test_where_nothing_fits_the_page_says_so(site: Built) -> None:
    assert words(the(site.body("none"), ".exptdir-figure-index")) == "There are no such figures."


def test_a_picture_leads_to_its_place_and_is_loaded_when_it_is_seen(site: Built) -> None:
    for item in the(site.body(), ".exptdir-figure-index").select("li"):
        image, (first, second) = the(item, "img"), item.select("a")
        assert image["loading"] == "lazy"
        assert (site.out / str(image["src"])).is_file()
        assert first["href"] == second["href"]
        page, _, anchor = str(first["href"]).partition("#")
        assert len(site.page(page.removesuffix(".html")).select(f"#{anchor}")) == 1


def test_the_index_follows_other_pages(site: Built) -> None:
    log = FILES["expts/1_first/notes.rst"].replace("The late one", "The latest")
    built = site.rebuild({"expts/1_first/notes.rst": log})
    assert lines(built)[0] == "#1, 2024-05-22: The latest"
    assert lines(built, "tagged") == [ALL[1]]
    built.rebuild({"expts/1_first/notes.rst": FILES["expts/1_first/notes.rst"]})


@pytest.mark.parametrize("builder", ["text", "latex", "singlehtml"])
def test_other_builders_show_a_list(site: Built, builder: str) -> None:
    built = site.rebuild(builder=builder)
    name = {"text": "index.txt", "latex": "*.tex", "singlehtml": "index.html"}[builder]
    text = " ".join("".join(path.read_text("utf-8") for path in built.out.glob(name)).split())
    assert "The late one" in text and "at last." in text
    if builder == "latex":
        assert "figure-late-svg" in text
    if builder == "singlehtml":
        assert len(built.page("index").select('[id$="figure-late-svg"]')) == 1


def test_what_makes_no_sense_is_a_warning_and_the_index_is_shown(build: Build) -> None:
    text = f"{INDEX}   :experiment: 77\n   :after: yesterday\n   :limit: few\n"
    built = build({**FILES, "index.rst": titled("Home", INDEX + "\n" + text)})
    found = [line for line in built.located if line.startswith("index.rst")]
    bad = "index.rst:6: WARNING: {}; it does not count [exptdir.directive]"
    assert sorted(found) == [
        bad.format("after is not a date such as 2024-05-21: 'yesterday'"),
        bad.format("limit is not a number: 'few'"),
        "index.rst:6: WARNING: reference to nothing: no experiment or run '77'; nearest: 3, 2, 1 [exptdir.ref]",
    ]
    assert len(built.body().select(".exptdir-figure-index")) == 2


def test_what_is_no_picture_is_no_figure_in_any_format(build: Build) -> None:
    files = {"expts/1_a/notes.rst": titled("A", ".. image:: loss.*\n\n.. image:: fine.*\n\n" + INDEX)}
    files |= {f"expts/1_a/{name}.csv": "x,y\n" for name in ("loss", "fine")}
    built = build({**files, "expts/1_a/fine.svg": SVG.format(1)})
    assert lines(built, "expts/1_a/notes") == ["#1: fine.svg"]
    assert [path.suffix for path in (built.out / "_images").iterdir()] == [".svg"]
