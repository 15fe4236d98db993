"""Names of figures that belong to another figure."""

from __future__ import annotations

from pathlib import PurePath


def dark_name(name: str) -> str:
    """Return the name of the figure that takes an SVG's place in the dark scheme.

    >>> dark_name("loss.svg")
    'loss.dark.svg'
    """
    path = PurePath(name)
    return path.with_name(f"{path.stem}.dark{path.suffix}").name


def is_dark(name: str) -> bool:
    """Tell whether a figure is one for the dark scheme, by its name."""
    return PurePath(name).stem.endswith(".dark")
