"""Draw mutations.svg: for each kind of change, how many scripts depend on what was touched, and how many were run."""

import csv
from pathlib import Path

import matplotlib.pyplot as plt

HERE = Path(__file__).parent
plt.style.use(HERE.parent / "notebook.mplstyle")

with (HERE / "mutations.csv").open(encoding="utf-8", newline="") as stream:
    rows = list(csv.DictReader(stream))
most = max(int(row["scripts"]) for row in rows)
rows = sorted((row for row in rows if int(row["scripts"]) == most), key=lambda row: int(row["needed"]))


def each(row, name):
    return int(row[name]) / int(row["mutations"])


places = range(len(rows))
figure, axes = plt.subplots(figsize=(5.6, 3.4))
axes.plot([each(row, "needed") for row in rows], places, "o", ms=10, mfc="none", label="depend on it")
axes.plot([each(row, "ran") for row in rows], places, ".", label="were run for it")
for place, row in zip(places, rows, strict=True):
    axes.annotate(
        f"{row['missed']} missed, {row['needless']} needless",
        (1.02, place),
        xycoords=("axes fraction", "data"),
        va="center",
        color="0.5",
        fontsize=8,
    )
axes.set_yticks(places, [f"{row['change']} ({row['mutations']} ×)" for row in rows])
axes.set_xscale("symlog", linthresh=1)
axes.set_xlim(-0.2, 1.5 * most)
axes.set_xticks([0, 1, 10, most], ["0", "1", "10", str(most)])
axes.set(xlabel=f"scripts a change, of {most}")
figure.legend(loc="outside upper center", ncols=2)
plt.savefig("mutations.svg")
