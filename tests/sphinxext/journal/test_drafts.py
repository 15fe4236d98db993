"""Drafts are in nothing that is published, and ``exptdir_drafts`` shows them marked."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from tests.sphinxext.building import Built, Site, titled, words

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="9"><title>{}</title></svg>'
WORD = "xyzzysecret"
CONF = (
    'extensions = ["exptdir"]\nexptdir_mentions = "page"\nexptdir_list_format = "{last} · {tags}"\n'
    'exptdir_feed_url = "https://example.org/"\n'
)
FILES = {
    "index.rst": titled(
        "Home",
        ".. expt-journal::\n   :content: full\n\n.. expt-list::\n   :as: cards\n\n.. expt-tasks::\n\n.. expt-tags::\n\n"
        ".. expt-cited-by::\n   :of: 1\n\n.. expt-graph::\n",
    ),
    "expts/1_first/notes.rst": titled(
        "First",
        "2024-05-20: Sown\n----------------\n\nOpen.\n\n.. _xyzzysecret-label:\n\n"
        "2024-05-21: xyzzysecret\n-----------------------\n\n:tags: xyzzysecret\n:draft: true\n\n"
        "TODO: xyzzysecret\n\n.. expt:run:: xyzzysecret\n\n"
        ".. figure:: xyzzysecret.svg\n\n"
        ".. datatable::\n\n   tray,xyzzysecret\n   A,25\n\n"
        "Deeper\n~~~~~~\n\n"
        "xyzzysecret :download:`xyzzysecret.txt`\n\n.. glossary::\n\n   xyzzysecret\n      A word.\n\n"
        ".. _kept:\n\n2024-05-22: Open again\n----------------------\n\n"
        ".. update:: 2024-06-01\n   :draft:\n\n   xyzzysecret\n\n"
        "End, :ref:`kept`.\n",
    ),
    "expts/1_first/xyzzysecret.svg": SVG.format(WORD),
    "expts/1_first/xyzzysecret.txt": WORD,
    "expts/2_second/notes.md": "# Second\n\n## 2024-05-20\n\n:draft:\n\nxyzzysecret `xyzzysecret` after {expt}`1`\n\n"
    "As in experiment 1, xyzzysecret.\n\n"
    "## 2024-05-23\n\nOpen.\n",
    "expts/3_xyzzysecret/index.md": "---\nstatus: draft\ntags: [xyzzysecret]\nbuilds_on: [1]\n---\n"
    "# xyzzysecret\n\n## 2024-05-20\n\nx\n",
    "expts/3_xyzzysecret/4_nested/index.md": "# Nested xyzzysecret\n",
    "expts/3_xyzzysecret/beside.md": "---\norphan: true\n---\n# xyzzysecret beside\n",
    "expts/5_fifth/index.rst": ":draft: yes\n\n" + titled("xyzzysecret five"),
}


def places(out: Path) -> list[str]:
    """Return the files of an output that hold the word, in their name or in themselves."""
    found = []
    for path in out.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        if path.name == "objects.inv":
            data = zlib.decompress(data.split(b"\n", 4)[4])
        if WORD in str(path.relative_to(out)) or WORD.encode() in data:
            found.append(path.relative_to(out).as_posix())
    return sorted(found)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, conf=CONF)


@pytest.mark.parametrize("builder", ["html", "dirhtml", "singlehtml", "text", "epub", "latex"])
def test_nothing_that_is_published_holds_a_draft(site: Site, builder: str):
    built = site.build(builder, FILES, overrides={"version": "1", "copyright": "me"})
    assert built.warnings == ""
    assert places(built.out) == []


def test_what_is_open_stays(site: Site):
    built = site.build(files=FILES)
    assert "Open again" in built.html("index")
    assert "kept" in (built.out / "objects.inv").read_bytes()[4:].decode("latin-1") or built.html("expts/1_first/notes")
    assert built.body("expts/1_first/notes").select_one("a.reference[href='#kept']") is not None


def test_a_draft_that_appears_takes_away_what_was_published(site: Site):
    text = FILES["expts/1_first/notes.rst"]
    assert isinstance(text, str)
    shown = site.build(files={**FILES, "expts/1_first/notes.rst": text.replace(":draft: true\n", "")})
    assert places(shown.out) != []
    hidden = shown.rebuild({"expts/1_first/notes.rst": text})
    assert places(hidden.out) == []


def test_the_option_shows_drafts_and_marks_them(site: Site):
    built = site.build(files=FILES, overrides={"exptdir_drafts": "1"})
    assert built.warnings == ""
    entry = built.body("expts/1_first/notes").select_one("#entry-2024-05-21")
    assert entry is not None and words(entry.select_one(".exptdir-draft")) == "draft"
    assert words(built.body("expts/3_xyzzysecret/index").select_one(".exptdir-header .exptdir-status")) == "draft"
    assert "xyzzysecret" in built.html("index")


def test_who_refers_to_a_draft_is_told(site: Site):
    built: Built = site.build(files={**FILES, "expts/2_second/notes.md": "# Second\n\nAfter {expt}`3`.\n"})
    assert [line.partition("WARNING: ")[2] for line in built.located] == [
        "reference to nothing: no experiment or run '3'; nearest: 2, 1 [exptdir.ref]"
    ]
