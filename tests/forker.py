"""Run `sphinx-build` again and again, each time in a fresh process that need not load Sphinx first.

A program of its own (see :mod:`tests.forking`): it loads what builds need, and forks for each that is asked for.
Of what is asked for nothing is built in the program itself, so no build finds anything that another one left in memory.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PRELOADED = (
    "docutils.languages.en",
    "exptdir.sphinxext",
    "exptdir.tables.xlsx",
    "jinja2.ext",
    "myst_parser.sphinx_ext.directives",
    "myst_parser.sphinx_ext.mathjax",
    "myst_parser.sphinx_ext.myst_refs",
    "openpyxl",
    "myst_parser.mdit_to_docutils.sphinx_",
    "myst_parser.parsers.sphinx_",
    "myst_parser.sphinx_ext.main",
    "pydata_sphinx_theme",
    "sphinx.builders.html",
    "sphinx.builders.latex.transforms",
    "sphinx.cmd.build",
    "sphinx.ext.intersphinx",
    "sphinx.jinja2glue",
    "sphinx_design.extension",
    "xml.dom.minidom",
    "xml.sax.expatreader",
)


def preload() -> None:
    """Load what nearly every build needs."""
    from sphinx.application import builtin_extensions

    for name in (*builtin_extensions, *PRELOADED):
        import_module(name)
    # Nobody sees what Sphinx tells on this level, a thousand lines a build.
    logging.disable(logging.DEBUG)
    warm_up()
    # What is loaded stays: the collector of a child would look through all of it, and so copy it.
    gc.collect()
    gc.freeze()


#: What :func:`warm_up` builds.
WARMING = {
    "conf.py": 'extensions = ["exptdir"]\n',
    "index.md": "# Home\n\n## 2024-05-21: Begun\n\n[A link](notes.rst) and {expt}`1`.\n\n```{toctree}\nnotes\n```\n",
    "notes.rst": "Notes\n=====\n\n.. image:: a.svg\n\n.. list-table::\n\n   * - A\n     - :expt:`1`\n",
    "a.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    "expts/0001_first/index.md": "# First\n",
}


def warm_up() -> None:
    """Build a record that nobody asked for: libraries compile expressions and templates when they first need them."""
    from sphinx.cmd.build import main

    from tests.templates import CONFIGURATION

    with TemporaryDirectory() as base:
        for name, content in WARMING.items():
            path = Path(base, "source", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
        settings = [f"-D{name}={value}" for name, value in CONFIGURATION.items()]
        with Path(os.devnull).open("w") as silent, redirect_stdout(silent), redirect_stderr(silent):
            main([*settings, "-Q", str(Path(base, "source")), str(Path(base, "out"))])


def redirect(descriptor: int, path: str, flags: int) -> None:
    """Let one of the standard streams be a file."""
    opened = os.open(path, flags)
    os.dup2(opened, descriptor)
    os.close(opened)


def build(order: dict[str, Any]) -> int:
    """Be the process of one build: with the arguments, environment, directory and streams that were asked for."""
    from sphinx.cmd.build import main

    redirect(0, os.devnull, os.O_RDONLY)
    redirect(1, order["out"], os.O_WRONLY | os.O_CREAT)
    redirect(2, order["err"], os.O_WRONLY | os.O_CREAT)
    os.chdir(order["directory"])
    os.environ.clear()
    os.environ.update(order["environment"])
    try:
        return main(order["arguments"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def serve() -> None:
    """Take orders, a line each, until there are no more; answer each with the status of its build."""
    preload()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = build(json.loads(line))
            finally:
                # To take an interpreter down in order takes longer than most of these builds.
                os._exit(status)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    # As with `python -m sphinx`: modules come from where the tests are run, and not from this directory.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    serve()
