"""What a page says of its figures: the report of this build's scripts as a reader needs it."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

from exptdir.sphinxext.data import ShownFigure
from exptdir.sphinxext.figures.facts import MAX_OFFERED, Input, Origin

if TYPE_CHECKING:
    from exptdir.figures.report import FigureReport, Report, ScriptReport
    from exptdir.sphinxext.domain import ExptDomain

#: So many inputs are named one by one.
_MAX_INPUTS = 30
#: Where an object lies in memory is another each time.
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")


def origins_of(domain: ExptDomain, docname: str) -> list[Origin | None]:
    """Return what is known of each figure that a document shows, in its order.

    Parameters
    ----------
    domain
        The domain, with the report of this build.
    docname
        The document.
    """
    origins = domain.figure_state.origins
    if docname not in origins:
        origins[docname] = _once([_origin(domain, figure) for figure in domain.figures.get(docname, ())])
    return origins[docname]


def _once(origins: list[Origin | None]) -> list[Origin | None]:
    """Have a page show each script once."""
    shown: dict[str, str] = {}
    found: list[Origin | None] = []
    for origin in origins:
        if origin is not None and origin.explained:
            anchor = shown.get(origin.script, "")
            origin = replace(origin, shown_at=anchor, anchor=_anchor(origin.script))
            shown[origin.script] = origin.anchor
        found.append(origin)
    return found


def _anchor(script: str) -> str:
    return "script-" + nodes.make_id(posixpath.basename(script)) + "-" + hashlib.sha256(script.encode()).hexdigest()[:6]


def _origin(domain: ExptDomain, figure: ShownFigure) -> Origin | None:
    report = domain.figure_state.report
    drawn = next((report.figures[path] for path in figure.paths if path in report.figures), None)
    script = report.scripts.get(drawn.script or "") if drawn is not None else None
    if script is None and figure.missing:
        script = _culprit(domain, report, figure)
    if script is None:
        return None
    return _Describer(domain, script, drawn).origin(figure)


def _culprit(domain: ExptDomain, report: Report, figure: ShownFigure) -> ScriptReport | None:
    """Return the script that should perhaps have drawn a figure that is not there: one that failed beside it."""
    owner = domain.record.around(figure.paths[0])
    failed = (script for _key, script in sorted(report.scripts.items()) if script.failure and not script.figures)
    return next((script for script in failed if owner is not None and script.script.experiment == owner.key), None)


class _Describer:
    """Says what is known of a figure, by what is known of its script."""

    def __init__(self, domain: ExptDomain, report: ScriptReport, figure: FigureReport | None) -> None:
        self.domain = domain
        self.report = report
        self.figure = figure
        self.base = os.path.realpath(domain.env.srcdir)
        self.state = figure.state if figure is not None else report.verdict.state

    def origin(self, shown: ShownFigure) -> Origin:
        script = self.report.script
        plain = Origin(
            script=script.path,
            language=script.language,
            mark=self._mark(shown),
            fault=self._fault(),
            missing=shown.missing,
        )
        if not (shown.explained and self.domain.settings.figure_provenance) or shown.missing:
            return plain
        paths = [*self.report.inputs, *self.report.modules]
        return replace(
            plain,
            args=script.args,
            digest=self._digest(script.path),
            offered=self._offered(script.path),
            explained=True,
            adopted=self.state == "adopted",
            changed=self._changed(shown.paths),
            inputs=tuple(map(self._input, paths[:_MAX_INPUTS])),
            more_inputs=max(0, len(paths) - _MAX_INPUTS),
            notes=tuple(self._notes()),
        )

    def _mark(self, shown: ShownFigure) -> str:
        failure = self.report.failure
        if failure is not None:
            state = "This figure could not be drawn" if shown.missing else "This figure is out of date"
            return self._portable(f"{state}: {failure.message}.")
        reasons = "; ".join(self.figure.reasons if self.figure is not None else self.report.verdict.reasons)
        if shown.missing:
            return "This figure has not been drawn yet."
        if self.state in {"stale", "never run"}:
            return self._portable(f"This figure is out of date: {reasons}.")
        if self.state == "edited":
            return "This figure was changed after its script drew it."
        absent = self._absent() if self.state == "unknown" else []
        if absent:
            return f"Whether this figure is up to date cannot be told: {_listed(absent)} not here."
        return ""

    def _absent(self) -> list[str]:
        """Return the inputs in the record that are not here.

        What is outside it does not count: a page is to be the same wherever it is built.
        """
        gone = (path for path in self.report.inputs if not os.path.exists(os.path.join(self.base, path)))
        return [self._name(path) for path in gone]

    def _fault(self) -> str:
        failure = self.report.failure
        if failure is None:
            return ""
        # What other programs say of their failure is among what they print.
        parts = [failure.traceback, failure.output if self.report.script.language != "python" else ""]
        return self._portable("\n".join(part.strip() for part in parts if part.strip()))

    def _portable(self, text: str) -> str:
        """Take out of a text what differs between machines and between runs."""
        for directory in {self.base, str(self.domain.env.srcdir)}:
            text = text.replace(directory + os.sep, "")
        return _ADDRESS.sub("0x…", text)

    def _notes(self) -> Iterator[str]:
        if self.state == "adopted":
            yield (
                "It was there before its script was first looked at. Until the script draws it, every data file of the "
                "experiment counts as read."
            )
        elif self.report.unseen:
            yield f"What it reads is not fully known ({', '.join(self.report.unseen)})."

    def _changed(self, paths: Iterable[str]) -> str:
        dates = self.domain.figure_state.dates
        return next((dates[path] for path in paths if path in dates), "")

    def _name(self, path: str) -> str:
        return posixpath.relpath(path, self.report.script.folder)

    def _input(self, path: str) -> Input:
        owner = self.domain.record.around(path)
        other = owner is not None and owner.key != self.report.script.experiment
        linked = (owner.docname, self.domain.shown(owner)) if other and owner is not None else None
        return Input(path, self._name(path), self._offered(path), linked)

    def _offered(self, path: str) -> bool:
        """Say whether a copy may be put into the site: never of what is hidden, or lies outside the record."""
        if any(part.startswith(".") for part in path.split("/")):
            return False
        real = Path(os.path.realpath(os.path.join(self.base, path)))
        try:
            return real.is_relative_to(self.base) and real.is_file() and real.stat().st_size <= MAX_OFFERED
        except OSError:
            return False

    def _digest(self, path: str) -> str:
        try:
            return hashlib.sha256(Path(self.base, path).read_bytes()).hexdigest()
        except OSError:
            return ""


def _listed(names: list[str]) -> str:
    first = names[:5]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{', '.join(first)}{more} {'is' if len(names) == 1 else 'are'}"
