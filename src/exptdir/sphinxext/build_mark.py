"""A mark among the doctrees while a build runs: where one is found, the last was killed, and the next begins afresh.

Sphinx writes its environment before it writes pages. A build that is killed leaves both at odds, and nobody can
tell how far it came. What a build holds in memory is also let go of here, as it goes on and when it ends.
"""

from __future__ import annotations

import gc
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.application import ENV_PICKLE_FILENAME

from exptdir.sphinxext.domain import domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

#: Name of the mark.
MARK = "exptdir-unfinished"
#: The event at the end of pages that are written one by one between builds, as a preview does, after ``write-started``:
#: what was put aside for writing is put back. Its argument is what went wrong, as that of ``build-finished`` is.
WRITTEN = "exptdir-pages-written"
#: So many new objects are made in a build before those that are young are searched for garbage.
_YOUNG = 10_000


def mark(app: Sphinx, *_: object) -> None:
    """Note that a build begins, or that a preview writes pages ahead of one."""
    Path(app.doctreedir).mkdir(parents=True, exist_ok=True)
    Path(app.doctreedir, MARK).touch()


def discard_interrupted(app: Sphinx, config: Config) -> None:
    """Forget what a build has left that was killed; Sphinx looks for its environment after this."""
    if not Path(app.doctreedir, MARK).exists():
        return
    Path(app.doctreedir, ENV_PICKLE_FILENAME).unlink(missing_ok=True)
    for unfinished in Path(app.outdir).rglob("*.new"):
        # Pages, feeds and the inventory are written beside their places.
        if unfinished.name.endswith((".html.new", ".xml.new", ".inv.new")):
            unfinished.unlink(missing_ok=True)


def let_go(lasts: bool, app: Sphinx, *_: object) -> None:
    """Let go of documents, which are on the disk as well; what *lasts* is spared the search for garbage."""
    env: Any = app.env
    # A preview sees to its memory between builds.
    if not domain_of(env).scanner.lasting:
        env._write_doc_doctree_cache.clear()
        env._pickled_doctree_cache.clear()
        if lasts:
            # What is young may be rubbish, which would stay with the rest.
            gc.collect(1)
            gc.freeze()
            # Documents and pages are made of many small things that live until they are done.
            gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])


def unmark(thresholds: tuple[int, int, int], app: Sphinx, exception: Exception | None) -> None:
    """Note that the build has ended."""
    if app.env is not None and not domain_of(app.env).scanner.lasting:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
    # Of a build that failed, Sphinx itself has deleted the environment.
    Path(app.doctreedir, MARK).unlink(missing_ok=True)


def setup_build_mark(app: Sphinx) -> None:
    """Register the event, and connect to the beginning and the end of builds."""
    app.add_event(WRITTEN)
    app.connect("config-inited", discard_interrupted)
    app.connect("env-before-read-docs", mark, priority=0)
    for event, lasts in (("env-before-read-docs", True), ("env-updated", True), ("env-purge-doc", False)):
        app.connect(event, partial(let_go, lasts), priority=999)
    app.connect("doctree-resolved", partial(let_go, False))
    # When all others have written what they write at the end.
    app.connect("build-finished", partial(unmark, gc.get_threshold()), priority=1000)
