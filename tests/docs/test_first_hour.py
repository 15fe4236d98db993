"""The manual's first hour: two newcomers' sessions, typed here into a real shell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.docs.conftest import DOCS
from tests.docs.sessions import Shell, compare

PAGE = DOCS / "first_hour.md"
FROM_NOTHING = (
    "mkdir sweep && cd sweep",
    'exptdir init --first "Baseline"',
    "cd expts/0001_baseline",
    "cat > train.py <<'END'\n"
    "rate, loss = 0.1, 4.0\n"
    "with open('loss.csv', 'w') as log:\n"
    "    log.write('step,loss\\n')\n"
    "    for step in range(20):\n"
    "        log.write(f'{step},{loss:.3f}\\n')\n"
    "        loss *= 1 - rate\n"
    "END",
    "python3 train.py",
    "cat > plot_loss.py <<'END'\n"
    "import matplotlib.pyplot as plt\n"
    "import numpy as np\n\n"
    "plt.plot(*np.loadtxt('loss.csv', delimiter=',', skiprows=1).T)\n"
    "plt.savefig('loss.svg')\n"
    "END",
    "cat >> index.md <<'END'\n\n"
    "The loss falls by a tenth a step.\n\n"
    "```{figure} loss.svg\n```\n\n"
    "```{datatable} loss.csv\n:rows: loss < 1\n```\n"
    "END",
    "exptdir plot",
    "exptdir new 'Twice the rate' --tag rate",
    "cd ../0002_twice_the_rate",
    "exptdir status 'in progress'",
    "echo 'Is {expt}`1` slow because its rate is 0.1? See {expt}`3`.' >> index.md",
    "exptdir check",
    "sed -i 's/ See {expt}`3`.//' index.md",
    "exptdir check",
    "exptdir list",
    "exptdir show 1",
    "exptdir rename 2 double_rate",
    "cd ..",
    "exptdir find tenth",
    "exptdir build",
)
FROM_FOLDERS = (
    "cd lab",
    "ls | head -n 6",
    "exptdir init --dry-run",
    "exptdir init --root .",
    "exptdir list --last 4",
    "exptdir check",
    "mkdir 2023-07-03_gel/photos && mv gel_photos/* 2023-07-03_gel/photos/ && rmdir gel_photos",
    "mv old_notes 2022-12-20_pilot && mv 2022-12-20_pilot/protocol.md 2022-12-20_pilot/README.md",
    "sed -i 's/gel_photos/2023-07-03_gel\\/photos/' 2023-07-03_gel/README.md",
    "exptdir find primer short",
    "exptdir check",
    "cd 2023-07-03_gel",
    "exptdir entry 'Read the bands again'",
    "exptdir tag . gel repeat",
    "exptdir show",
    "exptdir build --strict",
)


def messy_folders(directory: Path) -> None:
    """Make thirty folders as they grow in a laboratory: dated in several ways, with one, two or no files of notes."""
    for day in range(1, 29):
        month, style = day % 7 + 1, day % 4
        date = ("2023", f"{month:02}", f"{day:02}")
        what = ("gel", "pcr", "Zellzählung", "growth curve")[day // 2 % 4]
        folder = directory / f"{('-', '.', '', '_')[style].join(date)}_{what}"
        folder.mkdir(parents=True)
        name = "README.md" if day % 3 else "notes.md"
        text = f"# {what.capitalize()} {day}\n\nBuffer {day % 5}, primer P{day % 3}.\n"
        folder.joinpath(name).write_text(text, "utf-8")
        folder.joinpath("raw.csv").write_text(f"lane,signal\n1,{day}\n2,{day * 3}\n", "utf-8")
    book = openpyxl.Workbook()
    for row in (("lane", "sample"), (1, "wild type"), (2, "mutant")):
        book.worksheets[0].append(row)
    gel = directory / "2023-07-03_gel"
    gel.mkdir()
    book.save(gel / "lanes.xlsx")
    gel.joinpath("README.md").write_text(
        "# Gel of both\n\n![bands](../gel_photos/bands.png)\n\n```{datatable} lanes.xlsx\n```\n", "utf-8"
    )
    for name, content in {
        "gel_photos/bands.png": b"\x89PNG\r\n\x1a\n",
        "old_notes/protocol.md": b"# Pilot\n\nPrimer P9 was too short.\n",
        "old_notes/scan.pdf": b"%PDF-1.4\n",
        "README.md": b"# What lies here\n",
        "~$lanes.xlsx": b"x",
    }.items():
        directory.joinpath(name).parent.mkdir(exist_ok=True)
        directory.joinpath(name).write_bytes(content)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    messy_folders(tmp_path / "lab")
    shell = Shell(tmp_path)
    yield shell
    shell.end()


@pytest.mark.parametrize(("number", "commands"), [(0, FROM_NOTHING), (1, FROM_FOLDERS)])
def test_the_recorded_session_is_what_a_newcomer_sees(shell: Shell, tmp_path: Path, number, commands) -> None:
    for at, command in enumerate(commands):
        # The student's first check finds a reference that leads nowhere.
        shell.type(command, int(command == "exptdir check" and number == 0 and command not in commands[:at]))
    compare(PAGE, shell.session, number)
    site = tmp_path / ("sweep", "lab")[number] / "_build/html"
    home = (site / "index.html").read_text("utf-8")
    assert ("#2: Twice the rate" if number == 0 else "2022-12-20_pilot") in home
    assert os.path.isfile(site / "search.html")
