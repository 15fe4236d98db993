"""Reads what the processes of a script wrote down (:mod:`exptdir.figures.inside.keeper`).

Finds directories that a script names, for the case that something in it reads files past any trace.
"""

from __future__ import annotations

import ast
import os
import sys
from collections import defaultdict
from pathlib import Path

from exptdir.figures.inside import keeper as notes
from exptdir.figures.inside.events import NOTES, Listener
from exptdir.figures.inside.imports import NATIVE, NATIVE_IF_ASKED
from exptdir.figures.inside.keeper import NAMED, UNSEEN
from exptdir.figures.model import Job, Trace


def read_trace(run: Path, job: Job) -> Trace:
    """Make a trace of the facts that were written down in the directory of a run.

    What a script wrote before it read it is no input. What it read from outside of the record and is there no more was
    of passing interest: temporary files have other names each time.
    """
    facts: dict[str, set[str]] = defaultdict(set)
    inside = job.base.rstrip(os.sep) + os.sep
    for kind, path in _facts(run / NOTES):
        if kind == notes.READ and path in facts[notes.WRITE]:
            continue
        if kind == notes.MODULE and not path.startswith(inside):
            kind = notes.READ
        facts[kind].add(path)
    writes = facts[notes.WRITE]
    # A compiled module, or one that was run as data as well, is an input by one name.
    modules = facts[notes.MODULE] - {job.script}
    reads = facts[notes.READ] - modules - {job.script}
    reads = {path for path in reads if path.startswith(inside) or os.path.exists(path)}
    unseen = facts[notes.UNSEEN]
    named = facts[notes.NAMED] | facts[notes.LIST] | {os.path.dirname(path) for path in reads}
    return Trace(
        reads=tuple(sorted(reads)),
        absent=tuple(sorted(facts[notes.ABSENT] - writes)),
        listed=tuple(sorted(facts[notes.LIST])),
        writes=tuple(sorted(writes)),
        modules=tuple(sorted(modules)),
        unseen=tuple(sorted(unseen)),
        named_directories=tuple(sorted(named)) if unseen else (),
    )


def merge(first: Trace, second: Trace) -> Trace:
    """Join the traces of two runs of one script; what one of them wrote is no input of the other."""
    written = set(first.writes)
    joined = {
        name: tuple(sorted({*getattr(first, name), *getattr(second, name)})) for name in Trace.__dataclass_fields__
    }
    joined["reads"] = tuple(sorted({*first.reads, *(set(second.reads) - written)}))
    joined["absent"] = tuple(path for path in joined["absent"] if path not in joined["writes"])
    return Trace(**joined)


def _facts(path: Path) -> list[tuple[str, str]]:
    try:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return []
    # The last line is cut off where the process was killed while it wrote.
    lines = text.split("\n")[:-1]
    return [(line[0], notes.unescape(line[2:])) for line in lines if line[1:2] == " "]


_LONGEST = 1000


def note_named(listener: Listener, script: str) -> None:
    """Note the directories that the record's own code names: in its text, or in variables of its modules.

    Also noted is what it imports that reads unseen: no event tells of a module that was loaded before.
    """
    scope, notes = listener.scope, listener.notes
    modules = list(listener.imports.loaded())
    main = sys.modules.get("__main__")
    if main is not None and not any(module is main for _, module in modules):
        modules.append((script, main))
    for source, module in modules:
        texts, imported = _read(source)
        for name in sorted(imported & (NATIVE | NATIVE_IF_ASKED)):
            notes.add(UNSEEN, name)
        values = (value for name, value in list(vars(module).items()) if name != "__file__")
        texts |= {os.fspath(value) for value in values if isinstance(value, str | os.PathLike)}
        for text in texts:
            if not isinstance(text, str) or not 0 < len(text) < _LONGEST or "\0" in text:
                continue
            # A directory itself, or that of a file or of a pattern of files.
            path = scope.absolute(text)
            directory = path if os.path.isdir(path) else os.path.dirname(path)
            named = directory == path or os.path.isfile(path) or ("*" in path and os.path.isdir(directory))
            if named and scope.counts(directory + os.sep):
                notes.add(NAMED, directory)


def _read(path: str) -> tuple[set[str], set[str]]:
    """Return the string constants of a source file, and the names of the packages that it imports."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return set(), set()
    constants, imported = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            constants.add(node.value)
        elif isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported.add((node.module or "").partition(".")[0])
    return constants, imported
