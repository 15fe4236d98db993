"""``exptdir build``: Sphinx in a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from threading import Thread, Timer
from typing import IO

import click

from exptdir.cli.options import check_jobs, command
from exptdir.cli.plot import doctrees
from exptdir.cli.session import Session
from exptdir.record.home import OUTPUT

#: What Sphinx writes where it is no terminal that it writes to: "reading sources... [ 50%] expts/0001/index".
_STEP = re.compile(r"([a-z][a-z ]*?)(?:\.{3})? ?\[ *(\d+)%\] (.*)")

#: Seconds that Sphinx is given to end once it was told to.
_PATIENCE = 20.0


@command(
    "Build the record with Sphinx.",
    "exptdir build",
    "exptdir build --strict",
    "exptdir build latexpdf",
    "exptdir build html -- -D exptdir_figures=never",
    page="howto/publish",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("builder", default="html")
@click.argument("sphinx_options", nargs=-1, type=click.UNPROCESSED)
@click.option("--strict", is_flag=True, help="Warn of every dead link, and fail if there is a warning.")
@click.option("--fresh", is_flag=True, help="Read every document again.")
@click.option("-j", "--jobs", metavar="N", default="auto", help="Processes that read and draw; by default, all cores.")
def build(session: Session, builder: str, sphinx_options: tuple[str, ...], strict: bool, fresh: bool, jobs: str) -> int:
    """Build the record with Sphinx into _build/BUILDER.

    Stale figures are drawn first, unless the record says otherwise. Options after -- go to sphinx-build. Ends with 1 if
    the build fails.
    """
    check_jobs(jobs)
    if builder.startswith("-"):
        # None is named before what is Sphinx's.
        builder, sphinx_options = "html", (builder, *sphinx_options)
    made = session.base / OUTPUT / builder
    # Some builders, such as latexpdf, are known only to make mode, which puts its output below a directory.
    command = [sys.executable, "-m", "exptdir.sphinxext.process", builder, str(session.base), str(made.parent)]
    command += ["-d", str(doctrees(session)), "-j", jobs]
    command += ["-n", "-W", "--keep-going"] if strict else []
    command += ["-E"] if fresh else []
    code = _run([*command, *sphinx_options])
    if code is None:
        raise click.Abort
    if code == 0 and (made / "index.html").is_file():
        click.echo((made / "index.html").as_uri())
    return 1 if code else 0


def _run(command: list[str]) -> int | None:
    """Run Sphinx and wait for its end, whatever comes; return its exit code, or nothing if it was told to stop.

    A signal that would end this process (of Ctrl-C, of a CI's time limit, of a terminal that is closed) goes on to
    Sphinx, which ends what it has started itself: a plot script is in no group that a signal of ours would reach.
    """
    quiet = not sys.stdout.isatty()
    pipe = None if quiet else subprocess.PIPE
    stopped = False
    sphinx: subprocess.Popen[str] | None = None

    def stop(number: int, frame: object) -> None:
        nonlocal stopped
        if sphinx is not None and not stopped:
            sphinx.terminate()
            timer.start()
        stopped = True

    # Until it can say "interrupted" itself, Sphinx does not hear the Ctrl-C that a terminal sends to both of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    others = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, stop) for number in others}
    try:
        sphinx = subprocess.Popen([*command, *(["-q"] if quiet else [])], stdout=pipe, stderr=pipe, text=True)
        timer = Timer(_PATIENCE, sphinx.kill)
        timer.daemon = True
        signal.signal(signal.SIGINT, stop)
        if stopped:
            sphinx.terminate()
        if not quiet:
            _show_progress(sphinx)
        code = sphinx.wait()
        timer.cancel()
        return None if stopped else code
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _show_progress(sphinx: subprocess.Popen[str]) -> None:
    """Show how far Sphinx is until it ends; its warnings go by as they are."""
    from rich.progress import BarColumn, Progress, TextColumn

    shape = (TextColumn("{task.description:18}"), BarColumn(), TextColumn("{task.fields[document]}", markup=False))
    with Progress(*shape, transient=True) as progress:
        task = progress.add_task("starting", total=100, document="")

        def warn(stream: IO[str]) -> None:
            for line in stream:
                progress.console.print(line.rstrip(), markup=False, highlight=False)

        assert sphinx.stdout is not None and sphinx.stderr is not None
        # Both are read at once: a full pipe would stop Sphinx.
        warner = Thread(target=warn, args=(sphinx.stderr,), daemon=True)
        warner.start()
        for line in sphinx.stdout:
            if step := _STEP.match(line):
                progress.update(task, description=step[1], completed=int(step[2]), document=step[3].strip())
        warner.join()
