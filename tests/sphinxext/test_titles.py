"""Titles of experiments' pages, with and without what they are made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from exptdir.record.scan import scan
from tests.sphinxext.building import Built, Site, the, titled, words
from tests.sphinxext.conftest import Build

RECORD = {
    "index.rst": titled("Home", ":ref:`expt-63`\n"),
    "expts/0063_train_cnn/notes.rst": titled("Train *CNN* on ``LBA``", "See :expt:`64`, :expt:`65`, :expt:`66`.\n"),
    "expts/0064_no_heading/notes.rst": "Just some text.\n",
    "expts/0065_dated_only/log.md": "# 2024-06-28: First\n\ntext\n\n# 2024-06-29: Second\n\ntext\n",
    "expts/0066_stated/notes.rst": "2024-06-28\n----------\n\ntext\n\n2024-06-29\n----------\n\ntext\n",
    "expts/0066_stated/expt.toml": 'title = "The stated title"\n',
    "expts/named/notes.rst": titled("A named one", ":expt:`63`\n"),
    "expts/one_date/notes.rst": titled("2024-06-28: The whole log"),
    "expts/0067_empty/notes.rst": "",
}


@pytest.fixture(scope="module")
def record(build_once: Build) -> Built:
    return build_once(RECORD)


@pytest.mark.parametrize(
    ("docname", "title"),
    [
        ("0063_train_cnn/notes", "#63: Train CNN on LBA"),
        ("0064_no_heading/notes", "#64: no heading"),
        ("0065_dated_only/log", "#65: dated only"),
        ("0066_stated/notes", "#66: The stated title"),
        ("0067_empty/notes", "#67: empty"),
        ("named/notes", "A named one"),
        ("one_date/notes", "2024-06-28: The whole log"),
    ],
)
def test_the_page_and_its_place_in_the_contents_show_id_and_title(record: Built, docname: str, title: str):
    page = record.page(f"expts/{docname}")
    assert words(the(page, "div.body h1")) == title
    assert words(page.title).startswith(title)
    (link,) = record.body().select(f'.toctree-wrapper a[href="expts/{docname}.html"]')
    assert words(link) == title


def test_nothing_is_warned_of(record: Built):
    assert record.warnings == ""


def test_markup_in_a_title_is_kept_and_does_not_show_in_the_tooltip(record: Built):
    heading = the(record.body("expts/0063_train_cnn/notes"), "h1")
    assert (words(the(heading, "em")), words(the(heading, "code"))) == ("CNN", "LBA")
    link = next(link for link in record.body().select("a") if words(link) == "#63: Train CNN on LBA")
    assert link["href"] == "expts/0063_train_cnn/notes.html"
    assert the(record.body("expts/named/notes"), "a.exptdir-ref")["title"] == "Train CNN on LBA"
    assert "``" not in record.html("expts/named/notes")


def test_text_without_a_heading_and_dated_sections_stay_on_the_page(record: Built):
    assert "Just some text." in words(record.body("expts/0064_no_heading/notes"))
    body = record.body("expts/0065_dated_only/log")
    assert [words(heading) for heading in body.select("h2")] == ["2024-06-28: First", "2024-06-29: Second"]
    assert [section["id"] for section in body.select("section.exptdir-entry")] == [
        "entry-2024-06-28",
        "entry-2024-06-29",
    ]


@pytest.mark.parametrize(
    ("template", "titles"),
    [
        ("", ["Train CNN on LBA", "A named one"]),
        ("{title} ({id})", ["Train CNN on LBA (63)", "A named one"]),
        ("{id} {name}", ["63 train_cnn", "A named one"]),
    ],
)
def test_the_format_is_the_authors(build: Build, template: str, titles: list[str]):
    chosen = ("expts/0063_train_cnn/notes", "expts/named/notes")
    files = {f"{name}.rst": titled("A named one") for name in chosen[1:]}
    files[f"{chosen[0]}.rst"] = titled("Train CNN on LBA")
    built = build(files, confoverrides={"exptdir_title_format": template})
    assert [words(the(built.body(docname), "h1")) for docname in chosen] == titles


#: As in the cases `title_single_entry` and `two_titles`, and in notebooks of wet labs.
TITLES = {
    "expts/0001_front/index.md": "---\ntitle: Growth of cress\n---\n\n## 2024-05-21: Sown\n\nText.\n",
    "expts/0002_both/index.md": "---\ntitle: Stated\n---\n\n# Heading\n\n## 2024-05-21: Start\n\n{expt}`1`\n",
    "expts/0003_refers/notes.rst": "Third\n=====\n\n:expt:`1@2024-05-21` :expt:`2` :expt:`4` :expt:`5`\n",
    "expts/0004_methods/index.md": "---\ntitle: Measure cress\n---\n\n## Methods\n\n## Results\n",
    "expts/0005_qpcr/README.md": "# 2023-03-10 qPCR\n\nText.\n",
    "expts/0007_vault/index.md": "## [[2024-05-21]]\n\nText.\n",
    "expts/0006_marked/index.md": "---\ntitle: Feed *E. coli*\n---\n\nText.\n\n## Methods\n\n### First\n\n## Results\n",
}


def test_a_title_is_one_everywhere_and_commands_and_pages_take_the_same(tmp_path: Path):
    site = Site(tmp_path, 'extensions = ["exptdir"]\nexptdir_ref_format = "#{id}: {title}"\n')
    built = site.build("text", TITLES)
    # MyST has nothing to say of headings that begin with the second level, for the title in front matter is the first.
    assert [line for line in built.located if "vault" not in line and ("exptdir." in line or "myst." in line)] == [
        "expts/0002_both/index.md:5: WARNING: the heading “Heading” disagrees with the title “Stated”, which counts "
        "[exptdir.metadata]"
    ]
    record = scan(site.source)
    titles = {1: "Growth of cress", 2: "Stated", 3: "Third", 4: "Measure cress", 5: "2023-03-10 qPCR"}
    titles |= {6: "Feed *E. coli*", 7: None}
    assert {one.id: one.title for one in record.experiments.values()} == titles
    for one in record.experiments.values():
        assert built.text(one.docname).startswith(f"#{one.id}: {one.title or one.name}\n")
    assert built.text("expts/0006_marked/index").count("coli") == 1
    refers = " ".join(built.text("expts/0003_refers/notes").split())
    assert all(f"#{number}: {titles[number]}" in refers for number in (2, 4, 5))
    assert set(built.app.env.domains["expt"].entries) == {
        "expts/0001_front/index",
        "expts/0002_both/index",
        "expts/0007_vault/index",
    }
