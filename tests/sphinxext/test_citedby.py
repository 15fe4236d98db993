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


def test_the_newest_comes_first_and_each_says_its_entry_and_its_kind(record: Built):
    found = cited(record, "expts/63_a/notes")
    assert list(found.items()) == [
        (
            "#64: Second",
            [
                "2024-06-01 Later · builds on this · A list: this continues #63",
                "2024-06-01 Later · Twice #63 and #63, 2024-05-21 in one sentence.",
                "As in #63, cf. Fig. 2, it failed! ↗",
            ],
        ),
        ("Extra", ["More on the first. ↗"]),
        ("#9: Ninth", ["Plain #63 is no link. ↗"]),
        ("Named", ["Text with #63 and #64. ↗"]),
        ("Home", ["The start is #63. ↗"]),
    ]


def test_each_leads_to_the_page_and_the_entry_that_hold_it(record: Built):
    links = record.body("expts/63_a/notes").select(".exptdir-cited-by a")
    assert [link["href"] for link in links if "64_b/notes" in link["href"]] == [
        "../64_b/notes.html",
        "../64_b/notes.html#entry-2024-06-01",
        "../64_b/notes.html#entry-2024-06-01",
        "../64_b/notes.html",
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


FILTERED = {
    "index.rst": titled("Home", "On :expt:`1`.\n"),
    "expts/1_a/notes.rst": titled(
        "A", "Last\n----\n\n.. expt-cited-by::\n   :since: 2024-05-02\n   :limit: 2\n\nThat is all.\n"
    ),
    "expts/2_b/notes.rst": titled(
        "B",
        "2024-05-01: Old\n---------------\n\nOld :expt:`1`.\n\n"
        "2024-05-03: New\n---------------\n\n:tags: wet\n\nNew :expt:builds-on:`1`.\n\n"
        "Deeper\n^^^^^^\n\nDeep :expt:`1`.\n",
    ),
    "expts/3_c/notes.md": "---\nprerequisites: [1]\nstatus: ready\n---\n# C\n\n## 2024-05-02\n\nC on {expt}`1`.\n",
    "expts/4_d/notes.md": "# D\n\n## 2024-05-04\n\nD on {expt}`1`.\n",
}
OLD, NEW = "2024-05-01 Old · Old #1.", "2024-05-03 New · builds on this · New #1."
DEEP, C, D = "2024-05-03 New · Deep #1.", "2024-05-02 · C on #1.", "2024-05-04 · D on #1."
NEEDS, HOME = "needs this ↗", "On #1. ↗"


CHOSEN = {
    "": [D, NEW, DEEP, OLD, C, NEEDS, HOME],
    "   :kind: builds, needs\n": [NEW, NEEDS],
    "   :expt: 2, 3\n": [NEW, DEEP, OLD, C, NEEDS],
    "   :status: blocked\n": [C, NEEDS],
    "   :tag: wet\n": [NEW, DEEP],
    "   :since: 2024-05-03\n": [D, NEW, DEEP],
    "   :until: 2024-05-02\n": [C, OLD],
    "   :limit: 2\n": [D, NEW, DEEP, OLD],
    "   :tag: unheard\n": [],
}


def test_the_list_can_be_had_anywhere_with_filters(build: Build):
    text = "\n".join(f".. expt-cited-by::\n   :of: 1\n{options}" for options in CHOSEN)
    body = build({**FILTERED, "who.rst": ":orphan:\n\n" + titled("Who", text)}).body("who")
    lists = body.select(".exptdir-cited-by")
    assert [[words(one) for one in found.select("ul > li > ul > li")] for found in lists] == [*CHOSEN.values()][:-1]
    assert words(the(body, ".exptdir-none")) == "Nobody refers to it."


def test_a_log_that_places_the_list_has_it_there_alone(build: Build):
    built = build(FILTERED)
    assert built.warnings == ""
    shown = the(built.body("expts/1_a/notes"), ".exptdir-cited-by")
    assert [words(one) for one in shown.select("ul > li > ul > li")] == [D, NEW, DEEP]
    assert words(shown.find_next_sibling("p")) == "That is all."
    assert "Cited by" not in words(built.body("expts/1_a/notes"))


def test_what_a_list_cannot_understand_is_reported(build: Build):
    built = build({"index.rst": titled("Home", ".. expt-cited-by::\n   :kind: likes\n"), "expts/1_a/index.md": "# A\n"})
    assert built.located == [
        "index.rst:4: WARNING: kind is none of builds, needs, cites: 'likes'; it does not count [exptdir.directive]",
        "index.rst:4: WARNING: on a page that is no experiment's, the option of says whose list is meant "
        "[exptdir.directive]",
    ]
