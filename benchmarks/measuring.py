"""What child processes take."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO


@dataclass(frozen=True)
class Cost:
    """What one build took: seconds of processor time, user and system, and the highest resident memory."""

    cpu: float
    mebibytes: float

    def least(self, other: Cost) -> Cost:
        """Return the smaller of both; what disturbs a measurement only ever adds to it."""
        return Cost(min(self.cpu, other.cpu), min(self.mebibytes, other.mebibytes))

    @staticmethod
    def mean(costs: Sequence[Cost]) -> Cost:
        """Return the mean of some, for costs that were disturbed alike."""
        return Cost(sum(cost.cpu for cost in costs) / len(costs), sum(cost.mebibytes for cost in costs) / len(costs))


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
    with _running(command) as cost:
        return cost()


def costs_at_once(first: Sequence[str], second: Sequence[str]) -> tuple[Cost, Cost]:
    """Run two commands at the same time, each on a processor of its own, and return what they took.

    The speed of a machine that others use changes from minute to minute; of two that run at once, both have it.

    Parameters
    ----------
    first, second
        The commands, on the first and the second of the processors that this process may use.

    Returns
    -------
    tuple of Cost
        In this order.
    """
    one, other = sorted(os.sched_getaffinity(0))[:2]
    with _running(first, one) as cost, _running(second, other) as cost_beside:
        return cost(), cost_beside()


def surroundings(**variables: str) -> dict[str, str]:
    """Return the environment for what is measured: this one, with *variables*, but as a user's would be.

    Where bytecode may not be written, a checkout would be compiled anew by every process, and packages that are
    installed would not.
    """
    given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**given, **variables}


@contextmanager
def _running(command: Sequence[str], processor: int | None = None) -> Iterator[Callable[[], Cost]]:
    """Run a command, perhaps on a given processor, and yield what waits for its end."""
    environment = surroundings(PYTHONHASHSEED="0")
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
        try:
            if processor is not None:
                os.sched_setaffinity(process.pid, {processor})
            yield partial(_cost, command, process, said)
        finally:
            process.kill()


def _cost(command: Sequence[str], process: subprocess.Popen[bytes], said: IO[bytes]) -> Cost:
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
