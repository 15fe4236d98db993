"""Whether a run that ended was a success, and what the author is told if it was not."""

from __future__ import annotations

from collections.abc import Collection

from exptdir.figures.ledger.entry import Entry
from exptdir.figures.ledger.state import Failure
from exptdir.figures.model import Job, Outcome, Script
from exptdir.figures.plan.tree import Tree
from exptdir.figures.run.complaints import headline

_PROGRAMS = {"r": "Rscript", "julia": "julia", "python": "Python"}


def judge(
    script: Script, job: Job, outcome: Outcome, tree: Tree, old: Entry | None, shown: Collection[str]
) -> Failure | None:
    """Say what was wrong with a run.

    Parameters
    ----------
    script
        The script.
    job
        What was asked for.
    outcome
        How it ended.
    tree
        The record's files, as they are after the run.
    old
        What was known of the script before.
    shown
        The figures that its experiment shows.

    Returns
    -------
    Failure or None
        ``None`` if nothing was. A script that writes no figure is right to do so, unless it is listed with
        figures, or drew one before that is still shown.
    """
    message = _message(script, job, outcome)
    if message is None:
        missing = [path for path in script.outputs if not tree.exists(path)]
        drew = () if old is None or old.adopted or outcome.written else set(old.outputs).intersection(shown)
        if missing:
            message = f"{script.path} did not write {missing[0]}, which expt.toml lists"
        elif drew:
            message = f"{script.path} wrote no figure, though {min(drew)} is shown and was drawn by it"
    if message is None:
        return None
    return Failure(outcome.status, message, outcome.traceback, outcome.output, outcome.line)


def _message(script: Script, job: Job, outcome: Outcome) -> str | None:
    if outcome.status in ("ok", "no output"):
        return None
    if outcome.status == "timeout":
        return f"{script.path} did not end within {job.timeout:g} seconds and was stopped"
    if outcome.status == "missing program":
        return f"{script.path} cannot be run: {_PROGRAMS[script.language]} is not installed"
    last = headline(script.language, outcome.traceback)[:300]
    verb = "was killed" if outcome.status == "killed" else "failed"
    return f"{script.path} {verb}: {last}" if last else f"{script.path} {verb}"
