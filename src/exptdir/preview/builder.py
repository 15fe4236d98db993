"""The process that builds: ``python -m exptdir.preview.builder``, a child of the server.

It holds one Sphinx application and builds in it whenever it is told to. It ends when it cannot go on, when it is told
to by a signal, or when the server is gone.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from exptdir.preview.channel import Build, Built, Channel, Drawn, Ending, Failed, PagesShown, Ready, leave
from exptdir.preview.dependencies import Modules, Writes, goes_on, outside, statics, templates
from exptdir.preview.scratch_site import alone
from exptdir.preview.warm_sphinx import Project, Warm, warm
from exptdir.preview.warnings import Reporter, failed
from exptdir.sphinxext.config import settings_of
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.language import PREVIEWED, translated
from exptdir.sphinxext.outputs import page_address

#: More pages than these delay the build by more than they are worth.
_MOST = 4
#: Where more documents than these have changed, nobody edits: somebody has changed branches.
_MANY = 20


class Firsts:
    """Shows what was asked for in one build ahead of it: a few pages, and the figures that scripts have drawn."""

    def __init__(self, application: Warm, order: Build) -> None:
        self._application = application
        self._order = order
        self.drawn = False

    def show(self) -> Iterator[PagesShown]:
        """Write pages, a few at a time, each time saying which.

        Raises whatever ends the reading or writing of a document; the build is to tell of it.
        """
        application, changed = self._application, self._order.changed
        if application.drawing.has_news:
            yield from self._draw()
        yield from self._show(application.dependents.of(changed))
        suffixes = application.app.config.source_suffix
        if not self.drawn and any(os.path.splitext(path)[1] not in suffixes for path in changed):
            yield from self._draw()

    def _draw(self) -> Iterator[PagesShown]:
        figures = self._application.drawing.draw()
        self.drawn = True
        yield from self._show(self._application.showing(figures))

    def _show(self, docnames: Iterable[str]) -> Iterator[PagesShown]:
        """Write the pages of some documents that are still there, those that are looked at before all others."""
        app = self._application.app
        there = {name for name in docnames if app.env.doc2path(name).is_file()}
        viewed = {name for name in there if page_address(app, name) in self._order.viewed}
        others = there - viewed if len(there) <= _MANY else set()
        if chosen := [*sorted(viewed), *sorted(others)][:_MOST]:
            yield self._application.show(chosen)


#: After so many builds, what was set apart from the search for garbage is looked through once.
_SPRING = 100
#: Ways in which the author's code can end a build.
_FAILURES = (Exception, SystemExit)


class BuildSession:
    """All that one builder does."""

    def __init__(self, project: Project, channel: Channel) -> None:
        self._project = project
        self._channel = channel
        self._modules = Modules()
        self._writes = Writes(project.source, (project.output, project.doctrees))
        self._builds = 0
        self._conf = project.conf / "conf.py" if project.conf is not None else None

    def run(self) -> None:
        """Make the application, and build until that is no longer possible."""

        def tell(figures: tuple[str, ...]) -> None:
            # The server may be gone, and this process with it in a moment.
            with suppress(OSError):
                self._channel.send(Drawn(figures))

        self._writes.listen()
        with ExitStack() as stack:
            try:
                application = stack.enter_context(warm(self._project, (Reporter(self._channel.send).connect,), tell))
            except _FAILURES as error:
                self._fail(failed(error, conf=self._conf))
                return
            app = application.app
            words = translated(PREVIEWED)
            self._channel.send(
                Ready(
                    home=page_address(app, app.config.root_doc),
                    statics=statics(app),
                    templates=templates(app),
                    outside=outside(application),
                    editor=settings_of(app.config).editor_url,
                    ignored=tuple(settings_of(app.config).watch_ignore),
                    language=str(app.config.language).replace("_", "-") if words else "en",
                    words=words,
                )
            )
            while self._build(application, self._channel.next()):
                continue

    def _fail(self, failure: Failed, application: Warm | None = None) -> None:
        wrote = application.drawing.take() if application is not None else ()
        self._channel.send(replace(failure, modules=self._modules.files(), wrote=wrote, made=self._writes.take()))

    def _build(self, application: Warm, order: Build) -> bool:
        """Do as told; say whether the application is still of use."""
        began = time.monotonic()
        first = not application.built
        modified = (*order.modified, *self._writes.rewritten.intersection(order.changed))
        idle = not (first or order.everything or application.is_concerned(order.changed, modified))
        try:
            if not idle:
                firsts = Firsts(application, order)
                # What goes wrong in this, the build will meet too, and say so.
                with suppress(*_FAILURES):
                    for shown in firsts.show() if application.built else ():
                        warnings = application.listener.said.everything()
                        self._channel.send(replace(shown, seconds=time.monotonic() - began, warnings=warnings))
                application.build(order.changed, order.everything, firsts.drawn)
        except _FAILURES as error:
            conf = self._conf if isinstance(error, SystemExit) else None
            self._fail(failed(error, conf=conf, document=application.document), application)
            return False
        pages, files = application.changes() if not idle else ((), ())
        # Whoever hears that all is done may save the next edit at once.
        self.rest()
        self._channel.send(
            Built(
                pages=pages,
                files=files,
                warnings=application.listener.said.everything(),
                wrote=application.drawing.take(),
                modules=self._modules.files(),
                outside=outside(application),
                # What was drawn beside other builds has taken longer.
                seconds=time.monotonic() - min(began, application.drawing.began or began),
                made=self._writes.take(),
                idle=idle,
                goes_on=goes_on(),
                drawing=tuple(sorted(domain_of(application.app.env).figure_state.drawing)),
            )
        )
        if first:
            application.drawing.get_ready()
        return True

    def rest(self) -> None:
        """Spare most of what there is, which stays, the search for garbage: that takes longer than many an edit."""
        if self._builds % _SPRING == 0:
            # In time all of it is replaced.
            gc.unfreeze()
            gc.collect()
            gc.freeze()
        self._builds += 1


def project_of(order: str) -> Project:
    """Read what is to be built, as the server writes it in JSON: a record, or (*alone*) what has no ``conf.py``."""
    given = json.loads(order)
    source, overrides = Path(given["source"]), given["define"]
    conf: Path | None = source
    if given["alone"]:
        found = alone(Path(given["alone"]))
        source, conf, overrides = found.source, None, {**found.overrides, **overrides}
    return Project(source, conf, Path(given["html"]), Path(given["doctrees"]), given["jobs"], overrides)


def main(order: str) -> None:
    """Build for a server until it has enough."""
    ending = Ending()
    ending.install()
    project = project_of(order)
    channel = Channel.taken_over()
    channel.listen(ending.ask)
    try:
        BuildSession(project, channel).run()
    except KeyboardInterrupt:
        leave(0)
    except BrokenPipeError:
        leave(1)
    leave(0)


if __name__ == "__main__":
    main(sys.argv[1])
