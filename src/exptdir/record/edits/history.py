"""Asks git when a file came and who wrote a line; without git, or outside of it, nothing is known."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_SECONDS = 60


@dataclass(frozen=True)
class Added:
    """The commit that brought a file.

    Parameters
    ----------
    commit
        Its hash.
    when
        Its time of commit, in seconds since 1970.
    """

    commit: str
    when: int


class History:
    """The history of the repository around a directory; each question is asked once."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self.added = cache(self._added)
        self.blame = cache(self._blame)
        self.is_ancestor = cache(self._is_ancestor)

    def _added(self, path: Path) -> Added | None:
        """Return the first commit that has a file, under this or an earlier name; ``None`` for none."""
        out = self._ask("log", "--follow", "--diff-filter=A", "--format=%H %ct", "--", os.fspath(path))
        lines = (out or "").split("\n")
        last = next((line.split() for line in reversed(lines) if line.strip()), [])
        return Added(last[0], int(last[1])) if len(last) == 2 and last[1].isdecimal() else None

    def _blame(self, path: Path, line: int) -> str | None:
        """Return the commit that last wrote a line; ``None`` for a line that is not committed."""
        out = self._ask("blame", "--porcelain", f"-L{line},{line}", "--", os.fspath(path))
        commit = (out or "").split(" ", 1)[0]
        return commit if commit.strip("0") else None

    def _is_ancestor(self, older: str, newer: str) -> bool:
        """Tell whether the second commit was made with the first one before it."""
        return self._ask("merge-base", "--is-ancestor", older, newer) is not None

    def _ask(self, *arguments: str) -> str | None:
        environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
        try:
            done = subprocess.run(
                ["git", "-C", os.fspath(self._base), *arguments],
                capture_output=True,
                env=environment,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
