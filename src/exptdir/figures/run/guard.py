"""Puts figures back after a run that failed, and takes note of what a run that did not fail has changed.

The copies are made by :class:`exptdir.figures.inside.keeper.Keeper` in the script's processes, and here where a
script cannot be traced.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from exptdir.figures.digest import digest_bytes
from exptdir.figures.inside.events import COPIES
from exptdir.figures.inside.keeper import JOURNAL, Keeper
from exptdir.figures.inside.scope import Scope
from exptdir.figures.model import Job, is_figure
from exptdir.record.files import locked, write

#: For each figure what changes when it is written: time, size and number.
Snapshot = Mapping[str, tuple[int, int, int]]
#: Begins the name of the directory that a run makes in its scratch, and of the file that is locked meanwhile.
RUN, BUSY = "run", "busy"


def read_journal(run: Path) -> dict[Path, Path | None]:
    """Return for each figure that a run laid hands on the copy of what it was; ``None`` where there was none."""
    try:
        lines = (run / COPIES / JOURNAL).read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
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

    Parameters
    ----------
    run
        The directory of the run.
    wanted
        Whether a figure is to be put back.

    Returns
    -------
    list of str
        A sentence for each figure that could not be put back; its copy is still there.
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
            failed.append(f"The figure {path} could not be put back ({error.strerror}); a copy of it is {copy}.")
    return failed


def spare(run: Path, job: Job) -> dict[str, str]:
    """Put back the figures that were there before a run and that are not the script's to replace.

    Returns
    -------
    dict
        The figures, with the digests of what the script had drawn in their place; empty where it removed one.

    Raises
    ------
    OSError
        When one cannot be put back; its copy is still there.
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
        try:
            write(path, content)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            # The room is taken by what the script left there; whoever is interrupted here still has the copy.
            path.write_bytes(content)
    _set_time(path, copy)


def _set_time(path: Path, copy: Path) -> None:
    status = copy.stat()
    if path.stat().st_mtime_ns != status.st_mtime_ns:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def changed_figures(run: Path, before: Snapshot, after: Snapshot, written: Iterable[str]) -> Iterator[str]:
    """Yield those of the written figures whose bytes are not what they were; the others get their old time again.

    git, make and Sphinx then see that nothing happened.

    Parameters
    ----------
    run
        The directory of the run.
    before, after
        What :func:`snapshot` said before and afterwards.
    written
        The figures, which are there.
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


def keep_untraced(job: Job, run: Path) -> None:
    """Keep what a script may overwrite that cannot be traced: its known outputs, and figures in its directory."""
    Keeper(Scope(job.base, job.cwd, job.scratch), str(run / COPIES), job.outputs).keep_all(job.cwd)


def snapshot(job: Job) -> Snapshot:
    """Return what tells whether a figure was written: for the known outputs, and those in the script's directory."""
    try:
        beside = [entry.path for entry in os.scandir(job.cwd) if is_figure(entry.name)]
    except OSError:
        beside = []
    found = {}
    for path in {*beside, *job.outputs}:
        try:
            status = os.stat(path)
        except OSError:
            continue
        found[path] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found


def recover(state: Path) -> list[str]:
    """Put back what runs left behind that were themselves killed; those of a build that still goes on are left alone.

    Parameters
    ----------
    state
        The directory below which the scratch directories of all runs lie, at any depth.

    Returns
    -------
    list of str
        A sentence for each figure that could not be put back.
    """
    failed = []
    for busy in sorted(state.rglob(f"{RUN}*/{BUSY}")):
        with locked(busy, wait=False) as ours:
            if not ours:
                continue
            problems = put_back(busy.parent)
            failed += problems
            if not problems:
                shutil.rmtree(busy.parent, ignore_errors=True)
    return failed
