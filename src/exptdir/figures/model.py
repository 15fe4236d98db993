"""The values that pass between those who decide what to draw and those who draw it, and how that is set."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from glob import escape, glob
from pathlib import PurePath, PurePosixPath
from posixpath import splitext
from typing import Any, Literal, Self

from exptdir.figures.inside.scope import FIGURES
from exptdir.record.settings import PLOT_SCRIPTS, Settings, memory_size

Language = Literal["python", "r", "julia"]
#: How a run ended; ``no output`` is a run without fault that wrote no figure.
Status = Literal["ok", "failed", "timeout", "killed", "no output", "missing program"]

FIGURE_SUFFIXES, _ENDS = FIGURES, tuple(FIGURES)
#: Languages by the suffix of a script.
LANGUAGES: Mapping[str, Language] = {".py": "python", ".r": "r", ".jl": "julia"}
#: Name of the ledger, which lies beside an experiment's log.
LEDGER = "figures.lock"


def script_key(path: str, args: tuple[str, ...]) -> str:
    """Return what tells one script with its arguments from another."""
    return f"{path} {json.dumps(args, ensure_ascii=False)}" if args else path


def is_figure(path: str) -> bool:
    """Tell by its name whether a file is a figure."""
    # Most names are none, and it is asked of each in a directory, before and after each run.
    return path.lower().endswith(_ENDS) and splitext(path)[1].lower() in FIGURE_SUFFIXES


@dataclass(frozen=True)
class Script:
    """A plot script with its arguments: what is run once to draw its figures."""

    #: The file, as a POSIX path relative to the record's base.
    path: str
    #: Key of the innermost experiment that holds it.
    experiment: str
    language: Language = "python"
    args: tuple[str, ...] = ()
    #: The figures that ``expt.toml`` says it writes, relative to the record's base.
    outputs: tuple[str, ...] = ()
    #: The patterns of files that ``expt.toml`` says it reads, relative to the record's base.
    inputs: tuple[str, ...] = ()
    timeout: float | None = None
    #: Where ``expt.toml`` lists it; else its name alone made it a plot script.
    line: int | None = None

    @property
    def key(self) -> str:
        """Path and arguments, by which one script is told from another."""
        return script_key(self.path, self.args)

    @property
    def folder(self) -> str:
        """The directory that holds the file, in which it is run, relative to the record's base."""
        return str(PurePosixPath(self.path).parent)


