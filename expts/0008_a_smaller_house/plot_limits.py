"""Draw limits.svg: what was measured of the house before and after, as multiples of what was wanted."""

import csv
from pathlib import Path

import matplotlib.pyplot as plt

HERE = Path(__file__).parent
plt.style.use(HERE.parent / "notebook.mplstyle")

with (HERE / "house.csv").open(encoding="utf-8", newline="") as stream:
    rows = [row for row in csv.DictReader(stream) if row["limit"]][::-1]

figure, axes = plt.subplots(figsize=(6.4, 3.6))
places = range(len(rows))
for column, style in (("before", "o"), ("now", "s")):
    axes.plot([float(row[column]) / float(row["limit"]) for row in rows], places, style, label=column)
axes.axvline(1, color="0.5", label="wanted")
axes.set_yticks(places, [row["figure"] for row in rows])
axes.set(xscale="log", xlabel="times what was wanted")
axes.set_xticks([1, 2, 4, 8, 16], ["1", "2", "4", "8", "16"])
axes.legend()
plt.savefig("limits.svg")
