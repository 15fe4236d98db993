"""What is remembered of a record, and when it is read again."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exptdir.record import index as module
from exptdir.record.home import read_conf
from exptdir.record.index import Index, index
from exptdir.record.scan import scan


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Files that are new are read again in any case, and a few always are: here neither, as in an old, large record.
    monkeypatch.setattr(module, "RACY", -(10**18))
    monkeypatch.setattr(module, "_FEW", 0)
    directory = tmp_path.resolve() / "record"
    for number in range(1, 9):
        log = directory / f"expts/000{number}_x/index.md"
        log.parent.mkdir(parents=True)
        log.write_text(f"---\ntags: [t{number}]\n---\n\n# Title {number}\n\n{{expt}}`1`\n\n## 2024-05-0{number}\n")
    (directory / "conf.py").write_text('extensions = ["exptdir"]\n')
    return directory


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    original = module.item_of

    def counted(base: Path, root: str, path: str, logs: list[str]) -> object:
        found.append(path)
        return original(base, root, path, logs)

    monkeypatch.setattr(module, "item_of", counted)
    return found


def look(base: Path) -> Index:
    return index(read_conf(base / "conf.py"), base.parent / "cache/index.json")


def test_a_second_look_reads_no_log(base: Path, reads: list[str]):
    first = look(base)
    assert len(reads) == 8
    second = look(base)
    assert len(reads) == 8
    assert second.record.experiments == first.record.experiments == scan(base).experiments
    item = second.items["expts/0003_x"]
    assert (item.entries, item.first, item.references, item.tags) == (1, "2024-05-03", ["1"], ["t3"])


def test_origins_are_those_of_the_scan(base: Path):
    look(base)
    (remembered, scanned) = (
        dict(record.experiments["expts/0001_x"].origins) for record in (look(base).record, scan(base))
    )
    assert remembered == scanned


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("index.md", "# Other\n"),
        ("expt.toml", 'status = "new"\n'),
        (".expt/status", "new\n"),
        (".expt/tags/x", ""),
    ],
)
def test_a_changed_fact_is_seen(base: Path, reads: list[str], name, content):
    before = look(base).record.experiments["expts/0002_x"]
    path = base / "expts/0002_x" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    found = look(base).record.experiments["expts/0002_x"]
    assert found != before and found == scan(base).experiments["expts/0002_x"]
    assert reads[8:] == ["expts/0002_x"]


def test_a_file_of_the_same_size_and_date_is_seen_all_the_same(base: Path):
    look(base)
    log = base / "expts/0002_x/index.md"
    then = log.stat()
    log.write_text(log.read_text().replace("Title 2", "Title Z"))
    os.utime(log, ns=(then.st_atime_ns, then.st_mtime_ns))
    assert look(base).record.experiments["expts/0002_x"].title == "Title Z"


def test_experiments_come_and_go(base: Path):
    look(base)
    (base / "expts/0002_x").rename(base / "expts/0009_y")
    (base / "expts/0001_x/index.md").unlink()
    assert look(base).record.experiments == scan(base).experiments


def test_a_new_configuration_is_heeded(base: Path):
    look(base)
    (base / "conf.py").write_text('extensions = ["exptdir"]\nexclude_patterns = ["expts/0001_x"]\n')
    assert "expts/0001_x" not in look(base).items


def rewritten(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what is remembered, and make the checksum fit."""
    head, _, body = path.read_bytes().partition(b"\n")
    data = json.loads(body)
    change(data)
    new = json.dumps(data).encode()
    path.write_bytes(head.replace(b"%d" % zlib.crc32(body), b"%d" % zlib.crc32(new)) + b"\n" + new)


@pytest.mark.parametrize("damage", [b"", b"[]", b"{", b"null", b"\0", b"(3, '0.1.0', 0, '')\n{}"])
def test_a_damaged_memory_is_not_believed(base: Path, damage):
    look(base)
    [path] = (base.parent / "cache").iterdir()
    path.write_bytes(damage)
    assert len(look(base).items) == 8


def test_one_wrong_character_is_enough(base: Path, reads: list[str]):
    look(base)
    [path] = (base.parent / "cache").iterdir()
    path.write_bytes(path.read_bytes().replace(b"Title 3", b"Title 4"))
    assert look(base).items["expts/0003_x"].title == "Title 3"
    assert len(reads) == 16


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.clear(),
        lambda data: data["items"].clear(),
        lambda data: data["items"].update(heading=[3] * 8),
        lambda data: data["items"].update(day=["tomorrow"] * 8),
        lambda data: data["items"].update(log=[["../../../etc/passwd"], [0] * 8]),
        lambda data: data["items"].update(tags=[[[1]], [0] * 8]),
        lambda data: data["items"].update(origins=[[{"id": 3}], [0] * 8]),
        lambda data: data["items"]["log"][1].append(9),
        lambda data: data.update(inside=[[[".."]], [0] * 9]),
        lambda data: data.update(stamps=["x"] * 27),
        lambda data: data["sources"].pop(),
        lambda data: data["paths"].pop(),
        lambda data: data["experiments"].pop(),
    ],
)
def test_a_memory_of_another_shape_is_not_believed(base: Path, reads: list[str], change):
    look(base)
    rewritten(next((base.parent / "cache").iterdir()), change)
    found = look(base)
    assert found.record.experiments == scan(base).experiments
    assert len(reads) == 16


def test_what_is_remembered_is_what_was_read(base: Path, reads: list[str]):
    facts = 'id = 12\nstatus = "new"\nprereqs = [1]\ndate = 2024-04-01\n'
    (base / "expts/0002_x/expt.toml").write_text(facts)
    assert look(base).items == look(base).items
    assert len(reads) == 8


def test_a_cache_that_cannot_be_written_does_no_harm(base: Path):
    (base.parent / "cache").write_text("a file")
    assert len(look(base).items) == len(look(base).items) == 8
