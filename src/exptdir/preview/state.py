"""What there is to know of the builds at a moment, as browsers are told it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exptdir.preview.addresses import page_about, source_of
from exptdir.preview.editor import editor_link
from exptdir.preview.messages import Failed, Warned


@dataclass
class State:
    """The state of the preview.

    Parameters
    ----------
    source, output
        The directories of the sources and of what is made from them.
    home
        The address of the first page; empty as long as it is not known.
    building
        Whether a build runs.
    build
        The number of the current or last build. A server that was started again goes on with a greater one.
    seconds
        How long the last build took.
    ready
        Whether a build has come to its end since the server was started.
    warnings
        What is wrong.
    failure
        How the last build failed, if it did.
    editor
        The author's ``exptdir_editor_url``.
    """

    source: Path
    output: Path
    home: str = ""
    building: bool = False
    build: int = field(default_factory=lambda: int(time.time()))
    seconds: float = 0.0
    ready: bool = False
    warnings: tuple[Warned, ...] = ()
    failure: Failed | None = None
    editor: str = ""

    def message(self) -> dict[str, Any]:
        """Return the ``state`` message."""
        return {
            "type": "state",
            "building": self.building,
            "build": self.build,
            "seconds": round(self.seconds, 3),
            "warnings": [self._warning(one) for one in self.warnings],
            "failure": self.failure_shown(),
        }

    def failure_shown(self) -> dict[str, Any] | None:
        """Return the failure as browsers are told it."""
        if self.failure is None:
            return None
        one = self.failure.failure
        return {
            "text": text(one.text),
            "file": text(one.file),
            "line": one.line,
            "shown": self.shown(one.file),
            "link": editor_link(self.editor, one.file, one.line),
            "traceback": text(self.failure.traceback),
        }

    def _warning(self, one: Warned) -> dict[str, Any]:
        return {
            "text": text(one.text),
            "file": text(one.file),
            "line": one.line,
            "kind": one.kind,
            "severity": one.severity,
            "shown": self.shown(one.file),
            "link": editor_link(self.editor, one.file, one.line),
            "page": text(page_about(self.source, self.output, one.file)) if one.file else "",
        }

    def shown(self, file: str) -> str:
        """Return a path as people are shown it: from the source directory where it is below."""
        inside = os.path.relpath(file, self.source) if file else ""
        return text(file if inside.startswith("..") else inside)

    def sources(self, pages: tuple[str, ...]) -> dict[str, str]:
        """Return the source of each page, as it is shown."""
        found = ((page, source_of(self.source, page)) for page in pages)
        return {text(page): self.shown(str(path)) for page, path in found if path is not None}

    def edit_link(self, page: str) -> str:
        """Return the link that opens the source of a page in the author's editor, or nothing."""
        path = source_of(self.source, page) if self.editor else None
        return editor_link(self.editor, str(path)) if path is not None else ""


def text(value: str) -> str:
    """Return a text that can be sent: bytes that are no text become replacement characters."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
