"""What a log record of Sphinx says, and where."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from docutils import nodes
from sphinx.util.logging import get_node_location

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
#: A file, and perhaps a line of it; Sphinx leaves the colon where it knows no line.
_PLACE = re.compile(r"(?P<file>.+?)(?::(?P<line>\d+))?:?", re.DOTALL)
#: What Sphinx calls a document of unknown source.
_UNKNOWN = frozenset({"<unknown>", "<string>"})


def message_of(record: logging.LogRecord, kind: str = "") -> str:
    """Return the message of a record, without its place and without its *kind* in brackets."""
    # Sphinx's own records put the place in front.
    text = logging.LogRecord.getMessage(record)
    return _COLOUR.sub("", text).removesuffix(f" [{kind}]").strip()


def place_of(location: Any, path_of: Callable[[str], str]) -> tuple[str, int]:
    """Return the file and the line that the location of a record means.

    Parameters
    ----------
    location
        A node, a document, a document and a line, or ``"path:line"``.
    path_of
        Returns the file of a document.

    Returns
    -------
    tuple of str and int
        The file, empty where there is none, and the line, 0 where there is none.
    """
    if isinstance(location, nodes.Node):
        location = get_node_location(location)
    if isinstance(location, tuple):
        docname, line = location
        return (path_of(docname) if docname else "", line if isinstance(line, int) and docname else 0)
    text = str(location or "")
    if text and ":" not in text:
        return path_of(text) if not text.startswith("/") else text, 0
    found = _PLACE.fullmatch(text)
    if found is None or found["file"] in _UNKNOWN:
        return "", 0
    return found["file"], int(found["line"] or 0)
