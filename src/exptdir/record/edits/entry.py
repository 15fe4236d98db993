"""Adds an entry to a log in the log's own style; nothing else in the file changes by a byte.

The date is written in the form that another date has; no kept library knows how an author writes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import permutations
from pathlib import Path

from exptdir.errors import EditError
from exptdir.record.dates import heading_year, infer_direction, infer_order
from exptdir.record.dates.forms import MONTH_ROWS, MONTHS, WEEKDAY_ROWS, WEEKDAYS
from exptdir.record.edits.plan import Edit, Plan, read_source
from exptdir.record.entries import DatedHeading, entries
from exptdir.record.files import line_end, split_lines
from exptdir.record.markup.blocks import Heading, read_blocks, with_targets, write_heading
from exptdir.record.model import Experiment, Record

_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+|[\W_]+")
_TIME = re.compile(r"[\sT@,]*[0-9]{1,2}[:.h][0-9]{2}(?::[0-9]{2})?(?:\s?[ap]m)?", re.IGNORECASE)
#: Forms tried before the entry gets an ISO date.
_MOST_TRIES = 24


@dataclass(frozen=True)
class _Place:
    """Where the new entry goes: before line *at*; headings in the order in which they are to be written."""

    at: int
    like: Heading
    others: Sequence[Heading]
    gap: int
    year: Heading | None = None


def add_entry(record: Record, experiment: Experiment, title: str, today: date, *, order: str = "") -> Plan:
    """Plan a new entry in the log of an experiment, as :func:`new_entry`.

    Raises EditError when the log cannot be read, or has no title.
    """
    path = Path(experiment.log)
    if not experiment.is_page:
        raise EditError(f"{path.name} is kept in a form of its own; write the entry there as you write the others")
    data, source = read_source(path)
    begun, stated = experiment.begun, experiment.stated_title
    text = new_entry(source.text, path.suffix, title, today, order=order, begun=begun, stated=stated)
    return Plan(record.base, (Edit(path, data, source.encode(text)),))


def new_entry(
    text: str,
    suffix: str,
    title: str,
    today: date,
    *,
    order: str = "",
    begun: date | None = None,
    stated: str | None = None,
) -> str:
    """Add a dated section to a log.

    Its date is written as that of the entry beside it, its heading has the same level and lines, and it stands
    where the direction of the file wants it. Without entries to go by it stands at the end, one level below the
    title, with an ISO date. A section of today in which nothing stands yet gets the title.

    *title* is without the date and may be empty; *order* is the setting ``exptdir_date_order``. *begun* is the day on
    which the experiment began, *stated* its title where that is a fact.

    Raises EditError when the log has no title, without which its first entry would become the page's.
    """
    headings, dated = _read(text, suffix, order, begun, stated)
    if not headings and stated is None:
        raise EditError("the log has no title; write one above its text first")
    title = " ".join(title.split())
    # The entries of the style that most have.
    styles = Counter((d.heading.level, d.heading.mark) for d in dated)
    style = styles.most_common(1)[0][0] if styles else None
    main = [d for d in dated if (d.heading.level, d.heading.mark) == style]
    evidence = infer_order([heading.title for heading in headings[1:]]).order
    newest_first = bool(infer_direction([d.heading.title for d in main], order=order or evidence))
    lines = split_lines(text)
    if not main:
        top = headings[0] if headings else Heading(0, 0, 1, "", "=")
        below = [heading for heading in headings if heading.level == top.level + 1]
        like = Heading(0, 2, 2, "", "-" if top.mark != "-" or top.over else "=")
        if suffix.lower() == ".md":
            like = Heading(0, 1, top.level + 1, "", "#")
        place = _Place(len(lines), below[-1] if below else like, below, 1)
    else:
        beside = main[0] if newest_first else main[-1]
        gaps = Counter(_blanks_before(lines, d.heading.start) for d in main[1:] or main)
        others = [d.heading for d in main]
        year = beside.year if beside.year and heading_year(beside.year.title) != today.year else None
        if year is not None:
            # "May 2024" names more than a year, which cannot be counted up.
            words = re.findall(r"[^\W\d_]+", year.title.lower())
            if re.search(r"月|[0-9]{4}-", year.title) or any(word in MONTHS for word in words):
                year = None
        section = year or beside.heading
        later = (h.start for h in headings if h.start > section.start and h.level <= section.level)
        at = section.start if newest_first else next(later, len(lines))
        gap = gaps.most_common(1)[0][0]
        new_year = year and year._replace(title=re.sub(r"[0-9]{4}", str(today.year), year.title, count=1))
        place = _Place(at, beside.heading, others, gap, new_year)
    before = [(d.day, d.heading.title) for d in dated]
    # What "new" made today, and nobody has written in, up to the next heading or its explicit targets.
    made = (d for d in dated if d.day == today and not d.rest)
    ends = ((d, next((h.start for h in headings if h.start >= d.heading.end), None)) for d in made)
    empty = next((d for d, end in ends if not "".join(lines[d.heading.end : end]).strip()), None)
    if empty is not None:
        if not title:
            return text
        before.remove((empty.day, empty.heading.title))
    iso = f"{today.isoformat()}: {title}" if title else today.isoformat()
    forms = list(dict.fromkeys(_forms(main, newest_first, title, today)))[:_MOST_TRIES]
    forms += [f"{empty.heading.title}: {title}"] if empty is not None else []
    for written in [*forms, iso]:
        if empty is None:
            new, line = _insert(text, place, written)
        else:
            end = line_end(text)
            own = [part + end for part in write_heading(written, empty.heading, [d.heading for d in main])]
            start = empty.heading.end - len(own)
            new, line = "".join([*lines[:start], *own, *lines[empty.heading.end :]]), empty.heading.end
        _, after = _read(new, suffix, order, begun, stated)
        ours = [d for d in after if d.heading.end == line and d.day == today and not d.found.problem]
        if ours and [(d.day, d.heading.title) for d in after if d is not ours[0]] == before:
            return new
    raise EditError(f"a heading “{iso}” would not be read as an entry here; add it by hand")


def _read(
    text: str, suffix: str, order: str, begun: date | None, stated: str | None
) -> tuple[list[Heading], list[DatedHeading]]:
    """Return the headings of sections, and those of them that make entries."""
    markdown = suffix.lower() == ".md"
    blocks = read_blocks(text, markdown=markdown)
    headings = with_targets(blocks, markdown=markdown)
    dated = entries(blocks, headings, order=order, begun=begun, stated=stated)
    return [h for h in headings if h.level], [d for d in dated if d.heading.level and d.day is not None]


def _blanks_before(lines: list[str], at: int) -> int:
    first = at
    while first > 0 and not lines[first - 1].strip():
        first -= 1
    return at - first


def _forms(main: list[DatedHeading], newest_first: bool, title: str, today: date) -> Iterator[str]:
    """Yield titles in the forms of the entries, those of the nearest first."""
    padded = pads(d.found.written for d in main)
    nearest = main if newest_first else main[::-1]
    # "May" is short and long at once; the others tell better how a month is written.
    for d in sorted(nearest, key=lambda d: re.search(r"\bmay\b", d.found.written, re.IGNORECASE) is not None):
        models = [d] if d.found.rest or not title else [other for other in nearest if other.found.rest]
        for written in restyle(d.found.written, d.day or today, today, padded):
            if not title:
                yield written
                continue
            for model in models[:2]:
                text, found = model.heading.title, model.found
                head = text.removesuffix(found.rest)
                if text.endswith(found.rest) and found.written in head:
                    yield head.replace(found.written, written, 1) + title
                elif text.startswith(found.rest):
                    yield title + text[len(found.rest) :].replace(found.written, written, 1)


def _insert(text: str, place: _Place, title: str) -> tuple[str, int]:
    """Return the text with the entry, and the line after the entry's heading."""
    lines, end = split_lines(text), line_end(text)
    new: list[str] = []
    if place.year is not None:
        new += [*write_heading(place.year.title, place.year, [place.year]), ""]
    new += write_heading(title, place.like, place.others)
    least = 0 if place.like.mark == "#" and place.year is None else 1
    if place.at < len(lines):
        heading_end = place.at + len(new)
        new += [""] * max(place.gap, _blanks_before(lines, place.at) if place.gap == 0 else 0)
        block = "".join(line + end for line in new)
        return "".join([*lines[: place.at], block, *lines[place.at :]]), heading_end
    blanks = max(max(place.gap, least) - _blanks_before(lines, place.at), 0)
    new = [""] * blanks + new
    if lines and not lines[-1].endswith(("\n", "\r")):
        return text + end + end.join(new), place.at + len(new)
    return text + "".join(line + end for line in new), place.at + len(new)


