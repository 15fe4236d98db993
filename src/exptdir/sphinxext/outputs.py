"""The output directory: pages are written only if they change, and what is no longer made goes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Set
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.builders.dirhtml import DirectoryHTMLBuilder
from sphinx.builders.html import INVENTORY_FILENAME, StandaloneHTMLBuilder
from sphinx.util.inventory import InventoryFile
from sphinx.writers.html5 import HTML5Translator

from exptdir.record.files import read_or_none, write_if_changed
from exptdir.sphinxext.doctree import all_nodes
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.freshness import UNKNOWN, Freshness
from exptdir.sphinxext.journal.drafts import hides_source
from exptdir.sphinxext.tables.scripts import published

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.search import SearchLanguage

#: Lists what the last complete build made, and with which digest; in the output, for that is what it tells of.
MANIFEST = ".exptdir-outputs"
#: What stands there in place of a digest: of a copy of one of the author's files, and of a page that is no document.
COPY, OTHER = "+", "*"

#: So many words are remembered; more than people use, while of numbers there is no end.
_WORDS = 2**14


class Stems:
    """A search language that remembers the stems of words while all pages are written.

    Sphinx forgets them with each page, but a record says the same words again and again, and without this one second
    in seven of a build goes into their stems. All else is left to Sphinx's *language* of the search.
    """

    def __init__(self, language: SearchLanguage) -> None:
        self._language = language
        self.stem = lru_cache(_WORDS)(language.stem)

    def __getattr__(self, name: str) -> Any:
        """Return what the language has under that name."""
        return getattr(self._language, name)


def put(beside: Path, page: Path, *, touch: bool = False) -> None:
    """Move a file that was just made to its place, unless that holds the same already.

    With *touch* a file that stays gets today's time: Sphinx compares times, and a page left older than its source would
    be made again by every build.
    """
    # Where Sphinx could not write it, it has said so.
    with suppress(FileNotFoundError):
        if not page.is_file() or beside.read_bytes() != page.read_bytes():
            # A build that is killed leaves the page as it was, or as it is to be.
            beside.replace(page)
            return
        beside.unlink()
        if touch:
            os.utime(page)


class DiffingBuilder(StandaloneHTMLBuilder):
    """Sphinx's ``html``, which leaves pages alone whose text is the same.

    Sphinx rewrites each page that it renders again. Here it writes it beside its place, which only other bytes take.
    """

    _outdated: frozenset[str] = frozenset()
    #: Pages of this build that are no documents, as far as each build makes them, and copies of the author's files.
    other_pages: frozenset[Path] = frozenset()
    #: Whether all documents are written.
    writes_all = False
    copies: frozenset[str] = frozenset()
    #: What the inventory holds that this builder has written.
    _objects: list[list[tuple[Any, ...]]] | None = None

    def prepare_writing(self, docnames: Set[str]) -> None:
        """Forget what the last build left."""
        self.other_pages = frozenset()
        self.writes_all = docnames >= set(self.env.all_docs)
        super().prepare_writing(docnames)

    def load_indexer(self, docnames: Set[str]) -> None:
        """Have the search index that was just begun remember stems, and forget documents that are gone."""
        index: Any = self.indexer
        # Sphinx never does, and then cannot write the index: where it builds, it builds once. All indexes of an
        # environment share what documents have in the general index.
        entries: dict[str, Any] = getattr(index, "_index_entries", {})
        for docname in entries.keys() - self.env.all_docs.keys():
            del entries[docname]
        index.lang = Stems(index.lang)
        super().load_indexer(docnames)
        # Sphinx keeps the words of pages that no longer have them, each with an empty list.
        for words in (index._mapping, index._title_mapping):
            for word in [word for word, found in words.items() if not found]:
                del words[word]

    def render_partial(self, node: nodes.Node | None) -> dict[str, str]:
        """Render a title by itself where it is plain text: every page shows those before it, behind it and above it."""
        if isinstance(node, nodes.title):
            if "secnumber" not in node and all(isinstance(child, nodes.Text) for child in node.children):
                return {"title": node.astext().translate(HTML5Translator.special_characters)}
            # Sphinx makes a document around it; round a title of the environment, that would stay with it.
            node = node.deepcopy()
            for raw in list(node.findall(nodes.raw)):
                # HTML that an author writes in a heading is for that page alone.
                raw.parent.remove(raw)
        return super().render_partial(node)

    def get_outdated_docs(self) -> Iterator[str]:
        """Return what Sphinx takes for outdated, and remember it."""
        self._outdated = frozenset(super().get_outdated_docs())
        yield from sorted(self._outdated)

    def handle_page(self, pagename: str, addctx: dict[str, Any], *args: Any, **options: Any) -> None:
        """Write a page, unless its file holds the same already."""
        page = Path(options.pop("outfilename", None) or self.get_output_path(pagename))
        beside = page.with_name(f"{page.name}.new")
        super().handle_page(pagename, addctx, *args, outfilename=beside, **options)
        if pagename not in self.env.all_docs:
            self.other_pages |= {page}
        put(beside, page, touch=pagename in self._outdated)

    def gen_pages_from_extensions(self) -> None:
        """Have extensions make pages; they need not make all of them in every build, so none is ever taken for old."""
        known = self.other_pages
        super().gen_pages_from_extensions()
        self.other_pages = known

    def copy_assets(self) -> None:
        """Delete copies of the author's files that are gone, before those of the theme that they hid are copied."""
        copies = set()
        for option, below in (("html_static_path", Path("_static")), ("html_extra_path", Path())):
            for entry in map(Path(self.confdir).joinpath, self.config[option]):
                for file in [file for file in entry.rglob("*") if file.is_file()] if entry.is_dir() else [entry]:
                    name = below / (file.relative_to(entry) if file != entry else file.name)
                    # Sphinx fills in templates, and writes them without their mark.
                    copies.add(name.as_posix().removesuffix("_t").removesuffix(".jinja"))
        self.copies = frozenset(copies)
        outdir = Path(self.outdir)
        for path, mark in read_manifest(outdir).items():
            if mark == COPY and path not in copies:
                delete(outdir, path)
        super().copy_assets()

    def dump_inventory(self) -> None:
        """Write ``objects.inv``, unless it holds the same already."""
        inventory = Path(self.outdir, INVENTORY_FILENAME)
        # Packing it takes longer than to see that an edit in a preview has changed nothing of it.
        # A document that is read again has its objects behind all others.
        lasting = domain_of(self.env).scanner.lasting
        objects = [sorted(domain.get_objects()) for domain in self.env.domains.values()] if lasting else None
        if objects is None or objects != self._objects or not inventory.is_file():
            beside = inventory.with_name(INVENTORY_FILENAME + ".new")
            InventoryFile.dump(beside, self.env, self)
            put(beside, inventory)
            self._objects = objects


