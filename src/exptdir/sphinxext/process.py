"""Sphinx as a process that a signal ends cleanly: ``python -m exptdir.sphinxext.process``, for ``exptdir build``."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from typing import Any

#: What ends a process that does not listen; a closed terminal's is unknown to Windows.
ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def run_sphinx(arguments: list[str]) -> int:
    """Run Sphinx in this process, which a signal ends as Ctrl-C does: cleanly.

    The *arguments* are those of ``sphinx-build -M``: the builder, the source, the output, then options. Returned is
    Sphinx's exit code; 2 where it knows no such builder.
    """

    def answer_by(handler: Any) -> None:
        for one in ENDING:
            signal.signal(one, handler)

    def stop(number: int, frame: object) -> None:
        # A second one, which a terminal may send as well, must not disturb the tidying.
        answer_by(signal.SIG_IGN)
        raise KeyboardInterrupt

    try:
        answer_by(stop)
        if hasattr(os, "register_at_fork"):
            # Processes that read for Sphinx are ended by it, and have nothing to tidy.
            os.register_at_fork(after_in_child=lambda: answer_by(signal.SIG_DFL))
        import logging
        import traceback

        from sphinx.cmd.build import main
        from sphinx.cmd.make_mode import BUILDERS

        if "auto" in arguments:
            # Nobody asked for several processes, so that an extension which forbids them is nothing to warn of.
            logging.getLogger("sphinx.sphinx.application").addFilter(
                lambda record: (
                    record.levelno < logging.WARNING
                    or all(frame.name != "is_parallel_allowed" for frame in traceback.extract_stack())
                )
            )

        builder, names = arguments[0], [name for _, name, _ in BUILDERS]
        if builder in names:
            return main(["-M", *arguments])
        # An extension may have added it. If none has, Sphinx writes a report as of a crash.
        with contextlib.redirect_stderr(io.StringIO()) as report:
            code = main(["-M", *arguments])
        if f"Builder name {builder} not registered" not in report.getvalue():
            sys.stderr.write(report.getvalue())
            return code
        from exptdir.record.problem import nearest

        close = nearest(builder, names)
        hint = f"; did you mean {' or '.join(close)}?" if close else f"; there are {', '.join(names)}"
        sys.stderr.write(f"Error: Sphinx has no builder {builder!r}{hint}\n")
        return 2
    except KeyboardInterrupt:
        return 2


if __name__ == "__main__":
    sys.exit(run_sphinx(sys.argv[1:]))
