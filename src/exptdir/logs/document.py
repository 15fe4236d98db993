"""A file becomes a document: decoded, read by the reader that fits, and searched for what its prose says."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from exptdir.errors import TableError
from exptdir.logs.model import Amendment, Block, Entry, LogDocument, LogError, Run, Tag, Task
from exptdir.logs.quantities import cell_metric, metrics
from exptdir.logs.readers import Source, choose
from exptdir.logs.references import Finder, holds, is_bare
from exptdir.logs.titles import plain_date, run_in_title
from exptdir.record.dates import days_of_name
from exptdir.record.entries import date_titles, is_page_title
from exptdir.record.files import collector_paused, read_bytes
from exptdir.record.problem import Problem
from exptdir.tables.encoding import decode

#: Bytes of a log; a hundred thousand lines are a tenth of this.
LONGEST = 64 * 1024 * 1024
#: A day and nothing else, or with a word behind it.
_BARE_DAY = re.compile(r"\d{1,2}/\d{1,2}(?!\S)")
_TAG = re.compile(r"(?:^|(?<=\s))#([^\W\d][\w-]{2,40})(?![\w(/])")
_TASK = re.compile(r"\b(?:TODO|FIXME|XXX)\b[:\s]|待办|\bto-?do:", re.IGNORECASE)
#: What is in whatever ``_TASK`` finds, and is looked for sooner.
_TASK_SIGNS = ("todo", "to-do", "fixme", "xxx", "待办")
_BOXED = re.compile(r"^[ \t]{0,40}(?:[-*+][ \t]{1,4})?\[(?P<sign>[ xX!?])\][ \t]{1,4}(?P<text>\S.*)$", re.MULTILINE)
_AMENDED = re.compile(
    r"\[\s*(?:update|edit|correction|later|addendum|更新|补充|追記|수정|nachtrag|mise à jour|atualização)"
    r"[^:\]]{0,24}:[^\]]{0,2000}\]|"
    r"^\s*(?:update|edit|addendum|correction|更新|追記)\b[^:：\n]{0,24}[:：].*",
    re.IGNORECASE | re.MULTILINE,
)
_AMENDED_SIGNS = (
    *("update", "edit", "correct", "later", "addendum", "更新", "补充"),
    *("追記", "수정", "nachtrag", "jour", "atualiza"),
)
#: What is said of a run that another one changes.
_CHANGES = re.compile(
    r"`?\s{0,2}(?:[+&]|w/|(?:with|without|but|plus|minus|at|using|and|on|mit|ohne|aber|com|sem|avec|sans)\b)"
)
#: Characters from which a cell is prose.
_PROSE_CELL = 24
_PROSE = frozenset({"section", "paragraph", "item", "cell", "markup", "figure"})


def read_log(
    path: str | Path, format: str = "", *, runs: Iterable[str] = (), begun: date | None = None, order: str = ""
) -> LogDocument:
    """Read a log.

    Raises LogError when the file cannot be read, or is no text, or no reader has that name.

    Parameters
    ----------
    format
        Name of the reader; the one that fits best, if it is not given.
    runs
        Names of the run directories or configurations beside it.
    begun
        The day on which the experiment began, for dates without a year.
    order
        The order of numeric dates, as ``exptdir_date_order``.
    """
    path = Path(path)
    try:
        data = read_bytes(path, LONGEST + 1)
        if len(data) > LONGEST:
            raise LogError(f"{path.name} is larger than 64 MiB")
        # What shifts to Japanese, and all in seven bits: no other encoding is so.
        shifts = data.isascii() and (b"\x1b$B" in data or b"\x1b$@" in data)
        text, guess = decode(data) if not shifts else (data.decode("iso2022_jp"), "")
    except UnicodeDecodeError as error:
        raise LogError(f"{path.name} is no log: it is not in ISO-2022-JP, as it says ({error.reason})") from None
    except OSError as error:
        raise LogError(f"{path.name} cannot be read: {error.strerror or error}") from None
    except TableError as error:
        raise LogError(f"{path.name} is no log: {error}") from None
    if "\0" in text:
        raise LogError(f"{path.name} is no log: it holds null bytes, so it is no text")
    found = read_log_text(text, path.name, format, runs=runs, begun=begun, order=order)
    if guess:
        found.problems.append(Problem("log", guess))
    found.problems = [replace(problem, path=path) for problem in found.problems]
    return found


def read_log_text(
    text: str, name: str, format: str = "", *, runs: Iterable[str] = (), begun: date | None = None, order: str = ""
) -> LogDocument:
    """Read the text of a log whose file has that name; the parameters are those of :func:`read_log`."""
    plain = re.sub(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "\n", text.removeprefix("\ufeff"))
    source = Source(name, plain, frozenset(runs))
    reader = choose(source, format)
    # A search for garbage among so many blocks takes longer than reading them.
    with collector_paused():
        found = LogDocument(reader.name, blocks=reader.read(source), problems=source.problems)
        _Assembly(found, source.runs).assemble(order, begun)
    return found


def _dated_by_runs(titles: Sequence[str], sections: Sequence[Block]) -> list[str]:
    """Write days out that have no year, ``12/18``, where the names of the runs told of there begin with that day.

    Where these all put the month first, or the day, so do the other titles.
    """
    plain = list(titles)
    bare = {at: match for at, text in enumerate(titles) if (match := _BARE_DAY.match(text))}
    orders: set[bool] = set()
    for at, match in bare.items():
        a, b = map(int, match[0].split("/"))
        runs = (run.id for block in sections[at].walk() for run in block.runs)
        days = {day for name in runs for day in days_of_name(name) if (day.month, day.day) in {(a, b), (b, a)}}
        if len(days) == 1:
            day = days.pop()
            plain[at] = day.isoformat() + titles[at][match.end() :]
            orders |= {day.month == a} if a != b else set()
    for at, match in bare.items() if len(orders) == 1 else ():
        if plain[at] == titles[at]:
            month, of_month = match[0].split("/")[:: 1 if True in orders else -1]
            plain[at] = f"{month}月{of_month}日{titles[at][match.end() :]}"
    return plain


class _Assembly:
    """Fills a document with what its blocks say."""

    def __init__(self, document: LogDocument, known: frozenset[str]) -> None:
        self.document, self.known = document, known
        self.every = list(document.walk())

    def assemble(self, order: str, begun: date | None) -> None:
        """Find entries, then runs, then what refers to either."""
        self._entries(order, begun)
        self._runs()
        document = self.document
        self.line = 1
        finder = Finder(document.runs, document.entries, self.known, self._add)
        document.newest_first = finder.newest_first
        for block, subject, entry, head in self._in_context():
            self.line = block.line
            if block.kind in _PROSE and block.text:
                bare = is_bare(block.text)
                if not bare:
                    finder.entry = entry
                    self._references(finder, block, subject)
                if not bare or block.kind != "cell":
                    self._prose(block, subject)
            if block.kind == "row" and head and subject is not None and block.runs:
                cells = zip(head, block.children, strict=False)
                found = (cell_metric(name, cell.text, cell.line, subject.id) for name, cell in cells if cell.text)
                document.metrics += [
                    metric for metric in found if metric and metric.value.lower() not in subject.aliases
                ]
            if block.task:
                document.tasks.append(Task(block.text, block.line, block.task == "done"))
            if block.kind == "section":
                document.tags += [Tag(tag, block.line, subject.id if subject else "") for tag in block.tags]
        document.runs.sort(key=lambda run: run.line)

    def _add(self, run: Run) -> None:
        run.line = run.line or self.line
        self.document.runs.append(run)

    def _entries(self, order: str, begun: date | None) -> None:
        """Date the sections; a row has the date of its column."""
        document = self.document
        sections = [block for block in self.every if block.kind == "section"]
        titles = [
            (plain_date(block.entry.written if block.entry else block.text), max(block.level, 1)) for block in sections
        ]
        if document.format == "outline" and sum(bool(_BARE_DAY.fullmatch(text)) for text, _ in titles) > 1:
            # Where other titles are just 12/1, "12/2 meeting" is a date as well.
            titles = [(match[0] if (match := _BARE_DAY.match(text)) else text, level) for text, level in titles]
        texts = _dated_by_runs([text for text, _ in titles], sections)
        titles = [(text, level) for text, (_, level) in zip(texts, titles, strict=True)]
        heading = None
        if titles and titles[0][1] == 1 and document.format != "outline":
            # A day is none, also where it is the only one.
            heading = 0 if is_page_title(titles[0][0], None, beside=True, deep=False) else None
        if heading is not None:
            document.title = sections[heading].text
        found = date_titles(titles, heading, order=order, begun=begun)
        for at, day, n, written, _ in found:
            block = sections[at]
            if run_in_title(block.text) and block.runs and "/" not in written.written and "-" not in written.written:
                continue
            rest = written.rest or block.text.partition(written.written)[2].strip(" :-—–")
            shown = match[0] if (match := _BARE_DAY.match(block.text)) else written.written
            if block.entry is not None:
                rest, shown = block.entry.title, block.entry.written
            entry = Entry(day, n, shown, rest, block.line, written.problem)
            block.entry = entry
            document.entries.append(entry)
            if written.problem:
                document.problems.append(Problem("date", written.problem, None, block.line))
        self._rows(order, begun)

    def _rows(self, order: str, begun: date | None) -> None:
        """Date the rows of tables by what their columns of dates say."""
        document = self.document
        of_day = Counter(entry.day for entry in document.entries)
        dated = [(block, block.entry) for block in self.every if block.kind == "row" and block.entry is not None]
        # Many rows name the same day.
        plain = {text: plain_date(text) for text in {entry.written for _, entry in dated}}
        found = date_titles([(plain[entry.written], 1) for _, entry in dated], None, order=order, begun=begun)
        for block, _ in dated:
            block.entry = None
        doubts = []
        for at, day, _, written, _ in found:
            block, entry = dated[at]
            of_day[day] += 1
            block.entry = Entry(day, of_day[day], entry.written, entry.title, entry.line, written.problem)
            document.entries.append(block.entry)
            if written.problem:
                doubts.append((written.problem, block.line))
        if doubts:
            more = f"; and so in {len(doubts) - 1} more rows" if len(doubts) > 1 else ""
            document.problems.append(Problem("date", doubts[0][0] + more, None, doubts[0][1]))

    def _runs(self) -> None:
        """Give each run an id of its own; where numbers begin again, a new series does."""
        seen: Counter[str] = Counter()
        first: dict[str, Run] = {}
        series = 0
        this: set[str] = set()
        outline, journal = self.document.format == "outline", self.document.format == "journal"
        for block in self.every:
            named: list[Run] = []
            for run in block.runs:
                name = run.id
                key = name.lower()
                if key in first and (outline or (journal and block.kind in {"paragraph", "item"})):
                    # The same directory or label told of again, on a later day, is the same run.
                    named.append(first[key])
                    continue
                number = re.sub(r"\D+", " ", key).split()
                if key in this and number and int(number[-1][:9]) <= 1:
                    series, this = series + 1, set()
                this.add(key)
                seen[key] += 1
                run.series = series
                run.title = block.text if block.kind == "section" else ""
                run.aliases = tuple(dict.fromkeys((key, key.rpartition("/")[2], *run.aliases)))
                if seen[key] > 1:
                    run.id = f"{name}.{seen[key]}"
                    while run.id.lower() in first:
                        seen[key] += 1
                        run.id = f"{name}.{seen[key]}"
                base, dash, part = key.rpartition("-")
                if dash and part.isdecimal() and "/" in base and base in first:
                    run.parent = first[base].id
                first[run.id.lower()] = run
                self.document.runs.append(run)
                named.append(run)
            block.runs = named

    def _in_context(self) -> Iterator[tuple[Block, Run | None, Entry | None, list[str]]]:
        """Yield all blocks with the run and the entry they stand in, and the head of the table."""
        waiting: list[tuple[Block, Run | None, Entry | None, list[str]]] = [
            (block, None, None, []) for block in reversed(self.document.blocks)
        ]
        while waiting:
            block, subject, entry, head = waiting.pop()
            subject = block.runs[-1] if block.runs else subject
            entry = block.entry or entry
            if block.kind == "table" and block.level and block.children:
                head = [cell.text for cell in block.children[0].children]
            yield block, subject, entry, head
            if block.kind == "row":
                # Most blocks of a long table are cells, which hold no others.
                for cell in block.children:
                    yield cell, subject, entry, head
            else:
                waiting.extend((child, subject, entry, head) for child in reversed(block.children))

    def _references(self, finder: Finder, block: Block, subject: Run | None) -> None:
        found = finder.find(block.text, block.line, subject)
        if not found:
            return
        if block.kind == "cell" and subject and block.text.lower() in {subject.id.lower(), *subject.aliases}:
            return
        if not block.runs and block.entry is None:
            block.references = found
            self.document.references += found
            return
        # What a title or a label names it is not said to refer to.
        named = {run.id for run in block.runs}
        names = {name for run in block.runs for name in (run.id.lower(), *run.aliases)}
        block.references += [
            one
            for one in found
            if one.text.lower().strip("`") not in names
            and not (one.targets and named.issuperset(one.targets))
            and (block.entry is None or one.start > 0)
        ]
        self.document.references += block.references

    def _prose(self, block: Block, subject: Run | None) -> None:
        document, own = self.document, subject.id if subject else ""
        if block.kind != "section" and (block.kind != "cell" or len(block.text) > _PROSE_CELL):
            resolved = [one for one in block.references if one.state == "resolved"]
            ends = [one.end for one in resolved]
            for at, metric in metrics(block.text):
                # What is said of another run right where it is named is that run's: "in `b/08`, …", "`b/11`'s MSE".
                named = bisect_right(ends, at)
                said = resolved[named - 1] if named and resolved[named - 1].kind == "mention" else None
                if said is not None:
                    between = block.text[said.end : at]
                    begun = re.search(r"(?:\b(?:in|for|with)|^|[.;])\s*`?$", block.text[: said.start], re.IGNORECASE)
                    # At the beginning of what is told of a run another is what it goes on from: "5b + warmup, …".
                    changed = begun and not begun[0].strip("` ") and _CHANGES.match(between)
                    if re.search(r"[.;]\s", between) or changed or not (begun or re.match(r"`?['’]s\b", between)):
                        said = None
                if subject is not None and metric.name.lower() in subject.aliases:
                    # The name that labels the run, with a number behind it: "wide: 90 epochs".
                    continue
                run = said.targets[0] if said else own
                document.metrics.append(metric._replace(line=block.line_of(at), run=run))
        if "#" in block.text and block.kind != "cell":
            document.tags += [Tag(match[1], block.line_of(match.start()), own) for match in _TAG.finditer(block.text)]
        if block.kind == "markup":
            # What stands between titles is left to docutils, which knows no boxes.
            boxes = [(block.line_of(match.start("text")), match) for match in _BOXED.finditer(block.text)]
            document.tasks += [Task(match["text"], line, match["sign"] in "xX") for line, match in boxes]
        low = block.text.lower()
        if not block.task and holds(low, _TASK_SIGNS) and (match := _TASK.search(block.text)):
            line = block.text[match.start() :].split("\n")[0]
            document.tasks.append(Task(line, block.line_of(match.start()), bool(re.search(r"\bDONE\b", line))))
        if (":" in low or "：" in low) and holds(low, _AMENDED_SIGNS):
            document.amendments += [
                Amendment(match[0].strip(), block.line_of(match.start()), own)
                for match in _AMENDED.finditer(block.text)
            ]
