"""The directive ``expt-figures``: all figures of the record, since people look for a picture, not a title."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.images import guess_mimetype

from exptdir.record.dates import parse_date
from exptdir.record.reference import Unresolved
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.figures.provenance import origins_of
from exptdir.sphinxext.journal.selection import CollectionDirective
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import Collection, link
from exptdir.sphinxext.store import ShownFigure
from exptdir.sphinxext.warnings_ import warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from exptdir.record.model import Experiment

#: How wide a thumbnail is where no style sheet says so.
_WIDTH = "33%"


class Thumbnail(NamedTuple):
    """One figure of an index: its files, where it stands, the experiment's label, its day, what it is called, and what
    is wrong with it; one that could not be drawn has no place of its own.
    """

    paths: tuple[str, ...]
    docname: str
    anchor: str
    label: str
    day: str
    caption: str
    mark: str = ""
    missing: bool = False

    @property
    def text(self) -> str:
        """What stands below the picture."""
        place = f"{self.label}, {self.day}" if self.day else self.label
        return f"{place}: {self.caption}"


@dataclass(frozen=True)
class FigureIndex(Collection):
    """An index of figures in a document: what it is limited to, as its author wrote it.

    *after* and *before* are ISO days or empty; a *limit* of 0 is none.
    """

    experiments: tuple[str, ...]
    tags: tuple[str, ...]
    after: str
    before: str
    limit: int
    line: int | None
    # Pictures are found by a transform.
    resolved = False

    def shown(self, domain: ExptDomain, docname: str) -> list[Thumbnail]:
        """Return the figures."""
        return thumbnails(domain, docname, self)

    def render(self, domain: ExptDomain, docname: str, shown: list[Thumbnail]) -> list[nodes.Node]:
        """Return a list with a picture and a line for each figure."""
        if not shown:
            none = nodes.paragraph("", _("There are no such figures."), classes=["exptdir-figure-none"])
            return [nodes.container("", none, classes=["exptdir-figure-index"])]
        items = nodes.bullet_list()
        for thumbnail in shown:
            text = link(domain, thumbnail.docname, thumbnail.anchor, nodes.Text(thumbnail.text))
            item = nodes.list_item("", nodes.paragraph("", "", text))
            if not thumbnail.missing:
                image = thumbnail_image(domain, thumbnail.paths, thumbnail.caption)
                item.insert(0, nodes.paragraph("", "", link(domain, thumbnail.docname, thumbnail.anchor, image)))
            if thumbnail.mark:
                item += nodes.paragraph("", thumbnail.mark, classes=["exptdir-figure-mark"])
            items += item
        return [nodes.container("", items, classes=["exptdir-figure-index"])]


def thumbnail_image(domain: ExptDomain, paths: tuple[str, ...], alt: str) -> nodes.image:
    """Return the image of a figure whose files are *paths*, small where no style sheet says how large."""
    image = nodes.image(alt=alt, uri=paths[0], loading="lazy")
    # As Sphinx's writers choose among several.
    kinds = {guess_mimetype(path) or f"image/x-{path.rpartition('.')[2]}": path for path in paths}
    image["candidates"] = {"*": paths[0]} if len(paths) == 1 else kinds
    if domain.builder.format != "html":
        image["width"] = _WIDTH
    return image


def thumbnails(domain: ExptDomain, docname: str, index: FigureIndex) -> list[Thumbnail]:
    """Return the figures that an index in a document shows, the newest first, when all documents are read."""
    places = (domain.locate(text, docname, "experiment") for text in index.experiments)
    named = {place.experiment.key for place in places if not isinstance(place, Unresolved)}
    found: list[tuple[str, Any, Experiment, str, ShownFigure]] = []
    marks: dict[int, str] = {}
    for page, figures in sorted(domain.figures.items()):
        owner = domain.record.around(page)
        if owner is None:
            continue
        # An experiment stands for those nested in it as well.
        above = (owner.key, *(experiment.key for experiment in domain.record.ancestors(owner)))
        if index.experiments and named.isdisjoint(above):
            continue
        if index.tags and not set(index.tags).intersection(owner.tags):
            continue
        begun = owner.begun.isoformat() if owner.begun is not None else ""
        # What is not there is of interest where a script should draw it.
        origins = origins_of(domain, page)
        marked = {id(figure): origin.mark for figure, origin in zip(figures, origins, strict=False) if origin}
        marks |= marked
        dated = ((figure.day or begun, figure) for figure in figures if not figure.missing or id(figure) in marked)
        # A day is wanted from the first that was asked for on, and before the last.
        within = ((day, figure) for day, figure in dated if day or not (index.after or index.before))
        within = ((day, figure) for day, figure in within if index.after <= day and not (day >= index.before > ""))
        found += [(day, owner.id or -1, owner, page, figure) for day, figure in within]
    # Sorting keeps the order of equals, so that what was written last stays last within its day.
    found.sort(key=lambda item: item[2].order)
    found.sort(key=lambda item: (item[0], item[1]), reverse=True)
    first = {figure.paths: (day, owner, page, figure) for day, _id, owner, page, figure in reversed(found)}
    shown = []
    for item in found:
        day, owner, page, figure = first[item[4].paths]
        if figure is not item[4]:
            continue
        caption = ""
        for text, is_reference in figure.caption:
            place = domain.locate(text, page) if is_reference else None
            caption += text if place is None or isinstance(place, Unresolved) else place.text
        label, mark = domain.shown(owner), marks.get(id(figure), "")
        shown.append(Thumbnail(figure.paths, page, figure.anchor, label, day, caption.strip(), mark, figure.missing))
    # Those that could not be drawn come last.
    shown.sort(key=lambda thumbnail: thumbnail.missing)
    return shown[: index.limit] if index.limit else shown


class FiguresDirective(CollectionDirective):
    """``.. expt-figures::``: the figures of the record."""

    option_spec: ClassVar[dict[str, Any]] = dict.fromkeys(
        ("experiment", "tag", "after", "before", "limit"), directives.unchanged_required
    )

    def collection(self) -> FigureIndex:
        """Return the index that is asked for."""
        limit, experiments, tags = self.number("limit"), tuple(self.words("experiment")), tuple(self.words("tag"))
        return FigureIndex(experiments, tags, self.day("after"), self.day("before"), limit, self.lineno)

    def day(self, option: str) -> str:
        """Return the day that an option names, in ISO's form."""
        text = str(self.options.get(option) or "")
        day = parse_date(text)
        if text and day is None:
            self.trouble(f"{option} is not a date such as 2024-05-21: {text!r}; it does not count")
        return day.isoformat() if day is not None else ""


def report_unknown(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Warn of experiments that an index asks for and that are not there."""
    domain = domain_of(env)
    for docname, collections in sorted(domain.collections.items()):
        for index in collections:
            for text in getattr(index, "experiments", ()):
                place = domain.locate(text, docname, "experiment")
                if isinstance(place, Unresolved):
                    warn("ref", f"reference to nothing: {place.message}", location=(docname, index.line))
    return []


def setup_figure_index(app: Sphinx) -> None:
    """Register the directive and its warnings."""
    app.add_directive("expt-figures", FiguresDirective)
    app.connect("env-updated", report_unknown, priority=900)
