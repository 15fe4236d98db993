"""Reports, at the end of reading and in every build, what is wrong with the record and its documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.warnings_ import warn, warn_problem

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


def _report(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give all warnings, changed page or not, so that ``-W`` is as honest the second time as the first."""
    domain = domain_of(env)
    for problem in domain.record.problems:
        warn_problem(problem)
    for docname, troubles in sorted(domain.troubles.items()):
        for trouble in troubles:
            warn(trouble.kind, trouble.message, location=(docname, trouble.line))
    if domain.settings.missing_assets == "warn":
        for docname, assets in sorted(domain.assets.items()):
            for asset in assets:
                warn("asset", f"{asset.path}: {asset.reason}", location=(docname, asset.line))
    return []


def setup_report(app: Sphinx) -> None:
    """Connect the report, after everything that may find a problem."""
    app.connect("env-updated", _report, priority=900)
