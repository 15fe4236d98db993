"""Facts from ``expt.toml``, the small files in ``.expt``, the top of a log and a directory's name, without docutils."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from exptdir.record.facts_values import FACT_OF_KEY, Claim
from exptdir.record.files import ABSENT, UnreadableError, decode, read_bytes, read_text, unreadable
from exptdir.record.markup.blocks import read_blocks
from exptdir.record.markup.headings import title_of
from exptdir.record.markup.markdown import front_matter_end
from exptdir.record.markup.rst import fields
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


_HEAD = 16 << 10
_FRONT_MATTER = 64 << 10
_SHALLOW = 200


def from_log(log: str) -> Found:
    """Read the facts on top of a log.

    Parameters
    ----------
    log
        The file, ``.rst`` or ``.md``.

    Returns
    -------
    tuple
        The claims and the problems.
    """
    markdown = log.lower().endswith(".md")
    try:
        text, whole = _head(log, _FRONT_MATTER if markdown else _HEAD)
        claims = _front_matter(log, text, whole) if markdown else _field_list(log, text)
    except (OSError, UnreadableError) as error:
        return [], [unreadable(log, error)]
    return claims, []


def log_title(log: Path) -> str | None:
    """Read the first heading of a log, with its inline markup as it stands.

    Parameters
    ----------
    log
        The file, ``.rst`` or ``.md``.

    Returns
    -------
    str or None
        ``None`` when the first 16 KiB hold no heading, or the file cannot be read.
    """
    path = os.fspath(log)
    try:
        text, whole = _head(path, _HEAD)
    except (OSError, UnreadableError):
        return None
    if not whole:
        text = text[: text.rfind("\n") + 1]
    return title_of(read_blocks(text, markdown=path.lower().endswith(".md")))


def _head(path: str, limit: int) -> tuple[str, bool]:
    data = read_bytes(path, limit + 1)
    whole = len(data) <= limit
    return decode(data[:limit], whole=whole), whole


def _front_matter(path: str, text: str, whole: bool) -> list[Claim]:
    if not text.startswith("---"):
        return []
    lines = text.split("\n")
    end = front_matter_end(lines)
    if not end:
        if not whole and lines[0].rstrip() == "---":
            raise UnreadableError("its front matter does not end within 64 KiB", 1)
        return []
    return list(_yaml_claims(path, "\n".join(lines[1 : end - 1])))


def _yaml_claims(path: str, text: str) -> Iterator[Claim]:
    import yaml

    # libyaml recurses on the C stack: deep nesting kills the process, where PyYAML's own parser raises.
    shallow = sum(map(text.count, "[{-?")) < _SHALLOW
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader) if shallow else yaml.SafeLoader
    try:
        # Composed, never constructed: YAML would make 51 of the id 0063, taking it for an octal number.
        root = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "it cannot be parsed"
        raise UnreadableError(
            f"its front matter is not YAML: {reason}", mark.line + 2 if mark else 1
        ) from None
    except RecursionError:
        raise UnreadableError("its front matter is nested too deeply", 1) from None
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        raise UnreadableError("its front matter is not a list of keys and values", 2)
    for key, value in root.value:
        fact = FACT_OF_KEY.get(key.value) if isinstance(key.value, str) else None
        if fact is not None and not value.tag.endswith(":null"):
            yield Claim(fact, _plain_value(value), path, key.start_mark.line + 2)


def _plain_value(node: object) -> object:
    """Take a scalar as it is written, except that ``true`` is no text, and a list one level deep."""
    value = getattr(node, "value", None)
    if isinstance(value, str):
        return value == "true" if str(getattr(node, "tag", "")).endswith(":bool") else value
    if isinstance(value, list) and str(getattr(node, "tag", "")).endswith(":seq"):
        return [item.value if isinstance(item.value, str) else dict[str, str]() for item in value]
    return dict[str, str]()


def _field_list(path: str, text: str) -> list[Claim]:
    claims = []
    for field in fields(text.split("\n")):
        fact = FACT_OF_KEY.get(field.name.lower())
        if fact is not None and fact != "title":
            claims.append(Claim(fact, field.value, path, field.line + 1))
    return claims
