"""Digests are right whatever the cache says, and cheap where it may be believed."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from exptdir.figures.state import Digests
from tests.limits import next_tick


def sha(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """Paths of the files that were really read."""
    found: list[str] = []
    original = os.open

    def counting(path, *rest):
        found.append(os.fspath(path))
        return original(path, *rest)

    monkeypatch.setattr(os, "open", counting)
    return found


def later(monkeypatch, seconds: float) -> None:
    now = time.time_ns() + int(seconds * 1e9)
    monkeypatch.setattr(time, "time_ns", lambda: now)


def test_the_digest_is_that_of_the_content(tmp_path: Path):
    (tmp_path / "a").write_text("one")
    assert Digests(tmp_path / "cache").of(str(tmp_path / "a")) == sha("one")


def test_what_is_no_readable_file_has_none(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("missing", "pipe", "link", "", "nul\0l", "x" * 5000):
        assert Digests(tmp_path / "cache").of(str(tmp_path / name)) is None


def test_a_settled_file_is_read_once_even_over_builds(tmp_path: Path, reads: list[str], monkeypatch):
    (tmp_path / "a").write_text("one")
    later(monkeypatch, 10)
    first = Digests(tmp_path / "cache")
    assert first.of(str(tmp_path / "a")) == first.of(str(tmp_path / "a")) == sha("one")
    first.save()
    reads.clear()
    assert Digests(tmp_path / "cache").of(str(tmp_path / "a")) == sha("one")
    assert str(tmp_path / "a") not in reads


def test_a_file_just_written_is_not_believed_to_stay(tmp_path: Path):
    path, cache = tmp_path / "a", tmp_path / "cache"
    for text in ("one", "two"):
        path.write_text(text)
        os.utime(path, ns=(1, time.time_ns()))
        digests = Digests(cache)
        assert digests.of(str(path)) == sha(text)
        digests.save()


def test_size_and_time_alone_do_not_deceive(tmp_path: Path, monkeypatch):
    path = tmp_path / "a"
    path.write_text("one")
    os.utime(path, ns=(10**18, 10**18))
    later(monkeypatch, 10)
    digests = Digests(tmp_path / "cache")
    digests.of(str(path))
    next_tick(tmp_path)
    path.write_text("two")
    os.utime(path, ns=(10**18, 10**18))
    assert digests.of(str(path)) == sha("two")


def test_a_clock_that_was_set_back_does_not_deceive(tmp_path: Path, monkeypatch, reads: list[str]):
    path = tmp_path / "a"
    path.write_text("one")
    later(monkeypatch, -3600)
    digests = Digests(tmp_path / "cache")
    assert digests.of(str(path)) == digests.of(str(path)) == sha("one")
    assert reads.count(str(path)) == 2


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[1]", '{"a": 1}', '{"a": [1, 2, 3]}', '{"a": ["x", 1, 2, "y"]}', "[" * 9999]
)
def test_a_damaged_cache_is_an_empty_one(tmp_path: Path, text: str):
    (tmp_path / "cache").write_text(text)
    (tmp_path / "a").write_text("one")
    digests = Digests(tmp_path / "cache")
    assert digests.of(str(tmp_path / "a")) == sha("one")
    digests.save()


def test_a_cache_is_written_only_if_it_changed_and_can_forget(tmp_path: Path, monkeypatch):
    for name in "ab":
        (tmp_path / name).write_text(name)
    later(monkeypatch, 10)
    first = Digests(tmp_path / "cache")
    first.of(str(tmp_path / "a"))
    first.of(str(tmp_path / "b"))
    first.save()
    before = (tmp_path / "cache").stat().st_mtime_ns
    second = Digests(tmp_path / "cache")
    second.of(str(tmp_path / "a"))
    second.save()
    assert (tmp_path / "cache").stat().st_mtime_ns == before
    assert second.seen(str(tmp_path / "b"))
    second.save(prune=True)
    assert not Digests(tmp_path / "cache").seen(str(tmp_path / "b"))
