"""What stands below figures, which of them can be enlarged, and how they look in the dark; nothing is run here."""

from __future__ import annotations

from functools import partial

import pytest

from exptdir.figures.run.runner import LocalExecutor
from tests.sphinxext.building import Built, Site, the, titled, words
from tests.sphinxext.conftest import Build

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="9"/>'
DIRECTORY = "expts/1_many"
PAGE = f"{DIRECTORY}/notes"
#: Draws what its arguments say; what it reads there is of many kinds.
SCRIPT = """\
import json, sys
from pathlib import Path
import helper

for name in ["data.csv", "../2_other/other.csv", ".hidden/secret.csv", "big.csv", "link.csv", "expt.toml"]:
    open(name).close()
for name in sys.argv[1:]:
    Path(name).write_text(helper.SVG)
"""
TOML = """\
[[figure]]
script = "draw.py"
args = ["a.svg", "bc.svg", "<i>.svg"]
outputs = ["a.svg", "bc.svg", "<i>.svg"]
"""
LOG = """\
.. figure:: a.svg
   :name: first

   The first.

A paragraph with |inline| in it.

.. |inline| image:: bc.svg

.. image:: a.svg
   :class: no-provenance

.. figure:: a.svg
   :figclass: no-provenance

* .. image:: <i>.svg
     :target: https://example.org

.. image:: photo.svg
   :width: 50%

.. image:: https://example.org/x.svg

2024-05-21 |inline|
-------------------

See :ref:`first`.
"""
FILES = {
    f"{DIRECTORY}/notes.rst": titled("Many", LOG),
    f"{DIRECTORY}/expt.toml": TOML,
    f"{DIRECTORY}/draw.py": SCRIPT,
    f"{DIRECTORY}/helper.py": f"SVG = {SVG!r}\n",
    f"{DIRECTORY}/data.csv": "1\n",
    f"{DIRECTORY}/.hidden/secret.csv": "secret\n",
    f"{DIRECTORY}/big.csv": "1\n" * 600_000,
    f"{DIRECTORY}/photo.svg": SVG,
    "expts/2_other/notes.md": "# Other\n\n```{image} /expts/1_many/a.svg\n:class: no-provenance\n```\n\n"
    "![](/expts/1_many/a.svg)\n",
    "expts/2_other/other.csv": "1\n",
    "page.md": "---\norphan: true\n---\n# Page\n\n![](expts/1_many/a.svg)\n",
}
LOCAL = {"exptdir_figure_executor": partial(LocalExecutor, 1, warm=False)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Built:
    root = tmp_path_factory.mktemp("record")
    (root / "outside.csv").write_text("outside\n")
    site = Site(root, overrides=LOCAL)
    site.write(FILES)
    (site.source / DIRECTORY / "link.csv").symlink_to(root / "outside.csv")
    built = site.build()
    assert built.warnings == ""
    return built


def folds(built: Built, docname: str = PAGE) -> list[str]:
    return [words(fold) for fold in built.body(docname).select("details.exptdir-figure-origin")]


def test_the_script_its_arguments_and_its_inputs_are_below_the_figure(site: Built) -> None:
    first = site.body(PAGE).select("details.exptdir-figure-origin")[0]
    text = words(first)
    assert text.startswith("Drawn by draw.py Run as draw.py a.svg bc.svg '<i>.svg'.")
    names = [words(item) for item in first.select("li")]
    others = ["../2_other/other.csv of #2", ".hidden/secret.csv"]
    assert sorted(names) == sorted([*others, "big.csv", "data.csv", "expt.toml", "helper.py", "link.csv"])
    assert "import json, sys" in words(the(first, ".highlight"))
    before = first.find_previous_sibling()
    assert before is not None and before.name == "figure"


def test_files_of_the_record_are_offered_unless_they_are_hidden_large_or_led_to_by_a_link(site: Built) -> None:
    first = site.body(PAGE).select("details.exptdir-figure-origin")[0]
    offered = {words(link): str(link["href"]) for link in first.select("a.download")}
    assert sorted(offered) == ["data.csv", "draw.py", "expt.toml", "helper.py"]
    for address in offered.values():
        assert (site.out / DIRECTORY / address).resolve().is_file()
    published = b"".join(path.read_bytes() for path in site.out.rglob("*") if path.is_file())
    assert b"secret\n" not in published and b"outside\n" not in published


def test_a_page_shows_a_script_once(site: Built) -> None:
    body = site.body(PAGE)
    assert len(body.select(".exptdir-figure-origin .highlight")) == 1
    link = the(body.select("details.exptdir-figure-origin")[1], 'a[href^="#script-"]')
    assert len(body.select(str(link["href"]))) == 1


def test_figures_of_all_kinds_are_explained_and_those_that_ask_not_to_be_are_not(site: Built) -> None:
    # The figure; those in a text, in an item and in a title; not the two of the class, nor what no script draws.
    assert len(folds(site)) == 4
    item = the(site.body(PAGE), "li > details.exptdir-figure-origin")
    assert item.find_previous_sibling("a") is not None
    assert len(folds(site, "expts/2_other/notes")) == 1
    assert len(folds(site, "page")) == 1


def test_anchors_are_unique_and_numbers_of_figures_stay(site: Built) -> None:
    page = site.page(PAGE)
    ids = [str(tag["id"]) for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))
    assert {"figure-a-svg", "figure-a-svg-2", "figure-a-svg-3", "figure-bc-svg", "first"} <= set(ids)


