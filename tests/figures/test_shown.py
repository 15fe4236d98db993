"""Which figures a log shows, by its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from exptdir.figures.find import Finder, shown_places
from exptdir.record.scan import scan


def shown(base: Path, text: str, name: str = "expts/a/index.md") -> set[str]:
    path = base / name
    if text.lstrip("- ").startswith(".."):
        path = path.with_suffix(".rst")
    path.parent.mkdir(parents=True, exist_ok=True)
    for earlier in path.parent.glob("index.*"):
        earlier.unlink()
    path.write_text(text)
    record = scan(base)
    finder = Finder()
    return {figure for figures in finder.shown(record, finder.survey(record)).values() for figure in figures}


@pytest.mark.parametrize(
    "text",
    [
        ".. figure:: x.svg\n   :width: 3\n",
        "   .. image:: x.svg",
        ".. |loss| image:: x.svg",
        "- .. figure:: x.svg",
        "```{figure} x.svg\n```",
        ":::{image} x.svg\n:::",
        "![](x.svg)",
        'Text ![alt text](x.svg "A title") text.',
        "![a](<x.svg>)",
        "![a][b]\n\n[b]: x.svg",
        '<img alt="a" src="x.svg">',
        "<IMG SRC='x.svg' width=3>",
        "![](./sub/../x.svg)",
        "![](/expts/a/x.svg)",
        ".. figure:: /expts/a/x.svg",
    ],
)
def test_every_way_to_show_a_figure_is_understood(tmp_path: Path, text: str):
    assert shown(tmp_path, text) == {"expts/a/x.svg"}


@pytest.mark.parametrize(
    "text",
    [
        *("", "x.svg", "\0\0", "[x](x.svg)", ".. figure:: x.txt", ".. figure::", ".. literalinclude:: x.svg"),
        *("![](https://example.org/x.svg)", "![](data:image/svg+xml,x.svg)", ".. image:: http://example.org/x.png"),
        *("![](../../../x.svg)", "![](" * 999),
    ],
)
def test_what_shows_no_figure_of_the_record_is_left_out(tmp_path: Path, text: str):
    assert shown(tmp_path, text) == set()


def test_names_with_blanks_and_other_letters(tmp_path: Path):
    assert shown(tmp_path, ".. figure:: my löss.png") == {"expts/a/my löss.png"}
    assert "expts/a/my loss.png" in shown(tmp_path, "![](my%20loss.png)")
    assert shown(tmp_path, "![](<my loss.png>)") == {"expts/a/my loss.png"}
    assert shown(tmp_path, "![](x_(1).png)") == {"expts/a/x_(1).png"}


def test_of_any_suffix_those_that_are_there_are_meant(tmp_path: Path):
    assert shown(tmp_path, ".. image:: x.*") == {"expts/a/x.svg"}
    (tmp_path / "expts/a/x.png").touch()
    (tmp_path / "expts/a/x.csv").touch()
    assert shown(tmp_path, ".. image:: x.*") == {"expts/a/x.png"}


def test_a_figure_concerns_who_shows_it_and_whose_directory_it_is_in(tmp_path: Path):
    shown(tmp_path, "![](b/x.svg)")
    shown(tmp_path, "![](plots/y.svg)", "expts/a/more/text.md")
    shown(tmp_path, "none", "expts/a/b/index.md")
    record = scan(tmp_path)
    finder = Finder()
    assert finder.shown(record, finder.survey(record)) == {
        "expts/a": {"expts/a/b/x.svg", "expts/a/more/plots/y.svg"},
        "expts/a/b": {"expts/a/b/x.svg"},
    }


def test_a_log_that_cannot_be_read_shows_nothing(tmp_path: Path):
    assert shown_places(str(tmp_path / "missing.md"), tmp_path) == set()
    (tmp_path / "bytes.rst").write_bytes(b"\xff\xfe .. figure:: x\n\n.. figure:: x.svg\n")
    assert shown_places(str(tmp_path / "bytes.rst"), tmp_path) == {"x.svg"}
