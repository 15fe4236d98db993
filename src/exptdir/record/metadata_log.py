"""Facts and title from the top of a log, without docutils: front matter (``.md``), field list (``.rst``)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from exptdir.record.metadata_files import Found
from exptdir.record.metadata_io import UnreadableError, decode, problem, read_bytes
from exptdir.record.metadata_values import FACT_OF_KEY, Claim

_HEAD = 16 << 10
_FRONT_MATTER = 64 << 10
_SHALLOW = 200

_FIELD = re.compile(r":(?![: ])((?:\\.|[^:\\]){1,60}):(?:[ \t]+(.*))?")
_RULE = re.compile(r"([!-/:-@\[-`{-~])\1*")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?")
_SETEXT = re.compile(r" {0,3}(?:=+|-+)[ \t]*")
_NO_PARAGRAPH = (">", "- ", "* ", "+ ", "<!--", "%", "|")
_TARGET = re.compile(r"\([^)]*\)=")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,}|:{3,})")


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
        return [], [problem(log, error)]
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
    lines = text.split("\n")
    if not whole:
        lines.pop()
    if path.lower().endswith(".md"):
        end = _front_matter_end(lines)
        return _markdown_title(lines[end:])
    return next((title for _, title, _ in _rst_titles(lines)), None)


def _head(path: str, limit: int) -> tuple[str, bool]:
    data = read_bytes(path, limit + 1)
    whole = len(data) <= limit
    return decode(data[:limit], whole=whole), whole


def _front_matter_end(lines: list[str]) -> int:
    """Find the line after the front matter; 0 where there is none."""
    if not lines or lines[0].rstrip() != "---":
        return 0
    ends = (n for n, line in enumerate(lines[1:], 2) if line.rstrip() in ("---", "..."))
    return next(ends, 0)


def _front_matter(path: str, text: str, whole: bool) -> list[Claim]:
    if not text.startswith("---"):
        return []
    lines = text.split("\n")
    end = _front_matter_end(lines)
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
    lines = text.split("\n")
    claims: list[Claim] = []
    at, titled = 0, False
    while at < len(lines):
        line = lines[at]
        if _FIELD.fullmatch(line):
            at = _read_fields(path, lines, at, claims)
        elif not line.strip() or line.startswith(".. ") or line.rstrip() == "..":
            at = _after_block(lines, at)
        else:
            title = None if titled else _title_at(lines, at)
            if title is None:
                break
            at, titled = title[1], True
    return claims


def _read_fields(path: str, lines: list[str], at: int, claims: list[Claim]) -> int:
    while at < len(lines) and (field := _FIELD.fullmatch(lines[at])):
        end = _after_block(lines, at)
        fact = FACT_OF_KEY.get(field[1].lower())
        if fact is not None and fact != "title":
            parts = [field[2] or "", *lines[at + 1 : end]]
            claims.append(Claim(fact, " ".join(part.strip() for part in parts).strip(), path, at + 1))
        at = end
    return at


def _after_block(lines: list[str], at: int) -> int:
    """Skip a line with what is indented below it, and the blank lines after."""
    at += 1
    while at < len(lines) and (not lines[at].strip() or lines[at][0] in " \t"):
        at += 1
    return at


def _rule(lines: list[str], at: int) -> str:
    line = lines[at].rstrip() if at < len(lines) else ""
    return line if _RULE.fullmatch(line) else ""


def _rst_titles(lines: list[str]) -> Iterator[tuple[int, str, int]]:
    """Find section titles: first line, text, line after."""
    at = 0
    blank = True
    while at + 1 < len(lines):
        found = _title_at(lines, at) if blank else None
        if found is not None:
            yield at, *found
            at = found[1]
            blank = True
        else:
            # An explicit markup block needs no blank line before a title that follows a comment or target.
            blank = not lines[at].strip() or lines[at].startswith(".. ")
            at += 1


def _title_at(lines: list[str], at: int) -> tuple[str, int] | None:
    line = lines[at].rstrip()
    over = _rule(lines, at)
    if over:
        text = lines[at + 1].strip() if at + 1 < len(lines) else ""
        return (text, at + 3) if text and not _rule(lines, at + 1) and _rule(lines, at + 2) == over else None
    under = _rule(lines, at + 1)
    if not under or line[:1].isspace() or not line or line.startswith(".. "):
        return None
    return (line, at + 2) if len(under) >= min(4, len(line)) else None


def _markdown_title(lines: list[str]) -> str | None:
    paragraph: list[str] = []
    fence = ""
    for line in lines:
        if fence:
            fence = "" if line.strip().startswith(fence) and not line.strip(" " + fence[0]) else fence
            continue
        opened, atx = _FENCE.match(line), _ATX.fullmatch(line)
        if atx and (title := _without_closing(atx[2] or "")):
            return title
        if paragraph and _SETEXT.fullmatch(line):
            return " ".join(paragraph)
        if opened:
            fence = opened[1]
        paragraph = [*paragraph, line.strip()] if _continues(line, paragraph) and not opened else []
    return None


def _without_closing(text: str) -> str:
    """Take off the closing marks of a heading, which ``C#`` does not have."""
    text = text.strip()
    bare = text.rstrip("#")
    return bare.rstrip() if not bare or bare[-1] in " \t" else text


def _continues(line: str, paragraph: list[str]) -> bool:
    text = line.strip()
    if not text or text.startswith(_NO_PARAGRAPH) or _TARGET.fullmatch(text):
        return False
    return bool(paragraph) or not line.startswith(("    ", "\t"))
