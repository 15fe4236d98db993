"""Draw cost.svg and places.svg from results.csv."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

HERE = Path(__file__).parent
plt.style.use(HERE.parent / "notebook.mplstyle")
LIMIT = 1.0

with (HERE / "results.csv").open(encoding="utf-8", newline="") as stream:
    rows = list(csv.DictReader(stream))

figure, axes = plt.subplots()
for layout, facts in (("flat", "name"), ("nested", "name"), ("flat", "small files"), ("nested", "small files")):
    chosen = [row for row in rows if (row["layout"], row["facts"]) == (layout, facts)]
    sizes = [int(row["experiments"]) for row in chosen]
    label = f"scan, {layout}, facts from {facts}"
    axes.loglog(sizes, [float(row["scan_s"]) for row in chosen], "o-", label=label)
walked = [row for row in rows if (row["layout"], row["facts"]) == ("flat", "name")]
sizes = [int(row["experiments"]) for row in walked]
axes.loglog(sizes, [float(row["read_s"]) for row in walked], "s--", label="os.walk and logs read, flat")
axes.loglog(sizes, [float(row["walk_s"]) for row in walked], "^--", label="os.walk, flat")
axes.loglog(sizes, [LIMIT * size / 1_000 for size in sizes], ":", color="0.5", label="1 s per thousand")
axes.set(xlabel="experiments", ylabel="CPU seconds")
axes.set_xticks(sizes, [f"{size:,}" for size in sizes], minor=False)
figure.legend(loc="outside lower center", ncols=2)
figure.savefig(HERE / "cost.svg", metadata={"Date": None})

figure, axes = plt.subplots(figsize=(5.6, 2.2))
largest = max(int(row["experiments"]) for row in rows)
places = [row for row in rows if row["layout"] == "flat" and int(row["experiments"]) == largest]
places.sort(key=lambda row: float(row["scan_s"]))
bars = axes.barh([row["facts"] for row in places], [float(row["per_thousand_s"]) for row in places], height=0.6)
axes.bar_label(bars, fmt="%.2f", padding=3, color="0.5")
axes.set(xlabel=f"CPU seconds per thousand experiments, {largest:,} of them, flat")
axes.grid(axis="y", visible=False)
figure.savefig(HERE / "places.svg", metadata={"Date": None})
