"""Facts in the small files of ``.expt``, the layout of exmemo."""

from __future__ import annotations

import os
import re
from pathlib import Path

from exptdir.errors import EditError
from exptdir.record.edits.workspace import Workspace
from exptdir.record.metadata_files import linked_name

#: The facts that this layout has.
KEPT = frozenset({"id", "status", "tags", "prerequisites"})
_FOLDERS = {"tags": "tags", "prerequisites": "prereqs"}


def padded(number: int, old: str) -> str:
    """Write an id with as many digits as the old one, if that began with a nought."""
    digits = re.search(r"[0-9]+", old)
    return f"{number:0{len(digits[0])}}" if digits and digits[0].startswith("0") else str(number)


def set_in_small_files(
    workspace: Workspace, directory: Path, fact: str, value: str | int | tuple[str, ...] | None
) -> None:
    """Plan to set a fact in ``.expt``, or to take it out.

    Parameters
    ----------
    workspace
        The plan.
    directory
        The experiment's directory.
    fact
        One of :data:`KEPT`.
    value
        Its value; a new tag or prerequisite becomes an empty file of that name.

    Raises
    ------
    EditError
        When the value can be no file's name.
    """
    folder = directory / ".expt"
    if fact not in _FOLDERS:
        path = folder / fact
        old = workspace.read(path)
        end = b"\r\n" if old and old.endswith(b"\r\n") else b"\n" if not old or old.endswith(b"\n") else b""
        written = padded(value, (old or b"").decode("utf-8", "replace")) if isinstance(value, int) else str(value)
        workspace.write(path, None if value is None else written.encode() + end)
        return
    wanted = value if isinstance(value, tuple) else ()
    for name in wanted:
        if "/" in name or "\0" in name or name.startswith(".") or len(name.encode()) > 255:
            raise EditError(f"“{name}” can be no file in {folder / _FOLDERS[fact]}; put it into expt.toml")
    there = _names(folder / _FOLDERS[fact])
    for path, name in there.items():
        if name not in wanted:
            workspace.write(path, None, is_link=path.is_symlink())
    for name in wanted:
        if name not in there.values():
            workspace.write(folder / _FOLDERS[fact] / name, b"")


def _names(folder: Path) -> dict[Path, str]:
    """Return the files of a folder of facts, each with what it says."""
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return {}
    links = folder.name == "prereqs"
    return {
        path: linked_name(os.fspath(folder), path.name) if links and path.is_symlink() else path.name for path in paths
    }
