"""Figures in the preview: brought up to date before each build; and what was written beside the documents by it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from exptdir.figures.model import LANGUAGES, LEDGER, is_figure
from exptdir.figures.run.runner import Runner
from exptdir.preview.first_pages import Stamp, stamps_in
from exptdir.sphinxext.config import Settings
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.figures.update import bring_figures_up_to_date, finder_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from exptdir.figures.model import Script
    from exptdir.figures.report import Report, ScriptReport

#: A file with its size and its time of modification in nanoseconds; the size is -1 where it is gone.
Wrote = tuple[str, int, int]


class Drawing:
    """Has figures drawn, and keeps account of the files that this writes into the source tree.

    Parameters
    ----------
    app
        The application, which has brought them up to date once, when it was made.
    """

    def __init__(self, app: Sphinx) -> None:
        self._app = app
        self._runner, self._finder = Runner(), finder_of(app)
        self._wrote: dict[str, Wrote] = {}
        self._note(domain_of(app.env).figure_state.report, {})

    def get_ready(self) -> None:
        """Start what scripts are forked from, where there are any that may be: it takes longer than most of them."""
        settings, report = Settings.of(self._app.config), domain_of(self._app.env).figure_state.report
        local = settings.figure_executor == "local" and settings.figures != "never"
        if local and any(found.script.language == "python" for found in report.scripts.values()):
            self._runner.start()

    def close(self) -> None:
        """End it."""
        self._runner.close()

    def draw(self) -> set[str]:
        """Bring the figures up to date.

        Returns
        -------
        set of str
            The figures, absolute, of the scripts that were run; also of those that were run in vain.
        """
        before = stamps_in(self._directories(domain_of(self._app.env).figure_state.report))
        report = bring_figures_up_to_date(self._app, self._runner, self._finder)
        self._note(report, before)
        return {self._path(figure) for key in report.ran for figure in report.scripts[key].figures}

    def take(self) -> tuple[Wrote, ...]:
        """Return what was written since the last call."""
        wrote, self._wrote = tuple(sorted(self._wrote.values())), {}
        return wrote

    def inputs(self) -> Iterator[str]:
        """Yield the files that scripts read, absolute and as written."""
        for script in domain_of(self._app.env).figure_state.report.scripts.values():
            yield from map(self._path, (*script.inputs, *script.modules))

    def _path(self, path: str) -> str:
        return os.path.normpath(os.path.join(self._app.srcdir, path))

    def _directories(self, report: Report) -> set[str]:
        scripts = [found.script for found in report.scripts.values()]
        return {self._path(path) for script in scripts for path in (script.folder, script.experiment)}

    def _note(self, report: Report, before: dict[str, Stamp]) -> None:
        scripts = [report.scripts[key] for key in report.ran]
        written = {path for found in scripts for path in _traced(found)}
        written |= {self._ledger(report.scripts[key].script) for key in (*report.ran, *report.adopted)}
        after = stamps_in(self._directories(report)) if before else {}
        written |= set(self._untraced(scripts, before, after))
        for path in written:
            self._wrote[path] = _wrote(path)

    def _ledger(self, script: Script) -> str:
        return self._path(f"{script.experiment}/{LEDGER}")

    def _untraced(self, ran: list[ScriptReport], before: dict[str, Stamp], after: dict[str, Stamp]) -> Iterator[str]:
        """Yield the files that only a comparison can tell of.

        Documents and programs are not among them: who changed those while a script ran was the author.
        """
        folders = {self._path(found.script.folder) for found in ran}
        blind = {self._path(found.script.folder) for found in ran if not _is_traced(found)}
        for path in {path for path, _ in before.items() ^ after.items()}:
            folder, name = os.path.split(path)
            if name == LEDGER or (folder in folders and is_figure(path)) or (folder in blind and self._is_data(path)):
                yield path

    def _is_data(self, path: str) -> bool:
        sources = {*self._app.config.source_suffix, *LANGUAGES, ".toml"}
        return Path(path).suffix.lower() not in sources


def _traced(found: ScriptReport) -> Iterable[str]:
    outcome = found.outcome
    return (*outcome.written, *outcome.trace.writes) if outcome is not None else ()


def _is_traced(found: ScriptReport) -> bool:
    outcome = found.outcome
    return found.script.language == "python" and outcome is not None and not outcome.trace.unseen


def _wrote(path: str) -> Wrote:
    try:
        stamp = os.stat(path)
    except (OSError, ValueError):
        return path, -1, 0
    return path, stamp.st_size, stamp.st_mtime_ns
