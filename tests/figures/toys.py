"""Toy plot scripts, and an executor that runs them: what a script does is told by its lines.

``read a``, ``try a`` (read it if it is there), ``list d``, ``import m``, ``draw f`` (a figure made of all that
was read), ``save f`` (the same as data), ``unseen m``, ``name d`` (a directory), ``fail why``, ``touch f now``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from exptdir.figures.model import FigureSettings, Job, Outcome, Trace, is_figure
from exptdir.figures.state import digest_bytes
from exptdir.figures.update import Report, update
from exptdir.record.scan import scan


class ToyError(Exception):
    pass


@dataclass
class Toy:
    """One run of a toy script."""

    job: Job
    facts: dict[str, set[str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    spared: dict[str, str] = field(default_factory=dict)

    def note(self, kind: str, path: str) -> str:
        absolute = os.path.join(self.job.cwd, path)
        self.facts.setdefault(kind, set()).add(absolute)
        return absolute

    def read(self, path: str, kind: str = "reads") -> None:
        absolute = os.path.join(self.job.cwd, path)
        if not os.path.exists(absolute):
            self.note("absent", path)
            raise ToyError(f"no such file: {path}")
        if absolute not in self.facts.get("writes", ()):
            self.note(kind, path)
        self.seen.append(Path(absolute).read_text())

    def write(self, path: str, content: str) -> str:
        absolute = self.note("writes", path)
        there = is_figure(absolute) and os.path.exists(absolute)
        if there and self.job.spares(absolute) and Path(absolute).read_text() != content:
            # What a runner does after the run.
            self.spared[absolute] = digest_bytes(content.encode())
            return absolute
        if not os.path.exists(absolute) or Path(absolute).read_text() != content:
            Path(absolute).write_text(content)
            self.changed.add(absolute)
        return absolute

    def do(self, word: str, rest: str) -> None:
        if word in ("read", "import"):
            self.read(rest, "reads" if word == "read" else "modules")
        elif word == "try":
            try:
                self.read(rest)
            except ToyError:
                self.seen.append("absent")
        elif word == "list":
            self.seen += sorted(os.listdir(self.note("listed", rest)))
        elif word in ("draw", "save"):
            digest = hashlib.sha256("\n".join([*self.seen, *self.job.args, str(self.job.style)]).encode()).hexdigest()
            absolute = self.write(rest, f"<svg>{digest}</svg>")
            self.written |= {absolute} if word == "draw" and absolute not in self.spared else set()
        elif word == "touch":
            name, _, content = rest.partition(" ")
            (Path(self.job.cwd) / name).write_text(content)
        elif word in ("unseen", "name"):
            self.facts.setdefault({"unseen": "unseen", "name": "named_directories"}[word], set()).add(
                rest if word == "unseen" else os.path.join(self.job.cwd, rest)
            )
        elif word == "fail":
            raise ToyError(rest)

    def outcome(self, status: str = "ok", traceback: str = "", line: int | None = None) -> Outcome:
        trace = Trace(**{kind: tuple(sorted(paths)) for kind, paths in self.facts.items()})
        written, changed = tuple(sorted(self.written)), tuple(sorted(self.changed & self.written))
        spared = self.spared if status == "ok" else {}
        versions = {"python": "3.0"}
        return Outcome(status, trace, written, changed, spared, traceback=traceback, line=line, versions=versions)


def run_toy(job: Job) -> Outcome:
    toy = Toy(job)
    text = Path(job.script).read_text()
    for number, line in enumerate(text.splitlines(), start=1):
        word, _, rest = line.partition(" ")
        try:
            toy.do(word, rest)
        except ToyError as error:
            return toy.outcome("failed", f"ToyError: {error}", number)
        if word.startswith("#"):
            toy.seen.append(line)
    return toy.outcome("ok" if toy.written or toy.spared else "no output")


@dataclass
class Bench:
    """A record of toy scripts, and what was run in it."""

    base: Path
    settings: FigureSettings = field(default_factory=FigureSettings)
    run: Callable[[Job], Outcome] = run_toy
    jobs: list[Job] = field(default_factory=list)
    state: str = "../state"

    def write(self, **texts: str) -> Bench:
        return self.fill(texts)

    def fill(self, texts: dict[str, str]) -> Bench:
        for name, text in texts.items():
            path = self.base / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self

    def submit(self, job: Job) -> Future[Outcome]:
        self.jobs.append(job)
        future: Future[Outcome] = Future()
        try:
            future.set_result(self.run(job))
        except Exception as error:
            future.set_exception(error)
        return future

    def update(self, **options: object) -> Report:
        settings = options.pop("settings", self.settings)
        return update(scan(self.base), settings, self.base / self.state, self.submit, **options)

    def ran(self, **options: object) -> list[str]:
        """Bring everything up to date and return what was run for it, in order."""
        self.jobs.clear()
        self.update(**options)
        return [os.path.relpath(job.script, self.base / "expts") for job in self.jobs]

    def text(self, name: str) -> str:
        return (self.base / name).read_text()

    def ledger(self, experiment: str = "a") -> str:
        return self.text(f"expts/{experiment}/figures.lock")


def bench(tmp_path: Path, texts: dict[str, str]) -> Bench:
    """Make a record below ``record/expts``; the names of files are relative to it."""
    base = tmp_path / "record"
    base.mkdir(parents=True)
    return Bench(base).fill({f"expts/{name}": text for name, text in texts.items()})


def log(*figures: str) -> str:
    return "Title\n=====\n\n" + "".join(f".. figure:: {name}\n\n" for name in figures)


def old(tmp_path: Path, **more: str) -> Bench:
    """An experiment whose figures were drawn before exptdir came."""
    texts = {"a/index.rst": log("x.svg"), "a/x.svg": "<svg>old</svg>", "a/d.csv": "1"}
    return bench(tmp_path, texts | {"a/plot.py": "read d.csv\ndraw x.svg"} | more)
