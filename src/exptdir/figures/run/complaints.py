"""Finds in what a program printed what went wrong in a script, and where: Python, R and Julia each say it elsewhere.

R ends with ``Error in f(x) : message``, whose message may follow on a line of its own, and then perhaps ``Calls: …``
and ``Execution halted``. Julia begins with ``ERROR: LoadError: message`` and ends with the stack and ``in expression
starting at /path/plot.jl:3``; of what cannot be parsed it says ``# Error @ /path/plot.jl:3:5``. Python ends with it.
"""

from __future__ import annotations

import re
from pathlib import PurePath

_R = re.compile(r"^(Error\b.*(?:\n(?!Calls: |Execution halted|Error\b)[ \t]+\S.*)?)", re.MULTILINE)
_JULIA = re.compile(r"^ERROR: (?:LoadError: )?(.*)$", re.MULTILINE)
#: Where the line stands. R tells it only of scripts that are read with ``source()`` or with ``show.error.locations``.
_LINES = {
    "r": r"(?:^|[\s(/]){name}[#:](\d+)",
    "julia": r"(?:in expression starting at |Error @ )(?:[^\n]*/)?{name}:(\d+)",
}


def headline(language: str, said: str) -> str:
    """Return one line on what went wrong.

    Parameters
    ----------
    language
        What the script is written in.
    said
        The traceback, or the end of what the program printed.

    Returns
    -------
    str
        The last error that is told of, else the last line; empty if there is none.
    """
    pattern = {"r": _R, "julia": _JULIA}.get(language)
    found = pattern.findall(said) if pattern is not None else []
    lines = found or said.strip().splitlines()
    return " ".join(lines[-1].split()) if lines else ""


def line_of(language: str, said: str, script: str) -> int | None:
    """Return the line of the script that a program in another language names, if it does.

    Parameters
    ----------
    language
        What the script is written in.
    said
        The end of what the program printed.
    script
        The path of the script.
    """
    pattern = _LINES.get(language)
    if pattern is None:
        return None
    found = re.findall(pattern.format(name=re.escape(PurePath(script).name)), said, re.MULTILINE)
    return int(found[-1]) if found else None
