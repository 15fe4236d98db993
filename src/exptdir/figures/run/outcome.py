"""Makes one value of what a run left behind: its report, its trace, what it printed and how its process ended.

Finds in what a program printed what went wrong in a script, and where: Python, R and Julia each say it elsewhere.

R ends with ``Error in f(x) : message``, whose message may follow on a line of its own, and then perhaps ``Calls: …``
and ``Execution halted``. Julia begins with ``ERROR: LoadError: message`` and ends with the stack and ``in expression
starting at /path/plot.jl:3``; of what cannot be parsed it says ``# Error @ /path/plot.jl:3:5``. Python ends with it.

How a process ended, whoever started it.

What a script prints: kept in a file, of which only the end is of interest.

Tells a figure that was written to its end from one that was not, without decoding it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from exptdir.figures.model import Job, Outcome, Status, Trace, is_figure
from exptdir.figures.run.child import FAULTS, OUTPUT, REPORT
from exptdir.figures.run.guard import Snapshot, changed_figures, snapshot
from exptdir.figures.run.trace import read_trace

#: How much of each end is looked at.
_ENDS = 4096
_SVG_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?svg[\s>/]")
_SVG_END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?svg\s*>(?:\s|<!--(?:[^-]|-[^-])*-->)*\Z")
_SVG_EMPTY = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?svg(?:\s[^<>]*)?/>\s*\Z")

#: By suffix: how the file begins, and what its last bytes hold. From the specifications: PNG (second edition) 5.2
#: and 11.2.5, ISO 32000-1 7.5, ITU-T T.81 B.2, GIF89a 27, TIFF 6.0 section 2, WebP container, PLRM 3 appendix G.
_MARKS: dict[str, tuple[tuple[bytes, ...], bytes]] = {
    ".png": ((b"\x89PNG\r\n\x1a\n",), b"IEND\xaeB`\x82"),
    ".pdf": ((b"%PDF",), b"%%EOF"),
    ".jpg": ((b"\xff\xd8\xff",), b"\xff\xd9"),
    ".jpeg": ((b"\xff\xd8\xff",), b"\xff\xd9"),
    ".gif": ((b"GIF87a", b"GIF89a"), b";"),
    ".webp": ((b"RIFF",), b""),
    ".eps": ((b"%!PS", b"\xc5\xd0\xd3\xc6"), b""),
    ".tif": ((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), b""),
    ".tiff": ((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), b""),
}


def defect(path: Path) -> str | None:
    """Say what is wrong with a figure.

    Parameters
    ----------
    path
        The file; its suffix says what it should be.

    Returns
    -------
    str or None
        What is wrong, to follow the name of the file; ``None`` for a figure that looks whole.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_ENDS)
            size = file.seek(0, 2)
            file.seek(max(0, size - _ENDS))
            tail = file.read()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if not size:
        return "is empty"
    suffix = path.suffix.lower()
    if suffix == ".svg":
        return _svg_defect(head, tail)
    starts, end = _MARKS.get(suffix, ((b"",), b""))
    if not head.startswith(starts):
        return f"is no {suffix[1:].upper()} file"
    whole = _riff_is_whole(head, size) if suffix == ".webp" else end in tail[-1100:]
    return None if whole else "ends too early"


def _riff_is_whole(head: bytes, size: int) -> bool:
    return int.from_bytes(head[4:8], "little") + 8 <= size


