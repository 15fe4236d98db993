"""Names of runs in titles and at the beginning of lines: ``Run 12``, ``v1_22: smaller``, ``b/13``, ``exp_5 - ...``."""

from __future__ import annotations

import re
from typing import NamedTuple

from exptdir.record.dates import DateContext, parse_title_date

#: What people call a run, in several languages; a number follows.
WORD = (
    r"(?:runs?|exps?|expt|experiments?|trials?|实验|實驗|実験|실험|试验|experimentos?|ensaio|teste|essai|expérience"
    r"|versuch|experiment[oe]?|lauf)"
)
_NUMBERED = re.compile(
    rf"\W{{0,3}}(?P<name>{WORD}[\s_#.\-]{{0,2}}(?:no\.?|nº|n°|nr\.?)?\s?(?P<id>\d{{1,6}}[\w.\-]*))", re.IGNORECASE
)
_VERSION = re.compile(
    r"\W{0,3}(?P<name>(?P<id>v(?:ersion\s?)?\d{1,4}(?:[._]\d{1,4}){0,3}[a-z]?))(?![\w/])", re.IGNORECASE
)
_PATHLIKE = re.compile(r"`?(?P<name>(?P<id>[A-Za-z][\w.]{0,20}/\d{1,4}(?:[-.]\d{1,4})?))`?(?!\w)")
_STAMPED = re.compile(
    r"`?(?P<name>(?P<id>(?=[\w@.;:+-]*(?:19|20)\d\d)(?=[^_]*_)[A-Za-z0-9][\w@.;+-]{11,}\w))`?(?=\W*$)"
)
_SNAKE = re.compile(r"`?(?P<name>(?P<id>(?=[^_]*_)(?=\D*\d)[\w@;.+-]{8,}))`?(?=\W*$)")
#: ``[`b/13`](13.yaml)``.
_LINKED = re.compile(r"\[`?(?P<name>(?P<id>[^\]`\s]{1,80}))`?\]\((?P<file>[^)\s]{1,200})\)")
#: ``SomeName2 - what it was``: a label of a line.
_LABEL = re.compile(
    r"`?(?P<name>(?P<id>(?=[\w.]*(?:[a-z][A-Z]|\d|_))[A-Za-z][\w.]{3,79}))`?\s{0,2}(?::|-(?=\s)|–|—)(?=\s|$)"
)
_LOOSE = re.compile(r"(?P<name>(?P<id>[A-Za-z]\w{3,59}))\s{0,2}(?::|-(?=\s))(?=\s)")
_CODE_LABEL = re.compile(r"`(?P<name>(?P<id>[\w./@-]{1,60}))`\s{0,2}[:：]")

#: What stands before a date: an article, the name of a field, or how many days it has been.
_BEFORE_DATE = re.compile(
    r"(?:(?:le|den|am|el|il|op|em|on)\s+(?=\d{1,2}[. ])"
    r"|(?:date|datum|data|fecha|日期|日付|날짜)\s{0,2}[:：]\s{0,2}"
    r"|(?:day|tag|jour|día|dia|week|woche|第)\s?\d{1,4}\s?[天日周]?\s?[-–—:,]?\s?(?=[(\[]?\d{1,4}[-/.]\d))",
    re.IGNORECASE,
)
#: One to three words, then a whole date and no more.
_AUTHOR = re.compile(
    r"@?(?P<who>[^\W\d_][\w.'’-]{0,30}(?:\s[^\W\d_][\w.'’-]{0,30}){0,2}\s?[,:|–—-]?)\s"
    r"(?P<date>(?:\d{4}([-/.])\d{1,2}\3\d{1,2}|\d{1,2}([-/.])\d{1,2}\4(?:20)?\d\d)(?:,?\s\d{1,2}[:：]\d\d(?:\s?[ap]m)?)?):?$",
    re.IGNORECASE,
)
#: Words that make what stands before a date a sentence.
_NO_AUTHOR = frozenset(
    re.findall(r"\w+", "as at by see since from to until till before after with of than vs on for in the and is")
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
    for form in (_LINKED, _VERSION, _NUMBERED, _PATHLIKE, _STAMPED, _SNAKE):
        if found := form.match(text):
            return _title(found, text)
    return None


def run_in_label(text: str, *, loose: bool = False) -> RunTitle | None:
    """Find the run that labels an item or a line: ``Name2 - what it was``, `` `b/14-0`: batch=32``.

    Among other such lines a plain word is a name as well; that is *loose*.
    """
    for form in (_LINKED, _CODE_LABEL, _LABEL, *((_LOOSE,) if loose else ())):
        if (found := form.match(text)) and (form is _LOOSE or re.search(r"\d|_|[a-z][A-Z]|/", found["id"])):
            return _title(found, text)
    return None


def whole_line_run(text: str) -> RunTitle | None:
    """Find the run whose stamped name is all of a line, but for a colon."""
    found = _STAMPED.match(text.strip())
    return _title(found, text.strip()) if found else None


def _title(found: re.Match[str], text: str) -> RunTitle:
    file = found.groupdict().get("file") or ""
    return RunTitle(found["id"].rstrip(".-_"), found["name"].rstrip(".-_"), file, text[found.end() :].strip(" :：-–—"))


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
    if (found := _AUTHOR.match(title)) and _NO_AUTHOR.isdisjoint(found["who"].lower().split()):
        title = f"{found['date']}: {found['who'].rstrip(' ,:|-–—')}"
    return re.sub(r"^([A-Z][a-z]{2,8})\.?,? (\d{1,2})(?:st|nd|rd|th)\b", r"\1 \2", title)
