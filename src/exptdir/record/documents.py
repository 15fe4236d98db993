"""The documents of a record: which they are, what the text of each holds, and where some words stand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from exptdir.record.entries import DatedHeading, entries
from exptdir.record.facts_values import LogForm
from exptdir.record.files import read_log
from exptdir.record.home import Conf
from exptdir.record.markup.blocks import OTHER, Blocks, Heading, read_blocks
from exptdir.record.markup.references import mentions, runs_in
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem
from exptdir.record.reference import Resolution, resolve
from exptdir.record.scan import LEADS_OUT, leads_out
from exptdir.record.walk import OTHER_FORMS, join, walk

#: So many characters of a long line are shown around what was found.
_AROUND = 70


class DescribedRun(NamedTuple):
    """A run where its log tells of it: its name, the title there, the file and the line."""

    name: str
    title: str
    path: Path
    line: int


class OtherLog(NamedTuple):
    """What a log in another form than a page says: titles, an update for each dated row, runs, texts by their lines."""

    headings: tuple[Heading, ...]
    runs: tuple[DescribedRun, ...]
    problems: tuple[Problem, ...]
    #: Without code and links.
    prose: tuple[tuple[int, str], ...] = ()
    tasks: tuple[tuple[int, str], ...] = ()


#: Reads one: the file, how it is to be read, the record's order of dates, the day on which the experiment began.
OtherLogs = Callable[[Path, LogForm, str, date | None], OtherLog]


def documents(conf: Conf, record: Record | None = None) -> Iterator[str]:
    """Yield the documents of a record, as sorted POSIX paths from the source directory; its logs in any form."""
    experiments = record.experiments.values() if record is not None else ()
    logs = {f"{one.docname}{one.log.suffix}" for one in experiments if one.log.suffix in OTHER_FORMS}
    suffixes, exclude, include = tuple(conf.scan_settings.suffixes), conf.exclude, conf.include
    for directory, files, _, _ in walk(conf.base, ".", exclude):
        paths = (join(directory, name) for name in files)
        paths = (path for path in paths if path.endswith(suffixes) or path in logs)
        yield from (path for path in paths if include(path) and not exclude(path))


def left_out_of(path: Path, base: Path, encoding: str = "utf-8-sig") -> Problem | None:
    """Say why a page is left out: it is a link out of the record, or no text, which ends builds."""
    if leads_out(path, base):
        return Problem("log", LEADS_OUT, path)
    try:
        content = path.read_bytes()
        content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        name = "UTF-8" if encoding.lower().startswith("utf-8") else encoding
        message = f"this is no text in {name}, so the page is left out; save the file as UTF-8"
        return Problem("log", message, path, line)
    except OSError:
        # Sphinx says so itself.
        pass
    return None


def nulls(text: str, path: Path | None = None) -> Problem | None:
    """Say that a page holds null characters, which the builders of pages cannot stand."""
    message = "it holds null characters, for which “\ufffd” is shown: the file may be damaged"
    return Problem("log", message, path, 1 + text[: text.index("\0")].count("\n")) if "\0" in text else None


@dataclass
class Document:
    """A document, and what is found in it when it is first asked for."""

    path: Path
    #: The setting ``exptdir_date_order``.
    order: str = ""
    #: *begun*, *stated*: of a log, the day on which its experiment began, and that one's title where it is a fact.
    begun: date | None = None
    stated: str | None = None
    #: How it is to be read where it is no page, and what reads it, or those that a page shows.
    form: LogForm | None = None
    other_logs: OtherLogs | None = None

    @classmethod
    def log_of(cls, conf: Conf, experiment: Experiment) -> Document:
        """Return the log of an experiment."""
        order, form = conf.settings.date_order, None if experiment.is_page else experiment.form
        begun, stated = experiment.begun, experiment.stated_title
        return cls(experiment.log, order, begun, stated, form=form, other_logs=conf.other_logs)

    @cached_property
    def forms(self) -> list[tuple[Path, LogForm]]:
        """Itself where it is a log in another form, or each such log that it shows, and how it is to be read."""
        if self.form is not None:
            return [(self.path, self.form)]
        found, text = [], self.blocks.text
        for directive in self.blocks.directives:
            if directive.name == "expt-log":
                options = {name: " ".join(text[start:end].split()) for name, start, end in directive.options}
                form = LogForm(options.get("format", ""), options.get("runs", ""))
                found.append((self.path.parent / self.blocks.argument(directive), form))
        return found

    @cached_property
    def others(self) -> list[OtherLog]:
        """What such logs say."""
        read = self.other_logs
        return [] if read is None else [read(path, form, self.order, self.begun) for path, form in self.forms]

    @cached_property
    def text(self) -> str:
        """Its text as it stands."""
        return read_log(self.path)

    @cached_property
    def blocks(self) -> Blocks:
        """Its text, read; of a log in another form no line is markup."""
        if self.form is not None:
            blocks = Blocks(self.text, OTHER)
            blocks.headings += [heading for other in self.others for heading in other.headings]
            return blocks
        return read_blocks(self.text.replace("\0", "\ufffd"), markdown=self.path.suffix.lower() == ".md")

    @cached_property
    def entries(self) -> list[DatedHeading]:
        """The entries, in the order of the text, and behind them those of the logs that it shows."""
        # The page of a log in another form is titled as its experiment, so none of its own titles is that.
        stated = self.stated if self.form is None else ""
        found = entries(self.blocks, order=self.order, begun=self.begun, stated=stated)
        for other in self.others if self.form is None else ():
            found += entries(self.blocks, other.headings, order=self.order, begun=self.begun, stated="")
        return found

    @cached_property
    def places(self) -> dict[Heading, Path]:
        """The file in which each title stands: its own, or that of a log that it shows."""
        shown = {title: path for (path, _), one in zip(self.forms, self.others, strict=False) for title in one.headings}
        return shown | dict.fromkeys(self.blocks.headings, self.path)

    @cached_property
    def addresses(self) -> set[tuple[date | None, int]]:
        """Day and number of each entry that a reference can lead to, those of included files with them."""
        if not any(directive.name == "include" for directive in self.blocks.directives):
            return {(entry.day, entry.n) for entry in self.entries}
        whole = read_blocks(_with_included(self.blocks, self.path), markdown=self.path.suffix.lower() == ".md")
        found = entries(whole, order=self.order, begun=self.begun, stated=self.stated)
        return {(entry.day, entry.n) for entry in found}

    @cached_property
    def days(self) -> list[str]:
        """The days of the entries, the earliest first, such as ``2024-05-21``."""
        return sorted(entry.day.isoformat() for entry in self.entries if entry.day)

    @cached_property
    def runs(self) -> tuple[str, ...]:
        """The names of the runs that it describes, or a log that it shows."""
        return tuple(dict.fromkeys(run.name for run in self.described))

    @cached_property
    def described(self) -> list[DescribedRun]:
        """The runs, each where it is told of."""
        found = [DescribedRun(run.text, "", self.path, run.line) for run in runs_in(self.blocks)]
        return found + [run for other in self.others for run in other.runs]

    @cached_property
    def references(self) -> tuple[str, ...]:
        """The references in it, as typed, each once."""
        return tuple(dict.fromkeys(mention.text for mention in mentions(self.blocks)))


def owned_documents(
    conf: Conf, record: Record, log: Callable[[Experiment], Document]
) -> Iterator[tuple[Document, Experiment | None, bool]]:
    """Yield each document, the experiment that it belongs to, and whether it is that one's log, which *log* returns."""
    for name in documents(conf, record):
        path, owner = record.base / name, record.around(name.rpartition(".")[0])
        if owner is not None and owner.log == path:
            yield log(owner), owner, True
        else:
            yield Document(path, conf.settings.date_order), owner, False


