"""The directive ``expt-list``: experiments as a table, as cards, as a tree, or on a board by their status."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives

from exptdir.record.model import Experiment
from exptdir.sphinxext.domain import ExptDomain
from exptdir.sphinxext.figures.index import thumbnail_image
from exptdir.sphinxext.journal.archive import tag_nodes
from exptdir.sphinxext.journal.selection import (
    CollectionDirective,
    Selection,
    Summary,
    joined,
    nothing,
    sentence_nodes,
    shown_pieces,
)
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import Collection, link
from exptdir.sphinxext.store import Pieces

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FORMS = ("table", "cards", "tree", "board")
#: The columns of a table: what each is called, and what it sorts by.
COLUMNS: Mapping[str, Callable[[Summary], Any]] = {
    "experiment": lambda one: one.title.casefold(),
    "status": lambda one: one.status,
    "tags": lambda one: one.tags,
    "begun": lambda one: one.begun,
    "last": lambda one: one.last,
    "blocked": lambda one: [label for _docname, label, _tooltip in one.blockers],
    "conclusion": lambda one: one.conclusion,
}
_USUAL = ("experiment", "status", "tags", "begun", "last")
#: So many experiments are in a column of a board; of more, the newest.
_COLUMN = 20
#: So many tags are told on a card.
_TAGS = 4


class ListRow(NamedTuple):
    """An experiment of a list: how deep it is nested among those that are listed, its first figure, and what it says.

    That is its conclusion, or else the first sentence of its last entry.
    """

    summary: Summary
    depth: int
    figure: tuple[tuple[str, ...], str] | None
    sentence: Pieces = ()


@dataclass(frozen=True)
class ExperimentListing(Collection):
    """A list of experiments: which, in which form and order."""

    selection: Selection
    form: str
    columns: tuple[str, ...]
    sort: str

    @property
    def resolved(self) -> bool:
        """Cards have figures."""
        return self.form != "cards"

    def shown(self, domain: ExptDomain, docname: str) -> list[ListRow]:
        """Return the experiments."""
        found = self.selection.listed(domain, docname)
        keys = {one.key for one in found}
        listed = []
        for one in found:
            depth = sum(above.key in keys for above in domain.record.ancestors(one)) if self.form == "tree" else 0
            pictures = domain.figures.get(one.docname, ()) if self.form == "cards" else ()
            figures = ((figure.paths, figure.anchor) for figure in pictures if not figure.missing)
            summary = Summary.of(domain, one)
            sentence = (summary.conclusion or last_sentence(domain, one)) if self.form == "cards" else ()
            listed.append((one, ListRow(summary, depth, next(figures, None), sentence)))
        if self.form == "tree":
            # A directory comes before what is in it.
            orders = {key: domain.record.experiments[key].order for key in domain.record.experiments}

            def path(key: str) -> list[Any]:
                above = reversed(domain.record.ancestors(domain.record.experiments[key]))
                return [*(orders[outer.key] for outer in above), orders[key]]

            listed.sort(key=lambda pair: path(pair[0].key))
        rows = [row for _one, row in listed]
        column = self.sort.lstrip("-")
        if column and self.form != "tree":
            known = [row for row in rows if COLUMNS[column](row.summary)]
            known.sort(key=lambda row: COLUMNS[column](row.summary), reverse=self.sort.startswith("-"))
            # What is not known comes last in either order.
            rows = known + [row for row in rows if not COLUMNS[column](row.summary)]
        return rows[: self.selection.limit] if self.selection.limit else rows

    def render(self, domain: ExptDomain, docname: str, shown: list[ListRow]) -> list[nodes.Node]:
        """Return the list in its form."""
        if not shown:
            return nothing(_("There are no such experiments."))
        make = {"table": self._table, "cards": _cards, "tree": _tree, "board": _board}[self.form]
        return [
            nodes.container(
                "",
                make(domain, shown),
                classes=["exptdir-experiments" if self.form == "table" else f"exptdir-{self.form}"],
            )
        ]

    def _table(self, domain: ExptDomain, shown: list[ListRow]) -> nodes.Element:
        names = {
            "experiment": _("Experiment"),
            "status": _("Status"),
            "tags": _("Tags"),
            "begun": _("Begun"),
            "last": _("Last entry"),
            "blocked": _("Waits for"),
            "conclusion": _("Conclusion"),
        }
        group = nodes.tgroup(cols=len(self.columns))
        group += [nodes.colspec(colwidth={"experiment": 4, "conclusion": 5}.get(name, 2)) for name in self.columns]
        heads = (nodes.entry("", nodes.paragraph("", names[name])) for name in self.columns)
        group += nodes.thead("", nodes.row("", *heads))
        body = nodes.tbody()
        for one in shown:
            cells = (nodes.paragraph("", "", *_cell(domain, name, one.summary)) for name in self.columns)
            body += nodes.row("", *(nodes.entry("", *([cell] if cell.children else [])) for cell in cells))
        group += body
        return nodes.table("", group, classes=["exptdir-list"])


def _cell(domain: ExptDomain, column: str, one: Summary) -> Iterable[nodes.Node]:
    if column == "experiment":
        return [one.link(domain)]
    if column == "status":
        return [one.badge()] if one.status else []
    if column == "tags":
        return list(tag_nodes(domain, one.tags))
    if column == "blocked":
        return one.waits_for(domain)[1:]
    if column == "conclusion":
        return sentence_nodes(one.conclusion)
    return [nodes.Text(one.begun if column == "begun" else one.last)]


def _cards(domain: ExptDomain, shown: list[ListRow]) -> nodes.Element:
    items = nodes.bullet_list()
    for one in shown:
        item = nodes.list_item()
        if one.figure is not None:
            image = thumbnail_image(domain, one.figure[0], one.summary.title)
            item += nodes.paragraph("", "", link(domain, one.summary.docname, one.figure[1], image))
        item += nodes.paragraph("", "", one.summary.link(domain), classes=["exptdir-card-title"])
        item += _state(domain, one.summary, one.summary.tags[:_TAGS])
        if one.sentence:
            item += nodes.paragraph("", "", *sentence_nodes(one.sentence))
        items += item
    return items


def last_sentence(domain: ExptDomain, experiment: Experiment) -> Pieces:
    """Return the first sentence of an experiment's last entry, of those that have one."""
    entries = [pair for pair in domain.entries_of(experiment) if pair[1].sentence]
    last = max(entries, key=lambda pair: (pair[1].day, pair[1].n), default=None)
    return shown_pieces(domain, last[0], last[1].sentence) if last is not None else ()


