"""Tells which programs and modules that a script uses read files where no trace can see it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence

#: Modules that open files in native code; whoever imports them may have read anything.
NATIVE = frozenset(
    {
        "SimpleITK", "ROOT", "connectorx", "cyvcf2", "datatable", "deltalake", "duckdb", "fiona", "h5py", "igraph",
        "lance", "netCDF4", "osgeo", "polars", "pyogrio", "pyreadr", "pyreadstat", "pysam", "python_calamine",
        "pyvips", "pyvista", "rasterio", "soundfile", "tables", "tensorflow", "tiledb", "vtkmodules", "zarr",
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
    return any(map(_ISOLATED.fullmatch, options)) or not _has(os.environ if env is None else env, marker)


def _has(env: object, name: str) -> bool:
    return isinstance(env, Mapping) and (name in env or os.fsencode(name) in env)


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
