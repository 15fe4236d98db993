"""What the import system does, told apart from what the script does: modules of the record are its inputs too."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import FrameType, ModuleType
from typing import Any

from .keeper import ABSENT, MODULE, Notes
from .scope import Ground, Scope

_MACHINERY = ("<frozen importlib", "<frozen zipimport")
#: What looks for installed packages on the module path, on which the script's directory stands first.
_PACKAGES = tuple(
    os.sep + os.path.join(*parts)
    for parts in (("importlib", "metadata"), ("importlib_metadata", ""), ("pkg_resources", ""), ("pkgutil.py",))
)
_SOURCES = (".py", ".pyw", ".pyc", ".so", ".pyd")


class Imports:
    """Notes modules of the record, and places where one was looked for in vain.

    Parameters
    ----------
    scope
        Which paths count.
    notes
        Where facts go.
    ground
        What was loaded before.
    unseen
        What to call with the name of a module that reads files past any trace.
    """

    def __init__(self, scope: Scope, notes: Notes, ground: Ground, unseen: Callable[[str], None]) -> None:
        self._scope = scope
        self._notes = notes
        self._ground = ground
        self._unseen = unseen
        self._open: dict[str, list[str]] = {}

    def is_machinery(self, frame: FrameType | None) -> bool:
        """Tell whether code is the import system's."""
        if frame is None:
            return False
        name = frame.f_code.co_filename
        return name.startswith(_MACHINERY) or any(part in name for part in _PACKAGES)

    def opens(self, name: str, frame: FrameType | None) -> bool:
        """Note a source file that the import system opens.

        Returns
        -------
        bool
            Whether it was one; anything else that it opens is data of a package.
        """
        if not self.is_machinery(frame):
            return False
        if not name.endswith(_SOURCES):
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
        elif reads_unseen(name, importer, own):
            self._unseen(name.partition(".")[0])
        elif own and path is not None and "." not in name:
            self._candidates(name, path)

    def _candidates(self, name: str, path: list[Any]) -> None:
        """Note the files of the record that would have come before the module that is found, or would have been it."""
        before: list[str] = []
        for entry in path:
            directory = self._scope.absolute(entry) if isinstance(entry, str) and entry else ""
            if not self._scope.inside(directory + os.sep):
                continue
            files = [os.path.join(directory, name + ".py"), os.path.join(directory, name, "__init__.py")]
            if any(map(os.path.isfile, files)):
                for file in before:
                    self._notes.add(ABSENT, file)
                return
            before += files
        self._open[name] = before

    def finish(self) -> None:
        """Note all modules of the record that are loaded, and where those might appear that were not found."""
        for name, files in self._open.items():
            if name not in sys.modules:
                for file in files:
                    self._notes.add(ABSENT, file)
        for path, module in self.loaded():
            if getattr(module, "__name__", "") != "__main__":
                self._notes.add(MODULE, path)

    def loaded(self) -> Iterator[tuple[str, ModuleType]]:
        """Yield the record's modules that are loaded, each with the path of its file."""
        return self._ground.modules(self._scope)


#: Modules that open files in native code; whoever imports them may have read anything.
NATIVE = frozenset(
    {
        "SimpleITK",
        "ROOT",
        "connectorx",
        "cyvcf2",
        "datatable",
        "deltalake",
        "duckdb",
        "fiona",
        "h5py",
        "igraph",
        "lance",
        "netCDF4",
        "osgeo",
        "polars",
        "pyogrio",
        "pyreadr",
        "pyreadstat",
        "pysam",
        "python_calamine",
        "pyvips",
        "pyvista",
        "rasterio",
        "soundfile",
        "tables",
        "tensorflow",
        "tiledb",
        "vtkmodules",
        "zarr",
    }
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
    """Tell whether the import of a module means that files may be read unseen.

    Parameters
    ----------
    module
        Its full name.
    importer
        The name of the module that imports it.
    own
        Whether that is the record's own code.
    """
    root = module.partition(".")[0]
    if root in NATIVE:
        return True
    if root not in NATIVE_IF_ASKED:
        return False
    return own or (module in _READING_PARTS and importer.partition(".")[0] != root)


def runs_unseen(program: object, args: object, env: object, marker: str) -> bool:
    """Tell whether a program that is about to be started reads files unseen.

    Parameters
    ----------
    program
        Its path or name.
    args
        Its arguments, its own name first.
    env
        Its environment; this process's where that is None.
    marker
        Name of the variable that brings the trace.
    """
    path = os.fsdecode(program)  # type: ignore[arg-type]
    name = os.path.basename(path)
    if name in _HARMLESS:
        return False
    if path != sys.executable and not _PYTHON.fullmatch(name) and not _is_python_script(path):
        return True
    rest = [os.fsdecode(item) for item in args][1:] if isinstance(args, Sequence) and not isinstance(args, str) else []
    options = rest[: next((place for place, item in enumerate(rest) if not item.startswith("-")), len(rest))]
    given = os.environ if env is None else env
    traced = isinstance(given, Mapping) and (marker in given or os.fsencode(marker) in given)
    return any(map(_ISOLATED.fullmatch, options)) or not traced


def _is_python_script(path: str) -> bool:
    try:
        file = os.open(path, os.O_RDONLY)
    except (OSError, ValueError):
        return False
    try:
        first = os.read(file, 200).partition(b"\n")[0]
    finally:
        os.close(file)
    return first.startswith(b"#!") and b"python" in first
