"""The calm header of an experiment's page: what its facts are, and which experiments it hangs together with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from docutils import nodes

from exptdir.record.check import those_named
from exptdir.record.model import Experiment
from exptdir.sphinxext.doctree import page_section
from exptdir.sphinxext.domain import ExptDomain
from exptdir.sphinxext.journal.archive import tag_nodes
from exptdir.sphinxext.journal.html import visit_collected_html
from exptdir.sphinxext.journal.selection import Summary, badge, joined
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import Collection, ExperimentTransform, collect, collected, link

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: So many children are named; the list of experiments on the page has the others.
_MOST = 12


class Neighbour(NamedTuple):
    """Another experiment as a header names it; the status only where it matters."""

    docname: str
    label: str
    title: str
    status: str = ""
    meaning: str = ""


class HeaderShown(NamedTuple):
    """What the header of one page shows."""

    status: str
    meaning: str
    period: str
    draft: bool
    tags: tuple[str, ...]
    parent: tuple[Neighbour, ...]
    needs: tuple[Neighbour, ...]
    builds_on: tuple[Neighbour, ...]
    children: tuple[Neighbour, ...]
    more: int
    history: str
    begun: str
    changed: str


@dataclass(frozen=True)
class ExperimentHeader(Collection):
    """Status, tags, days, and the experiments around of the page's experiment."""

    def shown(self, domain: ExptDomain, docname: str) -> HeaderShown | None:
        """Return the facts; ``None`` where there are none worth a line."""
        experiment = domain.record.by_docname.get(docname)
        if experiment is None:
            return None
        days = domain.figure_state.history.days
        begun, changed = days.get(f"{experiment.docname}{experiment.log.suffix}", ("", ""))
        own, parent = Summary.of(domain, experiment), domain.record.parent(experiment)
        children = domain.record.children(experiment)

        def named(found: Sequence[Experiment], *, stating: bool = False) -> tuple[Neighbour, ...]:
            summaries = (Summary.of(domain, one) for one in found)
            return tuple(Neighbour(*one[:3], *(one[4:6] if stating else ())) for one in summaries)

        shown = HeaderShown(
            own.status,
            own.meaning,
            own.period,
            experiment.draft,
            own.tags,
            named([parent] if parent is not None else []),
            named(those_named(domain.record, experiment, "prerequisites"), stating=True),
            named(those_named(domain.record, experiment, "builds_on")),
            named(children[:_MOST]),
            max(0, len(children) - _MOST),
            history_address(domain, experiment),
            begun if not own.period else "",
            changed if changed not in {own.last or own.begun, "" if own.period else begun} else "",
        )
        return shown if any(shown) else None

    def render(self, domain: ExptDomain, docname: str, shown: HeaderShown | None) -> list[nodes.Node]:
        """Return a line of facts, and one for each kind of neighbour."""
        if shown is None:
            return []
        state: list[nodes.Node] = [badge(shown.status, shown.meaning)] if shown.status else []
        draft: list[nodes.Node] = [badge(_("draft"), "draft")] if shown.draft and shown.status != "draft" else []
        period: list[nodes.Node] = [nodes.Text(shown.period)] if shown.period else []
        there = nodes.reference("", _("History"), refuri=shown.history, internal=False)
        history: list[nodes.Node] = [there] if shown.history else []
        begun: list[nodes.Node] = [nodes.Text(_("begun %s") % shown.begun)] if shown.begun else []
        changed: list[nodes.Node] = [nodes.Text(_("changed %s") % shown.changed)] if shown.changed else []
        first = joined(state, draft, period, begun, changed, list(tag_nodes(domain, shown.tags)), history)
        lines = [nodes.paragraph("", "", *first)] if first else []
        neighbours = (
            (_("Part of"), shown.parent),
            (_("Needs"), shown.needs),
            (_("Builds on"), shown.builds_on),
            (_("Holds"), shown.children),
        )
        for name, found in neighbours:
            if found:
                paragraph = nodes.paragraph("", "", nodes.inline("", f"{name}: ", classes=["exptdir-muted"]))
                for at, one in enumerate(found):
                    text = f"{one.label} {one.title}".strip()
                    paragraph += [nodes.Text(", ")] if at else []
                    paragraph += link(domain, one.docname, "", nodes.Text(text))
                    if one.status and one.meaning != "done":
                        paragraph += [nodes.Text(" "), badge(one.status, one.meaning)]
                if shown.more and found is shown.children:
                    paragraph += nodes.Text(" " + _("and %d more") % shown.more)
                lines.append(paragraph)
        return [nodes.container("", *lines, classes=["exptdir-header"])]


def history_address(domain: ExptDomain, experiment: Experiment) -> str:
    """Return where the history of an experiment's log is on the web; empty where the repository is not known."""
    url, base = domain.settings.repository_url.rstrip("/"), domain.record.base
    if not url:
        return ""
    # The record may be a part of the repository.
    top = domain.once("repository", lambda: next((up for up in (base, *base.parents) if (up / ".git").exists()), base))
    return f"{url}/commits/HEAD/{quote((base / experiment.key / experiment.log.name).relative_to(top).as_posix())}"


class HeaderTransform(ExperimentTransform):
    """Puts the header below the page's title."""

    # After the list of entries, which so comes behind it.
    default_priority = 515

    def apply_to_page(self) -> None:
        """Insert what holds its place."""
        section = page_section(self.document)
        if self.domain.settings.header and section is not None:
            title = section.first_child_matching_class(nodes.title)
            section.insert(0 if title is None else title + 1, collect(self.env, ExperimentHeader()))


def setup_header(app: Sphinx) -> None:
    """Register the transform, and how all collected pages are written and styled."""
    app.add_transform(HeaderTransform)
    # In other builders than HTML no place of what is collected is left.
    app.add_node(collected, html=(visit_collected_html, None))
    app.add_css_file("exptdir-journal.css")
