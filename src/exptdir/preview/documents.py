"""The documents of a source directory, looked for again only where a directory holds other names than before.

Sphinx looks for them in every build, and for thousands of experiments that takes longer than all else that an edit
needs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from sphinx.project import Project

from exptdir.record.files import Stamp, stamp
from exptdir.record.patterns import compile_patterns
from exptdir.record.walk import walk


class Documents(Project):
    """What Sphinx knows of its documents, kept from one build to the next.

    Parameters
    ----------
    project
        The application's own, whose place it takes.
    """

    def __init__(self, project: Project) -> None:
        super().__init__(project.srcdir, project.source_suffix)
        self.restore(project)
        self._asked: tuple[list[str], list[str]] | None = None
        self._found: set[str] = set()
        self._directories: dict[str, tuple[Stamp, list[str]]] = {}
        self._certain = False

    def __reduce__(self) -> tuple[object, ...]:
        """Be kept as Sphinx's own: what is known of directories is out of date when it comes back."""
        plain = Project(self.srcdir, self.source_suffix)
        plain.restore(self)
        return object.__new__, (Project,), vars(plain)

    def expect(self, changed: Iterable[str]) -> None:
        """Say which files have changed since documents were looked for last.

        Parameters
        ----------
        changed
            Absolute paths. A document that nobody may read is left out by Sphinx, though its name is there still.
        """
        documents = [path for path in changed if path.endswith(self.source_suffix)]
        self._certain = all(os.access(path, os.R_OK) and self.path2doc(path) in self._found for path in documents)

    def discover(self, exclude_paths: Iterable[str] = (), include_paths: Iterable[str] = ("**",)) -> set[str]:
        """Find the documents.

        Parameters
        ----------
        exclude_paths, include_paths
            Patterns of what is no document, and of what may be one.

        Returns
        -------
        set of str
            Their names.
        """
        asked = [*exclude_paths], [*include_paths]
        certain, self._certain = self._certain, False
        if certain and self._asked == asked and self._is_same():
            # Those that are no documents after all were taken out since, and are again.
            self.docnames.update(self._found)
            return self.docnames
        self._directories = dict(self._walk(asked[0]))
        self._found = set(super().discover(*asked))
        self._asked = asked
        return self.docnames

    def _walk(self, exclude: list[str]) -> Iterator[tuple[str, tuple[Stamp, list[str]]]]:
        for path, _files, _inside, _apart in walk(Path(self.srcdir), ".", compile_patterns(exclude)):
            directory = os.path.join(self.srcdir, path)
            # Before it is listed: what comes meanwhile gives it another.
            yield directory, (stamp(directory), _names(directory))

    def _is_same(self) -> bool:
        for directory, (before, names) in self._directories.items():
            now = stamp(directory)
            if now == before:
                continue
            if not now or _names(directory) != names:
                return False
            # An editor has put a file in another's place.
            self._directories[directory] = now, names
        return True


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []
