"""The output directory: pages are written only if they change, and what is no longer made goes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.builders.dirhtml import DirectoryHTMLBuilder
from sphinx.builders.html import INVENTORY_FILENAME, StandaloneHTMLBuilder

from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.freshness import Freshness
from exptdir.sphinxext.searching import Stems, forget_entries, take_out, with_objects_kept
from exptdir.sphinxext.tables.big import published

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: Lists what the last complete build made, and with which digest; in the output, for that is what it tells of.
MANIFEST = ".exptdir-outputs"


class _Page(type(Path())):  # type: ignore[misc]
    """Path of a page, which writes itself only where the text is another."""

    outdated = False

    def write_text(
        self, data: str, encoding: str | None = None, errors: str | None = None, newline: str | None = None
    ) -> int:
        """Write *data*, unless the file holds it already."""
        content = data.encode(encoding or "utf-8", errors or "strict")
        try:
            unchanged = self.read_bytes() == content
        except OSError:
            unchanged = False
        if not unchanged:
            # A build that is killed leaves the page as it was, or as it is to be.
            unfinished = Path(f"{self}.new")
            unfinished.write_bytes(content)
            unfinished.replace(self)
            return len(content)
        if self.outdated:
            # Sphinx compares times: a page left older than its source would be made again by every build.
            os.utime(self)
        return len(content)


class Careful:
    """Mixin for the HTML builders: see :class:`_Page`."""

    _outdated: frozenset[str] = frozenset()
    _paths: dict[str, _Page] | None = None
    _index: Any = None
    _has_inventory = _has_pages = False

    def begin_lasting(self) -> None:
        """Remember what was made, and where it went, for builds that follow in the same process."""
        self._paths = {}

    def prepare_writing(self, docnames: Set[str]) -> None:
        """Forget the titles of the last build."""
        self._titles: dict[str, dict[str, str]] = {}
        super().prepare_writing(docnames)  # type: ignore[misc]

    def load_indexer(self, docnames: Set[str]) -> None:
        """Go on with the search index of the last build, or have the one that was just begun remember stems."""
        builder: Any = self
        forget_entries(builder.indexer, builder.env.all_docs)
        if self._index is not None:
            builder.indexer = self._index
            take_out(self._index, set(builder.env.all_docs).difference(docnames))
            return
        builder.indexer.lang = Stems(builder.indexer.lang)
        super().load_indexer(docnames)  # type: ignore[misc]
        if self._paths is not None:
            self._index = with_objects_kept(builder.indexer, lambda: domain_of(builder.env).contributions.same)

    def dump_inventory(self) -> None:
        """Write the inventory, unless the last build has written the same."""
        builder: Any = self
        is_there = self._has_inventory and (Path(builder.outdir) / INVENTORY_FILENAME).is_file()
        if not (is_there and domain_of(builder.env).contributions.same):
            super().dump_inventory()  # type: ignore[misc]
            self._has_inventory = self._paths is not None

    def render_partial(self, node: nodes.Node | None) -> dict[str, str]:
        """Render each title once: every page shows those before it, behind it and above it."""
        if not isinstance(node, nodes.title):
            return super().render_partial(node)  # type: ignore[misc, no-any-return]
        key = str(node)
        if key not in self._titles:
            # Sphinx 8 hands out one dictionary for all of them. And it makes a document around each title; round a
            # title of the environment, that would stay with it.
            self._titles[key] = dict(super().render_partial(node.deepcopy()))  # type: ignore[misc]
        return self._titles[key]

    def get_outdated_docs(self) -> Iterator[str]:
        """Return what Sphinx takes for outdated, and remember it."""
        builder: Any = self
        if self._has_pages:
            # All pages were written in this process: what is not marked to be read again is as it was.
            known = builder.env.all_docs
            self._outdated = frozenset(name for name in builder.env.found_docs if not known.get(name))
        else:
            self._outdated = frozenset(super().get_outdated_docs())  # type: ignore[misc]
        yield from sorted(self._outdated)

    def finish(self) -> None:
        """Do what follows the pages."""
        super().finish()  # type: ignore[misc]
        self._has_pages = self._paths is not None

    def get_output_path(self, page_name: str, /) -> Path:
        """Return a path that writes only what changed."""
        path = self._paths.get(page_name) if self._paths is not None else None
        if path is None:
            path = _Page(super().get_output_path(page_name))  # type: ignore[misc]
            if self._paths is not None:
                self._paths[page_name] = path
        path.outdated = page_name in self._outdated
        return path


class CarefulHTMLBuilder(Careful, StandaloneHTMLBuilder):
    """Sphinx's ``html``, which leaves pages alone whose text is the same."""


