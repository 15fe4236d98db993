"""Finds the experiments of a record on disk, reads their facts and says what is wrong with them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path, PurePosixPath

from exptdir.record.check import DRAFT, check
from exptdir.record.facts import log_heading, read_facts, read_top
from exptdir.record.files import Stamp, inside, lasting, stamp
from exptdir.record.home import OUTPUT
from exptdir.record.markup.blocks import plain_title
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem
from exptdir.record.walk import NOTEBOOK, OTHER_FORMS, OWN_NAME, ScanSettings, Tree, find_logs, is_utf8, join, walk

#: How deep the likely right root is looked for when the one that was given holds nothing.
_GUESS_DEPTH = 3
#: The files, beside the log, that facts come from; those in ``.expt`` apart, since most experiments have none.
_BESIDE = ("expt.toml", ".expt")
_SMALL = (".expt/id", ".expt/status", ".expt/tags", ".expt/prereqs")

#: An experiment, and what is wrong with it alone.
Read = tuple[Experiment, list[Problem]]


class ScanMemory:
    """What is known of a record from the last scan; each application has its own."""

    def __init__(self) -> None:
        self.tree = Tree()
        self._scanned: object = None
        self._known: dict[str, tuple[object, list[Stamp | None], Read]] = {}
        self._before = self._known
        self._logs: dict[str, tuple[list[str], list[str]]] = {}
        self._record: Record | None = None
        self._wrong: tuple[Problem, ...] = ()
        self.exclude: Callable[[str], bool] = bool

    def begin(self, base: Path, settings: object, exclude: Callable[[str], bool]) -> None:
        """Begin a scan; what is known of another record, or by other settings, is forgotten."""
        if self._scanned != (base, settings):
            self._known, self._logs, self._record = {}, {}, None
            self._scanned, self.exclude = (base, settings), cache(exclude)
        self.tree.renew()
        self._known, self._before = {}, self._known

    def logs(self, path: str, files: list[str], find: Callable[[], list[str]]) -> list[str]:
        """Return what *find* finds among the files of a directory, which is asked for each listing once."""
        known = self._logs.get(path)
        if known is None or known[0] is not files:
            known = self._logs[path] = files, find()
        return known[1]

    def experiment(self, base: Path, key: str, facts: object, log: str, read: Callable[[], Read]) -> Read:
        """Return what *read* reads of an experiment, which is asked when one of its sources has changed.

        *facts* is what else its reading goes by.
        """
        directory = f"{base}/{key}/"
        stamps = [stamp(directory + name) for name in (log, *_BESIDE)]
        if stamps[-1]:
            stamps += [stamp(directory + name) for name in _SMALL]
        known = self._before.get(key)
        if known is None or known[0] != facts or known[1] != stamps:
            # Before the files are read: one that changes meanwhile is read again next time.
            kept = [lasting(one) for one in stamps]
            last, found = known[2] if known is not None else None, read()
            # An experiment's equality leaves its origins out.
            same = last is not None and last == found and last[0].origins == found[0].origins
            known = facts, kept, last if same and last is not None else found
        self._known[key] = known
        return known[2]

    def record(
        self,
        base: Path,
        experiments: Mapping[str, Experiment],
        problems: Iterable[Problem],
        check: Callable[[Record], Iterable[Problem]],
    ) -> Record:
        """Make a record of the experiments; the last one, with all that was looked up in it, where they are the same.

        *check* finds what is wrong with a record as a whole; it is asked once for the same experiments.
        """
        last = self._record
        if last is None or [*map(id, last.experiments.values())] != [*map(id, experiments.values())]:
            last = Record(base, experiments)
            self._wrong = tuple(check(last))
        found = (*problems, *self._wrong)
        self._record = last if last.problems == found else last.with_problems(found)
        return self._record


#: Why a document that is a link to a file elsewhere is no part of the record: not everybody may read that.
LEADS_OUT = "this is a link to a file outside the record, so it is left out; copy the file to here"


def leads_out(path: Path, base: Path) -> bool:
    """Tell whether a file is a link that leads out of the record."""
    return path.is_symlink() and not inside(path, base)


def scan(base: Path, settings: ScanSettings | None = None, memory: ScanMemory | None = None) -> Record:
    """Find all experiments below the record roots, and what is wrong with them.

    *memory* is what the last scan left, for this one to add to; without it, everything is read.
    """
    settings, memory = settings or ScanSettings(), memory or ScanMemory()
    memory.begin(base, settings, settings.exclude)
    experiments: dict[str, Experiment] = {}
    problems: list[Problem] = []
    for root in settings.roots:
        clean = PurePosixPath(root).as_posix()
        if clean.startswith("/") or ".." in PurePosixPath(clean).parts:
            problems.append(Problem("root", f"the record root {root!r} is not inside the source directory", base))
            continue
        empty = True
        seen: Counter[str] = Counter()
        for path, files, _, apart in walk(base, clean, memory.exclude, memory.tree.listing):
            logs = memory.logs(path, files, partial(find_logs, path, files, settings)) if path != clean else []
            for name in [name for name in logs if leads_out(base / path / name, base)]:
                logs = [other for other in logs if other != name]
                problems.append(Problem("log", LEADS_OUT, base / path / name))
            if logs and os.path.splitext(logs[0])[1] in OTHER_FORMS and "expt.toml" not in files:
                # Among the runs and data of an experiment lies many a log.txt.
                above = path.rpartition("/")[0]
                while above and above not in experiments:
                    above = above.rpartition("/")[0]
                logs = [] if above else logs
            for name in apart:
                if not is_utf8(name) and (name.endswith(tuple(settings.suffixes)) or (base / path / name).is_dir()):
                    message = "its name is not UTF-8, so it is left alone; give it another name"
                    problems.append(Problem("log", message, base / path / name))
            if path != clean and not logs:
                pages = [name for name in files if name.endswith((*settings.suffixes, *settings.unread))]
                own = path.rpartition("/")[2]
                seen.update(OWN_NAME if os.path.splitext(name)[0] == own else name for name in pages)
                problems += _no_logs(base, path, files, apart, settings)
            empty = empty and not logs
            # Roots may overlap.
            if logs and path not in experiments:
                books = tuple(one for one in files if one.endswith(NOTEBOOK) and not memory.exclude(join(path, one)))
                read = partial(read_experiment, base, clean, path, logs, books, settings.date_order)
                experiments[path], wrong = memory.experiment(base, path, (clean, logs, books), logs[0], read)
                problems += wrong
        if empty:
            problems.append(_empty_root(base, clean, settings, memory.tree, seen))
    # Those that two roots hold under the same path are written from the source directory.
    shared = Counter(experiment.path for experiment in experiments.values())
    found = {
        key: replace(experiment, path=key) if shared[experiment.path] > 1 else experiment
        for key, experiment in sorted(experiments.items())
    }
    return memory.record(base, found, problems, lambda record: check(record, settings.statuses))


def _empty_root(base: Path, clean: str, settings: ScanSettings, tree: Tree, seen: Counter[str]) -> Problem:
    """Say of a root without experiments what may have been meant; *seen* are the names of the pages in it."""
    state = "holds no experiment" if (base / clean).is_dir() else "does not exist"
    likely = likely_root(base, settings, tree)
    hint = f'; did you mean exptdir_roots = ["{likely}"]?' if likely and likely != clean else ""
    found_names = ", ".join(name for name, _ in seen.most_common(3) if name != OWN_NAME)
    names = f" (logs are called {', '.join(settings.log_names)}; there is {found_names})" if found_names else ""
    if OWN_NAME in seen:
        names += f"; pages called as their directory are logs with “{OWN_NAME}” in exptdir_log_names"
    beside = [name for name in tree.listing(f"{base}/{clean}").files if name.endswith((".md", ".rst"))]
    beside = [name for name in beside if PurePosixPath(name).stem not in settings.log_names]
    names = names if seen else f"; an experiment is a directory: give {beside[0]} one" if beside else ""
    message = f"the record root {clean!r} {state}{hint or names}"
    return Problem("root", message, base / clean)


def _no_logs(base: Path, path: str, files: list[str], apart: list[str], settings: ScanSettings) -> Iterator[Problem]:
    """Say what in a directory without a log looks like one."""
    unread = replace(settings, suffixes=settings.unread, others=())
    for name in find_logs(path, files, unread) if settings.unread else ():
        kinds = " or ".join(settings.suffixes)
        message = f"{name} is no log that can be read here, so this is no experiment; logs end in {kinds}"
        yield Problem("log", message, base / path / name)
    for name in files:
        stem, suffix = os.path.splitext(name)
        if suffix.lower() != suffix and find_logs(path, [stem + suffix.lower()], settings):
            message = f"{name} is not read, for its ending has capitals; call it {stem}{suffix.lower()}"
            yield Problem("log", message, base / path / name)
    # What is apart is excluded for Sphinx, too.
    for name in find_logs(path, apart, replace(settings, exclude=lambda path: False)) if apart else ():
        if not (base / path / name).is_dir():
            yield Problem("log", f"{name} is no regular file, so it is left alone", base / path / name)


def numbers_left_out(record: Record, settings: ScanSettings) -> dict[int, str]:
    """Return the numbers of directories with a log that are excluded, and so no part of the record, with their paths.

    They are taken all the same: who includes such a directory again would have two of one number.
    """
    everything, found = replace(settings, exclude=lambda path: False), dict[int, str]()
    for root in settings.roots:
        clean = PurePosixPath(root).as_posix()
        for path, files, _, _ in walk(record.base, clean, lambda path: path == OUTPUT):
            if path != clean and path not in record.experiments and find_logs(path, files, everything):
                number = read_facts(record.base / path, None)[0].id
                if number is not None:
                    found.setdefault(number, path)
    return found


def folders_without_log(record: Record, settings: ScanSettings) -> list[str]:
    """Return the topmost directories below the roots that hold files and no log, in no experiment and around none.

    Those whose names begin with an underscore are for Sphinx or the author's templates.
    """
    found: list[str] = []
    around = {parent.as_posix() for key in record.experiments for parent in PurePosixPath(key).parents}
    for root in dict.fromkeys(PurePosixPath(root).as_posix() for root in settings.roots):

        def is_left_out(path: str) -> bool:
            return path in record.experiments or settings.exclude(path) or path.rpartition("/")[2].startswith("_")

        for path, files, below, _ in walk(record.base, root, is_left_out):
            if path != root and path not in around and any(not settings.exclude(join(path, name)) for name in files):
                found.append(path)
                below.clear()
    return found


def read_experiment(
    base: Path, root: str, path: str, logs: list[str], notebooks: tuple[str, ...], order: str = ""
) -> Read:
    """Read the facts of one experiment, and what is wrong with them.

    *root* and *path* are its record root and its directory, from *base*; *logs* the names of the files in it that could
    be its log, the best first; *notebooks* lie beside them; *order* is the setting ``exptdir_date_order``.
    """
    directory = base / path
    log = directory / logs[0]
    top = read_top(os.fspath(log)) if log.suffix not in OTHER_FORMS else None
    facts, problems = read_facts(directory, log, top, order)
    rivals = [name for name in logs[1:] if Path(name).stem.lower() == log.stem.lower()]
    if rivals:
        message = f"two logs of the same rank: {log.name} is used, {rivals[0]} is not"
        problems.append(Problem("log", message, directory / rivals[0]))
    heading = log_heading(top, facts.title, markdown=log.suffix.lower() == ".md") if top is not None else None
    if facts.title is not None and heading is not None and plain_title(heading.title) != facts.title:
        message = f"the heading “{heading.title}” disagrees with the title “{facts.title}”, which counts"
        problems.append(Problem("metadata", message, log, heading.line))
    title = facts.title or (heading.title if heading is not None else None)
    draft = facts.draft or facts.status == DRAFT
    values = {**vars(facts), "name": facts.name or directory.name, "title": title, "draft": draft}
    short = path if root == "." else path.removeprefix(root + "/")
    return Experiment(key=path, path=short, log=log, notebooks=notebooks, **values), problems


def likely_root(base: Path, settings: ScanSettings, tree: Tree | None = None) -> str | None:
    """Return the directory with the most experiments directly inside it; ``None`` where nothing looks like one.

    *tree* are the directories, as far as they have been listed already.
    """
    logs: Counter[str] = Counter()
    root_of: dict[str, str] = {}
    for path, files, below, _ in walk(base, ".", settings.exclude, (tree or Tree()).listing):
        if path.count("/") >= _GUESS_DEPTH:
            below.clear()
        parent = str(PurePosixPath(path).parent)
        found = find_logs(path, files, settings) if path != "." else []
        # Experiments nest: what lies in one has the same root.
        if parent in root_of:
            root_of[path] = root_of[parent]
        # A manual's directories have an index too, but no number.
        if found and (not found[0].startswith("index.") or PurePosixPath(path).name[0].isdigit()):
            logs[root_of.setdefault(path, parent)] += 1
    best = max(logs.items(), key=lambda item: (item[1], -len(item[0])), default=None)
    return best[0] if best else None
