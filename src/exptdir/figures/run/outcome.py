"""Makes one value of what a run left behind: its report, its trace, what it printed and how its process ended."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exptdir.figures.model import Job, Outcome, Status, Trace, is_figure
from exptdir.figures.run.child import FAULTS, OUTPUT, REPORT
from exptdir.figures.run.complaints import line_of
from exptdir.figures.run.ended import Ended
from exptdir.figures.run.guard import Snapshot, changed_figures, snapshot
from exptdir.figures.run.output import read_output
from exptdir.figures.run.trace import read_trace
from exptdir.figures.run.validity import defect

_MINUTE = 60


@dataclass(frozen=True)
class Verdict:
    """How a run ended, and why.

    Parameters
    ----------
    status
        How.
    text
        The traceback, or a sentence.
    line
        The line of the script.
    """

    status: Status
    text: str = ""
    line: int | None = None


def conclude(job: Job, run: Path, ended: Ended, before: Snapshot) -> Outcome:
    """Say how a run ended.

    Parameters
    ----------
    job
        What was run.
    run
        The directory of the run.
    ended
        How its process ended.
    before
        The figures that were there before, by :func:`exptdir.figures.run.guard.snapshot`.
    """
    report = _read_report(run)
    trace = read_trace(run, job)
    verdict = _judge(job, run, ended, report)
    written: Sequence[str] = ()
    changed: Sequence[str] = ()
    if verdict.status == "ok":
        after = snapshot(job)
        figures = _written(job, trace, before, after)
        verdict = _inspect(figures)
        if verdict.status == "ok":
            written, changed = figures, tuple(changed_figures(run, before, after, figures))
    return Outcome(
        status=verdict.status,
        trace=trace,
        written=tuple(written),
        changed=tuple(changed),
        output=read_output(run / OUTPUT),
        traceback=verdict.text,
        line=verdict.line,
        seconds=ended.seconds,
        versions=report.get("versions", {}) if report else {},
    )


def _read_report(run: Path) -> dict[str, Any] | None:
    try:
        report: dict[str, Any] = json.loads((run / REPORT).read_text("ascii"))
    except (OSError, ValueError):
        return None
    return report


def _judge(job: Job, run: Path, ended: Ended, report: dict[str, Any] | None) -> Verdict:
    """Say how the script itself ended."""
    if ended.lost:
        return Verdict("killed", ended.lost)
    if ended.late:
        sentence = f"The script was still running after {_duration(job.timeout)} and was ended."
        return _with_stack(Verdict("timeout", sentence), run, job.script)
    if report is not None and "traceback" in report:
        return Verdict("failed", report["traceback"], report["line"])
    if ended.code < 0:
        return _with_stack(Verdict("killed", f"The script was killed ({ended.signal_name})."), run, job.script)
    if ended.code:
        return _complaint(job, run, ended.code)
    return Verdict("ok")


def _complaint(job: Job, run: Path, code: int) -> Verdict:
    sentence = f"The script ended itself with exit status {code}."
    if job.language == "python":
        return Verdict("failed", sentence)
    # Other languages print what went wrong.
    said = read_output(run / OUTPUT)[-2000:].strip()
    line = line_of(job.language, said, job.script)
    return Verdict("failed", f"{sentence}\n{said}" if said else sentence, line)


def _duration(seconds: float) -> str:
    return f"{seconds / _MINUTE:g} min" if seconds >= 2 * _MINUTE else f"{seconds:g} s"


def _with_stack(verdict: Verdict, run: Path, script: str) -> Verdict:
    """Add where the script was, as :mod:`faulthandler` wrote it."""
    try:
        stack = (run / FAULTS).read_text("utf-8", "replace").strip()
    except OSError:
        stack = ""
    if not stack:
        return verdict
    # The name is cut off at 500 characters there, and written in ASCII.
    name = script.encode("ascii", "backslashreplace").decode("ascii")
    found = re.search(rf'File "{re.escape(name[:500])}[^"]*", line (\d+)', stack)
    ours = ("/exptdir/figures/", '"<string>"')
    kept = "\n".join(line for line in stack.splitlines() if not any(part in line for part in ours))
    return Verdict(verdict.status, f"{verdict.text}\n{kept[:4000]}", int(found[1]) if found else None)


def _written(job: Job, trace: Trace, before: Snapshot, after: Snapshot) -> list[str]:
    """Return the figures of the record that a script wrote, seen or unseen."""
    inside = job.base.rstrip("/") + "/"
    found = {path for path in trace.writes if is_figure(path) and path.startswith(inside) and Path(path).is_file()}
    return sorted(found | _written_unseen(job, trace, before, after))


def _written_unseen(job: Job, trace: Trace, before: Snapshot, after: Snapshot) -> set[str]:
    """Return the figures that are new or another since the script began, where something wrote past the trace."""
    traced = job.language == "python" and not trace.unseen
    fresh = {path for path, status in after.items() if before.get(path) != status}
    fresh &= set(job.outputs) if traced or job.outputs else fresh
    if traced or job.outputs:
        return fresh
    # Other scripts may write to the same directory at the same time: those that the script names are its own.
    try:
        text = Path(job.script).read_text("utf-8", "replace")
    except OSError:
        text = ""
    named = {path for path in fresh if Path(path).name in text}
    return named or fresh


def _inspect(written: Sequence[str]) -> Verdict:
    """Look at the figures that were written."""
    for path in written:
        fault = defect(Path(path))
        if fault is not None:
            return Verdict("failed", f"The script wrote a broken figure: {Path(path).name} {fault}.")
    return Verdict("ok" if written else "no output")
