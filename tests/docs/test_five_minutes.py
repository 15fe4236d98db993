"""The manual's recorded terminal session is what a newcomer sees: it is typed here, into a real shell.

``RECORD_SESSIONS=1 python -m pytest tests/docs/test_five_minutes.py`` writes it anew.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.docs.conftest import DOCS, ROOT

SESSION = DOCS / "sessions/five_minutes.txt"
#: What is typed, one command after another, up to the preview.
TYPED = (
    "mkdir pendulums",
    "cd pendulums",
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    "pip install ../exptdir",
    "exptdir init",
    'exptdir new "Period and length"',
    "cd expts/0002_period_and_length",
    'exptdir entry "Measured with a stop watch"',
    "cp ~/Downloads/periods.xlsx .",
    "cat > plot_periods.py <<'END'\n"
    "import matplotlib.pyplot as plt\n\n"
    "plt.plot([0.25, 0.5, 1.0], [1.01, 1.42, 2.01], 'o-')\n"
    "plt.xlabel('length (m)')\n"
    "plt.ylabel('period (s)')\n"
    "plt.savefig('periods.svg')\n"
    "END",
    "cat >> index.md <<'END'\n\n"
    "Ten swings each, as {expt}`1` asked for.\n\n"
    "```{figure} periods.svg\nThe period grows with the root of the length.\n```\n\n"
    "```{datatable} periods.xlsx\n```\n"
    "END",
)
PREVIEW = "exptdir serve"
#: What is different from one time to the next: days, seconds, and the port, if the usual one is taken.
CHANGING = (
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "DAY"),
    (re.compile(r"\d+\.\d+ s\b"), "SECONDS"),
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
)
_LONG = 90.0


class Shell:
    """A real shell, into which commands are typed, and what it shows.

    Parameters
    ----------
    directory
        Where it begins.
    home
        The home directory of whoever types.
    """

    def __init__(self, directory: Path, home: Path) -> None:
        environment = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            # As if there were a network, from which all that exptdir stands on had come already.
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
            "PIP_QUIET": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=directory,
            env=environment,
            # Whoever runs the tests in the background has had interrupts ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
        )
        self.shown: list[str] = []

    def type(self, command: str) -> None:
        """Type a command and wait until it has ended well."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self._note(command)
        self.process.stdin.write(f"{command}\necho =$?=\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if re.fullmatch(r"=\d+=\n", line):
                assert line == "=0=\n", "\n".join(self.shown)
                return
            self.shown.append(line.rstrip("\n"))
        raise AssertionError("\n".join(self.shown))

    def become(self, command: str) -> None:
        """Type the last command, which takes the shell's place."""
        assert self.process.stdin is not None
        self._note(command)
        self.process.stdin.write(f"exec {command}\n")
        self.process.stdin.flush()

    def lines(self) -> Iterator[str]:
        """Yield what the last command shows, line by line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.shown.append(line.rstrip("\n"))
            yield self.shown[-1]

    def _note(self, command: str) -> None:
        first, *more = command.split("\n")
        self.shown += [f"$ {first}", *(f"> {line}".rstrip() for line in more)]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A newcomer's shell, beside a copy of the project; what the project stands on is installed."""
    home = tmp_path / "home"
    (home / "Downloads").mkdir(parents=True)
    book = openpyxl.Workbook()
    for row in (("length (m)", "period (s)"), (0.25, 1.01), (0.5, 1.42), (1, 2.01)):
        book.worksheets[0].append(row)
    book.save(home / "Downloads/periods.xlsx")
    for name in ("pyproject.toml", "README.md", "LICENSE", "src"):
        source, copy = ROOT / name, tmp_path / "exptdir" / name
        copy.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    shell = Shell(tmp_path, home)
    yield shell
    shell.process.kill()
    shell.process.communicate()


def lend_packages(environment: Path) -> None:
    """Let a virtual environment see the packages that are installed for the tests, in place of a network."""
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")


def masked(text: str) -> str:
    """Return a session without what changes from one time to the next."""
    for pattern, name in CHANGING:
        text = pattern.sub(name, text)
    # A figure that takes its time is a build of its own.
    lines = text.splitlines()
    return "\n".join(line for line in lines if not re.search(r"uilt in SECONDS$", line))


def fetch(address: str) -> str:
    """Fetch a page."""
    with urllib.request.urlopen(address, timeout=_LONG) as answer:
        return answer.read().decode("utf-8")


def wait_for(shell: Shell, pattern: str) -> re.Match[str]:
    """Wait for a line that the preview shows."""
    for line in shell.lines():
        if found := re.search(pattern, line):
            return found
    raise AssertionError("\n".join(shell.shown))


def wait_for_page(address: str, pattern: str) -> str:
    """Wait until the page of the new experiment shows something."""
    until = time.monotonic() + _LONG
    while not re.search(pattern, page := fetch(f"{address}expts/0002_period_and_length/index.html")):
        assert time.monotonic() < until, page
        time.sleep(0.2)
    return page


def test_the_recorded_session_is_what_a_newcomer_sees(shell, tmp_path):
    for command in TYPED:
        shell.type(command)
        if command.startswith("python3 -m venv"):
            lend_packages(tmp_path / "pendulums/.venv")
    shell.become(PREVIEW)
    address = wait_for(shell, r"http://\S+?/")[0]
    wait_for(shell, r"\d s\b")
    # The pages come first; a figure that takes longer follows.
    page = wait_for_page(address, r'src="[^"]*periods[^"]*\.svg"')
    assert "#2: Period and length" in page
    assert "1.42" in page
    log = tmp_path / "pendulums/expts/0002_period_and_length/index.md"
    log.write_text(log.read_text("utf-8") + "\nThe string was too thick.\n", "utf-8")
    wait_for_page(address, "The string was too thick")
    began = time.monotonic()
    shell.process.send_signal(signal.SIGINT)
    assert list(shell.lines()) is not None
    assert shell.process.wait(_LONG) == 0
    assert time.monotonic() - began < _LONG
    session = "\n".join(shell.shown).replace(str(tmp_path), "~") + "\n"
    if os.environ.get("RECORD_SESSIONS"):
        SESSION.write_text(session, "utf-8")
    assert masked(SESSION.read_text("utf-8")) == masked(session)


def test_the_manual_counts_the_commands():
    typed = [line for line in SESSION.read_text("utf-8").splitlines() if line.startswith("$ ")]
    assert typed == [f"$ {command.splitlines()[0]}" for command in (*TYPED, PREVIEW)]
    page = (DOCS / "five_minutes.md").read_text("utf-8")
    assert f"{len(typed)} commands" in page
    assert "sessions/five_minutes.txt" in page
