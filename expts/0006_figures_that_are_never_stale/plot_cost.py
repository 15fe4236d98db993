"""Draw cost.svg: what drawing a hundred plots takes, by ways."""

import csv
from pathlib import Path

import matplotlib.pyplot as plt

HERE = Path(__file__).parent
plt.style.use(HERE.parent / "notebook.mplstyle")
#: What we promise: at most so much of the limit, and of sphinx-gallery.
OF_LIMIT, OF_GALLERY = 1.4, 0.5
NAMES = {"interpreter each": "a new interpreter each", "limit": "limit: one warm process,\ndivided by the workers"}

with (HERE / "cost.csv").open(encoding="utf-8", newline="") as stream:
    rows = list(csv.DictReader(stream))
versions = sorted({row["version"] for row in rows})
clock = {(row["version"], row["way"]): float(row["clock_s"]) for row in rows}
newest = {way: seconds for (version, way), seconds in clock.items() if version == versions[-1]}

bars = {NAMES.get(way, way): seconds for way, seconds in newest.items()}
bars |= {f"exptdir, {version}": clock[version, "exptdir"] for version in versions[:-1] if (version, "exptdir") in clock}
ordered = sorted(bars.items(), key=lambda bar: -bar[1])

figure, axes = plt.subplots(figsize=(5.6, 2.8))
drawn = axes.barh([name for name, _ in ordered], [seconds for _, seconds in ordered], height=0.6)
for (name, _), patch in zip(ordered, drawn, strict=True):
    patch.set_color("C1" if name.startswith("exptdir") else "C0")
axes.bar_label(drawn, fmt="%.1f", padding=3, color="0.5")
if "limit" in newest:
    axes.axvline(OF_LIMIT * newest["limit"], ls="--", color="0.5", label=f"{OF_LIMIT} of the limit")
if "sphinx-gallery" in newest:
    axes.axvline(OF_GALLERY * newest["sphinx-gallery"], ls=":", color="0.5", label="half of sphinx-gallery")
axes.set(xlabel=f"seconds on the clock, {rows[0]['scripts']} plots, {rows[0]['workers']} workers")
axes.grid(axis="y", visible=False)
axes.margins(x=0.12)
axes.legend(loc="upper right")
plt.savefig("cost.svg")
