"""Facts and title from the top of a log, without docutils: front matter (``.md``), field list (``.rst``)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from exptdir.record.files import UnreadableError, decode, read_bytes, unreadable
from exptdir.record.markup.blocks import read_blocks
from exptdir.record.markup.headings import title_of
from exptdir.record.markup.markdown import front_matter_end
from exptdir.record.markup.rst import fields
from exptdir.record.metadata_files import Found
from exptdir.record.metadata_values import FACT_OF_KEY, Claim

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
