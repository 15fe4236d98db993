"""The figures of each document: noted when it is read, enlarged, with dark twins, and with downloads below them."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from exptdir.figures.model import dark_path
from exptdir.sphinxext.assets import MISSING
from exptdir.sphinxext.conditions import conditions_of
from exptdir.sphinxext.config import settings_of
from exptdir.sphinxext.doctree import all_nodes, ancestors
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.figures.index import FigureIndex
from exptdir.sphinxext.figures.provenance import figure_origin, origins_of
from exptdir.sphinxext.language import add_words
from exptdir.sphinxext.pages import copies
from exptdir.sphinxext.store import ShownFigure

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: Class of the images that can be enlarged.
ENLARGED = "exptdir-figure"
#: Class by which an author wants nothing below a figure.
UNEXPLAINED = "no-provenance"
#: What can hold blocks of any kind; what else is around an image is part of the block that it stands in.
_HOLDERS = (
    nodes.document,
    nodes.section,
    nodes.container,
    nodes.compound,
    nodes.list_item,
    nodes.definition,
    nodes.field_body,
    nodes.entry,
    nodes.block_quote,
    nodes.Admonition,
    nodes.sidebar,
    nodes.topic,
    nodes.legend,
    nodes.footnote,
    addnodes.only,
)


class _Notes:
    """Notes the figures of one document."""

    def __init__(self, env: BuildEnvironment, doctree: nodes.document) -> None:
        self.env = env
        self.doctree = doctree
        self.docname = env.docname
        self.domain = domain_of(env)
        self.days = {entry.anchor: entry.day for entry in self.domain.entries.get(self.docname, ())}
        self.found: list[ShownFigure] = []

    def note(self, node: nodes.Element) -> None:
        """Note one image, and reserve the place below it."""
        missing = MISSING in node
        kinds = {"": node[MISSING]} if missing else node["candidates"]
        # "loss.*" is loss.csv for Sphinx, too, which it calls "image/x-csv".
        found = (path for kind, path in sorted(kinds.items()) if kind != "?" and not kind.startswith("image/x-"))
        # What lies elsewhere is nobody's figure.
        paths = tuple(path for path in found if not path.startswith(("/", "../")))
        above = list(ancestors(node))
        if not paths or any(isinstance(parent, nodes.substitution_definition) for parent in above):
            return
        figure = next((parent for parent in above if isinstance(parent, nodes.figure)), None)
        classes = {name for part in (node, figure) if part is not None for name in part["classes"]}
        # What is a mere sign within a text, or a link to something else, is not enlarged.
        alone = not isinstance(node.parent, nodes.TextElement) or (
            isinstance(node.parent, nodes.paragraph) and len(node.parent.children) == 1
        )
        enlarged = not missing and alone
        if enlarged:
            node["classes"].append(ENLARGED)
        shown = ShownFigure(
            paths=paths,
            anchor="" if missing else self._anchor(node, figure, paths[0]),
            caption=_caption(node, figure, paths[0]),
            day=next((self.days[anchor] for parent in above for anchor in parent["ids"] if anchor in self.days), None),
            explained=UNEXPLAINED not in classes,
            enlarged=enlarged,
            dark=_has_twin(self.env, paths),
            missing=missing,
            conditions=conditions_of(node),
        )
        if shown.dark:
            for twin in twins(paths):
                self.env.note_dependency(twin)
                self.env.images.add_file(self.docname, twin)
        origin = figure_origin(docname=self.docname, number=len(self.found))
        self.found.append(shown)
        if isinstance(node, nodes.container):
            node += origin
            return
        # Below the block that the image stands in, be it the figure, the paragraph or the image itself.
        holder = next(parent for parent in above if isinstance(parent, _HOLDERS))
        at = above.index(holder)
        position = holder.index(above[at - 1] if at else node) + 1
        while position < len(holder) and isinstance(holder[position], figure_origin):
            position += 1
        holder.insert(position, origin)

    def _anchor(self, node: nodes.Element, figure: nodes.Element | None, path: str) -> str:
        """Give the image an anchor that others can refer to."""
        base = "figure-" + (nodes.make_id(posixpath.basename(path)) or "image")
        anchor, number = base, 1
        while anchor in self.doctree.ids:
            number += 1
            anchor = f"{base}-{number}"
        if figure is not None:
            # Numbers of figures go by the first of their ids.
            figure["ids"].append(anchor)
            self.doctree.ids[anchor] = figure
            return anchor
        shown = node.parent if isinstance(node.parent, nodes.reference) else node
        target = nodes.target("", "", ids=[anchor])
        shown.parent.insert(shown.parent.index(shown), target)
        self.doctree.ids[anchor] = target
        return anchor


def _caption(node: nodes.Element, figure: nodes.Element | None, path: str) -> tuple[tuple[str, bool], ...]:
    """Return what a figure is called, in pieces, of which those marked by True are references."""
    caption = next((part for part in figure or () if isinstance(part, nodes.caption)), None)
    if caption is not None:
        return tuple(_pieces(caption))
    alt = " ".join(str(node.get("alt", "")).split())
    return ((alt or posixpath.basename(path), False),)


def _pieces(node: nodes.Node) -> Iterator[tuple[str, bool]]:
    if isinstance(node, nodes.Text):
        yield node.astext().replace("\n", " "), False
    elif isinstance(node, addnodes.pending_xref) and node.get("refdomain") == "expt" and not node.get("refexplicit"):
        yield str(node["reftarget"]), True
    else:
        for child in node.children:
            yield from _pieces(child)


def twins(paths: tuple[str, ...]) -> list[str]:
    """Return the files that take the place of SVGs in the dark scheme, whether or not they are there."""
    return [dark_path(path) for path in paths if path.endswith(".svg")]


def _has_twin(env: BuildEnvironment, paths: tuple[str, ...]) -> bool:
    found = twins(paths)
    reports = domain_of(env).figure_state.report.figures
    # What somebody changed by hand is what the reader sees, in the dark scheme as well.
    edited = any(path in reports and reports[path].state == "edited" for path in paths)
    wanted = settings_of(env.config).plot_dark and bool(found) and not edited
    return wanted and all(os.path.isfile(Path(env.srcdir, twin)) for twin in found)


def note_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Note the figures of a document that was just read."""
    elements = (node for node in all_nodes(doctree) if isinstance(node, nodes.Element))
    found = [node for node in elements if isinstance(node, nodes.image) or MISSING in node]
    if not found:
        return
    notes = _Notes(app.env, doctree)
    for node in found:
        notes.note(node)
    if notes.found:
        notes.domain.figures[notes.docname] = notes.found


