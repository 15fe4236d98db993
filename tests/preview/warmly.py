"""Small records that are built again and again by one application, and compared with clean builds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from exptdir.preview.builder import Firsts
from exptdir.preview.channel import Build, BuildWarning, PagesShown
from exptdir.preview.warm_sphinx import Project, Warm, warm
from tests.sphinxext.building import Files, titled, write

#: Sphinx's own state, which need not be the same.
STATE = {"searchindex.js", ".buildinfo", ".buildinfo.bak"}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="{}" height="9"/></svg>\n'
RECORD: Mapping[str, str | bytes] = {
    "conf.py": 'project = "Sample"\nextensions = ["exptdir"]\nhtml_theme = "alabaster"\n',
    "index.md": "# Home\n\nSee {expt}`1`.\n\n```{toctree}\ndocs/page\n```\n",
    "docs/page.md": "# A page\n\nText about {expt}`2`.\n",
    "expts/0001_first/notes.rst": titled("First", "Begun after :expt:`2`.\n\n.. figure:: loss.svg\n\n   Loss"),
    "expts/0001_first/loss.svg": SVG.format(1),
    "expts/0002_second/notes.rst": titled("Second", ".. datatable:: results.csv"),
    "expts/0002_second/results.csv": "name,value\na,1\n",
    "expts/0003_third/notes.rst": titled("Third", "After :expt:`1`.\n\n2024/05/20\n----------\n\nAn entry."),
    "expts/0003_third/0004_child/index.md": "# Child\n\nOf {expt}`-1`.\n",
}


def contents(directory: Path) -> dict[str, bytes]:
    """Read the output, but for Sphinx's own state."""
    found = (path for path in directory.rglob("*") if path.is_file() and path.name not in STATE)
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in found}


def clean(source: Path, output: Path) -> dict[str, bytes]:
    """Build in this process as if for the first time, and read the output."""
    with patch_docutils(source), docutils_namespace():
        app = Sphinx(source, source, output / "html", output / "doctrees", "html", {}, StringIO(), StringIO())
        app.build()
    return contents(output / "html")


def assert_clean(source: Path, output: Path, found: Mapping[str, bytes]) -> None:
    """Compare what was built with a clean build of the same source."""
    wanted = clean(source, output)
    assert sorted(found) == sorted(wanted)
    assert [name for name in sorted(wanted) if found[name] != wanted[name]] == []


@dataclass
class Preview:
    """A record, and the application that builds it."""

    root: Path
    warm: Warm
    states: list[str] = field(default_factory=list)
    kept: dict[str, dict[str, bytes]] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        """The source directory."""
        return self.root / "source"

    @property
    def output(self) -> Path:
        """The directory of pages."""
        return self.root / "html"

    @property
    def warnings(self) -> list[str]:
        """What is wrong now: file and line relative to the record, and what."""
        return [self._line(one) for one in self.warm.listener.said.everything()]

    def _line(self, one: BuildWarning) -> str:
        file = os.path.relpath(one.file, os.path.realpath(self.source)) if one.file else ""
        return f"{file}:{one.line}: {one.text} [{one.kind}]"

    def html(self, docname: str) -> str:
        """Return a page."""
        return (self.output / f"{docname}.html").read_text("utf-8")

    def change(self, files: Files) -> tuple[str, ...]:
        """Write, or with ``None`` delete, files, and return their paths."""
        write(self.source, files)
        return tuple(str(self.source / name) for name in files)

    def show(self, *changed: str, viewed: tuple[str, ...] = ()) -> list[PagesShown]:
        """Show what can be shown before the build."""
        return list(Firsts(self.warm, Build(changed, viewed)).show())

    def save(self, files: Files) -> None:
        """Change files, show first what can be, and build."""
        changed = self.change(files)
        self.show(*changed)
        self.warm.build(changed)

    def keep(self, name: str) -> None:
        """Keep source and output as they are now, for :meth:`assert_all_clean`."""
        shutil.copytree(self.source, self.root / name)
        self.kept[name] = contents(self.output)

    def assert_all_clean(self) -> None:
        """Compare all that was kept with clean builds, when the application is gone."""
        for name, found in self.kept.items():
            assert_clean(self.root / name, self.root / f"{name}-clean", found)


def project(root: Path, **given: Any) -> Project:
    """Return a project below a directory."""
    source = root / "source"
    return Project(source, source, root / "html", root / "doctrees", **given)


@contextmanager
def preview(
    root: Path,
    files: Files = RECORD,
    patience: float = 60,
    drawn: Callable[[tuple[str, ...]], None] = lambda figures: None,
    **given: Any,
) -> Iterator[Preview]:
    """Write a record and build it; afterwards, with no files, go on with one that is there.

    Builds wait for scripts for *patience* seconds, on a busy machine too.
    """
    write(root / "source", files)
    with patch("exptdir.preview.figures.PATIENCE", patience), warm(project(root, **given), drawn=drawn) as made:
        made.build()
        made.changes()
        yield Preview(root, made)
