"""Titles that people write without markup: lines that are dates or name runs, above their paragraphs or before them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from exptdir.logs.model import Block, Entry
from exptdir.logs.prose import LABEL
from exptdir.logs.titles import plain_date, run_in_title
from exptdir.record.dates import DateContext, TitleDate, parse_date, parse_title_date

#: A line that is longer is a paragraph.
_LONGEST = 160
#: ``**[`s/02`](02.yaml)** lr 3e-4``.
_BOLD_BEGINNING = re.compile(r"(\*\*|__)(?P<name>[^*_\s][^*]{0,118})\1:?\s+(?=\S)")
#: A date with a sign between it and what follows.
_APART = re.compile(r".{6,40}?(?:\s-{1,3}\s|[–—|]|[:：)\]]\s|[:：]$)")
_HEADER = re.compile(r"([^\W\d_][\w-]{1,19})[ \t]{0,2}[:：][ \t]{0,8}(.*)")
#: Fields of a letter.
_SENDER = frozenset({"from", "von", "de", "da", "发件人", "差出人", "보낸사람"})
_SENT = frozenset(
    ["date", "sent", "datum", "gesendet", "data", "enviado", "envoyé", "fecha", "日期", "发送时间", "日付", "送信日時"]
)
_SUBJECT = frozenset({"subject", "betreff", "objet", "assunto", "asunto", "主题", "件名"})
_QUOTED = re.compile(r">\s?(?!>)(?=.*:$).*[^\W\d_]{2}")
_FIELD = re.compile(r"[^\W\d_]{2,20}\s?[:：]")


def date_of(line: str) -> TitleDate | None:
    """Return the date that a line begins with, whatever decorates it."""
    return parse_title_date(plain_date(line), context=DateContext()) if len(line) <= _LONGEST else None


def _begins_day(line: str) -> bool:
    """Whether a line is a date, or begins with one that a sign parts from what follows."""
    dated = date_of(line) if line[:1] not in " \t" else None
    return dated is not None and (not dated.rest or _APART.match(line) is not None)


def date_lines(blocks: Sequence[Block], level: int) -> list[Block]:
    """Make titles of that level of the lines that are dates, or begin with one where several paragraphs or lines do."""
    titles = [block.text for block in blocks if block.kind == "section"]
    days = sum(date_of(title) is not None for title in titles)
    cut: list[Block] = []
    for block in blocks:
        lines = block.text.split("\n")
        begun = [at for at, line in enumerate(lines) if _begins_day(line)] if block.kind == "paragraph" else []
        if len(begun) > 1 and begun[0] == 0:
            ends = [*begun[1:], len(lines)]
            cut += [
                Block("paragraph", block.line + at, "\n".join(lines[at:end]), label=block.label)
                for at, end in zip(begun, ends, strict=True)
            ]
        else:
            cut.append(block)
    found: dict[int, tuple[str, str]] = {}
    mails: dict[int, Entry] = {}
    for at, block in enumerate(cut):
        line, _, more = block.text.partition("\n")
        if block.kind == "paragraph" and (mail := _mail(block)):
            found[at], mails[at] = (line, ""), mail
            continue
        # What is quoted in a letter was written on another day.
        other = block.kind != "paragraph" or _QUOTED.match(line) or (titles and _FIELD.match(line))
        dated = None if other else date_of(line)
        # Where the sentence goes on in the next line, or days have headings of another kind, it may be mere prose.
        alone = not (more or days)
        if dated is not None and (not dated.rest or alone or dated.rest[:1] in "([" or _APART.match(line)):
            found[at] = line, ""
    if len(found) + days < 2:
        found = {at: title for at, title in found.items() if parse_date(cut[at].text)}
    return _titled(cut, found, level, mails)


def _mail(block: Block) -> Entry | None:
    """Read the fields above a letter, of which one says when it was sent and another what it is about."""
    lines = block.text.split("\n")
    fields = {
        field[1].lower(): field[2] for line in lines if len(line) <= _LONGEST and (field := _HEADER.fullmatch(line))
    }
    if not 2 < len(fields) == len(lines) <= 12 or _SENDER.isdisjoint(fields):
        return None
    sent = next((fields[name] for name in fields if name in _SENT), "")
    subject = next((fields[name] for name in fields if name in _SUBJECT), "")
    return Entry(None, 1, sent, subject, block.line) if sent and date_of(sent) is not None else None


def run_lines(blocks: Sequence[Block]) -> list[Block]:
    """Make titles of the lines above paragraphs that name runs, ``Trial 3 (again)``, and of bold names before prose."""
    found: dict[int, tuple[str, str]] = {}
    for at, block in enumerate(blocks):
        line, _, _ = block.text.partition("\n")
        if block.kind != "paragraph" or len(line) > _LONGEST:
            continue
        if (bold := _BOLD_BEGINNING.match(line)) and run_in_title(bold["name"]):
            found[at] = bold["name"], line[bold.end() :]
        elif (run := run_in_title(line)) and "/" not in run.id:
            behind = line.partition(run.name)[2].strip("`* ")
            if not behind or behind[0] in ":：(（[-–—":
                found[at] = line, ""
    runs = [run.id for title, _ in found.values() if (run := run_in_title(title))]
    # A run that is named twice is talked of.
    return _titled(blocks, found if 1 < len(runs) == len(set(runs)) else {}, LABEL)


def _titled(
    blocks: Sequence[Block],
    found: Mapping[int, tuple[str, str]],
    level: int,
    entries: Mapping[int, Entry] | None = None,
) -> list[Block]:
    """Cut paragraphs, by their place, into a title and what stands behind and below it."""
    flat: list[Block] = []
    for at, block in enumerate(blocks):
        if at not in found:
            flat.append(block)
            continue
        title, rest = found[at]
        _, _, more = block.text.partition("\n")
        flat.append(Block("section", block.line, title, level=level, entry=(entries or {}).get(at)))
        if rest or more:
            below = "\n".join(filter(None, (rest, more)))
            flat.append(Block("paragraph", block.line + (not rest), below, label=block.label))
    return flat
