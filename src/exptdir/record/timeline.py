"""What a record holds in the order of time, from the text of its logs: entries, tags of entries, and tasks.

Also which day it is, and what ``30d`` means on that day: pages and commands ask here.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from exptdir.errors import ExptdirError
from exptdir.record.documents import Document, owned_documents
from exptdir.record.entries import DatedHeading
from exptdir.record.home import Conf
from exptdir.record.markup.blocks import MARKDOWN, RST, Blocks
from exptdir.record.model import Experiment, Record, in_order

#: Titles of sections that say what came out of an experiment.
CONCLUSIONS = frozenset(
    {"conclusion", "conclusions", "outcome", "takeaway", "takeaways"}
    | {"fazit", "schlussfolgerung", "结论", "小结", "总结"}
)

_SPAN = re.compile(r"(\d{1,5})\s*([dwmy])", re.IGNORECASE)
#: What is dated further ahead is so by a slip of the year.
AHEAD = timedelta(days=366)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
#: What an item of a list begins with, perhaps with a box: what is in it.
_ITEM = re.compile(r"^[ \t>]*(?:[-*+]|\d{1,9}[.)]|#\.)[ \t]+(?:\[([ xX])\][ \t]+)?(?=\S)")
_FIELD = re.compile(r"^[ \t]*:tags:[ \t]*(.*?)[ \t]*$", re.IGNORECASE)


def today() -> date:
    """Return the day of the build: where ``SOURCE_DATE_EPOCH`` is set, that day in UTC, as its specification has it."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC).date() if epoch.isdecimal() else date.today()


def far_ahead(days: Iterable[date | None], now: date) -> list[int]:
    """Return the places of days more than a year ahead, as by a slip of the year: the first one of each such year."""
    first: dict[int, int] = {}
    for at, day in enumerate(days):
        if day is not None and day > now + AHEAD:
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
    """An entry of an experiment, the file in which it stands, its own tags, and the first line of its text."""

    experiment: Experiment
    heading: DatedHeading
    path: Path
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
        lines, starts = log.blocks.lines(), [other.start for other in log.blocks.headings]
        for heading in (entry for entry in log.entries if entry.day is not None):
            path, tags, prose = log.places[heading.heading], "", ""
            # Of a log in another form, the title is all that is a line of text.
            if log.form is None and path == log.path:
                begin, following = heading.heading.end, starts[bisect_right(starts, heading.heading.start) :]
                end = following[0] if following else len(lines)
                fields = (_FIELD.match(text) for _, text in lines[begin:end][:12])
                tags, prose = next((field[1] for field in fields if field), ""), log.blocks.first_prose(begin, end)
            found.append(TimelineEntry(experiment, heading, path, split_tags(tags), prose))
    found.sort(key=lambda entry: (entry.day, entry.heading.n), reverse=True)
    return found


@dataclass(frozen=True)
class OpenTask:
    """Something that is still to do, and the file and the line where it is written."""

    experiment: Experiment
    path: Path
    line: int
    text: str


def open_tasks(conf: Conf, record: Record) -> list[OpenTask]:
    """Return what is still to do, by experiment: boxes that are not checked, marked lines of prose, ``todo``."""
    found, markers = [], conf.settings.task_markers
    for document, owner, _ in owned_documents(conf, record, partial(Document.log_of, conf)):
        if owner is not None:
            own = _tasks(document.blocks, markers) if document.form is None else ()
            found += [OpenTask(owner, document.path, line, text) for line, text in own if text]
            for (path, _form), other in zip(document.forms, document.others, strict=False):
                found += [OpenTask(owner, path, line, is_marker(text, markers) or text) for line, text in other.tasks]
    return sorted(found, key=lambda task: (task.experiment.order, task.path != task.experiment.log))


def _tasks(blocks: Blocks, markers: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the line of each task, counted from 1, and its text."""
    lines, begun = blocks.lines(), False
    todo = {directive.line: directive for directive in blocks.directives if directive.name == "todo"}
    for number, (_, text) in enumerate(lines):
        item, said = _ITEM.match(text), None
        if number in todo:
            said = blocks.argument(todo[number])
            first = next((at for at in range(*todo[number].content) if lines[at][1].strip()), None)
            if first is not None and not (said and first > number + 1) and not _ITEM.match(lines[first][1]):
                said = f"{said} {blocks.paragraph(first)}".strip()
        elif blocks.kinds[number] not in {MARKDOWN, RST}:
            continue
        elif item is not None and (item[1] or begun):
            if item[1] in {None, " "}:
                yield number + 1, blocks.paragraph(number)[len(" ".join(item[0].split())) :].strip()
            continue
        else:
            said = is_marker(text[item.end() if item else 0 :], markers)
        if said:
            yield number + 1, said
        # What is to be done may stand below, as a list.
        begun = said == "" or (begun and (not text[:1].strip() or not blocks.starts[number]))
