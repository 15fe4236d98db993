"""Makes one value of what a run left behind: its report, its trace, what it printed and how its process ended.

What went wrong, and where, Python, R and Julia each say elsewhere. R ends with ``Error in f(x) : message``, whose
message may follow on a line of its own, and then perhaps ``Calls: …`` and ``Execution halted``. Julia begins with
``ERROR: LoadError: message`` and ends with the stack and ``in expression starting at /path/plot.jl:3``; of what cannot
be parsed it says ``# Error @ /path/plot.jl:3:5``. Python ends with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sys
import traceback
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any

from exptdir.figures.inside import scope
from exptdir.figures.inside.events import NOTES
from exptdir.figures.inside.scope import split_pattern, unescape
from exptdir.figures.model import Job, Outcome, Status, Trace, is_figure
from exptdir.figures.run.guard import Snapshot, changed_figures, defect, snapshot
from exptdir.figures.state import is_below
from exptdir.record.files import read_or_none

#: Where our own code is; the author has no use for seeing it in a traceback.
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
#: How many characters of what a script printed, or of a traceback, are handed on.
TAIL = 20_000
_ENDED = "The script ended itself with exit status %d."
#: Names in the directory of a run.
OUTPUT, FAULTS, REPORT = "output", "faults", "report"


@dataclass(frozen=True)
class Fault:
    """Why a script failed: the traceback or a sentence, and the line at fault where one is."""

    text: str
    line: int | None = None


def explain(error: BaseException, script: str) -> Fault:
    """Describe an exception that nobody caught: from the script's frame on, as the interpreter would."""
    described = traceback.TracebackException.from_exception(error)
    # Our own frames go, also from the exceptions that led to this one.
    seen: list[traceback.TracebackException | None] = [described]
    while seen:
        one = seen.pop()
        if one is not None:
            kept = [frame for frame in one.stack if not frame.filename.startswith(_OURS)]
            one.stack = traceback.StackSummary.from_list(kept)
            seen += [one.__cause__, one.__context__]
    text = "".join(described.format())
    if len(text) > TAIL:
        text = f"{text[: TAIL // 2]}\n[…]\n{text[-TAIL // 2 :]}"
    notebook = isinstance(error, SyntaxError) and (error.text or "").lstrip()[:1] in ("%", "!")
    if notebook or (isinstance(error, NameError) and error.name == "get_ipython"):
        text = f"{text.rstrip()} (this line is for a notebook: take it out of the script)\n"
    if isinstance(error, SyntaxError) and error.filename == script:
        return Fault(text, error.lineno)
    return Fault(text, _last_line(error.__traceback__, script))


def _last_line(trace: TracebackType | None, script: str) -> int | None:
    lines = [line for frame, line in traceback.walk_tb(trace) if frame.f_code.co_filename == script]
    return lines[-1] if lines else None


def explain_exit(end: SystemExit, script: str) -> Fault | None:
    """Describe a ``sys.exit``; there is nothing to describe if it means success."""
    if end.code is None or end.code == 0:
        return None
    line = _last_line(end.__traceback__, script)
    if isinstance(end.code, int):
        return Fault(_ENDED % end.code, line)
    sys.stderr.write(f"{end.code}\n")
    return Fault(f"The script ended itself: {end.code}", line)


#: How large the file may grow.
_MOST = 1 << 24
_EARLIER = ".earlier"


def shorten(path: Path) -> None:
    """Keep the end of a file that has grown too large, while it is written to."""
    with contextlib.suppress(OSError):
        if os.stat(path).st_size > _MOST:
            path.with_suffix(_EARLIER).write_bytes(_end(path))
            os.truncate(path, 0)


def read_output(path: Path) -> str:
    """Return the end of what a script printed."""
    end = _end(path)
    if len(end) < TAIL:
        end = _end(path.with_suffix(_EARLIER)) + end
    return end.decode("utf-8", "replace").replace("\r\n", "\n")[-TAIL:]


def _end(path: Path) -> bytes:
    with contextlib.suppress(OSError), path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        # Four bytes a character at most.
        file.seek(max(0, size - 4 * TAIL))
        return file.read()
    return b""


@dataclass(frozen=True)
class ProcessEnd:
    """The end of a process, *late* if it was killed as its time was over; *lost* says why nothing is known of it."""

    code: int = 0
    late: bool = False
    seconds: float = 0.0
    lost: str = ""


