"""How long logs in other forms take to read, and that it grows as they do.

``python -m benchmarks.logs --lines 100000``. Made-up logs of each kind are read at a fourth of the lines and at all of
them. Four times the lines may take five times as long; what takes longer is not linear, and the program ends with 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date, timedelta
from time import process_time

from exptdir.logs import read_log_text

#: How much longer four times the lines may take.
GROWTH = 5.0
_FIRST = date(2001, 1, 1)


def table(lines: int) -> str:
    """Rows with a date, prose that refers to other rows, and a result."""
    row = "{},{},same as {} but lr is {},loss: {:.3f} as exp {}"
    rows = (row.format(at, _day(at % 3000), max(at - 3, 1), at / 1000, at / 7, at // 2) for at in range(1, lines))
    return "run,date,log,result\n" + "\n".join(rows)


def braces(lines: int) -> str:
    """Days in braces with runs and notes on them."""
    notes = "\n".join(f"        loss: {note / 7:.2f} as in `v{note}`" for note in range(7))
    return "\n".join(
        f"{_day(day):%Y/%m/%d} {{\n    {_day(day):%Y_m%m_d%d}@01_00_00_two\n{notes}\n}}" for day in range(lines // 10)
    )


def versions(lines: int) -> str:
    """Versions with fields and lists."""
    block = "v{}\n--\nSummary:\nSame as v{} but wider. exp_{}\n\nloss: 2.5\n- a\n- b\n"
    return "\n".join(block.format(at, max(at - 1, 0), at) for at in range(lines // 9))


def runs(lines: int) -> str:
    """Bold links that name runs, with prose that compares them."""
    block = "**[`b/{0}`]({0}.yaml)**\n\nCompare `b/{1}` and `b/{1}-1`: train=41.4, valid={0}.7.\n- as before\n"
    return "\n".join(block.format(at, max(at - 1, 0)) for at in range(lines // 5))


def journal(lines: int) -> str:
    """Markdown with a heading a day."""
    block = "## {}\n\nText of a day, loss: 2.5, run {}, TODO: more\n- [ ] do it\n"
    return "\n".join(block.format(_day(at), at) for at in range(lines // 5))


def org(lines: int) -> str:
    """Org headings with states, tags and text."""
    block = "* TODO {} :tag:\ntext on run {}\n- a\n** more\nloss: 3.5"
    return "\n".join(block.format(_day(at), at) for at in range(lines // 5))


def _day(number: int) -> date:
    return _FIRST + timedelta(days=number)


KINDS: dict[str, tuple[str, Callable[[int], str]]] = {
    "csv": ("log.csv", table),
    "braces": ("notes.txt", braces),
    "versions": ("notes.txt", versions),
    "runs": ("README.md", runs),
    "journal": ("notes.md", journal),
    "org": ("journal.org", org),
}


def seconds(name: str, text: str) -> float:
    """Return the processor time that reading a log takes, the least of two."""
    taken = []
    for _ in range(2):
        began = process_time()
        read_log_text(text, name)
        taken.append(process_time() - began)
    return min(taken)


def main() -> int:
    """Print a line for each kind, and return 1 if one grows faster than its log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000, help="lines of the longest log")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"which to read: {', '.join(KINDS)}; all by default")
    asked = parser.parse_args()
    worst = 0.0
    for kind in asked.kinds or KINDS:
        name, make = KINDS[kind]
        short, long = (seconds(name, make(lines)) for lines in (asked.lines // 4, asked.lines))
        worst = max(worst, long / short)
        print(f"{kind:9} {asked.lines} lines: {long:.2f} s, {long / short:.1f} times a fourth of them", flush=True)
    print(f"Growth at most {worst:.1f}; the limit is {GROWTH}.")
    return int(worst > GROWTH)


if __name__ == "__main__":
    sys.exit(main())
