"""Compare what a record costs with pages that collect its entries, and the same record without them.

Both are built cleanly, and again after the text of one entry has changed, one after the other in each round, so that
both have the machine as it is. The record is made up: each experiment has five entries, tags, a status, a task, a
prerequisite and references. With the pages go the archive and the feeds. The headers of experiments' pages, which are
part of these, are in both, unless ``--headers`` asks what they cost: then the record without has none. With
``--same-pages`` it has as many pages, empty but for their titles, which then stand in both sidebars.

Seconds differ by a tenth from build to build on a machine that others use. There ``--calls`` counts the calls of
functions instead, which are the same each time; it leaves out what a call costs, and the collector of Python.
"""

from __future__ import annotations

import argparse
import pstats
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from benchmarks.measuring import cost_of

ENTRIES = 5
STATUSES = ("new", "ready", "in progress", "complete", "abandoned")
#: The pages that collect: those of the home page that ``exptdir init`` writes, and whole lists.
PAGES = {
    "home": "{expt-list}\n:as: board\n:status: in progress, blocked\n:since: 2024-01-01\n:limit: 100",
    "recent": "{expt-journal}\n:content: sentence\n:limit: 20",
    "months": "{expt-journal}\n:group-by: month\n:limit: 500",
    "tasks": "{expt-tasks}\n:limit: 200",
    "tags": "{expt-tags}\n:tag: tag1",
    "year": "{expt-calendar}",
    "graph": "{expt-graph}",
    "table": "{expt-list}\n:limit: 200",
    "tree": "{expt-list}\n:as: tree\n:limit: 500",
}


def write_record(
    base: Path, experiments: int, *, collecting: bool, headers: bool = True, same_pages: bool = False
) -> None:
    """Write a record, with pages that collect, and so with an archive, and with feeds, or without."""
    conf = f'extensions = ["exptdir"]\nhtml_theme = "alabaster"\nexptdir_header = {headers}\n'
    conf += 'exptdir_feed_url = "https://example.org/"\n' * collecting
    files = {"conf.py": conf}
    for number in range(1, experiments + 1):
        begun = date(2020, 1, 1) + timedelta(days=number)
        text = (
            f"---\nstatus: {STATUSES[number % 5]}\ntags: [tag{number % 20}, x{number % 7}]\n"
            f"prerequisites: [{max(1, number - 3)}]\n---\n\n"
            f"# Experiment {number}\n\nAfter {{expt}}`{max(1, number - 1)}`.\n"
        )
        for entry in range(ENTRIES):
            day = begun + timedelta(days=entry * 3)
            text += (
                f"\n## {day}: Step {entry}\n\nWhat came of {{expt}}`{max(1, number - 2)}` is this. And more of it.\n"
            )
        text += "\nTODO: measure it again\n\n## Conclusion\n\nIt works.\n"
        files[f"expts/{number:04}_x/index.md"] = text
    home = "# Home\n"
    if collecting or same_pages:
        files |= {f"{name}.md": f"# {name}\n" + f"\n```{text}\n```\n" * collecting for name, text in PAGES.items()}
        home += "\n```{toctree}\n" + "\n".join(PAGES) + "\n```\n"
    files["index.md"] = home
    for name, text in files.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def builds(base: Path, rounds: int, calls: bool) -> Iterator[tuple[float, float]]:
    """Yield what a clean build took, and one after an edit: seconds of the processor, or millions of calls."""
    edited = base / "expts/0005_x/index.md"
    out = base.parent / f"{base.name}-out"
    for number in range(rounds):
        shutil.rmtree(out, ignore_errors=True)
        sphinx = ["-m", "sphinx", "-q", "-b", "html", str(base), str(out)]
        clean = _taken(sphinx, calls)
        edited.write_text(edited.read_text("utf-8").replace("And more of it", f"And {number} more of it", 1), "utf-8")
        yield clean, _taken(sphinx, calls)


def _taken(module: list[str], calls: bool) -> float:
    if not calls:
        return cost_of([sys.executable, *module]).cpu
    with tempfile.TemporaryDirectory() as directory:
        counted = str(Path(directory, "calls"))
        cost_of([sys.executable, "-m", "cProfile", "-o", counted, *module])
        return float(pstats.Stats(counted).total_calls) / 1e6  # type: ignore[attr-defined]


def main() -> int:
    """Measure, and fail where the limits are passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--headers", action="store_true", help="ask what headers cost, too")
    parser.add_argument("--same-pages", action="store_true", help="give the record without as many empty pages")
    parser.add_argument("--calls", action="store_true", help="count calls, whatever else the machine does")
    parser.add_argument("--share", type=float, default=0.1, help="what a clean build may cost more")
    parser.add_argument("--seconds", type=float, default=0.3, help="what a build after an edit may cost more")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        sources = [Path(directory, name) for name in ("without", "with")]
        for source in sources:
            collecting = source.name == "with"
            headers = collecting or not options.headers
            write_record(
                source, options.experiments, collecting=collecting, headers=headers, same_pages=options.same_pages
            )
        # In turns, so that both have the machine as it is.
        turns = list(zip(*(builds(source, options.rounds, options.calls) for source in sources), strict=True))
        found = list(zip(*turns, strict=True))
    (clean, again), (clean_with, again_with) = ([min(taken) for taken in zip(*rounds, strict=True)] for rounds in found)
    share, more, unit = clean_with / clean - 1, again_with - again, "M calls" if options.calls else "s"
    entries = options.experiments * ENTRIES
    print(f"{options.experiments} experiments, {entries} entries, {len(PAGES)} pages that collect")
    limit = f"{share:+.1%} (at most {options.share:.0%})"
    print(f"clean build        {clean:7.2f} {unit} without, {clean_with:7.2f} with: {limit}")
    wanted = "" if options.calls else f" (at most {options.seconds} s)"
    print(f"after an edit      {again:7.2f} {unit} without, {again_with:7.2f} with: {more:+.2f} {unit}{wanted}")
    return int(share > options.share or (not options.calls and more > options.seconds))


if __name__ == "__main__":
    sys.exit(main())
