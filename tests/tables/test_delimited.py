"""Delimited files: encodings, delimiters, ragged rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from exptdir.tables import Table, read_table

GREEK = "sample,conc\nα,1.50\nβ,007\n"


def table(tmp_path: Path, content: str | bytes, name: str = "t.csv", **options: object) -> Table:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path, **options)  # type: ignore[arg-type]


def texts(shown: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in shown.rows]


def messages(shown: Table) -> list[tuple[int | None, str]]:
    return [(problem.line, problem.message) for problem in shown.problems]


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-32-le", b"\xff\xfe\x00\x00"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
    ],
)
def test_unicode_is_recognised(tmp_path: Path, encoding: str, mark: bytes) -> None:
    shown = table(tmp_path, mark + GREEK.encode(encoding))
    assert texts(shown) == [["sample", "conc"], ["α", "1.50"], ["β", "007"]]
    assert shown.problems == ()


def test_latin_1_is_shown_and_reported(tmp_path: Path) -> None:
    shown = table(tmp_path, "größe,µl\nà,1\n".encode("latin-1"))
    assert texts(shown) == [["größe", "µl"], ["à", "1"]]
    [problem] = shown.problems
    assert "not UTF-8" in problem.message and "windows-1252" in problem.message and "guess" in problem.message
    assert (problem.kind, problem.path) == ("table", tmp_path / "t.csv")


def test_windows_quotes_and_bytes_that_windows_has_not(tmp_path: Path) -> None:
    assert texts(table(tmp_path, b"a,b\n\x93x\x94,1\n"))[1] == ["\u201cx\u201d", "1"]
    assert texts(table(tmp_path, b"a,b\n\xe9\x81,1\n"))[1][0] == "é\x81"


def test_japanese_of_an_old_machine(tmp_path: Path) -> None:
    rows = (
        "試料,濃度,備考\n大腸菌の培養液,12,きれいな結果になりました\n酵母の培養液,7,やり直しが必要です\n" * 4
    )
    shown = table(tmp_path, rows.encode("cp932"))
    assert texts(shown)[1] == ["大腸菌の培養液", "12", "きれいな結果になりました"]
    assert "guess" in shown.problems[0].message


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    content = (
        f"run{delimiter}loss{delimiter}note\n1{delimiter}0.5{delimiter}a b\n2{delimiter}0.25{delimiter}c d\n"
    )
    assert texts(table(tmp_path, content)) == [
        ["run", "loss", "note"],
        ["1", "0.5", "a b"],
        ["2", "0.25", "c d"],
    ]


def test_decimal_commas_do_not_mislead(tmp_path: Path) -> None:
    assert texts(table(tmp_path, "a;b\n1,5;2,5\n3,5;4,5\n")) == [["a", "b"], ["1,5", "2,5"], ["3,5", "4,5"]]


def test_one_column(tmp_path: Path) -> None:
    assert texts(table(tmp_path, "name\none two\nthree\n")) == [["name"], ["one two"], ["three"]]


def test_tsv_is_always_cut_at_tabs(tmp_path: Path) -> None:
    assert texts(table(tmp_path, "a,b\tc,d\n1,2\t3,4\n", "t.tsv")) == [["a,b", "c,d"], ["1,2", "3,4"]]


def test_a_separator_line_is_obeyed_and_not_shown(tmp_path: Path) -> None:
    shown = table(tmp_path, "sep=;\na,b;c\n1;2;3\n1;2\n")
    assert texts(shown)[0] == ["a,b", "c", ""]
    assert any(line == 3 for line, _ in messages(shown))


def test_quoted_cells_hold_delimiters_quotes_and_line_breaks(tmp_path: Path) -> None:
    shown = table(tmp_path, 'a,b\r\n"x, ""y""","one\r\ntwo"\r\n')
    assert texts(shown) == [["a", "b"], ['x, "y"', "one\ntwo"]]
    assert shown.problems == ()


def test_ragged_rows_are_padded_and_reported_with_their_lines(tmp_path: Path) -> None:
    shown = table(tmp_path, 'a,b,c\n1,2,3\n"4\n4",5\n6,7,8,9\n1,2,3,,\n\n1,2,3\n')
    assert {len(row) for row in shown.rows} == {4}
    assert texts(shown)[2] == ["4\n4", "5", "", ""]
    assert messages(shown) == [
        (3, "this row has 2 cells where most have 3"),
        (5, "this row has 4 cells where most have 3"),
    ]


def test_many_ragged_rows_are_summed_up(tmp_path: Path) -> None:
    shown = table(tmp_path, "a,b,c\n" + "1,2,3\n" * 100 + "1,2\n" * 50)
    assert len(shown.problems) == 11
    assert messages(shown)[-1] == (112, "40 more rows from here on have not 3 cells, as most have")


def test_a_quotation_mark_that_is_never_closed(tmp_path: Path) -> None:
    shown = table(tmp_path, 'a,b\n1,2\n3,"4\n5,6\n')
    assert (3, "a quotation mark is never closed") in messages(shown)


def test_null_characters_are_left_out_and_reported(tmp_path: Path) -> None:
    shown = table(tmp_path, b"a,b,c,d,e,f,g,h\n1,2\x00,3,4,5,6,7,8\n")
    assert texts(shown)[1][:3] == ["1", "2", "3"]
    assert "null characters" in shown.problems[0].message


def test_numbers_keep_their_text_and_know_their_value(tmp_path: Path) -> None:
    shown = table(tmp_path, "a,b,c,d,e\n1.50,007,-2e-3,1_000,nan\n")
    assert [(cell.text, cell.value, cell.kind) for cell in shown.rows[1]] == [
        ("1.50", 1.5, "number"),
        ("007", 7, "number"),
        ("-2e-3", -0.002, "number"),
        ("1_000", "1_000", "text"),
        ("nan", "nan", "text"),
    ]


def test_ranges_and_headers(tmp_path: Path) -> None:
    content = ",,\n,run,loss\n,1,0.5\n,2,0.25\n"
    assert texts(table(tmp_path, content)) == [["run", "loss"], ["1", "0.5"], ["2", "0.25"]]
    assert table(tmp_path, content).header_rows == 1
    assert table(tmp_path, content, header_rows=0).header_rows == 0
    assert texts(table(tmp_path, content, cells="C3:")) == [["0.5"], ["0.25"]]
    assert table(tmp_path, content, cells="C3:").header_rows == 0
    assert table(tmp_path, "run,loss\n").header_rows == 0
