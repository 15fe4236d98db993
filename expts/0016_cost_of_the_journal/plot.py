"""Draw cost.svg: what collected pages add to a clean build and to one after an edit."""

import csv
from pathlib import Path

import matplotlib.pyplot as plt

HERE = Path(__file__).parent
plt.style.use(HERE.parent / "notebook.mplstyle")

with (HERE / "cost.csv").open(encoding="utf-8", newline="") as stream:
    rows = list(csv.DictReader(stream))

figure, (clean, edit) = plt.subplots(1, 2, figsize=(6.4, 2.6), layout="constrained")
names = [row["measured"] for row in rows]
for word in ("each", "at once", "paused", "and fed", "the day", "feeds compared"):
    names = [name.replace(f" {word}", f"\n{word}") for name in names]
shares = [100 * (float(row["clean build with (s)"]) / float(row["clean build without (s)"]) - 1) for row in rows]
seconds = [float(row["edit with (s)"]) - float(row["edit without (s)"]) for row in rows]
for axes, values, wanted, label in ((clean, shares, 10, "% of a clean build"), (edit, seconds, 0.3, "s after an edit")):
    axes.plot(values, names, "o")
    axes.axvline(wanted, color="0.5")
    axes.set(xlim=(min(0, 1.5 * min(values)), 1.5 * wanted), xlabel=label)
    axes.invert_yaxis()
edit.set_yticks(range(len(rows)), [""] * len(rows))
plt.savefig("cost.svg")