def restyle(written: str, day: date, new: date, padded: bool | None) -> Iterator[str]:
    """Write a date as another one, of a *day*, is written: every text of that form, as day and month may look alike.

    *padded* says whether the author writes 05 for 5; ``None`` where no date says.
    """
    tokens: list[str] = _TOKEN.findall(written)
    compact = {day.strftime(form): new.strftime(form) for form in ("%Y%m%d", "%y%m%d")}
    if any(token in compact for token in tokens):
        yield "".join(compact.get(token, token) for token in tokens)
        return
    month_at = next((n for n, t in enumerate(tokens) if _like(t, day.month - 1, day.month - 1, MONTH_ROWS)), None)
    parts: list[str | None] = []
    for n, token in enumerate(tokens):
        if n == month_at:
            parts.append(_like(token, day.month - 1, new.month - 1, MONTH_ROWS))
        else:
            parts.append(token if token.isdecimal() else _word(token, tokens[n - 1] if n else "", new))
    digits = [n for n, token in enumerate(tokens) if token.isdecimal()]
    roles, padded = ("YMD", padded is not False) if month_at is None else ("YD", bool(padded))
    seen = set()
    for count in (len(roles), len(roles) - 1):
        for places in permutations(digits, count):
            texts = parts.copy()
            for place, role in zip(places, roles[-count:], strict=True):
                texts[place] = _number(tokens[place], role, day, new, padded)
            last = max([*places, -1 if month_at is None else month_at])
            others = [place for place in digits if place not in places]
            # Numbers that are not of the date are left out with all behind them if they can only be a time.
            if others and (others[0] < last or not _TIME.fullmatch("".join(tokens[last + 1 :]))):
                continue
            text = "".join(part or "" for part in texts[: last + 1 if others else None])
            if None not in texts and text not in seen:
                seen.add(text)
                yield text
        if seen:
            return


