"""Keeps figures whole: puts them back after a run that failed, and tells what one that did not fail has changed.

The copies are made by :class:`exptdir.figures.inside.scope.Keeper` in the script's processes, and here where a
script cannot be traced. Whether a figure was written to its end is told without decoding it.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from exptdir.figures.inside.events import COPIES
from exptdir.figures.inside.scope import JOURNAL
from exptdir.figures.model import Job, is_figure
from exptdir.figures.state import digest_bytes, digest_text
from exptdir.record.files import Stamp, locked, read_or_none, stamp, write, write_if_changed

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
    **dict.fromkeys((".jpg", ".jpeg"), ((b"\xff\xd8\xff",), b"\xff\xd9")),
    ".gif": ((b"GIF87a", b"GIF89a"), b";"),
    ".webp": ((b"RIFF",), b""),
    ".eps": ((b"%!PS", b"\xc5\xd0\xd3\xc6"), b""),
    **dict.fromkeys((".tif", ".tiff"), ((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), b"")),
}


def defect(path: Path) -> str | None:
    """Say what is wrong with a figure, to follow its name; ``None`` for one that looks whole."""
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


#: For each figure what changes when it is written.
Snapshot = Mapping[str, Stamp]
#: Begins the name of the directory that a run makes in its scratch, and of the file that is locked meanwhile.
RUN, BUSY = "run", "busy"


def read_journal(run: Path) -> dict[Path, Path | None]:
    """Return for each figure that a run laid hands on the copy of what it was; ``None`` where there was none."""
    lines = (read_or_none(run / COPIES / JOURNAL) or b"").splitlines()
    kept: dict[Path, Path | None] = {}
    for line in lines:
        try:
            path, copy = json.loads(line)
        except ValueError:
            # The machine stopped while the line was written: before the figure was touched, then.
            continue
        kept.setdefault(Path(path), None if copy is None else run / COPIES / copy)
    return kept


def put_back(run: Path, wanted: Callable[[Path], bool] = lambda path: True) -> list[str]:
    """Make figures what they were before a run, in content and time, and remove those that there were none of.

    Returned is a sentence for each figure that could not be put back; its copy is still there.
    """
    failed = []
    for path, copy in read_journal(run).items():
        if not wanted(path):
            continue
        try:
            if copy is None:
                path.unlink(missing_ok=True)
            else:
                _restore(path, copy)
        except OSError as error:
            done, where = ("removed", "") if copy is None else ("put back", f"; a copy of it is {copy}")
            failed.append(f"The figure {path} could not be {done} ({error.strerror}){where}.")
    return failed


def spare(run: Path, job: Job) -> dict[str, str]:
    """Put back the figures that were there before a run and that are not the script's to replace.

    Returned are the figures, with the digests of what the script had drawn in their place; empty where it removed one.
    Raises OSError when one cannot be put back; its copy is still there.
    """
    spared: dict[str, str] = {}
    for path, copy in read_journal(run).items():
        if copy is None or not job.spares(str(path)):
            continue
        drawn = path.read_bytes() if path.is_file() else None
        if drawn != copy.read_bytes():
            spared[str(path)] = "" if drawn is None else digest_bytes(drawn)
            _restore(path, copy)
    return spared


def _restore(path: Path, copy: Path) -> None:
    content = copy.read_bytes()
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(path, content)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            # The room is taken by what the script left there; whoever is interrupted here still has the copy.
            path.write_bytes(content)
    _set_time(path, copy)


def _set_time(path: Path, copy: Path) -> None:
    now, time = stamp(path)[:1], stamp(copy)[:1]
    if time and now != time:
        os.utime(path, ns=(time[0], time[0]))


def changed_figures(run: Path, before: Snapshot, after: Snapshot, written: Iterable[str]) -> Iterator[str]:
    """Yield those of the written figures whose bytes are not what they were; the others get their old time again.

    git, make and Sphinx then see that nothing happened.
    """
    kept = read_journal(run)
    for name in written:
        path = Path(name)
        if path not in kept:
            # Either its bytes were compared before anything was written, or nobody saw that it was.
            if after.get(name) != before.get(name):
                yield name
            continue
        copy = kept[path]
        if copy is None or copy.read_bytes() != path.read_bytes():
            yield name
        else:
            _set_time(path, copy)


def snapshot(job: Job) -> Snapshot:
    """Return what tells whether a figure was written: for the known outputs, and those in the script's directory."""
    paths = set(job.outputs)
    with suppress(OSError):
        paths.update(entry.path for entry in os.scandir(job.cwd) if is_figure(entry.name))
    return {path: found for path in paths if (found := stamp(path))}


def unfinished_runs(state: Path) -> list[Path]:
    """Find the files that runs below a directory hold locked; one that ends meanwhile takes its directory away."""
    found = (Path(at, BUSY) for at, _, files in os.walk(state) if BUSY in files)
    return sorted(busy for busy in found if busy.parent.name.startswith(RUN))


def recover(state: Path) -> list[str]:
    """Put back what runs left behind that were themselves killed; those of a build that still goes on are left alone.

    The scratch directories of all runs lie below *state*, at any depth. Returned is a sentence for each figure that
    could not be put back.
    """
    failed = []
    for busy in unfinished_runs(state):
        with locked(busy, wait=False) as ours:
            if not ours:
                continue
            problems = put_back(busy.parent)
            # Where it is gone, its own server has seen to it.
            failed += problems if busy.exists() else []
            if not problems:
                shutil.rmtree(busy.parent, ignore_errors=True)
    return failed


def journal_of(base: Path) -> Path:
    """Return where is written down, for all builds of a record, which state directories have scripts at work."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    home = Path(cache) if os.path.isabs(cache) else Path.home() / ".cache"
    return home / "exptdir" / "figures" / digest_text(os.path.realpath(base))[7:23]


@contextmanager
def at_work(base: Path, state: Path) -> Iterator[None]:
    """Have any next build put figures back where this one is killed, also one that keeps its state elsewhere."""
    note = journal_of(base) / digest_text(os.path.realpath(state))[7:23]
    with suppress(OSError, RuntimeError):
        write_if_changed(note, os.fsencode(os.path.realpath(state)))
    yield
    if not unfinished_runs(state):
        with suppress(OSError):
            note.unlink(missing_ok=True)
            note.parent.rmdir()


def recover_record(base: Path, state: Path) -> list[str]:
    """Put back what killed builds of a record left behind, wherever they kept their state; see :func:`recover`."""
    failed = recover(state)
    with suppress(OSError, RuntimeError):
        for note in list(journal_of(base).iterdir()):
            kept = Path(os.fsdecode(read_or_none(note) or b""))
            if kept.is_absolute() and kept != state:
                failed += recover(kept)
            if not unfinished_runs(kept):
                note.unlink()
    return failed
