"""Draw readers.svg and far.svg from results.csv."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

HERE = Path(__file__).parent
plt.style.use(HERE.parent / "notebook.mplstyle")
READERS = (
    *("openpyxl", "openpyxl, cell by cell", "openpyxl read-only", "openpyxl read-only, formats"),
    *("exptdir, own reader", "exptdir", "calamine"),
)

with (HERE / "results.csv").open(encoding="utf-8", newline="") as stream:
    rows = [row for row in csv.DictReader(stream) if row["read_s"]]

figure, axes = plt.subplots()
colours = len(plt.rcParams["axes.prop_cycle"])
for at, reader in enumerate(READERS):
    # Where the colours begin again, the line is another.
    line = "o-" if at < colours else "s--"
    numbers = [row for row in rows if row["reader"] == reader and int(row["cells"]) > 20]
    axes.loglog([int(row["cells"]) for row in numbers], [float(row["read_s"]) for row in numbers], line, label=reader)
axes.set(xlabel="cells", ylabel="CPU seconds for one sheet")
figure.legend(loc="outside lower center", ncols=2)
figure.savefig(HERE / "readers.svg", metadata={"Date": None})

figure, pair = plt.subplots(1, 2, figsize=(5.6, 2.2), sharey=True)
far = {row["reader"]: row for row in rows if "corner" in row["sheet"]}
shown = [reader for reader in reversed(READERS) if reader in far]
for axes, name, label in zip(pair, ("read_s", "mib"), ("CPU seconds", "peak memory, MiB"), strict=True):
    # Points, since a bar has no beginning on a logarithmic axis.
    axes.plot([float(far[reader][name]) for reader in shown], shown, "o", markersize=8)
    axes.set(xscale="log", xlabel=label)
    axes.margins(y=0.15)
figure.savefig(HERE / "far.svg", metadata={"Date": None})
