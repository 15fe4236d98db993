"""Documents are not looked for again, and the environment is not written, where an edit can do without."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sphinx.project
from sphinx.application import ENV_PICKLE_FILENAME

from tests.preview.warmly import Preview, preview
from tests.sphinxext.building import titled

NOTES = "expts/0001_first/notes.rst"


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Sphinx has looked through for documents."""
    found: list[str] = []
    real = sphinx.project.get_matching_files

    def noted(directory, *patterns):
        found.append(os.fspath(directory))
        return real(directory, *patterns)

    monkeypatch.setattr(sphinx.project, "get_matching_files", noted)
    return found


def put(shown: Preview, name: str, text: str) -> None:
    """Save as editors do: another file takes the place of the first."""
    path = shown.source / name
    beside = path.with_name("4913~")
    beside.write_text(text, "utf-8")
    beside.replace(path)
    shown.warm.build([str(path)])


def test_an_edit_of_a_document_does_without(tmp_path: Path, looked: list[str]) -> None:
    with preview(tmp_path) as shown:
        first = len(looked)
        shown.save({NOTES: titled("First", "Other words.")})
        put(shown, NOTES, titled("Another title", "Once more."))
        assert len(looked) == first
        assert "Another title" in shown.html("expts/0002_second/notes")
        shown.keep("edited")
    shown.assert_all_clean()


@pytest.mark.parametrize("named", [True, False], ids=["reported", "not reported"])
def test_one_that_comes_or_goes_is_seen_at_once(tmp_path: Path, named: bool) -> None:
    with preview(tmp_path) as shown:
        shown.save({NOTES: titled("First", "Other words.")})
        new = {"expts/0009_deep/below/notes.rst": titled("Below", "New.")}
        changed = shown.change({**new, NOTES: titled("First", "A.")})
        shown.warm.build(changed if named else changed[1:])
        assert "New." in shown.html("expts/0009_deep/below/notes")
        gone = shown.change({"docs/page.md": None, NOTES: titled("First", "B.")})
        shown.warm.build(gone if named else gone[1:])
        assert not (shown.output / "docs/page.html").exists()


def test_one_that_cannot_be_decoded_is_told_of_until_it_can(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        shown.warm.build(shown.change({"docs/page.md": b"# A p\xe4ge\n"}))
        shown.save({NOTES: titled("First", "Other words.")})
        assert any("docs/page.md:1: this is not utf-8" in one for one in shown.warnings)
        shown.save({"docs/page.md": "# A page\n\nMended.\n"})
        assert "Mended." in shown.html("docs/page")
        assert not any("docs/page.md" in one for one in shown.warnings)


def test_what_was_edited_is_known_at_the_next_start_though_the_environment_was_not_written(tmp_path: Path) -> None:
    environment = tmp_path / "doctrees" / ENV_PICKLE_FILENAME
    with preview(tmp_path) as shown:
        before = environment.read_bytes()
        shown.save({NOTES: titled("Another title", "After :expt:`3`.")})
        # As a copy that was put back, of which no time tells that it is another.
        os.utime(shown.source / NOTES, (10_000, 10_000))
        assert environment.read_bytes() == before
    with preview(tmp_path, {}) as shown:
        shown.save({"docs/page.md": "# A page\n\nAfter {expt}`1`.\n"})
        shown.keep("again")
        assert "#1: Another title" in shown.html("expts/0003_third/notes")
    shown.assert_all_clean()


def test_it_is_written_once_many_were_edited(tmp_path: Path) -> None:
    environment = tmp_path / "doctrees" / ENV_PICKLE_FILENAME
    with preview(tmp_path) as shown:
        before = environment.read_bytes()
        files = {f"expts/{number:04}_more/notes.rst": titled(f"More {number}", "New.") for number in range(10, 60)}
        shown.save(files)
        assert environment.read_bytes() != before
