"""Draw cost.svg from results.csv."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

HERE = Path(__file__).parent
plt.style.use(HERE.parent / "notebook.mplstyle")
KINDS = (("flat toctree", "s:"), ("exptdir", "o-"), ("none", "^--"))
LABELS = (("cpu_s", "CPU seconds"), ("mib", "peak memory, MiB"))

with (HERE / "results.csv").open(encoding="utf-8", newline="") as stream:
    rows = list(csv.DictReader(stream))
themes = sorted({row["theme"] for row in rows})

figure, grid = plt.subplots(2, len(themes), figsize=(5.6, 4.6), sharex=True, sharey="row")
for column, theme in enumerate(themes):
    for axes, (name, label) in zip(grid[:, column], LABELS, strict=True):
        for kind, style in KINDS:
            chosen = [row for row in rows if (row["theme"], row["navigation"]) == (theme, kind)]
            chosen.sort(key=lambda row: int(row["pages"]))
            sizes = [int(row["pages"]) for row in chosen]
            axes.plot(sizes, [float(row[name]) for row in chosen], style, label=kind)
        if column == 0:
            axes.set_ylabel(label)
    grid[0, column].set_title(theme)
    grid[1, column].set_xlabel("experiments")
for axes in grid[:, 0]:
    # Shared by the row, so only when all is drawn.
    axes.set_ylim(0, None)
handles, labels = grid[0, 0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
figure.savefig(HERE / "cost.svg", metadata={"Date": None})
