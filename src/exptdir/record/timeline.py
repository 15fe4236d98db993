"""What a record holds in the order of time, from the text of its logs: entries, tags of entries, and tasks.

Also which day it is, and what ``30d`` means on that day: pages and commands ask here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from exptdir.errors import ExptdirError
from exptdir.record.documents import Document
from exptdir.record.entries import DatedHeading
from exptdir.record.home import Conf
from exptdir.record.markup.blocks import MARKDOWN, RST
from exptdir.record.model import Experiment, Record, in_order

#: Titles of sections that say what came out of an experiment.
CONCLUSIONS = frozenset(
    {"conclusion", "conclusions", "outcome", "takeaway", "takeaways"}
    | {"fazit", "schlussfolgerung", "结论", "小结", "总结"}
)

_SPAN = re.compile(r"(\d{1,5})\s*([dwmy])", re.IGNORECASE)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
#: An item of a list with a box: the text behind it, and whether the box is checked.
_BOX = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)]|#\.)[ \t]+\[([ xX])\][ \t]+(\S.*)$")
_FIELD = re.compile(r"^[ \t]*:(tags):[ \t]*(.*?)[ \t]*$", re.IGNORECASE)


def today() -> date:
    """Return the day of the build: where ``SOURCE_DATE_EPOCH`` is set, that day in UTC, as its specification has it."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC).date() if epoch.isdecimal() else date.today()


def far_ahead(days: Iterable[date | None], now: date) -> list[int]:
    """Return the places of days more than a year ahead, as by a slip of the year: the first one of each such year."""
    first: dict[int, int] = {}
    for at, day in enumerate(days):
        if day is not None and day > now + timedelta(days=366):
            first.setdefault(day.year, at)
    return list(first.values())


def first_day(text: str, now: date) -> date:
    """Return the day that is meant: one such as ``2024-05-21``, or so many before the day *now*, such as ``30d``.

    There are days, weeks, months (of 30 days) and years (of 365): ``7d``, ``2w``, ``6m``, ``1y``.

    Raises ExptdirError if it is neither.
    """
    span = _SPAN.fullmatch(text.strip())
    try:
        if span is not None:
            return now - timedelta(days=int(span[1]) * _DAYS[span[2].lower()])
        return date.fromisoformat(text.strip().replace("/", "-"))
    except (ValueError, OverflowError):
        raise ExptdirError(f"{text!r} is neither a date such as 2024-05-21 nor a time such as 30d") from None


def is_marker(text: str, markers: Sequence[str]) -> str | None:
    """Return what stands behind the marker that a line begins with, ``None`` where it begins with none.

    A marker that ends in a letter must be a whole word.
    """
    bare = text.strip().lstrip("*_").lower()
    for marker in sorted(markers, key=len, reverse=True):
        if bare.startswith(marker.lower()):
            rest = text.strip().lstrip("*_")[len(marker) :]
            if not (marker[-1].isascii() and marker[-1].isalnum()) or not (
                rest[:1].isalnum() or rest[:1] in {"_", "-"}
            ):
                return rest.lstrip("*_:： \t，,").strip()
    return None


def split_tags(text: str) -> tuple[str, ...]:
    """Return the tags of a field ``:tags:``, which are separated by commas."""
    found = (" ".join(tag.split()).lstrip("#") for tag in re.split(r"[,，;]", text.strip().strip("[]")))
    return tuple(dict.fromkeys(filter(None, found)))


@dataclass(frozen=True)
class TimelineEntry:
    """An entry of an experiment, with its own tags and the first line of its text."""

    experiment: Experiment
    heading: DatedHeading
    tags: tuple[str, ...]
    text: str

    @property
    def day(self) -> str:
        """Its day, such as ``2024-05-21``."""
        return self.heading.day.isoformat() if self.heading.day else ""

    @property
    def reference(self) -> str:
        """The reference that reaches it."""
        number = f".{self.heading.n}" if self.heading.n > 1 else ""
        return f"{self.experiment.address}@{self.day}{number}"


def timeline(conf: Conf, record: Record) -> list[TimelineEntry]:
    """Return the entries of all experiments, newest first."""
    found = []
    for experiment in in_order(record.experiments.values()):
        log = Document.log_of(conf, experiment)
        lines = log.blocks.lines()
        for heading in log.entries:
            if log.form is not None or heading.heading not in log.blocks.headings:
                # Of a log in another form, the title is all that is a line of text.
                found += [TimelineEntry(experiment, heading, (), "")] if heading.day is not None else []
                continue
            following = (other.start for other in log.blocks.headings if other.start > heading.heading.start)
            begin, end = heading.heading.end, next(following, len(lines))
            fields = {field[1].lower(): field[2] for _, text in lines[begin:end][:12] if (field := _FIELD.match(text))}
            if heading.day is None:
                continue
            prose = log.blocks.first_prose(begin, end)
            found.append(TimelineEntry(experiment, heading, split_tags(fields.get("tags", "")), prose))
    found.sort(key=lambda entry: (entry.day, entry.heading.n), reverse=True)
    return found


@dataclass(frozen=True)
class OpenTask:
    """Something that is still to do, and the line of the log where it is written."""

    experiment: Experiment
    text: str
    line: int


def open_tasks(conf: Conf, record: Record) -> Iterator[OpenTask]:
    """Yield what is still to do, experiment by experiment: boxes that are not checked, and marked lines of prose."""
    markers = conf.settings.task_markers
    for experiment in in_order(record.experiments.values()):
        log = Document.log_of(conf, experiment)
        blocks = log.blocks
        if log.form is not None:
            yield from (OpenTask(experiment, text, line) for other in log.others for line, text in other.tasks)
        todo = {directive.content[0]: directive for directive in blocks.directives if directive.name == "todo"}
        for number, (_, text) in enumerate(blocks.lines()):
            if number in todo:
                inside = [line for _, line in blocks.lines()[slice(*todo[number].content)]]
                yield OpenTask(experiment, " ".join(" ".join(inside).split()), todo[number].line + 1)
            if blocks.kinds[number] not in {MARKDOWN, RST}:
                continue
            box = _BOX.match(text)
            marked = is_marker(text, markers) if box is None else None
            if box is not None and box[1] == " ":
                yield OpenTask(experiment, box[2].strip(), number + 1)
            elif marked:
                yield OpenTask(experiment, marked, number + 1)
