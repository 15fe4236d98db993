"""Scripts that read what no trace sees: everything that they may have read counts."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.figures.toys import Bench, bench, log, old
from tests.limits import next_tick


def test_where_reading_cannot_be_seen_all_data_count(tmp_path: Path):
    texts = {"a/index.rst": log("x.svg"), "a/plot.py": "unseen pyarrow\nname ../far\ndraw x.svg", "a/in/d.parquet": "1"}
    work = bench(tmp_path, texts | {"a/sub/index.rst": log(), "a/sub/other.csv": "1", "far/f.parquet": "1"})
    report = work.update()
    assert report.scripts["expts/a/plot.py"].unseen == ("pyarrow",)
    for change in ("a/in/d.parquet", "a/new.parquet", "far/f.parquet", "far/g.parquet"):
        work.fill({f"expts/{change}": "changed"})
        assert work.ran() == ["a/plot.py"], change
        assert work.ran() == []
    work.fill({"expts/a/sub/other.csv": "2", "expts/a/notes.md": "A text."})
    assert work.ran() == []


def test_of_other_languages_all_data_count_too(tmp_path: Path):
    work = bench(tmp_path, {"a/index.rst": log("x.svg"), "a/plot.R": "draw x.svg", "a/d.csv": "1", "a/lib.R": "1"})
    assert work.ran() == ["a/plot.R"]
    for name in ("d.csv", "lib.R"):
        work.fill({f"expts/a/{name}": "2"})
        assert work.ran() == ["a/plot.R"]
        assert work.ran() == []


def test_a_big_file_that_may_not_even_be_read_is_known_by_size_and_time(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("exptdir.figures.plan.new_entry.BIG", 5)
    work = old(tmp_path, **{"a/model.bin": "0123456789"})
    work.update()
    assert "model.bin" not in work.ledger()
    assert work.ran() == []
    shutil.copytree(work.base, tmp_path / "elsewhere" / "clone")
    clone = Bench(tmp_path / "elsewhere" / "clone")
    assert (clone.ran(), clone.update().figures["expts/a/x.svg"].state) == ([], "unknown")
    next_tick(tmp_path)
    work.fill({"expts/a/model.bin": "9876543210"})
    assert work.ran() == ["a/plot.py"]


def test_declared_inputs_count_instead_where_reading_cannot_be_seen(tmp_path: Path):
    toml = '[[figure]]\nscript = "draw.py"\nargs = ["--log"]\noutputs = ["x.svg"]\ninputs = ["in/*.parquet"]\n'
    texts = {"a/index.rst": log("x.svg"), "a/expt.toml": toml, "a/draw.py": "unseen pyarrow\ndraw x.svg"}
    work = bench(tmp_path, texts | {"a/in/1.parquet": "1", "a/other.csv": "1"})
    assert work.ran() == ["a/draw.py"]
    assert work.jobs[0].args == ("--log",)
    work.fill({"expts/a/other.csv": "2"})
    assert work.ran() == []
    work.fill({"expts/a/in/2.parquet": "2"})
    assert work.ran() == ["a/draw.py"]
    (work.base / "expts/a/in/1.parquet").write_text("changed")
    assert work.ran() == ["a/draw.py"]
