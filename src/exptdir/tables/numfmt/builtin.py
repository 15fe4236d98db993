"""Number formats that workbooks name by number only (ECMA-376 part 1, §18.8.30)."""

from __future__ import annotations

from types import MappingProxyType

_CODES = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"$"#,##0_);("$"#,##0)',
    6: '"$"#,##0_);[Red]("$"#,##0)',
    7: '"$"#,##0.00_);("$"#,##0.00)',
    8: '"$"#,##0.00_);[Red]("$"#,##0.00)',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "m/d/yyyy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yyyy h:mm",
    37: "#,##0_);(#,##0)",
    38: "#,##0_);[Red](#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);[Red](#,##0.00)",
    41: r'_(* #,##0_);_(* \(#,##0\);_(* "-"_);_(@_)',
    42: r'_("$"* #,##0_);_("$"* \(#,##0\);_("$"* "-"_);_(@_)',
    43: r'_(* #,##0.00_);_(* \(#,##0.00\);_(* "-"??_);_(@_)',
    44: r'_("$"* #,##0.00_);_("$"* \(#,##0.00\);_("$"* "-"??_);_(@_)',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
}
#: Numbers that mean something in programs of one language only: dates and times of Chinese, Japanese and Korean
#: (27 to 36, 50 to 58), and Thai ones of these formats (59 to 81). English ones, of which LibreOffice is taken
#: here, show them as the numbers on the right.
_OTHER_LANGUAGES = {
    **dict.fromkeys((*range(27, 32), 36, *range(50, 59), 71, 72), 14),
    **dict.fromkeys(range(32, 36), 21),
    **{59: 1, 60: 2, 61: 3, 62: 4, 63: 5, 64: 6, 65: 7, 66: 8, 67: 9, 68: 10, 69: 12, 70: 13},
    **{73: 15, 74: 16, 75: 17, 76: 20, 77: 21, 78: 22, 79: 45, 80: 46, 81: 47},
}

#: Codes by number, where they are not ``General``. 14 and 22 follow the language of the program, here English
#: (US), and 47 misses its colon in the standard: they are written here as programs show them.
BUILT_IN = MappingProxyType(_CODES | {number: _CODES[same] for number, same in _OTHER_LANGUAGES.items()})
