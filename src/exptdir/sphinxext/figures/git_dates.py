"""When figures were last changed, according to git: the same wherever a commit is built."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from exptdir.figures.model import FIGURE_SUFFIXES
from exptdir.record.files import read_or_none, write_if_changed

#: A history that takes longer than this to read is left out.
_TIMEOUT = 60.0
#: No lock is taken and no program of the repository's configuration is started; the home directory's settings hold.
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
_NAMES = tuple(f":(icase)*{suffix}" for suffix in sorted(FIGURE_SUFFIXES))
#: What git tells the hooks that it runs, one of which may have started the build of another repository.
_ELSEWHERE = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
_HEAD = re.compile(r"[0-9a-f]{40,64}")


def change_dates(base: Path, cache: Path) -> dict[str, str]:
    """Ask git when the figures of a record were last changed.

    Parameters
    ----------
    cache
        A file in which the answer is kept until there is another commit.

    Returns
    -------
    dict
        The day of the last commit (ISO, where its committer was) by path relative to *base*. Figures that are not
        committed as they are now are left out; all are where there is no git, or not the whole history.
    """
    state = _git(base, "rev-parse", "HEAD", "--is-shallow-repository").split()
    if len(state) != 2 or state[1] != "false" or not _HEAD.fullmatch(state[0]):
        return {}
    dates = _cached(cache, state[0])
    if dates is None:
        log = ("log", "-z", "--relative", "--format=%x01%cs", "--no-renames", "--name-only")
        dates = _parse_log(_git(base, *log, "--", *_NAMES))
        _keep(cache, state[0], dates)
    # Not `diff-index`, which takes a file for changed that was merely copied or touched.
    changed = _git(base, "diff", "-z", "--relative", "--no-renames", "--name-only", "HEAD", "--", *_NAMES)
    for path in changed.split("\0"):
        dates.pop(path, None)
    return dates


def _git(base: Path, *arguments: str) -> str:
    """Return what git says, which is nothing where it cannot."""
    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    try:
        done = subprocess.run(
            [*_GIT, *arguments], cwd=base, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            check=True, timeout=_TIMEOUT,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return os.fsdecode(done.stdout)


def _parse_log(log: str) -> dict[str, str]:
    """Read commits, the newest first: a date behind a mark, then the files."""
    dates: dict[str, str] = {}
    day = ""
    for token in log.split("\0"):
        if token.startswith("\x01"):
            day = token[1:]
        elif token:
            dates.setdefault(token.removeprefix("\n"), day)
    return dates


def _cached(cache: Path, head: str) -> dict[str, str] | None:
    try:
        data = json.loads(read_or_none(cache) or b"null")
        if data["head"] != head:
            return None
        return {str(path): str(day) for path, day in data["dates"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _keep(cache: Path, head: str, dates: dict[str, str]) -> None:
    try:
        write_if_changed(cache, json.dumps({"head": head, "dates": dates}, sort_keys=True).encode())
    except OSError:
        # The next build asks again.
        return
