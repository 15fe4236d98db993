"""Single pages, written at once after a save; what collects from them waits for the build that follows."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx import version_info
from sphinx.util.build_phase import BuildPhase

from exptdir.preview.reset import Beginnings
from exptdir.preview.warned import READ, begin
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.figures.files import offer
from exptdir.sphinxext.single import WRITTEN

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: Since then builders know their phase, and resolving asks for tags.
_IS_NINE = version_info >= (9,)


@dataclass(frozen=True)
class Shown:
    """What was written.

    Parameters
    ----------
    pages
        Addresses of the pages, relative to the output.
    files
        Addresses of the images that have changed.
    sources
        The source file of each page.
    """

    pages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def show(app: Sphinx, beginnings: Beginnings, docnames: Sequence[str]) -> Shown:
    """Read some documents again and write their pages, as the next build will, unless others change with them.

    That build must read them again: nothing that is derived from documents is brought up to date here.

    Parameters
    ----------
    app
        The application, between two builds.
    beginnings
        What it has to begin with.
    docnames
        Documents that were read before, in the order in which they are to be written.
    """
    beginnings.restore(app)
    _enter(app, BuildPhase.READING)
    for docname in docnames:
        _read(app, docname)
    begin("", "")
    images = _Images(app)
    with _writing(app, docnames):
        for docname in docnames:
            _write(app, docname)
    begin("", "")
    files = images.copy()
    builder: Any = app.builder
    paths = [Path(builder.get_output_path(docname)).relative_to(app.outdir) for docname in docnames]
    pages = tuple(path.as_posix() for path in paths)
    return Shown(pages, files, tuple(str(app.env.doc2path(docname)) for docname in docnames))


def _read(app: Sphinx, docname: str) -> None:
    env = app.env
    # Numbers are given when all is read; those that the document has are better than none.
    numbers = env.toc_secnumbers.get(docname), env.toc_fignumbers.get(docname)
    app.events.emit("env-purge-doc", env, docname)
    env.clear_doc(docname)
    begin(READ, docname)
    app.builder.read_doc(docname)
    if numbers[0] is not None:
        env.toc_secnumbers[docname] = numbers[0]
    if numbers[1] is not None:
        env.toc_fignumbers[docname] = numbers[1]
    domain = domain_of(env)
    domain.runs_by_key = None
    domain.figure_state.origins.pop(docname, None)
    if docname in domain.figures:
        offer(env, domain, docname)


@contextmanager
def _writing(app: Sphinx, docnames: Sequence[str]) -> Iterator[None]:
    """Bring the application into the state in which it writes pages."""
    builder: Any = app.builder
    search = builder.search
    app.events.emit("write-started", builder)
    try:
        # With it, the whole search index would be read from the disk.
        builder.search = False
        builder.prepare_writing(frozenset(docnames))
        builder.search = search
        yield
    finally:
        builder.search = search
        app.events.emit(WRITTEN, None)


def _write(app: Sphinx, docname: str) -> None:
    env: Any = app.env
    builder = app.builder
    _enter(app, BuildPhase.RESOLVING)
    doctree = env.get_and_resolve_doctree(docname, builder, **({"tags": app.tags} if _IS_NINE else {}))
    _enter(app, BuildPhase.WRITING)
    builder.write_doc_serialized(docname, doctree)
    builder.write_doc(docname, doctree)


def _enter(app: Sphinx, phase: BuildPhase) -> None:
    owner: Any = app.builder if _IS_NINE else app
    owner.phase = phase


class _Images:
    """The images that are written with some pages."""

    def __init__(self, app: Sphinx) -> None:
        self._builder: Any = app.builder
        self._directory = Path(app.outdir, "_images")

    def copy(self) -> tuple[str, ...]:
        """Copy those that the pages show, and return the addresses of those that were not there already."""
        names = sorted(self._builder.images.values())
        before = [self._time(name) for name in names]
        # It goes by sizes and times, which a program can give to another picture.
        filecmp.clear_cache()
        self._builder.copy_image_files()
        return tuple(f"_images/{name}" for name, time in zip(names, before, strict=True) if self._time(name) != time)

    def _time(self, name: str) -> tuple[int, ...]:
        try:
            found = os.stat(self._directory / name)
        except OSError:
            return ()
        # The time of modification is the source's.
        return found.st_size, found.st_mtime_ns, found.st_ctime_ns
