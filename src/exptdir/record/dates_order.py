"""Day first or month first, newest first or oldest first: what the dates of one file say together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exptdir.record.dates_stamp import Stamp, stamp_at_start, stamps_at_end
from exptdir.record.dates_years import DateContext


@dataclass(frozen=True)
class OrderEvidence:
    """What the dates of one file say about the order in which its author writes day and month.

    Parameters
    ----------
    order
        The order that numbers above 12 prove; empty when nothing does, or when they contradict each other.
    contradictions
        The titles that prove another order than the first proof in the file.
    """

    order: str = ""
    contradictions: tuple[str, ...] = ()


def infer_order(titles: Iterable[str]) -> OrderEvidence:
    """Find the order of day and month that the dates of one file prove.

    Parameters
    ----------
    titles
        The titles of the file's sections, in file order.

    Returns
    -------
    OrderEvidence
        Only numbers above 12 count as proof.
    """
    proofs: list[tuple[str, str]] = []
    for title in titles:
        stamp = stamp_at_start(title.strip())
        if stamp is not None and stamp.sure and stamp.open_order and len(stamp.readings) == 1:
            proofs.append((next(iter(stamp.readings)), title))
    if not proofs:
        return OrderEvidence()
    first = proofs[0][0]
    others = tuple(title for order, title in proofs if order != first)
    return OrderEvidence("" if others else first, others)


def infer_direction(titles: Iterable[str], *, order: str = "") -> bool | None:
    """Tell whether the entries of one file stand newest first.

    Parameters
    ----------
    titles
        The titles of the file's sections, in file order.
    order
        The order of day and month, where the setting or :func:`infer_order` gives one.

    Returns
    -------
    bool or None
        ``True`` for newest first, ``False`` for oldest first, ``None`` when the dates do not say. Years count
        where two neighbours have them; twice as many steps must go one way as the other.
    """
    context = DateContext(order=order)
    forward = backward = 0
    before: tuple[int | None, int, int] | None = None
    for title in titles:
        day = _day(title, context)
        if day is None:
            continue
        if before is not None:
            years = (before[0], day[0]) if before[0] and day[0] else (0, 0)
            old, new = (years[0], *before[1:]), (years[1], *day[1:])
            forward, backward = forward + (new > old), backward + (new < old)
        before = day
    if forward == backward or min(forward, backward) * 2 > max(forward, backward):
        return None
    return backward > forward


def _day(title: str, context: DateContext) -> tuple[int | None, int, int] | None:
    title = title.strip()
    stamp = stamp_at_start(title) or next(iter(stamps_at_end(title)), None)
    reading = choose(stamp, context) if stamp is not None and stamp.sure else None
    return stamp.readings[reading] if stamp is not None and reading else None


def wanted(stamp: Stamp, order: str) -> str:
    """Translate a stated order for one date: without a year, ``YMD`` can only mean the month first.

    Parameters
    ----------
    stamp
        The date.
    order
        ``YMD``, ``DMY``, ``MDY`` or empty.

    Returns
    -------
    str
        The order to look for among the readings.
    """
    yearless = all(year is None for year, _, _ in stamp.readings.values())
    return "MDY" if order == "YMD" and yearless else order


def choose(stamp: Stamp, context: DateContext) -> str | None:
    """Choose the reading of a date: the only one, or that of the setting, the file's evidence, or convention.

    Parameters
    ----------
    stamp
        The date.
    context
        What is known about the place.

    Returns
    -------
    str or None
        The key of the reading; ``None`` when nothing decides.
    """
    readings = stamp.readings
    if not readings:
        return None
    if len(set(readings.values())) == 1:
        return next(iter(readings))
    for order in (wanted(stamp, context.order), wanted(stamp, context.evidence)):
        # A file of "5/21/2024" says little about its "06.05.2024", which by convention has the day first.
        against_convention = stamp.dotted and order == "MDY" and order != context.order
        if order in readings:
            return None if against_convention else order
    return "DMY" if stamp.dotted and "DMY" in readings else None
