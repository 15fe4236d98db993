"""The syntax of a format code: its sections, their tokens, conditions and colours (ECMA-376 part 1, §18.8.31).

Also the codes that workbooks name by number only (§18.8.30).
"""

from __future__ import annotations

import locale
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from operator import eq, ge, gt, le, lt, ne
from typing import Literal

_TOKEN = re.compile(
    r"""
      "(?P<quoted>[^"]*)"?
    | \\(?P<escaped>.)
    | _(?P<blank>.)
    | \*(?P<fill>.)
    | \[(?P<bracket>[^\]]*)\]
    | (?P<general>General)
    | (?P<ampm>AM/PM|A/P)
    | (?P<exponent>E[+-])
    | (?P<fraction>[#0?]+\ */\ *(?:[1-9][0-9]*|[#0?]+))
    | (?P<digit>[#0?])
    | (?P<point>\.)
    | (?P<comma>,)
    | (?P<percent>%)
    | (?P<text>@)
    | (?P<date>y+|m+|d+|h+|s+|a{3,4})
    | (?P<era>e+|g+|bb(?:bb)?)
    | (?P<end>;)
    | (?P<literal>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)$")
_ELAPSED = re.compile(r"(h+|m+|s+)$", re.IGNORECASE)
#: A language, by its number or by its name: ``[$-407]``, ``[$€-de-DE]``.
_LANGUAGE = re.compile(r"\A\$[^-]*-(?:([0-9A-Fa-f]{3,8})|([A-Za-z]{2,3})(?:-([A-Za-z0-9-]{2,20}))?)\Z")
_OPERATORS = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq, "<>": ne}
_ZERO = Decimal(0)
#: The palette of §18.8.27, from index 8 on; the first eight are the same as the next.
PALETTE = tuple(
    colour
    for row in (
        "000000 ffffff ff0000 00ff00 0000ff ffff00 ff00ff 00ffff",
        "800000 008000 000080 808000 800080 008080 c0c0c0 808080",
        "9999ff 993366 ffffcc ccffff 660066 ff8080 0066cc ccccff",
        "000080 ff00ff ffff00 00ffff 800080 800000 008080 0000ff",
        "00ccff ccffff ccffcc ffff99 99ccff ff99cc cc99ff ffcc99",
        "3366ff 33cccc 99cc00 ffcc00 ff9900 ff6600 666699 969696",
        "003366 339966 003300 333300 993300 993366 333399 333333",
    )
    for colour in row.split()
)
#: The colours that a section can name: ``[Color1]`` to ``[Color56]`` are the palette.
_COLOURS = {
    **{f"color{blank}{at}": colour for at, colour in enumerate(PALETTE, start=1) for blank in ("", " ")},
    **dict(zip(["black", "white", "red", "green", "blue", "yellow", "magenta", "cyan"], PALETTE, strict=False)),
}
#: Eras by language, the last one first: the first day of each, and its names of one, two and three letters.
ERAS = {
    "ja_JP": "2019-05-01R|令|令和 1989-01-08H|平|平成 1926-12-25S|昭|昭和 1912-07-30T|大|大正 1868-01-01M|明|明治",
    "zh_TW": "1912-01-01|民國|中華民國",
}
#: What programs show, whatever else a section says, as the date and the time of the system: here in English (US).
_SYSTEM = {"[$-F800]": "dddd, mmmm d, yyyy", "[$-F400]": "h:mm:ss AM/PM"}
#: Characters of a code that are read; Excel lets nobody write more than 255.
MAX_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class FormatToken:
    """One part of a section: its kind, its source and what it shows when it is nothing but text."""

    kind: str
    source: str

    @property
    def shown(self) -> str:
        """The text of a literal; empty for a placeholder."""
        return self.source if self.kind in {"literal", "point", "comma", "percent"} else ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A test such as ``[>=100]``."""

    sign: str
    bound: Decimal

    def holds(self, value: Decimal) -> bool:
        """Tell whether a value passes."""
        return bool(_OPERATORS[self.sign](value, self.bound))

    def only_negative(self, *, failing: bool = False) -> bool:
        """Tell whether only negative values pass, or fail, so that a section itself says that they are."""
        below, up_to = (">=", {">"}) if failing else ("<", {"<=", "="})
        return (self.sign == below and self.bound <= 0) or (self.sign in up_to and self.bound < 0)


@dataclass(frozen=True, eq=False)
class Section:
    """One of the parts of a format code between its semicolons."""

    tokens: tuple[FormatToken, ...]
    condition: Condition | None = None
    colour: str | None = None
    #: The language of dates, such as ``de_DE``; none is English. With a plus, months are named as beside a day.
    language: str = ""

    @cached_property
    def kind(self) -> Literal["number", "date", "text"]:
        """What the section shows."""
        kinds = {token.kind for token in self.tokens}
        if kinds & {"date", "elapsed", "ampm"}:
            return "date"
        return "text" if "text" in kinds else "number"


def parse(code: str) -> tuple[Section, ...]:
    """Read a format code as the workbook stores it, in English (``General``, ``y``, ``m``, ``d``).

    It has one to four sections; more, or what follows the thousandth character, is dropped. None is ``General``.
    """
    sections: list[Section] = []
    tokens: list[FormatToken] = []
    condition: Condition | None = None
    colour: str | None = None
    language = ""
    code = code[:MAX_LENGTH]
    for system, written in _SYSTEM.items():
        code = re.sub(re.escape(system) + "[^;]*", written, code, flags=re.IGNORECASE)
    for match in _TOKEN.finditer(code or "General"):
        kind, source = str(match.lastgroup), match.group(match.lastgroup or 0)
        if kind == "end":
            sections.append(Section(_with_eras(tokens, language), condition, colour, language))
            tokens, condition, colour, language = [], None, None, ""
        elif kind == "bracket" and (test := _CONDITION.match(source)):
            condition = Condition(test[1], Decimal(test[2]))
        elif kind == "bracket" and source.lower() in _COLOURS:
            colour = _COLOURS[source.lower()]
        elif (token := _token(kind, source)) is not None:
            tokens.append(token)
        if kind == "bracket" and (spoken := _LANGUAGE.search(source)):
            # The upper digits are a calendar and a shape of digits; FC19 is 419 with months beside a day.
            number = int(spoken[1] or "0", 16) & 0xFFFF
            beside = "+" * (number >> 8 == 0xFC)
            named = "_".join(filter(None, spoken.groups()[1:])).replace("-", "_")
            language = named or locale.windows_locale.get(0x400 | number & 0xFF if beside else number, "") + beside
    sections.append(Section(_with_eras(tokens, language), condition, colour, language))
    return tuple(sections[:4])


def _with_eras(tokens: list[FormatToken], language: str) -> tuple[FormatToken, ...]:
    """Make ``e`` a year (of an era where there are some), ``bb`` a Buddhist one and, but for eras, ``g`` nothing.

    That is so within a date; elsewhere they are letters.
    """
    dated = any(token.kind == "date" for token in tokens)
    found = []
    for token in tokens:
        if token.kind == "era":
            source = token.source.lower()
            if dated and source[0] in "eg" and language[:5] in ERAS:
                token = FormatToken("date", source)
            elif not dated or source[0] == "g":
                token = FormatToken("literal", "" if dated else token.source)
            else:
                token = FormatToken("date", "yyyy" if source[0] == "e" else source)
        found.append(token)
    return tuple(found)


def _token(kind: str, source: str) -> FormatToken | None:
    if kind in {"quoted", "escaped"}:
        return FormatToken("literal", source)
    if kind == "blank":
        return FormatToken("literal", " ")
    if kind == "fill":
        return None
    if kind == "bracket":
        # Read ``[h]`` and ``[$€-407]``; colours, calendars and digit shapes show nothing of their own.
        if _ELAPSED.match(source):
            return FormatToken("elapsed", source.lower())
        if source.startswith("$"):
            return FormatToken("literal", source[1:].partition("-")[0])
        return None
    return FormatToken(kind, source)


def text_section(sections: tuple[Section, ...]) -> Section | None:
    """Return the section that shows a text, ``None`` where texts are shown as they are."""
    if len(sections) == 4:
        return sections[3]
    return sections[-1] if sections[-1].kind == "text" else None


def numeric_sections(sections: tuple[Section, ...]) -> list[tuple[Section, Condition | None, bool]]:
    """Return the sections for numbers, each with its own condition or that of its place (§18.8.31).

    With each goes whether it shows numbers without their sign, as the second of two sections does.
    """
    numeric = list(sections[:3])
    if len(numeric) > 1 and numeric[-1].kind == "text":
        numeric.pop()
    conditions = [section.condition for section in numeric]
    if len(conditions) == 2:
        conditions[0] = conditions[0] or Condition(">=", _ZERO)
    elif len(conditions) == 3:
        conditions[0] = conditions[0] or Condition(">", _ZERO)
        conditions[1] = conditions[1] or Condition("<", _ZERO)
    first = conditions[0]
    unsigned = [
        condition.only_negative() if condition else at == 1 and first is not None and first.only_negative(failing=True)
        for at, condition in enumerate(conditions)
    ]
    return list(zip(numeric, conditions, unsigned, strict=True))


#: Codes as programs show them: 14 and 22 follow the language of the program, here English (US), and 47 misses its colon
#: in the standard. openpyxl's 44 lacks the signs between its sections.
_AS_SHOWN = {
    14: "m/d/yyyy",
    22: "m/d/yyyy h:mm",
    44: r'_("$"* #,##0.00_);_("$"* \(#,##0.00\);_("$"* "-"??_);_(@_)',
    47: "mm:ss.0",
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


def built_in_codes() -> dict[int, str]:
    """Return the codes that a workbook need not hold, by number (ECMA-376 part 1, §18.8.30)."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS

    codes: dict[int, str] = BUILTIN_FORMATS | _AS_SHOWN
    return codes | {number: codes[same] for number, same in _OTHER_LANGUAGES.items()}