class DiffingDirectoryBuilder(DiffingBuilder, DirectoryHTMLBuilder):
    """Sphinx's ``dirhtml`` likewise."""


def page_address(app: Sphinx, docname: str) -> str:
    """Return the address of a document's page, relative to the output."""
    builder: Any = app.builder
    return Path(builder.get_output_path(docname)).relative_to(app.outdir).as_posix()


def read_manifest(outdir: Path) -> dict[str, str]:
    """Return the files that the last build made, with the digest of what pages show of others."""
    text = (read_or_none(outdir / MANIFEST) or b"").decode("utf-8", "surrogateescape")
    return {path: digest for digest, _, path in (line.partition(" ") for line in text.splitlines())}


class Outputs:
    """The handlers of one application; the digests computed before writing are kept until it is done."""

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._path = cache(page_address)

    def find_stale(self, app: Sphinx, env: BuildEnvironment) -> list[str]:
        """Return the documents whose pages show something of others that has changed."""
        if not isinstance(app.builder, DiffingBuilder):
            return []
        freshness = Freshness(env)
        docnames = sorted(env.found_docs & set(env.all_docs))
        self.digests = {docname: freshness.digest(docname) for docname in docnames}
        self._known = read_manifest(Path(app.outdir))
        domain = domain_of(env)
        domain.page_digests, domain.known_outputs, domain.written_beside = self.digests, self._known, {}
        domain.site_digest = freshness.site
        return [
            docname
            for docname, digest in self.digests.items()
            if digest == UNKNOWN or self._known.get(self._path(app, docname)) != digest
        ]

    def finish(self, app: Sphinx, exception: Exception | None) -> None:
        """Delete what this build no longer makes, and write down what it made."""
        if exception is not None or not isinstance(app.builder, DiffingBuilder):
            return
        outdir = Path(app.outdir)
        made = dict(self._made(app))
        if not app.builder.other_pages:
            # A preview that writes some pages ahead makes neither these nor copies.
            made.update({path: mark for path, mark in self._known.items() if mark in {COPY, OTHER}})
        for path in sorted(self._known.keys() - made.keys()):
            delete(outdir, path)
        lines = "".join(f"{digest or '-'} {path}\n" for path, digest in sorted(made.items()))
        write_if_changed(outdir / MANIFEST, lines.encode("utf-8", "surrogateescape"))

    def _made(self, app: Sphinx) -> Iterator[tuple[str, str]]:
        builder: Any = app.builder
        with_source = builder.copysource and app.config.html_copy_source
        for docname, digest in self.digests.items():
            yield self._path(app, docname), digest
            if with_source and not hides_source(domain_of(app.env), docname):
                suffix = str(app.env.doc2path(docname, False))[len(docname) :]
                ending = app.config.html_sourcelink_suffix
                yield f"_sources/{docname}{suffix}{'' if suffix == ending else ending}", ""
        spare = unused_formats(builder)
        for path, (docnames, name) in app.env.images.items():
            if not docnames <= spare.get(path, set()):
                yield f"_images/{name}", ""
        for _docnames, dest in app.env.dlfiles.values():
            yield f"_downloads/{Path(dest).as_posix()}", ""
        for name in published(domain_of(app.env)):
            yield name, ""
        yield from domain_of(app.env).written_beside.items()
        for page in builder.other_pages:
            yield page.relative_to(app.outdir).as_posix(), OTHER
        for name in builder.copies:
            yield name, COPY


