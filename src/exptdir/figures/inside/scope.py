"""The facts of a run: which paths count, how they are spelt and written down, and which of our modules are imported.

Paths are spelt as the script wrote them, whatever directory it was in. What a process finds out about itself is found
out once, before it is told which script it is for: a server that forks a child for each script looks only once, and a
child that does not touch what the server has loaded shares its memory with it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import filterfalse
from types import FrameType, ModuleType
from typing import Any

#: Kinds of facts: read, written, sought in vain, listed, imported, past any trace, named, found, asked for its time.
READ, WRITE, ABSENT, LIST, MODULE, UNSEEN, NAMED, PRESENT, TIMED = "rwalmudpt"

#: What belongs to the operating system, and where programs keep fonts, settings and caches; nobody keeps measurements
#: there. Below ``/run`` are disks that were plugged in as well.
_SYSTEM = ("/proc", "/dev", "/sys", "/etc", "/usr", "/bin", "/lib", "/lib64", "/nix", "/var/cache", "/run/systemd")
_SYSTEM_ELSEWHERE = ("/System", "/Library", "C:\\Windows", "/run/current-system", "/run/opengl-driver")
_OWN = ("~/.cache", "~/.config/matplotlib", "~/.matplotlib", "~/.fonts", "~/.local/share/fonts", "~/.local/lib")
#: Stands on the module path of Pythons that the trace was brought to.
SITE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "site")
#: What makes a file a figure, in lower case.
FIGURES = frozenset({".svg", ".png", ".pdf", ".jpg", ".jpeg", ".webp", ".gif", ".eps", ".tif", ".tiff"})


#: What makes a name in a path a pattern.
WILD = frozenset("*?[")


def split_pattern(path: str) -> tuple[str, str]:
    """Part a path before the first of its names that is a pattern; there may be none."""
    parts = path.split("/")
    at = next((at for at, part in enumerate(parts) if set(part) & WILD), len(parts))
    return "/".join(parts[:at]) or ".", "/".join(parts[at:])


class Notes:
    """Appends facts to a file that threads, forks and other processes append to as well."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._known: set[str] = set()
        self._open()

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        self._is = self._identity()

    def _identity(self) -> tuple[int, int]:
        status = os.fstat(self._file)
        return status.st_dev, status.st_ino

    def add(self, kind: str, path: str) -> bool:
        """Write down a fact, each once a process; say whether it was new to this one."""
        fact = f"{kind} {escape(path)}\n"
        if fact in self._known:
            return False
        self._known.add(fact)
        try:
            lost = self._identity() != self._is
        except OSError:
            lost = True
        if lost:
            # Daemons close all descriptors that they did not open, and the number may be another file's by now.
            self._open()
        os.write(self._file, fact.encode("utf-8", "surrogateescape"))
        return True

    def tells(self, kind: str) -> bool:
        """Tell whether any process has written down a fact of a kind."""
        with open(self._path, "rb") as file:  # noqa: PTH123
            return any(line.startswith(kind.encode()) for line in file)


def escape(path: str) -> str:
    """Write a path without line breaks."""
    return path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def unescape(text: str) -> str:
    """Read what :func:`escape` wrote."""
    return "\\".join(part.replace("\\n", "\n").replace("\\r", "\r") for part in text.split("\\\\"))


