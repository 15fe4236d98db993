"""The directive ``expt-calendar``: the days of a year, shaded by how much was written on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.i18n import format_date

from exptdir.record.timeline import AHEAD, today
from exptdir.sphinxext.domain import ExptDomain
from exptdir.sphinxext.journal.archive import Archive, day_anchor, month_page, page_address
from exptdir.sphinxext.journal.drawing import Box, Caption, address, drawing
from exptdir.sphinxext.journal.selection import CollectionDirective, Selection, nothing
from exptdir.sphinxext.journal.timeline import TimelineEntry
from exptdir.sphinxext.language import _, counted
from exptdir.sphinxext.pages import Collection, link

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: A day, and what lies between two of them.
_SIZE, _STEP = 11, 14
_LEFT, _TOP = 4, 18
#: From so many entries on a day is darker.
_SHADES = (1, 2, 3, 5)
#: So many entries of a day are told.
_TOLD = 5


class Day(NamedTuple):
    """A day with entries: how many, the titles of the first, and where the first stands."""

    day: str
    number: int
    titles: tuple[str, ...]
    docname: str
    anchor: str


@dataclass(frozen=True)
class Calendar(Collection):
    """A year; 0 stands for the last in which something was written."""

    archived = True

    selection: Selection
    year: int

    def shown(self, domain: ExptDomain, docname: str) -> list[Day]:
        """Return the days of the year that have entries."""
        return self.days_of(domain, self.selection.entries(domain, docname), self.year)

    @staticmethod
    def days_of(domain: ExptDomain, found: Iterable[TimelineEntry], year: int) -> list[Day]:
        """Return the days of a year that have some of these entries, which are the newest first."""
        days = defaultdict(list)
        for dated in found:
            days[dated.entry.day].append(dated)
        if not year:
            # One mistyped year does not hide all others.
            last = (today() + AHEAD).isoformat()
            year = int(max((day for day in days if day <= last), default=max(days, default="0000"))[:4])
        wanted = f"{year:04}"
        shown = []
        for day, entries in sorted(days.items()):
            if day.startswith(wanted):
                # As they were written.
                first = entries[-1]
                told = entries[: -_TOLD - 1 : -1]
                titles = tuple([f"{domain.shown(one.experiment)} {one.entry.title}".strip() for one in told])
                shown.append(Day(day, len(entries), titles, first.docname, first.entry.anchor))
        return shown

    def render(self, domain: ExptDomain, docname: str, shown: list[Day]) -> list[nodes.Node]:
        """Return a drawing, or the days as a list where the builder has none."""
        if not shown:
            return nothing(_("There are no such entries."))
        year = int(shown[0].day[:4])
        total = counted("%d entry", "%d entries", sum(day.number for day in shown))
        if domain.builder.format != "html":
            line = nodes.paragraph("", f"{year}: ")
            for at, day in enumerate(shown):
                line += [nodes.Text(", ")] if at else []
                line += link(domain, day.docname, day.anchor, nodes.Text(day.day[5:]))
                line += [nodes.Text(f" ({day.number})")] if day.number > 1 else []
            return [line]
        first = date(year, 1, 1)
        by_day = {day.day: day for day in shown}
        archive = Archive.of(domain)
        shapes: list[Box | Caption] = []
        for offset in range((date(year + 1, 1, 1) - first).days if year < date.max.year else 365):
            today = first + timedelta(days=offset)
            # Weeks begin on Monday.
            column, row = (offset + first.weekday()) // 7, today.weekday()
            x, y = _LEFT + column * _STEP, _TOP + row * _STEP
            if today.day == 1:
                # At noon, no time zone shifts it to another day.
                noon = datetime(today.year, today.month, 1, 12, tzinfo=UTC)
                month = format_date("%b", date=noon, language=domain.env.config.language)
                there = archive is not None and today.isoformat()[:7] in archive.months
                place = page_address(domain, month_page(today.isoformat()[:7])) if there else ""
                shapes.append(Caption(x, _TOP - 6, month, place))
            day_found = by_day.get(today.isoformat())
            if day_found is None:
                shapes.append(Box(x, y, _SIZE, _SIZE, "exptdir-day-0"))
            else:
                shade = sum(day_found.number >= least for least in _SHADES)
                place = address(domain, day_found.docname, day_found.anchor)
                if archive is not None and day_found.number > 1:
                    place = page_address(domain, archive.days[day_found.day], day_anchor(day_found.day))
                more = ["…"] if day_found.number > len(day_found.titles) else []
                title = f"{day_found.day}: " + "; ".join([*day_found.titles, *more])
                shapes.append(Box(x, y, _SIZE, _SIZE, f"exptdir-day-{shade}", title, place))
        width, height = _LEFT + 54 * _STEP, _TOP + 7 * _STEP
        picture = drawing(width=width, height=height, label=f"{year}: {total}", shapes=shapes)
        caption = nodes.paragraph("", f"{year}: {total}", classes=["exptdir-muted"])
        return [nodes.container("", picture, caption, classes=["exptdir-calendar"])]


class CalendarDirective(CollectionDirective):
    """``.. expt-calendar::``: a year of entries."""

    option_spec: ClassVar[dict[str, Any]] = {**CollectionDirective.option_spec, "year": directives.unchanged_required}

    def collection(self) -> Collection:
        """Return the calendar that is asked for."""
        year = self.number("year")
        if year > date.max.year:
            self.trouble(f"there is no year {year}; it does not count")
            year = 0
        return Calendar(self.selection(), year)


def setup_calendar(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("expt-calendar", CalendarDirective)
