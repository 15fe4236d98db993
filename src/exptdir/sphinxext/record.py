"""Keeps the domain's record up to date with the disk, and Sphinx away from what is no document."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Set
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import sphinx

from exptdir.figures.model import is_figure
from exptdir.record.check import status
from exptdir.record.documents import left_out_of
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem
from exptdir.record.scan import ScanMemory, scan
from exptdir.record.settings import Settings
from exptdir.record.walk import OTHER_FORMS, PROGRAMS, Listing, compile_patterns, directories_apart, literal_pattern
from exptdir.sphinxext.config import settings_of
from exptdir.sphinxext.domain import DOMAIN_READY, domain_of
from exptdir.sphinxext.warnings_ import warn, warn_problem

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

#: Hidden directories, but for ``.well-known`` (RFC 8615), which ``html_extra_path`` must still copy.
_HIDDEN = tuple(prefix + pattern for pattern in (".[!w]*/**", ".w[!e]*/**", ".we[!l]*/**") for prefix in ("", "**/"))
_PROGRAMS = tuple(f"{prefix}{name}/**" for name in sorted(PROGRAMS) for prefix in ("", "**/"))
#: What Sphinx calls the kind of files that may be logs in another form.
OTHER_LOG = "exptdir-log"
#: Names of directories that by custom hold what was built, whatever the builder.
_OUTPUT_NAMES = frozenset({"_build", "build"})


class Scanner:
    """Scans for one application, again at each build.

    *lasting* says whether more builds will follow, in which what has not changed is not read again. What is remembered
    for them would be a burden to a single build.
    """

    def __init__(self, lasting: bool = False) -> None:
        self.lasting = lasting
        self._memory = ScanMemory()
        self._patterns: tuple[str, ...] = ()
        self._exclude: Callable[[str], bool] = compile_patterns(())

    def exclude(self, app: Sphinx, config: Config) -> None:
        """Extend ``exclude_patterns``, before Sphinx compares the configuration with that of the last build."""
        patterns = [*config.exclude_patterns, *_HIDDEN, *_PROGRAMS]
        for directory in (Path(app.outdir), Path(app.doctreedir)):
            # Sphinx's own output, where that lies in the source directory.
            if directory.is_relative_to(app.srcdir) and (parts := directory.relative_to(app.srcdir).parts):
                # The whole of it, so that html and latex do not differ in their configuration.
                end = next((at for at, part in enumerate(parts, start=1) if part in _OUTPUT_NAMES), None)
                patterns.append(literal_pattern(PurePosixPath(*parts[:end]).as_posix()))
        apart = directories_apart(Path(app.srcdir), compile_patterns(patterns), self._memory.tree)
        patterns += [literal_pattern(path) for path in apart]
        config.exclude_patterns = list(dict.fromkeys(patterns))

    def scan(self, app: Sphinx) -> Record:
        """Scan the disk as the configuration says."""
        settings = settings_of(app.config)
        if self._patterns != (patterns := tuple(app.config.exclude_patterns)):
            self._patterns, self._exclude = patterns, compile_patterns(patterns)
        suffixes = [suffix for suffix, kind in app.config.source_suffix.items() if kind != OTHER_LOG]
        return scan(Path(app.srcdir), settings.scan(suffixes, self._exclude), self._memory)

    def listing(self, directory: str) -> Listing:
        """List a directory, as the last scan has seen it where it has not changed since."""
        return self._memory.tree.listing(directory)

    def rest(self) -> None:
        """Forget what only another build could ask for."""
        if not self.lasting:
            self._memory = ScanMemory()


#: Builders that show no figures: to them is known what is stale, but nothing is run for them.
FIGURELESS = frozenset({"changes", "coverage", "doctest", "dummy", "gettext", "linkcheck"})


def facts_digest(record: Record, experiment: Experiment, settings: Settings) -> str:
    """Digest what an experiment's own page shows of its facts."""
    state = status(record, experiment, settings.statuses)
    children = [child.docname for child in record.children(experiment)]
    shown = f"({experiment.fingerprint}, {state!r}, {children!r})"
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def scan_before_reading(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Scan again at the start of each build; documents whose facts changed are read again."""
    domain = domain_of(env)
    domain.settings = settings_of(app.config)
    domain.builder = app.builder
    # What the figures were brought up to date by is not a moment old, unless it says otherwise.
    domain.record = domain.figure_state.take_record() or domain.scanner.scan(app)
    domain.scanner.rest()
    drafts: frozenset[str] = frozenset()
    if not domain.settings.drafts:
        domain.record, drafts = domain.record.without_drafts()
    domain.runs_by_key = None
    domain.located = None
    unfit = unfit_documents(env, added | changed)
    if unfit:
        # That its facts cannot be read either need not be said of a page that is left out.
        paths, less = {problem.path for problem in unfit.values()}, {"log", "metadata"}
        others = (one for one in domain.record.problems if one.path not in paths or one.kind not in less)
        domain.record = domain.record.with_problems((*others, *unfit.values()))
    left_out = [*unfit]
    left_out += (name for name in env.found_docs if drafts and any(name.startswith(f"{key}/") for key in drafts))
    if "readme" in map(str.lower, domain.settings.log_names):
        # A README beside a better log is a file like any other.
        for docname in env.found_docs:
            directory, _, name = docname.rpartition("/")
            experiment = domain.record.experiments.get(directory or ".") if name.lower() == "readme" else None
            if experiment is not None and experiment.docname != docname:
                left_out.append(docname)
    for docname in left_out:
        env.project.docnames.discard(docname)
        added.discard(docname)
        changed.discard(docname)
        if docname in env.all_docs:
            removed.add(docname)
    outdated = []
    for docname, page in domain.pages.items():
        experiment = domain.record.by_docname.get(docname)
        if experiment is None or page.facts != facts_digest(domain.record, experiment, domain.settings):
            outdated.append(docname)
    new = [name for name in domain.record.by_docname if name in env.all_docs and name not in domain.pages]
    return [name for name in (*outdated, *new) if name in env.found_docs]


def unfit_documents(env: BuildEnvironment, to_read: Set[str]) -> dict[str, Problem]:
    """Find the documents that are links out of the record, and those that Sphinx cannot decode, which ends builds."""
    base, found = Path(env.srcdir), {}
    for docname in sorted(env.found_docs):
        path = env.doc2path(docname)
        if docname in to_read or os.path.islink(path):
            # Logs in other forms are decoded elsewhere, but for Sphinx 8, which reads them itself.
            other = os.path.splitext(path)[1] in OTHER_FORMS and sphinx.version_info[0] > 8
            problem = left_out_of(Path(path), base, "latin-1" if other else env.config.source_encoding)
            if problem is not None:
                found[docname] = problem
    return found


def setup_record(app: Sphinx) -> None:
    """Connect the scan to the build."""
    scanner = Scanner()
    app.connect("config-inited", scanner.exclude, priority=900)
    # Sphinx may look for documents before anything else happens.
    app.add_event(DOMAIN_READY)
    app.connect(DOMAIN_READY, lambda app, domain: setattr(domain, "scanner", scanner), priority=100)
    app.connect("env-get-outdated", scan_before_reading, priority=100)


def report_problems(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give all warnings, changed page or not, so that ``-W`` is as honest the second time as the first."""
    domain = domain_of(env)
    for problem in domain.record.problems:
        warn_problem(problem)
    for docname, troubles in sorted(domain.troubles.items()):
        for trouble in troubles:
            warn(trouble.kind, trouble.message, location=(docname, trouble.line))
    if domain.settings.missing_assets == "warn":
        report = domain.figure_state.report
        # These builders have no figures drawn, so what a script would draw is not missing.
        planned = report.planned if app.builder.name in FIGURELESS else ()
        undrawn = {report.scripts[key].script.experiment for key in planned}
        for docname, assets in sorted(domain.assets.items()):
            owner = domain.record.around(docname)
            for asset in assets:
                # A script that is still at work may be about to write it; the build that follows will tell.
                waits = domain.figure_state.drawing or (owner is not None and owner.key in undrawn)
                if waits and is_figure(asset.path):
                    continue
                warn("asset", f"{asset.path}: {asset.reason}", location=(docname, asset.line))
    return []


def setup_report(app: Sphinx) -> None:
    """Connect the report, after everything that may find a problem."""
    app.connect("env-updated", report_problems, priority=900)
