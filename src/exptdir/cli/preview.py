"""What the live preview shows in the terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import click

from exptdir.cli.options import one_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from exptdir.preview.messages import Failed, Warned

#: More files than these are counted, not named.
_NAMED = 3


class Terminal:
    """Shows how builds go: see :class:`exptdir.preview.browsers.Report`.

    Parameters
    ----------
    start
        The directory that one stands in: paths are shown from there.
    verbose
        Whether to show what the builder prints.
    """

    def __init__(self, start: Path, *, verbose: bool) -> None:
        self._start = start
        self._verbose = verbose
        self._changed: tuple[str, ...] = ()
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._first = True

    def __enter__(self) -> Terminal:
        """Show how far the first build is, where there is a terminal to show it in."""
        if sys.stdout.isatty():
            from rich.progress import BarColumn, Progress, TextColumn

            shape = (BarColumn(), TextColumn("{task.description}", markup=False))
            self._bar = Progress(*shape, transient=True)
            self._task = self._bar.add_task("starting", total=None)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take away what is not for good."""
        self._end_bar()

    def address(self, address: str) -> None:
        """Say where the preview is."""
        self._say(f"The preview is at {address} (Ctrl-C ends it)")

    def exposed(self, host: str, port: int) -> None:
        """Say who can read it."""
        where = "any address of this machine" if host in ("0.0.0.0", "::", "") else host
        self._say(f"Exposed: everyone who can reach {where}, port {port}, can read all of its pages.")

    def note(self, text: str) -> None:
        """Show a sentence."""
        self._say(text)

    def printed(self, line: str) -> None:
        """Show what the builder prints, if it is to be shown."""
        if self._verbose:
            self._say(line, err=True)

    def begun(self, changed: tuple[str, ...]) -> None:
        """Remember what the build is for."""
        self._changed = changed

    def progress(self, text: str, share: float) -> None:
        """Show what the first build is at."""
        if self._bar is not None and self._task is not None:
            known = share >= 0
            self._bar.update(
                self._task,
                description=one_line(text),
                total=100 if known else None,
                completed=share * 100 if known else None,
            )

    def built(self, seconds: float, warnings: tuple[Warned, ...], new: tuple[Warned, ...]) -> None:
        """Show a line for the build, and the warnings that are new."""
        self._end_bar()
        for one in new:
            kind = f" [{one.kind}]" if one.kind else ""
            colour = "red" if one.severity == "error" else "yellow"
            self._say(
                (f"{self._place(one)}{click.style(one.severity, fg=colour)}: {one_line(one.text)}{kind}"), err=True
            )
        count = f", {len(warnings)} warning{'s' * (len(warnings) != 1)}" if warnings else ""
        self._say(f"{self._names()} {seconds:.2f} s{count}")
        self._first = False

    def failed(self, failure: Failed) -> None:
        """Show why the build failed."""
        self._end_bar()
        one = failure.failure
        self._say(f"{self._place(one)}{click.style('the build failed', fg='red')}: {one_line(one.text)}", err=True)
        if failure.traceback:
            self._say(failure.traceback.rstrip(), err=True)

    def _names(self) -> str:
        """Return what was built, in a few words."""
        if self._first or not self._changed:
            return "Built in" if self._first else "Built again in"
        if len(self._changed) > _NAMED:
            return f"{len(self._changed)} files, built in"
        return f"{', '.join(map(self._path, self._changed))}: built in"

    def _place(self, one: Warned) -> str:
        if not one.file:
            return ""
        return f"{self._path(one.file)}:{one.line}: " if one.line else f"{self._path(one.file)}: "

    def _path(self, path: str) -> str:
        shown = os.path.relpath(path, self._start)
        return one_line(shown if not shown.startswith(os.pardir + os.sep + os.pardir) else path)

    def _say(self, text: str, *, err: bool = False) -> None:
        if self._bar is not None:
            from rich.text import Text

            # The bar stays below what is said.
            self._bar.console.print(Text.from_ansi(text), highlight=False, soft_wrap=True)
        else:
            click.echo(text, err=err)

    def _end_bar(self) -> None:
        if self._bar is not None:
            bar, self._bar = self._bar, None
            bar.stop()
