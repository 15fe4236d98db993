"""Has matplotlib write figures as a whole or not at all, and only those whose bytes change. For a script's process.

A figure is drawn into the directory of the run first, then compared with what is there, then put in its place.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exptdir.figures.inside.events import Listener
from exptdir.figures.names import dark_name
from exptdir.record.files import write


class Drawing:
    """Stands in for the method of matplotlib's canvas that writes figures.

    Parameters
    ----------
    original
        ``FigureCanvasBase.print_figure``.
    listener
        The trace of the script's process.
    scratch
        The directory of this run.
    dark
        Whether only SVGs are drawn, for the dark scheme, under names of their own.
    """

    def __init__(self, original: Callable[..., Any], listener: Listener, scratch: Path, dark: bool) -> None:
        self._original = original
        self._listener = listener
        self._scratch = scratch
        self._dark = dark
        self._count = 0

    def print_figure(
        self, canvas: Any, filename: Any, *args: Any, format: str | None = None, **options: Any
    ) -> Any:
        """Write a figure; what is no name of an ordinary file is left to matplotlib."""
        target = self._target(canvas, filename, format)
        # The fifth argument after the name is the format, which nobody passes by place.
        if target is None or len(args) > 4:
            return self._original(canvas, filename, *args, format=format, **options)
        kind = format or target.suffix[1:]
        if self._dark:
            if kind.lower() != "svg":
                return None
            target = target.with_name(dark_name(target.name))
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
        if not isinstance(filename, str | os.PathLike):
            return None
        name = os.fspath(filename)
        if not isinstance(name, str):
            return None
        if kind is None and not os.path.splitext(name)[1][1:]:
            name = f"{name.rstrip('.')}.{canvas.get_default_filetype()}"
        path = Path(self._listener.scope.absolute(name))
        return None if path.exists() and not path.is_file() else path

    def _place(self, drawn: Path, target: Path) -> None:
        content = drawn.read_bytes()
        try:
            same = target.read_bytes() == content
        except OSError:
            same = False
        self._listener.write(str(target), changes=not same)
        if not same:
            write(target, content)


def draw_whole(listener: Listener, scratch: Path, dark: bool) -> None:
    """Replace the method, in a process in which nothing but one script is run.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    from matplotlib.backend_bases import FigureCanvasBase

    drawing = Drawing(FigureCanvasBase.print_figure, listener, scratch, dark)

    def print_figure(canvas: Any, filename: Any, *args: Any, **options: Any) -> Any:
        """Write a figure to a file."""
        return drawing.print_figure(canvas, filename, *args, **options)

    FigureCanvasBase.print_figure = print_figure  # type: ignore[method-assign, assignment]
