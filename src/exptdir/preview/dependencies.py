"""Which files of a record could mean anything to a build, by where they lie and what they are called.

What a builder reports of the files that it depends on, for the server to watch.
"""

from __future__ import annotations

import hashlib
import os
import re
import site
import sys
import sysconfig
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exptdir.record.walk import ENVIRONMENT, PROGRAMS, compile_patterns, is_environment
from exptdir.sphinxext.config import Settings

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from exptdir.preview.warm_sphinx import Warm


#: What editors and programs write beside a file while they save it: vim, Emacs, JetBrains, office programs, browsers.
_TEMPORARY = re.compile(
    r".*~|\#.*\#|~\$.*|4913|.*\.(?:tmp|temp|swp|swo|swx|part|crdownload|pyc)|.*___jb_(?:tmp|old|bak)___",
    re.IGNORECASE | re.DOTALL,
)
#: The hidden directory that does mean something: the facts of an experiment; but not the link in it to the project.
_FACTS, _LINK = ".expt", "root"
#: A search for files ends here: more are no record.
_MOST = 400_000


class WatchedPlaces:
    """Where a record is, and where what lies in it means nothing.

    Parameters
    ----------
    root
        The source directory, absolute and without links.
    private
        Directories and files whose changes mean nothing.
    deep
        Whether directories in it belong to it, or only files.
    """

    def __init__(self, root: Path, private: Iterable[str] = (), *, deep: bool = True) -> None:
        self.root = os.fspath(root)
        self.deep = deep
        self.private = frozenset(private)
        self.outside: frozenset[str] = frozenset()
        self._ignored = compile_patterns(())

    def ignore(self, patterns: Iterable[str]) -> None:
        """Have files mean nothing that match a pattern, as those of ``exclude_patterns`` do."""
        self._ignored = compile_patterns(tuple(patterns))

    def means_something(self, path: str) -> bool:
        """Tell whether a change of a file could change a page.

        Parameters
        ----------
        path
            The file, absolute.
        """
        at = next((one for one in (self.root, *self.outside) if _is_below(path, one)), None)
        if at is None or any(_is_below(path, one) for one in self.private):
            return False
        inside = os.path.relpath(path, at).split(os.sep)
        if inside == ["."]:
            return True
        if at == self.root and not self.deep and len(inside) > 1:
            return False
        if _TEMPORARY.fullmatch(inside[-1]) or _is_hidden(inside) or self._is_of_programs(at, inside):
            return False
        # A pattern may name a directory, and means all that is in it.
        return not any(self._ignored("/".join(inside[:depth])) for depth in range(1, len(inside) + 1))

    def _is_of_programs(self, at: str, inside: list[str]) -> bool:
        if not PROGRAMS.isdisjoint(inside[:-1]):
            return True
        directories = (os.path.join(at, *inside[:depth]) for depth in range(1, len(inside)))
        return any(is_environment(one) for one in directories)

    def files(self, directory: str) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the files below a directory that mean something; links to directories are not followed."""
        waiting, seen = [directory], 0
        if not self.means_something(os.path.join(directory, "_")):
            return
        while waiting and seen < _MOST:
            entries = _listed(waiting.pop())
            seen += len(entries)
            for entry in entries:
                if entry.name.startswith(".") and entry.name != _FACTS:
                    continue
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if self.deep and entry.name not in PROGRAMS and entry.path not in self.private:
                            waiting.append(entry.path)
                    elif entry.is_file() and not _TEMPORARY.fullmatch(entry.name) and entry.path not in self.private:
                        yield entry.path, entry.stat()
                except OSError:
                    continue


def _listed(directory: str) -> list[os.DirEntry[str]]:
    """List a directory, unless it holds a virtual environment or cannot be listed."""
    try:
        with os.scandir(directory) as entries:
            found = list(entries)
    except OSError:
        return []
    return [] if any(entry.name == ENVIRONMENT for entry in found) else found


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)


def _is_hidden(inside: list[str]) -> bool:
    hidden = [at for at, name in enumerate(inside) if name.startswith(".")]
    if not hidden:
        return False
    facts = len(hidden) == 1 and inside[hidden[0]] == _FACTS
    return not facts or inside[hidden[0] + 1 : hidden[0] + 2] == [_LINK]


def real(path: str) -> str:
    """Return a path whose directories are no links; what it ends with may be one."""
    directory, name = os.path.split(path)
    return os.path.join(os.path.realpath(directory), name)


#: A file, its size (-1 where it is gone) and time of modification, and whether its content is another than before.
Made = tuple[str, int, int, bool]
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Writes:
    """Notes what this process itself, in its first thread, writes into a directory: ``conf.py`` and extensions do.

    What it hooks into cannot be let go again: it is meant for a process of its own.

    Parameters
    ----------
    directory
        The directory.
    private
        Directories in it that do not count.
    """

    def __init__(self, directory: Path, private: Iterable[Path]) -> None:
        self._base = os.path.join(os.path.realpath(directory), "")
        self._private = tuple(os.path.join(os.path.realpath(one), "") for one in private)
        self._before: dict[str, bytes] = {}
        #: Files that were there before they were written.
        self.rewritten = set[str]()
        self._thread = threading.get_ident()
        self._process = os.getpid()

    def listen(self) -> None:
        """Begin."""
        sys.addaudithook(self._hear)

    def take(self) -> tuple[Made, ...]:
        """Return what was written since the last call."""
        before, self._before = self._before, {}
        found: list[Made] = []
        for path, content in sorted(before.items()):
            now = _content(path)
            if now:
                if content:
                    self.rewritten.add(path)
                stamp = os.stat(path)
                found.append((path, stamp.st_size, stamp.st_mtime_ns, now != content))
            elif content:
                found.append((path, -1, 0, True))
        return tuple(found)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = any(one in mode for one in "wax+") if isinstance(mode, str) else bool(flags & _WRITING)
        elif event == "os.rename":
            path, writes = arguments[1], True
        else:
            return
        if not writes or isinstance(path, int) or threading.get_ident() != self._thread:
            return
        if os.getpid() == self._process:
            name = os.path.realpath(os.fsdecode(path))
            if name.startswith(self._base) and not name.startswith(self._private) and name not in self._before:
                self._before[name] = _content(name)


def _content(path: str) -> bytes:
    """Return what tells the content of a file from another, nothing where there is none."""
    try:
        return hashlib.blake2b(Path(path).read_bytes(), digest_size=16).digest() if os.path.isfile(path) else b""
    except OSError:
        return b""


#: Where our own templates are.
_OURS = Path(__file__).resolve().parents[1]


class Modules:
    """Tells which modules of this process are the author's."""

    def __init__(self) -> None:
        self._installed = tuple(os.path.join(directory, "") for directory in _libraries())
        self._known: dict[str, bool] = {}

    def files(self) -> tuple[str, ...]:
        """Return the files of the modules that are loaded now and are no part of an installation."""
        found = {os.path.abspath(file) for file in map(_file_of, list(sys.modules.values())) if file}
        return tuple(sorted(filter(self._is_own, found)))

    def _is_own(self, file: str) -> bool:
        if file not in self._known:
            self._known[file] = not os.path.realpath(file).startswith(self._installed)
        return self._known[file]


