"""Brings figures up to date at the start of a build, and says what is wrong with them.

What is known of figures in one build; nothing of it is pickled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sphinx.util import logging

from exptdir.figures.model import FigureSettings
from exptdir.figures.shown import Finder
from exptdir.figures.update import update
from exptdir.record.walk import compile_patterns
from exptdir.sphinxext.config import Settings, memory_size
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.figures.executor import Submitter
from exptdir.sphinxext.figures.git_dates import change_dates
from exptdir.sphinxext.record import scan_record
from exptdir.sphinxext.warnings_ import warn_problem

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from exptdir.figures.model import Mode, Outcome, Script
    from exptdir.figures.report import Report
    from exptdir.figures.run.runner import Runner
    from exptdir.record.model import Record
    from exptdir.sphinxext.figures.provenance import Origin


@dataclass
class FigureState:
    """What was found when figures were brought up to date, and what is made of it.

    Parameters
    ----------
    report
        What was found and done.
    base
        The record's base.
    directory
        Where things are kept between builds.
    origins
        What pages say of their figures, by document, once they have been asked for.
    downloads
        Where a script or an input lies below the downloads of the output, by its path.
    record
        The record as it was scanned for this, if nothing has taken long since.
    """

    report: Report
    base: Path
    directory: Path
    origins: dict[str, list[Origin | None]] = field(default_factory=dict)
    downloads: dict[str, str] = field(default_factory=dict)
    record: Record | None = None

    def take_record(self) -> Record | None:
        """Return the scanned record, once: a later build must scan again."""
        record, self.record = self.record, None
        return record

    @cached_property
    def dates(self) -> dict[str, str]:
        """The days on which figures were last changed, according to git."""
        return change_dates(self.base, self.directory / "dates.json")


_logger = logging.getLogger(__name__)

#: Builders that show no figures: to them is known what is stale, but nothing is run for them.
FIGURELESS = frozenset({"changes", "coverage", "doctest", "gettext", "linkcheck"})
#: What is kept between builds, below the doctrees.
_KEPT = "exptdir-figures"


def bring_figures_up_to_date(app: Sphinx, runner: Runner | None = None, finder: Finder | None = None) -> Report:
    """Run the plot scripts whose figures are stale, before documents are looked at for changes.

    A build does so when its application begins. Whoever builds again with the same application calls this before.

    Parameters
    ----------
    runner
        What runs scripts on this machine, where it is to outlive this build.
    finder
        What knows the experiments from the last time.

    Returns
    -------
    Report
        What was found and done. Until the next call, pages and warnings go by it.
    """
    settings, directory = Settings.of(app.config), Path(app.doctreedir, _KEPT)
    record = scan_record(app)
    with Submitter(settings.figure_executor, settings.figure_jobs, runner) as submitter:
        report = update(
            record,
            FigureSettings(
                mode="never" if app.builder.name in FIGURELESS else cast("Mode", settings.figures),
                patterns=tuple(settings.plot_scripts),
                style=settings.plot_style or None,
                dark=settings.plot_dark,
                timeout=settings.figure_timeout,
                memory=memory_size(settings.figure_memory),
                versions=settings.figure_versions,
                exclude=compile_patterns(app.config.exclude_patterns),
            ),
            directory,
            submitter.submit,
            progress=_tell,
            private=(Path(app.outdir), Path(app.doctreedir)),
            finder=finder or finder_of(app),
        )
    counts = {"drawn": set(report.ran) - set(report.failed), "adopted": report.adopted, "failed": report.failed}
    shown = [f"{len(keys)} {name}" for name, keys in counts.items() if keys]
    if shown:
        _logger.info("figures: %s (%.1f s)", ", ".join(shown), report.seconds)
    # While scripts run, authors go on writing.
    recent = None if report.ran else record
    domain_of(app.env).figure_state = FigureState(report, Path(app.srcdir), directory, record=recent)
    return report


def finder_of(app: Sphinx) -> Finder:
    """Make what looks through the experiments, by the directories that the scan has seen."""
    return Finder(domain_of(app.env).scanner.listing)


def _tell(script: Script, outcome: Outcome | None) -> None:
    if outcome is not None:
        _logger.info("figures: %s: %s, %.1f s", script.key, outcome.status, outcome.seconds)


def _report(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give the warnings in every build, whatever was run."""
    for problem in domain_of(env).figure_state.report.problems:
        warn_problem(problem)
    return []


def setup_figures(app: Sphinx) -> None:
    """Connect to the beginning of a build, and to the end of reading."""
    app.connect("builder-inited", bring_figures_up_to_date)
    app.connect("env-updated", _report, priority=900)
