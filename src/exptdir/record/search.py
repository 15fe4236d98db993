"""Full-text search in the documents of a record."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exptdir.record.documents import documents
from exptdir.record.files import read_log
from exptdir.record.home import Conf
from exptdir.record.markup.blocks import read_blocks

#: So many characters of a long line are shown around what was found.
_AROUND = 70


@dataclass(frozen=True)
class Hit:
    """One line in which something was found.

    Parameters
    ----------
    path
        The document, as a POSIX path from the source directory.
    line
        1-based.
    text
        The line, or the part of it around what was found.
    spans
        Where in *text* the words are.
    heading
        The heading that the line stands below; ``None`` above the first.
    """

    path: str
    line: int
    text: str
    spans: tuple[tuple[int, int], ...]
    heading: str | None = None


def search(conf: Conf, words: tuple[str, ...]) -> Iterator[Hit]:
    """Find the documents that hold all of some words, and in them the lines that hold the most of these.

    Parameters
    ----------
    conf
        What the record's ``conf.py`` says.
    words
        Words or phrases, in any script; case and width do not matter, and parts of words count.

    Yields
    ------
    Hit
        In the order of the files.
    """
    wanted = tuple(dict.fromkeys(folded for word in words if (folded := _folded(word.strip()))))
    if not wanted:
        return
    for path in documents(conf):
        text = read_log(Path(conf.base, path))
        whole = _folded(text)
        if all(word in whole for word in wanted):
            yield from _hits(path, text, wanted)


def _hits(path: str, text: str, wanted: tuple[str, ...]) -> Iterator[Hit]:
    lines = text.split("\n")
    counts = [sum(word in folded for word in wanted) for folded in map(_folded, lines)]
    headings = [(heading.line, heading.title) for heading in read_blocks(text, markdown=path.endswith(".md")).headings]
    most = max(counts)
    for number, (line, count) in enumerate(zip(lines, counts, strict=True), 1):
        # A phrase that runs over the end of a line is in no line; then the document itself is the answer.
        if count == most and (count or number == 1):
            heading = next((title for at, title in reversed(headings) if at <= number), None)
            yield Hit(path, number, *_excerpt(line, wanted), heading)


def _excerpt(line: str, wanted: tuple[str, ...]) -> tuple[str, tuple[tuple[int, int], ...]]:
    stripped = line.strip()
    spans = _spans(stripped, wanted)
    start = max(0, spans[0][0] - _AROUND) if spans else 0
    end = start + 2 * _AROUND + 20
    text = ("…" if start else "") + stripped[start:end] + ("…" if len(stripped) > end else "")
    return text, tuple(_spans(text, wanted))


def _spans(text: str, wanted: tuple[str, ...]) -> list[tuple[int, int]]:
    folded = _folded(text)
    if len(folded) != len(text):
        return []
    found: list[tuple[int, int]] = []
    for word in wanted:
        at = folded.find(word)
        while at >= 0:
            found.append((at, at + len(word)))
            at = folded.find(word, at + len(word))
    apart: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if not apart or start >= apart[-1][1]:
            apart.append((start, end))
    return apart


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold() if not text.isascii() else text.lower()
