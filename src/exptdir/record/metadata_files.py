"""Facts from ``expt.toml``, from the small files in ``.expt`` and from a directory's name."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from datetime import date
from pathlib import Path

from exptdir.record.files import ABSENT, UnreadableError, read_text, unreadable
from exptdir.record.metadata_values import FACT_OF_KEY, Claim
from exptdir.record.problem import Problem

_TOML_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)$")
_KEYS_OF_OTHERS = frozenset({"figure", "table", "run"})
_SMALL_FILES = ("id", "status")
_SMALL_DIRECTORIES = {"tags": "tags", "prereqs": "prerequisites"}

_DATED = re.compile(r"([0-9]{4})(?:([-_.]?)([0-9]{2})\2([0-9]{2})|_m([0-9]{2})_d([0-9]{2}))(?![0-9])")
_NUMBERED = re.compile(r"([0-9]{1,18})(?:([-_. ]+)(.*))?", re.DOTALL)

Found = tuple[list[Claim], list[Problem]]


def from_toml(directory: str) -> Found:
    """Read ``expt.toml``.

    Parameters
    ----------
    directory
        The experiment's directory.

    Returns
    -------
    tuple
        The claims and the problems; both empty when there is no such file.
    """
    path = os.path.join(directory, "expt.toml")
    try:
        text = read_text(path)
        data = _parse_toml(text) if text is not None else {}
    except (OSError, UnreadableError) as error:
        return [], [unreadable(path, error)]
    claims: list[Claim] = []
    problems: list[Problem] = []
    for key, value in data.items():
        line = _line_of(key, text or "")
        if key in FACT_OF_KEY:
            claims.append(Claim(FACT_OF_KEY[key], value, path, line))
        elif key not in _KEYS_OF_OTHERS:
            near = difflib.get_close_matches(key, FACT_OF_KEY, n=1, cutoff=0.8)
            if near:
                message = f"unknown key “{key[:60]}”; did you mean “{near[0]}”?"
                problems.append(Problem("metadata", message, Path(path), line))
    return claims, problems


def from_small_files(directory: str) -> Found:
    """Read ``.expt/id``, ``.expt/status``, ``.expt/tags/*`` and ``.expt/prereqs/*``, the layout of exmemo.

    Parameters
    ----------
    directory
        The experiment's directory.

    Returns
    -------
    tuple
        The claims and the problems; both empty when there is no ``.expt``.
    """
    folder = os.path.join(directory, ".expt")
    claims: list[Claim] = []
    problems: list[Problem] = []
    try:
        names = set(os.listdir(folder))
    except OSError as error:
        return [], ([] if error.errno in ABSENT and not os.path.lexists(folder) else [unreadable(folder, error)])
    for name in _SMALL_FILES:
        if name in names:
            path = os.path.join(folder, name)
            try:
                claims.append(Claim(name, _only_line(read_text(path) or ""), path, 1))
            except (OSError, UnreadableError) as error:
                problems.append(unreadable(path, error))
    for name, fact in _SMALL_DIRECTORIES.items():
        if name in names:
            path = os.path.join(folder, name)
            try:
                claims.append(Claim(fact, _entries(path, follow=name == "prereqs"), path))
            except OSError as error:
                problems.append(unreadable(path, error))
    return claims, problems


def from_name(directory: str, stated: int | None = None) -> list[Claim]:
    """Read the number or the date with which a directory's name begins.

    Parameters
    ----------
    directory
        The experiment's directory.
    stated
        The id that another source gives.

    Returns
    -------
    list of Claim
        ``0063_train_cnn`` is id 63 and name ``train_cnn``, and ``063`` an id without a name. A name that
        begins with a date stays whole, since the same words recur on other days. In ``100-200nm`` the number
        is a part of the name, and so it is in ``2_fragments`` where the stated id is another.
    """
    name = os.path.basename(os.path.normpath(directory))
    begun = _date_of(name)
    if begun is not None:
        return [Claim("begun", begun, directory), Claim("name", name, directory)]
    found = _NUMBERED.fullmatch(name)
    if found is None or _is_range(*found.groups("")) or _is_a_count(found[1], stated):
        return [Claim("name", name, directory)]
    claims = [Claim("id", int(found[1]), directory)]
    return [*claims, Claim("name", found[3], directory)] if found[3] else claims


def _parse_toml(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        line = _TOML_LINE.search(message)
        raise UnreadableError(
            f"it is not TOML: {_TOML_LINE.sub('', message)}", int(line[1]) if line else None
        ) from None
    except (RecursionError, ValueError) as error:
        raise UnreadableError(f"it is not TOML that can be read: {error}") from None


def _line_of(key: str, text: str) -> int | None:
    quoted = rf"(?:{re.escape(key)}|\"{re.escape(key)}\"|'{re.escape(key)}')"
    found = re.search(rf"^[ \t]*{quoted}[ \t]*[=.]|^[ \t]*\[{{1,2}}[ \t]*{quoted}", text, re.MULTILINE)
    return None if found is None else text.count("\n", 0, found.start()) + 1


def _only_line(text: str) -> str:
    lines = text.split()
    if not lines:
        raise UnreadableError("it is empty")
    if len(text.strip().splitlines()) > 1:
        raise UnreadableError("it has more than one line", 2)
    return text.strip()


def _entries(folder: str, *, follow: bool) -> list[str]:
    with os.scandir(folder) as entries:
        found = sorted((e.name, e.is_symlink()) for e in entries if not e.name.startswith("."))
    return [linked_name(folder, name) if follow and linked else name for name, linked in found]


def linked_name(folder: str, name: str) -> str:
    """Name the experiment that a link means, which may lead to its ``.expt`` or to nothing any more."""
    target = os.path.normpath(os.path.join(folder, os.readlink(os.path.join(folder, name))))
    parent, last = os.path.split(target)
    return os.path.basename(parent) if last == ".expt" else last


def _date_of(name: str) -> date | None:
    found = _DATED.match(name)
    if found is None or not 1970 <= int(found[1]) <= 2100:
        return None
    try:
        return date(int(found[1]), int(found[3] or found[5]), int(found[4] or found[6]))
    except ValueError:
        return None


def _is_range(number: str, separator: str, rest: str) -> bool:
    return separator.strip("_ ") != "" and rest[:1].isdigit() and not number.startswith("0")


def _is_a_count(number: str, stated: int | None) -> bool:
    """Take a lone digit beside another id for a word of the name; longer numbers are a contradiction."""
    return stated is not None and len(number) == 1 and int(number) != stated
