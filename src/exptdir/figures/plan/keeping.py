"""Copies of figures that a run must not, or may only with a copy kept, put others in the place of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from exptdir.figures.ledger.state import State
from exptdir.figures.plan.tree import Tree
from exptdir.record.files import write


class Keeping:
    """The copies made before one run.

    Parameters
    ----------
    tree
        The record's files.
    state
        Where copies are put.
    protected
        Figures that were there before us: a script that is run for another figure's sake must leave them.
    edited
        Figures that were changed by hand after they were drawn: a copy is kept.

    Raises
    ------
    OSError
        When a copy cannot be made; then the script must not be run.
    """

    def __init__(self, tree: Tree, state: State, protected: Iterable[str], edited: Iterable[str]) -> None:
        self._tree = tree
        self._copies: dict[str, tuple[str, Path, bool]] = {}
        paths = dict.fromkeys(protected, True) | dict.fromkeys(edited, False)
        for path, back in sorted(paths.items()):
            digest = tree.digest(path)
            if digest is not None:
                copy = state.kept(path, digest)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(tree.absolute(path), copy)
                self._copies[path] = (digest, copy, back)

    def settle(self) -> dict[str, Path]:
        """Put back what was to stay, and drop the copies that nobody needs.

        Returns
        -------
        dict
            Figures that were changed by hand and are now drawn anew, and the copies of what they were.

        Raises
        ------
        OSError
            When a figure cannot be put back; its copy stays.
        """
        kept: dict[str, Path] = {}
        for path, (digest, copy, back) in self._copies.items():
            if self._tree.digest(path) != digest:
                if not back:
                    kept[path] = copy
                    continue
                times = copy.stat()
                target = Path(self._tree.absolute(path))
                write(target, copy.read_bytes())
                os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
            copy.unlink()
        return kept
