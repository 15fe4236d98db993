"""The ``exptdir`` command: thin over the core, and quick to start since each command imports only what it needs."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv
        Its arguments; those of the process for ``None``.

    Returns
    -------
    int
        The exit code: see :mod:`exptdir.cli.session`.
    """
    try:
        from exptdir.cli.app import run

        return run(argv)
    except KeyboardInterrupt:
        # It came while modules were imported, or while an error was shown.
        sys.stderr.write("Interrupted.\n")
        return 130
