"""From a saved file to the finished page: the live preview against sphinx-autobuild, on the same record.

``python -m benchmarks.preview --sizes 100 1000 --edits 100``. Each has a copy of the record and a server of its own.
The edits alternate between them, so that both have the same machine; a client like a browser waits for the server's
message, fetches the page, and stops the clock when the edit is in it. The preview goes on after that, with
collected pages and the search: that is a time of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from benchmarks.generate import generate
from benchmarks.measuring import surroundings
from benchmarks.results import machine, merge_csv
from benchmarks.serving import memory_of_builder

SOURCE = Path(__file__).resolve().parents[1] / "src"
#: Seconds after which an edit, or a start, is given up.
LONGEST = 900.0
#: The memory after so many edits is what the memory at the end is compared with.
WARM = 10


class Server:
    """A server on a copy of the record.

    Parameters
    ----------
    record
        The copy.
    command
        Its command, without the port.
    """

    name = ""
    socket = ""

    def __init__(self, record: Path, command: Sequence[str], log: Path) -> None:
        self.record = record
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.host = f"127.0.0.1:{free.getsockname()[1]}"
        environment = surroundings(PYTHONPATH=str(SOURCE))
        with log.open("wb") as said:
            self.process = subprocess.Popen(
                [*command, "--port", self.host.rpartition(":")[2]],
                cwd=record,
                stdout=said,
                stderr=said,
                env=environment,
                start_new_session=True,
            )

    def page(self, address: str) -> str:
        """Fetch a page; nothing while it is not there."""
        try:
            with urllib.request.urlopen(f"http://{self.host}/{address}", timeout=LONGEST) as answer:
                return str(answer.read().decode("utf-8"))
        except (urllib.error.URLError, ConnectionError):
            return ""

    def until_up(self, address: str) -> None:
        """Wait until a page is there, and the first build is done."""
        waited(lambda: bool(self.page(address)) or self._fail_if_ended())

    def _fail_if_ended(self) -> bool:
        if self.process.poll() is not None:
            raise SystemExit(f"{self.name} has ended with {self.process.returncode}")
        return False

    def listen(self, stack: ExitStack) -> None:
        """Connect as a browser does."""
        address = f"ws://{self.host}{self.socket}"
        self.client: ClientConnection = stack.enter_context(
            connect(address, origin=f"http://{self.host}", max_size=None, ping_interval=None)  # type: ignore[arg-type]
        )

    def view(self, address: str) -> None:
        """Say what is looked at, where that is asked."""

    def shown(self, address: str, mark: str) -> None:
        """Wait until the browser could show a page with an edit."""
        raise NotImplementedError

    def finish(self) -> None:
        """Wait until everything else is done too."""

    def mebibytes(self) -> float | None:
        """Return the resident memory of the process that builds, where the system tells."""
        return None

    def end(self) -> None:
        """End it and all that it started."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Preview(Server):
    """``exptdir serve``."""

    name, socket = "exptdir serve", "/_exptdir/socket"

    def until_up(self, address: str) -> None:
        """Wait until the first build is done."""
        super().until_up(address)
        with ExitStack() as stack:
            self.listen(stack)
            while (said := self._message())["type"] != "state" or said["building"] or not said["seconds"]:
                continue

    def _message(self) -> dict[str, object]:
        message: dict[str, object] = json.loads(self.client.recv(timeout=LONGEST))
        return message

    def view(self, address: str) -> None:
        """Say what is looked at."""
        self.client.send(json.dumps({"viewing": address}))

    def shown(self, address: str, mark: str) -> None:
        """Wait for the update that names the page, and fetch it."""
        while True:
            said = self._message()
            if said["type"] == "update" and address in said["pages"] and mark in self.page(address):  # type: ignore[operator]
                return

    def finish(self) -> None:
        """Wait until the build is done."""
        while (said := self._message())["type"] != "state" or said["building"]:
            continue

    def mebibytes(self) -> float | None:
        """Return the resident memory of the builder."""
        return memory_of_builder(self.process.pid)


class Autobuild(Server):
    """``sphinx-autobuild``, which loads the page again after a whole build."""

    name, socket = "sphinx-autobuild", "/websocket-reload"

    def shown(self, address: str, mark: str) -> None:
        """Wait for the message to load the page again, and fetch it."""
        while mark not in self.page(address):
            self.client.recv(timeout=LONGEST)


def waited(condition: Callable[[], bool]) -> float:
    """Wait for a condition, and return the seconds that it took."""
    begun = time.perf_counter()
    while not condition():
        if time.perf_counter() - begun > LONGEST:
            raise SystemExit("it took too long")
        time.sleep(0.02)
    return time.perf_counter() - begun