def test_images_that_are_no_link_and_no_part_of_a_text_can_be_enlarged(site: Built) -> None:
    enlarged = [str(image["src"]).rpartition("/")[2] for image in site.body(PAGE).select("img.exptdir-figure")]
    assert [name.partition("-")[0] for name in enlarged] == ["a", "a", "a", "photo"]
    scripts = {name: "exptdir-figures.js" in site.html(name) for name in (PAGE, "expts/2_other/notes", "page", "index")}
    assert scripts == {PAGE: True, "expts/2_other/notes": True, "page": False, "index": False}


def test_other_builders_leave_it_out(site: Built) -> None:
    assert "draw.py" not in site.text(PAGE)


def test_provenance_can_be_switched_off(site: Built) -> None:
    site.site.overrides["exptdir_figure_provenance"] = False
    built = site.rebuild()
    assert folds(built) == []
    assert not list(built.out.glob("_downloads/*/*"))
    del site.site.overrides["exptdir_figure_provenance"]
    assert len(folds(site.rebuild())) == 4


DARK = {
    "expts/1_a/notes.rst": titled(
        "A", ".. figure:: x.svg\n\n   X.\n\n.. image:: x.svg\n   :target: https://example.org\n\n.. image:: y.svg\n"
    ),
    **{f"expts/1_a/{name}.svg": SVG for name in ("x", "x.dark", "y")},
}


@pytest.mark.parametrize(("theme", "pairs"), [("pydata_sphinx_theme", 2), ("furo", 2), ("alabaster", 0)])
def test_a_figure_of_two_schemes_is_there_twice_where_the_theme_has_two(build: Build, theme: str, pairs: int) -> None:
    built = build(DARK, confoverrides={"exptdir_plot_dark": True, "html_theme": theme})
    page = built.page("expts/1_a/notes")
    dark = [str(image["src"]) for image in page.select("img.exptdir-dark")]
    assert len(dark) == len(page.select("img.exptdir-light")) == pairs
    assert all((built.out / "expts/1_a" / source).resolve().is_file() for source in dark)
    assert len(page.select("figure img")) == (2 if pairs else 1)


def test_a_dark_twin_that_appears_or_goes_is_noticed(build: Build) -> None:
    built = build(DARK, confoverrides={"exptdir_plot_dark": True, "html_theme": "furo"})
    built = built.rebuild({"expts/1_a/y.dark.svg": SVG, "expts/1_a/x.dark.svg": None})
    dark = [str(image["src"]) for image in built.page("expts/1_a/notes").select("img.exptdir-dark")]
    assert [source.rpartition("/")[2].partition("-")[0] for source in dark] == ["y_dark"]


def test_latex_gets_the_light_one_alone(build: Build) -> None:
    built = build(DARK, "latex", confoverrides={"exptdir_plot_dark": True})
    text = "".join(path.read_text("utf-8") for path in built.out.glob("*.tex"))
    assert "x-" in text and "dark" not in text.replace("sphinxdark", "").partition("begin{document}")[2]
