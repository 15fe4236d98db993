"""The sample record in every output that Sphinx makes: it finishes, and the essentials are there."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.sphinxext.building import Built, the, words
from tests.sphinxext.sample import sample_site

#: The figure that the record lacks is all there is to complain of.
MISSING = "expts/0003_compare/index.rst:6: WARNING: not_made_yet.svg: there is no such file [exptdir.asset]"
#: What people must find, whatever the output.
ESSENTIALS = [
    "#1: Calibrate the balance",
    "#3: Compare two balances",
    "Spare parts",
    "100.05",
    "100.10",
    "Second day, against #1, 2024-02-28",
    "Weigh three times.",
    "Cited by",
    "builds on this",
    "not_made_yet.svg cannot be shown: there is no such file",
    "A first run.",
    "Update — 2024/03/04",
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sample")


@pytest.fixture(scope="module")
def outputs(root: Path) -> dict[str, Built]:
    """Build all of them from the same doctrees, as people do, but for the last, which Sphinx forbids."""
    site = sample_site(root, language="en")
    built = {name: site.build(name) for name in ("html", "dirhtml", "singlehtml", "latex", "text", "epub")}
    return {**built, "gettext": site.build("gettext", out="gettext")}


@pytest.mark.parametrize("builder", ["html", "dirhtml", "singlehtml", "text", "gettext"])
def test_nothing_but_the_missing_figure_is_warned_of(outputs: dict[str, Built], builder: str):
    assert outputs[builder].located == [MISSING]


@pytest.mark.parametrize("builder", ["latex", "epub"])
def test_nor_by_those_that_have_something_to_say_themselves(outputs: dict[str, Built], builder: str):
    ours = [line for line in outputs[builder].located if "exptdir" in line]
    assert ours == [MISSING]
    others = [line for line in outputs[builder].located if "exptdir" not in line]
    assert all("drift" in line or "EPUB" in line for line in others), others


def shown(built: Built) -> str:
    """Return the text of all that a builder wrote, with single spaces."""
    if built.builder == "epub":
        with zipfile.ZipFile(next(built.out.glob("*.epub"))) as archive:
            texts = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".xhtml")]
    else:
        suffix = {"latex": "*.tex", "text": "*.txt", "gettext": "*.pot"}.get(built.builder, "*.html")
        texts = [path.read_text("utf-8") for path in sorted(built.out.rglob(suffix))]
    if built.builder in {"html", "dirhtml", "singlehtml", "epub"}:
        texts = [BeautifulSoup(text, "html.parser").get_text() for text in texts]
    return " ".join(" ".join(texts).split())


@pytest.mark.parametrize("builder", ["html", "dirhtml", "singlehtml", "epub"])
@pytest.mark.parametrize("essential", ESSENTIALS)
def test_the_essentials_in_html(outputs: dict[str, Built], builder: str, essential: str):
    assert essential in shown(outputs[builder])


def test_the_essentials_in_text(outputs: dict[str, Built]):
    text = shown(outputs["text"]).replace("*", "").replace('"', "")
    for essential in ESSENTIALS:
        assert essential in text


def test_the_essentials_in_latex(outputs: dict[str, Built]):
    tex = shown(outputs["latex"])
    for essential in ("Calibrate the balance", "100.05", "100.10", "Cited by", "Weigh three times.", "A first run."):
        assert essential in tex
    # Experiments are nested as their directories are, and each is there once.
    assert len(re.findall(r"\\(?:chapter|section)\{\\#1: Calibrate the balance\}", tex)) == 1
    assert len(re.findall(r"\\(?:section|subsection)\{\\#2: Repeat it\}", tex)) == 1


def test_the_texts_for_translators(outputs: dict[str, Built]):
    pot = shown(outputs["gettext"])
    assert "How far does the balance drift in a day?" in pot
    assert "Weights as read" in pot


@pytest.mark.parametrize("builder", ["html", "dirhtml"])
def test_every_link_and_anchor_within_the_site_exists(outputs: dict[str, Built], builder: str):
    built = outputs[builder]
    pages = {docname: built.page(docname) for docname in built.app.env.found_docs}
    paths = {Path(built.app.builder.get_outfilename(name)).resolve(): page for name, page in pages.items()}
    for path, page in paths.items():
        for link in page.select("a[href]"):
            target, _, anchor = link["href"].partition("#")
            if "://" in target or not (target or anchor):
                continue
            file = (path.parent / target).resolve() if target else path
            file = file / "index.html" if file.is_dir() else file
            assert file.exists(), f"{path}: {link}"
            if anchor and file in paths:
                assert paths[file].find(id=anchor) is not None, f"{path}: {link}"


def test_no_id_is_used_twice_on_a_page(outputs: dict[str, Built]):
    for docname in outputs["html"].app.env.found_docs:
        ids = Counter(tag["id"] for tag in outputs["html"].page(docname).select("[id]"))
        assert not [name for name, n in ids.items() if n > 1], docname


def single(outputs: dict[str, Built]):
    return the(outputs["singlehtml"].page("index"), "div.body")


def test_in_one_page_the_links_stay_on_the_page(outputs: dict[str, Built]):
    body = single(outputs)
    ids = {tag["id"] for tag in body.select("[id]")}
    for link in body.select("a.exptdir-ref"):
        assert link["href"].partition("#")[2] in ids, link


def test_in_one_page_two_entries_of_one_day_are_told_apart(outputs: dict[str, Built]):
    # 3@2024-03-05 and spare_parts@2024-03-05.
    links = [link for link in single(outputs).select("a.exptdir-ref") if words(link).endswith("2024")]
    links += [link for link in single(outputs).select("a.exptdir-ref") if words(link) == "#3, 2024-03-05"]
    assert len({link["href"] for link in links}) == 2, [str(link) for link in links]
    ids = Counter(tag["id"] for tag in single(outputs).select("[id]"))
    assert not [name for name, n in ids.items() if n > 1 and name.startswith("entry-")]


def test_an_explicit_toctree_is_untouched_by_the_builders_that_came_before(outputs: dict[str, Built], root: Path):
    again = sample_site(root / "again", language="en").build("latex")
    first, second = shown(outputs["latex"]), shown(again)
    assert first == second
