"""What the import system does, told apart from what the script does: modules of the record are its inputs too."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FrameType, ModuleType
from typing import Any

from . import programs
from .keeper import ABSENT, MODULE, Notes
from .scope import Ground, Scope

_MACHINERY = ("<frozen importlib", "<frozen zipimport")
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
        return frame is not None and frame.f_code.co_filename.startswith(_MACHINERY)

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
        elif programs.reads_unseen(name, importer, own):
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