@contextmanager
def servers(directory: Path, size: int, theme: str, alone: bool) -> Iterator[list[tuple[Server, float]]]:
    """Start both, or the preview alone, one after the other; yield each with the seconds of its cold start."""
    found: list[tuple[Server, float]] = []
    try:
        for kind in (Preview,) if alone else (Preview, Autobuild):
            place = directory / f"{size}-{kind.__name__}"
            generate(place / "record", size, extensions=["exptdir"], theme=theme)
            out = place / "out"
            python = [sys.executable, "-m"]
            command = [*python, "exptdir", "serve", "--output", str(out)]
            if kind is Autobuild:
                command = [*python, "sphinx_autobuild", "-q", str(place / "record"), str(out)]
            begun = time.perf_counter()
            server = kind(place / "record", command, place / "log")
            found.append((server, 0.0))
            server.until_up("index.html")
            found[-1] = (server, time.perf_counter() - begun)
        yield found
    finally:
        for server, _ in found:
            server.end()


def measured(directory: Path, size: int, edits: int, theme: str, alone: bool) -> list[dict[str, object]]:
    """Return a row for each server."""
    with servers(directory, size, theme, alone) as both, ExitStack() as stack:
        times: dict[str, list[float]] = {server.name: [] for server, _ in both}
        wholes: dict[str, list[float]] = {server.name: [] for server, _ in both}
        memory: dict[str, list[float | None]] = {server.name: [] for server, _ in both}
        for server, _ in both:
            server.listen(stack)
        choose = random.Random(size)
        logs = sorted((both[0][0].record / "expts").glob("*/*.rst"))
        for number in range(edits):
            log = choose.choice(logs).relative_to(both[0][0].record)
            for server, _ in both:
                shown, whole = edited(server, log, f"Edit {number} of the benchmark.")
                times[server.name].append(shown)
                wholes[server.name].append(whole)
                if number + 1 in (min(WARM, edits), edits):
                    memory[server.name].append(server.mebibytes())
        return [
            {
                "experiments": size,
                "tool": server.name,
                "edits": edits,
                "median": quantile(times[server.name], 0.5),
                "p95": quantile(times[server.name], 0.95),
                "longest": max(times[server.name]),
                "all_median": quantile(wholes[server.name], 0.5),
                "all_p95": quantile(wholes[server.name], 0.95),
                "cold_start": cold,
                "mebibytes_warm": memory[server.name][0],
                "mebibytes_end": memory[server.name][-1],
            }
            for server, cold in both
        ]


def edited(server: Server, log: Path, mark: str) -> tuple[float, float]:
    """Save an edit, and return the seconds until it can be seen and until all is done."""
    address = log.with_suffix(".html").as_posix()
    server.view(address)
    # A reader's eyes rest on a page before it is edited: the message about it has long arrived.
    time.sleep(0.1)
    path = server.record / log
    text = path.read_text("utf-8") + f"\n{mark}\n"
    begun = time.perf_counter()
    path.write_text(text, "utf-8")
    server.shown(address, mark)
    shown = time.perf_counter() - begun
    server.finish()
    return shown, time.perf_counter() - begun


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    """Print a line for each size and tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000], help="numbers of experiments")
    parser.add_argument("--edits", type=int, default=100, help="number of edits")
    parser.add_argument("--theme", default="pydata_sphinx_theme")
    parser.add_argument("--alone", action="store_true", help="without sphinx-autobuild, which needs minutes for 10,000")
    parser.add_argument("--csv", type=Path, help="keep the figures in this file")
    asked = parser.parse_args()
    print(machine("sphinx", "sphinx-autobuild"))
    for size in asked.sizes:
        with tempfile.TemporaryDirectory() as directory:
            try:
                rows = measured(Path(directory).resolve(), size, asked.edits, asked.theme, asked.alone)
            except (TimeoutError, WebSocketException) as error:
                raise SystemExit(f"a server has not answered: {error!r}") from error
        for row in rows:
            known = row["mebibytes_end"] is not None
            memory = f", memory {row['mebibytes_warm']:.0f} → {row['mebibytes_end']:.0f} MiB" if known else ""
            print(
                f"{size:6} {row['tool']:16} saved to seen: median {row['median']:.2f} s, 95 % {row['p95']:.2f} s, "
                f"longest {row['longest']:.2f} s; all done: "
                f"median {row['all_median']:.2f} s, 95 % {row['all_p95']:.2f} s; "
                f"cold start {row['cold_start']:.1f} s{memory}"
            )
        if not asked.alone:
            print(f"{size:6} {rows[1]['p95'] / rows[0]['p95']:.1f} times faster at 95 %")  # type: ignore[operator]
        if asked.csv is not None:
            merge_csv(asked.csv, rows, ("experiments", "tool"))


if __name__ == "__main__":
    main()
