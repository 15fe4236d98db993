"""How a process ended, whoever started it."""

from __future__ import annotations

import signal
from dataclasses import dataclass


@dataclass(frozen=True)
class Ended:
    """The end of one process.

    Parameters
    ----------
    code
        Its exit status; the negative number of the signal that killed it.
    late
        Whether it was killed because its time was over.
    seconds
        How long it ran.
    lost
        Why nothing is known of it, in a sentence; empty otherwise.
    """

    code: int = 0
    late: bool = False
    seconds: float = 0.0
    lost: str = ""

    @property
    def signal_name(self) -> str:
        """Name of the signal that killed it."""
        try:
            return signal.Signals(-self.code).name
        except ValueError:
            return f"signal {-self.code}"
