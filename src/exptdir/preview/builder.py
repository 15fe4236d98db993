"""The process that builds: ``python -m exptdir.preview.builder``, a child of the server.

It holds one Sphinx application and builds in it whenever it is told to. It ends when it cannot go on, when it is told
to by a signal, or when the server is gone.

What is shown of a change before the record is built: a few pages, and the figures that scripts have drawn.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import sys
import sysconfig
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.errors import ConfigError, ExtensionError, SphinxError, SphinxParallelError

from exptdir.preview.channel import Channel, Ending, leave
from exptdir.preview.dependencies import Modules, Writes, outside, statics, templates
from exptdir.preview.messages import Build, Built, Drawn, Failed, PagesShown, Ready, Warned
from exptdir.preview.scratch_site import alone
from exptdir.preview.warm_sphinx import Project, Warm, warm
from exptdir.preview.warnings import Reporter
from exptdir.sphinxext.config import Settings

if TYPE_CHECKING:
    from exptdir.preview.first_pages import Shown
    from exptdir.preview.messages import Build
    from exptdir.preview.warm_sphinx import Warm


#: More pages than these delay the build by more than they are worth.
_MOST = 4
#: Where more documents than these have changed, nobody edits: somebody has changed branches.
_MANY = 20


class Firsts:
    """Shows what was asked for in one build.

    Parameters
    ----------
    application
        The application, which has been built before.
    order
        What has changed, and what browsers look at.
    """

    def __init__(self, application: Warm, order: Build) -> None:
        self._application = application
        self._order = order
        self.drawn = False

    def show(self) -> Iterator[Shown]:
        """Write pages, a few at a time, each time saying which.

        Raises
        ------
        Exception
            Whatever ends the reading or writing of a document; the build is to tell of it.
        """
        application, changed = self._application, self._order.changed
        if application.drawing.has_news:
            figures = application.drawing.draw()
            self.drawn = True
            yield from self._show(application.showing(figures))
        yield from self._show(application.dependents.of(changed))
        if not self.drawn and any(
            (os.path.splitext(path)[1] not in self._application.app.config.source_suffix) for path in changed
        ):
            figures = application.drawing.draw()
            self.drawn = True
            yield from self._show(application.showing(figures))

    def _show(self, docnames: Iterable[str]) -> Iterator[Shown]:
        chosen = self._chosen({name for name in docnames if self._application.app.env.doc2path(name).is_file()})
        if chosen:
            yield self._application.show(chosen)

    def _chosen(self, docnames: set[str]) -> list[str]:
        """Choose the pages that are written first: those that are looked at before all others."""
        viewed = {name for name in docnames if self._address(name) in self._order.viewed}
        others = docnames - viewed if len(docnames) <= _MANY else set()
        return [*sorted(viewed), *sorted(others)][:_MOST]

    def _address(self, docname: str) -> str:
        app = self._application.app
        builder: Any = app.builder
        return Path(builder.get_output_path(docname)).relative_to(app.outdir).as_posix()


#: After so many builds, what was set apart from the search for garbage is looked through once.
_SPRING = 100
#: Ways in which the author's code can end a build.
_FAILURES = (Exception, SystemExit)


class BuildSession:
    """All that one builder does.

    Parameters
    ----------
    project
        What it builds.
    channel
        Where it is told to, and answers.
    """

    def __init__(self, project: Project, channel: Channel) -> None:
        self._project = project
        self._channel = channel
        self._modules = Modules()
        self._writes = Writes(project.source, (project.output, project.doctrees))
        self._builds = 0

    def run(self) -> None:
        """Make the application, and build until that is no longer possible."""
        self._writes.listen()
        with ExitStack() as stack:
            try:
                application = stack.enter_context(
                    warm(self._project, (Reporter(self._channel.send),), self._tell_drawn)
                )
            except _FAILURES as error:
                self._fail(failed(error, conf=self._conf))
                return
            app = application.app
            builder: Any = app.builder
            self._channel.send(
                Ready(
                    output=str(app.outdir),
                    home=Path(builder.get_output_path(app.config.root_doc)).relative_to(app.outdir).as_posix(),
                    private=(str(app.outdir), str(app.doctreedir)),
                    statics=statics(app),
                    templates=templates(app),
                    outside=outside(application),
                    editor=Settings.of(app.config).editor_url,
                    ignored=tuple(Settings.of(app.config).watch_ignore),
                )
            )
            while self._build(application, self._channel.next()):
                continue

    def _tell_drawn(self, figures: tuple[str, ...]) -> None:
        # The server may be gone, and this process with it in a moment.
        with suppress(OSError):
            self._channel.send(Drawn(figures))

    @property
    def _conf(self) -> Path | None:
        return self._project.conf / "conf.py" if self._project.conf is not None else None

    def _fail(self, failure: Failed, application: Warm | None = None) -> None:
        wrote = application.drawing.take() if application is not None else ()
        modules, made = self._modules.files(), self._writes.take()
        self._channel.send(Failed(failure.failure, failure.traceback, failure.fatal, modules, wrote, made))

    def _build(self, application: Warm, order: Build) -> bool:
        """Do as told; say whether the application is still of use."""
        began = time.monotonic()
        first = not application.built
        modified = (*order.modified, *self._writes.rewritten.intersection(order.changed))
        idle = not (first or order.everything or application.is_concerned(order.changed, modified))
        try:
            if not idle:
                drawn = self._show_first(application, order, began) if application.built else False
                application.build(order.changed, order.everything, drawn)
        except _FAILURES as error:
            conf = self._conf if isinstance(error, SystemExit) else None
            self._fail(failed(error, conf=conf, document=application.document), application)
            return False
        pages, files = application.changes() if not idle else ((), ())
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
            )
        )
        if first:
            application.drawing.get_ready()
        self.rest()
        return True

    def rest(self) -> None:
        """Spare most of what there is, which stays, the search for garbage: that takes longer than many an edit."""
        if self._builds % _SPRING == 0:
            # In time all of it is replaced.
            gc.unfreeze()
            gc.collect()
            gc.freeze()
        self._builds += 1

    def _show_first(self, application: Warm, order: Build, began: float) -> bool:
        """Show what can be shown before the build; say whether figures were drawn for it."""
        firsts = Firsts(application, order)
        try:
            for shown in firsts.show():
                seconds = time.monotonic() - began
                warnings = application.listener.said.everything()
                self._channel.send(PagesShown(shown.pages, shown.files, shown.sources, seconds, warnings))
        except _FAILURES:
            # The build will meet the same, and say so.
            return firsts.drawn
        return firsts.drawn


def project_of(argv: Sequence[str]) -> Project:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m exptdir.preview.builder", description="Builds for a preview.")
    parser.add_argument("--source", type=Path, metavar="DIR", help="the source directory")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--conf", type=Path, metavar="DIR", help="the directory of conf.py, if not the source directory")
    where.add_argument("--alone", type=Path, metavar="PATH", help="a document or a directory without a conf.py")
    parser.add_argument("--output", type=Path, metavar="DIR", required=True, help="where pages go")
    parser.add_argument("--doctrees", type=Path, metavar="DIR", required=True, help="where the rest goes")
    parser.add_argument("--jobs", type=int, metavar="N", default=1, help="processes that read and write")
    parser.add_argument("-D", dest="define", metavar="NAME=VALUE", action="append", default=[], help="a setting")
    given = parser.parse_args(argv)
    overrides: dict[str, Any] = {}
    source, conf = given.source, given.conf or given.source
    if given.alone is not None:
        found = alone(Path(os.path.abspath(given.alone)))
        source, conf, overrides = found.source, None, dict(found.overrides)
    if source is None:
        parser.error("one of --source and --alone is needed")
    for setting in given.define:
        name, _, value = setting.partition("=")
        overrides[name] = value
    return Project(source, conf, given.output, given.doctrees, max(1, given.jobs), overrides)


def main(argv: Sequence[str]) -> None:
    """Build for a server until it has enough."""
    ending = Ending()
    ending.install()
    project = project_of(argv)
    channel = Channel.taken_over()
    channel.listen(ending.ask)
    try:
        BuildSession(project, channel).run()
    except KeyboardInterrupt:
        leave(0)
    except BrokenPipeError:
        leave(1)
    leave(0)


#: A place in a traceback that is there as text only, since another process wrote it.
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)


#: How Sphinx names an extension that it cannot set up.
_EXTENSION = re.compile(r"extension ['\"]?([\w.]+)")


_LIBRARIES = ("stdlib", "platstdlib", "purelib", "platlib")


def failed(error: BaseException, *, conf: Path | None, document: str = "", fatal: bool = True) -> Failed:
    """Describe what ended a build.

    Parameters
    ----------
    error
        What was raised.
    conf
        The ``conf.py``, if there is one and it may be to blame.
    document
        The file that was being read or written.
    fatal
        Whether the builder ends.
    """
    cause = _cause(error)
    file, line = _place(error, cause)
    if not file and conf is not None and not document and isinstance(error, (SphinxError, SystemExit)):
        file, line = str(conf), _line_of_extension(conf, str(error))
    text, folded = _text(error, cause), _traceback(error, cause)
    return Failed(Warned(text, file or document, line, "", "error"), folded, fatal)


def _cause(error: BaseException) -> BaseException:
    """Return what was raised first."""
    seen = {id(error)}
    while True:
        below = getattr(error, "orig_exc", None) or error.__cause__
        if not isinstance(below, BaseException) or id(below) in seen:
            return error
        seen.add(id(below))
        error = below


def _place(error: BaseException, cause: BaseException) -> tuple[str, int]:
    if isinstance(cause, SyntaxError) and cause.filename:
        return os.path.abspath(cause.filename), cause.lineno or 0
    if isinstance(error, SphinxParallelError):
        found = [(match["file"], int(match["line"])) for match in _FRAME.finditer(str(error.traceback))]
    else:
        found = [(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(cause.__traceback__)]
    paths = sysconfig.get_paths()
    installed = tuple(os.path.join(os.path.realpath(paths[name]), "") for name in _LIBRARIES)
    ours = os.path.join(Path(__file__).resolve().parents[1], "")
    last = ("", 0)
    for file, line in found:
        real = os.path.realpath(file)
        if os.path.isfile(real) and not real.startswith((*installed, ours)):
            last = real, line
    return last


def _line_of_extension(conf: Path, message: str) -> int:
    """Return the line of ``conf.py`` that names the extension of which a message speaks."""
    found = _EXTENSION.search(message)
    try:
        lines = conf.read_text("utf-8", "replace").splitlines()
    except OSError:
        return 0
    name = re.compile(rf"['\"]{re.escape(found[1])}['\"]") if found else None
    return next((at for at, line in enumerate(lines, start=1) if name is not None and name.search(line)), 0)


def _text(error: BaseException, cause: BaseException) -> str:
    if isinstance(cause, SystemExit):
        return f"it was ended by sys.exit({'' if cause.code is None else repr(cause.code)})"
    if isinstance(cause, SyntaxError):
        return f"{type(cause).__name__}: {cause.msg}"
    if isinstance(error, SphinxParallelError):
        return str(error.message)
    if (
        isinstance(error, (ConfigError, ExtensionError))
        and cause is not error
        and not (isinstance(error, ExtensionError) and bool(_EXTENSION.search(str(error))))
    ):
        error = cause
    if isinstance(error, SphinxError):
        return str(error).strip() or type(error).__name__
    return "".join(traceback.format_exception_only(error)).strip()


def _traceback(error: BaseException, cause: BaseException) -> str:
    """Return the traceback, unless the message says all."""
    if isinstance(error, SphinxParallelError):
        return str(error.traceback)
    if isinstance(cause, (SyntaxError, SystemExit)) or (cause is error and isinstance(error, SphinxError)):
        return ""
    return "".join(traceback.format_exception(cause))


if __name__ == "__main__":
    main(sys.argv[1:])
