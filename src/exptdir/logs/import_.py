"""Makes experiment directories of a log: the same entries, runs and links, as pages of the record."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

from exptdir.errors import EditError
from exptdir.logs.files import read_form
from exptdir.logs.model import Block, Entry, LogDocument, Run
from exptdir.logs.pages import PageWriter, row_items
from exptdir.record.create import NewExperiment, new_experiment, slug
from exptdir.record.edits.plan import Edit, Plan, Workspace, create
from exptdir.record.facts_values import ANY_FORM, LogForm
from exptdir.record.files import inside
from exptdir.record.home import Conf
from exptdir.record.markup.syntax import Markdown, Rst
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem
from exptdir.record.reference import Reference, parse_reference
from exptdir.record.scan import numbers_left_out
from exptdir.record.walk import OTHER_FORMS

Parts = Literal["", "run", "entry"]
#: Names of files that say nothing of what is in them.
_GENERAL = frozenset({"notes", "log", "readme", "index", "journal", "experiments", "experiment"})
#: Candidates of a doubtful reference that are named.
_SHOWN = 6


class ImportedLog(NamedTuple):
    """The *plan* that writes a log as pages, the *page* of the whole, what was *found*, and *notes* on what was not."""

    plan: Plan
    page: Path
    found: LogDocument
    notes: tuple[str, ...]


@dataclass
class _Page:
    """A page to be: its experiment's number, its directory's name and title, and what is on it."""

    number: int
    name: str
    title: str
    blocks: list[Block] = field(default_factory=list)
    tags: tuple[str, ...] = ()


def import_log(
    conf: Conf,
    record: Record,
    path: Path,
    *,
    form: LogForm = ANY_FORM,
    parts: Parts = "",
    title: str = "",
    suffix: str | None = None,
    today: date,
) -> ImportedLog:
    """Plan the pages that a log becomes.

    A log that is an experiment of the record as it stands gets its page beside it, under the same number; any other
    becomes a new experiment. With *parts*, each run or each entry is an experiment nested in that one. The log itself
    stays where it is; one from outside the record is copied beside the page.

    Raises LogError when the log cannot be read. Raises EditError when there is no place for the pages.

    Parameters
    ----------
    form
        How it is to be read; where nothing is said, as the experiment's facts say.
    suffix
        ``.md`` or ``.rst``; by default as ``exptdir new`` chooses.
    """
    same = (one for one in record.experiments.values() if one.log == path and path.suffix in OTHER_FORMS)
    experiment = next(same, None)
    form = form if form != ANY_FORM or experiment is None else experiment.form
    begun = experiment.begun if experiment is not None else None
    found = read_form(path, form, conf.settings.date_order, begun)
    if not found.blocks:
        raise EditError(f"{path.name} is empty: there is nothing to import")
    return _Import(conf, record, path, found, experiment).plan(parts, title, suffix, today)


class _Import:
    """One log on its way into the record."""

    def __init__(
        self, conf: Conf, record: Record, path: Path, found: LogDocument, experiment: Experiment | None
    ) -> None:
        self.conf, self.record, self.path, self.found, self.experiment = conf, record, path, found, experiment
        #: What stands in the place of blocks that have a page of their own, by identity: title and reference.
        self.apart: dict[int, tuple[str, str]] = {}
        #: The reference that leads to each run or entry.
        self.addresses: dict[str, str] = {}
        self.missing: dict[str, None] = {}
        headed = {run.id for block in found.walk() for run in block.runs}
        #: Runs that only prose tells of, by the line of the first mention.
        self.mentioned: dict[int, list[Run]] = {}
        for run in found.runs:
            if run.id not in headed:
                self.mentioned.setdefault(run.line, []).append(run)

    def plan(self, parts: Parts, title: str, suffix: str | None, today: date) -> ImportedLog:
        """Plan all pages."""
        found, base, beside = self.found, self.conf.base, self.experiment
        name = self.path.stem
        if name.lower() in _GENERAL:
            name = re.sub(r"^[0-9]+[-_. ]+", "", self.path.parent.name) or name
        own = (beside.title or beside.name) if beside is not None else ""
        title = " ".join((title or found.title or own or name.replace("_", " ")).split())
        blocks = found.blocks
        if found.title == blocks[0].text == title and not (blocks[0].runs or blocks[0].entry):
            blocks = [*blocks[0].children, *blocks[1:]]
        wanted = NewExperiment(title, today, name=slug(title) or slug(name) or "log", suffix=suffix)
        _, page, number = new_experiment(self.conf, self.record, wanted)
        numbered, _, rest = page.parent.name.partition("_")
        whole = _Page(number, rest, title, blocks)
        pages = self._take_apart(whole, parts) if parts else []
        digits, directory = len(numbered), page.parent.with_name(f"{whole.number:0{len(numbered)}}_{rest}")
        directory = beside.log.parent if beside is not None else directory
        self._note_addresses(whole, str(whole.number) if beside is None else beside.address)
        original = self.path.name
        edits: list[Edit] = []
        if beside is not None and beside.form.format:
            # It says that the log is no page.
            workspace = Workspace(base)
            workspace.rewrite(directory / "expt.toml", _without_form)
            edits += workspace.plan().edits
        elif beside is None and inside(self.path, base):
            original = "/" + self.path.relative_to(base).as_posix()
        elif beside is None:
            original += ".txt" if self.path.suffix in self.conf.scan_settings.suffixes else ""
            edits.append(Edit(directory / original, None, self.path.read_bytes()))
        texts = [(directory, whole, original)]
        for one in pages:
            self._note_addresses(one, str(one.number))
            texts.append((directory / f"{one.number:0{digits}}_{one.name}", one, ""))
        edits += [create(place / page.name, self._text(one, page.suffix, link)) for place, one, link in texts]
        return ImportedLog(Plan(base, tuple(edits)), directory / page.name, found, tuple(self._notes()))

    def _take_apart(self, whole: _Page, parts: Parts) -> list[_Page]:
        """Give runs or entries pages of their own; what is told of a run in several places comes together."""
        cuts = list(_cuts(whole.blocks, parts))
        names = list(dict.fromkeys(cut.name for cut in cuts))
        if not names:
            kind, undated = "runs" if parts == "run" else "entries", [one for one in self.found.entries if not one.day]
            why = f": {undated[0].problem}" if undated and parts != "run" else ""
            raise EditError(f"{self.path.name} has no {kind} to make pages of{why}")
        taken = {*self.record.by_id, *numbers_left_out(self.record, self.conf.scan_settings)}
        numbers = [int(name) for name in names if re.fullmatch(r"0*[1-9][0-9]{0,8}", name)]
        # A log that numbers its runs keeps the numbers, where all are free.
        keeps = len(numbers) == len(names) == len(set(numbers)) and taken.isdisjoint(numbers)
        if keeps and self.experiment is None:
            whole.number = max(whole.number, max(numbers) + 1)
        after = whole.number + (self.experiment is None)
        numbers = numbers if keeps else [after + at for at in range(len(names))]
        pages = {
            name: _Page(number, slug(f"run {name}" if name.isdecimal() else name) or parts, "")
            for name, number in zip(names, numbers, strict=True)
        }
        for cut in cuts:
            page, block = pages[cut.name], cut.block
            title = " ".join(re.sub(r"[*`]", "", block.text).split())
            title = title if block.kind == "section" and 0 < len(title) <= 120 and "](" not in title else cut.name
            if parts == "entry" and block.entry is not None:
                title = block.entry.title or block.entry.written
            page.title = page.title or title
            self.apart[id(block)] = title, str(page.number)
            page.blocks += _content(cut, parts)
            runs = {run.id for one in block.walk() for run in one.runs}
            page.tags = tuple(dict.fromkeys((*page.tags, *(tag.name for tag in self.found.tags if tag.run in runs))))
            if parts == "run":
                self.addresses |= {run.id: str(page.number) for run in block.runs}
        return list(pages.values())

    def _note_addresses(self, page: _Page, reference: str) -> None:
        """Note where the runs and entries of a page will be."""
        of_day: Counter[date] = Counter()
        waiting = list(reversed(page.blocks))
        while waiting:
            block = waiting.pop()
            if id(block) in self.apart:
                continue
            for line in range(block.line, block.line + block.text.count("\n") + 1):
                self.addresses |= {run.id: f"{reference}/{run.id}" for run in self.mentioned.get(line, ())}
            for run in block.runs:
                self.addresses.setdefault(run.id, f"{reference}/{run.id}")
            entry = block.entry
            if entry is not None and entry.day is not None:
                of_day[entry.day] += 1
                there, here = (f".{n}" if n > 1 else "" for n in (entry.n, of_day[entry.day]))
                self.addresses.setdefault(f"@{entry.day}{there}", f"{reference}@{entry.day}{here}")
            waiting += reversed(block.children)

    def _text(self, page: _Page, suffix: str, original: str) -> str:
        form = Markdown() if suffix == ".md" else Rst()
        writer = PageWriter(form, self._address, self._located, self.apart, self.mentioned)
        lines = writer.page(page.blocks, page.title)
        if original:
            lines += ["", f"From {form.role('download', f'{self.path.name} <{original}>')}."]
        if page.tags:
            tags = ", ".join(page.tags if suffix == ".rst" else map(json.dumps, page.tags))
            lines = [*([f":tags: {tags}"] if suffix == ".rst" else ["---", f"tags: [{tags}]", "---"]), "", *lines]
        return "\n".join(lines) + "\n"

    def _address(self, target: str) -> str:
        """Return the reference to a run or an entry; nothing where the grammar has none for its name."""
        address = self.addresses.get(target, "")
        return address if "/" not in address or parse_reference(address) == Reference(address) else ""

    def _located(self, typed: str) -> str:
        path = self.conf.base / typed.lstrip("/") if typed[:1] == "/" else self.path.parent / typed
        path = Path(os.path.normpath(path))
        if path.is_file() and inside(path, self.conf.base):
            return "/" + path.relative_to(self.conf.base).as_posix()
        self.missing[typed] = None
        return ""

    def _notes(self) -> Iterator[str]:
        """Yield what was not recognised, or could not be taken over, each with its line."""
        alike: dict[str, list[Problem]] = {}
        for problem in self.found.problems:
            # Of one kind are those that differ in what they quote.
            alike.setdefault(re.sub("“[^”]*”", "", problem.message), []).append(problem)
        for first, *others in alike.values():
            lines = [f"{one.line}" for one in others if one.line]
            shown = ", ".join(lines[:_SHOWN]) + (", …" if len(lines) > _SHOWN else "")
            more = f"; and so {len(others)} more, in line{'s' * (len(lines) > 1)} {shown}" if lines else ""
            yield f"{self.path.name}{f', line {first.line}' if first.line else ''}: {first.message}{more}"
        for one in self.found.references:
            where = f"{self.path.name}, line {one.line}: “{' '.join(one.text.split())}”"
            if one.state == "ambiguous":
                yield f"{where} may be {' or '.join(one.targets[:_SHOWN])}, and is left as text"
            elif one.state == "left" or not self._address(one.targets[0]):
                yield f"{where} leads nowhere, and is left as text"
        for typed in self.missing:
            yield f"the file {typed} is not in the record; its name is left as text"


def _without_form(text: str) -> str:
    """Take out of an ``expt.toml`` how its log is to be read."""
    import tomlkit

    document = tomlkit.parse(text)
    document.pop("log", None)
    return tomlkit.dumps(document)


class _Cut(NamedTuple):
    """A *block* that gets a page of a *name*; the *entry* it stands in, and the *head* of the table, if any."""

    name: str
    block: Block
    entry: Entry | None
    head: list[Block]


def _cuts(blocks: Sequence[Block], parts: Parts) -> Iterator[_Cut]:
    """Yield the outermost blocks that are to have pages of their own."""
    waiting: list[tuple[Block, Entry | None, list[Block]]] = [(block, None, []) for block in reversed(blocks)]
    while waiting:
        block, entry, head = waiting.pop()
        entry = block.entry or entry
        if parts == "run" and block.runs:
            yield _Cut(block.runs[0].id, block, entry, head)
        elif parts == "entry" and block.entry is not None and block.entry.day is not None:
            name = f"{block.entry.day}.{block.entry.n}" if block.entry.n > 1 else str(block.entry.day)
            yield _Cut(name, block, entry, head)
        else:
            head = block.children[0].children if block.kind == "table" and block.level and block.children else head
            waiting += [(child, entry, head) for child in reversed(block.children)]


def _content(cut: _Cut, parts: Parts) -> list[Block]:
    """Return what of a block stands on its own page: below its day, if it has one."""
    block, entry = cut.block, cut.entry
    if block.kind == "row":
        content = row_items(cut.head, block)
    elif block.kind == "section":
        content = list(block.children)
    else:
        content = [replace(block, kind="paragraph", label="", task="", runs=[], children=[]), *block.children]
    files = [Block("paragraph", block.line, f"[{run.file}]({run.file})") for run in block.runs if run.file]
    content = [*files, *content] if parts == "run" and block.kind == "section" else content
    if entry is None or entry.day is None:
        return content
    own = block.kind == "section" and entry is block.entry
    heading = Block("section", block.line, block.text if own else entry.day.isoformat(), content, entry=entry)
    if own:
        heading.references, heading.tags = block.references, block.tags
        heading.runs = [] if parts == "run" else block.runs
    return [heading]