class Scope:
    """The record as the processes of one script see it; the directory of the run does not count."""

    def __init__(self, base: str, cwd: str, scratch: str, programs: frozenset[str] | None = None) -> None:
        self.base = base
        self._inside = base.rstrip(os.sep) + os.sep
        # The kernel names the current directory with links resolved; the record is to keep the author's names.
        pairs = ((os.path.realpath(written), written) for written in (cwd, base))
        self._aliases = [(real + os.sep, written + os.sep) for real, written in pairs if real != written]
        self._beginnings = (self._inside, *(real for real, _ in self._aliases))
        apart = {scratch, os.path.realpath(scratch), os.path.dirname(os.path.dirname(os.path.dirname(SITE)))}
        apart |= program_directories() if programs is None else programs
        self._apart = tuple(directory.rstrip(os.sep) + os.sep for directory in apart)
        # Where the record lies inside such a directory, only what lies deeper than the record is apart.
        self._apart_inside = tuple(prefix for prefix in self._apart if prefix.startswith(self._inside))

    def absolute(self, path: object, directory: int = -1) -> str:
        """Spell a path, relative to the descriptor of a directory or the current one, as it would be from anywhere.

        Raises TypeError if it is no path.
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


#: Name of the journal in the directory of the copies.
JOURNAL = "journal"


class Keeper:
    """Copies figures into a directory before they are written, renamed over or removed; the first time only.

    The journal holds one JSON list a line: the figure's path and the name of its copy, which is null where there
    was no figure. Of several lines on one figure, which come from several processes, the first holds.
    """

    def __init__(self, scope: Scope, directory: str, outputs: tuple[str, ...] = ()) -> None:
        self._scope = scope
        self._directory = directory
        self._outputs = outputs
        self._kept: set[str] = set()

    def keep(self, path: str) -> None:
        """Make sure that the figure at an absolute path can be put back; leave anything else alone."""
        if path in self._kept or not self._scope.figure(path):
            return
        self._kept.add(path)
        copy = None
        if os.path.isfile(path):
            copy = f"{os.getpid()}-{len(self._kept)}"
            shutil.copy2(path, os.path.join(self._directory, copy))
        file = os.open(os.path.join(self._directory, JOURNAL), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, json.dumps([path, copy]).encode("ascii") + b"\n")
        finally:
            os.close(file)

    def keep_all(self, directory: str) -> None:
        """Keep all known outputs, and all figures in a directory: someone writes whom we cannot see."""
        for path in self._outputs:
            self.keep(path)
        try:
            names = os.listdir(directory)
        except OSError:
            return
        for name in names:
            path = os.path.join(directory, name)
            if os.path.isfile(path):
                self.keep(path)


def program_directories() -> frozenset[str]:
    """Return the directories of Python, of installed packages, of the system, and of caches."""
    found = {*_SYSTEM, *_SYSTEM_ELSEWHERE, *map(os.path.expanduser, _OWN)}
    found |= {os.environ.get(name, "") for name in ("MPLCONFIGDIR", "XDG_CACHE_HOME")}
    found |= {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *sysconfig.get_paths().values()}
    found |= {entry for entry in sys.path if os.path.basename(entry) in ("site-packages", "dist-packages")}
    # An empty name would mean the current directory.
    return frozenset({*found, *(os.path.realpath(directory) for directory in found - {""})} - {"", os.sep})


@dataclass(frozen=True)
class Ground:
    """Where programs lie, the directories that the loaded modules come from, and the module that was loaded last."""

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


_MACHINERY = ("<frozen importlib", "<frozen zipimport")
#: What looks for installed packages on the module path, on which the script's directory stands first.
_PACKAGES = tuple(os.sep + name for name in (f"importlib{os.sep}metadata", "importlib_metadata", "pkg_resources"))
SOURCES = (".py", ".pyw", ".pyc", ".so", ".pyd")


class Imports:
    """Notes modules of the record, and places where one was looked for in vain.

    *unseen* is called with the name of a module that reads files past any trace.
    """

    def __init__(self, scope: Scope, notes: Notes, ground: Ground, unseen: Callable[[str], None]) -> None:
        self._scope = scope
        self._notes = notes
        self.ground = ground
        self._unseen = unseen
        self._open: dict[str, list[str]] = {}

    def is_machinery(self, frame: FrameType | None, listed: object = None) -> bool:
        """Tell whether code is the import system's; what it lists elsewhere than on the module path are plugins."""
        name = "" if frame is None else frame.f_code.co_filename
        if name.endswith(f"{os.sep}pkgutil.py"):
            return listed is None or listed in sys.path
        return name.startswith(_MACHINERY) or any(part in name for part in _PACKAGES)

    def opens(self, name: str, frame: FrameType | None) -> bool:
        """Note a source file that the import system opens; say whether it was one, and no data of a package."""
        if not self.is_machinery(frame):
            return False
        if not name.endswith(SOURCES):
            # Compiled modules are written under a name for the time being.
            return "__pycache__" in name
        if os.path.basename(os.path.dirname(name)) == "__pycache__" or sys.pycache_prefix:
            with suppress(ValueError):
                name = importlib.util.source_from_cache(name)
        self.module(name)
        return True

    def module(self, name: str) -> None:
        """Note a module's source file."""
        path = self._scope.absolute(name)
        if self._scope.counts(path):
            self._notes.add(MODULE, path)

    def begin(self, args: tuple[Any, ...], frame: FrameType | None) -> None:
        """Handle the event that begins an import, or loads a compiled module."""
        name, filename, path = args[:3]
        own = frame is not None and self._scope.inside(frame.f_code.co_filename)
        importer = "" if frame is None else str(frame.f_globals.get("__name__"))
        if filename:
            self.module(filename)
            root = name.partition(".")[0]
            if root not in _SEEN and root not in NATIVE_IF_ASKED and _PACKAGES_DIRECTORY.search(filename):
                self._unseen(root)
        elif reads_unseen(name, importer, own):
            self._unseen(name.partition(".")[0])
        elif own and path is not None and "." not in name:
            self._open[name] = self._candidates(name, path)

    def sought(self, name: str, path: Iterable[Any], frame: FrameType | None) -> None:
        """Note where a module might appear that the record's own code asks for in vain."""
        while frame is not None and "importlib" in (at := frame.f_code.co_filename) and not self._scope.inside(at):
            frame = frame.f_back
        if frame is not None and self._scope.inside(frame.f_code.co_filename):
            for file in self._candidates(name.rpartition(".")[2], path):
                self._notes.add(ABSENT, file)

    def _candidates(self, name: str, path: Iterable[Any]) -> list[str]:
        """Note the record's files that would come before the module found there; return what would be one it lacks."""
        before: list[str] = []
        for entry in path:
            directory = self._scope.absolute(entry) if isinstance(entry, str) and entry else ""
            if not self._scope.inside(directory + os.sep):
                continue
            files = [os.path.join(directory, name + ".py"), os.path.join(directory, name, "__init__.py")]
            if any(map(os.path.isfile, files)):
                for file in before:
                    self._notes.add(ABSENT, file)
                return []
            before += files
        return before

    def finish(self) -> None:
        """Note all modules of the record that are loaded, and what would take the place of packages without a file."""
        for name, files in self._open.items():
            module = sys.modules.get(name)
            if hasattr(module, "__path__") and getattr(module, "__file__", None) is None:
                for file in filterfalse(os.path.exists, (*files, *map(os.path.dirname, files[1::2]))):
                    self._notes.add(ABSENT, file)
        for path, module in self.ground.modules(self._scope):
            if getattr(module, "__name__", "") != "__main__":
                self._notes.add(MODULE, path)


