"""Tell for each kind of script what is missed and what is drawn needlessly.

The kinds are those of the tests: a script, changes after which it must be drawn again, and such after which it need
not. Libraries that need not be installed have stand-ins that open files by the C library, as they do.

    python -m benchmarks.figure_kinds --csv kinds.csv
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ["EXPTDIR_FUZZ"] = "each library by each way"

from exptdir.figures.run.runner import LocalExecutor
from tests.figures import test_kinds, test_kinds_everyday, test_kinds_habits, test_kinds_libraries
from tests.figures.test_kinds import NOTES, Kind, bring, missed_or_needless

FAMILIES = {"files": test_kinds.KINDS, "every day": test_kinds_everyday.KINDS, "libraries": test_kinds_libraries.KINDS}
FAMILIES["habits"] = {
    name: Kind(script, files, stale, NOTES | fresh, first)
    for name, (script, files, stale, fresh, first) in test_kinds_habits.HABITS.items()
}


def rows() -> Iterator[dict[str, object]]:
    """Try each kind in a record of its own."""
    with LocalExecutor(1) as executor:
        for family, kinds in FAMILIES.items():
            for name, kind in kinds.items():
                with tempfile.TemporaryDirectory() as scratch:
                    # What is outside of the record is not to be among temporary files, which count for nothing.
                    tempfile.tempdir = tempfile.mkdtemp(dir=scratch)
                    wrong = missed_or_needless(kind, Path(scratch), executor)
                    unseen = bring(Path(scratch, "record"), executor).scripts
                    tempfile.tempdir = None
                    yield row(family, name, kind, wrong, {why for one in unseen.values() for why in one.unseen})


def row(family: str, name: str, kind: Kind, wrong: list[str], unseen: set[str]) -> dict[str, object]:
    """Say what became of one kind."""
    needless = [what.partition(": ")[2] for what in wrong if what.startswith("needless")]
    missed = [what.partition(": ")[2] for what in wrong if what.startswith("missed")]
    counts = {"must be drawn after": len(kind.stale), "need not after": len(kind.fresh)}
    found = {"missed": ", ".join(missed) or "none", "needless": ", ".join(needless) or "none"}
    return {"family": family, "kind": name, **counts, **found, "not fully known": ", ".join(sorted(unseen)) or "no"}


def main() -> int:
    """Print what is not as it should be, and a sum; 1 if anything was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="what became of each kind")
    options = parser.parse_args()
    found = list(rows())
    for one in found:
        if (one["missed"], one["needless"], one["not fully known"]) != ("none", "none", "no"):
            print(one)
    if options.csv is not None:
        with options.csv.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(found[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(found)
    missed = sum(one["missed"] != "none" for one in found)
    print(f"{len(found)} kinds, {missed} missed, {sum(one['needless'] != 'none' for one in found)} needless")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
