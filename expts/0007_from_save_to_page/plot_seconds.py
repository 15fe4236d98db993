"""Draw seconds.svg: how long it takes from a saved file to the page in the browser, by tools and sizes."""

import csv
from pathlib import Path

import matplotlib.pyplot as plt

HERE = Path(__file__).parent
plt.style.use(HERE.parent / "notebook.mplstyle")
#: What we promise at 1,000 and at 10,000 experiments, in seconds, for 95 of 100 edits.
PROMISED = {1000: 0.5, 10000: 3.0}

with (HERE / "edits.csv").open(encoding="utf-8", newline="") as stream:
    rows = list(csv.DictReader(stream))

figure, axes = plt.subplots(figsize=(5.6, 3.2))
for tool, color in (("sphinx-autobuild", "C0"), ("exptdir serve", "C1")):
    mine = sorted((row for row in rows if row["tool"] == tool), key=lambda row: int(row["experiments"]))
    sizes = [int(row["experiments"]) for row in mine]
    for column, style, name in (("p95", "o-", "seen"), ("all_p95", "s:", "all done")):
        if column == "all_p95" and tool == "sphinx-autobuild":
            # It tells the browser when all is done, so that both are the same.
            continue
        axes.plot(sizes, [float(row[column]) for row in mine], style, color=color, label=f"{tool}: {name}")
axes.plot(list(PROMISED), list(PROMISED.values()), "_", ms=16, mew=2, color="0.5", label="promised")
axes.set(xscale="log", yscale="log", xlabel="experiments", ylabel="seconds, for 95 of 100 edits")
axes.legend()
plt.savefig("seconds.svg")
