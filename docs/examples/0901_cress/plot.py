"""Draw heights.svg from heights.csv."""

import csv
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "cress"
matplotlib.rcParams["svg.fonttype"] = "none"

import matplotlib.pyplot as plt  # noqa: E402

HERE = Path(__file__).parent

with (HERE / "heights.csv").open(newline="") as stream:
    header, *rows = csv.reader(stream)
figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
for column in (1, 2):
    axes.plot([int(row[0]) for row in rows], [int(row[column]) for row in rows], "o-", label=header[column])
axes.set(xlabel="day", ylabel="height (mm)")
axes.legend()
figure.savefig(HERE / "heights.svg", metadata={"Date": None})
