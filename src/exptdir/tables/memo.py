"""Results that are worked out once, as long as there are not too many."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: How many results are remembered; then all are forgotten, so that memory stays bounded.
_REMEMBERED = 65_536


class Memo(dict[K, V]):
    """A dictionary that works out what it lacks; it costs less than a call where something is known.

    Parameters
    ----------
    work_out
        Returns the result for a key.
    """

    def __init__(self, work_out: Callable[[K], V]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, key: K) -> V:
        """Work out a result."""
        result = self._work_out(key)
        if len(self) >= _REMEMBERED:
            self.clear()
        self[key] = result
        return result
