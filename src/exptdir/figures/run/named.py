"""Finds directories that a script names, for the case that something in it reads files past any trace."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from types import ModuleType

from exptdir.figures.inside.events import Listener
from exptdir.figures.inside.notes import NAMED, UNSEEN
from exptdir.figures.inside.programs import NATIVE, NATIVE_IF_ASKED

_LONGEST = 1000


def note_named(listener: Listener, script: str) -> None:
    """Note the directories that the record's own code names: in its text, or in variables of its modules.

    Also noted is what it imports that reads unseen: no event tells of a module that was loaded before.
    """
    scope, notes = listener.scope, listener.notes
    for path, module in _own_modules(listener, script):
        constants, imported = _read(path)
        for name in sorted(imported & (NATIVE | NATIVE_IF_ASKED)):
            notes.add(UNSEEN, name)
        for text in {*constants, *_variables(module)}:
            directory = _directory(scope.absolute(text)) if 0 < len(text) < _LONGEST and "\0" not in text else None
            if directory is not None and scope.counts(directory + os.sep):
                notes.add(NAMED, directory)


def _own_modules(listener: Listener, script: str) -> list[tuple[str, ModuleType]]:
    found = list(listener.imports.loaded())
    main = sys.modules.get("__main__")
    if main is None or any(module is main for _, module in found):
        return found
    return [*found, (script, main)]


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


def _variables(module: ModuleType) -> Iterator[str]:
    for name, value in list(vars(module).items()):
        if name != "__file__" and isinstance(value, str | os.PathLike):
            text = os.fspath(value)
            if isinstance(text, str):
                yield text


def _directory(path: str) -> str | None:
    """Return the directory that a path means: itself, or that of a file or of a pattern of files."""
    if os.path.isdir(path):
        return path
    parent = os.path.dirname(path)
    return parent if os.path.isdir(parent) and (os.path.isfile(path) or "*" in path) else None
