"""Numbers under a format section: rounding, placeholders, grouping, exponents, fractions, and ``General``."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from .sections import FormatToken

#: Room for the largest float (309 digits before the point) with as many decimals or percent signs as a code has.
EXACT = Context(prec=4000, rounding=ROUND_HALF_UP, Emin=-9999, Emax=9999)
#: Spreadsheets know numbers to 15 significant digits and round from those, so that 0.285 * 100 shows as 29.
FIFTEEN = Context(prec=15, rounding=ROUND_HALF_UP)
#: Characters, without the sign, that ``General`` may take.
GENERAL_WIDTH = 11
#: The digits of most formats: they need no place-by-place layout.
_USUAL = re.compile(r"(?:#,##|#*)0(?:\.0+)?\Z")


class DigitLayout:
    """Where the digits of a number go among the tokens of a section."""

    def __init__(self, tokens: tuple[FormatToken, ...]) -> None:
        self.tokens = tokens
        end = len(tokens)
        self.exponent = next((at for at, token in enumerate(tokens) if token.kind == "exponent"), end)
        self.point = next((at for at, token in enumerate(tokens[: self.exponent]) if token.kind == "point"), end)
        digits = [at for at, token in enumerate(tokens) if token.kind == "digit"]
        stop = min(self.point, self.exponent)
        self.whole = [at for at in digits if at < stop]
        self.decimals = [at for at in digits if self.point < at < self.exponent]
        self.power = [at for at in digits if at > self.exponent]
        commas = [at for at, token in enumerate(tokens) if token.kind == "comma"]
        last_whole, last = self.whole[-1] if self.whole else -1, max(self.whole + self.decimals, default=end)
        self.grouped = any(self.whole[0] < at < last_whole for at in commas) if self.whole else False
        # A comma right after the digits divides by a thousand; before the point it does so as well (0,.0).
        self.thousands = sum(last < at or last_whole < at < self.point < end for at in commas)
        self.silent = dict.fromkeys(commas, "")
        self.percents = sum(token.kind == "percent" for token in tokens)
        self.general = any(token.kind == "general" for token in tokens)
        self.fraction = any(token.kind == "fraction" for token in tokens)
        # What stands around the digits if they make a usual number, such as ``#,##0.00``.
        self.simple: tuple[str, str] | None = None
        digits = [at for at, token in enumerate(self.tokens) if token.kind in {"digit", "comma", "point"}]
        core = "".join(token.source for token in self.tokens[digits[0] : digits[-1] + 1]) if digits else ""
        if _USUAL.match(core) and not (self.thousands or self.fraction or self.exponent < end):
            before, after = self.tokens[: digits[0]], self.tokens[digits[-1] + 1 :]
            self.simple = "".join(token.shown for token in before), "".join(token.shown for token in after)

    def number(self, value: Decimal) -> str:
        """Show a number under a section that is neither a date nor a text; a minus sign goes before everything else."""
        size, sign = abs(value), "-" if value < 0 else ""
        if self.general:
            shown = [general(size) if token.kind == "general" else token.shown for token in self.tokens]
            return sign + "".join(shown)
        size = FIFTEEN.plus(size)
        if self.percents:
            size = size.scaleb(2 * self.percents, EXACT)
        if self.fraction:
            return _fraction(self.tokens, size, sign)
        return self.render(size, sign)

    def render(self, size: Decimal, sign: str = "") -> str:
        """Return the text for a number, with a sign unless all digits that are shown are zeros."""
        if self.simple is not None:
            before, after = self.simple
            rounded = round_to(size, len(self.decimals))
            sign = sign if rounded else ""
            return f"{sign}{before}{rounded:,f}{after}" if self.grouped else f"{sign}{before}{rounded:f}{after}"
        if self.thousands:
            size = size.scaleb(-3 * self.thousands, EXACT)
        if self.exponent < len(self.tokens):
            # Mantissa and exponent; ``##0.0E+0`` steps by three, as it has three places for digits.
            step, power = max(len(self.whole), 1), 0
            if size:
                power = size.adjusted() // step * step
                if round_to(size.scaleb(-power, EXACT), len(self.decimals)) >= Decimal(10) ** step:
                    power += step
            always = self.tokens[self.exponent].source.endswith("+")
            shown = self.silent | {self.exponent: "E-" if power < 0 else "E+" if always else "E"}
            shown |= dict.fromkeys(self.power, "")
            if self.power:
                shown[self.power[0]] = str(abs(power)).zfill(len(self.power))
            rounded = round_to(size.scaleb(-power, EXACT), len(self.decimals))
        else:
            shown = dict(self.silent)
            rounded = round_to(size, len(self.decimals))
            sign = sign if rounded or not (self.whole or self.decimals) else ""
        whole, _, decimals = f"{rounded:f}".partition(".")
        shown |= self._whole(whole.lstrip("0"))
        shown |= zip(self.decimals, decimals, strict=False)
        for at in reversed(self.decimals):
            if shown[at] != "0" or self.tokens[at].source == "0":
                break
            shown[at] = _blank(self.tokens[at])
        return sign + "".join(shown.get(at, token.shown) for at, token in enumerate(self.tokens))

    def _whole(self, digits: str) -> dict[int, str]:
        shown: dict[int, str] = {}
        for place, at in enumerate(reversed(self.whole)):
            digit = digits[-1 - place] if place < len(digits) else _blank(self.tokens[at])
            separator = "," if self.grouped and place and place % 3 == 0 and digit.isdigit() else ""
            shown[at] = digit + separator
        rest = digits[: max(len(digits) - len(self.whole), 0)]
        if self.whole and rest:
            first = self.whole[0]
            # The last of these digits stands at this place, counted from the point.
            place, length = len(self.whole), len(rest)
            commas = ("," if self.grouped and (place + length - 1 - at) % 3 == 0 else "" for at in range(length))
            shown[first] = "".join(map("".join, zip(rest, commas, strict=True))) + shown[first]
        elif rest and self.point < len(self.tokens):
            shown[self.point] = rest + "."
        return shown


def _blank(token: FormatToken) -> str:
    return {"0": "0", "?": " "}.get(token.source, "")


def _fraction(tokens: tuple[FormatToken, ...], size: Decimal, sign: str) -> str:
    at = next(place for place, token in enumerate(tokens) if token.kind == "fraction")
    numerator_places, denominator_places = (part.strip() for part in tokens[at].source.split("/"))
    mixed = any(token.kind == "digit" for token in tokens[:at])
    value = Fraction(size)
    if denominator_places.strip("#0?"):
        denominator = int(denominator_places)
        numerator = int(value * denominator + Fraction(1, 2))
    else:
        # The last convergent of the continued fraction with so few digits, as Excel does, if not the nearest fraction.
        before, (numerator, denominator), left = (0, 1), (1, 0), value
        while True:
            step = left.numerator // left.denominator
            following = step * numerator + before[0], step * denominator + before[1]
            if following[1] >= 10 ** len(denominator_places):
                break
            before, (numerator, denominator) = (numerator, denominator), following
            if left - step < Fraction(5, 10**8):
                break
            left = 1 / (left - step)
    whole, rest = divmod(numerator, denominator) if mixed else (0, numerator)
    part = _pad(rest, numerator_places) + "/" + _pad(denominator, denominator_places, after=True)
    if mixed and not rest and "0" not in numerator_places:
        part = " " * (len(tokens[at].source) if whole else len(part))
    shown = DigitLayout(tokens[:at]).render(Decimal(whole))
    if mixed and not whole and not rest and "0" not in shown:
        shown = "0" + shown
    return (sign if whole or rest else "") + shown + part + "".join(token.shown for token in tokens[at + 1 :])


def _pad(number: int, places: str, *, after: bool = False) -> str:
    text = str(number)
    missing = max(len(places) - len(text), 0)
    fill = "".join({"0": "0", "?": " "}.get(place, "") for place in places[:missing])
    return text + " " * len(fill) if after else fill + text


def general(value: Decimal) -> str:
    """Show a number as ``General`` does.

    All its digits if they fit into eleven characters; otherwise as many decimals as do, or six significant digits and
    an exponent where the number is too large or, below 0.0001, too small for that.
    """
    number = FIFTEEN.plus(value)
    sign, size = "-" if number < 0 else "", abs(number)
    exponent = size.adjusted()
    if -4 <= exponent < GENERAL_WIDTH:
        places = GENERAL_WIDTH - 2 - max(exponent, 0)
        shown = _trim(f"{round_to(size, max(places, 0)):f}")
    else:
        shown = f"{size.normalize(EXACT):f}"
    if len(shown) <= GENERAL_WIDTH:
        return sign + shown
    # An exponent of three digits takes one from the mantissa.
    mantissa = round_to(size.scaleb(-exponent, EXACT), 5 if abs(exponent) < 100 else 4)
    if mantissa >= 10:
        mantissa, exponent = mantissa / 10, exponent + 1
    return sign + f"{_trim(f'{mantissa:f}')}E{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def round_to(value: Decimal, places: int) -> Decimal:
    """Round to a number of decimals, halves away from zero."""
    return EXACT.quantize(value, Decimal((0, (1,), -places)))


def _trim(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
