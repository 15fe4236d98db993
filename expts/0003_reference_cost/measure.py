"""Measure what a reference costs in a build: ``:expt:``, Sphinx's own ``:doc:``, and plain text in its place.

From the top of the repository: ``PYTHONPATH=. python expts/0003_reference_cost/measure.py``

All variants build the same pages with the same sentences; only the markup of "this goes on from #12" differs.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.generate import generate
from benchmarks.navigation import measure as build
from benchmarks.results import Timing, machine, merge_csv, read_csv, write_workbook

HERE = Path(__file__).parent
COUNTS = (0, 2, 10, 50)
PARAGRAPH = (250, 500, 1_000, 2_000)
ROLE = re.compile(r":expt:`(\d+)`")
#: Makes of a number, and the documents by their numbers, what stands in place of the reference.
Rewrite = Callable[[int, dict[int, str]], str]


@dataclass(frozen=True)
class Variant:
    """A way to write and build the references."""

    extensions: tuple[str, ...]
    rewrite: Rewrite | None
    configuration: str = ""


def as_text(number: int, documents: dict[int, str]) -> str:
    """Write no reference, but what it would show."""
    return f"#{number}"


def as_doc(number: int, documents: dict[int, str]) -> str:
    """Write Sphinx's own reference to a document."""
    return f":doc:`/{documents[number]}`"


VARIANTS = {
    "Sphinx, text": Variant((), as_text),
    "Sphinx, :doc:": Variant((), as_doc),
    "exptdir, text": Variant(("exptdir",), as_text),
    "exptdir, :doc:": Variant(("exptdir",), as_doc),
    "exptdir, :expt: without Cited by": Variant(("exptdir",), None, "exptdir_cited_by = False\n"),
    "exptdir, :expt:": Variant(("exptdir",), None),
}
COLUMNS = {
    "variant": ("variant", "General"),
    "references": ("references a page", "#,##0"),
    "cpu_s": ("build, CPU s", "0.00"),
    "mib": ("peak, MiB", "#,##0"),
    "spread": ("spread", "0%"),
}
EACH_COLUMNS = {
    "variant": ("variant", "General"),
    "references": ("references a page", "#,##0"),
    "text_ms": ("above the same text, ms each", "0.00"),
    "none_ms": ("above none, ms each", "0.00"),
}
PARAGRAPH_COLUMNS = {
    "role": ("role", "General"),
    "references": ("references in one paragraph", "#,##0"),
    "cpu_s": ("build, CPU s", "0.00"),
    "spread": ("spread", "0%"),
}


def logs(base: Path) -> Iterator[tuple[int, Path]]:
    """Yield the generated experiments' numbers and logs."""
    for log in sorted(base.glob("expts/*/notes.rst")):
        yield int(log.parent.name.partition("_")[0]), log


def write(base: Path, variant: Variant, pages: int, references: int) -> None:
    """Write the record with one way of referring."""
    generate(base, pages, refs_per_page=references, extensions=variant.extensions, roles=True)
    with (base / "conf.py").open("a", encoding="utf-8") as stream:
        stream.write(variant.configuration)
    if variant.rewrite is not None:
        rewrite, found = variant.rewrite, dict(logs(base))
        documents = {number: f"expts/{log.parent.name}/notes" for number, log in found.items()}
        for log in found.values():
            text = ROLE.sub(lambda match: rewrite(int(match[1]), documents), log.read_text("utf-8"))
            log.write_text(text, "utf-8")


