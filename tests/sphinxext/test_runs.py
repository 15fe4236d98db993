"""Runs on pages: what differs, links, addresses, lineage, orphans; and that builds agree with one another."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from bs4 import Tag

from tests.sphinxext.building import Built, titled, words
from tests.sphinxext.conftest import Build

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
LOG = "**[`b/1`](1.yaml)**\n\nSlow.\n\n**[`b/2`](2.yaml)**\n\n`b/2-1` is better than `b/1`.\n\n- `b/2-1`: loss=0.25\n"
FILES = {
    "expts/1_b/log.txt": LOG + "\n**`b/9`**\n\nGone.\n",
    "expts/1_b/1.yaml": "lr: 0.1\nnet: {depth: 2, bias: true}\n",
    "expts/1_b/2.yaml": (
        "net: {depth: 3, bias: true}\nckpt: ckpt/b/1/last.ckpt\n"
        "hydra: {mode: MULTIRUN, sweeper: {params: {lr: '1e-3,1e-2'}}}\n"
    ),
    "expts/1_b/3.yaml": "lr: <b>\n",
    "expts/1_b/0002_other/notes.rst": titled("Other", "See :expt:`1/b/2-1`."),
    "expts/1_b/0002_other/9.yaml": "lr: 9\n",
}


def page(*parts: str) -> str:
    return titled("Runs", "\n\n".join((".. expt-log:: log.txt", *parts)))


def rows(table: Tag) -> list[list[str]]:
    return [[words(cell) for cell in row.select("th, td")] for row in table.select("tr")]


def test_a_table_of_runs_shows_what_differs_and_marks_it(build: Build) -> None:
    text = page(".. expt-runs::\n   :runs: 2-0..2-1, b/1\n   :baseline: 1\n   :caption: Two")
    built = build({"expts/1_b/notes.rst": text, **FILES})
    assert built.warnings == ""
    table = built.body("expts/1_b/notes").select_one("table.exptdir-datatable")
    assert table is not None
    assert rows(table) == [
        ["run", "net.depth", "ckpt", "lr", "loss", "in the log"],
        ["b/2-0", "3", "ckpt/b/1/last.ckpt", "0.001", "", ""],
        ["b/2-1", "3", "ckpt/b/1/last.ckpt", "0.01", "0.25", "b/2-1 is better than b/1."],
        ["b/1 (baseline)", "2", "–", "0.1", "", "b/2-1 is better than b/1."],
    ]
    assert [words(cell) for cell in table.select(".exptdir-fill")] == [
        "3", "ckpt/b/1/last.ckpt", "0.001", "3", "ckpt/b/1/last.ckpt", "0.01"
    ]  # fmt: skip
    assert [link["href"] for link in table.select("th a")] == ["#run-b-2-1", "#run-b-1"]
    links = [link["href"] for link in built.body("expts/1_b/0002_other/notes").select("a.exptdir-ref")]
    assert [link.rpartition("#")[2] for link in links] == ["run-b-2-1"]


def test_a_run_that_no_log_tells_of_has_its_address_at_the_table(build: Build) -> None:
    other = {"expts/1_b/0002_other/notes.rst": titled("Other", ":expt:`1/b/2-1` and :expt:`1/3`")}
    built = build({"expts/1_b/notes.rst": page(".. expt-runs::"), **FILES, **other})
    assert built.warnings == ""
    links = [link["href"] for link in built.body("expts/1_b/0002_other/notes").select("a.exptdir-ref")]
    assert [link.rpartition("#")[2] for link in links] == ["run-b-2-1", "run-3"]
    body = built.body("expts/1_b/notes")
    assert body.select_one("table [id='run-3'], table[id='run-3']") is not None or body.select_one("[id='run-3']")
    assert "&lt;b&gt;" in built.html("expts/1_b/notes"), "values are escaped"
    assert ["9"] not in [row[:1] for row in rows(body)], "those of other experiments are theirs"


def test_what_was_built_holds_no_runs(build: Build) -> None:
    files = {
        "index.rst": titled("Whole", ".. expt-runs::\n   :config: ."),
        "1.yaml": "lr: 1\n",
        "_build/x/2.yaml": "lr: 2\n",
    }
    built = build({**files, "expts/1_a/notes.rst": titled("A")})
    assert built.warnings == ""
    assert [row[0] for row in rows(built.body("index"))] == ["run", "1"]
    assert "0 changed" in built.rebuild().status


def test_two_runs_side_by_side(build: Build) -> None:
    files = {
        **FILES,
        "expts/1_b/runs/7/commit.txt": "a" * 40,
        "expts/1_b/runs/8/commit.txt": "b" * 40,
        "expts/1_b/notes.rst": page(".. expt-diff:: 2-0 b/1", ".. expt-diff:: 7 8"),
    }
    built = build(files, conf='exptdir_repository_url = "https://example.org/x"\n')
    assert built.warnings == ""
    first, second = built.body("expts/1_b/notes").select("table.exptdir-datatable")
    assert rows(first)[:4] == [
        ["", "b/2-0", "b/1", "difference"],
        ["net.depth", "3", "2", "-1"],
        ["ckpt", "ckpt/b/1/last.ckpt", "–", ""],
        ["lr", "0.001", "0.1", "+0.099"],
    ]
    assert "1 setting is the same." in words(built.body("expts/1_b/notes"))
    (compare,) = (link["href"] for link in second.select("a") if words(link) == "compare")
    assert compare == f"https://example.org/x/compare/{'a' * 40}...{'b' * 40}"


def test_lineage_and_orphans(build: Build) -> None:
    built = build({"expts/1_b/notes.rst": page(".. expt-lineage::", ".. expt-runs::\n   :orphans:"), **FILES})
    assert built.warnings == ""
    body = built.body("expts/1_b/notes")
    tree = body.select_one(".exptdir-lineage")
    assert words(tree) == ("b/1 b/2-0 lr 0.1 → 0.001; depth 2 → 3 b/2-1 lr 0.1 → 0.01; depth 2 → 3")
    assert tree is not None
    assert [link["href"] for link in tree.select("li li a")] == ["#run-b-2-1"]
    found = words(body.select_one(".exptdir-orphans"))
    assert found == "Not mentioned in the log (1): 3 Mentioned, but without files (1): b/9"


def test_settings_stand_as_they_are_written_and_a_bad_file_is_told_once(build: Build) -> None:
    files = {
        "a--b.yaml": "x: '\"q\"'\n",
        "c.yaml": 'ckpt: ckpt/a--b/last.ckpt\nx: "it\'s"\n',
        "bad/metrics.csv": "\0",
        "good/metrics.csv": "step,a--b\n1,2\n",
    }
    notes = titled("Runs", ".. expt-lineage::\n\n.. expt-curves::")
    built = build({"expts/1_a/notes.rst": notes, **{f"expts/1_a/{name}": text for name, text in files.items()}})
    assert [line.partition("WARNING: ")[2] for line in built.located] == [
        "expts/1_a/bad/metrics.csv: metrics.csv cannot be read: it holds null bytes, so it is no text [exptdir.run]"
    ]
    body = built.body("expts/1_a/notes")
    assert words(body.select_one(".exptdir-lineage")) == 'a--b c x "q" → it\'s'
    assert words(body.select_one("figcaption .caption-text")) == "a--b, smoothed by 0.6"


@pytest.mark.parametrize(
    ("directive", "says"),
    [
        (".. expt-runs::\n   :runs: 1, nix", "there is no run 'nix'"),
        (".. expt-runs::\n   :config: nowhere", "there is no directory 'nowhere' of runs"),
        (".. expt-runs::\n   :config: ../../../..", "lies outside the record"),
        (".. expt-runs::\n   :log: gone.txt", "there is no such file"),
        (".. expt-runs::\n   :keys: zzz", "no setting of these runs is called 'zzz'"),
        (".. expt-runs::\n   :baseline: 2", "'2' is 2 runs: name one"),
        (".. expt-diff:: 1 nix", "there is no run 'nix'"),
        (".. expt-runs::\n   :sort: zzz", "zzz"),
    ],
)
def test_what_is_not_there_is_said_and_the_build_goes_on(build: Build, directive: str, says: str) -> None:
    built = build({"expts/1_b/notes.rst": page(directive), **FILES})
    (warning,) = built.located
    assert says in warning
    assert warning.startswith("expts/1_b/notes.rst:")


def test_files_that_cannot_be_read_are_located_and_the_others_shown(build: Build) -> None:
    broken = {"expts/1_b/4.yaml": "a: 1\nb: [\n", "expts/1_b/5.yaml": bytes(range(256))}
    built = build({"expts/1_b/notes.rst": page(".. expt-runs::"), **FILES, **broken})
    assert len(built.located) == 2
    assert "expts/1_b/4.yaml, line 3: 4.yaml cannot be read: it is not YAML" in built.located[0]
    names = [row[0] for row in rows(built.body("expts/1_b/notes"))]
    assert names[1:] == ["b/1", "b/2-0", "b/2-1", "3", "4", "5", "b/9"]
    assert len(built.rebuild().located) == 2


def snapshot(built: Built) -> dict[str, bytes]:
    found = (path for path in built.out.rglob("*") if path.is_file())
    return {str(path.relative_to(built.out)): path.read_bytes() for path in found if path.name != "searchindex.js"}


EDITS = {
    "a line of the log": {"expts/1_b/log.txt": LOG.replace("better", "far better")},
    "a configuration": {"expts/1_b/1.yaml": "lr: 0.5\nnet: {depth: 2, bias: true}\n"},
    "a new run directory": {"expts/1_b/runs/new/commit.txt": "c" * 40},
    "a new configuration": {"expts/1_b/6.yaml": "lr: 6\n"},
    "one that is gone": {"expts/1_b/3.yaml": None},
    "one that was looked for": {"expts/1_b/schema.yaml": "wd: 1\n"},
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_incremental_build_is_a_clean_one(build: Build, edit: str) -> None:
    text = page(".. expt-runs::", ".. expt-lineage::", ".. expt-diff:: 1 2-1", ".. expt-runs::\n   :orphans:")
    base = {**FILES, "expts/1_b/1.yaml": "defaults: [schema]\nlr: 0.1\nnet: {depth: 2, bias: true}\n"}
    built = build({"expts/1_b/notes.rst": text, **base})
    again = built.rebuild()
    assert "0 changed" in again.status
    changed = built.rebuild(EDITS[edit])
    clean = built.site.build("html", out="clean", parallel=4)
    assert snapshot(changed) == snapshot(clean)
    assert "0 changed" in built.rebuild().status


def test_other_builders_show_the_same(build: Build) -> None:
    text = page(".. expt-runs::\n   :runs: 1, 2-1", ".. expt-lineage::")
    built = build({"expts/1_b/notes.rst": text, **FILES}, "latex")
    assert built.warnings == ""
    shown = built.text("expts/1_b/notes")
    assert re.search(r"b/2-1 +\| 3 +\| ckpt/b/1/last", shown) or "b/2-1" in shown
    single = built.site.build("singlehtml")
    anchors = {tag["id"] for tag in single.page().select("[id]")}
    links = [link["href"] for link in single.page().select("table.exptdir-datatable th a, .exptdir-lineage a")]
    assert links
    assert {link.removeprefix("#") for link in links} <= anchors


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of other people's logs is not here")
def test_real_runs_against_their_baseline(build: Build, tmp_path: Path) -> None:
    text = titled("B", ".. expt-log:: README.md\n\n.. expt-runs::\n   :runs: b/13-0..b/13-4, 11, 12\n   :baseline: 11")
    directory = tmp_path / "record0/source/expts/b"
    shutil.copytree(CORPUS / "runs_b", directory)
    for path in directory.iterdir():
        path.chmod(0o644)
    (directory / "README.md").rename(directory / "list.txt")
    built = build({"expts/b/notes.rst": text.replace("README.md", "list.txt")})
    assert built.warnings == ""
    (table,) = built.body("expts/b/notes").select("table.exptdir-datatable")
    head = [words(cell).rpartition(".")[2] for cell in table.select("thead th")]
    # Here the directory is called as in its tree, and the defaults are found: a setting of them is another's as well.
    assert head[1:7] == [
        "stepRegression",
        "freeze_transformer",
        "max_epochs",
        "ckpt_load_path",
        "stepReconstruction",
        "stepRegressionSingle",
    ]
    assert len(table.select("tbody tr")) == 7


def test_a_long_value_is_shown_by_its_beginning_with_the_whole_folded_below(build: Build) -> None:
    value = " ".join(f"layer{at}" for at in range(200))
    built = build({"expts/1_b/notes.rst": page(".. expt-runs::"), **FILES, "expts/1_b/3.yaml": f"lr: {value}\n"})
    body = built.body("expts/1_b/notes")
    cell = next(text for row in rows(body.select_one("table")) for text in row if text.startswith("layer0"))
    assert cell.endswith(" …") and len(cell) < 250
    folded = body.select_one("details.exptdir-fold:has(pre)")
    assert words(folded.summary) == "Long values, whole"
    assert [words(name) for name in folded.select("strong")] == ["3, lr"]
    assert words(folded.pre) == value
