"""Which figures a document shows, by its text alone: whether they exist is asked before anything is read by Sphinx.

What the experiments hold and show, found again where it has changed.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from exptdir.figures.find import Survey, survey
from exptdir.figures.model import FIGURE_SUFFIXES, is_figure
from exptdir.record.files import Remembered, read_or_none
from exptdir.record.markup.blocks import read_blocks
from exptdir.record.markup.shown import shown_pictures
from exptdir.record.model import Record
from exptdir.record.walk import Listing, list_directory

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
#: A page without any of these, as most are, need not be read for pictures.
_MAY_SHOW = re.compile(r"figure|image|!\[|<(?:img|source|embed|object)\b", re.IGNORECASE)


def shown_figures(document: Path, base: Path) -> set[str]:
    """Find the figures that a document shows.

    Parameters
    ----------
    document
        A log or another document, reStructuredText or Markdown.
    base
        The record's base.

    Returns
    -------
    set of str
        POSIX paths relative to *base*, whether or not there is such a file. Of ``loss.*`` it is those files
        that are there, else ``loss.svg``.
    """
    return {figure for place in shown_places(os.fspath(document), base) for figure in _figures(base, place)}


def shown_places(document: str, base: Path) -> frozenset[str]:
    """Find what a document shows, as its text alone has it.

    Parameters
    ----------
    document
        A log or another document.
    base
        The record's base.

    Returns
    -------
    frozenset of str
        POSIX paths relative to *base* that no link has been followed in, of figures and of other files. What ends
        with ``.*`` stands for any of several.
    """
    text = (read_or_none(document) or b"").decode("utf-8-sig", "replace")
    typed = shown_pictures(read_blocks(text, markdown=document.endswith(".md"))) if _MAY_SHOW.search(text) else ()
    # In Markdown and HTML blanks are written as "%20".
    paths = {spelling for path in typed if not _ADDRESS.match(path) for spelling in (path, unquote(path))}
    directory = Path(os.path.relpath(os.path.dirname(document), base)).as_posix()
    joined = (path.lstrip("/") if path.startswith("/") else posixpath.join(directory, path) for path in paths)
    places = frozenset(map(posixpath.normpath, joined))
    return frozenset(place for place in places if not place.startswith("../") and place != ".." and "\0" not in place)


def shown_by_experiment(
    record: Record, found: Survey, places: Callable[[str, Path], Iterable[str]] = shown_places
) -> dict[str, frozenset[str]]:
    """Find the figures that concern each experiment: those that its documents show, and those of its directory.

    Parameters
    ----------
    found
        The files of its experiments.
    places
        What :func:`shown_places` is; one who asks again may remember it.

    Returns
    -------
    dict
        Figures by the experiment's key; one that shows another's figure has it too.
    """
    base = os.fspath(record.base)
    shown: dict[str, set[str]] = {key: set() for key in found.files}
    for key, files in found.files.items():
        for path in files:
            if path.endswith((".rst", ".md")):
                shown[key].update(*(_figures(record.base, place) for place in places(f"{base}/{path}", record.base)))
    for path in set().union(*shown.values()):
        above = (str(directory) for directory in PurePosixPath(path).parents)
        home = next((directory for directory in above if directory in shown), None)
        if home is not None:
            shown[home].add(path)
    return {key: frozenset(paths) for key, paths in shown.items()}


def _figures(base: Path, path: str) -> set[str]:
    if not path.endswith(".*"):
        return {path} if is_figure(path) else set()
    stem = path[:-2]
    candidates = {f"{stem}{suffix}" for suffix in sorted(FIGURE_SUFFIXES)}
    return {name for name in candidates if (base / name).exists()} or {f"{stem}.svg"}


class Finder:
    """Looks through the experiments, again and again.

    Parameters
    ----------
    listing
        What lists a directory; whoever has just scanned the record knows most of them.
    """

    def __init__(self, listing: Callable[[str], Listing] = list_directory) -> None:
        self._listing = listing
        self._places: Remembered[frozenset[str]] = Remembered()

    def survey(self, record: Record, exclude: Callable[[str], bool]) -> Survey:
        """Return what :func:`~exptdir.figures.find.survey` does."""
        return survey(record, exclude, self._listing)

    def shown(self, record: Record, found: Survey) -> Mapping[str, frozenset[str]]:
        """Return what :func:`~exptdir.figures.shown.shown_by_experiment` does."""
        self._places.renew()
        read = self._places.of
        return shown_by_experiment(record, found, lambda path, base: read(path, lambda path: shown_places(path, base)))
