"""Small records, built in a process of their own as their readers would build them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.forking import sphinx_build

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


class Built(NamedTuple):
    """A record that was built: where its pages are, and the warnings."""

    out: Path
    warnings: list[str]

    def page(self, docname: str) -> str:
        return (self.out / f"{docname}.html").read_text("utf-8")


Build = Callable[[Mapping[str, str]], Built]


def write_files(directory: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Return a function that builds a record of the given files."""

    def run(files: Mapping[str, str]) -> Built:
        source, out = tmp_path / "record", tmp_path / "out"
        write_files(source, files)
        log = tmp_path / "warnings.txt"
        done = sphinx_build("-q", "--no-color", "-b", "html", "-w", log, source, out)
        assert done.returncode == 0, done.stdout + done.stderr
        text = re.sub(re.escape(str(source)) + "/", "", log.read_text("utf-8"))
        return Built(out, [line for line in text.splitlines() if line.strip()])

    return run
