"""A process that has imported matplotlib, and forks a child for each script; :mod:`exptdir.figures.run.warm` starts it.

It is told on its standard input, and answers on its standard output, one JSON object a line. It ends when there
is nobody to tell it anything any more, and takes all scripts with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exptdir.figures.inside.ground import Ground, look_around
from exptdir.figures.model import Job
from exptdir.figures.run import child
from exptdir.figures.run.output import shorten
from exptdir.figures.run.processes import adopt_orphans, ask_where, children, end_group
from exptdir.figures.run.warmup import Warmth

#: Seconds between looks at how much the scripts have printed.
_PACE = 0.5
#: Seconds that a script has to say where it is, once its time is over.
_GRACE = 0.2


@dataclass
class _Running:
    """One script that is running."""

    number: int
    directory: Path
    begun: float
    deadline: float
    asked: bool = False


@dataclass
class _Server:
    """The loop. It is the only thread, as a process that forks should be."""

    commands: int
    answers: int
    wakeup: int
    warmth: Warmth
    ground: Ground
    running: dict[int, _Running] = field(default_factory=dict)
    _rest: bytes = b""

    def serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.commands, selectors.EVENT_READ)
            selector.register(self.wakeup, selectors.EVENT_READ)
            while self._step(selector):
                pass
        self._end_all()

    def _end_all(self) -> None:
        """Kill all scripts and all that they left behind, and wait until they are gone."""
        for leader in self.running:
            end_group(leader)
        with contextlib.suppress(ChildProcessError):
            while True:
                for orphan in children():
                    end_group(orphan)
                os.waitpid(-1, 0)

    def _step(self, selector: selectors.BaseSelector) -> bool:
        ready = [key.fd for key, _ in selector.select(self._patience())]
        if self.wakeup in ready:
            os.read(self.wakeup, 4096)
        self._reap()
        self._watch()
        return self.commands not in ready or self._listen()

    def _patience(self) -> float | None:
        if not self.running:
            return None
        nearest = min(run.deadline for run in self.running.values()) - time.monotonic()
        return max(0.0, min(nearest, _PACE))

    def _listen(self) -> bool:
        """Begin what is asked for; false when nobody asks any more."""
        received = os.read(self.commands, 1 << 16)
        *lines, self._rest = (self._rest + received).split(b"\n")
        for line in lines:
            self._begin(json.loads(line))
        return bool(received)

    def _begin(self, command: dict[str, Any]) -> None:
        job = Job.from_json(command["job"])
        directory = Path(command["directory"])
        if self.warmth.prepare(job.script):
            self.ground = look_around()
        begun = time.monotonic()
        try:
            leader = os.fork()
        except OSError as error:
            self._answer({"number": command["number"], "error": str(error)})
            return
        if not leader:
            self._become_child()
            child.run(job, directory, command["dark"], self.ground)
        self.running[leader] = _Running(command["number"], directory, begun, begun + job.timeout)

    def _become_child(self) -> None:
        awake = signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for descriptor in (self.commands, self.answers, self.wakeup, awake):
            os.close(descriptor)

    def _reap(self) -> None:
        while True:
            try:
                # Looked at before it is taken away: as long as the leader is there, nobody else can have its number.
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            end_group(ended.si_pid) if ended.si_pid in self.running else None
            _, status = os.waitpid(ended.si_pid, 0)
            self._finish(ended.si_pid, os.waitstatus_to_exitcode(status))

    def _finish(self, leader: int, code: int) -> None:
        run = self.running.pop(leader, None)
        if run is None:
            return
        if not self.running:
            # Whoever has left its group was adopted; whose it is could only be told if no script were running.
            for orphan in children():
                end_group(orphan)
        seconds = time.monotonic() - run.begun
        self._answer({"number": run.number, "code": code, "late": run.asked, "seconds": seconds})

    def _watch(self) -> None:
        now = time.monotonic()
        for leader, run in self.running.items():
            shorten(run.directory / child.OUTPUT)
            if now < run.deadline:
                continue
            if run.asked:
                end_group(leader)
                continue
            ask_where(leader)
            run.asked, run.deadline = True, now + _GRACE

    def _answer(self, answer: dict[str, Any]) -> None:
        # Nobody may be listening any more; that will be noticed where commands are read.
        with contextlib.suppress(BrokenPipeError):
            os.write(self.answers, json.dumps(answer).encode("ascii") + b"\n")


def main(argv: Sequence[str]) -> None:
    """Serve until the standard input ends.

    Parameters
    ----------
    argv
        Nothing is expected.
    """
    commands, answers = os.dup(0), os.dup(1)
    with open(os.devnull, "r+b") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    # Ctrl-C is for whoever started us; it will let go of us when it is ready.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wakeup, awake = os.pipe()
    os.set_blocking(awake, False)
    signal.set_wakeup_fd(awake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    adopt_orphans()
    _Server(commands, answers, wakeup, Warmth(), child.clear_ground()).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
