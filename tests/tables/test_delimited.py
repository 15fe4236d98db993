"""Delimited files: encodings, delimiters, ragged rows."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exptdir.errors import TableError
from exptdir.tables import Table, read_table

#: Characters that neither a cell's edges nor a page lose.
VISIBLE = st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Zs", "Zl", "Zp"])
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
    rows = "試料,濃度,備考\n大腸菌の培養液,12,きれいな結果になりました\n酵母の培養液,7,やり直しが必要です\n" * 4
    shown = table(tmp_path, rows.encode("cp932"))
    assert texts(shown)[1] == ["大腸菌の培養液", "12", "きれいな結果になりました"]
    assert "guess" in shown.problems[0].message


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    content = f"run{delimiter}loss{delimiter}note\n1{delimiter}0.5{delimiter}a b\n2{delimiter}0.25{delimiter}c d\n"
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


def test_titles_above_the_header_are_not_ragged(tmp_path: Path) -> None:
    titles = "Growth of yeast\n# plate 2, read twice\n\n"
    shown = table(tmp_path, titles + "time,od,temp\n0,0.1,30\n10,0.2\n20,0.4,30\n")
    assert shown.header_rows == 4
    assert messages(shown) == [(6, "this row has 2 cells where most have 3")]
    # What is not known as a title is reported, and so is a header that lacks a cell.
    assert messages(table(tmp_path, "time\n0,0.1\n10,0.2\n")) == [(1, "this row has 1 cell where most have 2")]


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        # What instruments say of the whole, a word and its value a line, above a header of more columns.
        ("Instrument,NanoDrop\nUser,jd\nDate,2024-03-01\nVersion,1.6\nsample,conc,unit,ratio\nS1,12.5,ng,1.8\n", 5),
        ("Gerät;Leser\nDatum;01.03.2024\n\nZeit;A1;A2\n0;0,05;0,06\n10;0,07;0,08\n", 4),
        ("Wavelength,600,nm\nFlashes,25\nStart:,10:20\n\n<>,1,2,3,4\nA,.1,.2,.3,.4\nB,.1,.2,.3,.4\n", 5),
        # Above two columns an empty line parts them, from a header with units too.
        ("Title,scan 3\nOrigin,UV\n\nnm,A\n400,0.1\n401,0.2\n", 4),
        ("Title,scan 3\n\nlambda,A\nnm,a.u.\n400,0.1\n401,0.2\n", 4),
        # Two tables, groups of names, and words with values alone.
        ("name,score\na,1\nb,2\n\nname,score\nc,3\n", 1),
        (",WT,,KO,\ntime,r1,r2,r1,r2\nh,OD,OD,OD,OD\n0,.1,.2,.3,.4\n5,.2,.3,.4,.5\n", 3),
        ("Operator:,Lena\nDate:,2024-03-01\nTemp:,37\n", 0),
        ("Well:,Sample\nA1,x\nA2,y\n", 1),
        # Comments with a number sign, the last of which is the header.
        ("##format=4.2\n##by=x\n#CHROM,POS,ID,REF\nchr1,100,.,A\nchr1,200,.,C\n", 3),
        # More rows above numbers and days: of groups, of single labels, and of a logger, whose first line is longer.
        (",A,A,B,B\n,x,y,x,y\nr1,1,2,3,4\nr2,5,6,7,8\n", 2),
        ("grp,A,A,B,B\nkind,x,y,x,y\nname,,,,\nr1,1,2,3,4\nr2,5,6,7,8\n", 3),
        ("TOA5,CR1,CR1,12,v,p,5,M\nTIME,REC,T,RH\nTS,RN,C,%\n,,Avg,Smp\n2024-03-01 00:00,1,12.5,80\n", 4),
        ("Reader,X,a,b,c,d\nday,OD,T\n2024-03-01,1,12.5\n2024-03-02,1,12.5\n", 2),
        ("sample,Ct1,Ct2\nNTC,Undetermined,Undetermined\n1,20,21\n2,22,23\n", 1),
        ("sample,Ct1,Ct2\n,n.d.,NA\n1,20,21\n2,22,23\n", 1),
        ("sample,OD,Ct\ngroup A,,\na,0.1,20\nb,0.2,21\n", 1),
        # Years above what is none.
        ("gene,2019,2020,2021\na,1,2,3\nb,4,5,6\n", 1),
        ("a,2019,2020,2021\nb,2018,2019,2020\n", 0),
        # No header is known below: texts alone, and numbers alone.
        ("a,b\nc,d\ne,f,g,h\ni,j,k,l\nm,n,o,p\n", 0),
    ],
)
def test_what_is_said_above_a_header_belongs_to_it(tmp_path: Path, content: str, headers: int) -> None:
    shown = table(tmp_path, content)
    assert shown.header_rows == headers
    assert headers == 0 or messages(shown) == []


@pytest.mark.parametrize(
    ("below", "rows", "notes"),
    [
        ("\nmeasured on Monday\n", 4, ("measured on Monday",)),
        ("\n* outlier\n\nby Lena\n", 4, ("* outlier", "by Lena")),
        # What stands right below the data, or has a cell beside it, is a row.
        ("sum\n", 5, ()),
        ("\nsum,6\n", 6, ()),
    ],
)
def test_what_stands_alone_below_a_table_is_a_note_and_no_row(
    tmp_path: Path, below: str, rows: int, notes: tuple[str, ...]
) -> None:
    shown = table(tmp_path, "sample,od\na,3\nb,1\nc,2\n" + below)
    assert (shown.n_rows, shown.notes) == (rows, notes)
    assert table(tmp_path, "name\na\n\nb\n").notes == ()


def test_notes_below_a_table_are_not_ragged(tmp_path: Path) -> None:
    content = "a,b,c\n1,2,3\n4,5,6\n"
    assert messages(table(tmp_path, content + "\nn = 2 (t-test)\n* by hand\n")) == []
    # What follows without a gap may be a row that was cut off.
    assert messages(table(tmp_path, content + "7\n")) == [(4, "this row has 1 cell where most have 3")]
    assert messages(table(tmp_path, content + "\n7,8\n")) == [(5, "this row has 2 cells where most have 3")]


@pytest.mark.parametrize("names", [("r1", "r2"), ("1", "2")])
def test_the_corner_that_r_leaves_out_is_empty(tmp_path: Path, names: tuple[str, str]) -> None:
    shown = table(tmp_path, f'"x" "y"\n"{names[0]}" 1 2\n"{names[1]}" 3 4\n', delimiter="space")
    assert texts(shown) == [["", "x", "y"], [names[0], "1", "2"], [names[1], "3", "4"]]
    assert (shown.header_rows, messages(shown)) == (1, [])


@pytest.mark.parametrize(
    "content", ["a,b\n0.1,2,3\n0.2,4,5\n", "a,b\n1,2,\n2,4,\n", "a,b\nx,2,3\nx,4,5\n", "a,b\nx,2,3\n"]
)
def test_a_header_that_lacks_another_name_stays(tmp_path: Path, content: str) -> None:
    assert texts(table(tmp_path, content))[0][:2] == ["a", "b"]


def test_several_blanks_separate_cells_once(tmp_path: Path) -> None:
    content = "t   od   temp\n0   0.1  30\n10  0.2  31\n"
    doubt = "the cells are taken to be one column, but blanks may separate them (delimiter: space)"
    assert messages(table(tmp_path, content)) == [(None, doubt)]
    shown = table(tmp_path, content, delimiter="space")
    assert texts(shown) == [["t", "od", "temp"], ["0", "0.1", "30"], ["10", "0.2", "31"]]
    assert messages(table(tmp_path, "name\none two\nthree four\n")) == []


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


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ("a;b\n1,5;-2,25e3\n", [1.5, -2250.0]),
        ("a;b\n1,234;x\n", [1.234, "x"]),
        ("a\tb\n1,5\t1,234\n", [1.5, 1.234]),
        ("a\tb\n1,234\tx\n", ["1,234", "x"]),
        ("a;b\n1,5;0.5\n", ["1,5", 0.5]),
        ('a,b\n"1,5",2\n', ["1,5", 2]),
        ("a;b\nx 1,5;,5\n", ["x 1,5", 0.5]),
        # Points between thousands, beside a decimal comma; columns that have numbers with a point keep them.
        ("a;b\n1.234,50;-98,2\n12.345.678;0,5\n", [1234.5, -98.2]),
        ("a;b\n1.234,50;0.5\n98,20;1.25\n", [1234.5, 0.5]),
        ("a;b\n1.234;98,20\n", [1234, 98.2]),
        ("a;b\n1.234;x\n", [1.234, "x"]),
        ("a;b\n1.234;98,205\n", [1.234, "98,205"]),
        ("a;b\n1\u202f234,5;12'345\n", [1234.5, 12345]),
        ('a,b\n"1.234,50",2.5\n', [1234.5, 2.5]),
        ('a,b\n"1.234,50",2\n"1.5",2\n', ["1.234,50", 2]),
    ],
)
def test_a_decimal_comma_makes_a_number_where_it_can_be_nothing_else(
    tmp_path: Path, content: str, values: list[object]
) -> None:
    row = table(tmp_path, content).rows[1]
    assert [cell.value for cell in row] == values
    assert [cell.text for cell in row] == next(csv.reader([content.splitlines()[1]], delimiter=content[1]))


@pytest.mark.parametrize(
    ("content", "values"),
    [
        # Commas between thousands, where two of them or a point behind them say that they are.
        ('n\n"1,234"\n"12,345,678"\n-5\n', [1234, 12345678, -5]),
        ('n\n"1,234.5"\n"2,000"\n', [1234.5, 2000]),
        ('n\n"1,234"\n"2,000"\n', ["1,234", "2,000"]),
        # Apostrophes and narrow blanks between them.
        ("n;x\n1'234;1\n12’345’678.5;1\n", [1234, 12345678.5]),
        ("n;x\n1\u202f234;1\n12\xa0345;1\n", [1234, 12345]),
        ("n;x\n1'23;1\n1 234;1\n", ["1'23", "1 234"]),
        # The sign that typesetters use.
        ("n,x\n−10,1\n−1.5e−3,1\n+4,1\n", [-10, -0.0015, 4]),
        ("n;x\n–10;1\n–1,5;1\n2,5;1\n–;1\n3–4;1\n", [-10, -1.5, 2.5, "–", "3–4"]),
        # Days come first before points, and before slashes where the file shows that they do.
        ("n,x\n03.05.2024,1\n1.6.2024 14:30,1\n", [dt.datetime(2024, 5, 3), dt.datetime(2024, 6, 1, 14, 30)]),
        ("n,x\n3/5/2024,1\n1/16/2023,1\n", [dt.datetime(2024, 3, 5), dt.datetime(2023, 1, 16)]),
        ("n,x\n3/5/2024,1\n16/1/2023,1\n", [dt.datetime(2024, 5, 3), dt.datetime(2023, 1, 16)]),
        ("n,x\n3/5/2024,1\n2/1/2023,1\n", ["3/5/2024", "2/1/2023"]),
        ("n,x\n3/15/2024,1\n16/1/2023,1\n", ["3/15/2024", "16/1/2023"]),
        # Years come first, and halves of days are told.
        ("n,x\n2024/03/25,1\n2024/3/5 14:30,1\n", [dt.datetime(2024, 3, 25), dt.datetime(2024, 3, 5, 14, 30)]),
        (
            "n,x\n3/25/2024 1:05 PM,1\n3/5/2024 12:00:07am,1\n",
            [dt.datetime(2024, 3, 25, 13, 5), dt.datetime(2024, 3, 5, 0, 0, 7)],
        ),
        (
            "n;x\nMar 25 2024;1\nApril 2, 2024;1\nBand 7 2024;1\n",
            [dt.datetime(2024, 3, 25), dt.datetime(2024, 4, 2), "Band 7 2024"],
        ),
        # Months may have names.
        ("n,x\n25-Mar-2024,1\n3. April 2024,1\n", [dt.datetime(2024, 3, 25), dt.datetime(2024, 4, 3)]),
        ("n,x\n1-Feb-1998 9:05,1\n12-Jan-2024,1\n", [dt.datetime(1998, 2, 1, 9, 5), dt.datetime(2024, 1, 12)]),
        ("n,x\n31-Feb-2024,1\n3-Mar-20245,1\n", ["31-Feb-2024", "3-Mar-20245"]),
        ("n,x\n31.02.2024,1\n1.2.3,1\n", ["31.02.2024", "1.2.3"]),
    ],
)
def test_numbers_and_dates_as_people_write_them(tmp_path: Path, content: str, values: list[object]) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    table = read_table(path, header_rows=1)
    assert [row[0].value for row in table.rows[1:]] == values
    # They are shown as they are written.
    assert all(row[0].text in content for row in table.rows)


def test_one_column_of_decimal_commas_is_one_column(tmp_path: Path) -> None:
    one = table(tmp_path, "Masse\n1,5\n\n2,25\n")
    assert [row[0].value for row in one.rows] == ["Masse", 1.5, None, 2.25]
    assert (one.n_columns, one.header_rows, one.problems) == (1, 1, ())
    assert table(tmp_path, "a,b\n1,5\n2,25\n").n_columns == 2


def test_iso_dates_are_dates(tmp_path: Path) -> None:
    shown = table(tmp_path, "a,b,c,d,e\n2024-05-01,2024-05-01 10:30,2024-05-01T10:30:00Z,01/05/2024,2024-13-01\n")
    assert [cell.kind for cell in shown.rows[1]] == ["date", "date", "date", "text", "text"]
    assert shown.rows[1][1].value == dt.datetime(2024, 5, 1, 10, 30)
    assert texts(shown)[1][2] == "2024-05-01T10:30:00Z"


def test_dates_above_numbers_are_a_header_and_above_dates_are_none(tmp_path: Path) -> None:
    assert table(tmp_path, "gene,2024-05-01,2024-05-02\na,1,2\n").header_rows == 1
    assert table(tmp_path, "2024-05-01,a\n2024-05-02,b\n").header_rows == 0


def test_more_cells_than_a_table_can_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="more than 10,000,000 cells"):
        table(tmp_path, "a,b\n" + "," * 10_000_001)


def test_numbers_of_any_length_are_numbers(tmp_path: Path) -> None:
    assert table(tmp_path, f"a,b\n{'9' * 30},{'1' * 5000}\n").rows[1][0].value == 1e30


def test_what_is_left_open_in_the_last_cell_is_told_from_a_line_break_in_it(tmp_path: Path) -> None:
    assert messages(table(tmp_path, 'a,b\n1,"x\ny"\n')) == []
    assert messages(table(tmp_path, 'a,b\r1,"x\ry'))[-1] == (2, "a quotation mark is never closed")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.text(VISIBLE, max_size=8), min_size=3, max_size=3), min_size=2, max_size=8),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_is_what_is_shown(tmp_path: Path, rows: list[list[str]], encoding: str) -> None:
    framed = [["x", *row, "x"] for row in rows]
    with (tmp_path / "t.tsv").open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter="\t", quoting=csv.QUOTE_ALL).writerows(framed)
    assert texts(read_table(tmp_path / "t.tsv")) == framed


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from(["t.csv", "t.tsv", "t.xls", "t.ods", "t.fods", "t.parquet"]))
def test_any_bytes_make_a_table_or_a_refusal(tmp_path: Path, content: bytes, name: str) -> None:
    try:
        shown = table(tmp_path, content, name)
    except TableError as error:
        assert "\n" not in str(error)
    else:
        assert {len(row) for row in shown.rows} == {shown.n_columns}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("0,0;1,5\n0,1;1,6\n", ";"),
        ("Sample;Mass, g\ncontrol;1,5\ntreated;2,5\n", ";"),
        ("1,5\t2,5\n3,5\t4,5\n", "\t"),
        ("1,5|2,5\n3,5|4,5\n", "|"),
        ("t;v\n1,5;2\n3;4,5\n", ";"),
        ("a,b;c\n1,2;3\n", ";"),
        ("a,b,c\n1,2,3\n", ","),
        # What is said above has commas as it likes.
        ("by X, Y\n\nt;OD, raw;T\n0;0,1;30\n5;0,2;30\n9;0,3;30\n", ";"),
        ("Gerät, X\nam 1.3., Y\nvon Z\nZeit;OD\n0;0,1\n5;0,2\n", ";"),
        ("id,tags\n1,a;b\n2,c;d\n", ","),
    ],
)
def test_of_two_that_cut_equally_well_a_comma_loses(tmp_path: Path, content: str, found: str) -> None:
    rows = [row or [""] for row in csv.reader(content.splitlines(), delimiter=found)]
    width = max(map(len, rows))
    assert texts(table(tmp_path, content)) == [row + [""] * (width - len(row)) for row in rows]


@pytest.mark.parametrize("content", ["0,0;1,5\n0,1;1,6\n", "Sample;Mass, g\ncontrol;1,5\ntreated;2,5\n"])
def test_decimal_commas_raise_no_doubt(tmp_path: Path, content: str) -> None:
    assert messages(table(tmp_path, content)) == []


def test_numbers_with_one_comma_each_are_in_doubt(tmp_path: Path) -> None:
    content = "1,5\n2,5\n3,75\n"
    doubt = "the cells are taken to be separated by commas, but each row may be a number with a decimal comma"
    assert messages(table(tmp_path, content)) == [(None, doubt)]
    assert messages(table(tmp_path, content, delimiter="comma")) == []
    shown = table(tmp_path, content, delimiter=";")
    assert [row[0].value for row in shown.rows] == [1.5, 2.5, 3.75]
    assert messages(table(tmp_path, "x,y\n" + content)) == messages(table(tmp_path, "1,5,6\n2,5,6\n")) == []


def test_a_delimiter_in_doubt_is_reported_and_said_outright_it_is_not(tmp_path: Path) -> None:
    content = "a,b;c\nx,y;z\n"
    shown = table(tmp_path, content)
    assert messages(shown) == [
        (None, "the cells are taken to be separated by semicolons, but commas cut its rows as evenly")
    ]
    for delimiter, row in ((";", ["x,y", "z"]), ("comma", ["x", "y;z"]), (",", ["x", "y;z"])):
        shown = table(tmp_path, content, delimiter=delimiter)
        assert texts(shown)[1] == row
        assert shown.problems == ()


@pytest.mark.parametrize(
    ("content", "doubtful"),
    [
        ("a;b\n1.234;x\n12.500;y\n", "1.234"),
        ("a;b\n1.234;98,205\n", "1.234"),
        # Other points, or a decimal comma, say what these are; and commas could not separate cells elsewhere.
        ("a;b\n1.234;0.5\n", None),
        ("a;b\n0.234;7\n", None),
        ("a;b\n1.234;98,2\n", None),
        ("a,b\n1.234,7\n", None),
        ("a;b\n1;2\n", None),
    ],
)
def test_points_that_may_set_thousands_apart_are_in_doubt(tmp_path: Path, content: str, doubtful: str | None) -> None:
    doubt = f"{doubtful} is taken for a number with decimals, but its point may set thousands apart (decimal: comma)"
    assert messages(table(tmp_path, content)) == ([(2, doubt)] if doubtful else [])
    assert messages(table(tmp_path, content, decimal="point")) == []
    # What is not shown is nobody's business.
    assert messages(table(tmp_path, content, cells="A1")) == []


@pytest.mark.parametrize(
    ("decimal", "content", "values"),
    [
        ("comma", "a;b\n1.234;1,234\n", [1234, 1.234]),
        ("point", "a;b\n1.234;1,234\n", [1.234, 1234]),
        ("comma", 'a,b\n"1,5",2\n', [1.5, 2]),
        ("point", 'a,b\n"1,500","1,5"\n', [1500, "1,5"]),
    ],
)
def test_what_stands_before_decimals_can_be_said(
    tmp_path: Path, decimal: str, content: str, values: list[object]
) -> None:
    assert [cell.value for cell in table(tmp_path, content, decimal=decimal).rows[1]] == values


def test_an_author_names_any_character_and_the_encoding(tmp_path: Path) -> None:
    assert texts(table(tmp_path, "a:b\n1:2\n", delimiter=":")) == [["a", "b"], ["1", "2"]]
    assert texts(table(tmp_path, "a\tb,c\n", delimiter="tab")) == [["a", "b,c"]]
    shown = table(tmp_path, "größe,b\n".encode("cp1252"), encoding="cp1252")
    assert texts(shown) == [["größe", "b"]] and shown.problems == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delimiter": "ab"}, "'ab' cannot separate cells"),
        ({"delimiter": '"'}, "cannot separate cells"),
        ({"encoding": "klingon"}, "cannot be read as 'klingon': it is not known"),
        ({"encoding": "ascii"}, "cannot be read as 'ascii': byte 2 is not of it"),
    ],
)
def test_what_cannot_be_a_delimiter_or_the_encoding_is_refused(
    tmp_path: Path, options: dict[str, str], message: str
) -> None:
    with pytest.raises(TableError, match=message):
        table(tmp_path, "gr\u00f6\u00dfe,b\n", **options)


def test_rows_outside_the_range_are_nobodys_problem(tmp_path: Path) -> None:
    plate = "0.1,3.2\n0.2,1\n\n,1,2,3\nA,1,2,3\nB,4,5,6\n"
    assert len(table(tmp_path, plate).problems) == 2
    assert table(tmp_path, plate, cells="A4:D6").problems == ()
    # What most rows of the range have counts, not what most of the file have.
    long = "key,value\n" * 20 + "a,b,c,d\n1,2,3,4\n5,6,7\n"
    assert [line for line, _ in messages(table(tmp_path, long, cells="A21:"))] == [23]
    assert messages(table(tmp_path, long, cells="A21:C23")) == []


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("first", ["1", "12"])
def test_null_character_of_a_small_file_has_its_line(tmp_path: Path, name: str, first: str) -> None:
    """One beside a comma was taken for UTF-16 by where it stood, and the table was of Chinese letters."""
    path, delimiter = tmp_path / name, "," if name == "a.csv" else "\t"
    path.write_bytes(f"a{delimiter}b\n{first}{delimiter}\0002\n3{delimiter}4\n".encode())
    shown = read_table(path)
    assert [[cell.text for cell in row] for row in shown.rows] == [["a", "b"], [first, "2"], ["3", "4"]]
    assert [("null characters" in problem.message, problem.line) for problem in shown.problems] == [(True, 2)]
