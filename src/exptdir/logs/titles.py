"""Names of runs in titles and at the beginning of lines: ``Run 12``, ``v1_22: smaller``, ``b/13``, ``exp_5 - ...``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from exptdir.record.dates import DateContext, parse_title_date
from exptdir.record.dates.forms import MONTHS, WEEKDAYS

#: What people call a run, in several languages; a number follows.
WORD = (
    r"(?:runs?|exps?|expt|experiments?|trials?|实验|實驗|実験|실험|试验|experimentos?|ensaio|teste|essai|expérience"
    r"|versuch|experiment[oe]?|lauf)"
)
#: Words that number runs where titles do, and other things elsewhere.
OTHER_WORD = (
    r"(?:attempts?|tries|try|tests?|jobs?|models?|configs?|setups?|iterations?|rounds?|sweeps?|variants?|ablations?"
    r"|versions?|ver|prueba|tentativa|prova|durchlauf|試行|시도)"
)
_NUMBER = r"[\s_#.\-]{0,2}(?:no\.?|nº|n°|nr\.?)?\s?(?P<id>\d{1,6}[\w.\-]*)"
_NUMBERED = re.compile(rf"\W{{0,3}}(?P<name>(?:{WORD}|{OTHER_WORD}){_NUMBER})", re.IGNORECASE)
_HASHED = re.compile(r"(?P<name>#(?P<id>\d{1,6}[a-z]?))(?![\w.-])")
_VERSION = re.compile(
    r"\W{0,8}(?P<name>(?P<id>v(?:er(?:sion)?\s?)?\d{1,4}(?:[._]\d{1,4}){0,3}[a-z]?))(?![\w/])", re.IGNORECASE
)
_PATHLIKE = re.compile(r"`?(?P<name>(?P<id>[A-Za-z][\w.]{0,20}/\d{1,4}(?:[-.]\d{1,4})?))`?(?!\w)")
_STAMPED = re.compile(
    r"`?(?P<name>(?P<id>(?=[\w@.;:+-]*(?:19|20)\d\d)(?=[^_]*_)[A-Za-z0-9][\w@.;+-]{11,}\w))`?(?=\W*$)"
)
_SNAKE = re.compile(r"`?(?P<name>(?P<id>(?=[^_]*_)(?=\D*\d)[\w@;.+-]{8,}))`?(?=\W*$)")
#: ``fluffy-sun-12``, ``unet-v2-small``, ``20210305-1``, and what may follow it.
_HYPHENED = re.compile(
    r"`?(?P<name>(?P<id>(?:[A-Za-z]\w*(?:-[A-Za-z]\w*){1,8}-\d{1,6}|[A-Za-z]\w*(?:-\w+){0,8}-v\d+(?:[-.]\w+){0,8}"
    r"|(?:19|20)\d{6}[-_]\d{1,6}[a-z]?)))`?(?=\s{0,2}(?:$|[:：(（–—]|-\s))"
)
#: ``[`b/13`](13.yaml)``.
_LINKED = re.compile(r"\[`?(?P<name>(?P<id>[^\]`\s]{1,80}))`?\]\((?P<file>[^)\s]{1,200})\)")
#: ``SomeName2 - what it was``: a label of a line.
_LABEL = re.compile(
    r"`?(?P<name>(?P<id>(?=[\w.]*(?:[a-z][A-Z]|\d|_))[A-Za-z][\w.]{3,79}))`?\s{0,2}(?::|-(?=\s)|–|—)(?=\s|$)"
)
_LOOSE = re.compile(r"(?P<name>(?P<id>[A-Za-z]\w{3,59}))\s{0,2}(?::|-(?=\s))(?=\s)")
_CODE_LABEL = re.compile(r"`(?P<name>(?P<id>[\w./@-]{1,60}))`\s{0,2}[:：]")
_LABEL_ENDS = r"\s{0,2}(?:[:：]|[-–—](?=\s))"
_NUMBERED_LABEL = re.compile(rf"(?P<name>(?:{WORD}{_NUMBER}|\#(?P<hashed>\d{{1,6}}))){_LABEL_ENDS}", re.IGNORECASE)
_BOLD_LABEL = re.compile(r"(\*\*|__)(?P<bold>[^*_\s][^*]{0,79}?)[:：]?\1[:：]?(?=\s|$)")
#: ``, `b/14-1` and `b/14-2`:`` behind a first name.
_ALSO = re.compile(r"\s{0,2}(?:,|&|and|und|et|e|y|、)\s{0,2}`(?P<id>[\w./@-]{1,60})`")
_NUMBER_ALONE = re.compile(r"[-+~≈]?[\d.,]+(?:e[-+]?\d+)?\s?[%\w]{0,3}", re.IGNORECASE)

#: Weekdays that ``record.dates`` does not know, which "mar" or "so" there would be too much.
_OTHER_WEEKDAY = (
    r"(?:lun|mar|mer|mié|mi[eé]rc|jeu|jue|ven|vie|gio|sam|s[áa]b|dim|dom|segunda|terça|quarta|quinta|sexta"
    r"|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|ma|wo|do|vr|za|zo)(?:-feira)?"
)
#: What stands before a date: an article, the name of a field, or how many days it has been.
_BEFORE_DATE = re.compile(
    r"^(?:(?:le|den|am|el|il|op|em|on)\s+(?=\d{1,2}(?:er|[. ]))"
    rf"|{_OTHER_WEEKDAY}[.,]{{0,2}}\s+(?=(?:den\s)?\d{{1,2}}[./\s-])"
    r"|(?:date|datum|data|fecha|日期|日付|날짜)\s{0,2}[:：]\s{0,2}"
    r"|(?:day|tag|jour|día|dia|week|woche|第)\s?\d{1,4}\s?[天日周]?\s?[-–—:,]?\s?(?=[(\[]?\d{1,4}[-/.]\d))",
    re.IGNORECASE,
)
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_PLAINER: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    # 2021_05_03, 2021. 5. 3. and 3. 5. 2021.
    (re.compile(r"^(\d{4})_(\d\d)_(\d\d)(?![\w-])"), lambda found: "-".join(found.groups())),
    (re.compile(r"^(\d{4})\.\s(\d{1,2})\.\s(\d{1,2})\.?(?!\d)"), lambda found: "-".join(found.groups())),
    (re.compile(r"^(\d{1,2})\.\s?(\d{1,2})\.\s(\d{4})(?!\d)"), lambda found: ".".join(found.groups())),
    # 5.III.2021
    (
        re.compile(r"^(\d{1,2})[.\s]\s?(X?(?:IX|IV|V?I{0,3}))[.\s]\s?(\d{4})(?!\d)"),
        lambda found: f"{found[1]}.{_ROMAN.index(found[2]) + 1}.{found[3]}" if found[2] in _ROMAN else found[0],
    ),
    # 3-May-21, May 3 '21
    (
        re.compile(r"^(\d{1,2}[-.\s/])([^\W\d_]{3,9})(\.?[-.\s/])'?(\d\d)(?=\s*$|\s?[:–—(,]|\s-\s)"),
        lambda found: f"{found[1]}{found[2]}{found[3]}20{found[4]}" if found[2].lower() in MONTHS else found[0],
    ),
    (
        re.compile(r"^([^\W\d_]{3,9})(\.?[-.\s/]\d{1,2},?\s)'(\d\d)(?=\s*$|\s?[:–—(,]|\s-\s)"),
        lambda found: f"{found[1]}{found[2]}20{found[3]}" if found[1].lower() in MONTHS else found[0],
    ),
)
#: One to three words, then a whole date and no more.
_AUTHOR = re.compile(
    r"@?(?P<who>[^\W\d_][\w.'’-]{0,30}(?:\s[^\W\d_][\w.'’-]{0,30}){0,2}\s?[,:|–—-]?)\s"
    r"(?P<date>(?:\d{4}([-/.])\d{1,2}\3\d{1,2}|\d{1,2}([-/.])\d{1,2}\4(?:20)?\d\d)(?:,?\s\d{1,2}[:：]\d\d(?:\s?[ap]m)?)?):?$",
    re.IGNORECASE,
)
#: Words that make what stands before a date a sentence.
_NO_AUTHOR = (
    frozenset(
        re.findall(r"\w+", "as at by see since from to until till before after with of than vs on for in the and is")
    )
    | WEEKDAYS.keys()
)


class RunTitle(NamedTuple):
    """A run named in a title: its id, the words that name it, the file that it links to, and what follows."""

    id: str
    name: str
    file: str
    rest: str


def run_in_title(title: str) -> RunTitle | None:
    """Find the run that a heading is about, ``None`` where it names none."""
    text = title.strip().strip("*").strip()
    for form in (_LINKED, _VERSION, _NUMBERED, _HASHED, _PATHLIKE, _STAMPED, _SNAKE, _HYPHENED):
        if found := form.match(text):
            return _title(found, text)
    return None


def run_in_label(text: str, *, loose: bool = False) -> RunTitle | None:
    """Find the run that labels an item or a line: ``Name2 - what it was``, `` `b/14-0`: batch=32``, ``**Run 2**: x``.

    Among other such lines a plain word is a name as well; that is *loose*. What only has a number behind it, and none
    in itself, is the name of a field.
    """
    if bold := _BOLD_LABEL.match(text):
        titled = run_in_title(bold["bold"])
        return None if titled is None or titled.rest else titled._replace(rest=text[bold.end() :].strip(" :：-–—"))
    for form in (_LINKED, _CODE_LABEL, _NUMBERED_LABEL, _HYPHENED, _LABEL, *((_LOOSE,) if loose else ())):
        found = form.match(text)
        if found and (form is _LOOSE or re.search(r"\d|_|[a-z][A-Z]|/", found["id"] or found["hashed"])):
            title = _title(found, text)
            numbered = re.search(r"\d", title.id) is not None
            return title if numbered or not _NUMBER_ALONE.fullmatch(title.rest) else None
    return None


def numbered_label(text: str) -> RunTitle | None:
    """Find the run that labels a text by a word and its number: ``Essai n°2 : …``."""
    found = _NUMBERED_LABEL.match(text)
    return _title(found, text) if found and not found["hashed"] else None


def labels_beside(rest: str) -> list[str]:
    """Return the other runs that a label names, by what stands behind the first: ``, `b/14-1` and `b/14-2`: …``."""
    names, at = [], 0
    while found := _ALSO.match(rest, at):
        names.append(found["id"])
        at = found.end()
    return names if re.match(r"\s{0,2}(?:[:：]|$)", rest[at:]) else []


def whole_line_run(text: str) -> RunTitle | None:
    """Find the run whose stamped name is all of a line, but for a colon."""
    found = _STAMPED.match(text.strip())
    return _title(found, text.strip()) if found else None


def _title(found: re.Match[str], text: str) -> RunTitle:
    groups = found.groupdict()
    name = (groups["id"] or groups["hashed"]).rstrip(".-_")
    return RunTitle(name, found["name"].rstrip(".-_"), groups.get("file") or "", text[found.end() :].strip(" :：-–—"))


def is_dated(title: str) -> bool:
    """Whether a title begins with a date, of whatever year."""
    return parse_title_date(plain_date(title), context=DateContext()) is not None


def plain_date(title: str) -> str:
    """Write the date of a title as one reads it that knows no decoration: without it, and in front.

    ``March, 4th`` becomes ``March 4``, ``[2014-10-13 Mon]`` loses its brackets, ``sean xie 11/23/19`` has the author
    behind it, and ``le 4 mars``, ``Day 12 (3/4)`` and ``Date: 2021-03-04`` lose their first words.
    """
    title = re.sub(r"^[\[<](\d{4}-\d\d-\d\d)[^\]>]{0,24}[\]>]", r"\1", title)
    title = re.sub(r"^(\*\*|__)([^*_\n]{1,80})\1:?", r"\2", title).strip("=~*#_>+|- \t")
    title = _BEFORE_DATE.sub("", title, count=1)
    for form, plain in _PLAINER:
        title = form.sub(plain, title, count=1)
    if (found := _AUTHOR.match(title)) and _NO_AUTHOR.isdisjoint(re.findall(r"\w+", found["who"].lower())):
        title = f"{found['date']}: {found['who'].rstrip(' ,:|-–—')}"
    return re.sub(r"^([A-Z][a-z]{2,8})\.?,? (\d{1,2})(?:st|nd|rd|th)\b", r"\1 \2", title)
