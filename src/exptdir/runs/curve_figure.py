"""A plot script of our own: draws the curves of one metric, as a process of the figure engine.

``curve_figure.py KEY NAME [plain]`` reads ``KEY.json`` in the directory that it runs in, and writes the figure NAME.
It knows nothing of exptdir, as the Python of the plot scripts may be another one. Where no style is asked for
(``plain``), it has one; light or dark it is as the engine has set it.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

#: Colours that most people who see few colours tell apart, and that stand out on white and on near black
#: (after Okabe and Ito, *Color Universal Design*, 2008; its yellow and black are left out).
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_DASHES = {"validation": "-", "train": (0, (4, 1.5)), "test": (0, (1, 1.2)), "": "-"}
_MARKS = ("", "o", "s", "^", "D", "v", "P")
#: Of two schemes: what is written and what stays behind it.
_INKS = {False: ("#3a3f44", "#d0d4d8"), True: ("#d6dade", "#4a5056")}


def draw(key: str, name: str, *options: str) -> None:
    """Draw a figure; the same curves give the same bytes."""
    from matplotlib import rcParams
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    data = json.loads(Path(f"{key}.json").read_text("utf-8"))
    if "plain" in options:
        ink, grid = _INKS[sum(to_rgb(rcParams["text.color"])) > 1.5]
        rcParams.update({"axes.prop_cycle": f"cycler('color', {_COLOURS!r})", "font.family": "sans-serif"})
        rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "grid.linewidth": 0.5})
        rcParams.update(dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), ink))
        rcParams.update(dict.fromkeys(("axes.edgecolor", "grid.color"), grid))
        rcParams.update({"svg.fonttype": "none", "savefig.transparent": True})
    # Of letters that matplotlib's own font does not have; the reader's does.
    warnings.simplefilter("ignore")
    figure = Figure(figsize=(5.8, 3.8), layout="constrained")
    axes = figure.add_subplot()
    cycle = rcParams["axes.prop_cycle"].by_key().get("color") or list(_COLOURS)
    runs = list(dict.fromkeys(curve["run"] for curve in data["curves"]))
    # Once all colours are taken, the next runs have marks on their lines.
    looks = {
        run: {"color": cycle[at % len(cycle)], "marker": _MARKS[at // len(cycle) % len(_MARKS)], "markersize": 4}
        for at, run in enumerate(runs)
    }
    for curve in data["curves"]:
        look, dash = dict(looks[curve["run"]]), _DASHES[curve["split"]]
        if curve["measured"]:
            axes.plot(*curve["measured"], color=look["color"], linewidth=0.8, alpha=0.45)
        count = len(curve["smoothed"][0])
        if count == 1:
            look["marker"] = look["marker"] or "o"
        axes.plot(*curve["smoothed"], linewidth=1.5, linestyle=dash, markevery=count // 8 + 1, **look)
    axes.set_xlabel("step")
    axes.set_ylabel(data["metric"].replace("$", r"\$"))
    axes.grid(visible=True)
    # Below, which colour is which run, and which line which data.
    splits = {curve["split"] for curve in data["curves"]}
    shown = [split for split in ("train", "validation", "test") if split in splits]
    ink = rcParams["text.color"]
    handles = [Line2D([], [], color=ink, linestyle=_DASHES[one], label=one) for one in shown if len(shown) > 1]
    for run in runs:
        label = (run if len(run) <= 40 else f"{run[:38]}…").replace("$", r"\$")
        handles.append(Line2D([], [], linewidth=3, label=label, **looks[run]))
    wide = max(len(str(handle.get_label())) for handle in handles)
    columns = max(1, min(len(handles), 46 // (wide + 5)))
    figure.legend(handles=handles, loc="outside lower left", ncols=columns, frameon=False)
    day = "Date" if name.endswith("svg") else "CreationDate"
    figure.savefig(name, metadata={day: None, "Creator": None})


if __name__ == "__main__":
    draw(*sys.argv[1:])
