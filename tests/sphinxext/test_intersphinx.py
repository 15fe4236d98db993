"""A record is reached from other projects, with exptdir and without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sphinxext.building import Built, Site, titled, words

THERE = "https://example.org/a/"
#: The environment of other projects must not reach ours by the network.
NO_NETWORK = "intersphinx_timeout = 1\n"


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = "2024-06-28: First try\n---------------------\n\nx\n\n.. expt:run:: v5\n"
    built = Site(tmp_path_factory.mktemp("a")).build("html", {"expts/63_train/notes.rst": titled("Train", text)})
    return built.out / "objects.inv"


def other(tmp_path: Path, inventory: Path, extensions: str, files: dict[str, Any]) -> Built:
    conf = f'extensions = [{extensions}"sphinx.ext.intersphinx"]\n{NO_NETWORK}'
    conf += f'intersphinx_mapping = {{"a": ("{THERE}", {str(inventory)!r})}}\n'
    return Site(tmp_path, conf).build("html", files)


def links(built: Built, docname: str = "index") -> list[tuple[str, str]]:
    return [(words(link), link["href"]) for link in built.body(docname).select("a.external")]


@pytest.mark.parametrize("extensions", ["", '"exptdir", '])
def test_standard_labels_reach_experiments_and_entries_with_and_without_exptdir(
    tmp_path: Path, inventory: Path, extensions: str
):
    text = ":ref:`expt-63` :ref:`expt-63-2024-06-28` :ref:`there <expt-63>` :external+a:ref:`expt-63`\n"
    built = other(
        tmp_path, inventory, extensions, {"index.rst": titled("Home", text), "expts/1_b/notes.rst": titled("B")}
    )
    page = f"{THERE}expts/63_train/notes.html"
    assert links(built) == [
        ("#63: Train", page),
        ("#63, 2024-06-28: First try", f"{page}#entry-2024-06-28"),
        ("there", page),
        ("#63: Train", page),
    ]
    assert [line for line in built.located if "not_included" not in line] == []


def test_references_reach_another_record(tmp_path: Path, inventory: Path):
    files = {
        "index.rst": titled("Home", ":expt:`63` :expt:`63@2024-06-28` :expt:`there <63>` :expt:`63/v5`\n"),
        "expts/1_b/notes.md": "# B\n\n{expt}`63` and [there](#63)\n",
    }
    built = other(tmp_path, inventory, '"exptdir", ', files)
    page = f"{THERE}expts/63_train/notes.html"
    assert links(built) == [
        ("#63: Train", page),
        ("#63, 2024-06-28: First try", f"{page}#entry-2024-06-28"),
        ("there", page),
        ("#63/v5", f"{page}#run-v5"),
    ]
    assert links(built, "expts/1_b/notes") == [("#63: Train", page), ("there", page)]
    assert built.warnings == ""


def test_an_experiment_of_ones_own_wins(tmp_path: Path, inventory: Path):
    files = {"index.rst": titled("Home", ":expt:`63` :expt:`64`\n"), "expts/63_own/notes.rst": titled("Own")}
    built = other(tmp_path, inventory, '"exptdir", ', files)
    assert built.body().select_one("a.exptdir-ref")["href"] == "expts/63_own/notes.html"
    (warning,) = built.located
    assert "no experiment or run '64'" in warning
