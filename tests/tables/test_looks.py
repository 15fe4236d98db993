"""Fonts, colours and alignment of cells are those that the spreadsheet shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from openpyxl.styles import Alignment, Color, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from exptdir.tables import read_table
from exptdir.tables.cells import Colours, blend
from exptdir.tables.model import PLAIN, Look
from tests.tables.making import SHEET, fill, make, rewrite, texts


def looks(tmp_path: Path, **styles: object) -> list[Look]:
    """Return the looks of cells in a row, one for each style."""

    def build(sheet: Worksheet) -> None:
        fill(["x"] * len(styles))(sheet)
        for cell, style in zip(sheet[1], styles.values(), strict=True):
            for name, part in style.items() if isinstance(style, dict) else ():
                setattr(cell, name, part)

    return [cell.look for cell in read_table(make(tmp_path, build)).rows[0]]


def test_fonts(tmp_path: Path) -> None:
    found = looks(
        tmp_path,
        plain={},
        bold={"font": Font(bold=True)},
        italic={"font": Font(italic=True)},
        struck={"font": Font(strike=True)},
        lowered={"font": Font(vertAlign="subscript")},
        raised={"font": Font(vertAlign="superscript", bold=True)},
    )
    assert found == [
        PLAIN,
        Look(bold=True),
        Look(italic=True),
        Look(strike=True),
        Look(script="sub"),
        Look(script="super", bold=True),
    ]


def test_alignment(tmp_path: Path) -> None:
    across = ["left", "center", "right", "centerContinuous", "fill", "justify", "distributed", "general"]
    up = ["top", "center", "bottom", "justify"]
    styles = {f"h{name}": {"alignment": Alignment(horizontal=name)} for name in across}
    styles |= {f"v{name}": {"alignment": Alignment(vertical=name)} for name in up}
    found = looks(tmp_path, **styles)
    assert [look.align for look in found[:8]] == ["left", "center", "right", "center", None, None, None, None]
    assert [look.valign for look in found[8:]] == ["top", "middle", None, None]


def test_colours_of_text_and_fill(tmp_path: Path) -> None:
    found = looks(
        tmp_path,
        red={"font": Font(color="FFC00000")},
        palette={"font": Font(color=Color(indexed=12))},
        black={"font": Font(color="FF000000")},
        theme_black={"font": Font(color=Color(theme=1))},
        theme_white={"font": Font(color=Color(theme=0))},
        link={"font": Font(color=Color(theme=10), underline="single")},
        pink={"fill": PatternFill("solid", fgColor="FFFFC7CE")},
        white={"fill": PatternFill("solid", fgColor="FFFFFFFF")},
        white_by_theme={"fill": PatternFill("solid", fgColor=Color(theme=0))},
        hatched={"fill": PatternFill("lightUp", fgColor="FFFF0000", bgColor="FFFFFFFF")},
        none={"fill": PatternFill(None, fgColor="FFFF0000")},
    )
    assert [look.ink for look in found[:6]] == ["c00000", "0000ff", None, None, "ffffff", None]
    assert [look.fill for look in found[6:]] == ["ffc7ce", None, None, "ffbfbf", None]


def test_cells_of_one_style_share_one_look(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        fill([1, 2], [3, 4])(sheet)
        for row in sheet["A1:B2"]:
            for cell in row:
                cell.font = Font(bold=True)

    rows = read_table(make(tmp_path, build)).rows
    assert len({id(cell.look) for row in rows for cell in row}) == 1


#: The accents of the theme of Office 2007, tinted as its colour picker offers it, and what Excel makes of it.
@pytest.mark.parametrize(
    ("theme", "tint", "shown"),
    [
        (4, "0.79998168889431442", "dce6f1"),
        (4, "0.59999389629810485", "b8cce4"),
        (4, "-0.249977111117893", "366092"),
        (5, "0.39997558519241921", "da9694"),
        (0, "-0.14999847407452621", "d9d9d9"),
        (1, "0.499984740745262", "808080"),
        (3, None, "1f497d"),
    ],
)
def test_tints_of_the_theme(tmp_path: Path, theme: int, tint: str | None, shown: str) -> None:
    fill_colour = Color(theme=theme, tint=float(tint or 0))
    [look] = looks(tmp_path, tinted={"fill": PatternFill("solid", fgColor=fill_colour)})
    # Excel reckons in whole numbers, so that a channel may be one off.
    found = bytes.fromhex(look.fill or "")
    assert all(abs(one - other) <= 1 for one, other in zip(found, bytes.fromhex(shown), strict=True))


def test_a_palette_of_the_workbook_s_own(tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        sheet["A1"] = "x"
        sheet["A1"].fill = PatternFill("solid", fgColor=Color(indexed=42))

    path = make(tmp_path, build)
    entries = "".join(f'<rgbColor rgb="00{number:06X}"/>' for number in range(64))
    own = f"<colors><indexedColors>{entries}</indexedColors></colors></styleSheet>"
    rewrite(path, "xl/styles.xml", lambda xml: re.sub("(<colors>.*</colors>)?</styleSheet>", own, xml))
    assert read_table(path).rows[0][0].look.fill == f"{42:06x}"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("rgb", value) for value in ("red", "")),
        *(("indexed", value) for value in ("64", "-1", "99999999999")),
        *(("theme", value) for value in ("99", "x")),
        ("auto", "1"),
        ("", ""),
    ],
)
def test_a_colour_that_is_none_is_the_usual_one(kind: str, value: str) -> None:
    assert Colours().hexadecimal(kind, value) is None


@pytest.mark.parametrize("tint", ["nan", "inf", "-inf", "1e9"])
def test_an_absurd_tint_gives_some_colour(tint: str) -> None:
    assert len(Colours().hexadecimal("rgb", "FF336699", float(tint)) or "") == 6


def test_blending_lies_between() -> None:
    assert blend("ff0000", "0000ff", 0.5) in {"800080", "7f007f"}


def test_styles_that_refer_to_nothing_are_the_default(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["x"]))
    rewrite(path, "xl/styles.xml", lambda xml: re.sub("<cellXfs.*?</cellXfs>", "", xml))
    assert read_table(path).rows[0][0].look == PLAIN


def test_a_false_property_is_off(tmp_path: Path) -> None:
    path = make(tmp_path, fill(["x"]))
    rewrite(path, "xl/styles.xml", lambda xml: xml.replace("<font>", '<font><b val="0"/><i val="false"/><strike/>', 1))
    assert read_table(path).rows[0][0].look == Look(strike=True)


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        # What other programs write, and openpyxl refuses as a whole.
        ("xl/styles.xml", '<fill><patternFill patternType="gray125" /></fill>', "<fill/>"),
        ("xl/styles.xml", '<family val="2" />', '<family val="34"/>'),
        ("xl/styles.xml", 'rgb="00C00000"', 'rgb="#C00000"'),
        ("xl/styles.xml", 'horizontal="center"', 'horizontal="start"'),
        ("xl/styles.xml", 'name="Normal"', ""),
        # Cells may also refer to styles that are not there.
        (SHEET, 's="2"', 's="77"'),
        (SHEET, "<is><t>a</t></is>", '<is><r><rPr><family val="34"/><sz val=""/></rPr><t>a</t></r></is>'),
    ],
)
def test_looks_that_no_library_knows_leave_values_and_formats(tmp_path: Path, part: str, old: str, new: str) -> None:
    def build(sheet: Worksheet) -> None:
        fill(["a", "b"], [0.125, 1])(sheet)
        sheet["A2"].number_format, sheet["B2"].font = "0.0%", Font(color="00C00000")
        sheet["B2"].alignment = Alignment(horizontal="center")

    path = make(tmp_path, build)
    assert read_table(path).problems == ()
    rewrite(path, part, lambda xml: xml.replace(old, new))
    shown = read_table(path)
    assert texts(shown) == [["a", "b"], ["12.5%", "1"]]
    assert {cell.look for row in shown.rows for cell in row} == {PLAIN}
    [problem] = shown.problems
    assert "its fonts, colours and borders cannot be read, and are not shown: open" in problem.message
