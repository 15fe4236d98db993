"""What logs say of runs, put together with their files: in our own words, and for the logs of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from exptdir.logs import read_log, read_log_text
from exptdir.logs.runs import gather
from exptdir.runs import ConfigurationFiles, Runs, find_runs, lineage, orphans, run_table

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of other people's logs is not beside the project"
)

LIST = """\
**[`b/10`](10.yaml)**

Slow. It is stable.

**[`b/11`](11.yaml)**

As before. valid=0.25

- `b/11-0` is much better than `b/10`. #good
- Nothing else. `b/12` was never run: loss: ~3.5
"""
TABLE = (
    "experiment,log,lr,optimizer,acc\n1,first of all those that were tried with this optimizer,0.1,adam,0.5\n"
    "2,same as 1 but weight decay is 0.2. It is good.,,sgd,0.6\n3,same as 2 but lr = 0.5. It was slow,,,\n"
)
CONFIGURATIONS = {
    "10.yaml": "lr: 1\n",
    "11.yaml": "hydra: {mode: MULTIRUN, sweeper: {params: {lr: '1,2'}}}\nckpt: ckpt/b/10/x.pt\n",
    "13.yaml": "lr: 4\n",
}


def beside(log: str, name: str, base: Path, files: dict[str, str]) -> Runs:
    for file, text in files.items():
        (base / file).write_text(text)
    return gather(find_runs([base], ConfigurationFiles(), base=base), [read_log_text(log, name)])


def test_a_run_is_called_as_the_log_calls_it_and_has_what_is_said(tmp_path: Path) -> None:
    runs = beside(LIST, "log.md", tmp_path, CONFIGURATIONS)
    assert [(run.id, run.logged) for run in runs.every if not run.is_sweep] == [
        ("b/10", True), ("b/11-0", True), ("b/11-1", False), ("13", False)
    ]  # fmt: skip
    first, part = runs.named("10")[0], runs.named("11-0")[0]
    assert first.said == "b/11-0 is much better than b/10. #good"
    assert part.said == first.said
    assert [parent.run for parent in part.parents] == ["b/11", "b/10"]
    found = orphans(runs)
    assert [run.id for run in found.unmentioned] == ["13"], "who tells of a sweep tells of its parts"


def test_a_conclusion_is_kept_whole() -> None:
    text = f"It is best as {'it has the words that it needs and ' * 30}no more."
    document = read_log_text(f"**[`b/1`](1.yaml)**\n\n{text}\n", "notes.md", "runs")
    assert gather(Runs(), [document]).every[0].said == text


def test_same_as_gives_the_settings_and_is_shown_as_said(tmp_path: Path) -> None:
    runs = beside(TABLE, "log.csv", tmp_path, {})
    assert runs.named("1")[0].configuration == {"lr": 0.1, "optimizer": "adam"}
    said = {"as said": "same as 1 but weight decay is 0.2"}
    assert runs.named("2")[0].configuration == {"lr": 0.1, "optimizer": "sgd", **said}
    assert runs.named("3")[0].configuration == {"lr": 0.5, "optimizer": "sgd", "as said": "same as 2 but lr = 0.5"}
    assert [run.metrics for run in runs.every] == [{"acc": 0.5}, {"acc": 0.6}, {}]
    assert [[one.name for one in root.walk()] for root in lineage(runs)] == [["1", "2", "3"]]
    (root,) = lineage(runs)
    assert [(one.how, one.changed) for one in root.walk()][1:] == [
        ("same as 1 but weight decay is 0.2", ["optimizer adam → sgd"]),
        ("same as 2 but lr = 0.5", ["lr 0.1 → 0.5"]),
    ]
    assert [run.said for run in runs.every][1:] == ["It is good.", "It was slow"]


@needs_corpus
def test_exactly_what_differs_between_runs_of_a_real_log() -> None:
    directory = CORPUS / "runs_b"
    found = find_runs([directory], ConfigurationFiles(), base=directory)
    runs = gather(found, [read_log(next((CORPUS / "seeds").glob("000_*")))])
    chosen, troubles = runs.choose("13-0..13-4, 11, b/12")
    assert (len(chosen), troubles) == (7, [])
    table = run_table(chosen, runs.named("11")[0])
    # By hand: 13 has no stepReconstruction and sweeps freeze_transformer; 12 has another head, checkpoint and length.
    marked = {
        (row[0].text, table.rows[0][at].text.rpartition(".")[2])
        for row in table.rows[1:]
        for at, cell in enumerate(row)
        if cell.look.bold
    }
    assert [cell.text for cell in table.rows[0][1:7]] == [
        "objective.task.stepRegression",
        "objective.freeze_transformer",
        "trainer.max_epochs",
        "trainer.ckpt_load_path",
        "objective.task.stepReconstruction",
        "objective.task.stepRegressionSingle",
    ]
    parts = [f"b/13-{number}" for number in range(5)]
    assert marked == {
        *((part, "stepReconstruction") for part in parts),
        *((part, "freeze_transformer") for part in parts if part != "b/13-1"),
        *(("b/12", key) for key in ("stepRegression", "stepRegressionSingle", "max_epochs", "ckpt_load_path")),
    }


@needs_corpus
def test_the_lineage_and_the_orphans_of_real_runs() -> None:
    directory = CORPUS / "runs_b"
    found = find_runs([directory], ConfigurationFiles(), base=directory)
    runs = gather(found, [read_log(next((CORPUS / "seeds").glob("000_*")))])
    above = {child.name: one.name for root in lineage(runs) for one in root.walk() for child in one.children}
    assert above == {
        "b/02": "b/01", "b/03": "b/01", "b/04": "b/03", "b/06": "b/05", "b/07": "b/06", "b/08": "b/07", "b/09": "b/08",
        "b/10": "b/06", "b/11": "b/10", "b/12": "b/08", **{f"b/13-{n}": "b/10" for n in range(5)},
        **{f"b/14-{n}": "b/10" for n in range(4)}, "b/15": "b/13-3", "b/17": "b/16",
    }  # fmt: skip
    assert [run.id for run in orphans(runs).unmentioned] == ["base"]


@needs_corpus
def test_run_directories_that_a_real_journal_never_mentions() -> None:
    directory = CORPUS / "journal_runs"
    names = [path.name for path in directory.iterdir()]
    found = find_runs([directory], ConfigurationFiles(), base=directory)
    assert sorted(run.id for run in found.every) == sorted(names)
    assert all(run.commit for run in found.every)
    log = next((CORPUS / "seeds").glob("002_*"))
    text = log.read_text("utf-8")
    runs = gather(found, [read_log(log, runs=names)])
    unmentioned = {run.id for run in orphans(runs).unmentioned}
    assert {name for name in unmentioned if name in text} == set()
    assert len(unmentioned) == 26
