"""The ``exptdir`` command: thin over the core, and quick to start since each command imports only what it needs."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, or those of the process; return the exit code.

    What the codes mean is said in :mod:`exptdir.cli.session`.
    """
    try:
        from exptdir.cli.app import run

        return run(argv)
    except KeyboardInterrupt:
        # It came while modules were imported, or while an error was shown.
        sys.stderr.write("Interrupted.\n")
        return 130
