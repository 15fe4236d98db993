"""Compare what a record costs with exptdir, and the same pages in plain Sphinx without any toctree.

exptdir gives every page its navigation without resolving the global table of contents again for each; so a
record may cost but little more than pages without navigation, under any theme and however many there are.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path

from benchmarks.generate import generate
from benchmarks.measuring import Cost, cost_of, costs_at_once
from exptdir.record.files import RACY

THEMES = ("furo", "pydata_sphinx_theme", "alabaster")
SIZES = (300, 1000, 3000)
LIMIT = 1.2
COLUMNS = ("theme", "pages", "plain s", "exptdir s", "ratio", "plain MiB", "exptdir MiB", "ratio", "")
CSV_COLUMNS = (
    "theme",
    "pages",
    "plain_cpu_s",
    "exptdir_cpu_s",
    "cpu_ratio",
    "plain_mib",
    "exptdir_mib",
    "memory_ratio",
)
WIDTHS = (20, 6, 9, 10, 6, 10, 12, 6, 8)


@dataclass(frozen=True)
class Comparison:
    """One row: a theme and a number of pages, with and without exptdir."""

    theme: str
    pages: int
    plain: Cost
    exptdir: Cost

    @property
    def cpu_ratio(self) -> float:
        """How many times the processor time."""
        return self.exptdir.cpu / self.plain.cpu

    @property
    def memory_ratio(self) -> float:
        """How many times the memory."""
        return self.exptdir.mebibytes / self.plain.mebibytes

    def passes(self, limit: float) -> bool:
        """Whether both ratios keep the limit."""
        return max(self.cpu_ratio, self.memory_ratio) <= limit

    def cells(self, limit: float) -> tuple[str, ...]:
        """Return the row as text, in the order of ``COLUMNS``."""
        return (
            self.theme,
            str(self.pages),
            f"{self.plain.cpu:.2f}",
            f"{self.exptdir.cpu:.2f}",
            f"{self.cpu_ratio:.2f}",
            f"{self.plain.mebibytes:.0f}",
            f"{self.exptdir.mebibytes:.0f}",
            f"{self.memory_ratio:.2f}",
            "" if self.passes(limit) else f"> {limit:g}",
        )


def command(source: Path, output: Path) -> list[str]:
    """Return what builds once, from nothing."""
    return [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-E", str(source), str(output)]


def measure(source: Path, output: Path) -> Cost:
    """Build once, from nothing, in a process of its own."""
    return cost_of(command(source, output))


def write_variants(directory: Path, pages: int, theme: str, options: argparse.Namespace) -> tuple[Path, Path]:
    """Write the record for plain Sphinx and the one for exptdir, and return where they are."""
    plain, ours = directory / "plain", directory / "exptdir"
    write = partial(generate, n=pages, theme=theme, nested=options.nested, entries_per_page=options.entries_per_page)
    write(
        plain,
        extensions=options.plain_extensions,
        toctree=options.plain_toctree,
        documents_linked=options.plain_references,
    )
    write(ours, extensions=["exptdir"], roles=options.references)
    return plain, ours


def compare(pages: int, theme: str, options: argparse.Namespace) -> Comparison:
    """Build both variants, as often as asked, and keep the least cost of each, or the mean of those at once."""
    with tempfile.TemporaryDirectory(prefix="exptdir-bench-") as name:
        directory = Path(name)
        plain, ours = write_variants(directory, pages, theme, options)
        # Records are older than that, and files as young as that are read again at each look.
        time.sleep(RACY / 1e9 + 0.5)
        outputs = [[directory / f"{source.name}-{turn}" for source in (plain, ours)] for turn in range(options.repeat)]
        builds = [(command(plain, one), command(ours, other)) for one, other in outputs]
        if options.at_once:
            return Comparison(theme, pages, *_in_pairs(builds))
        pairs = [(cost_of(one), cost_of(other)) for one, other in builds]
    return Comparison(theme, pages, *(reduce(Cost.least, costs) for costs in zip(*pairs, strict=True)))


def _in_pairs(builds: Sequence[tuple[list[str], list[str]]]) -> tuple[Cost, Cost]:
    """Build both variants at the same time, on processors that change places from one time to the next."""
    pairs = []
    for turn, (plain, ours) in enumerate(builds):
        if turn % 2:
            other, one = costs_at_once(ours, plain)
        else:
            one, other = costs_at_once(plain, ours)
        pairs.append((one, other))
    plain_mean, ours_mean = (Cost.mean(costs) for costs in zip(*pairs, strict=True))
    return plain_mean, ours_mean


def comparisons(options: argparse.Namespace) -> Iterator[Comparison]:
    """Yield the rows as they come, small sizes first."""
    for theme in options.themes:
        # The first build of all with a theme compiles its modules, which is nobody's cost.
        compare(2, theme, argparse.Namespace(**{**vars(options), "repeat": 1, "at_once": False}))
    for pages in options.sizes:
        for theme in options.themes:
            yield compare(pages, theme, options)


def line(cells: Sequence[str]) -> str:
    """Return the cells under each other: the first to the left, figures to the right."""
    first, *rest = zip(cells, WIDTHS, strict=True)
    return first[0].ljust(first[1]) + "".join(cell.rjust(width) for cell, width in rest)


def write_csv(path: Path, rows: Sequence[Comparison]) -> None:
    """Write the figures with all their digits."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CSV_COLUMNS)
        for row in rows:
            cpu = (row.plain.cpu, row.exptdir.cpu, row.cpu_ratio)
            memory = (row.plain.mebibytes, row.exptdir.mebibytes, row.memory_ratio)
            writer.writerow([row.theme, row.pages, *(f"{figure:.4f}" for figure in cpu + memory)])


def positive(text: str) -> int:
    """Read a whole number of at least one."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=positive, nargs="+", default=list(SIZES), metavar="N")
    parser.add_argument("--themes", nargs="+", default=list(THEMES), metavar="THEME")
    parser.add_argument("--repeat", type=positive, default=1, metavar="N", help="keep the least of N builds")
    parser.add_argument(
        "--at-once",
        action="store_true",
        help="build both at the same time, each on a processor of its own, and take the mean of N",
    )
    parser.add_argument("--limit", type=float, default=LIMIT, help="the highest ratio (default: %(default)s)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--nested", action="store_true", help="experiments within experiments")
    parser.add_argument("--references", action="store_true", help="give exptdir real references to resolve")
    parser.add_argument(
        "--plain-references", action="store_true", help="give plain Sphinx links to documents in place of their numbers"
    )
    # The emptier the pages, the more of the cost is navigation, and the harder the limit.
    parser.add_argument("--entries-per-page", type=int, default=3, metavar="N")
    parser.add_argument(
        "--plain-extensions",
        nargs="*",
        default=[],
        metavar="NAME",
        help="what plain Sphinx loads too (myst_parser sphinx_design, say, which exptdir always loads)",
    )
    parser.add_argument(
        "--plain-toctree",
        choices=["none", "flat"],
        default="none",
        help="'flat' shows what plain Sphinx takes with every page in one toctree",
    )
    return parser.parse_args(arguments)


def main() -> int:
    """Print the table; return 1 where a ratio passes the limit."""
    options = parse()
    print(line(COLUMNS), flush=True)
    rows = []
    for row in comparisons(options):
        rows.append(row)
        print(line(row.cells(options.limit)), flush=True)
    if options.csv:
        write_csv(options.csv, rows)
    failed = [row for row in rows if not row.passes(options.limit)]
    print(f"{len(rows) - len(failed)} of {len(rows)} keep the limit of {options.limit:g} times plain Sphinx")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
