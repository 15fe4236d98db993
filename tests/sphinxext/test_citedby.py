"""*Cited by*: who refers to an experiment, and with which words."""

from __future__ import annotations

import pytest
from docutils import nodes

from exptdir.sphinxext import cites
from tests.sphinxext.building import Built, the, titled, words
from tests.sphinxext.conftest import Build

RECORD = {
    "index.rst": titled("Home", "The start is :expt:`63`.\n"),
    "expts/63_a/notes.rst": titled(
        "First", "I said so in :expt:`63` and :expt:`@2024-05-21`.\n\n2024-05-21\n----------\n\nx\n"
    ),
    "expts/64_b/notes.rst": titled(
        "Second",
        "Not this sentence. As in :expt:`63`, cf. Fig. 2, it *failed*! Nor this one.\n\n"
        "2024-06-01: Later\n-----------------\n\n"
        "- A list: this continues :expt:builds-on:`63`\n\n"
        "- Twice :expt:`63` and :expt:`63@2024-05-21` in one sentence.\n",
    ),
    "expts/64_b/extra.rst": ":orphan:\n\n" + titled("Extra", "More on :expt:`the first <63>`.\n"),
    "expts/64_b/expt.toml": "builds_on = [63, 64]\n",
    "expts/named/notes.md": "---\nbuilds_on: [9]\n---\n# Named\n\nText with {expt}`63` and [](#64).\n",
    "expts/9_i/notes.rst": titled("Ninth", "Plain :expt:`!63` is no link. Gone: :expt:`99`.\n"),
}


@pytest.fixture(scope="module")
def record(build_once: Build) -> Built:
    return build_once(RECORD)


def cited(built: Built, docname: str) -> dict[str, list[str]]:
    """Return the sentences of the list by the title above them."""
    found = {}
    for item in built.body(docname).select(".exptdir-cited-by > ul > li"):
        found[words(item.select_one("p"))] = [words(sentence) for sentence in item.select("ul > li")]
    return found


def test_experiments_come_first_in_their_order_and_each_with_its_sentences(record: Built):
    found = cited(record, "expts/63_a/notes")
    assert list(found) == ["#9: Ninth", "#64: Second", "Extra", "Named", "Home"]
    assert found == {
        "#9: Ninth": ["Plain #63 is no link. ↗"],
        "#64: Second": [
            "As in #63, cf. Fig. 2, it failed! ↗",
            "builds on this: A list: this continues #63 ↗",
            "Twice #63 and #63, 2024-05-21 in one sentence. ↗",
        ],
        "Extra": ["More on the first. ↗"],
        "Named": ["Text with #63 and #64. ↗"],
        "Home": ["The start is #63. ↗"],
    }


def test_each_leads_to_the_page_and_the_entry_that_hold_it(record: Built):
    links = record.body("expts/63_a/notes").select(".exptdir-cited-by a")
    assert [link["href"] for link in links if "64_b/notes" in link["href"]] == [
        "../64_b/notes.html",
        "../64_b/notes.html",
        "../64_b/notes.html#entry-2024-06-01",
        "../64_b/notes.html#entry-2024-06-01",
    ]


def test_a_fact_says_who_builds_on_it_unless_a_sentence_does(record: Built):
    assert cited(record, "expts/9_i/notes") == {"Named": ["builds on this ↗"]}


def test_a_page_that_nobody_refers_to_has_no_list(record: Built):
    assert record.body("expts/named/notes").select(".exptdir-cited-by") == []
    assert list(cited(record, "expts/64_b/notes")) == ["Named"]


def test_the_list_can_be_switched_off(build: Build):
    built = build(RECORD, confoverrides={"exptdir_cited_by": False})
    assert "Cited by" not in built.html("expts/63_a/notes")


def test_the_list_is_on_the_page_with_other_builders_too(record: Built):
    text = record.text("expts/63_a/notes")
    assert "Cited by" in text
    assert "builds on this" in text
    assert "As in *#63*, cf. Fig. 2, it failed!" in " ".join(text.split())


def test_a_long_sentence_is_cut_around_the_reference(build: Build):
    words_ = " ".join(f"word{n}" for n in range(100))
    built = build(
        {
            "expts/1_a/notes.rst": titled("A"),
            "expts/2_b/notes.rst": titled("B", f"{words_} :expt:`1` {words_}\n"),
        }
    )
    ((sentence,),) = cited(built, "expts/1_a/notes").values()
    assert sentence.startswith("… ")
    assert sentence.removesuffix(" ↗").endswith(" …")
    assert " #1 " in sentence
    assert len(sentence) < 320


def test_a_reference_in_a_title_a_caption_a_cell_and_a_note(build: Build):
    text = titled(
        "B",
        "About :expt:`1`\n------------------\n\n"
        ".. table:: Caption with :expt:`1`\n\n   == ==============\n   a  cell :expt:`1`\n   == ==============\n\n"
        ".. note:: Note :expt:`1`\n\n"
        "Sentence with a note [#]_.\n\n.. [#] Footnote :expt:`1`\n",
    )
    built = build({"expts/1_a/notes.rst": titled("A"), "expts/2_b/notes.rst": text})
    ((*sentences,),) = cited(built, "expts/1_a/notes").values()
    assert sentences == ["About #1 ↗", "Caption with #1 ↗", "cell #1 ↗", "Note #1 ↗", "Footnote #1 ↗"]
    assert built.warnings == ""


def test_sentences_of_languages_without_spaces(build: Build):
    built = build(
        {
            "expts/1_a/notes.rst": titled("A"),
            "expts/2_b/notes.md": "# B\n\n前の文。これは{expt}`1`と同じ。後の文。\n",
        }
    )
    ((sentence,),) = cited(built, "expts/1_a/notes").values()
    assert sentence == "これは#1と同じ。 ↗"


def test_a_paragraph_is_read_once_however_many_references_it_holds(build: Build, monkeypatch: pytest.MonkeyPatch):
    read: list[nodes.Element] = []

    class Counted(cites.Paragraph):
        def __init__(self, block: nodes.Element) -> None:
            read.append(block)
            super().__init__(block)

    monkeypatch.setattr(cites, "Paragraph", Counted)
    many = " ".join(f"Step {n} is :expt:`1`." for n in range(50))
    built = build({"expts/0001_a/notes.rst": titled("A"), "expts/0002_b/notes.rst": titled("B", many + "\n")})
    assert len(read) == 1
    assert "Step 49 is #1." in words(the(built.body("expts/0001_a/notes"), ".exptdir-cited-by"))
