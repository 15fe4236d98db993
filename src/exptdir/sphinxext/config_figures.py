"""What the options of figures may be."""

from __future__ import annotations

import re
from typing import Any

from exptdir.errors import ConfigurationError

#: Powers of 1024 (IEC 80000-13); the letters of the decimal units, which nobody means of memory, say the same.
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?\s*", re.IGNORECASE)


def memory_size(value: Any) -> int:
    """Return the bytes that ``exptdir_figure_memory`` means.

    Parameters
    ----------
    value
        A number of bytes, or a text such as ``2 GiB``; an empty one is no limit, as is 0.

    Raises
    ------
    ConfigurationError
        If it is neither.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if value == "":
        return 0
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ConfigurationError('expected a number of bytes or a text such as "2 GiB"')
    return int(float(found[1]) * 1024 ** _UNITS[found[2].lower()])


def check_memory(value: Any) -> None:
    """Refuse what is no size."""
    memory_size(value)


def check_seconds(value: Any) -> None:
    """Refuse what is no time that something can take."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < float("inf"):
        raise ConfigurationError("expected a number of seconds")


def check_executor(value: Any) -> None:
    """Refuse what scripts cannot be handed to: a word that means nothing, or an object without ``submit``."""
    if isinstance(value, str):
        known = value == "local" or (value.split()[:1] == ["dask"] and len(value.split()) <= 2)
    else:
        known = callable(value) or any(hasattr(value, name) for name in ("submit", "scheduler_address"))
    if not known:
        raise ConfigurationError('expected "local", "dask", "dask <address>", an executor, or what makes one')
