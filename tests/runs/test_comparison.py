"""What differs among runs, what is marked against a baseline, two runs side by side, and who goes back to whom."""

from __future__ import annotations

from exptdir.runs import Run, Runs, diff_table, find_parents, lineage, run_table
from exptdir.tables import Table

A = Run("b/1", ("1",), {"name": "b/1", "lr": 0.1, "seed": 1, "net.depth": 2}, {"loss": 0.123456789}, commit="a" * 40)
B = Run("b/2", ("2",), {"name": "b/2", "lr": 0.1, "seed": True, "net.depth": 3.0}, commit="b" * 40)
C = Run("b/3", ("3",), {"name": "b/3", "lr": 0.1, "seed": 1, "drop": None})


def texts(table: Table) -> list[list[str]]:
    return [[("*" if cell.look.bold else "") + cell.text for cell in row] for row in table.rows]


def test_only_what_differs_is_shown_and_marked_against_the_baseline() -> None:
    assert texts(run_table([A, B, C], A)) == [
        ["run", "seed", "net.depth", "drop", "commit", "loss"],
        ["b/1 (baseline)", "1", "2", "–", "aaaaaaaaaa", "0.123457"],
        ["b/2", "*true", "*3.0", "–", "bbbbbbbbbb", ""],
        ["b/3", "1", "*–", "*null", "", ""],
    ]


def test_what_was_written_of_a_run_is_shown_by_its_beginning_and_kept_whole() -> None:
    text = "words " * 200
    run = Run("1", remark=text, command=text, said=text)
    for table in (run_table([run, A], keys=()), diff_table(run, A)):
        cells = [cell for row in table.rows for cell in row if cell.text.startswith("words")]
        assert [(len(cell.text) < 250, cell.text[-2:], cell.value) for cell in cells] == [(True, " …", text)] * 3


def test_two_runs_side_by_side() -> None:
    table = diff_table(A, B, repository="https://example.org/x/")
    assert texts(table) == [
        ["", "b/1", "b/2", "difference"],
        ["seed", "*1", "*true", ""],
        ["net.depth", "*2", "*3.0", "+1"],
        ["loss", "0.123457", "", ""],
        ["commit", "aaaaaaaaaa", "bbbbbbbbbb", "compare"],
    ]
    assert table.rows[-1][1].href == f"https://example.org/x/commit/{'a' * 40}"
    assert table.rows[-1][3].href == f"https://example.org/x/compare/{'a' * 40}...{'b' * 40}"


def test_parents_are_found_in_the_paths_of_checkpoints() -> None:
    runs = Runs(
        [
            Run("b/10"),
            Run("b/11", configuration={"trainer.ckpt_load_path": "ckpt/b/10/last.ckpt", "lr": 1}),
            Run("b/12", configuration={"init": "C:\\x\\b\\11.pt", "save_ckpt": "ckpt/b/10/x", "lr": 2}),
            Run("b/13", configuration={"resume": "ckpt/b/12/a.pt", "pretrained": True, "ckpt_every": "b/10"}),
            Run("b/14", configuration={"pretrained": "other/model", "lr": 1}),
            Run("b/15"),
        ]
    )
    find_parents(runs)
    found = [[(one.name, one.how, one.changed) for one in root.walk()] for root in lineage(runs)]
    assert found == [
        [("other/model", "", []), ("b/14", "checkpoint", [])],
        [
            ("b/10", "", []),
            ("b/11", "checkpoint", ["lr – → 1"]),
            ("b/12", "checkpoint", ["lr 1 → 2", "save_ckpt – → ckpt/b/10/x"]),
            (
                "b/13",
                "resumed",
                ["save_ckpt ckpt/b/10/x → –", "lr 2 → –", "pretrained – → true", "ckpt_every – → b/10"],
            ),
        ],
    ]
    assert [[one.name for one in root.walk()] for root in lineage(runs, [runs.named("b/11")[0]])] == [["b/10", "b/11"]]


def test_circles_of_parents_end() -> None:
    runs = Runs([Run("a", configuration={"ckpt": "x/b/1.pt"}), Run("b", configuration={"ckpt": "x/a/1.pt"})])
    find_parents(runs)
    assert [[one.name for one in root.walk()] for root in lineage(runs)] == [["b", "a"]]
