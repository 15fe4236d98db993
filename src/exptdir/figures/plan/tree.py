"""The files of the record as the facts of the ledger see them: paths, digests, listings, data files."""

from __future__ import annotations

import glob
import json
import os
import posixpath
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from exptdir.figures.digest import Digests, digest_text
from exptdir.figures.model import LEDGER, FigureSettings, Script, is_figure
from exptdir.record.walk import list_directory

#: Suffixes of what lies in an experiment's directory without being data: texts, and what is compiled.
_NO_DATA = frozenset({".rst", ".md", ".pyc", ".pyo", ".tmp", ".exptdir-tmp"})


def is_litter(name: str) -> bool:
    """Tell by its name whether a file is what an office program or a file manager leaves behind for itself."""
    return name.startswith(("~$", ".~lock.")) or name in ("Thumbs.db", "ehthumbs.db", "desktop.ini", ".DS_Store")


class FileTree:
    """The record's files; all paths are POSIX paths relative to its base.

    Parameters
    ----------
    experiments
        The directories of experiments.
    scripts
        The plot scripts.
    """

    def __init__(
        self, base: Path, digests: Digests, experiments: Collection[str] = (), scripts: Collection[str] = ()
    ) -> None:
        self.base = os.path.abspath(base)
        self.digests = digests
        self._real = os.path.realpath(base)
        self._experiments = frozenset(experiments)
        self._scripts = frozenset(scripts)

    def absolute(self, path: str) -> str:
        """Return the absolute path of a file."""
        return f"{self.base}/{path}"

    def inside(self, path: str) -> str | None:
        """Return the path from the base of an absolute one, ``None`` if that lies outside the record.

        Links count as what they look like; only where ``..`` follows one is it resolved.
        """
        plain = os.path.normpath(path)
        if ".." in path and os.path.realpath(plain) != os.path.realpath(path):
            plain = os.path.realpath(path)
        for base in (self.base, self._real):
            if plain == base:
                return "."
            if plain.startswith(base + os.sep):
                return plain[len(base) + 1 :].replace(os.sep, "/")
        return None

    def exists(self, path: str) -> bool:
        """Tell whether there is such a file or directory."""
        return os.path.exists(self.absolute(path))

    def digest(self, path: str) -> str | None:
        """Digest a file; ``None`` if there is none that can be read."""
        return self.digests.of(self.absolute(path))

    def listing(self, directory: str, without: Iterable[str] = (), supposed: Iterable[str] = ()) -> str | None:
        """Digest the names in a directory.

        Parameters
        ----------
        without
            Files that do not count.
        supposed
            Files that count as if they were there.

        Returns
        -------
        str or None
            ``None`` if it is no directory. Hidden files, the ledger and compiled modules do not count.
        """
        try:
            names = set(os.listdir(self.absolute(directory)))
        except OSError:
            return None
        names.update(_names_in(directory, supposed))
        names.difference_update(_names_in(directory, without), (LEDGER, "__pycache__"))
        shown = (name for name in names if not name.startswith(".") and not is_litter(name))
        return digest_text("\n".join(sorted(shown)))

    def data_files(self, directory: str) -> Iterator[str]:
        """Find what may be data in a directory and below: all but texts, plot scripts, ledgers and figures.

        Nested experiments are left out, unless *directory* is inside one. A directory around experiments is
        looked at alone, not what is below. Links to directories outside the record are followed.
        """
        around = any(key.startswith(directory + "/") and key != directory for key in self._experiments)
        deep = directory in self._experiments or not around
        seen: set[str] = set()
        waiting = [directory]
        while waiting:
            current = waiting.pop()
            files, inside, apart, _, environment = list_directory(self.absolute(current))
            yield from (path for name in files if self._is_data(path := _join(current, name)))
            if not deep or environment:
                continue
            inside = [name for name in inside if _join(current, name) not in self._experiments]
            for name in apart:
                target = os.path.realpath(self.absolute(_join(current, name)))
                around = self._real == target or self._real.startswith(target.rstrip(os.sep) + os.sep)
                if target not in seen and not around and not target.startswith(self._real + os.sep):
                    seen.add(target)
                    inside.append(name)
            waiting += [_join(current, name) for name in inside]

    def _is_data(self, path: str) -> bool:
        name = posixpath.basename(path)
        if name in (LEDGER, "expt.toml") or path in self._scripts or is_figure(path) or is_litter(name):
            return False
        return posixpath.splitext(name)[1].lower() not in _NO_DATA

    def matching(self, patterns: Iterable[str]) -> set[str]:
        """Find the files that an author's patterns mean; ``**`` is any number of directories."""
        found = (path for pattern in patterns for path in glob.iglob(pattern, root_dir=self.base, recursive=True))
        return {path.replace(os.sep, "/") for path in found if os.path.isfile(self.absolute(path))}

    def style(self, script: Script, settings: FigureSettings) -> str:
        """Digest what decides on a script's looks beside itself: style, dark scheme, a ``matplotlibrc`` beside it."""
        if script.language != "python":
            return digest_text("")
        own = self.digest(_join(script.folder, "matplotlibrc"))
        path = self.style_path(settings)
        content = None if path is None else self.digests.of(path)
        name = None if content is not None else settings.style
        dark = None if path is None or not settings.dark else self.digests.of(dark_path(path))
        return digest_text(json.dumps([name, content, settings.dark, dark, own]))

    def style_path(self, settings: FigureSettings) -> str | None:
        """Return the absolute path of the style's file; ``None`` where the style is a name or there is none."""
        path = None if settings.style is None else os.path.join(self.base, settings.style)
        return path if path is not None and os.path.isfile(path) else None


def dark_path(style: str) -> str:
    """Return the file beside a style that says what is different in the dark scheme, if there is one."""
    stem, suffix = os.path.splitext(style)
    return f"{stem}.dark{suffix}"


def _join(directory: str, name: str) -> str:
    return name if directory == "." else f"{directory}/{name}"


def _names_in(directory: str, paths: Iterable[str]) -> set[str]:
    return {posixpath.basename(path) for path in paths if (posixpath.dirname(path) or ".") == directory}
