"""``exptdir serve``: the live preview, and what it shows in the terminal."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exptdir.cli.options import check_jobs, command, one_line
from exptdir.cli.session import Session
from exptdir.record.home import OUTPUT

if TYPE_CHECKING:
    import socket

    from rich.progress import Progress

    from exptdir.preview.channel import BuildWarning, Built, Failed
    from exptdir.preview.scratch_site import Target

#: The port that is tried first.
PORT = 8000
#: So many ports after it are tried, before any that is free.
_TRIED = 100


@command(
    "Show the record in a browser, live.",
    "exptdir serve",
    "exptdir serve --open",
    "exptdir serve notes.md",
    "exptdir serve --port 8080 --jobs 4 -D exptdir_figures=never",
    page="howto/preview",
)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--port", metavar="N", type=click.IntRange(0, 65535), help=f"The port; by default {PORT}, or the next free one."
)
@click.option("--host", default="127.0.0.1", metavar="ADDR", help="The address to listen on; by default 127.0.0.1.")
@click.option("--expose", is_flag=True, help="Allow a --host that other machines can reach: they can read all.")
@click.option("--open/--no-open", "opens", default=False, help="Open the page in a browser, or do not (the default).")
@click.option("-j", "--jobs", metavar="N", default="auto", help="Processes that read and draw; by default, all cores.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where pages are written; by default _build/preview in the record.",
)
@click.option("-D", "defined", multiple=True, metavar="NAME=VALUE", help="Set an option of conf.py.")
@click.option("-v", "--verbose", is_flag=True, help="Show what Sphinx and plot scripts print.")
def serve(
    session: Session,
    path: Path | None,
    port: int | None,
    host: str,
    expose: bool,
    opens: bool,
    jobs: str,
    output: Path | None,
    defined: tuple[str, ...],
    verbose: bool,
) -> None:
    """Show the record in a browser, and follow every save in the open page.

    PATH is a document or a directory: the page to begin with, or, where no record is around it, all that is shown.
    Nothing is then written beside it.

    Only this machine can reach the preview, unless --host and --expose say otherwise. Ctrl-C ends it.
    """
    check_jobs(jobs)
    for one in defined:
        if not one.partition("=")[0] or "=" not in one:
            raise click.BadParameter(f"{one!r} is not NAME=VALUE.", param_hint="-D")
    from exptdir.preview.scratch_site import Target, target

    meant = target(session.start / path) if path is not None else Target(session.base.resolve())
    with listening_at(host, port, exposed=expose) as listening, _output(session, meant, output) as directory:
        address = address_of(listening, meant.page)
        terminal = Terminal(session.start, verbose=verbose)
        terminal.note(f"The preview is at {address} (Ctrl-C ends it)")
        if expose:
            terminal.exposed(host, listening.getsockname()[1])
        if opens and sys.stdout.isatty():
            import webbrowser
            from threading import Thread

            Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        order = {
            "source": str(meant.source),
            "alone": str(meant.alone or ""),
            "html": str(directory / "html"),
            "doctrees": str(directory / "doctrees"),
            "jobs": (os.cpu_count() or 1) if jobs == "auto" else int(jobs),
            "define": dict(one.split("=", 1) for one in defined),
        }
        # These take half a second, in which one can already read the address.
        from exptdir.preview.http import Guard
        from exptdir.preview.serve import ServeOptions
        from exptdir.preview.serve import serve as run

        conf, private = str(meant.source / "conf.py") if meant.alone is None else "", (str(meant.source / OUTPUT),)
        builder = (sys.executable, "-m", "exptdir.preview.builder", json.dumps(order))
        options = ServeOptions(meant.source, directory, builder, conf, private, deep=meant.deep)
        with terminal:
            run(options, listening, Guard(host, exposed=expose), terminal)
    click.echo("Interrupted.", err=True)


@contextlib.contextmanager
def _output(session: Session, meant: Target, given: Path | None) -> Iterator[Path]:
    """Yield the directory of the preview, which nobody else uses meanwhile; one of ours goes at the end."""
    from exptdir.record.files import locked

    if given is None and meant.alone is not None:
        with tempfile.TemporaryDirectory(prefix="exptdir-", ignore_cleanup_errors=True) as directory:
            yield Path(directory).resolve()
        return
    output = meant.source / OUTPUT / "preview" if given is None else (session.start / given).resolve()
    output.mkdir(parents=True, exist_ok=True)
    with locked(output, wait=False) as free:
        if not free:
            raise click.ClickException(
                f"another “exptdir serve” writes to {output}; use that one, or another --output DIR"
            )
        yield output


@contextlib.contextmanager
def listening_at(host: str, port: int | None, *, exposed: bool) -> Iterator[socket.socket]:
    """Yield a socket that listens: at a port, or at the first that is free."""
    import socket

    from exptdir.preview.addresses import is_loopback

    if not exposed and not is_loopback(host):
        raise click.UsageError(f"other machines may reach {host}. Add --expose if everyone there may read the record.")
    ports = [*range(PORT, PORT + _TRIED), 0] if port is None else [port]
    for one in ports:
        try:
            family, _, _, _, address = socket.getaddrinfo(host, one, type=socket.SOCK_STREAM)[0]
            # Whoever is faster than the server waits for it, instead of being refused.
            found = socket.create_server(address, family=family, backlog=128)
        except OSError as error:
            if one == ports[-1]:
                raise click.ClickException(f"cannot listen on {host}, port {one}: {error.strerror}") from error
        else:
            break
    with found:
        yield found


def address_of(listening: socket.socket, page: str) -> str:
    """Return the address of a page, as browsers of this machine take it."""
    from exptdir.preview.addresses import path_in_url

    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{path_in_url(page)}"


#: More files than these are counted, not named.
_NAMED = 3


class Terminal:
    """Shows how builds go: see :class:`exptdir.preview.browsers.PreviewReport`.

    Paths are shown from the directory that one stands in (*start*); with *verbose*, so is what the builder prints.
    """

    def __init__(self, start: Path, *, verbose: bool) -> None:
        self._start = start
        self._verbose = verbose
        self._changed: tuple[str, ...] = ()
        self._bar: Progress | None = None
        self._first = True

    def __enter__(self) -> Terminal:
        """Show how far the first build is, where there is a terminal to show it in."""
        if sys.stdout.isatty():
            from rich.progress import BarColumn, Progress, TextColumn

            shape = (BarColumn(), TextColumn("{task.description}", markup=False))
            self._bar = Progress(*shape, transient=True)
            self._bar.add_task("starting", total=None)
            self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Take away what is not for good."""
        self._end_bar()

    def exposed(self, host: str, port: int) -> None:
        """Say who can read it."""
        where = "any address of this machine" if host in ("0.0.0.0", "::", "") else host
        self.note(f"Exposed: everyone who can reach {where}, port {port}, can read all of its pages.")

    def printed(self, line: str) -> None:
        """Show what the builder prints, if it is to be shown."""
        if self._verbose:
            self.note(line, err=True)

    def begun(self, changed: tuple[str, ...]) -> None:
        """Remember what the build is for."""
        self._changed = changed

    def progress(self, text: str, share: float) -> None:
        """Show what the first build is at."""
        if self._bar is not None:
            total, done = (100, share * 100) if share >= 0 else (None, None)
            self._bar.update(self._bar.task_ids[0], description=one_line(text), total=total, completed=done)

    def built(self, message: Built, new: tuple[BuildWarning, ...]) -> None:
        """Show a line for the build, and the warnings that are new."""
        from exptdir.figures.model import LEDGER

        self._end_bar()
        for one in new:
            kind = f" [{one.kind}]" if one.kind else ""
            how = click.style(one.severity, fg="red" if one.severity == "error" else "yellow")
            self.note(f"{self._place(one)}{how}: {one_line(one.text)}{kind}", err=True)
        number = len(message.warnings)
        count = f", {number} warning{'s' * (number != 1)}" if number else ""
        rest = f", {' and '.join(message.drawing)} still at work" if message.drawing else ""
        what = "Built in" if self._first else "Built again in"
        # That figures were drawn says more than that the ledger of them was written.
        changed = [path for path in self._changed if os.path.basename(path) != LEDGER] or self._changed
        if changed and not self._first:
            few = len(changed) <= _NAMED
            names = f"{', '.join(map(self._path, changed))}:" if few else f"{len(changed)} files,"
            what = f"{names} built in"
        self.note(f"{what} {message.seconds:.2f} s{count}{rest}")
        self._first = False

    def failed(self, failure: Failed) -> None:
        """Show why the build failed."""
        self._end_bar()
        one = failure.failure
        self.note(f"{self._place(one)}{click.style('the build failed', fg='red')}: {one_line(one.text)}", err=True)
        if failure.traceback:
            self.note(failure.traceback.rstrip(), err=True)

    def _place(self, one: BuildWarning) -> str:
        if not one.file:
            return ""
        return f"{self._path(one.file)}:{one.line}: " if one.line else f"{self._path(one.file)}: "

    def _path(self, path: str) -> str:
        shown = os.path.relpath(path, self._start)
        return one_line(shown if not shown.startswith(os.pardir + os.sep + os.pardir) else path)

    def note(self, text: str, *, err: bool = False) -> None:
        """Show a sentence."""
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