_R = re.compile(r"^(Error\b.*(?:\n(?!Calls: |Execution halted|Error\b)[ \t]+\S.*)?)", re.MULTILINE)
_JULIA = re.compile(r"^ERROR: (?:LoadError: )?(.*)$", re.MULTILINE)
#: What follows the last frame and its lines; behind a bar where it is a group of exceptions.
_PYTHON = re.compile(
    r'^(?:Traceback|(?:  \| )?  File ")[^\n]*\n(?:(?:  \| )?    [^\n]*\n)*(?:  \[[^\n]*\n)?(?:  \| )?([^\s|+].*)',
    re.MULTILINE,
)
#: What is worse than any error: :func:`exptdir.figures.run.guard.put_back` could not do its work.
_UNDONE = re.compile(r"^The figure .* could not be (?:put back|removed) \(.*", re.MULTILINE)
#: Where the line stands. R tells it only of scripts that are read with ``source()`` or with ``show.error.locations``.
_LINES = {
    "r": r"(?:^|[\s(/]){name}[#:](\d+)",
    "julia": r"(?:in expression starting at |Error @ )(?:[^\n]*/)?{name}:(\d+)",
}


def headline(language: str, said: str) -> str:
    """Return the last error that a traceback or the end of a program's output tells of, else its last line.

    Of what is no traceback of Python's, that is the first: what was printed follows.
    """
    found = _UNDONE.findall(said) or {"r": _R, "julia": _JULIA, "python": _PYTHON}[language].findall(said)
    lines = found or said.strip().splitlines()
    place = 0 if language == "python" and not found else -1
    return " ".join(lines[place].split()) if lines else ""


def line_of(language: str, said: str, script: str) -> int | None:
    """Return the line of the script that a program in another language names, if it does."""
    pattern, name = _LINES.get(language), re.escape(PurePath(script).name)
    found = re.findall(pattern.format(name=name), said, re.MULTILINE) if pattern is not None else []
    return int(found[-1]) if found else None


def conclude(job: Job, run: Path, ended: ProcessEnd, before: Snapshot) -> Outcome:
    """Say how a run ended, by what is left in its directory and by the figures that were there *before*."""
    trace, output = read_trace(run, job), read_output(run / OUTPUT)
    try:
        report: dict[str, Any] = json.loads(read_or_none(run / REPORT) or b"{}")
    except ValueError:
        report = {}
    status: Status = "failed"
    text, line = _ENDED % ended.code, None
    written: list[str] = []
    if ended.lost:
        status, text = "killed", ended.lost
    elif ended.late:
        time = f"{job.timeout / 60:g} min" if job.timeout >= 120 else f"{job.timeout:g} s"
        text, line = _with_stack(f"The script was still running after {time} and was ended.", run, job.script)
        status = "timeout"
    elif "traceback" in report:
        text, line = report["traceback"], report["line"]
    elif ended.code < 0:
        try:
            name = signal.Signals(-ended.code).name
        except ValueError:
            name = f"signal {-ended.code}"
        text, line = _with_stack(f"The script was killed ({name}).", run, job.script)
        status = "killed"
    elif not ended.code:
        after = snapshot(job)
        written = _written(job, trace, before, after)
        faults = ((Path(path).name, defect(Path(path))) for path in written)
        broken = next((f"The script wrote a broken figure: {name} {fault}." for name, fault in faults if fault), "")
        status, text = "failed" if broken else "ok" if written else "no output", broken
        if missed := [path for path in job.lost if is_below(path, trace.absent)]:
            status, text = (
                "failed",
                f"{os.path.relpath(missed[0], job.cwd)} is not here, and what was drawn with it stays.",
            )
    if text.startswith(_ENDED.partition("%")[0]):
        # Then it has printed what went wrong.
        said = output[-2000:].strip()
        text, line = f"{text}\n{said}".strip(), line or line_of(job.language, said, job.script)
    good = written if status == "ok" else []
    return Outcome(
        status=status,
        trace=trace,
        written=tuple(good),
        changed=tuple(changed_figures(run, before, after, good)) if good else (),
        output=output,
        traceback=text,
        line=line,
        seconds=ended.seconds,
        versions=report.get("versions", {}),
    )