def changed_twins(app: Sphinx, env: BuildEnvironment, *changes: Any) -> list[str]:
    """Have documents read again whose figures have got a twin for the dark scheme, or lost it."""
    return [
        docname
        for docname, figures in domain_of(env).figures.items()
        if docname in env.found_docs and any(figure.dark != _has_twin(env, figure.paths) for figure in figures)
    ]


def register_downloads(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Register the files for this build; those of earlier builds are forgotten, but for the documents' own."""
    domain = domain_of(env)
    domain.figure_state.origins.clear()
    domain.figure_state.downloads.clear()
    for docname, paths in domain.figure_files.items():
        for path in paths:
            users = env.dlfiles[Path(path)][0] if Path(path) in env.dlfiles else set()
            users.discard(docname)
            if not users:
                env.dlfiles.pop(Path(path), None)
    domain.figure_files.clear()
    for docname in sorted(domain.figures):
        offer(env, domain, docname)
    return []


def offer(env: BuildEnvironment, domain: ExptDomain, docname: str) -> None:
    """Register the files of one document that was just read."""
    ours: list[str] = []
    offered: dict[str, bool] = {}
    for origin in filter(None, origins_of(domain, docname)):
        offered |= {origin.script: True} if origin.offered else {}
        offered |= {item.path: True for item in origin.inputs if item.offered}
    for path in offered:
        if Path(path) not in env.dlfiles or docname not in env.dlfiles[Path(path)][0]:
            ours.append(path)
        domain.figure_state.downloads[path] = Path(env.dlfiles.add_file(docname, path)).as_posix()
    if ours:
        domain.figure_files[docname] = ours


def enlarges(domain: ExptDomain, docname: str) -> bool:
    """Say whether a page has figures of an experiment that can be enlarged."""
    figures = domain.figures.get(docname, ())
    return any(figure.enlarged for figure in figures) and domain.record.around(docname) is not None


def figures_shown(domain: ExptDomain, docname: str) -> tuple[Any, ...]:
    """Return what a page shows of its figures beyond what its document says."""
    return (enlarges(domain, docname), origins_of(domain, docname)) if docname in domain.figures else ()


def add_assets(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Add to a page what its figures need."""
    domain = domain_of(app.env)
    docnames = sorted(domain.env.found_docs) if app.builder.name == "singlehtml" else [pagename]
    indexed = (one for name in docnames for one in domain.collections.get(name, ()) if isinstance(one, FigureIndex))
    copied = copies(domain, pagename, doctree, nodes.image)
    if copied or any(name in domain.figures for name in docnames) or any(indexed):
        app.add_css_file("exptdir-figures.css")
    large = any(ENLARGED in image["classes"] for image in copied) or any(enlarges(domain, name) for name in docnames)
    # Books and help files are no place for scripts.
    if large and not getattr(app.builder, "embedded", False):
        add_words(app)
        app.add_js_file("exptdir-figures.js", loading_method="defer")


#: Builders whose readers can have a dark scheme.
DARK_BUILDERS = frozenset({"html", "dirhtml", "singlehtml"})
#: Themes that have none, so that a dark figure would stand on a white page.
LIGHT_ONLY = frozenset({"agogo", "alabaster", "basic", "bizstyle", "classic", "default", "haiku", "nature", "nonav"})
LIGHT_ONLY |= {"pyramid", "scrolls", "sphinx_rtd_theme", "sphinxdoc", "traditional"}


class DarkFigures(SphinxPostTransform):
    """Puts the dark image behind the light one; the style sheet shows one of them."""

    # After Sphinx's image converters, which must not find the dark one.
    default_priority = 210
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Look at every image, if the theme has two schemes."""
        domain = domain_of(self.env)
        wanted = domain.settings.plot_dark and domain.builder.name in DARK_BUILDERS
        if not wanted or self.config.html_theme in LIGHT_ONLY:
            return
        for image in list(self.document.findall(nodes.image)):
            for twin in twins((str(image["uri"]),)):
                if twin in self.env.images:
                    # A link holds nothing but its image.
                    linked = isinstance(image.parent, nodes.reference) and len(image.parent) == 1
                    whole: nodes.Element = image.parent if linked else image
                    other = whole.deepcopy()
                    other["ids"], other["names"] = [], []
                    dark = next(other.findall(nodes.image))
                    dark["uri"], dark["candidates"] = twin, {"*": twin}
                    image["classes"] = [*image["classes"], "exptdir-light"]
                    dark["classes"] = [*dark["classes"], "exptdir-dark"]
                    whole.parent.insert(whole.parent.index(whole) + 1, other)


def setup_figure_notes(app: Sphinx) -> None:
    """Connect to reading, to its end and to the pages, and register the transform."""
    # When the files of images are known.
    app.connect("doctree-read", note_figures, priority=600)
    app.connect("env-get-outdated", changed_twins, priority=300)
    # Before pages are compared.
    app.connect("env-updated", register_downloads, priority=600)
    app.connect("html-page-context", add_assets)
    app.add_post_transform(DarkFigures)
