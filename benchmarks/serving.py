"""Runs ``exptdir serve`` on a record, and follows what it tells browsers."""

from __future__ import annotations

import json
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from benchmarks.measuring import surroundings

SOURCE = Path(__file__).resolve().parents[1] / "src"
#: The longest that anything is waited for, in seconds.
_LONG = 1800.0


class Preview:
    """A running preview, and what it has told so far. A context manager: it ends with the block.

    Parameters
    ----------
    record
        The record's directory.
    port
        The port that it is asked to take.
    environment
        Its environment; by default this one, with the code of this checkout.
    """

    def __init__(self, record: Path, port: int = 8123, environment: Mapping[str, str] | None = None) -> None:
        self.record, self.output = record, record / "_build/preview/html"
        command = [sys.executable, "-m", "exptdir", "serve", "--port", str(port)]
        self.process = subprocess.Popen(
            command,
            cwd=record,
            env=surroundings(PYTHONPATH=str(SOURCE)) if environment is None else environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
        )
        self.lines: list[str] = []
        self.address = self._address()
        threading.Thread(target=self._read, daemon=True).start()
        self.state: dict[str, Any] = {"building": True, "build": -1, "seconds": 0.0}
        self.updates: queue.Queue[tuple[float, dict[str, Any]]] = queue.Queue()
        self.changed = threading.Condition()
        self._socket = connect(
            self.address.replace("http", "ws", 1) + "/_exptdir/socket",
            origin=self.address,
            max_size=None,
            open_timeout=60,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def _address(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if found := re.search(r"http://[\w.:]+", line):
                return found[0]
        raise RuntimeError("the preview did not begin: " + "".join(self.lines))

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines += self.process.stdout

    def _listen(self) -> None:
        with suppress(ConnectionClosed):
            for text in self._socket:
                self._take(json.loads(text))

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] != "state":
            self.updates.put((time.perf_counter(), message))
            return
        with self.changed:
            self.state = message
            self.changed.notify_all()

    def __enter__(self) -> Preview:
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)

    def view(self, page: str) -> None:
        """Say that a browser looks at a page."""
        self._socket.send(json.dumps({"viewing": page}))

    def settled(self) -> int:
        """Wait until nothing is being built; return how many builds there have been."""
        with self.changed:
            if not self.changed.wait_for(self._is_at_rest, _LONG):
                raise TimeoutError("the preview has not come to rest")
            return int(self.state["build"])

    def _is_at_rest(self) -> bool:
        # Before its first build has begun it builds nothing either, but knows of no build that took any time.
        return not self.state["building"] and self.state["seconds"] > 0

    def wait_for_build(self, after: int) -> int:
        """Wait until a build later than *after* is done; return how many there have been."""
        with self.changed:
            if not self.changed.wait_for(lambda: not self.state["building"] and self.state["build"] > after, 120):
                raise TimeoutError("the preview has missed a change")
            return int(self.state["build"])

    def builds_within(self, seconds: float) -> int:
        """Look on for some time; return how many builds there have been."""
        time.sleep(seconds)
        return self.settled()


def memory_of_builder(server: int) -> float | None:
    """Return the resident memory of a preview's builder.

    Parameters
    ----------
    server
        The number of the preview's process.

    Returns
    -------
    float or None
        In MiB; ``None`` where the system does not say (proc(5)) or there is no builder.
    """
    try:
        children = Path(f"/proc/{server}/task/{server}/children").read_text("ascii").split()
        status = Path(f"/proc/{children[0]}/status").read_text("ascii")
    except (OSError, IndexError):
        return None
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:"))
