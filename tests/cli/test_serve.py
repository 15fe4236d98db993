"""``exptdir serve``, as far as it can be seen without a browser."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer

import pytest

from exptdir.figures.run.processes import descendants
from exptdir.preview.serve import keys
from tests.cli.conftest import SOURCE, Run, contents, write

#: SIGINT may be ignored where tests run in the background.
COMMAND = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from exptdir.cli import main; sys.exit(main())"
)


class Served:
    """The command, running."""

    def __init__(self, at: Path, *arguments: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "serve", *arguments],
            cwd=at,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        self.said = ""
        # Whatever is waited for comes before this, or never.
        self._guard = Timer(120, self.process.kill)
        self._guard.daemon = True
        self._guard.start()

    def until(self, pattern: str) -> str:
        """Read what it says until something is said."""
        assert self.process.stdout is not None
        while not (found := re.search(pattern, self.said)):
            line = self.process.stdout.readline()
            assert line, self.said
            self.said += line
        return found[1] if found.groups() else found[0]

    def get(self, address: str) -> str:
        with urllib.request.urlopen(address, timeout=60) as answer:
            return str(answer.read().decode())

    def end(self) -> str:
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=60)
        self._guard.cancel()
        return self.said + rest


@pytest.fixture
def serve(
    plain_surroundings: None, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Served]]:
    # Scripts that a preview runs leave a note there of where it keeps what it must put back.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    running: list[Served] = []

    def start(at: Path, *arguments: str) -> Served:
        running.append(Served(at, *arguments))
        return running[-1]

    yield start
    for one in running:
        one.process.kill()
        one.process.communicate()


def test_a_record_is_shown_and_its_changes_from_any_directory_of_it(serve, record):
    served = serve(record / "expts", "--port", "0", "-D", "project=Mine")
    address = served.until(r"The preview is at (http://127\.0\.0\.1:\d+/)")
    served.until(r"Built in [\d.]+ s")
    assert "Mine" in served.get(address)
    with (record / "expts/0064_data/notes.rst").open("a") as stream:
        stream.write("\nAn edit, and :expt:`nowhere`.\n")
    served.until(r"0064_data/notes\.rst: built in [\d.]+ s, 2 warnings")
    assert "0064_data/notes.rst:11: warning: " in served.said
    page = served.get(address + "expts/0064_data/notes.html")
    assert "An edit" in page and 'data-page="expts/0064_data/notes.html"' in page
    assert served.end().endswith("Interrupted.\n")
    assert served.process.returncode == 0
    assert "An edit" in (record / "_build/preview/html/expts/0064_data/notes.html").read_text()


def test_a_document_on_its_own_is_shown_and_nothing_written_beside_it(serve, tmp_path):
    write(tmp_path / "dir", {"my notes.md": "# Alone\n\nText.\n", "other.md": "# Other\n"})
    before = contents(tmp_path)
    served = serve(tmp_path / "dir", "my notes.md", "--port", "0")
    address = served.until(r"The preview is at (http://\S+/)")
    served.until(r"Built in")
    assert "Alone" in served.get(address)
    command = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children")
    if command.exists():
        child = command.read_text().split()[0]
        output = Path(json.loads(Path(f"/proc/{child}/cmdline").read_text().split("\0")[-2])["html"])
        assert output.is_dir() and tmp_path not in output.parents
    served.end()
    assert served.process.returncode == 0
    assert not command.exists() or not output.parent.exists()
    assert contents(tmp_path) == before


def test_a_second_preview_of_the_same_record_is_refused(serve, record):
    first = serve(record, "--port", "0")
    first.until("The preview is at")
    second = serve(record, "--port", "0")
    said, _ = second.process.communicate(timeout=60)
    assert "another “exptdir serve” writes to" in said
    assert second.process.returncode == 1
    first.end()


def test_a_taken_port_is_an_error_if_it_was_asked_for(run: Run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert (done.code, f"cannot listen on 127.0.0.1, port {port}: Address already in use" in done.err) == (1, True)


def test_without_a_port_the_next_free_one_is_taken(monkeypatch):
    from exptdir.cli import serve

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(serve, "PORT", taken.getsockname()[1])
        with serve.listening_at("127.0.0.1", None, exposed=False) as found:
            assert 0 < found.getsockname()[1] - serve.PORT < 100


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_an_address_that_others_reach_needs_a_word_of_its_own(run: Run, host):
    done = run("serve", "--host", host)
    assert (done.code, "Add --expose if everyone there may read the record" in done.err) == (2, True)


def test_what_is_exposed_is_said(capsys):
    from exptdir.cli.serve import Terminal

    Terminal(Path(), verbose=False).exposed("0.0.0.0", 8000)
    said = capsys.readouterr().out
    assert said == (
        "Exposed: everyone who can reach any address of this machine, port 8000, can read all of its pages.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["a.ipynb"], 1, "a.ipynb cannot be shown: documents end in .md or .rst"),
        (["none.md"], 1, "none.md is not there"),
        (["--jobs", "many"], 2, "'many' is neither a number of processes nor “auto”"),
        (["-D", "project"], 2, "'project' is not NAME=VALUE"),
        (["--port", "70000"], 2, "70000 is not in the range"),
    ],
)
def test_what_cannot_be_served_is_said(run: Run, record, arguments, code, message):
    (record / "a.ipynb").write_text("{}")
    done = run("serve", *arguments)
    assert (done.code, message in done.err) == (code, True), done.err


def test_outside_a_record_there_is_nothing_to_serve(run: Run, tmp_path):
    done = run("-C", str(tmp_path), "serve")
    assert done.code == 4


def test_no_other_command_loads_the_server():
    program = (
        "import sys; from exptdir.cli import main; main(['serve', '--help']); main(['list', '--help']);"
        "print([name for name in ('uvicorn', 'starlette', 'watchfiles', 'asyncio') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_end_waits_for_no_script(serve, record):
    """A plot script that takes for ever, and does so in a child of its own, ends too."""
    slow = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(600)  # exptdir'])\n"
    log = "# Train a network\n\n![loss](loss.svg)\n"
    write(record, {"expts/0063_train_cnn/plot_loss.py": slow, "expts/0063_train_cnn/index.md": log})
    served = serve(record, "--port", "0")
    served.until("The preview is at")
    pid = served.process.pid
    end = time.monotonic() + 60
    while len(below := descendants(pid)) < 3 and time.monotonic() < end:
        time.sleep(0.05)
    assert len(below) >= 3, "the script has not begun"
    # The script would take ten minutes.
    served.end()
    # They have been killed, and end as soon as the machine has the time.
    end = time.monotonic() + 60
    while alive := [one for one in below if not is_dead(one)]:
        assert time.monotonic() < end, alive
        time.sleep(0.05)


def is_dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals of this kind here")
def test_a_terminal_that_does_not_control_the_preview_has_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    _ours, theirs = os.openpty()
    loop = asyncio.new_event_loop()
    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        with keys(loop, {}):
            assert not loop.remove_reader(terminal.fileno())
    loop.close()
