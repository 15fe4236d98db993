"""``exptdir serve``: the live preview."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exptdir.cli.options import examples
from exptdir.cli.session import Session
from exptdir.record.home import OUTPUT

if TYPE_CHECKING:
    import socket

    from exptdir.preview.scratch_site import Target

#: The port that is tried first.
PORT = 8000
#: So many ports after it are tried, before any that is free.
_TRIED = 100


@click.command(
    epilog=examples(
        "exptdir serve",
        "exptdir serve --open",
        "exptdir serve notes.md",
        "exptdir serve --port 8080 --jobs 4 -D exptdir_figures=never",
    ),
)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--port", type=click.IntRange(0, 65535), help=f"The port; by default {PORT}, or the next one that is free."
)
@click.option("--host", default="127.0.0.1", metavar="ADDR", help="The address to listen on; by default 127.0.0.1.")
@click.option("--expose", is_flag=True, help="Allow an address that other machines can reach: they can read it all.")
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
@click.pass_obj
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
    """Show the record in a browser, and keep up with every change.

    A file that is saved changes in the open page, in place. PATH is a document or a directory: the page to begin
    with, or, where there is no record around it, all that is shown. Nothing is then written beside it.

    Only this machine can reach the preview, unless another address is named and --expose given. Ctrl-C ends it.
    """
    if jobs != "auto" and not (jobs.isascii() and jobs.isdigit() and int(jobs)):
        raise click.BadParameter(f"{jobs!r} is neither a number of processes nor “auto”.", param_hint="--jobs")
    for one in defined:
        if not one.partition("=")[0] or "=" not in one:
            raise click.BadParameter(f"{one!r} is not NAME=VALUE.", param_hint="-D")
    meant = _target(session, path)
    with _listening(host, port, exposed=expose) as listening, _output(session, meant, output) as directory:
        from exptdir.cli.preview import Terminal

        address = _address(listening, meant.page)
        terminal = Terminal(session.start, verbose=verbose)
        terminal.address(address)
        if expose:
            terminal.exposed(host, listening.getsockname()[1])
        if opens and sys.stdout.isatty():
            import webbrowser
            from threading import Thread

            Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        # These take half a second, in which one can already read the address.
        from exptdir.preview.http import Guard
        from exptdir.preview.serve import serve as run

        with terminal:
            from exptdir.preview.serve import Wanted
            from exptdir.preview.supervise import builder_command

            arguments = ["--source", str(meant.source)]
            arguments += ["--conf", str(meant.source)] if meant.alone is None else ["--alone", str(meant.alone)]
            arguments += ["--output", str(directory / "html"), "--doctrees", str(directory / "doctrees")]
            arguments += ["--jobs", str(os.cpu_count() or 1) if jobs == "auto" else jobs]
            arguments += [part for one in defined for part in ("-D", one)]
            built = meant.source / OUTPUT
            record = meant.alone is None
            run(
                Wanted(
                    meant.source,
                    directory,
                    tuple(builder_command(arguments)),
                    str(meant.source / "conf.py") if record else "",
                    (str(built),),
                    meant.deep,
                ),
                listening,
                Guard(host, exposed=expose),
                terminal,
            )
    click.echo("Interrupted.", err=True)


def _target(session: Session, path: Path | None) -> Target:
    from exptdir.preview.scratch_site import Target, target

    if path is None:
        return Target(session.base.resolve())
    return target(session.start / path)


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
def _listening(host: str, port: int | None, *, exposed: bool) -> Iterator[socket.socket]:
    from exptdir.preview.http import is_loopback

    if not exposed and not is_loopback(host):
        raise click.UsageError(f"other machines may reach {host}. Add --expose if everyone there may read the record.")
    ports = [*range(PORT, PORT + _TRIED), 0] if port is None else [port]
    for one in ports:
        try:
            import socket

            family, kind, protocol, _, address = socket.getaddrinfo(host, one, type=socket.SOCK_STREAM)[0]
            found = socket.socket(family, kind, protocol)
            try:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                found.bind(address)
                # Whoever is faster than the server waits for it, instead of being refused.
                found.listen(128)
            except OSError:
                found.close()
                raise
        except OSError as error:
            if one == ports[-1]:
                raise click.ClickException(f"cannot listen on {host}, port {one}: {error.strerror}") from error
        else:
            break
    with found:
        yield found


def _address(listening: socket.socket, page: str) -> str:
    from exptdir.preview.addresses import path_in_url

    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{path_in_url(page)}"
