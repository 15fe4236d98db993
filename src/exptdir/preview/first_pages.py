"""Single pages, written at once after a save; what collects from them waits for the build that follows.

Which documents a changed file concerns: itself, or those that were read with it.

What a Sphinx application has gathered in a build, and must not bring into the next.

What has changed in a directory since one looked last.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx import version_info
from sphinx.util.build_phase import BuildPhase

from exptdir.preview.warnings import READ, begin
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.figures.notes import offer
from exptdir.sphinxext.singlehtml import WRITTEN

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


class Beginnings:
    """What an application has before its first build.

    Themes and extensions add scripts and style sheets while pages are written: to the application, which keeps them
    all, and to the builder, which keeps those of the last page. Both go to every page of the next build.

    Parameters
    ----------
    app
        The application, which has just been made.
    """

    def __init__(self, app: Sphinx) -> None:
        builder: Any = app.builder
        lists = (app.registry.js_files, app.registry.css_files, builder._js_files, builder._css_files)
        self._lists: list[tuple[list[Any], list[Any]]] = [(one, list(one)) for one in lists]

    def restore(self, app: Sphinx) -> None:
        """Have the application begin as it did the first time, but for the documents that it has read."""
        for now, first in self._lists:
            now[:] = first
        app._warncount = 0
        app.statuscode = 0
        app.builder.images.clear()
        env = app.env
        env._pickled_doctree_cache.clear()
        env._write_doc_doctree_cache.clear()
        env.__dict__.pop("master_doctree", None)
        # A document whose reading failed is still the current one, and is copied for every page that is written.
        env.current_document = type(env.current_document)()
        env.ref_context.clear()
        # Sizes and times that were seen before do not tell that a file is the same.
        filecmp.clear_cache()


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


class Dependents:
    """Finds the documents that depend on files.

    Parameters
    ----------
    env
        The environment, in which all documents have been read.
    """

    def __init__(self, env: BuildEnvironment) -> None:
        self._env = env
        #: For each file that documents depend on, where it is when links are followed.
        self._real: dict[str, str] = {}

    def of(self, paths: Iterable[str]) -> set[str]:
        """Return the documents that are, or depend on, one of some files.

        Parameters
        ----------
        paths
            Absolute paths of files and directories that were changed, made or deleted. What is below a directory
            counts as changed with it.
        """
        places = {place for path in paths for place in (os.path.normpath(path), os.path.realpath(path))}
        if not places:
            return set()
        # A deleted directory cannot be told from a deleted file.
        above = tuple(f"{place}{os.sep}" for place in places if not os.path.isfile(place))
        depending = {name for name, path in self._dependencies() if path in places or path.startswith(above)}
        return {*depending, *self._documents(places, above)}

    def _documents(self, places: Iterable[str], above: Iterable[str]) -> Iterator[str]:
        """Yield the documents among some files and below some directories."""
        known = self._env.all_docs
        yield from (name for place in places if (name := self._env.path2doc(place)) in known and name is not None)
        base = os.path.join(self._env.srcdir, "")
        inside = tuple(path[len(base) :].replace(os.sep, "/") for path in above if path.startswith(base))
        if inside:
            yield from (name for name in known if name.startswith(inside))

    def outside(self, directory: str) -> set[str]:
        """Return the files outside a directory that documents depend on, links followed."""
        base = os.path.join(os.path.realpath(directory), "")
        return {path for _docname, path in self._dependencies() if not path.startswith(base)}

    def _dependencies(self) -> Iterator[tuple[str, str]]:
        """Yield each document with each file that it depends on, as written and links followed."""
        env, known, self._real = self._env, self._real, {}
        for docname, dependencies in env.dependencies.items():
            if docname not in env.all_docs:
                continue
            for dependency in dependencies:
                written = str(dependency)
                real = known.get(written) or os.path.realpath(Path(env.srcdir, written))
                self._real[written] = real
                yield docname, os.path.normpath(written)
                yield docname, real


#: Size and time of modification, in nanoseconds, and which file it is.
Stamp = tuple[int, int, int]
#: Directories of the output whose files are no pages, whatever they are called.
_NO_PAGES = ("_static/", "_downloads/", "_images/")


class Output:
    """The files of the output.

    Parameters
    ----------
    directory
        Where they are.
    suffix
        What pages end in.
    """

    def __init__(self, directory: Path, suffix: str) -> None:
        self._directory = os.fspath(directory)
        self._suffix = suffix
        self._stamps = dict(self._found())
        self._digests: dict[str, bytes] = {}
        for path in self._stamps:
            self._is_other(path)

    def changes(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the pages, and the other files, that were written or deleted since the last call."""
        before, self._stamps = self._stamps, dict(self._found())
        changed = sorted({path for path, _ in before.items() ^ self._stamps.items()})
        pages = tuple(path for path in changed if self._is_page(path))
        return pages, tuple(path for path in changed if not self._is_page(path) and self._is_other(path))

    def _is_other(self, path: str) -> bool:
        """Say whether a static file holds other bytes than before: some are written again by every build."""
        if not path.startswith("_static/"):
            return True
        try:
            digest = hashlib.sha256(Path(self._directory, path).read_bytes()).digest()
        except OSError:
            digest = b""
        before, self._digests[path] = self._digests.get(path), digest
        return before != digest

    def _is_page(self, path: str) -> bool:
        return path.endswith(self._suffix) and not path.startswith(_NO_PAGES)

    def _found(self) -> Iterator[tuple[str, Stamp]]:
        waiting = [""]
        while waiting:
            inside = waiting.pop()
            for entry in _entries(os.path.join(self._directory, inside)):
                path = inside + entry.name
                # What is hidden is not served, and no page shows a source.
                if entry.name.startswith(".") or path == "_sources":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{path}/")
                elif (stamp := stamp_of(entry)) is not None:
                    yield path, stamp


def stamps_in(directories: Iterable[str]) -> dict[str, Stamp]:
    """Return the stamps of the files that lie directly in some directories, by their paths."""
    found: dict[str, Stamp] = {}
    for directory in directories:
        for entry in _entries(directory):
            if entry.is_file() and (stamp := stamp_of(entry)) is not None:
                found[entry.path] = stamp
    return found


def stamp_of(entry: os.DirEntry[str]) -> Stamp | None:
    """Return the stamp of a file, ``None`` if it is gone."""
    try:
        found = entry.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError:
        return []
