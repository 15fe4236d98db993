"""Windows and macOS, as far as a machine of another kind can show: what those do not have is taken away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import SOURCE, write

#: What Windows does not have: processes that are copies, signals of terminals, locks of descriptors, users, limits.
WITHOUT = """
import os, signal, sys
sys.modules.update(dict.fromkeys(("fcntl", "resource", "termios", "tty", "pwd", "grp"), None))
for name in ("fork", "setsid", "getuid", "geteuid", "killpg", "getpgid", "getpgrp", "tcgetpgrp",
             "O_NONBLOCK", "O_CLOEXEC"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "pthread_kill"):
    if hasattr(signal, name):
        delattr(signal, name)
"""
IMPORTS = """
import importlib, pkgutil, exptdir
for module in pkgutil.walk_packages(exptdir.__path__, "exptdir."):
    if not module.name.endswith("__main__") and ".inside.site" not in module.name:
        importlib.import_module(module.name)
print("imported")
"""
COMMANDS = """
from exptdir.cli import main
for arguments in (["new", "Second"], ["entry", "1", "More"], ["renumber", "2", "5"], ["plot"], ["list"], ["check"]):
    assert main(arguments) == 0, arguments
from sphinx.cmd.build import main as build
assert build(["-q", "-W", ".", "_build/html"]) == 0
print("built")
"""


def run(text: str, directory: Path) -> str:
    """Run Python without what another system lacks, and return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-c", WITHOUT + text]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_everything_is_imported_without_what_windows_lacks(tmp_path: Path) -> None:
    assert run(IMPORTS, tmp_path) == "imported\n"


def test_commands_and_builds_work_without_what_windows_lacks(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "conf.py": 'extensions = ["exptdir"]\n',
            "index.md": "# Home\n",
            "expts/0001_x/index.md": "# X\n\n```{figure} a.svg\n```\n\n```{datatable} a.csv\n```\n",
            "expts/0001_x/a.csv": "day,height\n1,2\n",
            "expts/0001_x/plot.py": (
                "import matplotlib.pyplot as plt\n"
                "plt.plot([float(row.split(',')[1]) for row in open('a.csv').readlines()[1:]])\nplt.savefig('a.svg')\n"
            ),
        },
    )
    assert run(COMMANDS, tmp_path).endswith("built\n")
    page = (tmp_path / "_build/html/expts/0001_x/index.html").read_text("utf-8")
    assert "a.svg" in page and "height" in page and (tmp_path / "expts/0001_x/a.svg").is_file()
