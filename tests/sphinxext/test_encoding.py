"""Pages that Sphinx cannot read: in another encoding than the project's, or nested too deep."""

from __future__ import annotations

import sys

import pytest
import sphinx

from tests.sphinxext.building import HOME
from tests.sphinxext.conftest import Build

LATIN = "Caf\xe9\n====\n\nText.\n".encode("latin-1")


def test_a_log_that_is_not_utf_8_is_left_out_and_the_rest_is_built(build: Build) -> None:
    built = build(
        {
            "index.rst": HOME + "\nSee :expt:`1` and :expt:`2`.\n",
            "expts/0001_latin/notes.rst": LATIN,
            "expts/0002_fine/notes.rst": "Fine\n====\n",
        }
    )
    [told] = [line for line in built.located if "expts/0001_latin" in line]
    assert "notes.rst:1" in told and "no text in UTF-8" in told and "[exptdir.log]" in told
    assert built.body().select_one(".exptdir-missing").get_text() == "1?"
    assert built.page("expts/0002_fine/notes").select_one("h1")


def test_it_comes_back_when_it_is_saved_right(build: Build) -> None:
    built = build({"expts/0001_latin/notes.rst": LATIN})
    again = built.rebuild({"expts/0001_latin/notes.rst": LATIN.decode("latin-1")})
    assert "no text in UTF-8" not in again.warnings
    assert "Café" in again.page("expts/0001_latin/notes").select_one("h1").get_text()


WORDS = "2021年3月4日\n----\n\n学習率を下げた。データを確認する。\n\n2021年3月5日\n----\n\n精度は上がった。\n"
NOTES = "4 March 2021\n------------\n\nLes résultats étaient décevants.\n\n5 March 2021\n------------\n\nMême chose.\n"


@pytest.mark.skipif(sphinx.version_info[0] < 9, reason="Sphinx reads logs itself, as UTF-8")
def test_a_log_alone_is_read_in_what_it_is_written_in_and_a_guess_is_told(build: Build) -> None:
    sure = ("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig")
    guessed = ("cp932", "euc_jp")
    texts = [*((WORDS, name) for name in (*sure, *guessed)), (NOTES, "cp1252"), (NOTES, "utf-16-le")]
    ends = ("\n", "\r\n", "\r")
    files = {
        f"expts/{at:04}_a/notes.txt": text.replace("\n", ends[at % 3]).encode(name)
        for at, (text, name) in enumerate(texts, 1)
    }
    built = build({**files, "expts/0020_odd/notes.txt": b"\0\1\2" * 99})
    for at, (text, name) in enumerate(texts, 1):
        page = built.page(f"expts/{at:04}_a/notes")
        assert [entry["id"] for entry in page.select(".exptdir-entry")] == ["entry-2021-03-04", "entry-2021-03-05"], (
            name
        )
        assert text.splitlines()[3] in page.get_text(), name
        told = [line for line in built.located if f"expts/{at:04}_a/notes.txt" in line]
        assert len(told) == (name in (*guessed, "cp1252")), told
        assert all("which is a guess: save it as UTF-8" in line for line in told)
    assert any("expts/0020_odd/notes.txt" in line and "null bytes" in line for line in built.located)


def test_runs_on_a_page_beside_the_log_are_reached(build: Build) -> None:
    built = build(
        {
            "expts/0001_a/notes.rst": "A\n=\n\n:expt:`v9`\n\n.. toctree::\n\n   runs\n",
            "expts/0001_a/runs.rst": "Runs\n====\n\n.. expt:run:: v9\n\n   The ninth.\n",
        }
    )
    assert built.page("expts/0001_a/notes").select_one("a.exptdir-ref")["href"] == "runs.html#run-v9"


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_document_that_the_parser_gives_up_is_named_and_the_rest_is_built(build: Build, parallel: int) -> None:
    deep = "".join(f"{'   ' * level}.. note::\n\n" for level in range(200)) + "   " * 200 + "x\n"
    files = {"expts/0001_deep/notes.rst": f"Deep\n====\n\n{deep}", "expts/0003_fine/notes.rst": "Fine\n====\n"}
    circle = {"expts/0002_circle/index.md": "# Circle\n\n```{include} index.md\n```\n"}
    pages = {f"expts/{n}/index.md": "# P\n" for n in range(6)}
    built = build({"index.rst": HOME, **files, **circle, **pages}, parallel=parallel)
    for name in ("expts/0001_deep/notes.rst", "expts/0002_circle/index.md"):
        why = "the page is left out: its parts are nested too deep, or it includes itself [exptdir.log]"
        assert f"{name}:1: WARNING: {why}" in built.located
    assert "This page cannot be shown" in built.html("expts/0001_deep/notes")
    assert "Fine" in built.html("expts/0003_fine/notes")
    # Said at each build, until it is mended.
    again = built.rebuild()
    assert len(again.located) == len(built.located)
    mended = built.rebuild({"expts/0001_deep/notes.rst": "Deep\n====\n\nNo more.\n"})
    assert "No more." in mended.html("expts/0001_deep/notes") and len(mended.located) == len(built.located) - 1


@pytest.mark.skipif(sys.platform == "darwin", reason="the file system takes no such names")
def test_names_that_are_not_utf_8_end_no_build(build: Build) -> None:
    built = build(
        {
            "expts/0001_a/notes.rst": "A\n=\n\n.. datatable:: *.csv\n",
            "expts/0001_a/\udcff.csv": "1\n",
            "expts/0001_a/fig_\udcff.py": "raise SystemExit(3)\n",
            "expts/0001_a/\udcff.rst": HOME,
            "expts/0002_\udcfe/notes.rst": "B\n=\n",
            "docs/\udcff.rst": HOME,
        }
    )
    told = [line for line in built.located if "its name is not UTF-8" in line]
    assert len(told) == 2 and all("[exptdir.log]" in line for line in told)
    assert set(built.app.env.found_docs) == {"index", "expts/0001_a/notes"}
    assert "0 added, 0 changed, 0 removed" in built.rebuild().status


@pytest.mark.parametrize("name", ["notes.rst", "notes.md"])
def test_nulls_end_no_build_and_the_page_is_shown(build: Build, name: str) -> None:
    bad = {"rst": ".. image:: a\0.png\n\n.. include:: more.inc\n", "md": "![](a\0.png)\n"}[name.partition(".")[2]]
    built = build({f"expts/1_a/{name}": f"Text\n====\n\nx\0y\n\n{bad}", "expts/1_a/more.inc": ".. image:: b\0.png\n"})
    assert "x\ufffdy" in built.html("expts/1_a/notes") and "Text" in built.page("expts/1_a/notes").h1.get_text()
    assert (
        f"expts/1_a/{name}:4: WARNING: it holds null characters, for which “\ufffd” is shown"
        in built.warnings.replace(f"{built.site.source}/", "")
    )
    assert built.rebuild().warnings == built.warnings
