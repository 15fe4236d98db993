"""References in prose: "same as exp 5", `` `b/13-1` ``, "see 12/16 notes", "success of v0/v1", "previous run".

Nothing is invented: what leads to one run or entry is resolved, what may lead to several carries them all, and what
looks like a reference but leads nowhere is left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import pairwise

from exptdir.logs.model import Entry, Reference, Run
from exptdir.logs.titles import OTHER_WORD, WORD
from exptdir.record.dates import parse_date

_SAME = (
    r"(?:same(?: results?)? ?as|started from|redo(?:ing)?(?: of)?|like in|wie in|identical to|idem|comme|同"
    r"|igual a(?:o)?|wie)"
)
#: Words before one that has other meanings, "version 3", where it is no product's.
_BEFORE_OTHER = re.compile(
    r"(?:^|[\n.,;:(]|\b(?:see|like|unlike|as|from|in|than|with|without|of|since|vs\.?|and|or|to|the))\s?\Z",
    re.IGNORECASE,
)


@lru_cache(64)
def _numbered(others: tuple[str, ...], hashed: bool) -> re.Pattern[str]:
    """Return what finds a run by its number: behind a word for runs, the log's own others, or a mere ``#``.

    Texts are searched in lower case: where the case does not matter to a pattern it takes twice as long.
    """
    word = "|".join((WORD, *(rf"(?P<other{at}>{re.escape(other)})" for at, other in enumerate(others))))
    return re.compile(
        rf"(?<![A-Za-z0-9_./#-])(?P<name>(?:(?:{word})[\s_-]?\#?\s?{'|#' * hashed})(?P<id>\d{{1,6}}[a-z]?))"
        r"(?![A-Za-z0-9_/]|\.\d|-[A-Za-z_])(?! ?(?:%|epochs|times|次))",
    )


_SAME_NUMBER = re.compile(rf"(?:\b{_SAME}|\A(?:as|like)) #?(?P<name>(?P<id>\d{{1,6}}[a-z]?))(?![\w%/]|\.\d)")
#: ``trials 1, 2 and 4``: a word for several, and what goes on.
_SEVERAL = re.compile(r"(?:runs|exps|expts|experiments|trials|experimentos|ensaios|versuche|essais)\b", re.IGNORECASE)
_MORE = re.compile(r"\s?(?:,|and|&|or|und|et|e|[-–]|to|bis)\s?#?(?P<id>\d{1,6})(?![\w%/]|\.\d)")
#: What stands in whatever each of the two above finds, the frequent first.
_SAME_SIGNS = ("as", "like", "start", "redo", "wie", "ident", "idem", "comme", "同", "igual")
_WORD_SIGNS = tuple(re.findall(r"\w+", "exp run trial 实验 實驗 実験 실험 试验 ensaio teste essai versuch lauf"))
_PRIOR_SIGNS = ("prev", "last", "before", "above")
_SAME_BEFORE = re.compile(_SAME + r" \Z")
_YEAR = re.compile(r"\d{4}[-.]\d{1,2}[-.]\d")
_PRIOR = re.compile(
    rf"\b(?:{_SAME}|from|as)(?: the)? (?P<name>before|prev(?:ious)?|above|last)\b"
    r"(?!-| (?!(?:run|exp|expt|experiment|trial|one|but|with|without|except|and|or|just|only|plus|as|for|in|at|on|so"
    r"|using|now|again|where|while|which|instead|if|when|then|is|was|did|does|has|had|gave|got)\b)[^\W\d_])"
    r"|\b(?:the|my|our|in|from|of|than|as|to|vs\.?) "
    r"(?P<other>(?:previous|prev|last) (?:exp|expt|experiment|run))\b(?!s)",
    re.IGNORECASE,
)
_PRIOR_TIGHT = re.compile(r"\bsame as(?P<name>prev(?:ious)?)\b", re.IGNORECASE)
#: A word that tells by what is in it that it may be a name, and is no number, or that stands in quotation marks.
_TOKEN = re.compile(
    r"(?<![\w@./\\-])(?:(?:(?<=`)|(?![\d.]+(?![\w@./+;-]))(?=[\w@.+;-]*?(?:[\d_/]|[a-z][A-Z])))[\w@][\w@./+;-]*[\w]"
    r"|[A-Za-z]\d\b)"
)
#: What a word must have to be a name without quotation marks, and what is none for all that.
_TELLING = re.compile(r"[\d_/]|[a-z][A-Z]")
_DIGIT = re.compile(r"\d")
_CAMEL = re.compile(r"[a-z][A-Z]")
_ASCII = re.compile(r"[A-Za-z][\w@./+;-]*\w", re.ASCII)
_PLAIN_NUMBER = re.compile(r"[\d.]+|\d+\w{1,2}")
_QUALIFIED = re.compile(r"\b[A-Z]{2,} $")
#: A number, a date or an amount, which fill most cells.
_BARE = re.compile(r"[\s\d.,:/%+-]*[a-zA-Z%]{0,3}")
_DAY = (
    r"(?P<date>\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|"
    r"(?P<a>\d{1,2})(?P<sign>[/.])(?P<b>\d{1,2})(?:(?P=sign)(?P<year>(?:20)?\d\d)\b)?|"
    r"(?P<cmonth>\d{1,2})[月월]\s?(?P<cday>\d{1,2})[日号일])"
)
_DATED = re.compile(
    rf"(?:\b(?:see|cf\.?|siehe|voir|vide|ver|vgl\.?)(?: the)?(?: notes?| entry)?(?: of| from| on)?|"
    rf"参见|见|\bexperiments? from|\b(?:on|from|since|vom|do dia|du))\s{{0,2}}(?<![\d/.]){_DAY}(?![\d/]|\.\d)",
    re.IGNORECASE,
)
#: Words that point at an entry, there or not; and words of those who write the day first.
_POINTS = re.compile(r"\W*(?:see|cf|见|参见|siehe|voir|vide|ver|vgl)", re.IGNORECASE)
_DAY_FIRST = re.compile(r"\W*(?:siehe|vgl|voir|vide|ver|vom|do dia|du)\b", re.IGNORECASE)
_DATED_NOTES = re.compile(
    rf"(?<![\d/.\w]){_DAY}\s{{0,3}}(?:notes?|entry|log|meeting|exps?|experiments?|results?|runs?|实验|的?\s?(?:记录|笔记|記録|기록|노트))(?![A-Za-z0-9_])"
)
_ANNOUNCED = re.compile(
    r"(?:^|\b(?:next|doing) )exp(?:eriment)?: ?(?P<name>[A-Za-z][\w]*(?: [A-Za-z]\w*)?)\s*$|"
    r"\bexp(?:eriment)?: (?P<other>\w+_\w+)",
    re.IGNORECASE | re.MULTILINE,
)
_STAMP = re.compile(r"(?P<year>(?:19|20)\d\d)[_-]?m?(?P<month>\d\d|[A-Z][a-z]{2})[_-]?d?(?P<day>\d\d)")


def is_bare(text: str) -> bool:
    """Tell whether a text is a number, a date or an amount alone: it refers to nothing."""
    return _BARE.fullmatch(text) is not None


def holds(text: str, signs: Iterable[str]) -> bool:
    """Tell whether any of some signs is in a text: most lack what a form cannot do without, and this is fast."""
    for sign in signs:  # noqa: SIM110 - "any" takes twice as long, and this is asked of every cell
        if sign in text:
            return True
    return False


@dataclass
class Finder:
    """Finds references in the texts of one log.

    Parameters
    ----------
    runs, entries
        What the log has, in the order of the file.
    known
        Names of run directories beside it that it need not mention.
    """

    runs: list[Run]
    entries: list[Entry]
    known: frozenset[str] = frozenset()
    #: Told of each run that a mention proves: a part of a sweep, or a directory.
    add: Callable[[Run], None] = field(default=lambda run: None)
    #: The entry that is being read: what is announced there comes later.
    entry: Entry | None = None

    def __post_init__(self) -> None:
        """Index the runs by their names."""
        self.names: dict[str, list[Run]] = {}
        self.numbers: dict[str, list[Run]] = {}
        for run in self.runs:
            self._index(run)
        names = [name for run in self.runs for name in run.aliases]
        other = re.compile(rf"{OTHER_WORD}(?=[\s_#.-]*\d)", re.IGNORECASE)
        others = tuple(sorted({found[0] for name in names if (found := other.match(name))}))
        hashed = any(name[0] == "#" for name in names)
        #: The forms of numbers with what stands in whatever each finds, which is looked for sooner.
        self._series = (
            (_SAME_NUMBER, _SAME_SIGNS),
            (_numbered(others, hashed), (*_WORD_SIGNS, *others, *["#"] * hashed)),
        )
        self._others = tuple(f"other{at}" for at in range(len(others)))
        self._places = {run.id: at for at, run in enumerate(self.runs)}
        self._directories = {name.lower(): name for name in self.known}
        ordered = [int(run.id) for run in self.runs if run.id.isdecimal() and len(run.id) < 7]
        ups = sum(b > a for a, b in pairwise(ordered))
        self.ascending = 2 * ups > len(ordered)
        #: The addresses of entries by their day, and by its month and number.
        self.days: dict[date | tuple[int, int], list[str]] = {}
        days = [entry.day for entry in self.entries if entry.day]
        for entry in self.entries:
            if entry.day is not None:
                self.days.setdefault(entry.day, []).append(entry.address)
                self.days.setdefault((entry.day.month, entry.day.day), []).append(entry.address)
        versions = [
            tuple(map(int, re.findall(r"\d{1,6}", run.id)))
            for run in self.runs
            if re.match(r"v\d", run.id, re.IGNORECASE)
        ]
        self.newest_first = (
            (len(days) > 1 and days[0] > days[-1])
            or (len(versions) > 2 and versions[0] > versions[-1])
            or (len(ordered) > 2 and ordered[0] > ordered[-1])
        )

    def _index(self, run: Run) -> None:
        for name in dict.fromkeys((run.id.lower(), *run.aliases)):
            self.names.setdefault(name, []).append(run)
        if number := re.fullmatch(rf"(?:{WORD}[\s_#.-]{{0,2}})?0*(\d{{1,6}})(?:\.\d+)?", run.id, re.IGNORECASE):
            self.numbers.setdefault(number[1], []).append(run)

    def find(self, text: str, line: int, subject: Run | None) -> list[Reference]:
        """Return the references of a text that begins on a line and is said of a run, in order and apart."""
        found: dict[int, Reference] = {}
        taken = bytearray(len(text))
        for start, end, kind, runs, doubtful in self._candidates(text, subject):
            if 1 in taken[start:end]:
                continue
            taken[start:end] = b"\1" * (end - start)
            targets = tuple(dict.fromkeys(runs))
            at = line + text.count("\n", 0, start)
            own = subject.id if subject else ""
            found[start] = Reference(text[start:end], at, targets, own, start, end, kind, doubtful)  # type: ignore[arg-type]
        return [found[start] for start in sorted(found)]

    def _candidates(self, text: str, subject: Run | None) -> Iterator[tuple[int, int, str, list[str], bool]]:
        # What a form cannot do without is asked for first: most texts of a long log hold no reference.
        low = text.lower()
        if len(low) != len(text):
            # So does "İ", and places are counted.
            low = text
        if "/" in text or "月" in text or "월" in text or _YEAR.search(text):
            yield from self._dates(text)
        if "exp:" in low or "experiment:" in low:
            yield from self._announced(text, subject)
        if _DIGIT.search(text):
            yield from self._numbers(text, low, subject)
        if holds(low, _PRIOR_SIGNS):
            for form in (_PRIOR, _PRIOR_TIGHT):
                for match in form.finditer(text):
                    group = "name" if form is _PRIOR_TIGHT or match["name"] else "other"
                    prior = self._prior(subject)
                    yield match.start(group), match.end(group), "same", [prior.id] if prior else [], False
        yield from self._tokens(text, subject)

    def _numbers(self, text: str, low: str, subject: Run | None) -> Iterator[tuple[int, int, str, list[str], bool]]:
        may_be_same = holds(low, _SAME_SIGNS)
        for form, signs in self._series:
            for match in form.finditer(low) if holds(low, signs) else ():
                runs = self._numbered_runs(match, subject)
                # A directory of that very name is found by it.
                known = form is _SAME_NUMBER and match["id"].isdecimal()
                if not runs and not known and not self._may_be_missing(match):
                    continue
                # A number that comes later in the file than what cites it may be another series'.
                later = bool(subject and len(runs) == 1 and self.ascending) and (
                    self._places.get(runs[0].id, 0) > self._places.get(subject.id if subject else "", len(self.runs))
                )
                begin = match.start("name")
                same = form is _SAME_NUMBER or (may_be_same and _SAME_BEFORE.search(low, max(0, begin - 24), begin))
                kind = "same" if same else "mention"
                yield match.start("name"), match.end("name"), kind, [run.id for run in runs], later
                end = match.end("name") if form is not _SAME_NUMBER and _SEVERAL.match(match["name"]) else len(text)
                while more := _MORE.match(text, end):
                    end = more.end()
                    runs = self._same_series(self.numbers.get(more["id"].lstrip("0") or "0", []), subject)
                    if runs:
                        yield more.start("id"), end, kind, [run.id for run in runs], False

    def _numbered_runs(self, match: re.Match[str], subject: Run | None) -> list[Run]:
        """Return the runs of a number, ``5`` or ``5b``; behind a word of many meanings of just what is written."""
        number = match["id"].lower()
        if match.re is not _SAME_NUMBER and any(map(match.group, self._others)):
            known = self.names.get(" ".join(match["name"].lower().split()), [])
            runs = known if _BEFORE_OTHER.search(match.string, max(0, match.start() - 16), match.start()) else []
        elif number.isdecimal():
            runs = self.numbers.get(number.lstrip("0") or "0", [])
        else:
            runs = self.names.get(number, [])
        return self._same_series(runs, subject)

    def _may_be_missing(self, match: re.Match[str]) -> bool:
        """Whether what looks like a run's number is told to lead nowhere."""
        told = match["id"].isdecimal() and match["name"][0] != "#" and re.match(WORD, match["name"], re.IGNORECASE)
        return bool(told and self.numbers) and match["name"].lower() not in self._directories

    def _prior(self, subject: Run | None) -> Run | None:
        if subject is None or subject.id not in self._places:
            return None
        at = self._places[subject.id] + (1 if self.newest_first else -1)
        other = self.runs[at] if 0 <= at < len(self.runs) else None
        return other if other and other.series == subject.series else None

    @staticmethod
    def _same_series(runs: list[Run], subject: Run | None) -> list[Run]:
        """Of several runs of a name keep the one in the numbering of what is being told of."""
        if len(runs) > 1 and subject is not None:
            return [run for run in runs if run.series == subject.series] or runs
        return runs

    def _tokens(self, text: str, subject: Run | None) -> Iterator[tuple[int, int, str, list[str], bool]]:
        for match in _TOKEN.finditer(text):
            word, start = match[0], match.start()
            before = text[max(0, start - 12) : start]
            quoted = before[-1:] == "`" and text[match.end() : match.end() + 1] == "`"
            # Most words are none; asked first, as there are many.
            if not (quoted or _TELLING.search(word)):
                continue
            if before[-1:] == "#" or "://" in before[-8:]:
                continue
            # "SSL v4" may say which of two numberings is meant, but not to us.
            own = None if _QUALIFIED.search(before) else subject
            runs = self._named(word, quoted, own)
            if not runs and not word.isascii() and (found := _ASCII.search(word)):
                # Names stand in Chinese and Japanese without blanks.
                word, start = found[0], start + found.start()
                runs = self._named(word, False, own)
            if runs:
                yield start, start + len(word), "mention", [run.id for run in runs], False
                continue
            parts = word.split("/") if "/" in word else []
            if parts and all(self._named(part, False, own) for part in parts):
                for part in parts:
                    yield start, start + len(part), "mention", [r.id for r in self._named(part, False, own)], False
                    start += len(part) + 1

    def _named(self, word: str, quoted: bool, subject: Run | None) -> list[Run]:
        """Return the runs that a word names; a plain word or number must be quoted to be taken for a name."""
        name = word.lower()
        telling = (_DIGIT.search(word) and not _PLAIN_NUMBER.fullmatch(word)) or ("_" in word and len(word) > 5)
        if not (telling or quoted or _CAMEL.search(word)):
            return []
        if runs := self.names.get(name):
            return self._same_series(runs, subject)
        if name in self._directories:
            return [self._new(Run(self._directories[name], 0))]
        base, dash, number = name.rpartition("-")
        whole = self.names.get(base, []) if dash and number.isdecimal() and _DIGIT.search(base) else []
        if len(whole) == 1 and "/" in base:
            aliases = tuple(f"{alias}-{number}" for alias in whole[0].aliases)
            return [self._new(Run(word, 0, aliases, parent=whole[0].id, series=whole[0].series))]
        return []

    def _new(self, run: Run) -> Run:
        self._index(run)
        self.add(run)
        return run

    def _dates(self, text: str) -> Iterator[tuple[int, int, str, list[str], bool]]:
        for form in (_DATED, _DATED_NOTES):
            for match in form.finditer(text):
                whole = None if match["a"] or match["cmonth"] else parse_date(match["date"])
                if whole is None and not (match["a"] or match["cmonth"]):
                    continue
                targets = self.days.get(whole, []) if whole else self._day(match)
                if targets or form is _DATED_NOTES or _POINTS.match(match[0]):
                    yield match.start("date"), match.end("date"), "date", targets, False

    def _day(self, match: re.Match[str]) -> list[str]:
        """Return the entries of a day without a year, or with a short one; some write the day first."""
        if match["cmonth"]:
            return self.days.get((int(match["cmonth"]), int(match["cday"])), [])
        month, day = int(match["a"]), int(match["b"])
        if month > 12 or match["sign"] == "." or _DAY_FIRST.match(match[0]):
            month, day = day, month
        year = match["year"]
        found = self.days.get((month, day), [])
        found = [one for one in found if not year or one.startswith(f"@20{year[-2:]}-")]
        # Who wrote on a day could cite none after it, so that what came before is meant where there is both.
        now = f"@{self.entry.day.isoformat()}~" if self.entry and self.entry.day else "~"
        return [one for one in found if one <= now] or found

    def _announced(self, text: str, subject: Run | None) -> Iterator[tuple[int, int, str, list[str], bool]]:
        for match in _ANNOUNCED.finditer(text):
            group = "name" if match["name"] else "other"
            wanted = re.sub(r"\s+", "_", match[group].strip().lower())
            ends = [run.id for run in self.runs if run.id.lower().endswith("_" + wanted) and _STAMP.match(run.id)]
            ends += [name for name in sorted(self.known) if name.lower().endswith("_" + wanted) and name not in ends]
            now = self.entry.day.isoformat() if self.entry and self.entry.day else ""
            ends = sorted(name for name in ends if self._stamp(name) >= now)
            if len(ends) == 1 and ends[0].lower() not in self.names:
                self._new(Run(ends[0], 0))
            yield match.start(group), match.end(group), "announced", ends, False

    @staticmethod
    def _stamp(name: str) -> str:
        found = _STAMP.match(name)
        return f"{found['year']}-{found['month']}-{found['day']}" if found else "~"
