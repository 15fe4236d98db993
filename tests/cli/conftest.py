"""Small records, and the command run on them in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exptdir.cli import main

SOURCE = Path(__file__).resolve().parents[2] / "src"
CONF = 'extensions = ["exptdir"]\n'
FILES = {
    "conf.py": CONF,
    "index.md": "# Notebook\n\nSee {expt}`63`.\n",
    "expts/0063_train_cnn/index.md": (
        "---\nstatus: in progress\ntags: [cnn, gpu]\n---\n\n# Train a network\n\n"
        "After {expt}`64@2024-05-21`.\n\n"
        "## 2024-05-20: Begun\n\nThe learning rate is 0.1.\n\n## 2024-06-01\n\nLoss: 3.\n"
    ),
    "expts/0064_data/notes.rst": (
        ":status: complete\n\nGather data\n===========\n\n"
        "2024-05-21\n----------\n\n为什么学习率这么低? As :expt:`63`.\n"
    ),
    "expts/0064_data/0065_more/index.md": "# More data\n\nText.\n",
    "expts/paper_towel/README.md": "# Which towel\n\nSee `{expt}` and {expt}`-1`, no.\n",
}


@dataclass(frozen=True)
class Ran:
    """What a command has written, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


def write(directory: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file() and "_build" not in path.parts)
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the machine says of colours and editors out of the tests."""
    for name in ("NO_COLOR", "EDITOR", "VISUAL"):
        monkeypatch.delenv(name, raising=False)
    # Commands start others, in other directories.
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A record of four experiments, two of them with entries."""
    base = tmp_path.resolve() / "record"
    write(base, FILES)
    return base


@pytest.fixture
def run(record: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command in the record, or in the directory *at* in it."""

    def call(*arguments: str, at: str = ".") -> Ran:
        monkeypatch.chdir(record / at)
        capfd.readouterr()
        code = main(list(arguments))
        done = capfd.readouterr()
        return Ran(code, done.out, done.err)

    return call
