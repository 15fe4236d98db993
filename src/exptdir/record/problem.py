"""What is wrong with a record, as a value: the core finds problems, its callers report them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where.

    Parameters
    ----------
    kind
        Subtype of the warning that a caller makes of it (``id``, ``metadata``, ``status`` …).
    message
        One sentence for the author, without the location.
    path
        The file (or directory) at fault, absolute; ``None`` where no file is.
    line
        1-based line in that file, where one is known.
    """

    kind: str
    message: str
    path: Path | None = None
    line: int | None = None
