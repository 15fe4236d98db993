"""How commands end: their exit codes, and the errors that stand for them."""

from __future__ import annotations

import click

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
