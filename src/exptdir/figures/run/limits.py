"""Bounds what a process may take from the machine."""

from __future__ import annotations

import contextlib


def limit_memory(amount: int) -> None:
    """Let this process, and each that it starts, have no more memory than this; an allocation fails then.

    What is counted is data of its own (``RLIMIT_DATA``), not libraries and mapped files. Systems without such
    limits have none.

    Parameters
    ----------
    amount
        Bytes; 0 for any number.
    """
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if amount:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (amount, amount))
