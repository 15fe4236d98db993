"""What nearly every plot script imports, imported once for all of them."""

from __future__ import annotations

import gc
import importlib
import io

#: Modules that scripts may find loaded; each for itself, so that one which is not installed does no harm.
_MODULES = (
    "numpy.random",
    "PIL.Image",
    "PIL.PngImagePlugin",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.backends.backend_pdf",
)


def warm_up() -> None:
    """Import them, and draw a figure that nobody sees: it finds fonts, and imports what is imported late.

    The figure does not go through pyplot, so that no script will find it.
    """
    for name in _MODULES:
        try:
            importlib.import_module(name)
        except Exception:
            # Missing, or broken; the script that needs it will say so, with a traceback of its own.
            continue
    try:
        _draw()
    except Exception:
        return
    finally:
        gc.collect()
        gc.freeze()


def _draw() -> None:
    from matplotlib import rcdefaults
    from matplotlib.figure import Figure

    rcdefaults()
    figure = Figure()
    axes = figure.subplots()
    axes.plot([1, 10], [1, 2], label="a")
    axes.set_title("a")
    axes.legend()
    for kind in ("png", "svg"):
        figure.savefig(io.BytesIO(), format=kind)
