"""Single pages, written at once after a save; what collects from them waits for the build that follows."""

from __future__ import annotations

import filecmp
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx import version_info
from sphinx.util.build_phase import BuildPhase

from exptdir.preview.channel import PagesShown
from exptdir.preview.warnings import READ, begin
from exptdir.record.files import Stamp, read_or_none, stamp
from exptdir.sphinxext.build_mark import WRITTEN
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.figures.notes import offer
from exptdir.sphinxext.outputs import page_address

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class Beginnings:
    """What an application has before its first build.

    Themes and extensions add scripts and style sheets while pages are written: to the application, which keeps them
    all, and to the builder, which keeps those of the last page. Both go to every page of the next build.
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


def show(app: Sphinx, beginnings: Beginnings, docnames: Sequence[str]) -> PagesShown:
    """Read some documents again and write their pages, as the next build will, unless others change with them.

    That build must read them again: nothing that is derived from documents is brought up to date here. The application
    is between two builds; the documents were read before, and are written in the order that they have here.
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
    builder: Any = app.builder
    resolving: Any = app.env
    directory = Path(app.outdir, "_images")
    search = builder.search
    app.events.emit("write-started", builder)
    try:
        # With it, the whole search index would be read from the disk.
        builder.search = False
        builder.prepare_writing(frozenset(docnames))
        builder.search = search
        for docname in docnames:
            _enter(app, BuildPhase.RESOLVING)
            tags = {"tags": app.tags} if _IS_NINE else {}
            doctree = resolving.get_and_resolve_doctree(docname, builder, **tags)
            _enter(app, BuildPhase.WRITING)
            builder.write_doc_serialized(docname, doctree)
            builder.write_doc(docname, doctree)
        begin("", "")
    finally:
        builder.search = search
        app.events.emit(WRITTEN, None)
    names = sorted(builder.images.values())
    before = [stamp(directory / name) for name in names]
    # It goes by sizes and times, which a program can give to another picture.
    filecmp.clear_cache()
    builder.copy_image_files()
    files = tuple(f"_images/{name}" for name, was in zip(names, before, strict=True) if stamp(directory / name) != was)
    return PagesShown(tuple(page_address(app, docname) for docname in docnames), files)


def _enter(app: Sphinx, phase: BuildPhase) -> None:
    owner: Any = app.builder if _IS_NINE else app
    owner.phase = phase


#: Directories of the output whose files are no pages, whatever they are called.
_NO_PAGES = ("_static/", "_downloads/", "_images/")


class Output:
    """The files of the output: what has changed there since one looked last. Pages end in *suffix*."""

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
        pages = {path for path in changed if path.endswith(self._suffix) and not path.startswith(_NO_PAGES)}
        others = tuple(path for path in changed if path not in pages and self._is_other(path))
        return tuple(sorted(pages)), others

    def _is_other(self, path: str) -> bool:
        """Say whether a static file holds other bytes than before: some are written again by every build."""
        if not path.startswith("_static/"):
            return True
        digest = hashlib.sha256(read_or_none(os.path.join(self._directory, path)) or b"").digest()
        before, self._digests[path] = self._digests.get(path), digest
        return before != digest

    def _found(self) -> Iterator[tuple[str, Stamp]]:
        for place, directories, names in os.walk(self._directory):
            inside = os.path.relpath(place, self._directory).replace(os.sep, "/")
            inside = "" if inside == "." else f"{inside}/"
            # What is hidden is not served, and no page shows a source.
            directories[:] = [one for one in directories if not one.startswith(".") and inside + one != "_sources"]
            for name in names:
                if not name.startswith(".") and (found := stamp(os.path.join(place, name))):
                    yield inside + name, found
