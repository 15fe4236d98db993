"""What the builder does not show is in nothing that pages derive from it."""

from __future__ import annotations

import pytest

from tests.sphinxext.building import titled
from tests.sphinxext.conftest import Build

HIDDEN = """\
{opening}

   HIDDEN sentence about :expt:`1`.

   .. figure:: hidden.svg

      HIDDEN caption

   .. expt:run:: hidden-run

      HIDDEN run.
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>\n'
CONF = 'extensions = ["exptdir", "sphinx.ext.todo", "sphinx.ext.ifconfig"]\nhtml_theme = "basic"\n'


@pytest.mark.parametrize(
    ("opening", "more", "shown"),
    [
        (".. only:: internal", "", False),
        (".. only:: html", "", True),
        (".. ifconfig:: project == 'other'", "", False),
        (".. ifconfig:: project == 'x'", "project = 'x'\n", True),
        (".. todo::", "", False),
        (".. todo::", "todo_include_todos = True\n", True),
    ],
)
def test_what_is_left_out_is_quoted_nowhere(build: Build, opening: str, more: str, shown: bool) -> None:
    built = build(
        {
            "conf.py": CONF + more,
            "index.rst": titled("Home", ".. expt-figures::"),
            "expts/1_a/notes.rst": titled("A", "Words."),
            "expts/2_b/notes.rst": titled("B", HIDDEN.format(opening=opening)),
            "expts/2_b/hidden.svg": SVG,
        }
    )
    others = [(built.out / name).read_text("utf-8") for name in ("index.html", "expts/1_a/notes.html", "genindex.html")]
    assert any("HIDDEN" in text for text in others) is shown
    assert (b"hidden-run" in _inventory(built.out / "objects.inv")) is shown


def test_an_entry_that_is_left_out_is_in_no_list_and_no_inventory(build: Build) -> None:
    entry = "2024-05-2{}: {}\n----------------------------\n\nText.\n"
    text = f"{entry.format(1, 'One')}\n.. only:: internal\n\n   .. update:: 2024-05-25\n\n      HIDDEN.\n"
    built = build({"conf.py": CONF, "index.rst": titled("Home", ""), "expts/1_a/notes.rst": titled("A", text)})
    assert b"1@2024-05-21" in _inventory(built.out / "objects.inv")
    assert b"1@2024-05-25" not in _inventory(built.out / "objects.inv")


def _inventory(path) -> bytes:
    import zlib

    return zlib.decompress(path.read_bytes().split(b"\n", 4)[4])


def test_a_heading_in_markdown_that_ends_what_is_to_be_left_out_is_told(build: Build) -> None:
    text = "# A\n\n```{only} internal\nHidden.\n\n    # no heading\n\n## 2024-01-01: Secret\n\nText.\n```\n"
    built = build(
        {"expts/1_a/notes.md": text, "expts/2_b/notes.md": text.replace("## 2024-01-01: Secret", "**Secret**")}
    )
    assert built.warnings.count("WARNING") == 1
    assert "expts/1_a/notes.md:8: WARNING: “2024-01-01: Secret” ends “only”, as headings in Markdown do" in "".join(
        built.located
    )
    assert "Secret" not in built.html("expts/2_b/notes")
