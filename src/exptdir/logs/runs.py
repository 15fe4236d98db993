"""What a log says of runs, put together with what their files say: results, tags, conclusions, "same as 19 but …"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from exptdir.logs.document import read_log
from exptdir.logs.model import Block, LogDocument, LogError
from exptdir.logs.model import Run as LoggedRun
from exptdir.record.facts_values import ANY_FORM, LogForm
from exptdir.record.files import read_log as read_page
from exptdir.record.home import OUTPUT
from exptdir.record.markup.blocks import read_blocks
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem
from exptdir.runs.comparison import AS_SAID
from exptdir.runs.configuration import ConfigurationFiles, plain_value
from exptdir.runs.directories import find_runs
from exptdir.runs.lineage import find_parents, orphans
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
#: The directives that show runs.
DIRECTIVES = frozenset({"expt-runs", "expt-diff", "expt-lineage", "expt-curves"})
#: Characters of a cell that is no prose.
_SHORT = 40
_PROSE = frozenset({"paragraph", "item", "cell", "section"})


def add_log(runs: Runs, document: LogDocument) -> Runs:
    """Return the runs of an experiment with what its log says of them.

    Runs are called as the log calls them. One that the log alone knows is added.
    """
    said = _Conclusions(document)
    found = {run.id: run for run in runs.every}
    known: dict[str, Run] = {}
    for logged in document.runs:
        run = run_with_files(runs, logged)
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
        for part in runs.parts(old) if run.is_sweep else ():
            if not part.logged and part.id.startswith(f"{old}-"):
                part.aliases = (*part.aliases, part.id)
                part.id = run.id + part.id.removeprefix(old)
    add_results(document, known)
    add_columns(document, known)
    every = list({id(run): run for run in (*found.values(), *known.values())}.values())
    for run in every:
        for at, parent in enumerate(run.parents):
            same = [other for other in every if parent.run == other.id or parent.run in other.aliases]
            if len(same) == 1:
                run.parents[at] = parent._replace(run=same[0].id, known=True)
    together = Runs(every, runs.problems)
    follow_same(together, document, known)
    return together


def add_results(document: LogDocument, known: dict[str, Run]) -> None:
    """Add the results that a log names to the runs that they are said of; several of one name stand side by side."""
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


def add_columns(document: LogDocument, known: dict[str, Run]) -> None:
    """Add the settings that a table gives in its columns: what is neither prose, nor a result, nor the run's name."""
    for table in document.walk():
        head = table.children[0].children if table.kind == "table" and table.level and table.children else []
        # A column with one long text in it is prose.
        rows = table.children if head else ()
        prose = {at for row in rows for at, cell in enumerate(row.children) if len(cell.text) > _SHORT}
        for row in table.children[1:] if head else ():
            for run in (known[one.id] for one in row.runs if one.id in known):
                for at, (title, cell) in enumerate(zip(head, row.children, strict=False)):
                    name, text = title.text.strip(), cell.text.strip()
                    if name and text and at not in prose and name not in run.metrics and text.lower() not in run.names:
                        run.configuration.setdefault(name, plain_value(text))


def run_with_files(runs: Runs, logged: LoggedRun) -> Run | None:
    """Return the run with files that a run of a log is, if only one can be meant."""
    for name in dict.fromkeys((logged.id, logged.file and Path(logged.file).stem, *logged.aliases)):
        found = runs.called(name) if name else []
        if len(found) == 1:
            return found[0]
    return None


def follow_same(runs: Runs, document: LogDocument, known: dict[str, Run]) -> None:
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
                stated: dict[str, Value] = {**stated_setting(what, other), AS_SAID: text}
                run.configuration = {**other.configuration, **run.configuration, **stated}


def stated_setting(text: str, other: Run) -> dict[str, Value]:
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
                judges = bool(_JUDGES.search(text)) and not text.lower().startswith("same as")
                self.sentences.setdefault(run, []).append((text, len(about), judges))

    def of(self, run: str) -> str:
        """Return the last sentence that judges the run, rather one about two runs at most; else the last one."""
        every = self.sentences.get(run, [])
        for wanted in (
            [text for text, number, judges in every if judges and number <= 2],
            [text for text, _, judges in every if judges],
            [text for text, *_ in every],
        ):
            if wanted:
                return wanted[-1].replace("**", "").replace("`", "")
        return ""


