"""Has matplotlib write figures as a whole or not at all, and only those whose bytes change. For a script's process.

A figure is drawn into the directory of the run first, then compared with what is there, then put in its place. Here is
also the look that figures have before a script says otherwise, and what nearly every script imports, imported once.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exptdir.figures.inside.events import Listener
from exptdir.figures.model import dark_path
from exptdir.record.files import read_or_none, write


class Drawing:
    """Stands in for the method of matplotlib's canvas that writes figures.

    For the dark scheme only SVGs are drawn, under names of their own.
    """

    def __init__(self, original: Callable[..., Any], listener: Listener, scratch: Path, dark: bool) -> None:
        self._original = original
        self._listener = listener
        self._scratch = scratch
        self._dark = dark
        self._count = 0

    def print_figure(self, canvas: Any, filename: Any, *args: Any, format: str | None = None, **options: Any) -> Any:
        """Write a figure; what is no name of an ordinary file is left to matplotlib."""
        target = self._target(canvas, filename, format)
        # The fifth argument after the name is the format, which nobody passes by place.
        if target is None or len(args) > 4:
            return self._original(canvas, filename, *args, format=format, **options)
        kind = format or target.suffix[1:]
        if self._dark:
            if kind.lower() != "svg":
                return None
            target = Path(dark_path(str(target)))
        if not target.parent.is_dir():
            raise FileNotFoundError(2, "No such directory for the figure", str(target))
        self._count += 1
        drawn = self._scratch / f"drawn-{os.getpid()}-{self._count}.{kind}"
        try:
            done = self._original(canvas, str(drawn), *args, format=kind, **options)
            self._listener.apart(self._place, drawn, target)
        finally:
            drawn.unlink(missing_ok=True)
        return done

    def _target(self, canvas: Any, filename: Any, kind: str | None) -> Path | None:
        """Return where the figure goes, by the rules of ``print_figure``."""
        name = os.fspath(filename) if isinstance(filename, str | os.PathLike) else None
        if not isinstance(name, str):
            return None
        if kind is None and not os.path.splitext(name)[1][1:]:
            name = f"{name.rstrip('.')}.{canvas.get_default_filetype()}"
        path = Path(self._listener.scope.absolute(name))
        return None if path.exists() and not path.is_file() else path

    def _place(self, drawn: Path, target: Path) -> None:
        content = drawn.read_bytes()
        same = read_or_none(target) == content
        self._listener.write(str(target), changes=not same)
        if not same:
            write(target, content)


def draw_whole(listener: Listener, scratch: Path, dark: bool) -> None:
    """Have figures written so, and without a screen, in a process in which nothing but one script is run.

    Raises ImportError without matplotlib.
    """
    from matplotlib import pyplot, rcsetup
    from matplotlib.backend_bases import FigureCanvasBase

    draw = Drawing(FigureCanvasBase.print_figure, listener, scratch, dark).print_figure
    FigureCanvasBase.print_figure = lambda *args, **options: draw(*args, **options)  # type: ignore[method-assign]
    # A script that asks for a window (`matplotlib.use("TkAgg")`) draws without one, instead of failing.
    try:
        from matplotlib.backends import BackendFilter, backend_registry
    except ImportError:
        # Before matplotlib 3.9.
        interactive = {name.lower() for name in getattr(rcsetup, "interactive_bk", ())}
    else:
        interactive = set(backend_registry.list_builtin(BackendFilter.INTERACTIVE))
    switch = pyplot.switch_backend

    def switch_backend(newbackend: str) -> None:
        """Switch to another backend, if it draws into files."""
        switch("agg" if newbackend.lower() in interactive else newbackend)

    pyplot.switch_backend = switch_backend


#: What makes the identifiers in an SVG the same each time.
_SALT = "exptdir"
#: The style of figures for the dark scheme, where the author has made none.
_DARK = "dark_background"


def set_defaults() -> None:
    """Set matplotlib's own defaults, and what draws without a screen.

    The configuration of whoever builds does not count: figures are to be the same everywhere. Raises ImportError
    without matplotlib.
    """
    import matplotlib
    from matplotlib import pyplot

    # What a script resets to is to draw the same bytes as well.
    matplotlib.rcParamsDefault["svg.hashsalt"] = _SALT
    matplotlib.rcdefaults()
    pyplot.switch_backend("agg")


def set_style(cwd: str, style: str | None, dark: bool) -> None:
    """Set what a ``matplotlibrc`` beside the script says, then the style, a file or a name, after :func:`set_defaults`.

    For the dark scheme ``dark_background`` comes last, or the file ``x.dark.mplstyle`` beside a style ``x.mplstyle``.
    Raises OSError when a style is missing or makes no sense.
    """
    try:
        import matplotlib
        from matplotlib import style as styles
    except ImportError:
        return
    with contextlib.suppress(FileNotFoundError):
        matplotlib.rc_file(str(Path(cwd) / "matplotlibrc"))
    if style is not None:
        # One that the user has made known to matplotlib is used as a file, so that it is seen to be read.
        from matplotlib import get_configdir

        own = Path(get_configdir()) / "stylelib" / f"{style}.mplstyle"
        styles.use(str(own) if own.is_file() else style)
    if dark:
        beside = dark_path(style) if style is not None else ""
        if os.path.isfile(beside):
            styles.use(beside)
        else:
            styles.use(_DARK)
            # Black is no page's colour.
            matplotlib.rcParams.update(dict.fromkeys(("figure.facecolor", "axes.facecolor"), "none"))


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


def warm_up(*kinds: str) -> None:
    """Import and find what scripts are likely to need, once for all that are run in this process or forked from it.

    That is what figures of these *kinds* take.
    """
    gc.disable()
    for name in _MODULES:
        # Missing, or broken; the script that needs it will say so, with a traceback of its own.
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    # What modules consist of is no garbage, and need not be searched for any.
    gc.freeze()
    for kind in kinds:
        _draw(kind)
    with contextlib.suppress(Exception):
        set_defaults()
    # What is left is never searched again, nor copied for that.
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
