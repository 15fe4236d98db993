"""What is shown of a change before the record is built: a few pages, and the figures that scripts have drawn."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exptdir.preview.messages import Build
    from exptdir.preview.pages import Shown
    from exptdir.preview.warm import Warm

#: More pages than these delay the build by more than they are worth.
_MOST = 4
#: Where more documents than these have changed, nobody edits: somebody has changed branches.
_MANY = 20


class Firsts:
    """Shows what was asked for in one build.

    Parameters
    ----------
    application
        The application, which has been built before.
    order
        What has changed, and what browsers look at.
    """

    def __init__(self, application: Warm, order: Build) -> None:
        self._application = application
        self._order = order
        self.drawn = False

    def show(self) -> Iterator[Shown]:
        """Write pages, a few at a time, each time saying which.

        Raises
        ------
        Exception
            Whatever ends the reading or writing of a document; the build is to tell of it.
        """
        application, changed = self._application, self._order.changed
        yield from self._show(application.dependents.of(changed))
        if any(self._may_be_drawn_from(path) for path in changed):
            figures = application.drawing.draw()
            self.drawn = True
            yield from self._show(application.dependents.of(figures) if figures else ())

    def _show(self, docnames: Iterable[str]) -> Iterator[Shown]:
        chosen = self._chosen({name for name in docnames if self._application.app.env.doc2path(name).is_file()})
        if chosen:
            yield self._application.show(chosen)

    def _chosen(self, docnames: set[str]) -> list[str]:
        """Choose the pages that are written first: those that are looked at before all others."""
        viewed = {name for name in docnames if self._address(name) in self._order.viewed}
        others = docnames - viewed if len(docnames) <= _MANY else set()
        return [*sorted(viewed), *sorted(others)][:_MOST]

    def _address(self, docname: str) -> str:
        app = self._application.app
        builder: Any = app.builder
        return Path(builder.get_output_path(docname)).relative_to(app.outdir).as_posix()

    def _may_be_drawn_from(self, path: str) -> bool:
        return os.path.splitext(path)[1] not in self._application.app.config.source_suffix