def _with_included(blocks: Blocks, path: Path, depth: int = 3) -> str:
    """Return the text of a document with that of the files that it includes, which may include others."""
    lines = list(blocks.raw)
    for directive in reversed(blocks.directives):
        typed = blocks.argument(directive)
        as_code = any(name in {"code", "literal"} for name, *_ in directive.options)
        if directive.name == "include" and depth and not as_code and not typed.startswith("/"):
            inner = path.parent / typed
            included = read_blocks(read_log(inner), markdown=path.suffix.lower() == ".md")
            lines[directive.line : directive.line] = ["\n", _with_included(included, inner, depth - 1), "\n\n"]
    return "".join(lines)


def cited_by(conf: Conf, record: Record, experiment: Experiment) -> list[Experiment]:
    """Return the experiments whose logs refer to one."""
    # Only what can mean it is resolved, in a record that may be huge.
    words = {experiment.name, experiment.directory_name, *([str(experiment.id)] if experiment.id is not None else [])}
    may_mean = re.compile("^-|" + "|".join(map(re.escape, words))).search
    # Nor is a text taken apart that cannot name it; a name of several words may go on on the next line.
    begins = (re.escape(word.split()[0]) for word in words if word.split())
    may_name = re.compile(r"[`<#]\s*-\d|" + "|".join(begins)).search
    citing = []
    for other in record.experiments.values():
        document = Document.log_of(conf, other)
        if other is experiment or not may_name(document.text):
            continue
        if experiment in refers_to(record, other, filter(may_mean, document.references)):
            citing.append(other)
    return citing


