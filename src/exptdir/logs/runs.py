"""What a log says of runs, put together with what their files say: results, tags, conclusions, "same as 19 but …"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from exptdir.logs.model import Block, LogDocument, LogError
from exptdir.logs.model import Run as LoggedRun
from exptdir.logs.reading import read_log
from exptdir.record.facts_values import ANY_FORM, LogForm
from exptdir.record.files import read_log as read_page
from exptdir.record.problem import Problem
from exptdir.runs.configuration import ConfigurationFiles, plain_value
from exptdir.runs.directories import find_runs
from exptdir.runs.lineage import find_parents
from exptdir.runs.model import Parent, Run, Runs, Value

#: Where a sentence ends: not behind "i.e." or a number.
_SENTENCE = re.compile(r"(?<=[.!?])[\s]+(?=[A-Z`*\"“(\[])|(?<=[。！？])|\n\s*\n|\n(?=\s*[-*+•]\s)")
#: Words of somebody who concludes.
_JUDGES = re.compile(
    r"(?i)\b(?:thus|therefore|conclu\w*|best|better|worse|worst|improv\w*|help\w*|same|similar\w*|fail\w*|work\w*|good|"
    r"bad|suggest\w*|unstable|stable|overfit\w*|converg\w*|perform\w*|besser|schlechter|melhor|pior|meilleur|pire)\b|"
    r"结论|因此|所以|更好|最好|失败|成功|有效|良い|悪い|실패|성공"
)
_BUT = re.compile(r"(?i)^[\s,;]*(?:but|except|aber|mais|mas|但是?|只是)\s+(?P<what>(?:[^.;。\n]|\.(?=\d)){1,300})")
_SETS = re.compile(
    r"(?i)^(?:that |with |the |a )*(?P<name>[^\W\d_][\w. -]{0,40}?)\s*"
    r"(?:=|:|\bis\b|\bwas\b|\bof\b|\bset to\b)\s*(?P<value>[-+\w.]{1,40}?)\.?$"
)
_SHOWN_LOG = re.compile(r"^[ \t]*(?:\.\.[ \t]+expt-log::|[`:~]{3,}\{expt-log\})[ \t]+(\S.*)$", re.MULTILINE)
_NAMED_ROOT = re.compile(r"^[ \t]*:(?:config|runs):[ \t]+(\S.*)$", re.MULTILINE)
_PROSE = frozenset({"paragraph", "item", "cell", "section"})
#: Characters of a sentence that are shown.
_LONGEST = 400


def add_log(runs: Runs, document: LogDocument) -> Runs:
    """Return the runs of an experiment with what its log says of them.

    Runs are called as the log calls them. One that the log alone knows is added.
    """
    said = _Conclusions(document)
    found = {run.id: run for run in runs.every}
    known: dict[str, Run] = {}
    for logged in document.runs:
        run = _same(runs, logged)
        if run is None or run.id in {one.id for one in known.values()}:
            run = Run(logged.id, source="log")
            found.setdefault(run.id, run)
        known[logged.id] = run
    for logged in document.runs:
        run = known[logged.id]
        old = run.id
        run.aliases = tuple(dict.fromkeys((*run.aliases, *logged.aliases, old)))
        run.id = logged.id
        run.logged = True
        run.said = said.of(logged.id)
        run.tags = tuple(dict.fromkeys(tag.name for tag in document.tags if tag.run == logged.id))
        for key, value in logged.settings.items():
            run.configuration.setdefault(key, plain_value(value))
        if run.is_sweep:
            _rename_parts(runs, old, run)
    results: dict[tuple[str, str], list[str]] = {}
    for metric in document.metrics:
        if metric.run in known and metric.name and not metric.setting:
            text = (
                f"{'~' * metric.approximate}{metric.value}{f' ± {metric.spread}' if metric.spread else ''}{metric.unit}"
            )
            results.setdefault((metric.run, metric.name), []).append(text)
    for (name, metric_name), values in results.items():
        distinct = list(dict.fromkeys(values))
        known[name].metrics.setdefault(
            metric_name, plain_value(distinct[0]) if len(distinct) == 1 else ", ".join(distinct)
        )
    every = list({id(run): run for run in (*found.values(), *known.values())}.values())
    for run in every:
        run.parents = [_renamed(parent, every) for parent in run.parents]
    together = Runs(every, runs.problems)
    _follow_same(together, document, known)
    return together


def _renamed(parent: Parent, runs: list[Run]) -> Parent:
    same = [run for run in runs if parent.run == run.id or parent.run in run.aliases]
    return parent._replace(run=same[0].id, known=True) if len(same) == 1 else parent


def _same(runs: Runs, logged: LoggedRun) -> Run | None:
    """Return the run with files that a run of a log is, if only one can be meant."""
    for name in dict.fromkeys((logged.id, logged.file and Path(logged.file).stem, *logged.aliases)):
        found = runs.called(name) if name else []
        if len(found) == 1:
            return found[0]
    return None


def _rename_parts(runs: Runs, old: str, sweep: Run) -> None:
    for part in runs.every:
        of = [parent for parent in part.parents if parent.how == "part of" and parent.run == old]
        if of and not part.logged and part.id.startswith(f"{old}-"):
            part.aliases = (*part.aliases, part.id)
            part.id = sweep.id + part.id.removeprefix(old)


def _follow_same(runs: Runs, document: LogDocument, known: dict[str, Run]) -> None:
    """Follow "same as 19 but weight decay is 0.2": the settings of 19, where a run has none, and what is said."""
    for block in document.walk():
        for reference in block.references:
            run = known.get(reference.run)
            if reference.kind != "same" or run is None or reference.state != "resolved":
                continue
            other = known.get(reference.targets[0])
            if other is None or other.id == run.id:
                continue
            but = _BUT.match(block.text[reference.end :])
            what = " ".join(but["what"].split()) if but else ""
            text = f"same as {other.id}{f' but {what}' if what else ''}"
            if all(parent.run != other.id for parent in run.parents):
                run.parents.append(Parent(other.id, "same as", text))
            if not run.files:
                # What is not sure is shown as it is said, not computed.
                stated: dict[str, Value] = {**_stated(what, other), "as said": text}
                run.configuration = {**other.configuration, **run.configuration, **stated}


def _stated(text: str, other: Run) -> dict[str, Value]:
    """Return the one setting that a text changes, if it names one that the other run has; else nothing."""
    found = _SETS.match(text)
    if found is None:
        return {}
    wanted = re.sub(r"[\W_]+", "", found["name"]).lower()
    keys = [key for key in other.configuration if re.sub(r"[\W_]+", "", key.rpartition(".")[2]).lower() == wanted]
    return {keys[0]: plain_value(found["value"])} if len(keys) == 1 else {}


class _Conclusions:
    """Finds for each run the sentence in which a log concludes about it."""

    def __init__(self, document: LogDocument) -> None:
        #: For each run the sentences about it, with how many runs each names and whether it judges.
        self.sentences: dict[str, list[tuple[str, int, bool]]] = {}
        waiting: list[tuple[Block, str]] = [(block, "") for block in reversed(document.blocks)]
        while waiting:
            block, subject = waiting.pop()
            subject = block.runs[-1].id if block.runs else subject
            if block.kind in _PROSE and block.text:
                self._add(block, subject)
            waiting += [(child, subject) for child in reversed(block.children)]

    def _add(self, block: Block, subject: str) -> None:
        begin = 0
        ends = [(found.start(), found.end()) for found in _SENTENCE.finditer(block.text)]
        for end, after in (*ends, (len(block.text), 0)):
            text = " ".join(block.text[begin:end].split())
            # Who says what a run is like, or what a row is about, speaks of the run that this one is told under.
            telling = () if block.kind == "cell" else block.references
            inside = [
                one for one in telling if begin <= one.start < end and one.state == "resolved" and one.kind == "mention"
            ]
            named = dict.fromkeys(one.targets[0] for one in inside if not one.targets[0].startswith("@"))
            begin = after
            # A title that only names the run says nothing of it.
            about = list(named) or ([subject] if subject and block.kind != "section" else [])
            if len(text.split()) < 2 and text.isascii():
                continue
            for run in about:
                self.sentences.setdefault(run, []).append((text, len(about), bool(_JUDGES.search(text))))

    def of(self, run: str) -> str:
        """Return the last sentence that judges the run, rather one about two runs at most; else the last one."""
        every = self.sentences.get(run, [])
        for wanted in (
            [text for text, number, judges in every if judges and number <= 2],
            [text for text, _, judges in every if judges],
            [text for text, *_ in every],
        ):
            if wanted:
                text = wanted[-1].replace("**", "").replace("`", "")
                return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + " …"
        return ""


def gather(runs: Runs, logs: Iterable[LogDocument]) -> Runs:
    """Return the runs with what logs say of them, and with the runs that they go back to."""
    for document in logs:
        runs = add_log(runs, document)
    find_parents(runs)
    return runs


class Sources(NamedTuple):
    """Where an experiment's runs are written down: its *logs*, and the *roots* below which their files are.

    The *format* is that of the logs, where it is said.
    """

    logs: tuple[Path, ...]
    roots: tuple[Path, ...]
    format: str = ""


def sources_of(page: Path, base: Path, form: LogForm = ANY_FORM) -> Sources:
    """Return where a page says that runs are: in the logs that it shows, and in directories that options name.

    Without such, the page is the log, and files are looked for beside it.

    Parameters
    ----------
    form
        What the experiment's facts say of a log in another form.
    """
    if form != ANY_FORM:
        return Sources((page,), (page.parent / form.runs if form.runs else page.parent,), form.format)
    text = read_page(page)

    def paths(pattern: re.Pattern[str]) -> list[Path]:
        found = (match[1].strip() for match in pattern.finditer(text) if "\0" not in match[1])
        return list(dict.fromkeys(base / name.lstrip("/") if name[:1] == "/" else page.parent / name for name in found))

    logs = [path for path in paths(_SHOWN_LOG) if path.is_file()] or [page]
    roots = [path for path in paths(_NAMED_ROOT) if path.is_dir()] or [page.parent]
    return Sources(tuple(logs), tuple(roots))


def read_runs(
    sources: Sources,
    *,
    base: Path,
    apart: Callable[[Path], bool] = lambda path: False,
    with_json: bool = False,
    begun: date | None = None,
    order: str = "",
) -> tuple[Runs, ConfigurationFiles]:
    """Read the runs of an experiment from all that there is.

    Parameters
    ----------
    base
        The source directory, above which no configuration's defaults are looked for.
    apart, with_json
        See :class:`exptdir.runs.directories.Finder`.
    begun, order
        See :func:`exptdir.logs.read_log`.

    Returns
    -------
    tuple
        The runs with what is wrong, and the reader, which knows what was asked for.
    """
    files = ConfigurationFiles()
    runs = find_runs(sources.roots, files, base=base, apart=apart, with_json=with_json)
    names = sorted({name for run in runs.every for name in (run.id, *run.aliases)})
    logs = []
    for path in sources.logs:
        files.asked[path] = None
        try:
            logs.append(read_log(path, sources.format, runs=names, begun=begun, order=order))
        except LogError as error:
            files.problems.append(Problem("run", str(error), path))
    return gather(runs, logs), files