def _svg_defect(head: bytes, tail: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head, tail = head.replace(b"\0", b""), tail.replace(b"\0", b"")
    if not _SVG_ROOT.search(head):
        return "is no SVG file"
    return None if _SVG_END.search(tail) or _SVG_EMPTY.search(tail) else "ends too early"


#: How many characters of what a script printed are handed on.
TAIL = 20_000
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
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            # Four bytes a character at most.
            file.seek(max(0, size - 4 * TAIL))
            return file.read()
    except OSError:
        return b""


@dataclass(frozen=True)
class Ended:
    """The end of one process.

    Parameters
    ----------
    code
        Its exit status; the negative number of the signal that killed it.
    late
        Whether it was killed because its time was over.
    seconds
        How long it ran.
    lost
        Why nothing is known of it, in a sentence; empty otherwise.
    """

    code: int = 0
    late: bool = False
    seconds: float = 0.0
    lost: str = ""

    @property
    def signal_name(self) -> str:
        """Name of the signal that killed it."""
        try:
            return signal.Signals(-self.code).name
        except ValueError:
            return f"signal {-self.code}"


_R = re.compile(r"^(Error\b.*(?:\n(?!Calls: |Execution halted|Error\b)[ \t]+\S.*)?)", re.MULTILINE)
_JULIA = re.compile(r"^ERROR: (?:LoadError: )?(.*)$", re.MULTILINE)
#: Where the line stands. R tells it only of scripts that are read with ``source()`` or with ``show.error.locations``.
_LINES = {
    "r": r"(?:^|[\s(/]){name}[#:](\d+)",
    "julia": r"(?:in expression starting at |Error @ )(?:[^\n]*/)?{name}:(\d+)",
}


def headline(language: str, said: str) -> str:
    """Return one line on what went wrong.

    Parameters
    ----------
    language
        What the script is written in.
    said
        The traceback, or the end of what the program printed.

    Returns
    -------
    str
        The last error that is told of, else the last line; empty if there is none.
    """
    pattern = {"r": _R, "julia": _JULIA}.get(language)
    found = pattern.findall(said) if pattern is not None else []
    lines = found or said.strip().splitlines()
    return " ".join(lines[-1].split()) if lines else ""


def line_of(language: str, said: str, script: str) -> int | None:
    """Return the line of the script that a program in another language names, if it does.

    Parameters
    ----------
    language
        What the script is written in.
    said
        The end of what the program printed.
    script
        The path of the script.
    """
    pattern = _LINES.get(language)
    if pattern is None:
        return None
    found = re.findall(pattern.format(name=re.escape(PurePath(script).name)), said, re.MULTILINE)
    return int(found[-1]) if found else None


_MINUTE = 60


@dataclass(frozen=True)
class Verdict:
    """How a run ended, and why.

    Parameters
    ----------
    text
        The traceback, or a sentence.
    line
        The line of the script.
    """

    status: Status
    text: str = ""
    line: int | None = None


def conclude(job: Job, run: Path, ended: Ended, before: Snapshot) -> Outcome:
    """Say how a run ended.

    Parameters
    ----------
    job
        What was run.
    run
        The directory of the run.
    ended
        How its process ended.
    before
        The figures that were there before, by :func:`exptdir.figures.run.guard.snapshot`.
    """
    report = _read_report(run)
    trace = read_trace(run, job)
    verdict = _judge(job, run, ended, report)
    written: Sequence[str] = ()
    changed: Sequence[str] = ()
    if verdict.status == "ok":
        after = snapshot(job)
        figures = _written(job, trace, before, after)
        verdict = _inspect(figures)
        if verdict.status == "ok":
            written, changed = figures, tuple(changed_figures(run, before, after, figures))
    return Outcome(
        status=verdict.status,
        trace=trace,
        written=tuple(written),
        changed=tuple(changed),
        output=read_output(run / OUTPUT),
        traceback=verdict.text,
        line=verdict.line,
        seconds=ended.seconds,
        versions=report.get("versions", {}) if report else {},
    )


def _read_report(run: Path) -> dict[str, Any] | None:
    try:
        report: dict[str, Any] = json.loads((run / REPORT).read_text("ascii"))
    except (OSError, ValueError):
        return None
    return report


def _judge(job: Job, run: Path, ended: Ended, report: dict[str, Any] | None) -> Verdict:
    """Say how the script itself ended."""
    if ended.lost:
        return Verdict("killed", ended.lost)
    if ended.late:
        sentence = f"The script was still running after {_duration(job.timeout)} and was ended."
        return _with_stack(Verdict("timeout", sentence), run, job.script)
    if report is not None and "traceback" in report:
        return Verdict("failed", report["traceback"], report["line"])
    if ended.code < 0:
        return _with_stack(Verdict("killed", f"The script was killed ({ended.signal_name})."), run, job.script)
    if ended.code:
        return _complaint(job, run, ended.code)
    return Verdict("ok")


def _complaint(job: Job, run: Path, code: int) -> Verdict:
    sentence = f"The script ended itself with exit status {code}."
    if job.language == "python":
        return Verdict("failed", sentence)
    # Other languages print what went wrong.
    said = read_output(run / OUTPUT)[-2000:].strip()
    line = line_of(job.language, said, job.script)
    return Verdict("failed", f"{sentence}\n{said}" if said else sentence, line)


def _duration(seconds: float) -> str:
    return f"{seconds / _MINUTE:g} min" if seconds >= 2 * _MINUTE else f"{seconds:g} s"


def _with_stack(verdict: Verdict, run: Path, script: str) -> Verdict:
    """Add where the script was, as :mod:`faulthandler` wrote it."""
    try:
        stack = (run / FAULTS).read_text("utf-8", "replace").strip()
    except OSError:
        stack = ""
    if not stack:
        return verdict
    # The name is cut off at 500 characters there, and written in ASCII.
    name = script.encode("ascii", "backslashreplace").decode("ascii")
    found = re.search(rf'File "{re.escape(name[:500])}[^"]*", line (\d+)', stack)
    ours = ("/exptdir/figures/", '"<string>"')
    kept = "\n".join(line for line in stack.splitlines() if not any(part in line for part in ours))
    return Verdict(verdict.status, f"{verdict.text}\n{kept[:4000]}", int(found[1]) if found else None)


def _written(job: Job, trace: Trace, before: Snapshot, after: Snapshot) -> list[str]:
    """Return the figures of the record that a script wrote, seen or unseen."""
    inside = job.base.rstrip("/") + "/"
    found = {path for path in trace.writes if is_figure(path) and path.startswith(inside) and Path(path).is_file()}
    return sorted(found | _written_unseen(job, trace, before, after))


def _written_unseen(job: Job, trace: Trace, before: Snapshot, after: Snapshot) -> set[str]:
    """Return the figures that are new or another since the script began, where something wrote past the trace."""
    traced = job.language == "python" and not trace.unseen
    fresh = {path for path, status in after.items() if before.get(path) != status}
    fresh &= set(job.outputs) if traced or job.outputs else fresh
    if traced or job.outputs:
        return fresh
    # Other scripts may write to the same directory at the same time: those that the script names are its own.
    try:
        text = Path(job.script).read_text("utf-8", "replace")
    except OSError:
        text = ""
    named = {path for path in fresh if Path(path).name in text}
    return named or fresh


def _inspect(written: Sequence[str]) -> Verdict:
    """Look at the figures that were written."""
    for path in written:
        fault = defect(Path(path))
        if fault is not None:
            return Verdict("failed", f"The script wrote a broken figure: {Path(path).name} {fault}.")
    return Verdict("ok" if written else "no output")
