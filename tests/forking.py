"""`sphinx-build` as a person would call it, in processes that are quick to start; see :mod:`tests.forker`."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.templates import CONFIGURATION, DIRECTORY

#: What no test has changed yet.
_AT_FIRST = dict(os.environ)


class Done(NamedTuple):
    """A finished build: its status and what it printed."""

    returncode: int
    stdout: str
    stderr: str


@cache
def _forker(seed: int) -> subprocess.Popen[str]:
    """Start a process that builds are forked from; it hashes strings by *seed*, and so do they."""
    environment = {**_AT_FIRST, "PYTHONHASHSEED": str(seed), DIRECTORY: os.environ[DIRECTORY]}
    command = [sys.executable, str(Path(__file__).with_name("forker.py"))]
    process = subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    atexit.register(process.communicate)
    return process


def sphinx_build(*arguments: str | Path, seed: int = 0) -> Done:
    """Run `python -m sphinx` with these arguments."""
    process = _forker(seed)
    assert process.stdin is not None and process.stdout is not None
    settings = [f"-D{name}={value}" for name, value in CONFIGURATION.items()]
    with TemporaryDirectory() as streams:
        out, err = Path(streams, "out"), Path(streams, "err")
        order = {
            "arguments": [*settings, *map(str, arguments)],
            "directory": str(Path.cwd()),
            # It may be another test that has started the process.
            "environment": {**os.environ, "PYTHONHASHSEED": str(seed), "NO_COLOR": "1"},
            "out": str(out),
            "err": str(err),
        }
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        returncode = process.stdout.readline()
        assert returncode, "the process that builds are forked from has ended"
        return Done(int(returncode), out.read_text("utf-8"), err.read_text("utf-8"))
