"""When figures were last changed, according to git: the same wherever a commit is built."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from exptdir.figures.model import FIGURE_SUFFIXES
from exptdir.figures.state import git
from exptdir.record.files import read_or_none, write_if_changed

_NAMES = tuple(f":(icase)*{suffix}" for suffix in sorted(FIGURE_SUFFIXES))
_HEAD = re.compile(r"[0-9a-f]{40,64}")


def change_dates(base: Path, cache: Path) -> dict[str, str]:
    """Ask git when the figures of a record were last changed; *cache* keeps that until there is another commit.

    Returned is the day of the last commit (ISO, where its committer was) by path relative to *base*. Figures that are
    not committed as they are now are left out; all are where there is no git, or not the whole history.
    """
    state = os.fsdecode(git(base, "rev-parse", "HEAD", "--is-shallow-repository")).split()
    if len(state) != 2 or state[1] != "false" or not _HEAD.fullmatch(state[0]):
        return {}
    dates: dict[str, str] = {}
    try:
        data = json.loads(read_or_none(cache) or b"null")
        known = data["head"] == state[0]
        dates = {str(path): str(day) for path, day in data["dates"].items()} if known else {}
    except (ValueError, TypeError, KeyError, AttributeError):
        known = False
    if not known:
        log = ("log", "-z", "--relative", "--format=%x01%cs", "--no-renames", "--name-only")
        # Commits, the newest first: a date behind a mark, then the files.
        day = ""
        for token in os.fsdecode(git(base, *log, "--", *_NAMES)).split("\0"):
            if token.startswith("\x01"):
                day = token[1:]
            elif token:
                dates.setdefault(token.removeprefix("\n"), day)
        # Where it cannot be kept, the next build asks again.
        with suppress(OSError):
            write_if_changed(cache, json.dumps({"head": state[0], "dates": dates}, sort_keys=True).encode())
    # Not `diff-index`, which takes a file for changed that was merely copied or touched.
    changed = os.fsdecode(git(base, "diff", "-z", "--relative", "--no-renames", "--name-only", "HEAD", "--", *_NAMES))
    for path in changed.split("\0"):
        dates.pop(path, None)
    return dates


class History:
    """What git says of a record, asked when a page wants to know it."""

    def __init__(self, base: Path, cache: Path) -> None:
        self._base = base
        self._cache = cache

    @cached_property
    def dates(self) -> dict[str, str]:
        """The days on which figures were last changed."""
        return change_dates(self._base, self._cache)

    @cached_property
    def tracked(self) -> frozenset[str] | None:
        """The files that git keeps, relative to the base; ``None`` where there is no repository.

        A repository of which nothing can be told (git is not installed) keeps nothing: what git was told to leave alone
        is not to be published.
        """
        if not any((directory / ".git").exists() for directory in (self._base, *self._base.parents)):
            return None
        return frozenset(filter(None, os.fsdecode(git(self._base, "ls-files", "-z", "--cached")).split("\0")))
