"""Gives matplotlib the look that a script's figures have before it says otherwise."""

from __future__ import annotations

import contextlib
from pathlib import Path

#: What makes the identifiers in an SVG the same each time.
_SALT = "exptdir"
#: The style of figures for the dark scheme, where the author has made none.
_DARK = "dark_background"


def set_defaults() -> None:
    """Set matplotlib's own defaults, and what draws without a screen.

    The configuration of whoever builds does not count: figures are to be the same everywhere.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    import matplotlib
    from matplotlib import pyplot

    # What a script resets to is to draw the same bytes as well.
    matplotlib.rcParamsDefault["svg.hashsalt"] = _SALT
    matplotlib.rcdefaults()
    pyplot.switch_backend("agg")


def set_style(cwd: str, style: str | None, dark: bool) -> None:
    """Set what a ``matplotlibrc`` beside the script says, then the style, after :func:`set_defaults`.

    Parameters
    ----------
    cwd
        The script's directory.
    style
        A file, or the name of a style.
    dark
        Whether the figures are for the dark scheme: then ``dark_background`` comes last, or the file
        ``x.dark.mplstyle`` that lies beside a style ``x.mplstyle``.

    Raises
    ------
    OSError
        When a style is missing or makes no sense.
    """
    try:
        import matplotlib
        from matplotlib import style as styles
    except ImportError:
        return
    with contextlib.suppress(FileNotFoundError):
        matplotlib.rc_file(str(Path(cwd) / "matplotlibrc"))
    if style is not None:
        styles.use(_spelt(style))
    if dark:
        styles.use(_dark_of(style))


def _spelt(style: str) -> str:
    """Return the file of a style that the user has made known to matplotlib, so that it is seen to be read."""
    from matplotlib import get_configdir

    own = Path(get_configdir()) / "stylelib" / f"{style}.mplstyle"
    return str(own) if own.is_file() else style


def _dark_of(style: str | None) -> str:
    if style is not None:
        path = Path(style)
        beside = path.with_name(f"{path.stem}.dark{path.suffix}")
        if beside.is_file():
            return str(beside)
    return _DARK