@dataclass(frozen=True)
class Job:
    """All that a worker needs to run a script once. All paths are absolute.

    Nobody else runs the script meanwhile: who submits a job holds the lock (:mod:`exptdir.record.files`), a
    runner takes none.
    """

    base: str
    script: str
    cwd: str
    #: A directory for this run alone, below the state directory: the trace, its output, backups. It may not exist yet.
    scratch: str
    args: tuple[str, ...] = ()
    language: Language = "python"
    #: Seconds and bytes that it may take; 0 bytes for any number.
    timeout: float = 300.0
    memory: int = 0
    #: A matplotlib style: a file or a name.
    style: str | None = None
    #: Whether each SVG is also drawn for the dark scheme.
    dark: bool = False
    #: The figures that it is known to write, by declaration or from its last run.
    outputs: tuple[str, ...] = ()
    #: The figures that it may replace, where it may not replace every one: what is not its own is put back.
    own: tuple[str, ...] | None = None
    #: Figures that somebody has changed since it drew them, which are put back in any case.
    edited: tuple[str, ...] = ()
    #: What it read when it drew the figures that are there, and that this machine never had.
    lost: tuple[str, ...] = ()
    #: The interpreter of a Python script, if it is not the one that builds.
    python: str = ""

    def spares(self, path: str) -> bool:
        """Tell whether a figure that was there before the run is put back after it."""
        return path in self.edited or (self.own is not None and path not in self.own)

    def to_json(self) -> str:
        """Write the job as one line of JSON."""
        return json.dumps(vars(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote."""
        facts = json.loads(text).items()
        data: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in facts}
        return cls(**data)


@dataclass(frozen=True)
class Trace:
    """What a run touched. Paths are absolute, as the script wrote them: links are not resolved. Each once, sorted."""

    #: Files whose first access was to read them.
    reads: tuple[str, ...] = ()
    #: Files that it tried to open in vain.
    absent: tuple[str, ...] = ()
    #: Directories whose names it asked for.
    listed: tuple[str, ...] = ()
    #: Files that it wrote, renamed into place or removed.
    writes: tuple[str, ...] = ()
    #: Source files of the record's own modules that were imported; the script itself is not one.
    modules: tuple[str, ...] = ()
    #: Imported modules that read files past any trace, and ``subprocess`` where another program ran.
    unseen: tuple[str, ...] = ()
    #: Directories that it named in any way, where what is unseen may have read.
    named_directories: tuple[str, ...] = ()
    #: Files and directories that it only found to be there.
    present: tuple[str, ...] = ()
    #: Files whose time it asked for.
    timed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How a run ended. Unless it is ``ok`` or ``no output`` every figure is what it was before."""

    status: Status
    #: What it touched, in failures as far as it got.
    trace: Trace = field(default_factory=Trace)
    #: The figures that it wrote, absolute, all valid.
    written: tuple[str, ...] = ()
    #: Those of them whose bytes are not what they were.
    changed: tuple[str, ...] = ()
    #: Figures that it drew over though it must not, and that were put back; with the digests of what it drew.
    spared: Mapping[str, str] = field(default_factory=dict)
    #: The end of what it printed, at most 20,000 characters.
    output: str = ""
    #: The traceback, or one sentence on why there is none; *line* is that of the script at fault.
    traceback: str = ""
    line: int | None = None
    seconds: float = 0.0
    #: Versions of ``python``, and of ``matplotlib`` and ``numpy`` if they were imported.
    versions: Mapping[str, str] = field(default_factory=dict)


def dark_path(path: str) -> str:
    """Return the file beside a figure or a style that takes its place in the dark scheme: ``loss.dark.svg``."""
    stem, suffix = splitext(path)
    return f"{stem}.dark{suffix}"


def is_dark(name: str) -> bool:
    """Tell whether a figure is one for the dark scheme, by its name."""
    return PurePath(name).stem.endswith(".dark")


Mode = Literal["auto", "never", "always"]


@dataclass(frozen=True)
class FigureSettings:
    """How figures are kept up to date."""

    #: Run what is stale (``auto``), nothing (``never``) or every script (``always``).
    mode: Mode = "auto"
    patterns: tuple[str, ...] = PLOT_SCRIPTS
    #: A matplotlib style for all scripts: a file, relative to the record's base, or a name.
    style: str | None = None
    #: Whether each SVG is also drawn for the dark scheme.
    dark: bool = False
    #: Seconds and bytes that a script may take unless it says otherwise; 0 bytes for any number.
    timeout: float = 300.0
    memory: int = 0
    #: Whether another version of Python, matplotlib or numpy makes figures stale.
    versions: bool = False
    #: True for a POSIX path from the record's base that is to be left alone.
    exclude: Callable[[str], bool] = lambda path: False
    #: Whether figures that somebody changed by hand are drawn again as well; a copy of each is kept beside it.
    overwrite_edited: bool = False
    #: Whether scripts are run that failed before, though nothing that they depend on has changed.
    retry: bool = False
    #: As :func:`interpreter` takes it.
    python: str = ""

    @classmethod
    def of(cls, settings: Settings, mode: Mode, exclude: Callable[[str], bool]) -> FigureSettings:
        """Take what a record's configuration says of figures; commands have a mode of their own."""
        return cls(
            mode=mode,
            patterns=tuple(settings.plot_scripts),
            style=settings.plot_style or None,
            dark=settings.plot_dark,
            timeout=float(settings.figure_timeout),
            memory=memory_size(settings.figure_memory),
            versions=settings.figure_versions,
            exclude=exclude,
            python=settings.python,
        )


def interpreter(base: str, given: str) -> str:
    """Return the Python that plot scripts of a record are run with, empty for the one that builds.

    It is the one that is *given* (``exptdir_python``), from the source directory; else that of a virtual environment
    beside the ``conf.py``, or above it up to the top of the repository, in which matplotlib is installed.
    """
    if given:
        path = os.path.join(base, os.path.expanduser(given))
        # A name without a slash is looked for as a shell does.
        return path if os.path.exists(path) or os.path.basename(given) != given else shutil.which(given) or path
    above = [PurePath(base), *PurePath(base).parents]
    top = next((at for at, directory in enumerate(above) if os.path.exists(directory / ".git")), 0)
    for directory in above[: top + 1]:
        for environment in (str(directory / ".venv"), str(directory / "venv")):
            programs = (os.path.join(environment, *parts) for parts in (("bin", "python"), ("Scripts", "python.exe")))
            python = next(filter(os.path.exists, programs), "")
            libraries = ("lib/python3*/site-packages", "Lib/site-packages")
            if python and any(glob(f"{escape(environment)}/{one}/matplotlib") for one in libraries):
                return "" if os.path.realpath(environment) == os.path.realpath(sys.prefix) else python
    return ""
