"""Parts of a text that stands in a cell itself (ECMA-376 part 1, §18.3.1.53), as the parser meets them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from exptdir.tables.parts import unescape
from exptdir.tables.xlsx.runs import Run

Handler = Callable[[dict[str, str]], None]

#: What of a part's font (§18.4.7) is seen in a table.
_PROPERTIES = ("b", "i", "strike", "vertAlign", "color")


class InlineRuns:
    """Handlers of the elements in a text.

    Parameters
    ----------
    stored
        The pieces of the current cell's text, to which the reader of the cell adds.
    """

    def __init__(self, stored: list[str]) -> None:
        self._stored = stored
        self._runs: list[Run] = []
        self._start = 0
        self._properties: dict[str, dict[str, str]] | None = None
        self.starts: dict[str, Handler] = {
            "is": self._text,
            "r": self._run,
            "rPr": self._run_properties,
            **{name: partial(self._property, name) for name in _PROPERTIES},
        }
        self.ends: dict[str, Handler] = {"r": self._run_end}

    def take(self) -> tuple[Run, ...]:
        """Return the parts of the text that was read last; none if no part has a look of its own."""
        runs, self._runs = self._runs, []
        return tuple(runs) if any(run.properties is not None for run in runs) else ()

    def _text(self, _: dict[str, str]) -> None:
        self._runs = []

    def _run(self, _: dict[str, str]) -> None:
        self._start, self._properties = len(self._stored), None

    def _run_properties(self, _: dict[str, str]) -> None:
        self._properties = {}

    def _property(self, name: str, attributes: dict[str, str]) -> None:
        # Other parts of a sheet have elements of these names, such as the colours of a data bar.
        if self._properties is not None:
            self._properties[name] = attributes

    def _run_end(self, _: dict[str, str]) -> None:
        self._runs.append(Run(unescape("".join(self._stored[self._start :])), self._properties))
        self._properties = None
