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
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from exptdir.figures.model import Job, Outcome, Status, Trace, is_figure
from exptdir.figures.run.child import FAULTS, OUTPUT, REPORT
from exptdir.figures.run.guard import Snapshot, changed_figures, snapshot
from exptdir.figures.run.trace import read_trace
from exptdir.record.files import read_or_none

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
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            head, tail = head.replace(b"\0", b""), tail.replace(b"\0", b"")
        if not _SVG_ROOT.search(head):
            return "is no SVG file"
        return None if _SVG_END.search(tail) or _SVG_EMPTY.search(tail) else "ends too early"
    starts, end = _MARKS.get(suffix, ((b"",), b""))
    if not head.startswith(starts):
        return f"is no {suffix[1:].upper()} file"
    # A RIFF file says how long it is; the others have a mark at their end.
    whole = int.from_bytes(head[4:8], "little") + 8 <= size if suffix == ".webp" else end in tail[-1100:]
    return None if whole else "ends too early"


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
    trace, output = read_trace(run, job), read_output(run / OUTPUT)
    try:
        report: dict[str, Any] = json.loads((run / REPORT).read_text("ascii"))
    except (OSError, ValueError):
        report = {}
    status: Status = "failed"
    text, line = f"The script ended itself with exit status {ended.code}.", None
    written: list[str] = []
    if ended.lost:
        status, text = "killed", ended.lost
    elif ended.late:
        time = f"{job.timeout / _MINUTE:g} min" if job.timeout >= 2 * _MINUTE else f"{job.timeout:g} s"
        text, line = _with_stack(f"The script was still running after {time} and was ended.", run, job.script)
        status = "timeout"
    elif "traceback" in report:
        text, line = report["traceback"], report["line"]
    elif ended.code < 0:
        text, line = _with_stack(f"The script was killed ({ended.signal_name}).", run, job.script)
        status = "killed"
    elif ended.code and job.language != "python":
        # Other languages print what went wrong.
        said = output[-2000:].strip()
        text, line = f"{text}\n{said}".strip(), line_of(job.language, said, job.script)
    elif not ended.code:
        after = snapshot(job)
        written = _written(job, trace, before, after)
        faults = ((Path(path).name, defect(Path(path))) for path in written)
        broken = next((f"The script wrote a broken figure: {name} {fault}." for name, fault in faults if fault), "")
        status, text = "failed" if broken else "ok" if written else "no output", broken
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
    try:
        stack = (run / FAULTS).read_text("utf-8", "replace").strip()
    except OSError:
        stack = ""
    if not stack:
        return sentence, None
    # The name is cut off at 500 characters there, and written in ASCII.
    name = script.encode("ascii", "backslashreplace").decode("ascii")
    found = re.search(rf'File "{re.escape(name[:500])}[^"]*", line (\d+)', stack)
    ours = ("/exptdir/figures/", '"<string>"')
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
