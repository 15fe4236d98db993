"""A Sphinx application that can be listened to, and that may build more than once."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from exptdir.preview.documents import Documents
from exptdir.preview.warned import WRITTEN, begin


@dataclass(frozen=True)
class Project:
    """What is built, from where and to where.

    Parameters
    ----------
    source
        The source directory.
    conf
        The directory of its ``conf.py``; ``None`` where there is none.
    output
        The directory that pages are written to.
    doctrees
        The directory for what is kept between builds.
    jobs
        How many processes may read and write at once.
    overrides
        Values of the configuration that go before those of ``conf.py``.
    """

    source: Path
    conf: Path | None
    output: Path
    doctrees: Path
    jobs: int = 1
    overrides: Mapping[str, Any] = field(default_factory=dict)


class Marker(SphinxPostTransform):
    """Says which document is being written."""

    # Before all others.
    default_priority = 0

    def run(self, **kwargs: Any) -> None:
        """Say it."""
        begin(WRITTEN, self.env.docname)


class Hearing(Protocol):
    """What listens to an application from the start."""

    def connect(self, app: Sphinx) -> None:
        """Begin to listen, when Sphinx has set up its logging."""


class Application(Sphinx):
    """An application whose messages are listened to from the start."""

    def __init__(self, project: Project, handlers: Sequence[Hearing], fresh: bool) -> None:
        self._handlers = handlers
        super().__init__(
            project.source,
            project.conf,
            project.output,
            project.doctrees,
            "html",
            dict(project.overrides),
            status=sys.stderr,
            warning=sys.stderr,
            freshenv=fresh,
            parallel=project.jobs,
        )

    def setup_extension(self, extname: str) -> None:
        """Set up an extension; the first of them comes soon after Sphinx has thrown away all handlers of logs."""
        for handler in self._handlers:
            handler.connect(self)
        self._handlers = ()
        super().setup_extension(extname)

    def keep_documents(self) -> Documents:
        """Have documents looked for again only where there may be others."""
        self.project = self.env.project = documents = Documents(self.project)
        return documents
