"""``exptdir build``: Sphinx in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from threading import Thread
from typing import IO

import click

from exptdir.cli.figures import doctrees
from exptdir.cli.options import examples
from exptdir.cli.session import Session
from exptdir.record.home import OUTPUT

#: What Sphinx writes where it is no terminal that it writes to: "reading sources... [ 50%] expts/0001/index".
_STEP = re.compile(r"([a-z][a-z ]*?)(?:\.{3})? ?\[ *(\d+)%\] (.*)")


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog=examples(
        "exptdir build",
        "exptdir build --strict",
        "exptdir build latexpdf",
        "exptdir build html -- -D exptdir_figures=never",
    ),
)
@click.argument("builder", default="html")
@click.argument("sphinx_options", nargs=-1, type=click.UNPROCESSED)
@click.option("--strict", is_flag=True, help="Warn of every dead link, and fail if there is a warning.")
@click.option("--fresh", is_flag=True, help="Read every document again.")
@click.pass_obj
def build(session: Session, builder: str, sphinx_options: tuple[str, ...], strict: bool, fresh: bool) -> int:
    """Build the record with Sphinx into _build/BUILDER.

    Figures that are stale are drawn again, unless the record says otherwise. What stands after -- goes to
    sphinx-build. Ends with 1 if the build fails.
    """
    made = session.base / OUTPUT / builder
    # Some builders, such as latexpdf, are known only to make mode, which puts its output below a directory.
    mode = ["-M", builder, str(session.base), str(session.base / OUTPUT)]
    command = [sys.executable, "-m", "sphinx", *mode, "-d", str(doctrees(session))]
    command += ["-n", "-W", "--keep-going"] if strict else []
    command += ["-E"] if fresh else []
    command += sphinx_options
    code = _with_progress(command) if sys.stdout.isatty() else subprocess.run([*command, "-q"], check=False).returncode
    if code == 0 and (made / "index.html").is_file():
        click.echo((made / "index.html").as_uri())
    return 1 if code else 0


def _with_progress(command: list[str]) -> int:
    """Run Sphinx and show how far it is; its warnings go by as they are."""
    from rich.progress import BarColumn, Progress, TextColumn

    shape = (TextColumn("{task.description:18}"), BarColumn(), TextColumn("{task.fields[document]}", markup=False))
    pipe = subprocess.PIPE
    with (
        Progress(*shape, transient=True) as progress,
        subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, errors="replace") as sphinx,
    ):
        task = progress.add_task("starting", total=100, document="")

        def warn(stream: IO[str]) -> None:
            for line in stream:
                progress.console.print(line.rstrip(), markup=False, highlight=False)

        assert sphinx.stdout is not None and sphinx.stderr is not None
        # Both are read at once: a full pipe would stop Sphinx.
        warner = Thread(target=warn, args=(sphinx.stderr,), daemon=True)
        warner.start()
        try:
            for line in sphinx.stdout:
                if step := _STEP.match(line):
                    progress.update(task, description=step[1], completed=int(step[2]), document=step[3].strip())
            warner.join()
        except BaseException:
            sphinx.terminate()
            raise
        return sphinx.wait()
