"""Draw builds.svg from results.csv, and paragraph.svg from paragraph.csv."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

HERE = Path(__file__).parent
plt.style.use(HERE.parent / "notebook.mplstyle")

with (HERE / "results.csv").open(encoding="utf-8", newline="") as stream:
    rows = list(csv.DictReader(stream))

figure, axes = plt.subplots()
last = {row["variant"]: float(row["cpu_s"]) for row in rows}
for variant in sorted(last, key=lambda name: -last[name]):
    chosen = [row for row in rows if row["variant"] == variant]
    counts = [int(row["references"]) for row in chosen]
    dash = "--" if variant.startswith("Sphinx") else "-"
    axes.plot(counts, [float(row["cpu_s"]) for row in chosen], f"o{dash}", label=variant)
pages = {int(row["pages"]) for row in rows}
axes.set(xlabel="references a page", ylabel=f"CPU seconds for {max(pages)} pages", ylim=(0, None))
figure.legend(loc="outside lower center", ncols=2)
figure.savefig(HERE / "builds.svg", metadata={"Date": None})

with (HERE / "paragraph.csv").open(encoding="utf-8", newline="") as stream:
    rows = list(csv.DictReader(stream))

figure, axes = plt.subplots(figsize=(5.6, 2.8))
for role in (":expt:", ":doc:"):
    chosen = [row for row in rows if row["role"] == role]
    counts = [int(row["references"]) for row in chosen]
    axes.plot(counts, [float(row["cpu_s"]) for row in chosen], "o-", label=role)
axes.set(xlabel="references in one paragraph", ylabel="CPU seconds for the build", ylim=(0, None))
axes.legend(loc="upper left")
figure.savefig(HERE / "paragraph.svg", metadata={"Date": None})
