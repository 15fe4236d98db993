"""Measure what collected pages cost a real notebook, where it is beside the project, and write corpus.csv."""

from __future__ import annotations

import csv
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NOTEBOOK = ROOT.parent / "shared" / "corpus" / "notebook"
CONF = 'extensions = ["exptdir"]\nhtml_theme = "alabaster"\nexptdir_roots = ["."]\n'
FEED = 'exptdir_feed_url = "https://example.org/"\n'
ROUNDS = 3
PAGES = {
    "journal": "expt-journal::\n   :group-by: month",
    "recent": "expt-journal::\n   :content: full\n   :limit: 20",
    "list": "expt-list::",
    "board": "expt-list::\n   :as: board",
    "calendar": "expt-calendar::",
    "graph": "expt-graph::",
    "tasks": "expt-tasks::",
    "tags": "expt-tags::",
}


def main() -> None:
    """Build it with and without, in turns, and write what the least of all rounds was."""
    if not NOTEBOOK.is_dir():
        sys.exit("the notebook is not here")
    sys.path.insert(0, str(ROOT))
    from benchmarks.measuring import cost_of

    with tempfile.TemporaryDirectory() as made:
        base = Path(made)
        for name in ("without", "with"):
            shutil.copytree(NOTEBOOK, base / name, symlinks=True)
            (base / name / "conf.py").write_text(CONF + FEED * (name == "with"), "utf-8")
        for name, directive in PAGES.items():
            text = f":orphan:\n\n{name}\n{'=' * len(name)}\n\n.. {directive}\n"
            (base / "with" / f"page_{name}.rst").write_text(text, "utf-8")
        seconds: dict[str, list[float]] = {"without": [], "with": []}
        for _round in range(ROUNDS):
            for name, found in seconds.items():
                out = base / f"{name}-out"
                shutil.rmtree(out, ignore_errors=True)
                command = [sys.executable, "-m", "sphinx", "-Q", "-b", "html", str(base / name), str(out)]
                found.append(cost_of(command).cpu)
        from exptdir.cli.session import Session
        from exptdir.record.timeline import timeline

        session = Session(base / "with")
        entries = sum(1 for _entry in timeline(session.conf, session.record))
        sizes = {
            name: [path.stat().st_size for path in (base / f"{name}-out").rglob("*") if path.is_file()]
            for name in seconds
        }
        archive = [path.stat().st_size for path in (base / "with-out").glob("archive/*.html")]
    rows = [
        ("experiments", len(session.record.experiments)),
        ("entries", entries),
        ("clean build without (s)", round(min(seconds["without"]), 2)),
        ("clean build with (s)", round(min(seconds["with"]), 2)),
        ("all files without (MB)", round(sum(sizes["without"]) / 1e6, 1)),
        ("all files with (MB)", round(sum(sizes["with"]) / 1e6, 1)),
        ("largest archive page (kB)", round(max(archive, default=0) / 1e3)),
    ]
    with (HERE / "corpus.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([("measured", "value"), *rows])
    print(*rows, sep="\n")


if __name__ == "__main__":
    main()