def gather(runs: Runs, logs: Iterable[LogDocument]) -> Runs:
    """Return the runs with what logs say of them, and with the runs that they go back to."""
    for document in logs:
        runs = add_log(runs, document)
    find_parents(runs)
    return runs


class Sources(NamedTuple):
    """Where runs are written down: the *logs*, each with how it is to be read, and the *roots* of their files."""

    logs: tuple[tuple[Path, LogForm], ...]
    roots: tuple[Path, ...]


def sources_of(page: Path, base: Path, form: LogForm = ANY_FORM) -> Sources:
    """Return where a page says that runs are: in the logs that it shows, and in directories that options name.

    Without such, the page is the log, and files are looked for beside it.

    Parameters
    ----------
    form
        What the experiment's facts say of a log in another form.
    """
    if form != ANY_FORM:
        return Sources(((page, form),), (page.parent / form.runs if form.runs else page.parent,))
    blocks = read_blocks(read_page(page), markdown=page.suffix.lower() == ".md")
    logs: dict[Path, LogForm] = {}
    roots: dict[Path, None] = {}
    for directive in blocks.directives:
        typed = blocks.argument(directive)
        options = {name: " ".join(blocks.text[start:end].split()) for name, start, end in directive.options}
        is_log = directive.name == "expt-log"
        named = options.get("runs" if is_log else "config", "") if is_log or directive.name in DIRECTIVES else ""
        for name in filter(None, map(str.strip, named.split(","))):
            roots[base / name.lstrip("/") if name[0] == "/" else page.parent / name] = None
        if is_log:
            path = base / typed.lstrip("/") if typed[:1] == "/" else page.parent / typed
            logs[path] = LogForm(options.get("format", ""), options.get("runs", ""))
    found = tuple((path, how) for path, how in logs.items() if path.is_file())
    return Sources(found or ((page, form),), tuple(path for path in roots if path.is_dir()) or (page.parent,))


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
    for path, form in sources.logs:
        files.asked[path] = None
        try:
            logs.append(read_log(path, form.format, runs=names, begun=begun, order=order))
        except LogError as error:
            files.problems.append(Problem("run", str(error), path))
    return gather(runs, logs), files


def runs_of(record: Record, experiment: Experiment, order: str = "") -> tuple[Runs, ConfigurationFiles]:
    """Read the runs of an experiment as its page does; *order* is the setting ``exptdir_date_order``."""
    form = ANY_FORM if experiment.is_page else experiment.form
    sources, page = sources_of(experiment.log, record.base, form), experiment.log
    others = {record.base / key for key in (*record.experiments, OUTPUT)} - {page.parent}
    return read_runs(
        sources,
        base=record.base,
        apart=others.__contains__,
        with_json=sources.roots != (page.parent,),
        begun=experiment.begun,
        order=order,
    )


def shows_runs(experiment: Experiment) -> bool:
    """Tell whether the page of an experiment shows its runs, or its facts say where they are."""
    log = experiment.log
    if not experiment.is_page:
        return bool(experiment.form.runs)
    text = read_page(log)
    # Most pages have no such directive, which is seen without reading their markup.
    blocks = read_blocks(text if "expt-" in text else "", markdown=log.suffix.lower() == ".md")
    return any(directive.name in DIRECTIVES for directive in blocks.directives)


def run_problems(record: Record, experiment: Experiment, order: str = "") -> Iterator[Problem]:
    """Yield what is wrong with the runs of an experiment that shows them, orphans included."""
    if not shows_runs(experiment):
        return
    runs, files = runs_of(record, experiment, order)
    yield from files.problems
    found = orphans(runs)
    for run in found.unmentioned:
        yield Problem("run", f"the log does not mention the run {run.id}", run.directory or run.files[0])
    for run in found.missing:
        yield Problem("run", f"the run {run.id}, which is mentioned, has no files", experiment.log)
