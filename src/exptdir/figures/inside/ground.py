"""What a process finds out about itself once, before it is told which script it is for.

A server that forks a child for each script looks only once; and a child that does not touch what the server has
loaded shares its memory with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType

from .scope import Scope, program_directories


@dataclass(frozen=True)
class Ground:
    """Where programs lie, and what is loaded already; made by :func:`look_around`.

    Parameters
    ----------
    programs
        By :func:`exptdir.figures.inside.scope.program_directories`.
    homes
        The directories that the loaded modules come from.
    last
        The module that was loaded last.
    """

    programs: frozenset[str]
    homes: tuple[str, ...]
    last: ModuleType | None

    def modules(self, scope: Scope) -> Iterator[tuple[str, ModuleType]]:
        """Yield the record's modules that are loaded by now, each with the path of its file."""
        for module in self._candidates(scope):
            source = getattr(module, "__file__", None)
            if isinstance(source, str) and scope.may_hold(source):
                path = scope.absolute(source)
                if scope.inside(path):
                    yield path, module

    def _candidates(self, scope: Scope) -> Iterable[ModuleType]:
        near = (home for home in self.homes if scope.may_hold(home + os.sep))
        if any(scope.inside(scope.absolute(home) + os.sep) for home in near):
            return list(sys.modules.values())
        later: list[ModuleType] = []
        try:
            for module in reversed(sys.modules.values()):
                if module is self.last:
                    break
                later.append(module)
        except RuntimeError:
            # A thread of the script has just imported something.
            return list(sys.modules.values())
        # It takes the place of the main module that was there first.
        return [*later, *filter(None, [sys.modules.get("__main__")])]


def look_around() -> Ground:
    """Return what holds of this process now."""
    loaded = list(sys.modules.values())
    sources = {source for module in loaded if isinstance(source := getattr(module, "__file__", None), str)}
    homes = {os.path.dirname(source) for source in sources}
    return Ground(program_directories(), tuple(sorted(homes)), loaded[-1] if loaded else None)
