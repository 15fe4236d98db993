"""What pages show of a document that is edited is followed, and so is the inventory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.preview.warmly import Preview, preview
from tests.sphinxext.building import titled

A, B, C = "expts/1_a/notes.rst", "expts/2_b/notes.rst", "expts/3_c/notes.rst"
WHOLE = """\
After :expt:`1`, all was warmer.

2024/05/20: Cold
----------------

.. _here:

Words.

.. py:function:: cool()

.. index:: cold
"""
RECORD = {
    "conf.py": 'extensions = ["exptdir"]\nhtml_theme = "basic"\n',
    "index.rst": "Home\n====\n\n.. toctree::\n   docs\n",
    "docs.rst": titled("Docs", ":py:func:`cool`, :ref:`that <here>`, :expt:`2@2024-05-20`, :ref:`expt-2-2024-05-20`"),
    A: titled("First", "Begun."),
    B: titled("Second", WHOLE),
    C: titled("Third", "Words."),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preview]:
    """One record for all tests, which each bring it back to what it was."""
    with preview(tmp_path_factory.mktemp("kept"), RECORD) as shown:
        # What was there at the beginning is first compared after a build.
        shown.save({C: titled("Third", "Other words.")})
        yield shown


@pytest.mark.parametrize(
    ("files", "page", "shows"),
    [
        ({B: titled("Warm", WHOLE)}, "expts/1_a/notes", "Warm"),
        ({B: titled("Second", WHOLE.replace("warmer", "colder"))}, "expts/1_a/notes", "colder"),
        ({B: titled("Second", WHOLE.replace(":expt:`1`", "that"))}, "expts/1_a/notes", "!Cited by"),
        ({B: titled("Second", WHOLE.replace("2024/05/20: Cold", "20 May 2024: Cold"))}, "docs", "20 May 2024"),
        ({B: titled("Second", WHOLE.replace("Cold\n----", "Frost\n-----"))}, "docs", "Frost"),
        ({B: titled("Second", WHOLE.replace("here:", "there:"))}, "docs", "!#here"),
        ({B: titled("Second", WHOLE.replace("cool()", "a.cool()"))}, "docs", "!#cool"),
        ({B: None, "expts/2_b/index.rst": RECORD[B]}, "docs", "2_b/index.html"),
        ({"expts/2_b/expt.toml": 'title = "Stated"\n'}, "expts/1_a/notes", "Stated"),
        ({"expts/4_d/notes.rst": titled("Fourth", "After :expt:`1`.")}, "expts/1_a/notes", "Fourth"),
    ],
)
def test_what_others_show_is_followed(kept: Preview, files: dict[str, str | None], page: str, shows: str) -> None:
    before = kept.html(page)
    kept.save(files)
    if shows.startswith("!"):
        assert before != kept.html(page)
        assert shows[1:] not in kept.html(page)
    else:
        assert shows not in before
        assert shows in kept.html(page)
    kept.save({name: RECORD.get(name) for name in files})
    assert kept.html(page) == before


def test_the_inventory_is_that_of_a_clean_build(tmp_path: Path) -> None:
    with preview(tmp_path, RECORD) as shown:
        shown.save({B: titled("Second", WHOLE.replace("Words.", "Gradients."))})
        inventory = (shown.output / "objects.inv").read_bytes()
    with preview(tmp_path / "clean", {**RECORD, B: titled("Second", WHOLE.replace("Words.", "Gradients."))}) as clean:
        assert (clean.output / "objects.inv").read_bytes() == inventory
