"""What is meant by the path that one asks to be served: a record, a page of it, or documents on their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exptdir.preview.alone import HOMES, SUFFIXES, NothingToShow, alone, refuse_other_kinds
from exptdir.record.home import find_conf

#: As many directories below that of a single document are watched with it; in somebody's home there are more.
_MOST = 2000


@dataclass(frozen=True)
class Target:
    """What is to be served.

    Parameters
    ----------
    source
        The source directory, absolute and without links.
    alone
        The document or directory that is shown without a record; nothing where there is one.
    page
        The address of the page to begin with.
    deep
        Whether directories below the source directory are watched too.
    """

    source: Path
    alone: Path | None = None
    page: str = ""
    deep: bool = True


def target(path: Path) -> Target:
    """Say what is meant by a path.

    Parameters
    ----------
    path
        A file or a directory, absolute.

    Returns
    -------
    Target
        The record that it is in; where it is in none, or in a directory that has a ``conf.py`` of its own, that.

    Raises
    ------
    NothingToShow
        If it is not there, or is no document.
    """
    path = path.resolve()
    if not path.exists():
        raise NothingToShow(f"{path} is not there")
    if not path.is_dir():
        refuse_other_kinds(path)
    conf = find_conf(path if path.is_dir() else path.parent)
    if conf is None and (path / "conf.py").is_file():
        conf = path / "conf.py"
    if conf is not None:
        return Target(conf.parent, None, _page(conf.parent, path))
    found = alone(path)
    return Target(found.source, path, deep=path.is_dir() or _is_small(found.source))


def _page(source: Path, path: Path) -> str:
    """Return the page of a document, or of the log of a directory."""
    if path.is_dir():
        names = (path / f"{name}{suffix}" for stem in HOMES for name in (stem, "README") for suffix in SUFFIXES)
        found = next((one for one in names if one.is_file()), None)
        if found is None or path == source:
            return ""
        path = found
    return path.relative_to(source).with_suffix(".html").as_posix()


def _is_small(directory: Path) -> bool:
    """Tell whether there are few directories below one."""
    waiting, seen = [directory], 0
    while waiting:
        try:
            inside = [one for one in waiting.pop().iterdir() if one.is_dir() and not one.is_symlink()]
        except OSError:
            continue
        seen += len(inside)
        if seen > _MOST:
            return False
        waiting += (one for one in inside if not one.name.startswith("."))
    return True