def measure(pages: int, references: int, repeat: int) -> Iterator[dict[str, object]]:
    """Build all variants in turn, some times, and yield a row for each."""
    with tempfile.TemporaryDirectory(prefix="exptdir-references-") as name:
        costs: dict[str, list[tuple[float, float]]] = {label: [] for label in VARIANTS}
        sources = {label: Path(name, str(number)) for number, label in enumerate(VARIANTS)}
        for label, source in sources.items():
            write(source, VARIANTS[label], pages, references)
        for turn in range(repeat):
            for label, source in sources.items():
                cost = build(source, source.with_name(f"{source.name}-output-{turn}"))
                costs[label].append((cost.cpu, cost.mebibytes))
    for label, measured in costs.items():
        timing = Timing.of([cpu for cpu, _ in measured])
        yield {
            "variant": label,
            "pages": pages,
            "references": references,
            "cpu_s": timing.least,
            "mib": min(mib for _, mib in measured),
            "spread": timing.spread,
        }


def each(rows: list[dict[str, str]]) -> Iterator[dict[str, object]]:
    """Yield what one reference costs: above the text in its place, and above a page without any."""
    cpu = {(row["variant"], int(row["references"])): float(row["cpu_s"]) for row in rows}
    for row in rows:
        variant, references, pages = row["variant"], int(row["references"]), int(row["pages"])
        text = f"{variant.partition(',')[0]}, text"
        if variant != text and references > 2:
            share = 1_000 / (pages * references)
            yield {
                "variant": variant,
                "references": references,
                # The same number of sentences without markup, in the same program.
                "text_ms": (cpu[variant, references] - cpu[text, references]) * share,
                "none_ms": (cpu[variant, references] - cpu[variant, 0]) * share,
            }


def write_paragraph(base: Path, role: str, references: int) -> None:
    """Write two experiments, the second of which refers to the first again and again in one paragraph."""
    generate(base, 2, refs_per_page=0, extensions=["exptdir"])
    (_, first), (_, second) = logs(base)
    target = "1" if role == ":expt:" else f"/expts/{first.parent.name}/notes"
    sentence = f"This goes on from {role}`{target}`.\n"
    with second.open("a", encoding="utf-8") as stream:
        stream.write("\n" + sentence * references)


def paragraph(references: int, repeat: int) -> Iterator[dict[str, object]]:
    """Build a page with all references in one paragraph, and yield a row for each role."""
    for role in (":doc:", ":expt:"):
        with tempfile.TemporaryDirectory(prefix="exptdir-references-") as name:
            source = Path(name, "record")
            write_paragraph(source, role, references)
            measured = [build(source, Path(name, f"output-{turn}")).cpu for turn in range(repeat)]
        timing = Timing.of(measured)
        yield {"role": role, "references": references, "cpu_s": timing.least, "spread": timing.spread}


def main() -> None:
    """Measure, and bring the CSV files and results.xlsx up to date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=int, default=300, metavar="N")
    parser.add_argument("--references", type=int, nargs="*", default=list(COUNTS), metavar="N", help="a page")
    parser.add_argument("--paragraph", type=int, nargs="*", default=list(PARAGRAPH), metavar="N", help="in one")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="keep the least of N builds")
    options = parser.parse_args()
    print(machine("sphinx", "docutils"))
    # What is compiled in the first build is nobody's cost.
    list(measure(2, 0, 1))
    results, apiece, one = HERE / "results.csv", HERE / "each.csv", HERE / "paragraph.csv"
    for references in options.references:
        for row in measure(options.pages, references, options.repeat):
            keep(results, row, ["variant", "references"])
    for references in options.paragraph:
        for row in paragraph(references, options.repeat):
            keep(one, row, ["role", "references"])
    merge_csv(apiece, each(read_csv(results)), ["variant", "references"])
    sheets = {"Builds": (results, COLUMNS), "Each": (apiece, EACH_COLUMNS), "Paragraph": (one, PARAGRAPH_COLUMNS)}
    write_workbook(HERE / "results.xlsx", sheets)


def keep(path: Path, row: dict[str, object], keys: list[str]) -> None:
    """Print a row and put it into a CSV at once, so that an interrupted measurement keeps what it has."""
    print(*(f"{cell:.3f}" if isinstance(cell, float) else cell for cell in row.values()), flush=True)
    merge_csv(path, [row], keys)


if __name__ == "__main__":
    main()
