"""The manual's five minutes are what a newcomer sees: they are typed here, into a real shell."""

from __future__ import annotations

import re
import signal
import sysconfig
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.docs.conftest import DOCS
from tests.docs.sessions import Shell, compare, copy_of_the_project, recorded

PAGE = DOCS / "five_minutes.md"
#: What is typed, one command after another, up to the preview.
TYPED = (
    "mkdir pendulums",
    "cd pendulums",
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    "pip install ../exptdir",
    'exptdir init --first "Period and length"',
    "cd expts/0001_period_and_length",
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
    "Ten swings each, three times.\n\n"
    "```{figure} periods.svg\nThe period grows with the root of the length.\n```\n\n"
    "```{datatable} periods.xlsx\n```\n"
    "END",
)
PREVIEW = "exptdir serve"
_LONG = 90.0


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A newcomer's shell, beside a copy of the project; what the project stands on is installed."""
    downloads = tmp_path / "home/Downloads"
    downloads.mkdir(parents=True)
    book = openpyxl.Workbook()
    for row in (("length (m)", "period (s)"), (0.25, 1.01), (0.5, 1.42), (1, 2.01)):
        book.worksheets[0].append(row)
    book.save(downloads / "periods.xlsx")
    copy_of_the_project(tmp_path / "exptdir")
    shell = Shell(tmp_path)
    yield shell
    shell.end()


def lend_packages(environment: Path) -> None:
    """Let a virtual environment see the packages that are installed for the tests, in place of a network."""
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")


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
    while not re.search(pattern, page := fetch(f"{address}expts/0001_period_and_length/index.html")):
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
    assert "#1: Period and length" in page
    assert "1.42" in page
    log = tmp_path / "pendulums/expts/0001_period_and_length/index.md"
    with log.open("a", encoding="utf-8") as file:
        # At once: of a log that is empty for a moment there might be something to say.
        file.write("\nThe string was too thick.\n")
    wait_for_page(address, "The string was too thick")
    shell.process.send_signal(signal.SIGINT)
    assert list(shell.lines()) is not None
    assert shell.process.wait(_LONG) == 0
    compare(PAGE, shell.session)


def test_the_manual_counts_the_commands():
    typed = [line for line in recorded(PAGE).splitlines() if line.startswith("$ ")]
    assert typed == [f"$ {command.splitlines()[0]}" for command in (*TYPED, PREVIEW)]
    assert f"{len(typed)} commands" in PAGE.read_text("utf-8")