#: Compiled modules of installed packages may open files themselves; these, which many scripts load, have Python do it.
_SEEN = frozenset({"PIL", "contourpy", "kiwisolver", "matplotlib", "numpy", "pandas", "scipy", "sklearn", "yaml"})
_PACKAGES_DIRECTORY = re.compile(r"[/\\](?:site|dist)-packages[/\\]")
#: Modules that open files in native code; whoever imports them may have read anything.
NATIVE = frozenset(
    # Tables and databases; arrays; images and sound; maps; genomes; and the rest.
    {"connectorx", "datatable", "deltalake", "duckdb", "lance", "polars", "pyreadr", "pyreadstat", "python_calamine"}
    | {"h5py", "netCDF4", "tables", "tensorflow", "tiledb", "zarr"}
    | {"SimpleITK", "pyvips", "soundfile"}
    | {"fiona", "osgeo", "pyogrio", "rasterio"}
    | {"cyvcf2", "pysam"}
    | {"ROOT", "igraph", "pyvista", "vtkmodules"}
)
#: The same of modules that others import without need (pandas does pyarrow): they count if the record's own code
#: imports them, or if one of the parts that read is imported.
NATIVE_IF_ASKED = frozenset({"pyarrow", "lxml", "cv2", "cairo"})
_READING_PARTS = frozenset(f"pyarrow.{part}" for part in ("parquet", "csv", "json", "feather", "orc", "dataset", "fs"))

#: Programs that matplotlib and the standard library ask about the machine.
_HARMLESS = frozenset({"fc-list", "fc-match", "uname", "ldconfig", "lscpu", "nvidia-smi"})
_PYTHON = re.compile(r"(python|pypy)[\d.]*w?(\.exe)?", re.IGNORECASE)
#: Options without which Python does not read the `sitecustomize` that brings the trace.
_ISOLATED = re.compile(r"-[a-zA-Z]*[IES][a-zA-Z]*")


def reads_unseen(module: str, importer: str, own: bool) -> bool:
    """Tell whether files may be read unseen after an import by another module, which may be the record's *own*."""
    root = module.partition(".")[0]
    if root in NATIVE:
        return True
    if root not in NATIVE_IF_ASKED:
        return False
    return own or (module in _READING_PARTS and importer.partition(".")[0] != root)


def runs_unseen(program: object, args: object, env: object, marker: str) -> bool:
    """Tell whether a program that is about to be started reads files unseen: past the trace that *marker* brings."""
    path = os.fsdecode(program)  # type: ignore[arg-type]
    name = os.path.basename(path)
    if name in _HARMLESS:
        return False
    if path != sys.executable and not _PYTHON.fullmatch(name):
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                first = file.readline(200)
        except (OSError, ValueError):
            return True
        if not first.startswith(b"#!") or b"python" not in first:
            return True
    rest = [os.fsdecode(item) for item in args][1:] if isinstance(args, Sequence) and not isinstance(args, str) else []
    options = rest[: next((place for place, item in enumerate(rest) if not item.startswith("-")), len(rest))]
    given = os.environ if env is None else env
    traced = isinstance(given, Mapping) and marker in given and SITE in str(given.get("PYTHONPATH"))
    return any(map(_ISOLATED.fullmatch, options)) or not traced
