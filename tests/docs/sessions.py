"""Terminal sessions of the manual: they are typed into a real shell, and compared with what the page shows.

``RECORD_SESSIONS=1 python -m pytest tests/docs/test_five_minutes.py tests/docs/test_first_hour.py`` writes them anew.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.docs.conftest import ROOT

_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
#: What is different from one time to the next: days, seconds, and the port, if the usual one is taken.
_CHANGING = (
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "DAY"),
    (re.compile(r"\d+\.\d+ s\b"), "SECONDS"),
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
)


class Shell:
    """A real shell, into which commands are typed, and what it shows.

    Parameters
    ----------
    directory
        Where it begins; the session shows it as ``~``.
    """

    def __init__(self, directory: Path) -> None:
        home = directory / "home"
        home.mkdir(exist_ok=True)
        self._directory = directory
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
            "GIT_CONFIG_GLOBAL": os.devnull,
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

    def type(self, command: str, code: int = 0) -> None:
        """Type a command and wait until it has ended as it should."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self._note(command)
        self.process.stdin.write(f"{command}\necho =$?=\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if re.fullmatch(r"=\d+=\n", line):
                assert line == f"={code}=\n", "\n".join(self.shown)
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

    def end(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.communicate()

    @property
    def session(self) -> str:
        """All that was typed and shown."""
        return "\n".join(self.shown).replace(str(self._directory), "~") + "\n"

    def _note(self, command: str) -> None:
        first, *more = command.split("\n")
        self.shown += [f"$ {first}", *(f"> {line}".rstrip() for line in more)]


def copy_of_the_project(directory: Path) -> None:
    """Put what pip installs into a directory."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "src"):
        source, copy = ROOT / name, directory / name
        copy.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)


def recorded(page: Path, number: int = 0) -> str:
    """Return a session that a page shows."""
    return _BLOCK.findall(page.read_text("utf-8"))[number]


def compare(page: Path, session: str, number: int = 0) -> None:
    """Compare a session with the one that a page shows, or put it there."""
    if os.environ.get("RECORD_SESSIONS"):
        text = page.read_text("utf-8")
        place = list(_BLOCK.finditer(text))[number]
        page.write_text(text[: place.start()] + session + text[place.end() :], "utf-8")
    assert _masked(recorded(page, number)) == _masked(session)


def _masked(text: str) -> str:
    """Return a session without what changes from one time to the next."""
    for pattern, name in _CHANGING:
        text = pattern.sub(name, text)
    # A figure that takes its time is a build of its own, for a file or for none, and the one before says that it is
    # waited for.
    built = re.compile(r"uilt (?:again )?in SECONDS(?:, .* still at work)?$")
    return "\n".join(line for line in text.splitlines() if not built.search(line))