class CarefulDirectoryHTMLBuilder(Careful, DirectoryHTMLBuilder):
    """Sphinx's ``dirhtml``, which leaves pages alone whose text is the same."""


def read_manifest(outdir: Path) -> dict[str, str]:
    """Return the files that the last build made, with the digest of what pages show of others."""
    try:
        lines = (outdir / MANIFEST).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    return {path: digest for digest, _, path in (line.partition(" ") for line in lines)}


def _write_manifest(outdir: Path, made: dict[str, str]) -> None:
    content = "".join(f"{digest or '-'} {path}\n" for path, digest in sorted(made.items()))
    path = outdir / MANIFEST
    if not path.is_file() or path.read_text("utf-8", "replace") != content:
        unfinished = path.with_name(MANIFEST + ".new")
        unfinished.write_text(content, "utf-8")
        unfinished.replace(path)


class Outputs:
    """The handlers of one application; the digests computed before writing are kept until it is done."""

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}
        self._freshness: Freshness | None = None
        self._known: dict[str, str] = {}
        self._paths: dict[str, str] = {}

    def find_stale(self, app: Sphinx, env: BuildEnvironment) -> list[str]:
        """Return the documents whose pages show something of others that has changed."""
        if not isinstance(app.builder, Careful):
            return []
        contributions = domain_of(env).contributions
        if self._freshness is None or not contributions.same:
            self._freshness = Freshness(env)
        self._freshness.forget(contributions.read)
        docnames = sorted(env.found_docs & set(env.all_docs))
        self.digests = {docname: self._freshness.digest(docname) for docname in docnames}
        self._known = read_manifest(Path(app.outdir))
        stale = (docname for docname, digest in self.digests.items() if self._recorded(app, docname) != digest)
        return list(stale)

    def _recorded(self, app: Sphinx, docname: str) -> str | None:
        return self._known.get(self._path(app, docname))

    def _path(self, app: Sphinx, docname: str) -> str:
        """Return where the page of a document is in the output, which is the same in every build."""
        if docname not in self._paths:
            builder: Any = app.builder
            self._paths[docname] = builder.get_output_path(docname).relative_to(app.outdir).as_posix()
        return self._paths[docname]

    def finish(self, app: Sphinx, exception: Exception | None) -> None:
        """Delete what this build no longer makes, and write down what it made."""
        if exception is not None or not isinstance(app.builder, Careful):
            return
        outdir = Path(app.outdir)
        made = dict(self._made(app))
        for path in sorted(self._known.keys() - made.keys()):
            _delete(outdir, path)
        _write_manifest(outdir, made)

    def _made(self, app: Sphinx) -> Iterator[tuple[str, str]]:
        builder: Any = app.builder
        with_source = builder.copysource and app.config.html_copy_source
        for docname, digest in self.digests.items():
            yield self._path(app, docname), digest
            if with_source:
                suffix = str(app.env.doc2path(docname, False))[len(docname) :]
                ending = app.config.html_sourcelink_suffix
                yield f"_sources/{docname}{suffix}{'' if suffix == ending else ending}", ""
        for _docnames, name in app.env.images.values():
            yield f"_images/{name}", ""
        for _docnames, dest in app.env.dlfiles.values():
            yield f"_downloads/{Path(dest).as_posix()}", ""
        for name in published(domain_of(app.env)):
            yield name, ""


def _delete(outdir: Path, path: str) -> None:
    """Delete one file of an earlier build, and the directories that it leaves empty."""
    file = outdir / path
    if not file.resolve().is_relative_to(outdir.resolve()):
        return
    try:
        file.unlink(missing_ok=True)
        for directory in file.parents:
            if directory == outdir or any(directory.iterdir()):
                break
            directory.rmdir()
    except OSError:
        # Someone else's file in the way, or none at all: the output is complete without it.
        return


def setup_outputs(app: Sphinx) -> None:
    """Replace the two HTML builders, and connect the rest."""
    app.add_builder(CarefulHTMLBuilder, override=True)
    app.add_builder(CarefulDirectoryHTMLBuilder, override=True)
    outputs = Outputs()
    app.connect("env-updated", outputs.find_stale, priority=700)
    app.connect("build-finished", outputs.finish, priority=900)
