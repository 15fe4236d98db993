"""Everything that the text of a record shows to be wrong, without building it."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, partial
from glob import escape, glob
from itertools import chain
from pathlib import Path
from urllib.parse import unquote

from exptdir.record.documents import Document, left_out_of, nulls, owned_documents
from exptdir.record.entries import dates_in_no_heading
from exptdir.record.home import Conf
from exptdir.record.markup.references import mentions, prose, shown_files
from exptdir.record.mentions import MentionFinder
from exptdir.record.model import Record
from exptdir.record.problem import Problem
from exptdir.record.reference import Resolution, Unresolved, resolve
from exptdir.record.timeline import far_ahead, today
from exptdir.record.walk import join, walk


class Audit:
    """Looks through the documents of a record."""

    def __init__(self, conf: Conf, record: Record) -> None:
        self._conf, self._record = conf, record
        self._log = cache(lambda key: Document.log_of(conf, record.experiments[key]))
        self._documents = partial(owned_documents, conf, record, lambda one: self._log(one.key))

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong, document by document."""
        for document, owner, is_log in self._documents():
            path = document.path
            left_out = left_out_of(path, self._record.base) if document.form is None else None
            if left_out is not None:
                yield left_out
                continue
            null = nulls(document.text, path) if document.form is None else None
            if null is not None:
                yield null
            for mention in mentions(document.blocks):
                found = resolve(
                    self._record, mention.text, owner, lambda of, run: run in self._log(of.key).runs, mention.kind
                )
                if isinstance(found, Unresolved):
                    yield Problem("ref", found.message, path, mention.line)
                elif found.date and (found.date, found.n) not in self._log(found.experiment.key).addresses:
                    which = f" number {found.n}" if found.n > 1 else ""
                    reason = f"experiment {found.experiment.address!r} has no entry{which} of {found.date.isoformat()}"
                    yield Problem("ref", reason, path, mention.line)
            if self._conf.settings.missing_assets != "ignore":
                for mention in shown_files(document.blocks):
                    if not any(self._there(path, typed) for typed in {mention.text, unquote(mention.text)}):
                        any_format = " in any format" if mention.text.endswith(".*") else ""
                        yield Problem("asset", f"{mention.text}: there is no such file{any_format}", path, mention.line)
            if is_log:
                yield from _dates(document)
                for other in document.others:
                    # Those of dates are told with the entries.
                    yield from (problem for problem in other.problems if problem.kind != "date")

    def unlinked_mentions(self) -> Iterator[Problem]:
        """Yield the places whose words name another experiment or entry, and that hold no reference to it."""
        record, conf = self._record, self._conf
        logs = {key: self._log(key) for key in record.experiments}
        days = {key: [(entry.day, entry.n) for entry in log.entries if entry.day] for key, log in logs.items()}
        titles = {key: one.title or "" for key, one in record.experiments.items()}
        finder = MentionFinder(record, titles, days, conf.settings.date_order)
        for document, owner, is_log in self._documents():
            path, blocks, entries = document.path, document.blocks, document.entries if is_log else []
            referred: defaultdict[int, set[str]] = defaultdict(set)
            for mention in mentions(blocks):
                meant = resolve(record, mention.text, owner, lambda *_: True)
                if isinstance(meant, Resolution):
                    referred[mention.line].add(meant.experiment.key)
            # Its own text, and that of each log in another form that it shows, or is.
            shown = [(path, [(blocks.line_of(start), text) for start, text in prose(blocks)], blocks.headings)]
            others = zip(document.forms, document.others, strict=True)
            shown += [(log, [*other.prose], [*other.headings]) for (log, _form), other in others]
            for log, texts, headings in shown:
                here = set(headings)
                dated = [entry for entry in entries if entry.heading in here]
                begins = [entry.heading.line for entry in dated]
                for line, text in texts:
                    last = line + text.count("\n")
                    linked = {key for at in range(line, last + 1) for key in referred.get(at, ())}
                    above = bisect_right(begins, last)
                    day = dated[above - 1].day if above else (owner.begun if owner is not None else None)
                    for found in finder.find(text, owner, day):
                        if found.key not in linked:
                            said = f"“{' '.join(text[found.start : found.end].split())}” may be a reference to "
                            at = line + text.count("\n", 0, found.start)
                            yield Problem("mention", said + found.reference, log, at)

    def _there(self, document: Path, typed: str) -> bool:
        start = self._record.base if typed.startswith("/") else document.parent
        path = os.path.normpath(os.path.join(start, typed.lstrip("/")))
        if "\0" in path:
            return False
        return bool(glob(escape(path[:-1]) + "*")) if path.endswith(".*") else os.path.exists(path)


def _dates(document: Document) -> Iterator[Problem]:
    unmarked = None if document.addresses or document.form is not None else dates_in_no_heading(document.blocks)
    if unmarked is not None:
        yield Problem("date", unmarked[1], document.path, unmarked[0])
    for entry in document.entries:
        if entry.problem is not None:
            yield Problem("date", entry.problem, document.places[entry.heading], entry.heading.line)
    for at in far_ahead([entry.day for entry in document.entries], today()):
        entry = document.entries[at]
        message = f"“{entry.found.written}” is more than a year ahead"
        yield Problem("future", message, document.places[entry.heading], entry.heading.line)
    dated = {entry.heading.line: entry.heading.level for entry in document.entries if entry.heading.level}
    # In a log in another form there are sections for tasks, ideas and runs between the days.
    if len(dated) < 2 or document.form is not None:
        return
    # A section without a date among those that have one, on the same level, is probably a slip.
    for heading in document.blocks.headings:
        among = min(dated) < heading.line < max(dated) and heading.line not in dated
        if among and heading.level in dated.values():
            message = f"“{heading.title}” has no date, unlike the sections before and after it"
            yield Problem("date", message, document.path, heading.line)


def large_files(conf: Conf, record: Record, limit: int) -> Iterator[Problem]:
    """Find the files of experiments that are larger than *limit*, in bytes."""
    walks = (walk(record.base, experiment.key, conf.exclude) for experiment in record.children(None))
    for directory, files, _, _ in chain.from_iterable(walks):
        for name in files:
            path = join(directory, name)
            try:
                size = os.lstat(os.path.join(record.base, path)).st_size
            except OSError:
                continue
            if size > limit and not conf.exclude(path):
                yield Problem("size", f"the file has {_shown(size)}, more than {_shown(limit)}", record.base / path)


def _shown(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB" if size >= 1 << 20 else f"{size / 1024:.0f} KiB"
