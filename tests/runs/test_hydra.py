"""Hydra's configurations: what defaults bring, where it goes, sweeps, and what interpolation may not show."""

from __future__ import annotations

from pathlib import Path

import pytest

from exptdir.runs import ConfigurationFiles, Run, find_runs
from exptdir.runs.hydra import sweep_values


def read(base: Path, files: dict[str, str]) -> dict[str, Run]:
    for name, text in files.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(text)
    return {run.id: run for run in find_runs([base], ConfigurationFiles(), base=base).every}


def test_defaults_are_followed_into_their_packages(tmp_path: Path) -> None:
    run = read(
        tmp_path,
        {
            "main.yaml": "defaults:\n- db: mysql\n- /opt/adam@train.opt\n- _self_\n- override /net: big\n"
            "- override hydra/launcher: slurm\nlr: 1\n",
            "db/mysql.yaml": "host: here\nlr: 9\n",
            "opt/adam.yaml": "defaults: [base]\nbeta: 0.9\n",
            "opt/base.yaml": "# @package _global_\nseed: 7\nlr: 0\n",
            "net/big.yaml": "# @package model\nwidth: 99\n",
        },
    )["main"]
    assert run.configuration == {
        "db.host": "here", "db.lr": 9, "train.opt.beta": 0.9, "seed": 7, "lr": 1, "model.width": 99
    }  # fmt: skip
    assert run.notes == []


def test_the_end_of_a_path_counts_where_a_part_of_the_tree_is_kept(tmp_path: Path) -> None:
    files = {
        "b/base.yaml": "defaults: [/schema/data@_here_, optional /nothing: here]\na: {b: 1}\n",
        "b/01.yaml": "# @package _global_\ndefaults: [/experiment/b/base@_here_, _self_]\na: {c: 2}\n",
    }
    runs = read(tmp_path, files)
    assert list(runs) == ["01"], "what others build on is no run"
    assert runs["01"].configuration == {"a.b": 1, "a.c": 2, "defaults": "/schema/data@_here_"}
    assert "no file is here: /schema/data@_here_" in runs["01"].notes[0]


def test_circles_end(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.yaml").write_text(f"defaults: [{other}]\n{name}: 1\n")
    files = ConfigurationFiles()
    runs = find_runs([tmp_path], files, base=tmp_path)
    assert {"the defaults of b.yaml lead back to a", "the defaults of a.yaml lead back to b"} == {
        problem.message for problem in runs.problems
    }


SWEEP = """\
defaults: [net: small]
name: b/13-${hydra:job.num}
hydra:
  mode: MULTIRUN
  sweeper: {params: {opt.lr: "0.1,0.01", net: "choice(small, big)"}}
"""


def test_a_sweep_is_as_many_runs(tmp_path: Path) -> None:
    runs = read(tmp_path, {"13.yaml": SWEEP, "net/small.yaml": "width: 1\n", "net/big.yaml": "width: 2\n"})
    assert runs["13"].is_sweep
    parts = [runs[f"13-{number}"] for number in range(4)]
    found = [(part.configuration["opt.lr"], part.configuration["net.width"]) for part in parts]
    assert found == [(0.1, 1), (0.1, 2), (0.01, 1), (0.01, 2)]
    assert all(f"b/13-{number}" in part.aliases for number, part in enumerate(parts))


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("0,1,2", [0, 1, 2]),
        ("a,'b,c',[1,2]", ["a", "b,c", "[1,2]"]),
        ("range(0, 10, 4)", [0, 4, 8]),
        ("interval(0, 1)", None),
        (5, [5]),
        ([1, True], [1, True]),
    ],
)
def test_values_of_a_sweep(written: object, values: list[object] | None) -> None:
    assert sweep_values(written) == values


def test_values_that_are_drawn_while_it_runs_are_shown_as_written(tmp_path: Path) -> None:
    text = "hydra:\n  mode: MULTIRUN\n  sweeper: {params: {lr: 'interval(0, 1)'}}\n"
    run = read(tmp_path, {"1.yaml": text})["1"]
    assert (run.configuration, run.is_sweep) == ({"lr": "interval(0, 1)"}, False)
    assert "no list of parts" in run.notes[0]


def test_interpolation_shows_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("omegaconf")
    monkeypatch.setenv("SECRET", "xyzzy")
    text = (
        "n: 3\nname: net-${n}\nm: {k: '${.l}', l: '${n}'}\nlist: ['${n}']\ngone: ${nowhere}\n"
        "secret: ${oc.env:SECRET}\nhidden: '${oc.${e}:SECRET}'\ne: env\nround: ${about}\nabout: ${round}\n"
        "indirect: ${secret}\n"
    )
    run = read(tmp_path, {"1.yaml": text})["1"]
    assert run.configuration["name"] == "net-3"
    assert run.configuration["m.k"] == 3
    assert run.configuration["list"] == "[3]"
    assert run.configuration["gone"] == "${nowhere}"
    assert run.configuration["indirect"] == "${oc.env:SECRET}"
    assert "xyzzy" not in str(run)
    assert "${nowhere}" in run.notes[0]


def test_what_could_be_chosen_is_no_run(tmp_path: Path) -> None:
    files = {
        "main.yaml": "defaults: [db: mysql]\nlr: 1\n",
        "db/mysql.yaml": "port: 1\n",
        "db/postgres.yaml": "port: 2\n",
        "other/free.yaml": "a: 1\n",
    }
    assert list(read(tmp_path, files)) == ["main", "free"]
