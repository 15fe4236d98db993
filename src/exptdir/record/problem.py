"""What is wrong with a record, as a value, and what may have been meant; callers report it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where."""

    #: Subtype of the warning that a caller makes of it (``id``, ``metadata``, ``status`` …).
    kind: str
    #: One sentence for the author, without the location.
    message: str
    #: The file (or directory) at fault, absolute; ``None`` where no file is.
    path: Path | None = None
    line: int | None = None


#: More of what was typed is not compared, nor more names than these; a page is not the place to find out more.
_LONGEST, _COMPARED = 200, 40


class NameIndex:
    """Names that exist, to find the ones that somebody may have meant.

    :mod:`difflib` compares with every name, which thousands of dead links in a record of thousands cannot afford: only
    names that share the most pairs of letters with what was typed are given to it.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(dict.fromkeys(names))
        self._with_pair: dict[str, list[int]] = defaultdict(list)
        for at, name in enumerate(self._names if len(self._names) > _COMPARED else ()):
            for pair in _pairs(name):
                self._with_pair[pair].append(at)

    def nearest(self, text: str, n: int = 3, cutoff: float = 0.6) -> list[str]:
        """Return up to *n* names that look like a text, the likeliest first; *cutoff* is how alike, from 0 to 1."""
        text, names = text[:_LONGEST], self._names
        if len(names) > _COMPARED:
            shared = Counter(at for pair in _pairs(text) for at in self._with_pair.get(pair, ()))
            # Of two with as many pairs the shorter one is more alike.
            likely = sorted(shared, key=lambda at: (-shared[at], len(names[at]), at))[:_COMPARED]
            names = [names[at] for at in likely]
        return get_close_matches(text, names, n=n, cutoff=cutoff)


def _pairs(text: str) -> set[str]:
    padded = f" {text[:_LONGEST]} "
    return {padded[at : at + 2] for at in range(len(padded) - 1)}


def nearest(text: str, names: Iterable[str], n: int = 3, cutoff: float = 0.6) -> list[str]:
    """Return up to *n* of a few names that look like a text, as :meth:`NameIndex.nearest` does."""
    return NameIndex(names).nearest(text, n, cutoff)


def listed(text: str, names: Iterable[str], most: int = 8) -> str:
    """Return *most* names in quotation marks, for a message: those that look like a text, in any case, come first."""
    shown = {shortened(name): None for name in names}
    folded = {name.casefold(): name for name in reversed(shown)}
    ordered = list(dict.fromkeys([*map(folded.__getitem__, nearest(text.casefold(), folded, most, 0.4)), *shown]))
    return ", ".join(map(repr, ordered[:most])) + " …" * (len(ordered) > most)


def shortened(text: str, most: int = 60) -> str:
    """Return the beginning of a text, for a message."""
    return text if len(text) <= most else f"{text[:most]}…"
