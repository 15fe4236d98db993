"""Documents that come, go and cannot be decoded are seen by the build that follows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.preview.warmly import preview
from tests.sphinxext.building import titled

NOTES = "expts/0001_first/notes.rst"


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
        assert any("docs/page.md:1: this is no text in UTF-8" in one for one in shown.warnings)
        shown.save({"docs/page.md": "# A page\n\nMended.\n"})
        assert "Mended." in shown.html("docs/page")
        assert not any("docs/page.md" in one for one in shown.warnings)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, file systems have no such names")
def test_one_whose_name_is_no_utf8_may_come_while_prose_is_written(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        names = [os.fsdecode(name) for name in (b"docs/caf\xe9.md", b"expts/0001_first/b\xe9.md", b"docs/b\xe9.csv")]
        shown.save({**dict.fromkeys(names, "# A\n"), NOTES: titled("First", "Prose goes on.")})
        assert "Prose goes on." in shown.html("expts/0001_first/notes")
        assert not [path for path in shown.output.rglob("*.html") if "\udce9" in path.name]