def pads(dates: Iterable[str]) -> bool | None:
    """Tell whether an author writes a nought before days and months below ten."""
    text = " | ".join(dates)
    if re.search(r"(?<![0-9:])0[1-9](?![0-9:])", text):
        return True
    return False if re.search(r"(?<![0-9:])[1-9](?![0-9:])", text) else None


def _number(token: str, role: str, day: date, new: date, padded: bool) -> str | None:
    if role == "Y":
        form = {4: "%Y", 2: "%y"}.get(len(token))
        return new.strftime(form) if form and day.strftime(form) == token else None
    old, value = (day.month, new.month) if role == "M" else (day.day, new.day)
    if int(token) != old or len(token) > 2:
        return None
    padded = token[0] == "0" or (len(token) == 2 and padded)
    return f"{value:02}" if padded else str(value)


def _word(token: str, before: str, new: date) -> str:
    if before.isdecimal() and token.lower() in {"st", "nd", "rd", "th"}:
        return "th" if new.day in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(new.day % 10, "th")
    if before.isdecimal() and token in "年月日":
        return token
    known = WEEKDAYS.get(token.lower())
    return token if known is None else _like(token, known, new.weekday(), WEEKDAY_ROWS) or token


def _like(written: str, known: int, wanted: int, rows: tuple[str, ...]) -> str | None:
    """Name a month or a weekday as another one is named; ``None`` where that is no known name of *known*."""
    for row in rows:
        words = row.split()
        if words[known] == written.lower():
            if written.isupper() and len(written) > 1:
                return words[wanted].upper()
            return words[wanted].title() if written[:1].isupper() else words[wanted]
    return None
