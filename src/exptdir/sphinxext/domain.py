"""The domain ``expt``: what each document holds, and where a reference leads.

With the roles that make references, all of which leave their resolution to the domain, and the directive that describes
a run, so that references reach it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from docutils import nodes
from docutils.nodes import Node, system_message
from docutils.parsers.rst import directives as rst_directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains import ObjType
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from exptdir.record.check import status
from exptdir.record.model import Experiment, Record
from exptdir.record.reference import Kind, Resolution, Unresolved, resolve
from exptdir.record.settings import Settings
from exptdir.sphinxext.language import _
from exptdir.sphinxext.store import Cite, Entry, FigureState, Run, Store

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.builders import Builder

    from exptdir.sphinxext.curves import CurveFigures
    from exptdir.sphinxext.record import Scanner

#: Emitted with the domain when an environment is made or loaded, before documents are looked for.
DOMAIN_READY = "exptdir-domain-ready"


def run_anchor(name: str) -> str:
    """Return the anchor of a run; any letter or digit stays, of whatever script."""
    return "run-" + re.sub(r"[^\w.@=+-]+", "-", name)


class RunDirective(SphinxDirective):
    """``.. expt:run:: 13-3``: names a run, and holds what there is to say about it."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, object]] = {"hidden": rst_directives.flag}  # type: ignore[assignment]

    def run(self) -> list[Node]:
        """Return a container with the run's name on top, which may be hidden."""
        name = " ".join(self.arguments[0].split())
        domain = cast("ExptDomain", self.env.domains["expt"])
        runs = domain.runs.setdefault(self.env.docname, [])
        if any(run.name == name for run in runs):
            domain.note_trouble(self.env.docname, "directive", f"run {name!r} is described twice", self.lineno)
        anchor = run_anchor(name)
        runs.append(Run(name, anchor))
        container = nodes.container(classes=["exptdir-run"])
        self.set_source_info(container)
        # Below the title "Run 3" the section itself may be called so.
        if self.state.document.ids.setdefault(anchor, container) is container:
            container["ids"].append(anchor)
        if "hidden" not in self.options:
            container += nodes.paragraph("", "", nodes.strong(name, name), classes=["exptdir-run-name"])
        container += self.parse_content_to_nodes()
        return [container]


_EXPLICIT_TITLE = re.compile(r"^(.+?)\s*<([^<>]*)>$", re.DOTALL)


class ExptRole(XRefRole):
    """A reference to an experiment, an entry or a run: ``:expt:`63` ``, ``{expt}`63@2024-06-28` ``."""

    nodeclass = addnodes.pending_xref
    innernodeclass = nodes.inline

    def process_link(
        self, env: BuildEnvironment, refnode: nodes.Element, has_explicit_title: bool, title: str, target: str
    ) -> tuple[str, str]:
        """Hand the bare role to the domain too, which Sphinx would look for among the standard ones."""
        refnode["refdomain"] = "expt"
        refnode["reftype"] = refnode["reftype"] or "expt"
        return super().process_link(env, refnode, has_explicit_title, title, target)

    def create_non_xref_node(self) -> tuple[list[Node], list[system_message]]:
        """Make ``!63`` show what a link would show, without the link."""
        self.title = self.target = self.text.removeprefix("!").strip()
        if match := _EXPLICIT_TITLE.match(self.target):
            return [nodes.inline(self.rawtext, match[1], classes=self.classes)], []
        found, messages = self.create_xref_node()
        for node in found:
            if isinstance(node, addnodes.pending_xref):
                node["exptdir_plain"] = True
        return found, messages


#: The roles of the domain by name; ``expt`` is also registered without the domain's name in front.
ROLES: dict[str, Any] = {name: ExptRole() for name in ("expt", "experiment", "entry", "run", "builds-on")}


def setup_roles(app: Sphinx) -> None:
    """Register the bare role."""
    app.add_role("expt", ExptRole())


#: Attribute of a reference that is shown on another page than its own: the document that it was typed in.
TYPED_IN = "exptdir_typed_in"


