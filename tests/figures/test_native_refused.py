"""Scripts with native code where the system does not let it be watched: they run, and are said to read unseen."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.figures.running import DRAW

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux to refuse")
READ = f"""
import ctypes
file = ctypes.CDLL(None).open(b"d.bin", 0)
assert file >= 0
import sqlite3
sqlite3.connect(":memory:").execute("attach 'other.db' as other")
{DRAW}plt.savefig("x.svg")
"""
#: A filter of the kernel that has `seccomp` itself fail, as some containers do; then a run of a script below it.
DENIED = """
import ctypes, os, struct, sys
from exptdir.figures.model import Job
from exptdir.figures.run.runner import Runner
number = {"x86_64": 317, "aarch64": 277}[os.uname().machine]
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, 0x50001), (6, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0)
assert libc.prctl(22, 2, program, 0, 0) == 0
with Runner() as runner:
    outcome = runner.run(Job.from_json(sys.argv[1]))
print(outcome.status, *outcome.trace.unseen)
"""
OTHER = "import os; os.uname = lambda known=os.uname(): known.__class__((*known[:4], 'riscv64'))\n"
FULL = "import os\ndef fork(): raise BlockingIOError(11, 'no more processes')\nos.fork = fork\n"
BARE = "import sys; sys.modules['mmap'] = None\n"


@linux
@pytest.mark.parametrize("refusal", [OTHER, FULL, BARE], ids=["machine", "processes", "modules"])
def test_a_script_that_cannot_be_watched_runs_and_is_said_to_read_unseen(place, refusal):
    place.write("d.bin", "1")
    outcome = place.run(refusal + READ)
    assert (outcome.status, outcome.traceback) == ("ok", "")
    assert outcome.trace.unseen == ("ctypes", "sqlite3")
    assert (place.folder / "x.svg").is_file()


@linux
def test_a_script_below_a_filter_that_refuses_ours_runs_and_is_said_to_read_unseen(place):
    place.write("d.bin", "1")
    command = [sys.executable, "-c", DENIED, place.job(READ).to_json()]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "ok ctypes sqlite3\n"