def refers_to(record: Record, experiment: Experiment, references: Iterable[str]) -> Iterator[Experiment]:
    """Yield the other experiments to which references lead that stand in the log of one."""
    seen = {experiment.key}
    for text in references:
        found = resolve(record, text, experiment, lambda _experiment, _run: True)
        if isinstance(found, Resolution) and found.experiment.key not in seen:
            seen.add(found.experiment.key)
            yield found.experiment


@dataclass(frozen=True)
class Hit:
    """One line in which something was found."""

    path: str
    line: int
    #: The line, or the part of it around what was found.
    text: str
    spans: tuple[tuple[int, int], ...]
    #: The heading that the line stands below; ``None`` above the first.
    heading: str | None = None


def search(conf: Conf, record: Record, words: tuple[str, ...]) -> Iterator[Hit]:
    """Find the documents that hold all of some words, and in them the lines that hold the most of these.

    The words may be phrases in any script; case and width do not matter, and parts of words count.
    """
    wanted = tuple(dict.fromkeys(folded for word in words if (folded := _folded(word.strip()))))
    if not wanted:
        return
    for path in documents(conf, record):
        text = read_log(Path(conf.base, path))
        whole = _folded(text)
        if all(word in whole for word in wanted):
            lines = text.split("\n")
            counts = [sum(word in folded for word in wanted) for folded in map(_folded, lines)]
            most = max(counts)
            headings = read_blocks(text, markdown=path.endswith(".md")).headings
            for number, (line, count) in enumerate(zip(lines, counts, strict=True), 1):
                # A phrase that runs over the end of a line is in no line; then the document itself is the answer.
                if count == most and (count or number == 1):
                    above = (heading.title for heading in reversed(headings) if heading.line <= number)
                    line, spans = line.strip(), _spans(line.strip(), wanted)
                    start = max(0, spans[0][0] - _AROUND) if spans else 0
                    end = start + 2 * _AROUND + 20
                    shown = ("…" if start else "") + line[start:end] + ("…" if len(line) > end else "")
                    yield Hit(path, number, shown, tuple(_spans(shown, wanted)), next(above, None))


def _spans(text: str, wanted: tuple[str, ...]) -> list[tuple[int, int]]:
    folded = _folded(text)
    # Of two that begin at one place, the shorter one.
    pattern = "|".join(map(re.escape, sorted(wanted, key=len)))
    return [found.span() for found in re.finditer(pattern, folded)] if len(folded) == len(text) else []


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold() if not text.isascii() else text.lower()
