"""Files that pages show: a placeholder and one warning for each that is not there, and bounds for typed paths."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from tests.sphinxext.building import Built, Link, Site, the, titled, words
from tests.sphinxext.conftest import Build

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'
NOTES = "expts/1_a/notes.rst"
ABSENT = "there is no such file"


def one(build: Build, text: str, files: dict[str, object] | None = None, **conf: object) -> Built:
    overrides = {f"exptdir_{name}": value for name, value in conf.items()}
    return build({NOTES: titled("Log", text), **(files or {})}, confoverrides=overrides)


def body(built: Built):
    return built.body("expts/1_a/notes")


def placeholder(built: Built) -> str:
    return words(the(body(built), ".exptdir-placeholder"))


BLOCK = "{} cannot be shown: {}."
INLINE = "{} ({})"
# (what the author writes, the path as typed, how the placeholder looks)
ASSETS = [
    pytest.param(".. figure:: x.png\n\n   A caption.\n", "x.png", BLOCK, id="figure"),
    pytest.param(".. image:: x.png\n", "x.png", BLOCK, id="image"),
    pytest.param(".. image:: x.png\n   :target: https://example.org\n", "x.png", BLOCK, id="image-with-target"),
    pytest.param(".. figure:: x.png\n   :target: name_\n\n.. _name:\n\nText.\n", "x.png", BLOCK, id="linked-figure"),
    pytest.param(
        "See |x| here.\n\n.. |x| image:: x.png\n   :target: http://x.org\n", "x.png", INLINE, id="linked-inline"
    ),
    pytest.param("See |x| here.\n\n.. |x| image:: x.png\n", "x.png", INLINE, id="substitution"),
    pytest.param("Get :download:`x.zip`.\n", "x.zip", INLINE, id="download"),
    pytest.param("Get :download:`the data <x.zip>`.\n", "x.zip", "the data {} ({})", id="download-with-title"),
    pytest.param(".. datatable:: x.csv\n", "x.csv", BLOCK, id="table"),
    pytest.param(".. protocol:: x.txt\n", "x.txt", BLOCK, id="protocol"),
    pytest.param(".. figure:: x.*\n", "x.*", BLOCK, id="any-format"),
    pytest.param(".. figure:: /sub/x.png\n", "/sub/x.png", BLOCK, id="from-the-source"),
    pytest.param('.. figure:: sub/实验"1".png\n', 'sub/实验"1".png', BLOCK, id="odd-name"),
]


@pytest.mark.parametrize(("text", "path", "shown"), ASSETS)
def test_a_missing_file_becomes_a_placeholder_and_one_warning_at_its_line(
    build: Build, text: str, path: str, shown: str
):
    built = one(build, f"Before.\n\n{text}\nBehind.\n")
    reason = "there is no such file in any format" if path.endswith("*") else ABSENT
    assert placeholder(built) == shown.format(path, reason)
    (warning,) = built.located
    location, _, message = warning.partition(": WARNING: ")
    assert message == f"{path}: {reason} [exptdir.asset]"
    name, _, line = location.partition(":")
    assert (name, 6 <= int(line) <= 8) == (NOTES, True)
    assert "Behind." in words(body(built))


def test_a_missing_figure_keeps_its_caption(build: Build):
    built = one(build, ".. figure:: x.png\n\n   The *caption*.\n")
    assert words(the(body(built), "figcaption")) == "The caption."


def test_in_markdown(build: Build):
    text = "# Log\n\nText ![alt](x.png) and [data](x.zip).\n\n```{figure} y.png\nCaption\n```\n"
    built = build({"expts/1_a/notes.md": text})
    assert [line for line in built.located if "exptdir.asset" in line] == [
        "expts/1_a/notes.md:3: WARNING: x.png: there is no such file [exptdir.asset]",
        "expts/1_a/notes.md:5: WARNING: y.png: there is no such file [exptdir.asset]",
    ]
    assert len(body(built).select(".exptdir-placeholder")) == 2


def test_a_dangling_link_is_named_with_its_target(build: Build):
    built = one(build, ".. figure:: x.png\n", {"expts/1_a/x.png": Link("/data/gone/x.png")})
    reason = "it is reached by a link to /data/gone/x.png, where there is no such file"
    assert placeholder(built) == BLOCK.format("x.png", reason)
    assert built.located == [f"{NOTES}:4: WARNING: x.png: {reason} [exptdir.asset]"]


def test_a_path_through_a_dangling_link_to_a_directory_is_named_too(build: Build):
    built = one(build, ".. figure:: .expt/root/x.png\n", {"expts/1_a/.expt/root": Link("/data/gone")})
    assert "a link to /data/gone, where" in placeholder(built)
    assert len(built.located) == 1


@pytest.fixture
def linked(tmp_path: Path) -> dict[str, object]:
    """Files of an experiment that lie outside the record, reached by a link as exmemo makes them."""
    data = tmp_path / "project"
    (data / "plots").mkdir(parents=True)
    (data / "plots" / "loss.png").write_bytes(PNG)
    (data / "results.csv").write_text("step,loss\n1,0.5\n", "utf-8")
    (data / "how.txt").write_text("Mix.\n", "utf-8")
    (data / "notes.rst").write_text(titled("No document"), "utf-8")
    return {
        "expts/1_a/.expt/root": Link(str(data)),
        "expts/1_a/figure.png": Link(".expt/root/plots/loss.png"),
    }


def test_links_of_the_authors_are_followed_for_assets_and_never_for_documents(build: Build, linked: dict[str, object]):
    text = (
        ".. figure:: figure.png\n\n"
        ".. image:: .expt/root/plots/loss.png\n\n"
        ".. datatable:: .expt/root/results.csv\n\n"
        ".. protocol:: .expt/root/how.txt\n\n"
        ":download:`.expt/root/plots/loss.png`\n"
    )
    built = one(build, text, linked)
    assert built.warnings == ""
    assert not body(built).select(".exptdir-placeholder")
    sources = [image["src"] for image in body(built).select("img")]
    assert len(sources) == 2
    assert all((built.out / "expts/1_a" / source).resolve().read_bytes() == PNG for source in sources)
    assert words(the(body(built), "td:last-child")) == "0.5"
    assert "Mix." in words(the(body(built), "details"))
    assert built.app.env.found_docs == {"index", "expts/1_a/notes"}


CLIMBING = [
    ".. figure:: {}\n",
    ".. image:: {}\n",
    ":download:`{}`\n",
    ".. datatable:: {}\n",
    ".. protocol:: {}\n",
]


@pytest.mark.parametrize("text", CLIMBING)
def test_a_path_that_climbs_out_is_refused_and_allowed_by_asset_roots(build: Build, tmp_path: Path, text: str):
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("x.png", "x.csv", "x.txt"):
        (outside / name).write_bytes(PNG if name == "x.png" else b"secret,1\n")
    suffix = {"datatable": "csv", "protocol": "txt"}.get(text.split("::")[0].removeprefix(".. "), "png")
    path = f"../../../../outside/x.{suffix}"
    refused = one(build, text.format(path))
    assert "lies outside the record; exptdir_asset_roots may allow its directory" in placeholder(refused)
    assert len(refused.located) == 1
    assert "secret" not in refused.html("expts/1_a/notes")
    allowed = one(build, text.format(path), asset_roots=["../../outside"])
    assert allowed.warnings == ""
    assert not body(allowed).select(".exptdir-placeholder")


def test_an_absolute_path_means_one_from_the_source_directory(build: Build):
    built = one(build, ".. datatable:: /etc/passwd.csv\n\n.. image:: /x.png\n", {"x.png": PNG})
    assert [line for line in built.located if "x.png" in line] == []
    assert placeholder(built) == BLOCK.format("/etc/passwd.csv", ABSENT)


@pytest.mark.parametrize(
    "text",
    [".. image:: sub.png\n", ":download:`sub.png`\n", ".. protocol:: sub.png\n", ".. datatable:: sub.png\n"],
)
def test_a_directory_is_no_file(build: Build, text: str):
    built = one(build, text, {"expts/1_a/sub.png/x.txt": ""})
    assert "it is a directory" in placeholder(built)
    assert len(built.located) == 1


def test_a_file_that_may_not_be_read_says_so(build: Build, monkeypatch: pytest.MonkeyPatch):
    real = os.access
    # Tests may run as root, who may read everything.
    monkeypatch.setattr(os, "access", lambda path, *rest: "locked" not in str(path) and real(path, *rest))
    built = one(build, ".. image:: locked.png\n", {"expts/1_a/locked.png": PNG})
    assert placeholder(built) == BLOCK.format("locked.png", "it may not be read")
    assert len(built.located) == 1


def test_warnings_can_be_silenced_but_not_the_placeholder(build: Build):
    built = one(build, ".. figure:: x.png\n\n:download:`x.zip`\n", missing_assets="ignore")
    assert built.warnings == ""
    assert len(body(built).select(".exptdir-placeholder")) == 2


@pytest.mark.parametrize(("text", "name"), [(".. figure:: x.svg\n", "x.svg"), (".. image:: x.*\n", "x.svg")])
def test_an_image_that_appears_later_is_shown_and_one_that_goes_is_missed(build: Build, text: str, name: str):
    built = one(build, text)
    assert placeholder(built)
    there = built.rebuild({f"expts/1_a/{name}": SVG})
    assert there.warnings == ""
    assert not body(there).select(".exptdir-placeholder")
    assert len(body(there).select("img, object")) == 1
    gone = there.rebuild({f"expts/1_a/{name}": None})
    assert placeholder(gone)
    assert len(gone.located) == 1


def test_images_of_any_format_and_from_elsewhere_are_sphinx_business(build: Build):
    text = ".. image:: x.*\n\n.. image:: https://example.org/x.png\n\n.. image:: data:image/png;base64,AAAA\n"
    built = one(build, text, {"expts/1_a/x.svg": SVG, "expts/1_a/x.png": PNG})
    assert not body(built).select(".exptdir-placeholder")
    assert [line for line in built.located if "exptdir" in line] == []


def test_a_translated_image_is_found_where_the_language_has_one(build: Build):
    built = one(build, ".. image:: x.png\n", {"expts/1_a/x.de.png": PNG, "expts/1_a/x.png": PNG})
    assert built.warnings == ""


def test_a_file_that_is_missing_from_two_places_is_warned_of_at_both(build: Build):
    built = one(build, ".. image:: x.png\n\ntext\n\n.. image:: x.png\n")
    assert [line.split(":")[1] for line in built.located] == ["4", "8"]


def test_every_builder_shows_the_placeholder(build: Build):
    built = one(build, ".. figure:: x.png\n\n   Caption\n")
    assert "cannot be shown: there is no such file" in built.text("expts/1_a/notes")


def test_other_pages_than_logs_are_treated_alike(tmp_path: Path):
    site = Site(tmp_path)
    built = site.build("html", {"index.rst": titled("Home", ".. image:: x.png\n"), "expts/1_a/notes.rst": titled("A")})
    assert built.located == ["index.rst:4: WARNING: x.png: there is no such file [exptdir.asset]"]
