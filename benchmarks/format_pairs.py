"""Formats and values, over a thousand pairs, for comparing what is shown with what a spreadsheet program shows."""

from __future__ import annotations

from pathlib import Path

NUMBER_CODES = (
    *("General", "0", "0.00", "#,##0", "#,##0.00", "#,##0.00;[Red]-#,##0.00", "0%", "0.00%", "0.00E+00"),
    *("##0.0E+0", "# ?/?", "# ??/??", "# ?/8", '"$"#,##0.00', '"$"#,##0.00_);("$"#,##0.00)', "@", "0;;"),
    *("[$€-407] #,##0.00", "#,##0.0,", "0,,", "000", "#.##", "0.0##", '0.0" µM"', "(###) ###-####"),
    *("[>100]0;[<-5]0.0;0.00", '"+"0;"-"0;"zero"', '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)'),
    *("?/?", "# ???/???", "# ??/16", "# ?/2", "0 0/0", "#,##0,", "0.00,,", "0E+0", "0.###E+0", "000.0E-00"),
    *("#,##0.00 [$€-407]", "[$£-809]#,##0.00", "[$-409]0.00", '[Red]0.0;[Blue]-0.0;[Color3]"nil"', "0.0_);(0.0)"),
    *("* 0.0", "00.00%", "#,##0.0#", "[<1]0.000;[<100]0.0;0", '[=0]"none";0.0', 'General" x"', "0.0\\x", '0"%"'),
    *('"n = "General', "0000-0000", "0.00;;", ";;;", '[>=1000]#,##0,"k";0', "$#,##0", '0.0;"("0.0")"', "?0.0?"),
)
NUMBERS = (
    0,
    1,
    -1,
    0.5,
    -0.5,
    1.005,
    0.285,
    12.3456,
    -1234.5678,
    99.995,
    1234567.891,
    1e-7,
    -0.001,
    55512345,
)
DATE_CODES = (
    *("yyyy-mm-dd", "mm/dd/yy", "d-mmm-yy", "mmmmm", "dddd, mmmm d, yyyy", "h:mm", "h:mm:ss", "h:mm AM/PM"),
    *("hh:mm:ss.000", "yyyy-mm-dd hh:mm:ss", "[h]:mm", "[mm]:ss", "mmss.0", "m/d/yyyy", "ddd d mmm"),
    *("yy", "m", "mm", "mmm", "mmmm", "d", "dd", "dddd", "h AM/PM", "[hh]:mm:ss", "[s]", "ss.00", "[$-409]d mmm yy"),
    *('yyyy"年"m"月"d"日"', "[$-F800]dddd, mmmm dd, yyyy", "yyyy-mm-dd;@", 'h" h "mm" min"', "d.m.yyyy", "mmm-yy"),
)
TEXT_CODES = ("General", "0.00", "@", '"<"@">"', "0;0;0;@@", ";;;", '0;-0;"nil";"n.d."', "@_)", "[Red]@")
TEXTS = ("cnn", "a b", "µM", "-", "n/a")
#: Later than February 1900, before which Excel and LibreOffice count the days differently.
DATES = (61, 366.999, 44762, 44762.75, 45351.123456, 45352.5, 73050.25, 2958465.0)


def write_pairs(path: Path) -> Path:
    """Write a workbook with one row for each value and one column for each format.

    Parameters
    ----------
    path
        Where to.

    Returns
    -------
    pathlib.Path
        The same.
    """
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    row = 0
    for codes, values in ((NUMBER_CODES, NUMBERS), (DATE_CODES, DATES), (TEXT_CODES, TEXTS)):
        for value in values:
            row += 1
            for column, code in enumerate(codes, start=1):
                sheet.cell(row, column, value).number_format = code
    book.save(path)
    return path
