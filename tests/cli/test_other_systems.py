"""Windows and macOS, as far as a machine of another kind can show: what those do not have is taken away."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.cli.conftest import SOURCE, write

#: What Windows does not have: processes that are copies, signals of terminals, locks of descriptors, users, limits.
WITHOUT = """
import faulthandler, os, signal, sys
faulthandler.__dict__.pop("register", None)
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
for line in ("new Second", "entry 1 More", "status 2 complete", "renumber 2 5", "rename 5 other", "move 5 --under 1",
             "plot", "list", "check", "build --strict --jobs 1"):
    assert main(line.split()) == 0, line
print("built")
"""
#: Each Python that these start lacks the same.
SITE = "sitecustomize.py"


def environment(directory: Path) -> dict[str, str]:
    write(directory / "site", {SITE: WITHOUT})
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(directory / "site"), str(SOURCE)])}


def run(text: str, directory: Path) -> str:
    """Run Python without what another system lacks, and return what it prints."""
    command = [sys.executable, "-c", text]
    done = subprocess.run(
        command, cwd=directory, env=environment(directory), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_everything_is_imported_without_what_windows_lacks(tmp_path: Path) -> None:
    assert run(IMPORTS, tmp_path) == "imported\n"


def test_commands_and_builds_work_without_what_windows_lacks(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "conf.py": 'extensions = ["exptdir"]\nexclude_patterns = ["site"]\n',
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
    command = [sys.executable, "-m", "exptdir", "serve", "--jobs", "1", "--port", "0"]
    started = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )
    assert started.stdout is not None
    try:
        address = started.stdout.readline()
        assert any(line.startswith("Built in") for line in started.stdout), address
        with urllib.request.urlopen(re.findall(r"http://\S+", address)[0], timeout=60) as answer:
            assert "#1: X" in answer.read().decode("utf-8")
        started.send_signal(signal.SIGINT)
        assert started.communicate(timeout=60)[0].endswith("Interrupted.\n") and started.returncode == 0
    finally:
        started.kill()
