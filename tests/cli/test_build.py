"""``exptdir build``: what it passes on to Sphinx, and that nothing outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import SOURCE, Run, write

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(SOURCE)}
SLEEPER = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
with open("pids", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename("pids", "running")
time.sleep(120)
"""


def lives(process: int) -> bool:
    """Tell whether a process is there and no zombie, which only its parent can bury."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_sphinx_and_the_plot_script_and_its_children(tmp_path: Path, name):
    home = tmp_path / "expts/0001_slow"
    write(tmp_path, {"conf.py": 'extensions = ["exptdir"]\n', "index.rst": "N\n=\n"})
    write(home, {"index.rst": "Slow\n====\n\n.. figure:: a.svg\n", "fig_a.py": SLEEPER})
    command = [sys.executable, "-m", "exptdir", "build"]
    # Its own session: the signal reaches the command alone, as a time limit's does.
    environment = {**ENVIRONMENT, "XDG_CACHE_HOME": str(tmp_path / ".cache")}
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        until = time.monotonic() + 90
        while not (home / "running").exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        started = [int(word) for word in (home / "running").read_text().split()]
        process.send_signal(getattr(signal, name))
        _, told = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "Interrupted." in told and "Traceback" not in told
        until = time.monotonic() + 60
        while any(map(lives, started)) and time.monotonic() < until:
            time.sleep(0.05)
        assert [one for one in started if lives(one)] == []
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
    finally:
        process.kill()


def test_an_unknown_builder_is_told_in_a_line(run: Run):
    done = run("build", "htlm")
    assert (done.code, done.err) == (1, "Error: Sphinx has no builder 'htlm'; did you mean html?\n")


def test_ctrl_c_before_there_is_a_command_is_no_traceback():
    code = (
        "import sys, exptdir.cli\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'exptdir.cli.app': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "sys.exit(exptdir.cli.main(['list']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "Interrupted.\n")


def test_jobs_is_a_number_or_auto(run: Run):
    assert run("build", "--jobs", "none").code == 2


def test_what_is_for_sphinx_needs_no_builder_before_it(run: Run, record: Path):
    assert run("build", "--", "-q", "-D", "project=Cress").code == 0
    assert "Cress" in (record / "_build/html/index.html").read_text("utf-8")


def test_an_extension_that_forbids_several_processes_is_no_warning(run: Run, record: Path):
    conf = "import sys; sys.path.insert(0, '.')\nextensions = ['exptdir', 'myst_parser', 'lonely']\n"
    pages = {f"p{number}.md": f"---\norphan: true\n---\n\n# Page {number}\n" for number in range(8)}
    write(record, {"conf.py": conf, "lonely.py": "def setup(app):\n    return {}\n", **pages})
    assert "parallel" not in run("build", "--jobs", "auto", "text").err
    assert "parallel" in run("build", "--fresh", "--jobs", "2", "text").err
