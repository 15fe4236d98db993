"""Quantities in prose: ``loss: 2.05``, ``~0.14 image sim``, ``MSE 0.18(0.003)``, ``1,985/8,126 MB``, ``30 %``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from exptdir.logs.model import Metric

_NUMBER = r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|(?<=\d))(?:[eE][-+]?\d{1,3})?"
_SPREAD = r"(?:\s?\((?P<paren>\d+(?:\.\d+)?)\)|\s?(?:±|\+/-)\s?(?P<pm>\d+(?:\.\d+)?))?"
_UNIT = (
    r"(?:\s?(?P<unit>%|％|[KMGT]i?B|ms|µs|s|sec(?:onds?)?|min(?:utes?)?|h(?:ours?)?|hrs?|d|"
    r"Hz|kHz|dB|fps|mm|cm|nm|°C)(?![\w(]))?"
)
_ROUGH = r"(?P<rough>~|≈|∼|about |around |ca\.? |up to ~?|约|大约|おおよそ|etwa |environ |cerca de )?"
_VALUE = rf"{_ROUGH}(?P<value>{_NUMBER}(?:/{_NUMBER})?){_SPREAD}{_UNIT}"
#: Words that make what they name a result; anything else with ``=`` was set by somebody.
_RESULT = re.compile(
    r"loss|mse|mae|rmse|acc|auc|roc|f1|iou|m?ap\b|mapk|map@|bleu|rouge|cider|meteor|score|psnr|ssim|fid|bpb|ppl|perplex|error|err\b|train|valid|test|"
    r"sim\b|similar|reward|return|recall|precision|kappa|corr|r2|r\^2|mean|std|delta|usage|utili[sz]ation|memory|time|speed|per_sec|"
    r"损失|精度|准确|得分|スコア|精度|손실|정확|perda|acurácia|précision|perte|genauigkeit|verlust|tokens_per|bpb",
    re.IGNORECASE,
)
_KEYED = re.compile(
    r"(?<![\w.@/-])(?P<name>[^\W\d_][\w@./^%-]{0,30}(?:[ _-][^\W\d_][\w@.^()-]{0,24}){0,3}?)"
    r"\s{0,3}(?P<sign>~=|==?|≈|:|：|＝)\s{0,8}" + _VALUE + r"(?![\w/]|\.\d|-\d|:\d)"
)
#: A quantity by its name alone: ``MSE 0.18(0.003)``, ``loss of 0.3``.
_NAMED = re.compile(
    r"(?<![\w.@/-])(?P<name>(?:(?:train|valid|val|test|best|mean)[ _])?"
    r"(?:[A-Z]{2,5}|mse|mae|rmse|loss|acc(?:uracy)?|auc|f1|iou|bleu|fid|psnr|ssim|score))"
    r" (?:of |is |was |at |to )?" + _VALUE + r"(?![\w/]|\.\d|-\d)",
)
_BEFORE = re.compile(
    r"(?<![\w.@/-])(?P<rough>~|≈)(?P<value>"
    + _NUMBER
    + r") (?P<name>(?:[a-z]{2,12} )?(?:sim|similarity|loss|acc|accuracy|auc|f1|mse|mae|iou))\b"
)
_PERCENT = re.compile(r"(?<![\w.@/-])" + _ROUGH + rf"(?P<value>{_NUMBER}(?:-{_NUMBER})?)\s?(?P<unit>[%％])(?!\w)")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_CELL = re.compile(rf"\s*{_VALUE}\s*")
_DIGIT = re.compile(r"\d")
#: The forms, the surest first, each with what is in whatever it finds, and is looked for sooner.
_FORMS = (
    (_KEYED, re.compile("[=:≈：＝]")),
    (_BEFORE, re.compile("[~≈]")),
    (_NAMED, re.compile(r"(?:[A-Z]{2}|mse|mae|loss|acc|accuracy|auc|f1|iou|bleu|fid|psnr|ssim|score) ")),
    (_PERCENT, re.compile("[%％]")),
)
#: Words that join a name to its sentence and are no part of it.
_JOINS = frozenset(
    re.findall(
        r"\w+",
        "a about above all an and are around as at be both but by for from get gets go goes got had has have if in is"
        " it its near of on or our reach reaches reached s similar similarly so stage than that the their them then "
        "this to use used uses using was we were when where which while with",
    )
)
#: A version, a date or an address is none.
_NO_NAME = re.compile(r"https?$|^(?:see|note|line|step \d|epoch|page|fig(?:ure)?|v|at|in|to)$", re.IGNORECASE)


def metrics(text: str) -> Iterator[tuple[int, Metric]]:
    """Yield the quantities of a text, each with its place; run and line are not filled in."""
    if _DIGIT.search(text) is None:
        return
    taken = bytearray(len(text))
    for form, sign in _FORMS:
        for found in form.finditer(text) if sign.search(text) else ():
            groups = found.groupdict()
            value = groups["value"].strip()
            words = (groups.get("name") or "").split()
            while len(words) > 1 and any(word[-1] == "." or word.lower() in _JOINS for word in words[:-1]):
                words.pop(0)
            name = " ".join(words).strip("-_. ")
            number = _number(value)
            begin, end = found.span("value")
            if number is None or 1 in taken[begin:end] or "\n" in found[0] or _NO_NAME.search(name):
                continue
            if form is _NAMED and not (
                _RESULT.search(name) and ("." in value or groups.get("unit") or groups.get("paren"))
            ):
                continue
            taken[found.start() : found.end()] = b"\1" * (found.end() - found.start())
            rough, spread = groups.get("rough"), groups.get("paren") or groups.get("pm") or ""
            unit = groups.get("unit") or ""
            approximate = bool(rough) or groups.get("sign") in {"~=", "≈"}
            setting = bool(name) and is_setting(name) and unit not in {"%", "％"}
            yield found.start(), Metric(name, value, number, unit, approximate, spread, 0, "", setting)


def cell_metric(name: str, value: str, line: int, run: str) -> Metric | None:
    """Read a cell of a table whose column has that name; ``None`` unless it is a single number."""
    if _PLAIN.fullmatch(value):
        return Metric(name, value, float(value), "", False, "", line, run, is_setting(name))
    found = _CELL.fullmatch(value)
    number = _number(found["value"]) if found else None
    if found is None or number is None:
        return None
    spread = found["paren"] or found["pm"] or ""
    return Metric(
        name,
        found["value"],
        number,
        found["unit"] or "",
        bool(found["rough"]),
        spread,
        line,
        run,
        is_setting(name),
    )


@lru_cache(1024)
def is_setting(name: str) -> bool:
    """Tell whether a quantity was set by somebody, by its name."""
    return not _RESULT.search(name)


def _number(text: str) -> float | None:
    try:
        return float(text.split("/")[0].replace(",", "").replace("−", "-").rstrip("-"))
    except ValueError:
        first = re.match(r"\d+(?:\.\d+)?", text)
        return float(first[0]) if first else None
