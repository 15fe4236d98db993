"""The directive ``expt-graph``: how experiments hang together, drawn in layers by date.

Dates say which layer an experiment is in; what is left to be laid out is the order within a layer, for which each goes
where its neighbours are, again and again (the barycentre method of Sugiyama, Tagawa and Toda, 1981). So no library is
needed: networkx has no such order, igraph and grandalf are under the GPL, and fast-sugiyama chooses layers of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives

from exptdir.record.check import those_named
from exptdir.record.reference import Unresolved
from exptdir.sphinxext.domain import ExptDomain
from exptdir.sphinxext.journal.drawing import Box, Caption, Curve, address, drawing
from exptdir.sphinxext.journal.selection import CollectionDirective, Selection, Summary, nothing
from exptdir.sphinxext.language import _, counted
from exptdir.sphinxext.pages import Collection

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: The kinds of edges, the strongest first; of two that join the same experiments the first is drawn.
KINDS = ("part", "needs", "builds", "cites")
_WIDTH, _HEIGHT, _GAP, _BETWEEN = 168, 40, 12, 56
_TOP = 24
#: So far out of one another lines run that go past boxes.
_LANE = 12
#: So many layers stand beside one another on a page.
_ACROSS = 4
#: So many experiments are drawn; above, those that are nested are left to the one around them, and then the oldest out.
_MOST = 60
#: So many layers, at the most, stand beside one another before days become months, and months years.
_LAYERS = 12
_SWEEPS = 8
_LETTERS = 22


class Edge(NamedTuple):
    """An edge from the experiment that was there first, such as the parent, to the other."""

    source: str
    target: str
    kind: str


class GraphShown(NamedTuple):
    """What a graph shows: the experiments by key, the edges, and how many were left out."""

    experiments: tuple[tuple[str, Summary], ...]
    edges: tuple[Edge, ...]
    left_out: int


def all_edges(domain: ExptDomain) -> list[Edge]:
    """Return what joins two experiments of a record."""
    found: dict[tuple[str, str], Edge] = {}
    record = domain.record

    def note(source: str, target: str, kind: str) -> None:
        if source != target and (source, target) not in found and (target, source) not in found:
            found[source, target] = Edge(source, target, kind)

    for key, experiment in record.experiments.items():
        parent = record.parent(experiment)
        if parent is not None:
            note(parent.key, key, "part")
    for kind, fact in (("needs", "prerequisites"), ("builds", "builds_on")):
        for key, experiment in record.experiments.items():
            for other in those_named(record, experiment, fact):
                note(other.key, key, kind)
    for kind, builds_on in (("builds", True), ("cites", False)):
        for target, citations in sorted(domain.backlinks.items()):
            for docname, cite in citations:
                owner = record.around(docname)
                if owner is not None and cite.builds_on is builds_on:
                    note(target, owner.key, kind)
    return list(found.values())


@dataclass(frozen=True)
class Graph(Collection):
    """The whole record, or what is at most *depth* edges away from some experiments."""

    selection: Selection
    depth: int

    def shown(self, domain: ExptDomain, docname: str) -> GraphShown:
        """Return what is to be drawn."""
        edges = domain.once("edges", lambda: all_edges(domain))
        chosen = {one.key: one for one in self.selection.listed(domain, docname)}
        if self.selection.experiments:
            # Here the filters choose among the neighbours as well.
            named = (domain.locate(text, docname, "experiment") for text in self.selection.experiments)
            start = {place.experiment.key for place in named if not isinstance(place, Unresolved)}
            near = neighbourhood(start, edges, self.depth or 1)
            chosen = {key: domain.record.experiments[key] for key in domain.record.experiments if key in near}
        owner = {key: key for key in chosen}
        if len(chosen) > _MOST and not self.selection.experiments:
            for key, experiment in chosen.items():
                above = [outer.key for outer in domain.record.ancestors(experiment) if outer.key in chosen]
                owner[key] = above[-1] if above else key
        kept = sorted({*owner.values()}, key=lambda key: (Summary.of(domain, chosen[key]).begun, chosen[key].order))
        left_out = len(kept) - _MOST if len(kept) > _MOST else 0
        kept = kept[left_out:]
        there = set(kept)
        drawn: dict[tuple[str, str], Edge] = {}
        for edge in edges:
            source, target = owner.get(edge.source, ""), owner.get(edge.target, "")
            if source != target and source in there and target in there:
                drawn.setdefault((source, target), Edge(source, target, edge.kind))
        experiments = tuple((key, Summary.of(domain, chosen[key])) for key in kept)
        return GraphShown(experiments, tuple(drawn.values()), left_out)

    def render(self, domain: ExptDomain, docname: str, shown: GraphShown) -> list[nodes.Node]:
        """Return a drawing, or a list of what hangs together where the builder has none."""
        if not shown.experiments:
            return nothing(_("There are no such experiments."))
        meanings = {
            "part": _("is part of"),
            "needs": _("needs"),
            "builds": _("builds on"),
            "cites": _("refers to"),
        }
        summaries = dict(shown.experiments)

        def sentence(edge: Edge) -> str:
            source, target = summaries[edge.source], summaries[edge.target]
            return f"{target.label or target.title} {meanings[edge.kind]} {source.label or source.title}"

        if domain.builder.format != "html":
            lines = [nodes.list_item("", nodes.paragraph("", sentence(edge))) for edge in shown.edges]
            return [nodes.bullet_list("", *lines)] if lines else []
        layers, names = in_layers(shown)
        most = max(map(len, layers))
        # More layers than a page is wide go down it, unless that would be wider still.
        down = len(layers) > _ACROSS and most < len(layers)
        across, below = (_WIDTH + _GAP, _HEIGHT + _TOP + _GAP) if down else (_WIDTH + _BETWEEN, _HEIGHT + _GAP)
        places = {
            key: ((row if down else column) * across + 2, _TOP + (column if down else row) * below)
            for column, layer in enumerate(layers)
            for row, key in enumerate(layer)
        }
        layer_of = {key: at for at, layer in enumerate(layers) for key in layer}
        width = (most if down else len(layers)) * across - (across - _WIDTH) + 4
        shapes: list[Box | Caption | Curve] = []
        for edge in sorted(shown.edges, key=lambda edge: -KINDS.index(edge.kind)):
            ends = sorted((places[edge.source], places[edge.target]), key=lambda place: place[::-1] if down else place)
            (x, y), (to_x, to_y) = ends
            side = 0
            first, last = sorted((layer_of[edge.source], layer_of[edge.target]))
            if down and last - first > 1:
                # Past the boxes between, and past shorter ones.
                side = max(map(len, layers[first : last + 1])) * across + _LANE * (last - first - 1)
                x, y, to_x, to_y = x + _WIDTH, y + _HEIGHT * 2 // 3, to_x + _WIDTH, to_y + _HEIGHT // 3
                width = max(width, side + 4)
            elif down:
                x, y, to_x = x + _WIDTH // 2, y + _HEIGHT * (y != to_y), to_x + _WIDTH // 2
            else:
                x, y, to_y = x + _WIDTH * (x != to_x), y + _HEIGHT // 2, to_y + _HEIGHT // 2
            shapes.append(Curve((x, y), (to_x, to_y), f"exptdir-edge-{edge.kind}", sentence(edge), down, side))
        for at, name in enumerate(names):
            shapes.append(Caption(2, 16 + at * below, name) if down else Caption(at * across + 2, 12, name))
        for key, one in shown.experiments:
            x, y = places[key]
            state = one.badge().astext()
            title = f"{one.label} {one.title}".strip() + (f" ({state})" if state else "")
            words = (one.label, _cut(one.title)) if one.label else (_cut(one.title), state)
            kind = f"exptdir-node exptdir-status-{one.meaning or 'none'}"
            shapes.append(Box(x, y, _WIDTH, _HEIGHT, kind, title, address(domain, one.docname), words))
        height = _TOP + (len(layers) if down else most) * below
        label = counted("%d experiment", "%d experiments", len(shown.experiments))
        picture = drawing(width=width, height=height, label=label, shapes=shapes)
        kinds = {edge.kind for edge in shown.edges}
        legend = nodes.paragraph("", "", classes=["exptdir-muted", "exptdir-legend"])
        for kind in KINDS:
            if kind in kinds:
                legend += nodes.inline("", meanings[kind], classes=[f"exptdir-legend-{kind}"])
                legend += nodes.Text(" ")
        if shown.left_out:
            legend += nodes.Text(_("%d older experiments are left out.") % shown.left_out)
        return [nodes.container("", picture, *([legend] if legend.children else []), classes=["exptdir-graph"])]


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1].rstrip() + "…"


def neighbourhood(start: Iterable[str], edges: Iterable[Edge], depth: int) -> set[str]:
    """Return the experiments that are at most so many edges away from others, these included."""
    beside: defaultdict[str, set[str]] = defaultdict(set)
    for edge in edges:
        beside[edge.source].add(edge.target)
        beside[edge.target].add(edge.source)
    found = set(start)
    edge_of = set(found)
    for _step in range(depth):
        edge_of = {other for key in edge_of for other in beside[key]} - found
        found |= edge_of
    return found


def in_layers(shown: GraphShown) -> tuple[list[list[str]], list[str]]:
    """Return the experiments in layers by the day on which they began, and the names of the layers.

    Days are taken together to months, or to years, until there are few enough layers. Experiments without a day are in
    the first layer. Those of one day that hang together are in layers of their own.
    """
    begun = {key: one.begun for key, one in shown.experiments}
    length = next(
        length for length in (10, 7, 4) if len({day[:length] for day in begun.values()}) <= _LAYERS or length == 4
    )
    names = sorted({day[:length] for day in begun.values()})
    layers, shown_names = list[list[str]](), list[str]()
    for name in names:
        group = [key for key, day in begun.items() if day[:length] == name]
        # Of what began at once, that comes first which the others hang on.
        depth = dict.fromkeys(group, 0)
        for _round in group:
            for edge in shown.edges:
                if edge.source in depth and edge.target in depth and depth[edge.target] <= depth[edge.source] < _LAYERS:
                    depth[edge.target] = depth[edge.source] + 1
        for step in sorted({*depth.values()}):
            layers.append([key for key in group if depth[key] == step])
            shown_names.append("" if step else name)
    beside: defaultdict[str, list[str]] = defaultdict(list)
    for edge in shown.edges:
        beside[edge.source].append(edge.target)
        beside[edge.target].append(edge.source)
    for sweep in range(_SWEEPS):
        heights = dict(_heights(layers))
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            means = {
                key: sum(heights[other] for other in beside[key]) / len(beside[key]) if beside[key] else heights[key]
                for key in layer
            }
            layer.sort(key=lambda key: (means[key], key))
            heights.update(_heights([layer]))
    return layers, shown_names


def _heights(layers: list[list[str]]) -> Iterator[tuple[str, float]]:
    """Yield the place of each experiment in its layer, from 0 to 1."""
    for layer in layers:
        yield from ((key, (at + 0.5) / len(layer)) for at, key in enumerate(layer))


class GraphDirective(CollectionDirective):
    """``.. expt-graph::``: how experiments hang together."""

    option_spec: ClassVar[dict[str, Any]] = {**CollectionDirective.option_spec, "depth": directives.unchanged_required}

    def collection(self) -> Collection:
        """Return the graph that is asked for."""
        return Graph(self.selection(), self.number("depth"))


def setup_graph(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("expt-graph", GraphDirective)
