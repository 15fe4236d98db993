"""What pages depend on, as far as Sphinx does not ask: for the builder to build, and for the server to watch."""

from __future__ import annotations

import hashlib
import os
import site
import sys
import sysconfig
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exptdir.preview.channel import Made
from exptdir.record.files import read_or_none, stamp
from exptdir.sphinxext.config import settings_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from exptdir.preview.warm_sphinx import Warm

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Writes:
    """Notes what this process itself, in its first thread, writes into a directory: ``conf.py`` and extensions do.

    What it hooks into cannot be let go again: it is meant for a process of its own. *private* directories do not count.
    """

    def __init__(self, directory: Path, private: Iterable[Path]) -> None:
        self._base = os.path.join(os.path.realpath(directory), "")
        self._private = tuple(os.path.join(os.path.realpath(one), "") for one in private)
        self._before: dict[str, bytes] = {}
        #: Files that were there before they were written.
        self.rewritten = set[str]()

    def listen(self) -> None:
        """Begin."""
        thread, process = threading.get_ident(), os.getpid()

        def hear(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "open":
                path, mode, flags = arguments
                writes = any(one in mode for one in "wax+") if isinstance(mode, str) else bool(flags & _WRITING)
            elif event == "os.rename":
                path, writes = arguments[1], True
            else:
                return
            if not writes or isinstance(path, int) or threading.get_ident() != thread or os.getpid() != process:
                return
            name = os.path.realpath(os.fsdecode(path))
            if name.startswith(self._base) and not name.startswith(self._private) and name not in self._before:
                self._before[name] = _digest(name)

        sys.addaudithook(hear)

    def take(self) -> tuple[Made, ...]:
        """Return what was written since the last call."""
        before, self._before = self._before, {}
        found: list[Made] = []
        for path, content in sorted(before.items()):
            now = _digest(path)
            if now and content:
                self.rewritten.add(path)
            if now or content:
                found.append((path, stamp(path), now != content))
        return tuple(found)


def _digest(path: str) -> bytes:
    content = read_or_none(path)
    return hashlib.blake2b(content, digest_size=16).digest() if content is not None else b""


def goes_on() -> bool:
    """Say whether something that extensions have begun goes on: a thread or (the system tells on Linux) a process."""
    if any(one is not threading.main_thread() and not one.name.startswith("exptdir") for one in threading.enumerate()):
        return True
    for name in os.listdir("/proc") if sys.platform == "linux" else ():
        # Scripts that draw figures are in sessions of their own.
        with suppress(ValueError, OSError):
            if os.getsid(int(name)) == os.getpid() != int(name):
                return True
    return False


@cache
def libraries() -> tuple[str, ...]:
    """Return the directories in which modules are installed, with a slash behind each."""
    schemes = sysconfig.get_paths()
    found = {schemes[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {*site.getsitepackages(), site.getusersitepackages()}
    for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix):
        found |= {os.path.join(prefix, name) for name in ("lib", "lib64")}
    found |= set(map(os.path.realpath, found))
    return tuple(os.path.join(os.path.abspath(one), "") for one in found)


class Modules:
    """Tells which modules of this process are the author's."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def files(self) -> tuple[str, ...]:
        """Return the files of the modules that are loaded now and are no part of an installation."""
        modules = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
        found = {os.path.abspath(file) for file in modules if file and isinstance(file, str)}
        for file in found - self._known.keys():
            self._known[file] = not os.path.realpath(file).startswith(libraries())
        return tuple(sorted(file for file in found if self._known[file]))


def statics(app: Sphinx) -> tuple[str, ...]:
    """Return the author's directories of static files, and the single ones."""
    config = app.config
    single = (name for name in (config.html_logo, config.html_favicon) if name and "://" not in name)
    return _authors(app, *config.html_static_path, *config.html_extra_path, *single)


def templates(app: Sphinx) -> tuple[str, ...]:
    """Return the author's directories of templates and of themes."""
    return _authors(app, *app.config.templates_path, *app.config.html_theme_path)


def _authors(app: Sphinx, *names: str) -> tuple[str, ...]:
    ours = Path(__file__).resolve().parents[1] / "sphinxext"
    found = {os.path.abspath(app.confdir / name) for name in names}
    return tuple(sorted(found - {str(ours / "templates"), str(ours / "static")}))


def outside(warm: Warm) -> tuple[str, ...]:
    """Return what lies outside the source directory and pages depend on; links inside it are followed.

    Not everything is there, but what is not may come.
    """
    app = warm.app
    base = os.path.realpath(app.srcdir)
    roots = (os.path.abspath(Path(app.srcdir, root)) for root in settings_of(app.config).asset_roots)
    inputs = (os.path.realpath(path) for path in warm.drawing.inputs())
    found = {*roots, *inputs, *warm.dependents.outside(base)}
    return tuple(sorted(path for path in found if not (path == base or path.startswith(os.path.join(base, "")))))


class Dependents:
    """Finds the documents that depend on files, in an environment in which all documents have been read."""

    def __init__(self, env: BuildEnvironment) -> None:
        self._env = env
        #: For each file that documents depend on, where it is when links are followed.
        self._real: dict[str, str] = {}

    def of(self, paths: Iterable[str]) -> set[str]:
        """Return the documents that are, or depend on, one of some files.

        These are absolute paths of files and directories that were changed, made or deleted. What is below a
        directory counts as changed with it.
        """
        places = {place for path in paths for place in (os.path.normpath(path), os.path.realpath(path))}
        if not places:
            return set()
        # A deleted directory cannot be told from a deleted file.
        above = tuple(f"{place}{os.sep}" for place in places if not os.path.isfile(place))
        depending = {name for name, path in self._dependencies() if path in places or path.startswith(above)}
        known = self._env.all_docs
        depending |= {name for place in places if (name := self._env.path2doc(place)) in known and name is not None}
        base = os.path.join(self._env.srcdir, "")
        inside = tuple(path[len(base) :].replace(os.sep, "/") for path in above if path.startswith(base))
        return depending | {name for name in known if inside and name.startswith(inside)}

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