def unused_formats(builder: Any) -> dict[str, set[str]]:
    """Return the images that a document names by ``loss.*`` and shows in another format, each with such documents."""
    found: dict[str, set[str]] = {}
    for docname, answers in domain_of(builder.env).read_with.items():
        if not any(kind == "pattern" for kind, _ in answers):
            continue
        candidates, shown = set[str](), set[str]()
        for node in all_nodes(builder.env.get_doctree(docname)):
            if isinstance(node, nodes.image):
                formats: dict[str, str] = node.get("candidates", {})
                candidates.update(formats.values())
                chosen = (formats[kind] for kind in builder.supported_image_types if kind in formats)
                shown.add(next(chosen, node["uri"]))
        for path in candidates - shown:
            found.setdefault(path, set()).add(docname)
    return found


def delete(outdir: Path, path: str) -> None:
    """Delete one file of an earlier build, and the directories that it leaves empty."""
    file = outdir / path
    if not file.resolve().is_relative_to(outdir.resolve()):
        return
    # Someone else's file may be in the way, or none at all: the output is complete without it.
    with suppress(OSError):
        file.unlink(missing_ok=True)
        for directory in file.parents:
            if directory == outdir or any(directory.iterdir()):
                break
            directory.rmdir()


def setup_outputs(app: Sphinx) -> None:
    """Replace the two HTML builders, and connect the rest."""
    app.add_builder(DiffingBuilder, override=True)
    app.add_builder(DiffingDirectoryBuilder, override=True)
    outputs = Outputs()
    app.connect("env-updated", outputs.find_stale, priority=700)
    app.connect("build-finished", outputs.finish, priority=900)