class Place(NamedTuple):
    """Where a reference leads: the document and anchor, what is shown, and the tooltip."""

    docname: str
    anchor: str
    text: str
    tooltip: str
    kind: Kind
    experiment: Experiment


class ExptDomain(Store):
    """Experiments, entries and runs as objects of Sphinx.

    *record* is the result of this build's scan, *settings* are its validated options, *builder* is what it builds
    with; none of these is pickled, nor are the *backlinks*, which are computed when all is read.
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
    record: Record
    settings: Settings
    builder: Builder
    #: For each experiment's key, the references that lead to it, and the documents that they stand in.
    backlinks: dict[str, list[tuple[str, Cite]]]
    #: The runs of each experiment, made when they are first asked for after reading.
    runs_by_key: dict[str, list[tuple[str, Run]]] | None = None
    #: What this build knows of figures, from before documents are looked at.
    figure_state: FigureState
    curve_figures: CurveFigures
    #: Scans the disk for this application.
    scanner: Scanner
    #: The page of each document that a part of a long log is shown on.
    page_of: dict[str, str] = {}  # noqa: RUF012 - replaced, never changed

    def setup(self) -> None:
        """Tell those who have something for each new environment."""
        super().setup()
        self.env.events.emit(DOMAIN_READY, self)

    def has_run(self, experiment: Experiment, name: str) -> bool:
        """Say whether an experiment has a run of that name."""
        return any(run.name == name for _docname, run in self.runs_of(experiment))

    def shown_by(self, docname: str) -> Experiment | None:
        """Return the experiment whose log a document is, or a part of it."""
        return self.record.by_docname.get(self.page_of.get(docname, docname))

    def entries_of(self, experiment: Experiment) -> list[tuple[str, Entry]]:
        """Return the entries of an experiment, each with its document."""
        parts = [part for part, page in self.page_of.items() if page == experiment.docname]
        return [(name, entry) for name in (experiment.docname, *parts) for entry in self.entries.get(name, ())]

    def runs_of(self, experiment: Experiment) -> list[tuple[str, Run]]:
        """Return the runs of an experiment, on its log and on other pages beside it, each with its document."""
        if self.runs_by_key is None:
            self.runs_by_key = {}
            for docname, runs in sorted(self.runs.items()):
                owner = self.record.around(docname)
                if owner is not None:
                    self.runs_by_key.setdefault(owner.key, []).extend((docname, run) for run in runs)
            for key, found in self.runs_by_key.items():
                # Where a run is described goes before where it is in a table.
                described = {run.name for _, run in found if not run.listed}
                self.runs_by_key[key] = [pair for pair in found if not (pair[1].listed and pair[1].name in described)]
        return self.runs_by_key.get(experiment.key, [])

    def locate(self, text: str, docname: str, kind: Kind | None = None) -> Place | Unresolved:
        """Say where the reference *text*, as typed on the page *docname*, leads.

        *kind* is the only one that will do, for the typed roles.
        """
        here = self.record.around(docname)
        if self.located is None:
            return self._locate(text, here, kind)
        key = text, "" if here is None else here.key, kind
        if key not in self.located:
            self.located[key] = self._locate(text, here, kind)
        found: Place | Unresolved = self.located[key]
        return found

    def _locate(self, text: str, here: Experiment | None, kind: Kind | None) -> Place | Unresolved:
        found = resolve(self.record, text, here, self.has_run, kind)
        if isinstance(found, Unresolved):
            return found
        if found.experiment.docname not in self.env.all_docs:
            return Unresolved(f"the log of {found.experiment.label()} is not part of this build")
        target, own = found.experiment, here is not None and here.key == found.experiment.key
        if found.kind == "entry":
            return self._entry(found, own)
        if found.kind == "label":
            return self._label(found, own)
        if found.kind == "run":
            page, run = next(pair for pair in self.runs_of(target) if pair[1].name == found.run)
            shown = run.name if own else f"{target.label()}/{run.name}"
            return Place(page, run.anchor, shown, self.tooltip(target), "run", target)
        return Place(target.docname, "", self.shown(target), self.tooltip(target), "experiment", target)

    def tooltip(self, experiment: Experiment) -> str:
        """Title and status of an experiment, as links to it carry them."""
        state = status(self.record, experiment, self.settings.statuses)
        title = self.heading(experiment)
        return f"{title} ({_('blocked') if state == 'blocked' else state})" if state else title

    def heading(self, experiment: Experiment) -> str:
        """Title of an experiment: the fact, or else the heading of its page, as Sphinx reads it."""
        page = self.pages.get(experiment.docname)
        return experiment.stated_title or (page.heading if page else "") or experiment.title or experiment.name

    def shown(self, experiment: Experiment) -> str:
        """What a reference to an experiment shows; of each of its entries it is asked for again."""
        made = self.once("shown", dict[str, str])
        if experiment.key not in made:
            made[experiment.key] = experiment.label(self.settings.ref_format, self.heading(experiment))
        return made[experiment.key]

    def _entry(self, found: Resolution, own: bool) -> Place | Unresolved:
        target = found.experiment
        entries = self.entries_of(target)
        day = found.date.isoformat() if found.date else ""
        docname, entry = next((pair for pair in entries if (pair[1].day, pair[1].n) == (day, found.n)), ("", None))
        if entry is None:
            days = {date.fromisoformat(entry.day) for _docname, entry in entries}
            nearest = sorted(days, key=lambda other: (abs(other - (found.date or other)), other))
            near = tuple(f"{target.address}@{other}" for other in nearest[:3])
            return Unresolved(f"{target.label()} has no entry {day}{f'.{found.n}' * (found.n > 1)}", lambda: near)
        written = entry.written + (f" ({entry.n})" if entry.n > 1 else "")
        text = written if own else f"{target.label()}, {written}"
        tooltip = f"{self.tooltip(target)}: {entry.title}" if entry.title else self.tooltip(target)
        return Place(docname, entry.anchor, text, tooltip, "entry", target)

    def _label(self, found: Resolution, own: bool) -> Place | Unresolved:
        target, label = found.experiment, found.label or ""
        standard = self.env.domains.standard_domain
        name = nodes.fully_normalize_name(label)
        docname, anchor = standard.anonlabels.get(name, ("", ""))
        if self.shown_by(docname) is not target:
            return Unresolved(f"{target.label()} has no label {label!r}")
        title = standard.labels.get(name, ("", "", label))[2]
        text = title if own else f"{target.label()}: {title}"
        return Place(docname, anchor, text, self.tooltip(target), "label", target)

    def link(self, place: Place, builder: Builder, docname: str, content: nodes.Node) -> Element:
        """Make the reference node from *docname* to *place*; raises NoUri if the builder leaves that document out."""
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
        place = self.locate(target, node.get(TYPED_IN) or node.get("refdoc", fromdocname), forced_kind(typ))
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
        place = self.locate(target, node.get(TYPED_IN) or node.get("refdoc", fromdocname))
        if isinstance(place, Unresolved) or place.kind == "label":
            return []
        if not node.get("refexplicit"):
            contnode = nodes.inline(place.text, place.text)
        found = self.link(place, builder, fromdocname, contnode)
        return [(f"expt:{place.kind}", cast("nodes.reference", found))]

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield experiments, entries and runs for ``objects.inv`` and for the search."""
        for experiment in filter(None, map(self.record.by_docname.get, sorted(self.pages))):
            address, docname, label = experiment.address, experiment.docname, experiment.label()
            yield address, f"{label}: {self.heading(experiment)}", "experiment", docname, "", 1
            for page, entry in self.entries_of(experiment):
                shown = f"{label}, {entry.written}: {entry.title}".rstrip(": ")
                yield f"{address}@{entry.number}", shown, "entry", page, entry.anchor, 1
            for page, run in self.runs_of(experiment):
                yield f"{address}/{run.name}", f"{label}/{run.name}", "run", page, run.anchor, 1


def forced_kind(typ: str) -> Kind | None:
    """Return the kind that a role insists on, ``None`` for those that take any."""
    return cast("Kind", typ) if typ in {"experiment", "entry", "run"} else None


def domain_of(env: BuildEnvironment) -> ExptDomain:
    """Return the domain of an environment."""
    return cast("ExptDomain", env.domains["expt"])
