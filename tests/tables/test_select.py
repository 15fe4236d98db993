"""Parts of tables: columns, order, the first rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from exptdir.errors import TableError
from exptdir.tables import Table, read_table, read_text, select
from tests.tables.making import make, texts

RUNS = 'run,loss,acc,"a, b"\nrun10,0.5,0.9,x\nrun2,0.25,,y\nrun1,1.5,0.7,z\n'


def runs(content: str = RUNS, **options: int) -> Table:
    return read_text(content, name="the content", path=Path("log.rst"), **options)


def merged(sheet: Worksheet) -> None:
    """Two groups over columns, two over rows."""
    for row in (
        ["", "train", "", "test", ""],
        ["group", "loss", "acc", "loss", "acc"],
        ["a", 4, 0.1, 5, 0.2],
        ["", 3, 0.3, 6, 0.4],
        ["b", 2, 0.5, 7, 0.6],
        ["", 1, 0.7, 8, 0.8],
    ):
        sheet.append(row)
    for place in ("B1:C1", "D1:E1", "A3:A4", "A5:A6"):
        sheet.merge_cells(place)


@pytest.fixture
def groups(tmp_path: Path) -> Table:
    return read_table(make(tmp_path, merged), header_rows=2, header_columns=1)


def spans(table: Table) -> list[list[str]]:
    return [
        ["~" if cell.covered else f"{cell.text}/{cell.rowspan}x{cell.colspan}" for cell in row] for row in table.rows
    ]


def test_a_column_is_also_called_what_a_row_above_says_of_it_alone() -> None:
    logged = runs("TIME,T,RH\nTS,degC,degC\n,Avg,Avg\n2024-03-01,1,2\n2024-03-02,3,4\n")
    assert (logged.header_rows, [row[0].text for row in select(logged, columns="rh").rows]) == (
        3,
        ["RH", "degC", "Avg", "2", "4"],
    )
    with pytest.raises(TableError, match="2 columns are called 'Avg'"):
        select(logged, columns="Avg")


@pytest.mark.parametrize(
    ("columns", "header"),
    [
        ("loss, run", ["loss", "run"]),
        ("LOSS", ["loss"]),
        ("B:D, A", ["loss", "acc", "a, b", "run"]),
        ('"a, b", run', ["a, b", "run"]),
        ("`a, b`", ["a, b"]),
        ("c", ["acc"]),
    ],
)
def test_columns_are_chosen_and_ordered_by_name_or_letter(columns: str, header: list[str]) -> None:
    shown = select(runs(), columns=columns)
    assert texts(shown)[0] == header
    assert (shown.header_rows, shown.n_rows) == (1, 4)


def test_a_name_comes_before_a_letter() -> None:
    assert texts(select(runs("b,a\n1,2\n"), columns="a"))[0] == ["a"]
    assert texts(select(runs("x,y\nA,\n", header_rows=1), columns="A"))[0] == ["x"]


def test_letters_are_those_of_the_file_also_after_another_choice() -> None:
    once = select(runs(), columns="C:D, A")
    assert once.letters == ("C", "D", "A")
    assert texts(select(once, columns="A, C"))[0] == ["run", "acc"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("los", "there is no column 'los': its columns are 'loss', "),
        ("run, run", "'run' is chosen twice"),
        ("A:C, loss", "'loss' is chosen twice"),
        ("X:Z", "there are no columns X:Z: the table has A to D"),
        ("run,,loss", "is not a list of columns"),
        ("", "is not a list of columns"),
        ('"run', "there is no column"),
        ('"A"', "there is no column 'A'"),
    ],
)
def test_a_column_that_is_not_there_is_refused(columns: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        select(runs(), columns=columns)


def test_two_columns_of_one_name_are_told_apart_by_letters(groups: Table) -> None:
    with pytest.raises(TableError, match=r"2 columns are called 'loss': choose by letter \(B and D\)"):
        select(groups, columns="loss")
    assert texts(select(groups, columns="D"))[1] == ["loss"]


def test_without_a_header_there_are_letters_only() -> None:
    with pytest.raises(TableError, match="no header row, so that its columns are A to B"):
        select(runs("1,2\n3,4\n"), columns="x")
    assert texts(select(runs("1,2\n3,4\n"), columns="B", sort="-A")) == [["4"], ["2"]]


def test_a_line_break_in_a_name_is_a_blank() -> None:
    assert texts(select(runs('"learning\nrate",x\n1,2\n'), columns="learning rate"))[1] == ["1"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("loss", ["run2", "run10", "run1"]),
        ("-loss", ["run1", "run10", "run2"]),
        ("run", ["run1", "run2", "run10"]),
        ("-run", ["run10", "run2", "run1"]),
        ("acc", ["run1", "run10", "run2"]),
        ("-acc", ["run10", "run1", "run2"]),
    ],
)
def test_rows_are_sorted_by_value_and_empty_cells_come_last(sort: str, order: list[str]) -> None:
    assert [row[0] for row in texts(select(runs(), sort=sort))[1:]] == order


def test_equals_keep_their_order_and_later_keys_decide() -> None:
    table = runs("m,n\nb,1\na,2\nb,3\na,1\n")
    assert texts(select(table, sort="m"))[1:] == [["a", "2"], ["a", "1"], ["b", "1"], ["b", "3"]]
    assert texts(select(table, sort="-m"))[1:] == [["b", "1"], ["b", "3"], ["a", "2"], ["a", "1"]]
    assert texts(select(table, sort="m, -n"))[1:] == [["a", "2"], ["a", "1"], ["b", "3"], ["b", "1"]]


def test_kinds_are_sorted_apart() -> None:
    table = runs("x,\nb,\n2024-05-02,\n10,\n9,\n2024-05-01 12:00,\nA,\n")
    order = ["9", "10", "2024-05-01 12:00", "2024-05-02", "A", "b"]
    assert [row[0] for row in texts(select(table, sort="x"))[1:]] == order


def test_a_limit_counts_what_it_leaves_out() -> None:
    shown = select(runs(), sort="run", limit=2)
    assert [row[0] for row in texts(shown)] == ["run", "run1", "run2"]
    assert shown.omitted == 1
    assert select(runs(), rows="loss > 1", limit=2).omitted == 0
    assert select(runs(), limit=0).n_rows == 1
    assert select(replace(runs(), omitted=5), limit=1).omitted == 7


def test_rows_and_sort_know_columns_that_are_not_shown() -> None:
    assert texts(select(runs(), columns="run", rows="loss < 1", sort="loss")) == [["run"], ["run2"], ["run10"]]


def test_chosen_columns_keep_what_is_left_of_merged_cells(groups: Table) -> None:
    assert spans(select(groups, columns="A, C, D, E"))[0] == ["/1x1", "train/1x1", "test/1x2", "~"]
    assert spans(select(groups, columns="B, D, C"))[0] == ["train/1x1", "test/1x1", "train/1x1"]
    assert spans(select(groups, columns="A, E"))[2:] == [
        ["a/2x1", "0.2/1x1"],
        ["~", "0.4/1x1"],
        ["b/2x1", "0.6/1x1"],
        ["~", "0.8/1x1"],
    ]


def test_merged_cells_that_are_torn_apart_stand_in_each_row(groups: Table) -> None:
    shown = select(groups, sort="B")
    assert [row[0] for row in spans(shown)[2:]] == ["b/1x1", "b/1x1", "a/1x1", "a/1x1"]
    assert spans(shown)[:2] == spans(groups)[:2]
    assert [row[0] for row in spans(select(groups, rows="B != 2"))[2:]] == ["a/2x1", "~", "b/1x1"]


def test_a_merged_cell_counts_in_each_of_its_rows(groups: Table) -> None:
    assert [row[1] for row in texts(select(groups, rows='group == "b"'))[2:]] == ["2", "1"]
    assert [row[1] for row in texts(select(groups, sort="-group"))[2:]] == ["2", "1", "4", "3"]


def test_a_limit_cuts_a_merged_cell_short(groups: Table) -> None:
    assert [row[0] for row in spans(select(groups, limit=3))[2:]] == ["a/2x1", "~", "b/1x1"]


def test_header_columns_stay_headers_where_they_stay_first(groups: Table) -> None:
    assert select(groups, columns="A, C").header_columns == 1
    assert select(groups, columns="C, A").header_columns == 0


def test_rules_go_with_their_columns_and_not_with_moved_rows(groups: Table) -> None:
    ruled = replace(groups, rules_below=frozenset({1, 3}), rules_right=frozenset({0, 2}))
    assert select(ruled, columns="A, B, D").rules_right == {0, 1}
    assert select(ruled, columns="D, A").rules_right == frozenset()
    assert select(ruled, columns="D, A").rules_below == {1, 3}
    assert select(ruled, sort="B").rules_below == frozenset()
    assert select(ruled, limit=1).rules_below == {1}


def test_nothing_asked_changes_nothing(groups: Table) -> None:
    assert select(groups) == groups


def test_a_condition_that_compares_texts_with_a_number_says_so(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("name;sum;n\nA;1 234,50;1\nB;12 345,00;2\n")
    chosen = select(read_table(path), rows="sum > 2000")
    assert chosen.n_rows == 1
    [problem] = chosen.problems
    assert problem.message.startswith("'1 234,50' is a text and cannot be compared with the number 2000 by >")
    assert problem.path == path
    # Where some can be compared, or a text is meant, there is nothing to say.
    path.write_text("name,sum\nA,n/a\nB,3\n")
    assert select(read_table(path), rows="sum > 2").problems == ()
    assert select(read_table(path), rows='name > "A"').problems == ()
    assert select(read_table(path), rows="sum == 3").problems == ()


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ("sum == 1234.5", "'1 234,50' is a text and cannot be compared with the number 1234.5 by =="),
        ("2000 < sum", "'1 234,50' is a text and cannot be compared with the number 2000 by <"),
        ('day > "2024-01-01"', "'5 March' is a text and cannot be compared with the date 2024-01-01 by >"),
        ("day >= 2024", "'5 March' is a text and cannot be compared with the number 2024 by >="),
        ("when > 5", "'2024-03-05' is a date and cannot be compared with the number 5 by >"),
        ("n > true", "'1' is a number and cannot be compared with the truth value true by >"),
    ],
)
def test_what_can_never_be_compared_is_said(tmp_path: Path, rows: str, what: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sum;day;when;n\n1 234,50;5 March;2024-03-05;1\n12 345,00;6 March;2024-03-06;2\n")
    chosen = select(read_table(path), rows=rows)
    assert chosen.n_rows == 1
    [problem] = chosen.problems
    assert problem.message.startswith(what)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["10 mg", "2.5 mg", "NA", "2.25 mg", "", "-3 mg", "100 mg"], "-3 mg 2.25 mg 2.5 mg 10 mg 100 mg NA "),
        (["5%", "12.5%", "−10%", "-3%", "-"], "−10% -3% 5% 12.5% -"),
        (["12,5 %", "1.000,5 %", "9 %", "-12,25 %"], "-12,25 % 9 % 12,5 % 1.000,5 %"),
        (["$1,234.50", "-$4", "$999"], "-$4 $999 $1,234.50"),
        (["1.2 ± 0.3", "<0.1", "9", "∞", ">100"], "<0.1 1.2 ± 0.3 9 >100 ∞"),
        (["0.05", "1.2e-10", "n.s.", "<0.001"], "1.2e-10 <0.001 0.05 n.s."),
        # Other units are other things, and names are names.
        (["5 g", "10 mg", "1 kg"], "1 kg 5 g 10 mg"),
        (["v1.10", "v1.9"], "v1.9 v1.10"),
    ],
)
def test_amounts_of_one_unit_sort_as_numbers(tmp_path: Path, texts: list[str], expected: str) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("what\tn\n" + "".join(f"{text}\t1\n" for text in texts))
    assert " ".join(row[0].text for row in select(read_table(path, header_rows=1), sort="what").rows[1:]) == expected
    turned = select(read_table(path, header_rows=1), sort="-what").rows[1:]
    # What is missing comes last either way.
    assert (turned[-1][0].text == expected.split(" ")[-1]) == (expected.split(" ")[-1] in {"", "-", "∞", "NA", "n.s."})
