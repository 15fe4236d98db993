"""What git says of a record; without git, or outside of a repository, nothing is known."""

from __future__ import annotations

import os
import subprocess
from functools import cache, cached_property, partial
from pathlib import Path

#: No lock is taken and no program of the repository's configuration is started; the home directory's settings hold.
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
#: A history that takes longer than this to read is left out.
_TIMEOUT = 60.0
#: What git tells the hooks that it runs, one of which may have started the build of another repository.
_ELSEWHERE = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})


def git(base: Path, *arguments: str) -> bytes:
    """Return what git says in a directory, which is nothing where it cannot."""
    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    try:
        return subprocess.run(
            [*_GIT, *arguments],
            cwd=base,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_TIMEOUT,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return b""


class DeletedFiles:
    """Files of a name that git keeps and that are not there any more."""

    def __init__(self, base: Path, name: str) -> None:
        self._base = base
        self._name = name

    @cached_property
    def _paths(self) -> frozenset[str]:
        listed = git(self._base, "ls-files", "-z", "--deleted", "--", f":(glob)**/{self._name}")
        return frozenset(os.fsdecode(listed).split("\0"))

    def content(self, path: str) -> bytes:
        """Return what git has of a file, which is nothing where that was not deleted."""
        return git(self._base, "show", f"HEAD:./{path}") if path in self._paths else b""


class Commits:
    """Who came before whom in the history of the repository around a directory; each question is asked once."""

    def __init__(self, base: Path) -> None:
        self._ask = cache(partial(git, base))

    def added(self, path: Path) -> tuple[str, int] | None:
        """Return the first commit that has a file, under this or an earlier name, and when it was made, in seconds."""
        words = self._ask("log", "--follow", "--diff-filter=A", "--format=%H %ct", "--", os.fspath(path)).split()
        return (words[-2].decode(), int(words[-1])) if words else None

    def blame(self, path: Path, line: int) -> str | None:
        """Return the commit that last wrote a line; ``None`` for a line that is not committed."""
        commit = self._ask("blame", "--porcelain", f"-L{line},{line}", "--", os.fspath(path)).split(b" ")[0].decode()
        return commit if commit.strip("0") else None

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Tell whether the second commit was made with the first one before it."""
        return self._ask("merge-base", older, newer).decode().strip() == older
