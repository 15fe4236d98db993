"""Documents that are shown without a record around them."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from exptdir.preview.scratch_site import NothingToShow, alone, target


def write(base: Path, *names: str) -> Path:
    for name in names:
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# Title of {path.stem}\n\nText.\n" if path.suffix.lower() == ".md" else "Rst\n===\n\nText.\n")
    return base


def built(path: Path, out: Path) -> tuple[Path, str]:
    """Build as the builder does, and return the pages and the warnings."""
    found = alone(path)
    warnings = StringIO()
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            found.source,
            None,
            out / "html",
            out / "doctrees",
            "html",
            confoverrides=found.overrides,
            status=None,
            warning=warnings,
        )
        app.build()
    return out / "html", warnings.getvalue()


def pages(html: Path) -> set[str]:
    found = {path.relative_to(html).as_posix() for path in html.rglob("*.html")} - {"genindex.html", "search.html"}
    return {name for name in found if not name.startswith("_static/")}


def test_a_document_is_built_alone(tmp_path):
    base = write(tmp_path / "dir", "my notes [1].md", "other.md", "below/third.md")
    (base / "my notes [1].md").write_text("# Title\n\n![picture](below/a.png)\n")
    (base / "below/a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    html, warnings = built(base / "my notes [1].md", tmp_path / "out")
    assert warnings == ""
    assert pages(html) == {"my notes [1].html"}
    assert len(list((html / "_images").rglob("a*.png"))) == 1
    assert alone(base / "my notes [1].md").overrides["root_doc"] == "my notes [1]"


def test_a_tree_without_a_first_page_has_a_list_of_all_its_documents(tmp_path):
    base = write(tmp_path / "tree", "b.rst", "a/deep.md", "a/<odd>.md", ".hidden/no.md", "node_modules/no.md")
    html, warnings = built(base, tmp_path / "out")
    assert warnings == ""
    links = BeautifulSoup((html / "index.html").read_text(), "html.parser").select("article li a")
    assert [(link.get_text(), link["href"]) for link in links] == [
        ("Title of <odd>", "a/%3Codd%3E.html"),
        ("Title of deep", "a/deep.html"),
        ("Rst", "b.html"),
    ]


@pytest.mark.parametrize("name", ["README.md", "index.rst", "notes.md", "log.rst"])
def test_a_tree_begins_with_its_own_first_page(tmp_path, name):
    found = alone(write(tmp_path, name, "a.md", "below/index.md"))
    assert found.overrides["root_doc"] == name.partition(".")[0]


def test_a_first_page_lists_the_documents_that_it_does_not(tmp_path):
    base = write(tmp_path / "tree", "README.md", "a/deep.md", "b.rst")
    html, warnings = built(base, tmp_path / "out")
    assert warnings == "" and pages(html) == {"README.html", "a/deep.html", "b.html"}

    def listed() -> list[tuple[str, str]]:
        links = BeautifulSoup((html / "README.html").read_text(), "html.parser").select("article .toctree-wrapper a")
        return [(link.get_text(), link["href"]) for link in links]

    assert listed() == [("Title of deep", "a/deep.html"), ("Rst", "b.html")]
    write(base, "c.md")
    built(base, tmp_path / "out")
    assert listed()[-1] == ("Title of c", "c.html")
    (base / "c.md").unlink()
    (base / "README.md").write_text("# All\n\n```{toctree}\na/deep\n```\n")
    built(base, tmp_path / "out")
    assert listed() == [("Title of deep", "a/deep.html"), ("Rst", "b.html")]


def test_nothing_is_drawn_and_no_table_of_contents_is_missed(tmp_path):
    overrides = alone(write(tmp_path, "a.md")).overrides
    assert (overrides["exptdir_figures"], overrides["suppress_warnings"]) == ("never", ["toc.not_included"])


def test_what_is_no_document_is_refused_with_what_is_one(tmp_path):
    (tmp_path / "a.ipynb").write_text("{}")
    with pytest.raises(NothingToShow, match=r"a\.ipynb cannot be shown: documents end in \.md or \.rst"):
        alone(tmp_path / "a.ipynb")
    with pytest.raises(NothingToShow, match="there is no document"):
        alone(tmp_path)
    with pytest.raises(NothingToShow, match="is not there"):
        alone(tmp_path / "b.md")


def test_a_document_of_a_record_opens_the_record(tmp_path):
    base = write(tmp_path.resolve(), "index.md", "expts/0063_train/notes.rst", "expts/0063_train/more.md")
    (base / "conf.py").write_text('extensions = ["exptdir"]\n')
    for path, page in (
        ("expts/0063_train/more.md", "expts/0063_train/more.html"),
        ("expts/0063_train", "expts/0063_train/notes.html"),
        ("expts", ""),
        (".", ""),
    ):
        found = target(base / path)
        assert (found.source, found.alone, found.page) == (base, None, page)


def test_a_conf_py_of_something_else_above_makes_no_record(tmp_path):
    base = write(tmp_path.resolve(), "docs/notes.md")
    (base / "conf.py").write_text("servers = 3\n")
    found = target(base / "docs/notes.md")
    assert (found.source, found.alone) == (base / "docs", base / "docs/notes.md")
