"""Which documents a changed file concerns: itself, or those that were read with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment


class Dependents:
    """Finds the documents that depend on files.

    Parameters
    ----------
    env
        The environment, in which all documents have been read.
    """

    def __init__(self, env: BuildEnvironment) -> None:
        self._env = env
        #: For each file that documents depend on, where it is when links are followed.
        self._real: dict[str, str] = {}

    def of(self, paths: Iterable[str]) -> set[str]:
        """Return the documents that are, or depend on, one of some files.

        Parameters
        ----------
        paths
            Absolute paths of files and directories that were changed, made or deleted. What is below a directory
            counts as changed with it.
        """
        places = {place for path in paths for place in (os.path.normpath(path), os.path.realpath(path))}
        if not places:
            return set()
        # A deleted directory cannot be told from a deleted file.
        above = tuple(f"{place}{os.sep}" for place in places if not os.path.isfile(place))
        depending = {name for name, path in self._dependencies() if path in places or path.startswith(above)}
        return {*depending, *self._documents(places, above)}

    def _documents(self, places: Iterable[str], above: Iterable[str]) -> Iterator[str]:
        """Yield the documents among some files and below some directories."""
        known = self._env.all_docs
        yield from (name for place in places if (name := self._env.path2doc(place)) in known and name is not None)
        base = os.path.join(self._env.srcdir, "")
        inside = tuple(path[len(base) :].replace(os.sep, "/") for path in above if path.startswith(base))
        if inside:
            yield from (name for name in known if name.startswith(inside))

    def outside(self, directory: str) -> set[str]:
        """Return the files outside a directory that documents depend on, links followed."""
        base = os.path.join(os.path.realpath(directory), "")
        return {path for _docname, path in self._dependencies() if not path.startswith(base)}

    def _dependencies(self) -> Iterator[tuple[str, str]]:
        """Yield each document with each file that it depends on, as written and links followed."""
        env, known, self._real = self._env, self._real, {}
        for docname, dependencies in env.dependencies.items():
            if docname not in env.all_docs:
                continue
            for dependency in dependencies:
                written = str(dependency)
                real = known.get(written) or os.path.realpath(Path(env.srcdir, written))
                self._real[written] = real
                yield docname, os.path.normpath(written)
                yield docname, real
