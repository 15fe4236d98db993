"""When logs and figures were first and last changed, according to git: the same wherever a commit is built."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from sphinx.util import logging

from exptdir.figures.model import FIGURE_SUFFIXES
from exptdir.record.files import read_or_none, write_if_changed
from exptdir.record.git import git
from exptdir.record.walk import OTHER_FORMS

_NAMES = tuple(f":(icase)*{suffix}" for suffix in sorted({*FIGURE_SUFFIXES, *OTHER_FORMS, ".md", ".rst"}))
_HEAD = re.compile(r"[0-9a-f]{40,64}")
_NOT_SHOWN = "the days of commits are not shown: %s"
_logger = logging.getLogger(__name__)

#: The days of the first commit of a file and of the last.
Days = tuple[str, str]


def change_days(base: Path, cache: Path) -> dict[str, Days]:
    """Ask git when logs and figures were first and last changed; *cache* keeps that until there is another commit.

    Returned are days (ISO, where the committer was) by path relative to *base*; a file that was only moved or renamed
    has those from before. Files that are not committed as they are now are left out; all are where there is no git, or
    not the whole history, which is told.
    """
    if not _in_repository(base):
        return {}
    state = os.fsdecode(git(base, "rev-parse", "HEAD", "--is-shallow-repository")).split()
    if len(state) != 2 or state[1] != "false" or not _HEAD.fullmatch(state[0]):
        if state:
            _logger.info(_NOT_SHOWN, "this is a shallow clone (git fetch --unshallow gets the rest)")
        # It may be that there is no commit yet.
        elif not git(base, "rev-parse", "--git-dir"):
            _logger.info(_NOT_SHOWN, "git is not installed, or does not open the repository")
        return {}
    try:
        data = json.loads(read_or_none(cache) or b"null")
        known = data["head"] == state[0]
        days = {str(path): (str(first), str(last)) for path, (first, last) in data["days"].items()} if known else {}
    except (ValueError, TypeError, KeyError, AttributeError):
        known, days = False, {}
    if not known:
        days = _logged(base)
        # Where it cannot be kept, the next build asks again.
        with suppress(OSError):
            write_if_changed(cache, json.dumps({"head": state[0], "days": days}, sort_keys=True).encode())
    # Not `diff-index`, which takes a file for changed that was merely copied or touched.
    changed = os.fsdecode(git(base, "diff", "-z", "--relative", "--no-renames", "--name-only", "HEAD", "--", *_NAMES))
    for path in changed.split("\0"):
        days.pop(path, None)
    return days


def _in_repository(base: Path) -> bool:
    return any((directory / ".git").exists() for directory in (base, *base.parents))


def _logged(base: Path) -> dict[str, Days]:
    """Read the whole history, once."""
    log = ("log", "-z", "--relative", "--format=%x01%cs", "--find-renames=100%", "--name-status")
    # Commits, the newest first: a date behind a mark, then the files, each behind what was done to it.
    tokens = iter(os.fsdecode(git(base, *log, "--", *_NAMES)).split("\0"))
    days: dict[str, Days] = {}
    #: What a file is called today, by its name at the time.
    names: dict[str, str] = {}
    day = ""
    for token in tokens:
        if token.startswith("\x01"):
            day = token[1:]
        elif token.startswith(("R", "\nR")):
            before, after = next(tokens), next(tokens)
            names[before] = names.pop(after, after)
        elif token.strip():
            path = next(tokens)
            path = names.get(path, path)
            days[path] = (day, days.get(path, ("", day))[1])
    return days


class History:
    """What git says of a record, asked when a page wants to know it."""

    def __init__(self, base: Path, cache: Path) -> None:
        self._base = base
        self._cache = cache

    @cached_property
    def days(self) -> dict[str, Days]:
        """The days on which logs and figures were first and last changed."""
        return change_days(self._base, self._cache)

    @cached_property
    def tracked(self) -> frozenset[str] | None:
        """The files that git keeps, relative to the base; ``None`` where there is no repository.

        A repository of which nothing can be told (git is not installed) keeps nothing: what git was told to leave alone
        is not to be published.
        """
        if not _in_repository(self._base):
            return None
        return frozenset(filter(None, os.fsdecode(git(self._base, "ls-files", "-z", "--cached")).split("\0")))
