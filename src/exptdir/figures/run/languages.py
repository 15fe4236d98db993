"""Programs that run scripts which are not Python."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from exptdir.figures.model import Job
from exptdir.figures.run import interpreter

#: By language: the program, and its options. Julia's start-up file is the user's, and no part of the record.
_PROGRAMS: Mapping[str, tuple[str, ...]] = {"r": ("Rscript",), "julia": ("julia", "--startup-file=no")}


def program(language: str) -> str:
    """Return the name of the program that runs scripts in a language other than Python."""
    return _PROGRAMS[language][0]


def command(job: Job) -> list[str] | None:
    """Return what runs a script in a language other than Python; ``None`` where its program is not installed."""
    name, *options = _PROGRAMS[job.language]
    found = shutil.which(name)
    return None if found is None else [found, *options, job.script, *job.args]


def environment() -> dict[str, str]:
    """Return the environment of such a script."""
    env = interpreter.environment(os.environ)
    # Julia's own way to say: the project that the script lies in.
    env.setdefault("JULIA_PROJECT", "@.")
    return env
