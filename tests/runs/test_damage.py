"""Damaged files of every kind: a problem at most, never an exception, and every run is still there."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from exptdir.runs import ConfigurationFiles, find_parents, find_runs, lineage, read_series, run_table

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "runs_b"
OWN = {
    "a.yaml": b"defaults: [b, /c@_here_, {db: x}]\nn: ${a.b}\na: {b: ${n}}\n"
    b"hydra: {mode: MULTIRUN, sweeper: {params: {x: '1,2'}}}\n",
    "b.toml": b"[x]\ny = 1\nz = [1, {a = 2}]\n",
    "c.ini": b"[x]\ny = 1\n",
    "d.json": b'{"x": {"y": [1, null, "\\u00e9"]}}',
    "run/metrics.csv": b"step,loss,val_loss\n1,2,3\n2,1,\n",
    "run/log.jsonl": b'{"step": 1, "loss": 2}\n{"step": 2, "loss": 1}\n',
    "run/hparams.yaml": b"lr: 0.1\n",
    "run/events.out.tfevents.1": bytes(range(200)),
    "ml/meta.yaml": b"run_id: 1\nrun_name: x\nstatus: 3\n",
    "ml/metrics/loss": b"1 2 3\n",
    "wb/files/config.yaml": b"lr: {desc: null, value: 1}\n",
    "wb/files/wandb-metadata.json": b'{"git": {"commit": "abcdef1"}, "args": ["--x"]}',
}


def damage(content: bytes, chance: random.Random) -> bytes:
    """Cut, double, overwrite or insert some bytes."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        how = chance.randrange(4)
        if how == 0:
            del data[at : at + chance.randint(1, 30)]
        elif how == 1:
            data[at:at] = data[at : at + chance.randint(1, 60)] * chance.randint(1, 3)
        elif how == 2:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 5)))
        else:
            data[at:at] = chance.choice(
                [b"&a ", b"*a", b"<<: ", b"${", b"[", b"{", b"\t", b": ", b"!!x ", b"\0", b"- "]
            )
    return bytes(data)


@pytest.mark.parametrize("seed", range(60))
def test_damaged_files_are_problems_at_most(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    real = {path.name: path.read_bytes() for path in CORPUS.glob("*.yaml")} if CORPUS.is_dir() else {}
    for name, content in {**real, **OWN}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(damage(content, chance) if chance.random() < 0.7 else content)
    files = ConfigurationFiles()
    runs = find_runs([tmp_path], files, base=tmp_path, with_json=True)
    find_parents(runs)
    assert {path for run in runs.every for path in run.files} | {problem.path for problem in files.problems}
    lineage(runs)
    run_table(runs.choose("")[0])
    for run in runs.every:
        if run.directory is not None:
            read_series(run.directory, files)
    assert all(problem.path is not None and problem.message for problem in files.problems)
