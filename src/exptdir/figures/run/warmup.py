"""What nearly every plot script imports, imported once for all of them."""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import platform
from collections.abc import Iterator, Mapping

from exptdir.figures.run.styles import set_defaults

#: Modules that scripts may find loaded; each for itself, so that one which is not installed does no harm.
_MODULES = (
    "resource",
    "numpy.random",
    "PIL.Image",
    "PIL.PngImagePlugin",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
)
#: By kind of figure, words of the scripts that may draw one. It is made ready when it is first asked for: a server
#: is as often started for a single script as for many.
_LATER: Mapping[str, tuple[bytes, ...]] = {"png": (b"png", b"imshow"), "pdf": (b"pdf",)}
#: How much of a script is looked at.
_MOST = 1 << 18


class Warmth:
    """What this process has made ready for the scripts that are run in it, or forked from it."""

    def __init__(self) -> None:
        self._later = dict(_LATER)
        with _settling():
            for name in _MODULES:
                # Missing, or broken; the script that needs it will say so, with a traceback of its own.
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
            # What modules consist of is no garbage, and need not be searched for any.
            gc.freeze()
            _draw("svg")
            with contextlib.suppress(Exception):
                set_defaults()
            # It remembers what it has found out.
            platform.python_version()

    def prepare(self, script: str) -> bool:
        """Make ready what a script seems to need besides; return whether that was anything.

        Parameters
        ----------
        script
            The file; whatever is wrong with it, it will be found when it is run.
        """
        text = b""
        if self._later:
            with contextlib.suppress(OSError), open(script, "rb") as file:  # noqa: PTH123
                text = file.read(_MOST)
        needed = [kind for kind, words in self._later.items() if any(word in text for word in words)]
        if needed:
            with _settling():
                for kind in needed:
                    del self._later[kind]
                    _draw(kind)
        return bool(needed)


@contextlib.contextmanager
def _settling() -> Iterator[None]:
    """Have nothing searched for garbage until the end, and what is then left never again, nor copied for that."""
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def _draw(kind: str) -> None:
    """Draw a figure that nobody sees: it finds fonts, and imports what is imported late.

    It does not go through pyplot, so that no script will find it.
    """
    with contextlib.suppress(Exception):
        from matplotlib.figure import Figure

        figure = Figure()
        axes = figure.subplots()
        axes.plot([1, 10], [1, 2], label="a")
        axes.set_title("a")
        axes.legend()
        figure.savefig(io.BytesIO(), format=kind)
