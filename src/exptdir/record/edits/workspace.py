"""The files of a record with the changes of a plan that is being made."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from exptdir.errors import EditError
from exptdir.record.edits.files import read_state
from exptdir.record.edits.plan import Edit, Plan, Rename
from exptdir.record.edits.source import Source, decode
from exptdir.record.problem import Problem


class Workspace:
    """Collects edits, so that two changes to one file become one edit.

    *base* is the source directory.
    """

    def __init__(self, base: Path) -> None:
        self.base = base
        self.problems: list[Problem] = []
        self._before: dict[tuple[Path, bool], bytes | None] = {}
        self._after: dict[tuple[Path, bool], bytes | None] = {}

    def read(self, path: Path, *, is_link: bool = False) -> bytes | None:
        """Return what a file holds by now; ``None`` where there is none.

        Raises
        ------
        EditError
            When it cannot be read.
        """
        key = (path, is_link)
        if key not in self._before:
            try:
                self._before[key] = self._after[key] = read_state(path, is_link=is_link)
            except OSError as error:
                raise EditError(f"{path} cannot be read: {error.strerror or error}") from None
        return self._after[key]

    def write(self, path: Path, content: bytes | None, *, is_link: bool = False) -> None:
        """Plan new content for a file; ``None`` takes it away."""
        self.read(path, is_link=is_link)
        self._after[path, is_link] = content

    def rewrite(self, path: Path, change: Callable[[str], str]) -> None:
        """Plan a change of a text, whatever its encoding.

        Raises
        ------
        EditError
            When it is no text that can be edited, or its encoding lacks a new character.
        """
        source = self.source(path)
        text = change(source.text)
        if text != source.text:
            try:
                self.write(path, source.encode(text))
            except EditError as error:
                raise EditError(f"{path} cannot be edited: {error}") from None

    def source(self, path: Path) -> Source:
        """Return a text as it is by now; empty where there is no such file.

        Raises
        ------
        EditError
            When it is no text that can be edited.
        """
        try:
            return decode(self.read(path) or b"")
        except EditError as error:
            raise EditError(f"{path} cannot be edited: {error}") from None

    def plan(self, renames: Iterable[Rename] = ()) -> Plan:
        """Return what has changed, by path."""
        edits = [
            Edit(path, before, self._after[path, is_link], is_link)
            for (path, is_link), before in self._before.items()
            if before != self._after[path, is_link]
        ]
        edits.sort(key=lambda edit: os.fspath(edit.path))
        return Plan(self.base, tuple(edits), tuple(renames), tuple(self.problems))
