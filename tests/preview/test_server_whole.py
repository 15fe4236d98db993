"""The preview in a process of its own, with a builder that only pretends: begun, used and ended."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)
from exptdir.cli.serve import Terminal
from exptdir.cli.serve import address_of, listening_at
from exptdir.preview.http import Guard
from exptdir.preview.serve import ServeOptions, serve
base = Path(sys.argv[1])
command = (sys.executable, sys.argv[2], str(base / "source"), str(base / "out/html"), *sys.argv[3:])
with listening_at("127.0.0.1", 0, exposed=False) as listening:
    terminal = Terminal(base, verbose=False)
    terminal.note(f"The preview is at {address_of(listening, str())} (Ctrl-C ends it)")
    sys.stdout.flush()
    with terminal:
        wanted = ServeOptions(base / "source", base / "out", command, str(base / "source/conf.py"))
        serve(wanted, listening, Guard("127.0.0.1"), terminal)
"""


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.01)
    return found


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


class Running:
    """The process of a preview."""

    def __init__(self, base: Path, *moods: str, mood: str = "") -> None:
        self.source, self.out = base / "source", base / "out"
        for directory in (self.source / "expts", self.out):
            directory.mkdir(parents=True)
        (self.source / "mood").write_text(mood)
        (self.source / "index.md").write_text("home")
        fake = str(Path(__file__).with_name("fake_builder.py"))
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(base), fake, *moods],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        assert self.process.stdout is not None
        match = re.search(r"http://(\S+)/", self.process.stdout.readline())
        assert match is not None
        self.host = match[1]

    def save(self, name: str, text: str) -> None:
        """Save as most editors do: nobody sees the file empty."""
        unfinished = self.source / f".{name}.new"
        unfinished.write_text(text)
        unfinished.replace(self.source / name)

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://{self.host}{path}", timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def listen(self) -> ClientConnection:
        # A machine that stands still for a while loses no connection.
        patient: dict[str, Any] = {"open_timeout": 60, "close_timeout": 60, "ping_interval": None}
        return connect(f"ws://{self.host}/_exptdir/socket", origin=f"http://{self.host}", **patient)  # type: ignore[arg-type]

    def built(self) -> None:
        """Wait until the first build has ended; its pages are there before, and browsers are told of them after."""
        until(lambda: self.get("/none.html")[0] == 404)
        assert self.get("/index.html")[0] == 200

    def builds(self) -> list[Any]:
        return [json.loads(line) for line in (self.out / "builds").read_text().splitlines()]

    def end(self, number: int = signal.SIGINT) -> None:
        """Send a signal, and wait until it has ended."""
        self.process.send_signal(number)
        self.process.wait(60)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*moods: str, mood: str = "") -> Running:
        started.append(Running(tmp_path.resolve(), *moods, mood=mood))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def hear(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """Return the next message of a kind."""
    while True:
        message: dict[str, Any] = json.loads(socket.recv(timeout=60))
        if message["type"] == kind:
            return message


def view(socket: ClientConnection, page: str) -> None:
    """Look at a page, and wait until the server knows: a ping is answered once what was sent before it is read."""
    socket.send(json.dumps({"viewing": page}))
    assert socket.ping().wait(60)


def test_a_saved_file_is_told_to_the_browser_and_served(run):
    preview = run()
    preview.built()
    with preview.listen() as socket:
        hear(socket, "state")
        view(socket, "index.html")
        preview.save("index.md", "changed")
        message = hear(socket, "update")
        assert (message["pages"], message["sources"]) == (["index.html"], {"index.html": "index.md"})
        assert "changed" in preview.get("/")[1]
        assert preview.builds()[-1][2] == ["index.html"]


def test_a_page_that_is_missing_is_loaded_when_it_is_there(run):
    preview = run()
    preview.built()
    with preview.listen() as socket:
        assert preview.get("/expts/new.html")[0] == 404
        view(socket, "expts/new.html")
        (preview.source / "expts/new.md").write_text("there")
        assert hear(socket, "reload") == {"type": "reload"}
    assert preview.get("/expts/new.html")[0] == 200


def test_warnings_and_failures_are_told_and_go(run):
    preview = run()
    preview.built()
    with preview.listen() as socket:
        (preview.source / "mood").write_text("warn")
        warned = until(lambda: hear(socket, "state")["warnings"])
        assert [(one["shown"], one["line"], one["kind"], one["text"]) for one in warned] == [
            ("a.md", 3, "exptdir.ref", "odd")
        ]
        (preview.source / "mood").write_text("die")
        failure = until(lambda: hear(socket, "state")["failure"])
        assert "ended with code 3" in failure["text"]
        assert "last words" in failure["traceback"]
        assert preview.get("/index.html")[0] == 200
        (preview.source / "mood").write_text("")
        state = until(lambda: (found := hear(socket, "state")) and not found["failure"] and found)
        assert (state["building"], state["warnings"]) == (False, [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_and_leaves_no_process_behind(run, number):
    """The builder and its child take no notice of any signal but the last."""
    preview = run("stubborn")
    preview.built()
    pids = [int(pid) for pid in (preview.out / "processes").read_text().split()]
    with preview.listen() as socket:
        hear(socket, "state")
        preview.end(number)
    assert preview.process.returncode == 0
    until(lambda: all(is_gone(pid) for pid in pids))


def test_it_ends_in_the_middle_of_a_build(run):
    preview = run("stubborn")
    preview.built()
    (preview.source / "mood").write_text("slow")
    until((preview.out / "begun").exists)
    preview.end()
    assert preview.process.returncode == 0
    pids = [int(pid) for pid in (preview.out / "processes").read_text().split()]
    until(lambda: all(is_gone(pid) for pid in pids))


def test_pages_wait_for_the_first_build_and_come_by_themselves(run):
    preview = run(mood="slow")
    assert preview.get("/")[0] == 503
    with preview.listen() as socket:
        view(socket, "index.html")
        until((preview.out / "begun").exists)
        (preview.out / "begun").unlink()
        hear(socket, "reload")
    assert "home" in preview.get("/")[1]


def test_a_failure_of_the_first_build_is_a_page_until_it_is_mended(run):
    preview = run(mood="fail")
    until(lambda: preview.get("/")[0] == 500)
    assert "it is broken" in preview.get("/")[1]
    with preview.listen() as socket:
        view(socket, "index.html")
        (preview.source / "mood").write_text("")
        hear(socket, "reload")
    assert "home" in preview.get("/")[1]