def _file_of(module: object) -> str | None:
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) else None


def _libraries() -> set[str]:
    """Return the directories of what is installed, as they are and links followed."""
    schemes = sysconfig.get_paths()
    found = {schemes[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {*site.getsitepackages(), site.getusersitepackages()}
    for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix):
        found |= {os.path.join(prefix, name) for name in ("lib", "lib64")}
    return {way for path in found for way in (os.path.abspath(path), os.path.realpath(path))}


def statics(app: Sphinx) -> tuple[str, ...]:
    """Return the author's directories of static files, and the single ones."""
    config = app.config
    names = [*config.html_static_path, *config.html_extra_path]
    names += [name for name in (config.html_logo, config.html_favicon) if name and "://" not in name]
    return tuple(sorted({os.path.abspath(app.confdir / name) for name in names} - set(_ours())))


def templates(app: Sphinx) -> tuple[str, ...]:
    """Return the author's directories of templates and of themes."""
    names = [*app.config.templates_path, *app.config.html_theme_path]
    return tuple(sorted({os.path.abspath(app.confdir / name) for name in names} - set(_ours())))


def _ours() -> Iterator[str]:
    for directory in ("templates", "static"):
        yield str(_OURS / "sphinxext" / directory)


def outside(warm: Warm) -> tuple[str, ...]:
    """Return what lies outside the source directory and pages depend on; links inside it are followed.

    Not everything is there, but what is not may come.
    """
    app = warm.app
    base = os.path.realpath(app.srcdir)
    roots = (os.path.abspath(Path(app.srcdir, root)) for root in Settings.of(app.config).asset_roots)
    inputs = (os.path.realpath(path) for path in warm.drawing.inputs())
    found = {*roots, *inputs, *warm.dependents.outside(base)}
    return tuple(sorted(path for path in found if not (path == base or path.startswith(os.path.join(base, "")))))
