"""Keeps the domain's record up to date with the disk, and Sphinx away from what is no document."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Set
from pathlib import Path
from typing import TYPE_CHECKING

from exptdir.figures.model import is_figure
from exptdir.record.check import status
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem
from exptdir.record.scan import LEADS_OUT, leads_out
from exptdir.record.settings import Settings
from exptdir.sphinxext.config import settings_of
from exptdir.sphinxext.domain import DOMAIN_READY, domain_of
from exptdir.sphinxext.scanner import Scanner
from exptdir.sphinxext.warnings_ import warn, warn_problem

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


#: Builders that show no figures: to them is known what is stale, but nothing is run for them.
FIGURELESS = frozenset({"changes", "coverage", "doctest", "dummy", "gettext", "linkcheck"})


def scan_record(app: Sphinx) -> Record:
    """Scan the disk as the configuration says."""
    return domain_of(app.env).scanner.scan(app)


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
    domain.record = domain.figure_state.take_record() or scan_record(app)
    domain.scanner.rest()
    drafts: frozenset[str] = frozenset()
    if not domain.settings.drafts:
        domain.record, drafts = domain.record.without_drafts()
    domain.runs_by_key = None
    domain.located = None
    unfit = unfit_documents(env, env.found_docs, added | changed)
    if unfit:
        known = {(problem.path, problem.message) for problem in domain.record.problems}
        new_problems = (problem for problem in unfit.values() if (problem.path, problem.message) not in known)
        domain.record = domain.record.with_problems((*domain.record.problems, *new_problems))
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


def unfit_documents(env: BuildEnvironment, docnames: Iterable[str], to_read: Set[str]) -> dict[str, Problem]:
    """Find the documents that are links out of the record, and those that Sphinx cannot decode, which ends builds."""
    encoding, found = env.config.source_encoding, {}
    for docname in sorted(docnames):
        file = env.doc2path(docname)
        if os.path.islink(file) and leads_out(Path(file), Path(env.srcdir)):
            found[docname] = Problem("log", LEADS_OUT, Path(file))
        if docname in found or docname not in to_read:
            continue
        path = Path(file)
        try:
            content = path.read_bytes()
            content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            name = "UTF-8" if encoding.lower().startswith("utf-8") else encoding
            message = f"this is no text in {name}, so the page is left out; save the file as UTF-8"
            found[docname] = Problem("log", message, path, line)
        except OSError:
            # Sphinx says so itself.
            continue
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
