"""Sphinx's file patterns, as one regular expression, for those who look for files without Sphinx."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable


def _translate(pattern: str) -> str:
    """Turn one pattern into the text of a regular expression.

    The rules are those of Sphinx's ``exclude_patterns``: ``**`` matches anything, ``*`` and ``?`` stop at a
    slash, ``[abc]`` and ``[!abc]`` are sets.
    """
    tokens = re.finditer(r"\*\*|\*|\?|\[(!?)(\]?[^\]]*)\]|.", pattern, re.DOTALL)
    return "".join(_token(match) for match in tokens)


def _token(match: re.Match[str]) -> str:
    text = match[0]
    simple = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    if text in simple:
        return simple[text]
    if match[2]:
        # Python warns of a bare "[" in a set, which it may take for another set one day.
        characters = match[2].replace("\\", "\\\\").replace("[", "\\[")
        return f"[^/{characters}]" if match[1] else "[" + re.sub(r"^\^", r"\\^", characters) + "]"
    return re.escape(text)


def compile_patterns(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Make a test of relative POSIX paths out of Sphinx's patterns.

    Parameters
    ----------
    patterns
        Patterns as in ``exclude_patterns``, relative to the source directory.

    Returns
    -------
    Callable[[str], bool]
        True for a path that one of the patterns matches as a whole.
    """
    parts = [_translate(pattern) for pattern in patterns]
    if not parts:
        return lambda path: False
    expression = re.compile("(?:" + "|".join(parts) + r")\Z", re.DOTALL)
    return lambda path: expression.match(path) is not None


def literal_pattern(path: str) -> str:
    """Escape *path*, so that as a pattern it matches itself alone."""
    return re.sub(r"([*?\[])", r"[\1]", path)
