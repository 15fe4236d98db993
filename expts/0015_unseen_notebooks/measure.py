"""Builds notebooks in foreign habits with exptdir and with plain Sphinx, and writes what came of it as a CSV."""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from records import CONF, KINDS, Notebook

#: Makes a build say what it found.
COUNTS = """

def count(app, exception):
    import json
    from collections import Counter
    from exptdir.record.reference import Unresolved

    domain = app.env.domains["expt"]
    cites = [(name, cite) for name, found in domain.cites.items() for cite in found if cite.sure]
    places = [domain.locate(cite.text, name, cite.kind) for name, cite in cites]
    dead = sum(isinstance(place, Unresolved) for place in places)
    counts = {
        "documents": len(app.env.found_docs),
        "experiments": len(domain.record.experiments),
        "entries": sum(map(len, domain.entries.values())),
        "references": len(cites),
        "resolved": len(cites) - dead,
    }
    with open(app.outdir.parent / "counts.json", "w") as file:
        json.dump(counts, file)


def setup(app):
    app.connect("build-finished", count)
"""


def build(source: Path, out: Path, *options: str) -> tuple[int, float, list[str]]:
    """Build a record; return the exit code, the seconds of processor time, and the warnings."""
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", *options, str(source), str(out)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": "0"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.returncode, seconds, [line for line in done.stderr.splitlines() if "WARNING" in line or "ERROR" in line]


def pages(out: Path) -> dict[str, bytes]:
    """Return all files of an output, but for those that belong to Sphinx's own state."""
    own = {".buildinfo", "searchindex.js", "environment.pickle"}
    found = (path for path in out.rglob("*") if path.is_file() and ".doctrees" not in path.parts)
    return {str(path.relative_to(out)): path.read_bytes() for path in found if path.name not in own}


def measure(name: str, notebook: Notebook, repeat: int) -> dict[str, object]:
    """Build one notebook, with exptdir and without in turn, and return its row."""
    with tempfile.TemporaryDirectory() as scratch:
        record = Path(scratch, "project", "notebook")
        notebook.write(record)
        kept = {path: path.read_bytes() for path in record.parent.rglob("*") if path.is_file()}
        conf, ours, plain = record / "conf.py", [], []
        for turn in range(repeat):
            conf.write_text(CONF + notebook.ours + COUNTS)
            code, seconds, warnings = build(record, Path(scratch, f"ours{turn}", "html"))
            ours.append(seconds)
            conf.write_text(CONF + notebook.plain)
            plain.append(build(record, Path(scratch, f"plain{turn}", "html"))[1])
        conf.write_text(CONF + notebook.ours + COUNTS)
        build(record, Path(scratch, "two", "html"), "-j2")
        same = pages(Path(scratch, "two", "html")) == pages(Path(scratch, "ours0", "html"))
        counts = json.loads(Path(scratch, "ours0", "counts.json").read_text())
        changed = [path for path, content in kept.items() if path != conf and path.read_bytes() != content]
        print("\n".join(sorted(warnings)[:20]), file=sys.stderr)
    return {
        "notebook": name,
        **counts,
        "exit": code,
        "warnings": len(warnings),
        "of dead links": sum("xref_missing" in line or "exptdir.ref" in line for line in warnings),
        "files changed": len(changed),
        "-j1 = -j2": "yes" if same else "no",
        "seconds": f"{min(ours):.1f}",
        "plain": f"{min(plain):.1f}",
        "times": f"{min(ours) / min(plain):.2f}",
    }


def main() -> None:
    """Measure all notebooks, or some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="how the name of a notebook begins")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--csv", type=Path, help="where the rows go")
    given = parser.parse_args()
    rows = []
    for name, notebook in KINDS.items():
        if name.startswith(given.only):
            try:
                rows.append(measure(name, notebook, given.repeat))
            except FileNotFoundError as error:
                print(f"{name}: left out, {error}", file=sys.stderr)
    with (given.csv or Path("/dev/stdout")).open("w", newline="") as file:
        # A column for each notebook: four are read more easily than a dozen.
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([name, *(row[name] for row in rows)] for name in rows[0])


if __name__ == "__main__":
    main()
