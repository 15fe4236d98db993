"""The domain ``expt``: what each document holds, and where a reference leads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar, cast

from docutils import nodes
from sphinx.domains import Domain, ObjType
from sphinx.util.nodes import make_refnode

from exptdir.record.check import status
from exptdir.record.model import Experiment, Record
from exptdir.record.reference import Kind, Resolution, Unresolved, nearest, resolve
from exptdir.sphinxext.config import Settings
from exptdir.sphinxext.data import Asset, Cite, Entry, Listing, Page, Run, Trouble
from exptdir.sphinxext.roles import ROLES
from exptdir.sphinxext.runs import RunDirective

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

T = TypeVar("T")


class Place(NamedTuple):
    """Where a reference leads: the document and anchor, what is shown, and the tooltip."""

    docname: str
    anchor: str
    text: str
    tooltip: str
    kind: Kind
    experiment: Experiment


class ExptDomain(Domain):
    """Experiments, entries and runs as objects of Sphinx.

    All data are maps keyed by document name; what is derived from them (who cites whom, which entry follows
    which) is computed where it is needed. *record* is the result of this build's scan, *settings* are its
    validated options; neither is pickled, nor are the *backlinks*, which are computed when all is read.
    """

    name = "expt"
    label = "Experiment"
    object_types: ClassVar[dict[str, ObjType]] = {
        "experiment": ObjType("experiment", "experiment", "expt", "builds-on"),
        "entry": ObjType("entry", "entry", "expt", "builds-on"),
        "run": ObjType("run", "run", "expt", "builds-on"),
    }
    roles = ROLES
    directives: ClassVar[dict[str, Any]] = {"run": RunDirective}
    initial_data: ClassVar[dict[str, dict[str, Any]]] = {
        "pages": {},
        "entries": {},
        "runs": {},
        "cites": {},
        "assets": {},
        "troubles": {},
        "listings": {},
        "labels": {},
        "xrefs": {},
    }
    data_version = 1

    record: Record
    settings: Settings
    #: For each experiment's key, the references that lead to it, and the documents that they stand in.
    backlinks: dict[str, list[tuple[str, Cite]]]

    def _map(self, name: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self.data[name])

    @property
    def pages(self) -> dict[str, Page]:
        """Experiments' pages by document."""
        return self._map("pages")

    @property
    def entries(self) -> dict[str, list[Entry]]:
        """Entries by document, in file order."""
        return self._map("entries")

    @property
    def runs(self) -> dict[str, list[Run]]:
        """Runs by document."""
        return self._map("runs")

    @property
    def cites(self) -> dict[str, list[Cite]]:
        """References by the document that they stand in."""
        return self._map("cites")

    @property
    def assets(self) -> dict[str, list[Asset]]:
        """Files that could not be shown, by document."""
        return self._map("assets")

    @property
    def troubles(self) -> dict[str, list[Trouble]]:
        """Problems inside documents."""
        return self._map("troubles")

    @property
    def listings(self) -> dict[str, Listing]:
        """What each document lists, by its author's doing and without."""
        return self._map("listings")

    @property
    def labels(self) -> dict[str, dict[str, Any]]:
        """Labels and citations that each document defines, those that another one overrides included."""
        return self._map("labels")

    @property
    def xrefs(self) -> dict[str, list[tuple[str, str, str]]]:
        """References of other domains, as (domain, type, target), by document."""
        return self._map("xrefs")

    def note_trouble(self, docname: str, kind: str, message: str, line: int | None = None) -> None:
        """Remember a problem of a document, to be reported at the end of reading, now and in later builds."""
        self.troubles.setdefault(docname, []).append(Trouble(kind, message, line))

    def clear_doc(self, docname: str) -> None:
        """Forget a document that is read again or gone."""
        for per_document in self.data.values():
            if isinstance(per_document, dict):
                per_document.pop(docname, None)

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Take over what another process read."""
        for name, per_document in otherdata.items():
            if isinstance(per_document, dict):
                self._map(name).update({doc: per_document[doc] for doc in docnames if doc in per_document})

    def has_run(self, experiment: Experiment, name: str) -> bool:
        """Say whether an experiment has a run of that name."""
        return any(run.name == name for run in self.runs.get(experiment.docname, ()))

    def locate(self, text: str, docname: str, kind: Kind | None = None) -> Place | Unresolved:
        """Say where the reference *text* on the page *docname* leads.

        Parameters
        ----------
        text
            The reference as typed.
        docname
            The document that it stands in.
        kind
            The only kind that will do, for the typed roles.
        """
        here = self.record.around(docname)
        found = resolve(self.record, text, here, self.has_run, kind)
        if isinstance(found, Unresolved):
            return found
        if found.experiment.docname not in self.env.all_docs:
            return Unresolved(f"the log of {found.experiment.label()} is not part of this build")
        finders = {"entry": self._entry, "run": self._run, "label": self._label}
        finder = finders.get(found.kind, self._experiment)
        return finder(found, here is not None and here.key == found.experiment.key)

    def tooltip(self, experiment: Experiment) -> str:
        """Title and status of an experiment, as links to it carry them."""
        state = status(self.record, experiment, self.settings.statuses)
        title = self.heading(experiment)
        return f"{title} ({state})" if state else title

    def heading(self, experiment: Experiment) -> str:
        """Title of an experiment: the fact, or else the heading of its page."""
        page = self.pages.get(experiment.docname)
        return experiment.title or (page.heading if page else "") or experiment.name

    def shown(self, experiment: Experiment) -> str:
        """What a reference to an experiment shows."""
        return experiment.label(self.settings.ref_format)

    def _experiment(self, found: Resolution, _own: bool) -> Place:
        target = found.experiment
        return Place(target.docname, "", self.shown(target), self.tooltip(target), "experiment", target)

    def _entry(self, found: Resolution, own: bool) -> Place | Unresolved:
        target = found.experiment
        entries = self.entries.get(target.docname, [])
        day = found.date.isoformat() if found.date else ""
        entry = next((entry for entry in entries if (entry.day, entry.n) == (day, found.n)), None)
        if entry is None:
            days = sorted({entry.day for entry in entries}, key=lambda other: (_distance(other, day), other))
            near = tuple(f"{target.address}@{other}" for other in days[:3])
            wanted = day + (f".{found.n}" if found.n > 1 else "")
            hint = f"; nearest: {', '.join(near)}" if near else ""
            return Unresolved(f"{target.label()} has no entry {wanted}{hint}", near)
        written = entry.written + (f" ({entry.n})" if entry.n > 1 else "")
        text = written if own else f"{target.label()}, {written}"
        tooltip = f"{self.tooltip(target)}: {entry.title}" if entry.title else self.tooltip(target)
        return Place(target.docname, entry.anchor, text, tooltip, "entry", target)

    def _run(self, found: Resolution, own: bool) -> Place:
        target = found.experiment
        run = next(run for run in self.runs[target.docname] if run.name == found.run)
        text = run.name if own else f"{target.label()}/{run.name}"
        return Place(target.docname, run.anchor, text, self.tooltip(target), "run", target)

    def _label(self, found: Resolution, own: bool) -> Place | Unresolved:
        target, label = found.experiment, found.label or ""
        standard = self.env.domains.standard_domain
        name = nodes.fully_normalize_name(label)
        docname, anchor = standard.anonlabels.get(name, ("", ""))
        if docname != target.docname:
            return Unresolved(f"{target.label()} has no label {label!r}")
        title = standard.labels.get(name, ("", "", label))[2]
        text = title if own else f"{target.label()}: {title}"
        return Place(docname, anchor, text, self.tooltip(target), "label", target)

    def link(self, place: Place, builder: Builder, docname: str, content: nodes.Node) -> Element:
        """Make the reference node from *docname* to *place*.

        Raises
        ------
        sphinx.errors.NoUri
            If the builder does not show that document.
        """
        node = make_refnode(builder, docname, place.docname, place.anchor, content, place.tooltip)
        node["classes"] += ["exptdir-ref", f"exptdir-ref-{place.kind}"]
        return node

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> nodes.reference | None:
        """Resolve a reference; ``None`` leaves it to intersphinx, and then to the mark for missing ones."""
        place = self.locate(target, node.get("refdoc", fromdocname), forced_kind(typ))
        if isinstance(place, Unresolved):
            return None
        if not node.get("refexplicit"):
            contnode = nodes.inline(place.text, place.text, classes=contnode["classes"])
        if node.get("exptdir_plain"):
            return cast("nodes.reference", contnode)
        return cast("nodes.reference", self.link(place, builder, fromdocname, contnode))

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> list[tuple[str, nodes.reference]]:
        """Resolve ``any`` and MyST's ``[](#63)``."""
        place = self.locate(target, node.get("refdoc", fromdocname))
        if isinstance(place, Unresolved) or place.kind == "label":
            return []
        if not node.get("refexplicit"):
            contnode = nodes.inline(place.text, place.text)
        found = self.link(place, builder, fromdocname, contnode)
        return [(f"expt:{place.kind}", cast("nodes.reference", found))]

    def get_objects(self) -> Iterable[tuple[str, str, str, str, str, int]]:
        """Yield experiments, entries and runs for ``objects.inv`` and for the search."""
        for docname in self.pages:
            experiment = self.record.by_docname.get(docname)
            if experiment is not None:
                yield from self._objects(experiment)

    def _objects(self, experiment: Experiment) -> Iterator[tuple[str, str, str, str, str, int]]:
        address, docname = experiment.address, experiment.docname
        title = f"{experiment.label()}: {self.heading(experiment)}"
        yield address, title, "experiment", docname, "", 1
        for entry in self.entries.get(docname, ()):
            number = f".{entry.n}" if entry.n > 1 else ""
            shown = f"{experiment.label()}, {entry.written}: {entry.title}".rstrip(": ")
            yield f"{address}@{entry.day}{number}", shown, "entry", docname, entry.anchor, 1
        for run in self.runs.get(docname, ()):
            shown = f"{experiment.label()}/{run.name}"
            yield f"{address}/{run.name}", shown, "run", docname, run.anchor, 1

    def candidates(self, text: str) -> tuple[str, ...]:
        """Return references that exist and look like *text*."""
        return nearest(self.record, text)


def forced_kind(typ: str) -> Kind | None:
    """Return the kind that a role insists on, ``None`` for those that take any."""
    return cast("Kind", typ) if typ in {"experiment", "entry", "run"} else None


def _distance(day: str, other: str) -> int:
    return abs(int(day.replace("-", "")) - int(other.replace("-", "")))


def domain_of(env: BuildEnvironment) -> ExptDomain:
    """Return the domain of an environment."""
    return cast("ExptDomain", env.domains["expt"])
