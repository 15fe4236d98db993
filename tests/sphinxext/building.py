"""Small records, written to disk and built in this process, for the tests of what a reader sees."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from tests.templates import CONFIGURATION

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Link:
    """Content of a file that is a link."""

    target: str


#: What a file holds; ``None`` deletes it.
Content = str | bytes | Link | None
Files = Mapping[str, Content]

CONF = 'extensions = ["exptdir"]\n'
HOME = "Home\n====\n"


def write(directory: Path, files: Files) -> None:
    """Write (or, with ``None``, delete) files below a directory."""
    for name, content in files.items():
        path = directory / name
        if content is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, "utf-8")


def no_matplotlib(cache: Path) -> dict[str, str]:
    """Return variables with which scripts find no matplotlib, so that each is spared what it takes to load it.

    What hides it lies in a cache, which is nothing that figures depend on.
    """
    write(cache / "none", {"matplotlib.py": "raise ImportError('nobody needs it here')\n"})
    path = filter(None, [str(cache / "none"), os.environ.get("PYTHONPATH")])
    return {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": os.pathsep.join(path)}


@dataclass
class Built:
    """The result of a build, and the way to build the same record again."""

    site: Site
    app: Sphinx
    builder: str
    out: Path
    warnings: str
    status: str

    @property
    def located(self) -> list[str]:
        """The warnings, one a line, with paths relative to the source directory."""
        text = self.warnings.replace(os.path.realpath(self.site.source) + "/", "")
        return [line for line in text.replace(f"{self.site.source}/", "").splitlines() if line.strip()]

    def html(self, docname: str = "index") -> str:
        """Return the text of a page of one of the HTML builders."""
        return Path(self.app.builder.get_outfilename(docname)).read_text("utf-8")

    def page(self, docname: str = "index") -> BeautifulSoup:
        """Return a page, parsed."""
        return BeautifulSoup(self.html(docname), "html.parser")

    def body(self, docname: str = "index") -> Tag:
        """Return the main part of a page, without the theme's navigation."""
        return the(self.page(docname), "div.body")

    def text(self, docname: str = "index") -> str:
        """Return a page as the text builder shows it (the record is built with it, where it was not)."""
        built = self if self.builder == "text" else self.site.build("text")
        return (built.out / f"{docname}.txt").read_text("utf-8")

    def doctree(self, docname: str = "index") -> nodes.document:
        """Return a document as it was read."""
        return self.app.env.get_doctree(docname)

    def rebuild(self, files: Files | None = None, **options: Any) -> Built:
        """Change some files and build again, in the same directories and with the same builder."""
        return self.site.build(options.pop("builder", self.builder), files, **options)


@dataclass
class Site:
    """A source directory, where its outputs go, and the configuration that overrides its own."""

    root: Path
    conf: str = CONF
    overrides: dict[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        """The source directory."""
        return self.root / "source"

    def write(self, files: Files) -> None:
        """Write files; those that every project needs are there already."""
        write(self.source, {"conf.py": self.conf} if not (self.source / "conf.py").exists() else {})
        write(self.source, files)
        if not any((self.source / name).exists() for name in ("index.rst", "index.md")):
            write(self.source, {"index.rst": HOME})

    def build(
        self,
        builder: str = "html",
        files: Files | None = None,
        *,
        parallel: int = 1,
        overrides: Mapping[str, Any] | None = None,
        out: str | None = None,
        filenames: tuple[str, ...] = (),
    ) -> Built:
        """Build; ``out`` names another output directory, which also gets doctrees of its own."""
        self.write(files or {})
        outdir = self.root / (out or "out") / builder
        status, warnings = StringIO(), StringIO()
        with patch_docutils(str(self.source)), docutils_namespace():
            app = Sphinx(
                self.source,
                self.source,
                outdir,
                self.root / (out or "out") / "doctrees",
                builder,
                {**CONFIGURATION, **self.overrides, **(overrides or {})},
                status,
                warnings,
                parallel=parallel,
            )
            app.build(filenames=[str(self.source / name) for name in filenames])
        shown = [_COLOUR.sub("", stream.getvalue()) for stream in (warnings, status)]
        return Built(self, app, builder, outdir, *shown)


def the(tag: Tag, selector: str) -> Tag:
    """Return the one element that a selector finds."""
    found = tag.select(selector)
    assert len(found) == 1, f"{selector} found {len(found)} times"
    return found[0]


def words(tag: Tag | None) -> str:
    """Return the text of an element with single spaces; no permalinks."""
    assert tag is not None
    shown = BeautifulSoup(str(tag), "html.parser")
    for permalink in shown.select("a.headerlink"):
        permalink.decompose()
    return " ".join(shown.get_text().split())


def titled(title: str, text: str = "") -> str:
    """Return an rst document with a title."""
    rule = "=" * (2 * len(title))
    return f"{title}\n{rule}\n\n{text}\n"
