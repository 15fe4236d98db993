"""``protocol``: texts shown, files offered, folded away in HTML."""

from __future__ import annotations

import pytest

from tests.sphinxext.building import Built, the, titled, words
from tests.sphinxext.conftest import Build

NOTES = "expts/1_a/notes"
FILES = {
    "expts/1_a/a.txt": "Mix <b>well</b> & wait.\n\tTwice.\n",
    "expts/1_a/b.pdf": b"%PDF-1.4",
    "expts/1_a/with space.txt": "Spaced.\n",
}


def one(build: Build, text: str, files: dict[str, object] | None = None) -> Built:
    return build({f"{NOTES}.rst": titled("Log", text), **FILES, **(files or {})})


def box(built: Built):
    return the(built.body(NOTES), "details")


def test_texts_are_shown_escaped_and_others_offered_for_download(build: Build):
    built = one(build, ".. protocol:: a.txt b.pdf\n")
    found = box(built)
    assert words(the(found, "summary")) == "Protocol a.txt, b.pdf"
    assert the(found, "pre").get_text() == "Mix <b>well</b> & wait.\n\tTwice.\n"
    assert [words(link) for link in found.select("a[download]")] == ["a.txt", "b.pdf"]
    assert not found.has_attr("open")
    assert built.warnings == ""


def order(built: Built) -> list[str]:
    return [words(child)[:8] for child in box(built).find_all(recursive=False)]


def test_content_is_interleaved_at_stars(build: Build):
    text = ".. protocol:: a.txt b.pdf\n\n   Before *all*, see :expt:`1`.\n\n"
    text += "   ***\n\n   Between.\n\n   ***\n\n   Behind.\n"
    built = one(build, text)
    assert order(built) == ["Protocol", "Before a", "a.txt", "Mix <b>w", "Between.", "b.pdf", "Behind."]
    assert words(the(box(built), "em")) == "all"
    assert built.warnings == ""


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (".. protocol::\n\n   Only text.\n", ["Protocol", "Only tex"]),
        (
            ".. protocol:: b.pdf\n\n   One.\n\n   ***\n\n   Two.\n\n   ***\n\n   Three.\n",
            ["Protocol", "One.", "b.pdf", "Two.", "Three."],
        ),
        ('.. protocol:: "with space.txt"\n', ["Protocol", "with spa", "Spaced."]),
    ],
)
def test_more_and_fewer_parts_than_files(build: Build, text: str, parts: list[str]):
    built = one(build, text)
    assert order(built) == parts
    assert built.warnings == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".. protocol::\n", "the protocol names no file and holds no text"),
        (".. protocol:: it's.txt\n", "the names of files cannot be told apart (No closing quotation): it's.txt"),
    ],
)
def test_what_makes_no_sense_is_reported_at_its_line(build: Build, text: str, message: str):
    built = one(build, text, {"expts/1_a/it's.txt": "x"})
    assert f"{NOTES}.rst:4: WARNING: {message} [exptdir.directive]" in built.located


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("Größe µ\n".encode(), "Größe µ"),
        ("Größe µ\n".encode("utf-8-sig"), "Größe µ"),
        ("Größe µ\r\n".encode("cp1252"), "Größe µ"),
        (b"\0\1\2", None),
        (b"x" * 1_000_001, None),
    ],
    ids=["utf-8", "bom", "cp1252", "binary", "long"],
)
def test_texts_of_every_encoding(build: Build, content: bytes, shown: str | None):
    built = one(build, ".. protocol:: x.txt\n", {"expts/1_a/x.txt": content})
    texts = [pre.get_text() for pre in box(built).select("pre")]
    assert texts == ([f"{shown}\n"] if shown else [])
    assert words(box(built).select_one("a[download]")) == "x.txt"


def test_utf_16_is_no_gibberish(build: Build):
    built = one(build, ".. protocol:: x.txt\n", {"expts/1_a/x.txt": "Größe\n".encode("utf-16")})
    assert all(pre.get_text() == "Größe\n" for pre in box(built).select("pre"))


def test_a_changed_text_changes_the_page(build: Build):
    built = one(build, ".. protocol:: a.txt\n")
    assert "Changed." in words(box(built.rebuild({"expts/1_a/a.txt": "Changed.\n"})))


def test_other_builders_show_it(build: Build):
    text = one(build, ".. protocol:: a.txt\n\n   Intro.\n").text(NOTES)
    assert "Intro." in text
    assert "Mix <b>well</b> & wait." in text


def test_in_markdown_and_elsewhere_than_in_logs(build: Build):
    files = {
        "index.md": "# Home\n\n```{protocol} a.txt\nBefore.\n```\n",
        "a.txt": "Text.\n",
        f"{NOTES}.rst": titled("A"),
    }
    built = build(files)
    assert words(the(built.body(), "details")) == "Protocol a.txt Before. a.txt Text."
    assert built.warnings == ""
