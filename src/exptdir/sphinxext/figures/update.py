"""Brings figures up to date at the start of a build, on this machine, a Dask cluster or whatever ``conf.py`` brings."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sphinx.util import logging

from exptdir.figures.find import Finder
from exptdir.figures.model import FigureSettings
from exptdir.figures.update import update
from exptdir.record.walk import compile_patterns
from exptdir.sphinxext.config import settings_of
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.git_dates import History
from exptdir.sphinxext.record import FIGURELESS
from exptdir.sphinxext.store import FigureState
from exptdir.sphinxext.warnings_ import warn_problem

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from exptdir.figures.model import Mode, Outcome, Script
    from exptdir.figures.plan.scheduler import Progress, Submit
    from exptdir.figures.run.runner import Runner
    from exptdir.figures.update import Report
    from exptdir.record.model import Record


_logger = logging.getLogger(__name__)

#: What is kept between builds, below the doctrees.
_KEPT = "exptdir-figures"

#: Emitted before figures are brought up to date; where something answers, it has seen to that itself.
EVENT = "exptdir-figures"


def bring_figures_up_to_date(app: Sphinx) -> None:
    """Run the plot scripts whose figures are stale, before documents are looked at for changes."""
    if app.emit_firstresult(EVENT) is None:
        record = domain_of(app.env).scanner.scan(app)
        note_figures(app, update_figures(app, record), record)


def update_figures(
    app: Sphinx,
    record: Record,
    runner: Runner | None = None,
    finder: Finder | None = None,
    *,
    progress: Progress | None = None,
    guard: Callable[[Submit], Submit] | None = None,
    dry_run: bool = False,
) -> Report:
    """Run the plot scripts whose figures are stale.

    *runner* and *finder* are what runs scripts on this machine, and knows the experiments, where it is to outlive this
    build. *progress* is called with each script that begins and ends, in this thread; *guard* is put around a run.
    """
    settings, directory = settings_of(app.config), Path(app.doctreedir, _KEPT)

    def tell(script: Script, outcome: Outcome | None, why: str) -> None:
        if outcome is not None:
            because = f" ({why})" if why else ""
            _logger.info("figures: %s: %s%s, %.1f s", script.key, outcome.status, because, outcome.seconds)
        if progress is not None:
            progress(script, outcome, why)

    # Most builds run nothing.
    from exptdir.figures.run.runner import Submitter

    with Submitter(settings.figure_executor, settings.figure_jobs, runner) as submitter:
        report = update(
            record,
            FigureSettings.of(
                settings,
                "never" if app.builder.name in FIGURELESS else cast("Mode", settings.figures),
                compile_patterns(app.config.exclude_patterns),
            ),
            directory,
            guard(submitter.submit) if guard is not None else submitter.submit,
            progress=tell,
            private=(Path(app.outdir), Path(app.doctreedir)),
            finder=finder or finder_of(app),
            dry_run=dry_run,
        )
    if report.fixed:
        count = f"{len(report.fixed)} experiments" if len(report.fixed) > 1 else report.fixed[0]
        _logger.info("figures: %s cannot be written, so figures are shown as they are and none is drawn", count)
    if report.unknown and not dry_run:
        # No warning: nothing is missing on the page, and a clone without the data is to build with -W.
        more = f", and those of {len(report.unknown) - 1} more" if len(report.unknown) > 1 else ""
        _logger.info("figures: %s%s", report.unknown[0].message, more)
    if report.counts:
        _logger.info("figures: %s (%.1f s)", report.counts, report.seconds)
    return report


def note_figures(app: Sphinx, report: Report, record: Record | None, drawing: Collection[str] = ()) -> None:
    """Have pages and warnings go by a report until there is another; scripts whose keys are *drawing* are at work."""
    # While scripts run, authors go on writing.
    recent = None if report.ran or drawing else record
    directory = Path(app.doctreedir, _KEPT)
    state = FigureState(
        report, History(Path(app.srcdir), directory / "dates.json"), record=recent, drawing=frozenset(drawing)
    )
    domain_of(app.env).figure_state = state


def finder_of(app: Sphinx) -> Finder:
    """Make what looks through the experiments, by the directories that the scan has seen."""
    return Finder(domain_of(app.env).scanner.listing)


def report_figures(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give the warnings in every build, whatever was run."""
    for problem in domain_of(env).figure_state.report.problems:
        warn_problem(problem)
    return []


def setup_figures(app: Sphinx) -> None:
    """Connect to the beginning of a build, and to the end of reading."""
    app.add_event(EVENT)
    app.connect("builder-inited", bring_figures_up_to_date)
    app.connect("env-updated", report_figures, priority=900)
