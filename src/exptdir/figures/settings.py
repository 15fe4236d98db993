"""How figures are kept up to date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Mode = Literal["auto", "never", "always"]
#: Names of plot scripts (``exptdir_plot_scripts``).
PLOT_SCRIPTS = tuple(stem + suffix for suffix in (".py", ".R", ".jl") for stem in ("plot*", "*_plot", "fig*"))


def _nothing(path: str) -> bool:
    return False


@dataclass(frozen=True)
class FigureSettings:
    """How figures are kept up to date.

    Parameters
    ----------
    mode
        Run what is stale (``auto``), nothing (``never``) or every script (``always``).
    patterns
        Names of plot scripts.
    style
        A matplotlib style for all scripts: a file, relative to the record's base, or a name.
    dark
        Whether each SVG is also drawn for the dark scheme.
    timeout
        Seconds that a script may take unless it says otherwise.
    memory
        Bytes that a script may take; 0 for any number.
    versions
        Whether another version of Python, matplotlib or numpy makes figures stale.
    exclude
        True for a POSIX path from the record's base that is to be left alone.
    """

    mode: Mode = "auto"
    patterns: tuple[str, ...] = PLOT_SCRIPTS
    style: str | None = None
    dark: bool = False
    timeout: float = 300.0
    memory: int = 0
    versions: bool = False
    exclude: Callable[[str], bool] = _nothing
