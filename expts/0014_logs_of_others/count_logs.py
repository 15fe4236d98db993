"""Count what is recognised in logs: ``python count_logs.py counts.csv DIRECTORY…``; no text of theirs is kept.

What is wrong was written down by hand in ``wrong.csv``, after each log was read beside its page.
"""

import csv
import sys
from pathlib import Path

from exptdir.logs import read_log

NAMES = "log,format,lines,entries,undated,runs,linked,ambiguous,left,quantities,tasks,tags,wrong"


def counts(path: Path, wrong: dict[str, str]) -> list[object]:
    """Return a row for a log."""
    found = read_log(path)
    states = [one.state for one in found.references]
    undated = sum(entry.day is None for entry in found.entries)
    named = map(states.count, ("resolved", "ambiguous", "left"))
    other = len(found.metrics), len(found.tasks), len(found.tags)
    said = next((text for name, text in wrong.items() if path.name.startswith(name)), "")
    lines = path.read_bytes().count(b"\n")
    return [path.name, found.format, lines, len(found.entries), undated, len(found.runs), *named, *other, said]


if __name__ == "__main__":
    with Path(__file__).with_name("wrong.csv").open(encoding="utf-8", newline="") as source:
        said = dict(list(csv.reader(source))[1:])
    files = sorted(path for directory in sys.argv[2:] for path in Path(directory).iterdir())
    with Path(sys.argv[1]).open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerows([NAMES.split(","), *(counts(path, said) for path in files)])