def _with_stack(sentence: str, run: Path, script: str) -> tuple[str, int | None]:
    """Add to a sentence where the script was, as :mod:`faulthandler` wrote it, and return its line too."""
    stack = (read_or_none(run / FAULTS) or b"").decode("utf-8", "replace").strip()
    if not stack:
        return sentence, None
    # The name is cut off at 500 characters there, and written in ASCII.
    name = script.encode("ascii", "backslashreplace").decode("ascii")
    found = re.search(rf'File "{re.escape(name[:500])}[^"]*", line (\d+)', stack)
    ours = ("/exptdir/figures/", '"<string>"', "Extension modules: ")
    kept = "\n".join(line for line in stack.splitlines() if not any(part in line for part in ours))
    return f"{sentence}\n{kept[:4000]}", int(found[1]) if found else None


def _written(job: Job, trace: Trace, before: Snapshot, after: Snapshot) -> list[str]:
    """Return the figures of the record that a script wrote: those that were seen, and where something may have written
    past the trace, those that are new or another since it began.
    """
    inside = job.base.rstrip("/") + "/"
    found = {path for path in trace.writes if is_figure(path) and path.startswith(inside) and Path(path).is_file()}
    traced = job.language == "python" and not trace.unseen
    fresh = {path for path, status in after.items() if before.get(path) != status}
    if traced or job.outputs:
        return sorted(found | (fresh & set(job.outputs)))
    # Other scripts may write to the same directory at the same time: those that the script names are its own.
    text = (read_or_none(job.script) or b"").decode("utf-8", "replace")
    named = {path for path in fresh if Path(path).name in text}
    return sorted(found | (named or fresh))


def read_trace(run: Path, job: Job) -> Trace:
    """Make a trace of the facts that were written down in the directory of a run (:mod:`exptdir.figures.inside`).

    What a script wrote before it read it is no input, unless it only did so as it was not there. What it read from
    outside of the record and is there no more was of passing interest: temporary files have other names each time.
    """
    facts: dict[str, set[str]] = defaultdict(set)
    inside = job.base.rstrip(os.sep) + os.sep
    text = (read_or_none(run / NOTES) or b"").decode("utf-8", "surrogateescape")
    # The last line is cut off where the process was killed while it wrote.
    lines = (line for line in text.split("\n")[:-1] if line[1:2] == " ")
    for kind, path in ((line[0], unescape(line[2:])) for line in lines):
        if kind == scope.READ and path in facts[scope.WRITE]:
            kind = "again"
        if kind == scope.MODULE and not path.startswith(inside):
            kind = scope.READ
        facts[kind].add(path)
    writes = facts[scope.WRITE]
    # A compiled module, or one that was run as data as well, is an input by one name.
    modules = facts[scope.MODULE] - {job.script}
    reads = facts[scope.READ] - modules - {job.script}
    reads = {path for path in reads if path.startswith(inside) or os.path.exists(path)}
    # What it made only because it was not there, the next run will find.
    made = facts[scope.ABSENT] & writes
    kept = made | {path for path in facts["again"] if any(path.startswith(place + os.sep) for place in made)}
    reads |= {path for path in kept if os.path.isfile(path) and not is_figure(path)}
    unseen = facts[scope.UNSEEN]
    named = facts[scope.NAMED] | {os.path.dirname(path) for path in reads}
    named |= {path if os.path.isdir(path) else split_pattern(path)[0] for path in facts[scope.LIST]}
    return Trace(
        reads=tuple(sorted(reads)),
        absent=tuple(sorted(facts[scope.ABSENT] - writes)),
        listed=tuple(sorted(facts[scope.LIST])),
        writes=tuple(sorted(writes)),
        modules=tuple(sorted(modules)),
        unseen=tuple(sorted(unseen)),
        named_directories=tuple(sorted(named)) if unseen else (),
        present=tuple(sorted(facts[scope.PRESENT] - writes - modules)),
        timed=tuple(sorted(facts[scope.TIMED] - writes)),
    )


def merge(first: Trace, second: Trace) -> Trace:
    """Join the traces of two runs of one script; what one of them wrote is no input of the other."""
    written = set(first.writes)
    joined = {
        name: tuple(sorted({*getattr(first, name), *getattr(second, name)})) for name in Trace.__dataclass_fields__
    }
    joined["reads"] = tuple(sorted({*first.reads, *(set(second.reads) - written)}))
    joined["absent"] = tuple(path for path in joined["absent"] if path not in joined["writes"])
    return Trace(**joined)
