"""Where a record is, and what its ``conf.py`` says, for those who do without Sphinx.

A ``conf.py`` is a program that may do anything, so it is not run here: what it assigns as a plain value is read
off its text. What is computed cannot be known that way, and is said to be so.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exptdir.record.files import read_bytes
from exptdir.record.problem import Problem
from exptdir.record.settings import PREFIX, Settings, invalid_values
from exptdir.record.walk import ScanSettings, compile_patterns

if TYPE_CHECKING:
    from exptdir.record.documents import OtherLogs

#: Values of Sphinx's own that say where documents are.
_OF_SPHINX = frozenset({"exclude_patterns", "include_patterns", "source_suffix"})
_NAMED = re.compile(rb"\bexptdir\b")
_LARGEST = 1 << 20
#: What was built lies here, whatever ``exclude_patterns`` says.
OUTPUT = "_build"


@dataclass(frozen=True)
class Conf:
    """What a ``conf.py`` assigns."""

    path: Path
    #: The values of ``exptdir_*`` without that prefix, and of Sphinx's options that say where documents are.
    values: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    #: Reads logs in other forms than a page, which is not this floor's.
    other_logs: OtherLogs | None = None

    @property
    def base(self) -> Path:
        """The source directory."""
        return self.path.parent

    @cached_property
    def settings(self) -> Settings:
        """The options of exptdir; one that is not valid counts as not set, as in a build."""
        return Settings.of(self.values)

    @property
    def exclude(self) -> Callable[[str], bool]:
        """The test of paths that are to be left alone."""
        return compile_patterns([*self._patterns("exclude_patterns", ()), OUTPUT, f"{OUTPUT}/**"])

    @property
    def include(self) -> Callable[[str], bool]:
        """The test of paths that are documents at all."""
        return compile_patterns(self._patterns("include_patterns", ("**",)))

    def _patterns(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = self.values.get(name)
        valid = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
        return tuple(value) if valid and value is not None else default

    @property
    def scan_settings(self) -> ScanSettings:
        """What counts as an experiment."""
        value = self.values.get("source_suffix")
        given = (value,) if isinstance(value, str) else value
        if not isinstance(given, list | tuple | dict):
            given = (".rst", ".md")
        return self.settings.scan(list(map(str, given)), self.exclude)


def find_conf(start: Path) -> Path | None:
    """Find the ``conf.py`` of the record that a directory is in: the nearest one upwards that names exptdir."""
    return next((path for at in (start, *start.parents) if names_exptdir(path := at / "conf.py")), None)


def names_exptdir(path: Path) -> bool:
    """Tell whether a ``conf.py`` is there and names exptdir."""
    with suppress(OSError):
        return _NAMED.search(read_bytes(path, _LARGEST)) is not None
    return False


def read_conf(path: Path) -> Conf:
    """Read off a ``conf.py`` what it assigns, without running it, with a problem for each value that is computed.

    A file that cannot be read or is no Python has no values.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except OSError as error:
        return Conf(path, {}, (Problem("config", f"conf.py cannot be read: {error.strerror or error}", path),))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        return Conf(path, {}, (Problem("config", "conf.py is not Python, so the defaults are used", path, line),))
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    for statement in tree.body:
        for name, node, line in _assigned(statement):
            option = name.removeprefix(PREFIX)
            try:
                # What is set in a block of its own depends on what only running would tell.
                given = ast.literal_eval(node if node is not None else "")
                values[option] = values.get(option, []) + given if isinstance(statement, ast.AugAssign) else given
                lines[option] = line
            except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                instead = "what it was before" if option in values else "the default"
                message = f"{name} is computed, which commands cannot follow; they use {instead}"
                problems.append(Problem("config", message, path, line))
    problems += [Problem("config", message, path, lines[name]) for name, message in invalid_values(values).items()]
    return Conf(path, values, tuple(problems))


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr | None, int]]:
    """Yield the options that a statement sets; without a value where it does so in a block of its own."""
    if isinstance(statement, ast.Assign):
        targets: list[ast.expr] = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    else:
        inner = () if isinstance(statement, ast.FunctionDef | ast.ClassDef) else ast.walk(statement)
        found = (node for node in inner if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
        yield from ((node.id, None, node.lineno) for node in found if _is_option(node.id))
        return
    for target in targets:
        if isinstance(target, ast.Name) and _is_option(target.id):
            yield target.id, statement.value, statement.lineno


def _is_option(name: str) -> bool:
    return name.startswith(PREFIX) or name in _OF_SPHINX
