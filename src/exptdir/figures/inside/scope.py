"""Which paths count, and how they are spelt: as the script wrote them, whatever directory it was in.

What a process finds out about itself once, before it is told which script it is for.

A server that forks a child for each script looks only once; and a child that does not touch what the server has
loaded shares its memory with it.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType

#: What belongs to the operating system; nobody keeps measurements there.
_SYSTEM = ("/proc", "/dev", "/sys", "/run", "/etc", "/usr", "/bin", "/lib", "/lib64", "/System", "/Library")
#: What makes a file a figure; the same as in :mod:`exptdir.figures.model`, which cannot be imported here.
FIGURES = frozenset({".svg", ".png", ".pdf", ".jpg", ".jpeg", ".webp", ".gif", ".eps", ".tif", ".tiff"})


class Scope:
    """The record as the processes of one script see it.

    Parameters
    ----------
    base
        The record's base, absolute, as the author wrote it.
    cwd
        The script's directory, likewise.
    scratch
        The directory of this run, which does not count.
    programs
        What :func:`program_directories` says, if that is known already.
    """

    def __init__(self, base: str, cwd: str, scratch: str, programs: frozenset[str] | None = None) -> None:
        self.base = base
        self._inside = base.rstrip(os.sep) + os.sep
        # The kernel names the current directory with links resolved; the record is to keep the author's names.
        pairs = ((os.path.realpath(written), written) for written in (cwd, base))
        self._aliases = [(real + os.sep, written + os.sep) for real, written in pairs if real != written]
        self._beginnings = (self._inside, *(real for real, _ in self._aliases))
        apart = {scratch, os.path.realpath(scratch), os.path.dirname(os.path.abspath(__file__))}
        apart |= program_directories() if programs is None else programs
        self._apart = tuple(directory.rstrip(os.sep) + os.sep for directory in apart)
        # Where the record lies inside such a directory, only what lies deeper than the record is apart.
        self._apart_inside = tuple(prefix for prefix in self._apart if prefix.startswith(self._inside))

    def absolute(self, path: object, directory: int = -1) -> str:
        """Spell a path as it would be written from anywhere.

        Parameters
        ----------
        path
            What the script passed: text, bytes, or an object that has a path.
        directory
            The descriptor of the directory that it is relative to; -1 for the current one.

        Raises
        ------
        TypeError
            If it is no path.
        """
        text = os.fsdecode(path)  # type: ignore[arg-type]
        if not os.path.isabs(text):
            origin = os.getcwd() if directory < 0 else os.readlink(f"/proc/self/fd/{directory}")  # noqa: PTH109
            text = os.path.join(origin, text)
        spelt = os.path.normpath(text)
        if ".." in text.split(os.sep) and os.path.realpath(text) != os.path.realpath(spelt):
            # A step up from a linked directory does not lead where the spelling says.
            spelt = os.path.realpath(text)
        for real, written in self._aliases:
            if spelt.startswith(real):
                return written + spelt[len(real) :]
        return spelt

    def inside(self, path: str) -> bool:
        """Tell whether an absolute path lies in the record, outside of programs and of our own scratch."""
        return path.startswith(self._inside) and not path.startswith(self._apart_inside or (os.sep * 3,))

    def may_hold(self, path: str) -> bool:
        """Tell, at little cost, whether a path may lie in the record once it is spelt as :meth:`absolute` does."""
        return path.startswith(self._beginnings) or not os.path.isabs(path)

    def counts(self, path: str) -> bool:
        """Tell whether a script may depend on an absolute path, wherever it lies."""
        if path.startswith(self._inside):
            return self.inside(path)
        return not path.startswith(self._apart)

    def figure(self, path: str) -> bool:
        """Tell whether an absolute path is that of a figure of the record."""
        return os.path.splitext(path)[1].lower() in FIGURES and self.inside(path)


def program_directories() -> frozenset[str]:
    """Return the directories of Python, of installed packages, of the system, and of matplotlib's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    found = {os.path.join(cache, "matplotlib"), os.environ.get("MPLCONFIGDIR", "")}
    found |= {*_SYSTEM, *sysconfig.get_paths().values()}
    found |= {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    found |= {entry for entry in sys.path if os.path.basename(entry) in ("site-packages", "dist-packages")}
    # An empty name would mean the current directory.
    return frozenset({*found, *(os.path.realpath(directory) for directory in found - {""})} - {"", os.sep})


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
