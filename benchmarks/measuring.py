"""What child processes take."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What one build took: seconds of processor time, user and system, and the highest resident memory."""

    cpu: float
    mebibytes: float

    def least(self, other: Cost) -> Cost:
        """Return the smaller of both; what disturbs a measurement only ever adds to it."""
        return Cost(min(self.cpu, other.cpu), min(self.mebibytes, other.mebibytes))


def cost_of(command: Sequence[str]) -> Cost:
    """Run a command and return what it took.

    Parameters
    ----------
    command
        Program and arguments.

    Returns
    -------
    Cost
        Seconds of processor time and the highest resident memory.

    Raises
    ------
    SystemExit
        If it fails, with the end of what it said.
    """
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        # Popen would otherwise wait for a process that is gone.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            text = said.read().decode("utf-8", "replace")
            raise SystemExit(f"{command} ended with {process.returncode}:\n{text[-4000:]}")
    # The kernel counts in KiB, but for macOS, which counts in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def least(commands: Sequence[Sequence[str]], repeat: int) -> list[Cost]:
    """Run commands in turn, as often as asked, and return the least cost of each.

    Parameters
    ----------
    commands
        The commands.
    repeat
        How often.

    Returns
    -------
    list of Cost
        One for each command; what disturbs a measurement only ever adds to it.
    """
    costs = [cost_of(command) for command in commands]
    for _ in range(repeat - 1):
        costs = [cost.least(cost_of(command)) for cost, command in zip(costs, commands, strict=True)]
    return costs
