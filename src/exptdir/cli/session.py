"""What a command works on: the record around the current directory, read when it is first asked for.

Also how commands end: their exit codes, and the errors that stand for them.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from exptdir.record.documents import OtherLog
    from exptdir.record.edits.plan import Plan
    from exptdir.record.home import Conf
    from exptdir.record.model import Experiment, Record
    from exptdir.record.problem import Problem

#: Of more folders than these, the number is told.
_NAMED = 5
#: The exit codes, which scripts may rely on, and what each means.
EXIT_CODES = {
    0: "It worked; where a command looks for faults, it found none that count.",
    1: "It could not be done, or there are faults.",
    2: "The command was written wrongly.",
    3: "No experiment fits what was typed, or several do.",
    4: "There is no record here.",
    130: "It was interrupted.",
}


class NoExperiment(click.ClickException):
    """No experiment fits, or several do and nobody can be asked."""

    exit_code = 3


class NoRecord(click.ClickException):
    """The directory is in no record."""

    exit_code = 4


class Session:
    """One call of the command, in the directory that one stands in (*start*, absolute)."""

    def __init__(self, start: Path) -> None:
        self.start = start

    @cached_property
    def conf(self) -> Conf:
        """What the record's ``conf.py`` says."""
        from exptdir.record.home import find_conf, names_exptdir, read_conf

        path = find_conf(self.start)
        if path is None:
            below = min((one.parent.name for one in self.start.glob("*/conf.py") if names_exptdir(one)), default=None)
            hint = f"try “exptdir -C {below}”" if below else "go into a record, or make one with “exptdir init”"
            raise NoRecord(f"no conf.py that names exptdir here or above ({self.start}); {hint}")

        def read_other_log(*log: Any) -> OtherLog:
            # Few records have any, and its readers take a while to load.
            from exptdir.logs import files

            return files.read_other_log(*log)

        conf = replace(read_conf(path), other_logs=read_other_log)
        self.tell(conf.problems)
        return conf

    @property
    def base(self) -> Path:
        """The source directory."""
        return self.conf.base

    @cached_property
    def record(self) -> Record:
        """The experiments, and what is wrong with them."""
        from exptdir.record.files import collector_paused
        from exptdir.record.scan import scan

        with collector_paused():
            return scan(self.base, self.conf.scan_settings)

    def carry_out(self, make: Callable[[], Plan], *, dry_run: bool = False, again: bool = True) -> Plan:
        """Make a plan while nobody else writes, and carry it out.

        *again* says whether the record is read again for it, once other commands can no longer change it.
        """
        from exptdir.record.edits.apply import locked

        with locked(self.base) as writer:
            if again:
                self.__dict__.pop("record", None)
            plan = make()
            if not dry_run:
                writer.apply(plan)
        # What an interrupted command before this one has left.
        self.tell(writer.recovered)
        return plan

    def experiment(self, text: str | None, *, writes: bool = False) -> Experiment:
        """Find the experiment that is meant: by what was typed, else by the directory one stands in.

        *writes* says whether it will be changed: then one that was not named outright is asked for.

        Raises NoExperiment if none fits, or what is meant is not certain and nobody can be asked.
        """
        from exptdir.record.reference import experiment_at, look_up

        if writes:
            from exptdir.record.edits.apply import JOURNAL
            from exptdir.record.edits.plan import Plan

            if (self.base / JOURNAL).is_dir():
                self.carry_out(lambda: Plan(self.base), dry_run=True)
        here = experiment_at(self.record, self.start)
        if text is None:
            if here is None:
                raise NoExperiment("no experiment was named, and this directory is in none")
            return here
        found = look_up(self.record, text, here)
        if found.experiment is None:
            return _choose(text, found.candidates)
        if writes and not found.exact:
            line = _line(found.experiment)
            if not can_ask():
                raise NoExperiment(f"{text!r} may be\n  {line}\nGive its number, its whole name or its path")
            click.confirm(f"{text!r} is taken for\n  {line}\nGo on?", abort=True, err=True)
        return found.experiment

    def tell(self, problems: Iterable[Problem]) -> None:
        """Show problems, where they are and what they are."""
        for problem in problems:
            click.echo(f"{self.located(problem)}: {problem.message}", err=True)

    def tell_folders_without_log(self) -> None:
        """Name the folders in which somebody may have expected experiments."""
        from exptdir.record.scan import folders_without_log

        settings = self.conf.scan_settings
        if found := folders_without_log(self.record, settings):
            more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
            names = f"Call a log {settings.log_names[0]}.md, or {', '.join(settings.log_names[1:])}"
            click.echo(f"No log, so no experiment: {', '.join(found[:_NAMED])}{more}. {names}.", err=True)

    def located(self, problem: Problem) -> str:
        """Say where a problem is, from where one stands."""
        if problem.path is None:
            return "record"
        path = os.path.relpath(problem.path, self.start)
        return path if problem.line is None else f"{path}:{problem.line}"


def _line(experiment: Experiment) -> str:
    return "  ".join(dict.fromkeys(filter(None, (experiment.label(), experiment.path, experiment.title))))


def can_ask() -> bool:
    """Tell whether somebody sits at a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _choose(text: str, candidates: tuple[Experiment, ...]) -> Experiment:
    """Let the user choose among the experiments that may be meant."""
    from exptdir.record.reference import MOST

    if not candidates:
        digits = text.strip().removeprefix("#")
        named = f"#{digits.lstrip('0') or '0'}" if digits.isdecimal() else repr(text)
        raise NoExperiment(f"no experiment {named}; “exptdir list” shows all")
    lines = [_line(one) for one in candidates]
    if len(lines) > MOST:
        lines[MOST:] = [f"… and {len(lines) - MOST} more"]
    if len(candidates) > MOST or not can_ask():
        raise NoExperiment("\n  ".join([f"{text!r} may be", *lines]))
    for number, line in enumerate(lines, 1):
        click.echo(f"{number:3}  {line}", err=True)
    chosen: int = click.prompt("Which", type=click.IntRange(1, len(lines)), err=True)
    return candidates[chosen - 1]
