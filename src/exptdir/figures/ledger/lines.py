"""How a line of the ledger is written and read: words, quotes, paths."""

from __future__ import annotations

import json
import os
import posixpath
import re

_PLAIN = re.compile(r"[^\s\"#<=>|][^\s\"]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
_CLEAN = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*)*")
_MARKER = re.compile(r"(?:<{7}|\|{7}|={7}|>{7})(?: .*)?")


def quoted(token: str) -> str:
    """Write a value: as it is if it is one plain word, else as a JSON string."""
    if _PLAIN.fullmatch(token) and token.isprintable():
        return token
    return json.dumps(token, ensure_ascii=not token.isprintable())


def tokens_of(line: str) -> list[str] | None:
    """Take a line apart; ``None`` if it is none of a ledger."""
    if '"' not in line:
        tokens = line.split(" ")
        readable = len(tokens) > 1 and all(tokens) and not is_marker(line)
        return tokens if readable else None
    found = _TOKEN.findall(line)
    if " ".join(found) != line or len(found) < 2:
        return None
    try:
        return [json.loads(token) if token.startswith('"') else token for token in found]
    except ValueError:
        return None


def is_marker(line: str) -> bool:
    """Tell whether a line is one that git puts around a conflict."""
    return _MARKER.fullmatch(line) is not None


def inside(path: str, directory: str) -> str | None:
    """Return the path from the base of one from the ledger's directory; ``None`` if it leads out of the record."""
    if _CLEAN.fullmatch(path):
        # Nearly all are, and there may be many thousands.
        return path if directory == "." else f"{directory}/{path}"
    if path.startswith("/") or "\0" in path or os.path.isabs(path):
        return None
    joined = posixpath.normpath(posixpath.join(directory, path))
    return None if joined == ".." or joined.startswith("../") else joined
