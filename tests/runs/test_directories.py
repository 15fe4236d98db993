"""Directories that programs and people leave behind, each read for what it holds."""

from __future__ import annotations

from pathlib import Path

from exptdir.runs import ConfigurationFiles, Run, Runs, find_runs

SHA = "2b14ac546bf27e9e97ffb3b93f76553907d4a3db"
HYDRA = "outputs/2024-05-01/12-00-00"
WANDB = "wandb/run-20240501_120000-abc123"
MLFLOW = "mlruns/0/0f3a"
TREE = {
    f"{HYDRA}/.hydra/config.yaml": "lr: 0.1\nmodel: {depth: 2}\n",
    f"{HYDRA}/.hydra/overrides.yaml": "- lr=0.1\n- model=small\n",
    "lightning_logs/version_0/hparams.yaml": "lr: 0.2\n",
    "lightning_logs/version_0/metrics.csv": "epoch,step,train_loss,val_loss\n0,1,3,\n0,2,,5\n1,3,2,\n",
    f"{WANDB}/files/config.yaml": "wandb_version: 1\nlr: {desc: null, value: 0.3}\n_wandb: {value: {x: 1}}\n",
    f"{WANDB}/files/wandb-summary.json": '{"loss": 0.5, "_step": 9, "best": {"acc": 1, "h": {"_type": "histogram", '
    '"values": [1]}}, "seen": {"_type": "table-file", "path": "media/x.json"}}',
    f"{WANDB}/files/wandb-metadata.json": f'{{"git": {{"commit": "{SHA}"}}, "program": "train.py", "args": ["--x"]}}',
    "mlruns/0/meta.yaml": "experiment_id: '0'\nname: Default\n",
    f"{MLFLOW}/meta.yaml": "run_id: 0f3a\nrun_name: calm-owl\nstatus: 4\n",
    f"{MLFLOW}/params/lr": "0.4",
    f"{MLFLOW}/metrics/val/loss": "1714557600 2.5 1\n1714557601 1.5 2\n",
    f"{MLFLOW}/tags/mlflow.source.git.commit": SHA,
    f"{MLFLOW}/tags/mlflow.parentRunId": "1111",
    "2022_m10_d22@01_07_24_two_body/commit_hash.txt": SHA,
    "2022_m10_d22@01_07_24_two_body/cmd.txt": "python train.py --two\n",
    "2022_m10_d22@01_07_24_two_body/metrics.json": '{"acc": 0.9}',
    "2022_m10_d22@01_07_24_two_body/remarks.txt": "Failed.\n",
    "runs/003/config.json": '{"lr": 0.5}',
}


def read(base: Path, tree: dict[str, str], with_json: bool = False) -> Runs:
    for name, text in tree.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(text)
    return find_runs([base], ConfigurationFiles(), base=base, with_json=with_json)


def only(runs: Runs, name: str) -> Run:
    (run,) = runs.named(name)
    return run


def test_each_kind_of_directory_is_a_run(tmp_path: Path) -> None:
    runs = read(tmp_path, TREE)
    assert runs.problems == []
    assert [run.id for run in runs.every] == [
        "2022_m10_d22@01_07_24_two_body", "version_0", "calm-owl", "2024-05-01/12-00-00", "003",
        "run-20240501_120000-abc123",
    ]  # fmt: skip
    hydra = only(runs, "12-00-00")
    assert hydra.configuration == {"lr": 0.1, "model.depth": 2}
    assert hydra.command == "lr=0.1 model=small"
    lightning = only(runs, "lightning_logs/version_0")
    assert (lightning.configuration, lightning.metrics) == ({"lr": 0.2}, {"train_loss": 2.0, "val_loss": 5.0})
    wandb = only(runs, WANDB)
    assert (wandb.configuration, wandb.metrics) == ({"lr": 0.3}, {"loss": 0.5, "best.acc": 1})
    assert (wandb.commit, wandb.command) == (SHA, "train.py --x")
    mlflow = only(runs, "0f3a")
    assert (mlflow.configuration, mlflow.metrics) == ({"lr": 0.4}, {"val/loss": 1.5})
    assert (mlflow.state, mlflow.commit, mlflow.parents[0].run) == ("failed", SHA, "1111")
    plain = only(runs, "2022_m10_d22@01_07_24_two_body")
    assert (plain.commit, plain.command, plain.remark) == (SHA, "python train.py --two", "Failed.")
    assert plain.metrics == {"acc": 0.9}
    assert only(runs, "runs/003").configuration == {"lr": 0.5}


def test_a_sweep_that_ran_is_its_parts_and_a_run_that_was_deleted_says_so(tmp_path: Path) -> None:
    whole = "hydra: {mode: MULTIRUN, sweeper: {params: {lr: '1,2'}}}\n"
    tree = {f"multirun/1/{part}/.hydra/config.yaml": f"lr: {part}\n" for part in (0, 1)}
    meta = {"mlruns/0/0f3a/meta.yaml": "status: 3\nlifecycle_stage: deleted\n", "mlruns/0/0f3a/params/lr": "1"}
    runs = read(tmp_path, {"multirun/1/multirun.yaml": whole, **tree, **meta})
    assert [(run.id, run.state) for run in runs.every] == [("0/0f3a", "deleted"), ("1/0", ""), ("1/1", "")]


def test_a_configuration_and_its_directory_are_one_run(tmp_path: Path) -> None:
    runs = read(tmp_path, {"configs/7.yaml": "lr: 1\n", "runs/7/metrics.json": '{"loss": 2}', "expt.toml": "id = 1\n"})
    (run,) = runs.every
    assert (run.id, run.configuration, run.metrics) == ("7", {"lr": 1}, {"loss": 2})


def test_runs_that_are_called_alike_are_called_by_their_paths(tmp_path: Path) -> None:
    runs = read(tmp_path, {"a/1.yaml": "lr: 1\n", "b/1.yaml": "lr: 2\n"})
    assert [(run.id, run.configuration["lr"]) for run in runs.every] == [("1", 1), ("b/1.yaml", 2)]


def test_data_beside_a_log_are_no_runs_unless_they_are_asked_for(tmp_path: Path) -> None:
    tree = {"points.json": '{"x": 1}', "list.yaml": "- 1\n", "empty.yaml": ""}
    assert [run.id for run in read(tmp_path, tree).every] == ["list"]
    runs = read(tmp_path, tree, with_json=True)
    assert [(run.id, run.state) for run in runs.every] == [("list", "unreadable"), ("points", "")]
    assert "no settings" in runs.problems[0].message
