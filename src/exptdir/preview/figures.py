"""Figures in the preview: drawn before builds or beside them; and what was written beside the documents by it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from exptdir.figures.model import LANGUAGES, LEDGER, interpreter, is_figure
from exptdir.figures.run.runner import Runner
from exptdir.preview.channel import Wrote
from exptdir.record.files import Stamp, stamp
from exptdir.sphinxext.config import settings_of
from exptdir.sphinxext.curves import EVENT as CURVES
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.figures.update import EVENT, finder_of, note_figures, update_figures

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from exptdir.figures.model import Job, Outcome, Script
    from exptdir.figures.plan.scheduler import Submit
    from exptdir.figures.update import Report
    from exptdir.record.model import Record

#: A build waits so many seconds for the scripts that have begun; then pages are shown with the figures that there are.
PATIENCE = 1.0
#: Seconds that scripts have to end, with the preview.
_ENDING = 0.4


class _EndedError(BaseException):
    """Nothing more is to be drawn; what has not been is not to blame."""


class FigureUpdates:
    """Has figures drawn, beside the builds where it takes long, and keeps account of what this writes into the source.

    *drawn* is called, from another thread, with the figures of a script that a build has not waited for.
    """

    def __init__(self, drawn: Callable[[tuple[str, ...]], None] = lambda figures: None) -> None:
        self._drawn = drawn
        self._runner = Runner()
        self._wrote: dict[str, Wrote] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = self._left = self._missed = False
        self._ended, self._running = set[str](), set[str]()
        self._untold: dict[str, list[str]] = {}
        self._result: tuple[Report, Record] | Exception | None = None
        #: When the drawing began that the build now to come is about, in seconds.
        self.began: float | None = None

    def connect(self, app: Sphinx) -> None:
        """Draw for this application, from before its first build."""
        self._app = app

        def begin(app: Sphinx) -> bool:
            self._finder, self._second_finder = finder_of(app), finder_of(app)
            self.draw()
            return True

        # Only then is everything set up.
        app.connect("config-inited", lambda *_: app.connect(EVENT, begin))
        app.connect("config-inited", lambda *_: app.connect(CURVES, lambda app: (self._runner, self._drawn)))

    def get_ready(self) -> None:
        """Start what scripts are forked from, where there are any that may be: it takes longer than most of them."""
        settings, report = settings_of(self._app.config), domain_of(self._app.env).figure_state.report
        local = settings.figure_executor == "local" and settings.figures != "never"
        if local and any(found.script.language == "python" for found in report.scripts.values()):
            self._runner.start(interpreter(str(self._app.srcdir), settings.python))

    def close(self) -> None:
        """End it."""
        self._closed = True
        self._runner.close()
        if self._thread is not None:
            # Their figures are put back meanwhile.
            self._thread.join(_ENDING)

    @property
    def has_news(self) -> bool:
        """Whether something has been drawn since pages were built that show it as being drawn."""
        drawing = domain_of(self._app.env).figure_state.drawing
        return self._thread is not None and (self._result is not None or not drawing.isdisjoint(self._ended))

    @property
    def unfinished(self) -> set[str]:
        """The figures and ledgers, absolute, of the scripts that are still at work."""
        state = domain_of(self._app.env).figure_state
        keys = state.drawing - self._ended if self._thread is not None else ()
        paths = [figure for figure, found in state.report.figures.items() if found.script in keys]
        paths += (f"{state.report.scripts[key].script.experiment}/{LEDGER}" for key in keys)
        return set(map(self._path, paths))

    def draw(self) -> set[str]:
        """Bring the figures up to date, or at least begin to.

        Return the figures, absolute, of the scripts that were run; also of those that were run in vain, or still run.
        """
        self.began = None
        figures = set[str]()
        if self._thread is not None:
            # Its last word is that it is done, so that it may still be there when this is acted upon.
            if self._result is None:
                self._missed = True
                return self._show_unfinished()
            figures = self._finish()
            if not self._missed:
                return figures
        record = domain_of(self._app.env).scanner.scan(self._app)
        state = getattr(domain_of(self._app.env), "figure_state", None)
        before = self._stamps(state.report) if state is not None else {}
        self._left = self._missed = False
        for kept in (self._ended, self._running, self._untold):
            kept.clear()
        self._started = threading.Event()
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._work, args=(record, before), name="exptdir-figures", daemon=True)
        self._thread.start()
        # What is found out before the first script begins is quick; most scripts are, too.
        while self._thread.is_alive() and not self._started.wait(0.02):
            continue
        self._thread.join(PATIENCE)
        self._left = True
        self._left = self._result is None
        return figures | (self._show_unfinished() if self._left else self._finish())

    def _tell(self, script: Script, outcome: Outcome | None, why: str) -> None:
        """Hear that a script begins or ends."""
        self._started.set()
        if outcome is None:
            # One that was changed meanwhile is run once more.
            self._ended.discard(script.key)
            self._running.add(script.key)
        else:
            self._running.discard(script.key)
            self._untold[script.key] = list(map(self._path, outcome.written))
            self._add(*self._untold[script.key], self._path(f"{script.experiment}/{LEDGER}"))
        # What the last one has drawn is told with the end of all, which comes at once.
        if self._untold and (self._running or not self._left):
            self._ended.update(self._untold.keys() - self._running)
            if self._left:
                self._drawn(tuple(chain.from_iterable(self._untold.values())))
            self._untold.clear()

    def _work(self, record: Record, before: dict[str, Stamp]) -> None:
        """Draw, in a thread of its own."""

        def guard(submit: Submit) -> Submit:
            def submit_unless_ended(job: Job) -> Future[Outcome]:
                if self._closed:
                    raise _EndedError
                outcome: Future[Outcome] = Future()

                def pass_on(done: Future[Outcome]) -> None:
                    # A script that is ended with the preview has not failed; the lost job is asked for again, above.
                    error = CancelledError() if self._closed or done.cancelled() else done.exception()
                    if error is not None:
                        outcome.set_exception(error)
                    else:
                        outcome.set_result(done.result())

                submit(job).add_done_callback(pass_on)
                return outcome

            return submit_unless_ended

        try:
            report = update_figures(self._app, record, self._runner, self._finder, progress=self._tell, guard=guard)
            self._note(report, before)
            self._result = report, record
        except _EndedError:
            return
        except Exception as error:
            self._result = error
        if self._left:
            self._drawn(tuple(chain.from_iterable(self._untold.values())))

    def _show_unfinished(self) -> set[str]:
        """Have pages show what there is: what is still being drawn, and what has been drawn meanwhile."""
        record = domain_of(self._app.env).scanner.scan(self._app)
        report = update_figures(self._app, record, finder=self._second_finder, dry_run=True)
        drawing = set(report.planned) - self._ended
        note_figures(self._app, report, record, drawing)
        return self.unfinished

    def _finish(self) -> set[str]:
        """Have pages go by what has been drawn."""
        self._thread, result, self._result = None, self._result, None
        if isinstance(result, Exception):
            raise result
        if result is None:
            return set()
        report, record = result
        note_figures(self._app, report, None if self._left else record)
        if self._left:
            self.began = self._began
        return {self._path(figure) for key in report.ran for figure in report.scripts[key].figures}

    def take(self) -> tuple[Wrote, ...]:
        """Return what was written since the last call."""
        with self._lock:
            wrote, self._wrote = tuple(sorted(self._wrote.values())), {}
        return wrote

    def inputs(self) -> Iterator[str]:
        """Yield the files that scripts read, absolute and as written."""
        for script in domain_of(self._app.env).figure_state.report.scripts.values():
            yield from map(self._path, (*script.inputs, *script.modules))

    def may_read(self, paths: Iterable[str]) -> bool:
        """Say whether some files are, or may be, read or drawn by a script, or are scripts."""
        report = domain_of(self._app.env).figure_state.report
        read = {os.path.realpath(path) for path in self.inputs()}
        blind = {
            self._path(found.script.experiment) + os.sep
            for found in report.scripts.values()
            if found.failure or found.unseen or found.verdict.state in ("adopted", "never run", "stale", "unknown")
        }
        return any(
            is_figure(path)
            or os.path.basename(path) == LEDGER
            or os.path.splitext(path)[1].lower() in LANGUAGES
            or os.path.realpath(path) in read
            or path.startswith(tuple(blind))
            for path in paths
        )

    def _path(self, path: str) -> str:
        return os.path.normpath(os.path.join(self._app.srcdir, path))

    def _stamps(self, report: Report) -> dict[str, Stamp]:
        """Return the stamps of what lies directly in the directories of scripts and their experiments."""
        scripts = [found.script for found in report.scripts.values()]
        found: dict[str, Stamp] = {}
        for directory in {self._path(path) for script in scripts for path in (script.folder, script.experiment)}:
            with suppress(OSError):
                found |= {entry.path: stamp(entry.path) for entry in os.scandir(directory) if entry.is_file()}
        return found

    def _note(self, report: Report, before: dict[str, Stamp]) -> None:
        """Note what was written: what scripts were seen to write, ledgers, and what only a comparison can tell of.

        Of the last, documents and programs are left out: who changed those while a script ran was the author.
        """
        ran = [report.scripts[key] for key in report.ran]
        seen = [one.outcome for one in ran if one.outcome is not None]
        written = {path for outcome in seen for path in (*outcome.written, *outcome.trace.writes)}
        changed = [report.scripts[key].script for key in (*report.ran, *report.adopted)]
        written |= {self._path(f"{script.experiment}/{LEDGER}") for script in changed}
        folders, blind = set[str](), set[str]()
        for one in ran:
            folder = self._path(one.script.folder)
            folders.add(folder)
            if one.script.language != "python" or one.outcome is None or one.outcome.trace.unseen:
                blind.add(folder)
        sources = (*self._app.config.source_suffix, *LANGUAGES, ".toml")
        after = self._stamps(report) if before else {}
        for path in {path for path, _ in before.items() ^ after.items()}:
            folder, name = os.path.split(path)
            is_data = folder in blind and Path(path).suffix.lower() not in sources
            if name == LEDGER or (folder in folders and is_figure(path)) or is_data:
                written.add(path)
        self._add(*written)

    def _add(self, *written: str) -> None:
        with self._lock:
            self._wrote.update((path, (path, stamp(path))) for path in written)