def _state(domain: ExptDomain, one: Summary, tags: tuple[str, ...] = ()) -> list[nodes.Node]:
    badge: list[nodes.Node] = [one.badge()] if one.status else []
    days: list[nodes.Node] = [nodes.Text(one.period)] if one.period else []
    found = joined(badge, one.waits_for(domain), days, list(tag_nodes(domain, tags)))
    return [nodes.paragraph("", "", *found, classes=["exptdir-muted"])] if found else []


def _tree(domain: ExptDomain, shown: list[ListRow]) -> nodes.Element:
    top = nodes.bullet_list()
    # The lists that are open, the innermost last.
    lists, items = [top], list[nodes.list_item]()
    for one in shown:
        while len(lists) > one.depth + 1:
            lists.pop()
        if one.depth >= len(lists):
            below = nodes.bullet_list()
            items[-1] += below
            lists.append(below)
        state = _state(domain, one.summary)
        line = joined([one.summary.link(domain)], [node for paragraph in state for node in paragraph.children])
        items.append(nodes.list_item("", nodes.paragraph("", "", *line)))
        lists[-1] += items[-1]
    return top


def _board(domain: ExptDomain, shown: list[ListRow]) -> nodes.Element:
    statuses = [*domain.settings.statuses]
    # Next to what is open.
    done = next((at for at, name in enumerate(statuses) if domain.settings.statuses[name] != "open"), len(statuses))
    order = [*statuses[:done], "blocked", *statuses[done:]]
    columns: dict[str, list[Summary]] = {name: [] for name in order}
    for one in shown:
        columns.setdefault(one.summary.status, []).append(one.summary)
    board = nodes.container(classes=["exptdir-columns"])
    for name, found in columns.items():
        if not found:
            continue
        heading = nodes.paragraph("", "", classes=["exptdir-column-title"])
        heading += [found[0].badge()] if name else [nodes.inline("", _("no status"))]
        heading += nodes.inline("", f" {len(found)}", classes=["exptdir-muted"])
        items = nodes.bullet_list()
        newest = sorted(found, key=lambda one: one.last or one.begun, reverse=True)[:_COLUMN]
        for summary in found if len(found) == len(newest) else newest:
            day = summary.last or summary.begun
            days: list[nodes.Node] = [nodes.inline("", day, classes=["exptdir-day"])] if summary.period else []
            small = joined(summary.waits_for(domain), days, list(tag_nodes(domain, summary.tags[:_TAGS])))
            item = nodes.list_item("", nodes.paragraph("", "", summary.link(domain)))
            item += [nodes.paragraph("", "", *small, classes=["exptdir-muted"])] if small else []
            items += item
        column = nodes.container("", heading, items, classes=["exptdir-column"])
        if len(found) > len(newest):
            column += nodes.paragraph("", _("and %d more") % (len(found) - len(newest)), classes=["exptdir-muted"])
        board += column
    return board


class ListDirective(CollectionDirective):
    """``.. expt-list::``: the experiments of the record."""

    option_spec: ClassVar[dict[str, Any]] = {
        **CollectionDirective.option_spec,
        "as": directives.unchanged_required,
        "columns": directives.unchanged_required,
        "sort": directives.unchanged_required,
    }

    def collection(self) -> Collection:
        """Return the list that is asked for."""
        columns = tuple(self.words("columns")) or _USUAL
        unknown = [name for name in columns if name not in COLUMNS]
        sort = str(self.options.get("sort") or "").strip()
        if sort.lstrip("-") and sort.lstrip("-") not in COLUMNS:
            unknown.append(sort.lstrip("-"))
            sort = ""
        for name in unknown:
            self.trouble(f"there is no column {name!r}; there are {', '.join(COLUMNS)}")
        columns = tuple(name for name in columns if name in COLUMNS) or _USUAL
        return ExperimentListing(self.selection(), self.one_of("as", *FORMS), columns, sort)


def setup_listing(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("expt-list", ListDirective)
