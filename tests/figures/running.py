"""A small record in which plot scripts are written and run."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from textwrap import dedent

from exptdir.figures.model import Job, Outcome
from exptdir.figures.run.runner import Runner

SVG = '<svg xmlns="http://www.w3.org/2000/svg"></svg>'
DRAW = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\n"


@dataclass
class Place:
    """One experiment of a record, and what runs its scripts."""

    base: Path
    runner: Runner
    numbers: count[int] = field(default_factory=count)

    @property
    def folder(self) -> Path:
        return self.base / "expts" / "0001_first"

    @property
    def state(self) -> Path:
        return self.base.parent / "state"

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), "utf-8")
        return path

    def job(self, text: str, *args: str, name: str = "plot.py", **options: object) -> Job:
        script = self.write(name, text)
        scratch = self.state / str(next(self.numbers))
        paths = (str(self.base), str(script), str(script.parent), str(scratch))
        return Job(*paths, args=args, **{"timeout": 60.0, **options})

    def run(self, text: str, *args: str, name: str = "plot.py", **options: object) -> Outcome:
        return self.runner.run(self.job(text, *args, name=name, **options))

    def names(self, paths: Iterable[str]) -> list[str]:
        """Spell paths from the experiment on."""
        return [os.path.relpath(path, self.folder) for path in paths]

    def all_files(self) -> list[str]:
        """Return the names of all files in the experiment."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())
