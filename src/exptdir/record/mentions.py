"""Unlinked mentions: words that name another experiment, or an entry, where a reference could stand.

What counts is what can hardly mean anything else: ``experiment 34``, ``the 6/28 experiment``, an experiment's title of
several words, and a directory's name that is no plain word. A text is read once from its start to its end, however many
names there are: its words are followed through a tree of the words of all names.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from exptdir.record.model import Experiment, Record

_HEAD = r"experiments?|expts?\.?|exps?\.?|experimente?n?|versuche?n?|versuchs"
#: ``experiment 34``, ``expts. #34``, 实验 34; not ``experiment 3.5`` or ``experiment 30%``.
_END = r"(?![\w%°/]|[.,:/-]\d|\s?%)"
_NUMBERED = re.compile(
    rf"(?:(?<![\w/.-])(?:{_HEAD})\s{{1,3}}(?:no\.? |nr\.? )?|实验\s?)#?(?P<id>\d{{1,9}}){_END}", re.IGNORECASE
)
_MORE = re.compile(rf"\s?(?:,|and|und|&|or|oder|、|和)\s{{0,3}}#?(?P<id>\d{{1,9}}){_END}", re.IGNORECASE)
_DAY = r"(?<![\w/.-])(?:(?P<year>\d{4})[-/.])?(?P<one>\d{1,2})[-/.](?P<two>\d{1,2})(?![\w/-]|\.\d)"
#: ``the 6/28 experiment``, and the other way round.
_DATED = re.compile(rf"{_DAY}\s{{1,3}}(?:experiments?|expt\.?|exp\.?|entry|eintrag|versuch)\b", re.IGNORECASE)
_OF_DAY = re.compile(
    rf"\b(?:experiment|expt\.?|entry|eintrag|versuch)\s(?:of|from|on|vom)\s(?:the\s)?{_DAY}", re.IGNORECASE
)
_IDEOGRAPH = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_IDEOGRAPH}]|[^\W{_IDEOGRAPH}]+")
#: Names of directories that nobody writes by chance: with an underscore, or with digits and letters.
_NO_WORD = re.compile(r"(?=.{5})(?:(?=[^_]*\w_\w)|(?=\D*\d)(?=[\W\d_]*[^\W\d_])).*", re.DOTALL)
#: Titles of fewer words, or letters of scripts without spaces, are words that anybody may use.
_WORDS, _IDEOGRAPHS = 3, 6
#: Nobody names a title of more words.
_DEEPEST = 30


class UnlinkedMention(NamedTuple):
    """Words of a text, from *start* to *end*, the experiment that they name, and what a reference to it would say."""

    start: int
    end: int
    key: str
    reference: str


class MentionFinder:
    """Knows what the experiments and entries of a record are called.

    Parameters
    ----------
    titles
        The title of each experiment, by its key.
    entries
        The days of the entries of each, with their number among those of the day.
    order
        The setting ``exptdir_date_order``.
    """

    def __init__(
        self,
        record: Record,
        titles: Mapping[str, str],
        entries: Mapping[str, Iterable[tuple[date, int]]],
        order: str = "",
    ) -> None:
        self._record, self._order = record, order
        self._addresses = {key: one.address for key, one in record.experiments.items()}
        self._ids: defaultdict[int, set[str]] = defaultdict(set)
        self._days: defaultdict[tuple[int, int], list[tuple[date, str, int]]] = defaultdict(list)
        self._tree: dict[str, Any] = {}
        for key, one in record.experiments.items():
            if one.id is not None:
                self._ids[one.id].add(key)
            for name in {one.name, one.directory_name}:
                if _NO_WORD.fullmatch(name):
                    self._add(name, key, exact=True)
            title = " ".join(titles.get(key, "").split())
            words = sum(bool(token.strip("_")) for token in _TOKEN.findall(title))
            if words >= (_IDEOGRAPHS if re.search(f"[{_IDEOGRAPH}]", title) else _WORDS):
                self._add(title, key, exact=False)
        for key, days in entries.items():
            for day, n in days:
                self._days[day.month, day.day].append((day, key, n))

    def _add(self, name: str, key: str, *, exact: bool) -> None:
        tokens = list(_TOKEN.finditer(name))
        if len(tokens) > _DEEPEST:
            return
        node = self._tree
        for token in tokens:
            node = node.setdefault(token[0].casefold(), {})
        # It may begin or end with what is no word; and no word holds a space.
        name = name[tokens[0].start() : tokens[-1].end()]
        node.setdefault(" ", []).append((name if exact else name.casefold(), exact, key))

    def find(self, text: str, own: Experiment | None, day: date | None) -> list[UnlinkedMention]:
        """Find what a text without references and code names, in its order.

        Parameters
        ----------
        own
            The experiment that the text belongs to, which it does not name.
        day
            That of the entry that the text is in, or of the experiment.
        """
        own_key = own.key if own is not None else ""
        # What it is part of often has its aim for a title, which its parts name in so many words.
        above = {outer.key for outer in self._record.ancestors(own)} if own is not None else set[str]()
        named = (one for one in self._named(text) if one.key not in above)
        found = [*self._numbered(text), *self._dated(text, own_key, day), *named]
        found.sort(key=lambda one: (one.start, -one.end))
        apart: list[UnlinkedMention] = []
        for one in found:
            if (not apart or one.start >= apart[-1].end) and (one.key != own_key or "@" in one.reference):
                apart.append(one)
        return apart

    def _numbered(self, text: str) -> Iterator[UnlinkedMention]:
        for match in _NUMBERED.finditer(text):
            start, number = match.start(), match
            while number is not None:
                keys = self._ids.get(int(number["id"]), ())
                if len(keys) == 1:
                    (key,) = keys
                    yield UnlinkedMention(start, number.end(), key, self._addresses[key])
                following = _MORE.match(text, number.end())
                if following is None:
                    break
                start, number = following.start("id"), following

    def _dated(self, text: str, own: str, day: date | None) -> Iterator[UnlinkedMention]:
        for pattern in (_DATED, _OF_DAY):
            for match in pattern.finditer(text):
                first, second = int(match["one"]), int(match["two"])
                pairs = {(first, second)} if match["year"] or self._order != "DMY" else set()
                if not match["year"] and self._order in {"", "DMY"}:
                    pairs.add((second, first))
                year = int(match["year"]) if match["year"] else None
                meant = self._meant([one for pair in sorted(pairs) for one in self._days.get(pair, ())], own, day, year)
                if meant is not None:
                    then, key, _n = meant
                    yield UnlinkedMention(*match.span(), key, f"{self._addresses[key]}@{then.isoformat()}")

    def _meant(
        self, found: list[tuple[date, str, int]], own: str, day: date | None, year: int | None
    ) -> tuple[date, str, int] | None:
        """Return the entry that a day means: rather one of the same log; nothing where that is in doubt."""
        found = [one for one in found if one[2] == 1]
        if year is not None:
            found = [one for one in found if one[0].year == year]
        elif day is not None:
            # A day without a year is of the last twelve months.
            found = [one for one in found if 0 <= (day - one[0]).days < 366]
        nearer = [one for one in found if one[1] == own] or found
        if len(nearer) != 1 or nearer[0][:2] == (day, own):
            return None
        return nearer[0]

    def _named(self, text: str) -> Iterator[UnlinkedMention]:
        tokens = list(_TOKEN.finditer(text))
        words = [token[0].casefold() for token in tokens]
        at = 0
        while at < len(words):
            node, stop = self._tree, at
            best: tuple[int, set[str]] | None = None
            while stop < len(words) and words[stop] in node:
                node, stop = node[words[stop]], stop + 1
                if " " in node:
                    keys = self._meaning(text, tokens[at].start(), tokens[stop - 1].end(), node[" "])
                    best = (stop, keys) if keys else best
            if best is not None and len(best[1]) == 1:
                (key,) = best[1]
                yield UnlinkedMention(tokens[at].start(), tokens[best[0] - 1].end(), key, self._addresses[key])
            at = best[0] if best is not None else at + 1

    def _meaning(self, text: str, start: int, end: int, names: list[tuple[str, bool, str]]) -> set[str]:
        """Return the experiments that are called exactly so; a path or a file's name is not the directory's."""
        if re.match(r"[/\\]|[.-]\w", text[end : end + 2]) or (start and text[start - 1] in "/\\.-@#"):
            return set()
        words = " ".join(text[start:end].split())
        folded = words.casefold()
        return {key for name, exact, key in names if name == (words if exact else folded)}
