"""Draw cost.svg from results.csv."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

HERE = Path(__file__).parent
plt.style.use(HERE.parent / "notebook.mplstyle")
READERS = (
    ("exptdir before", "s:"),
    ("exptdir after", "o-"),
    ("openpyxl, read-only", "^--"),
    ("calamine", "v--"),
)
LABELS = (("cpu_s", "CPU seconds"), ("mib", "peak memory, MiB"))

with (HERE / "results.csv").open(encoding="utf-8", newline="") as stream:
    rows = list(csv.DictReader(stream))

figure, row_of_axes = plt.subplots(1, 2, figsize=(5.6, 3.0))
for axes, (name, label) in zip(row_of_axes, LABELS, strict=True):
    for reader, style in READERS:
        chosen = sorted((row for row in rows if row["reader"] == reader), key=lambda row: int(row["rows"]))
        axes.plot([int(row["rows"]) for row in chosen], [float(row[name]) for row in chosen], style, label=reader)
    axes.set(xscale="log", yscale="log", xlabel="rows of 20 cells", ylabel=label)
handles, labels = row_of_axes[0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside upper center", ncols=2)
figure.savefig(HERE / "cost.svg", metadata={"Date": None})
