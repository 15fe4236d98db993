"""Measure what navigation costs under some themes: without any, in one flat toctree, and as exptdir does it.

From the top of the repository: ``PYTHONPATH=. python expts/0004_navigation_cost/measure.py``

The builds are those of ``benchmarks.navigation``. What ``python -m benchmarks.navigation --csv FILE`` has
measured is added by ``--add FILE``; more sizes are measured by ``--sizes``, and what is known of others stays.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.generate import Toctree, generate
from benchmarks.navigation import THEMES, measure
from benchmarks.results import Timing, machine, merge_csv, read_csv, write_workbook

HERE = Path(__file__).parent
#: For each sheet of the workbook, the CSV that it is made of.
SHEETS = {
    "Builds": HERE / "results.csv",
    "Extensions": HERE / "extensions.csv",
    "References": HERE / "references.csv",
}
NONE, LOADED, FLAT, OURS = "none", "none, same extensions", "flat toctree", "exptdir"
#: The same with references: links to documents in plain Sphinx.
NONE_LINKED, OURS_LINKED = "none, linked", "exptdir, linked"
#: What exptdir sets up besides itself.
EXTENSIONS = ("myst_parser", "sphinx_design")
COLUMNS = {
    "theme": ("theme", "General"),
    "pages": ("experiments", "#,##0"),
    "navigation": ("navigation", "General"),
    "cpu_s": ("CPU, s", "0.0"),
    "cpu_ratio": ("CPU ratio", "0.00"),
    "mib": ("peak, MiB", "#,##0"),
    "memory_ratio": ("memory ratio", "0.00"),
    "spread": ("spread", "0%"),
}


def write(base: Path, theme: str, pages: int, navigation: str) -> None:
    """Write the record for one kind of navigation: the same pages, with references as text unless they are linked."""
    if navigation in {OURS, OURS_LINKED}:
        generate(base, pages, theme=theme, extensions=["exptdir"], roles=navigation == OURS_LINKED)
    elif navigation == NONE_LINKED:
        generate(base, pages, theme=theme, documents_linked=True)
    else:
        extensions = EXTENSIONS if navigation == LOADED else ()
        toctree: Toctree = "flat" if navigation == FLAT else "none"
        generate(base, pages, theme=theme, toctree=toctree, extensions=extensions)


def compare(theme: str, pages: int, repeat: int, kinds: Sequence[str]) -> Iterator[dict[str, object]]:
    """Build each kind in turn, some times, and yield their rows; the slow flat toctree is built twice at most."""
    costs: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory(prefix="exptdir-navigation-") as name:
        for kind in kinds:
            write(Path(name, kind), theme, pages, kind)
        for turn in range(repeat):
            for kind in [kind for kind in kinds if turn < 2 or kind != FLAT]:
                cost = measure(Path(name, kind), Path(name, f"{kind}-output-{turn}"))
                costs[kind].append((cost.cpu, cost.mebibytes))
    for kind, measured in costs.items():
        timing = Timing.of([cpu for cpu, _ in measured])
        mib = min(mib for _, mib in measured)
        yield row(theme, pages, kind, timing.least, mib) | {"spread": timing.spread}


def row(theme: str, pages: object, navigation: str, cpu: float, mib: float) -> dict[str, object]:
    """Return a row; its ratios come when all rows are known."""
    cells = {"theme": theme, "pages": pages, "navigation": navigation, "cpu_s": cpu, "mib": mib}
    return {**cells, "cpu_ratio": None, "memory_ratio": None, "spread": None}


def added(path: Path) -> Iterator[dict[str, object]]:
    """Yield the rows of a CSV of ``benchmarks.navigation``, which says nothing of the spread."""
    for line in read_csv(path):
        for kind, prefix in ((NONE, "plain"), (OURS, "exptdir")):
            cpu, mib = float(line[f"{prefix}_cpu_s"]), float(line[f"{prefix}_mib"])
            yield row(line["theme"], line["pages"], kind, cpu, mib)


def with_ratios(rows: list[dict[str, str]]) -> Iterator[dict[str, object]]:
    """Yield the rows with what they cost compared to no navigation."""
    base = {(row["theme"], row["pages"]): row for row in rows if row["navigation"] == NONE}
    for row in rows:
        none = base[row["theme"], row["pages"]]
        yield {
            **row,
            "cpu_ratio": float(row["cpu_s"]) / float(none["cpu_s"]),
            "memory_ratio": float(row["mib"]) / float(none["mib"]),
        }


def measured(options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Measure what the command line asks for, small sizes first."""
    for theme in options.themes:
        # The first build with a theme compiles its modules, which is nobody's cost.
        list(compare(theme, 2, 1, [NONE, OURS]))
    for pages in options.sizes:
        for theme in options.themes:
            kinds = [kind for kind in options.kinds if kind != FLAT or pages in options.flat]
            for found in compare(theme, pages, options.repeat, kinds):
                cells = [f"{cell:.3f}" if isinstance(cell, float) else cell for cell in found.values()]
                print(*cells, flush=True)
                yield found


def main() -> None:
    """Measure or add, and bring a CSV and results.xlsx up to date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[300, 1_000], metavar="N")
    parser.add_argument("--flat", type=int, nargs="*", default=[300], metavar="N", help="sizes with a flat toctree")
    parser.add_argument("--kinds", nargs="+", default=[NONE, OURS, FLAT], metavar="KIND")
    parser.add_argument("--themes", nargs="+", default=list(THEMES), metavar="THEME")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="keep the least of N builds")
    parser.add_argument("--add", type=Path, metavar="FILE", help="add what benchmarks.navigation wrote, only")
    parser.add_argument("--sheet", choices=SHEETS, default="Builds", help="where the figures go")
    options = parser.parse_args()
    print(machine("sphinx", "furo", "pydata-sphinx-theme", "alabaster"))
    keys, results = ["theme", "pages", "navigation"], SHEETS[options.sheet]
    for found in added(options.add) if options.add else measured(options):
        # One by one, so that an interrupted measurement keeps what it has.
        merge_csv(results, [found], keys)
    merge_csv(results, with_ratios(read_csv(results)), keys)
    sheets = {name: (path, COLUMNS) for name, path in SHEETS.items() if path.exists()}
    write_workbook(HERE / "results.xlsx", sheets)


if __name__ == "__main__":
    main()
