"""A Sphinx application that builds again and again, each time as a new one would."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import docutils_namespace, patch_docutils

from exptdir.preview.channel import PagesShown
from exptdir.preview.dependencies import Dependents
from exptdir.preview.figures import FigureUpdates
from exptdir.preview.first_pages import Beginnings, Output, show
from exptdir.preview.warnings import READ, WRITTEN, WarningListener, begin, end, keep, recall
from exptdir.sphinxext.build_mark import mark
from exptdir.sphinxext.domain import domain_of

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment


@dataclass(frozen=True)
class Project:
    """What is built, from where and to where.

    *conf* is the directory of its ``conf.py``, if there is one; the values of *overrides* go before those of it.
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


#: What begins to listen to an application when Sphinx has set up its logging.
Listen = Callable[[Sphinx], None]


class Application(Sphinx):
    """An application whose messages are listened to from the start."""

    def __init__(self, project: Project, listeners: Sequence[Listen]) -> None:
        self._listeners = listeners
        super().__init__(
            project.source,
            project.conf,
            project.output,
            project.doctrees,
            "html",
            dict(project.overrides),
            status=sys.stderr,
            warning=sys.stderr,
            parallel=project.jobs,
        )

    def setup_extension(self, extname: str) -> None:
        """Set up an extension; the first of them comes soon after Sphinx has thrown away all handlers of logs."""
        for listen in self._listeners:
            listen(self)
        self._listeners = ()
        super().setup_extension(extname)


#: So many documents are read by one process faster than by several, which must be started and listened to.
_FEW = 20


class Warm:
    """One application, from its making to its last build.

    After an exception from any of its methods it must not be used again: what documents were read, and what of it
    was written, is no longer known. *drawn* is called, from another thread, with figures that no build has waited for.
    """

    def __init__(
        self,
        project: Project,
        listeners: Sequence[Listen] = (),
        drawn: Callable[[tuple[str, ...]], None] = lambda figures: None,
    ) -> None:
        self.project = project
        said = recall(project.doctrees)
        self.listener = WarningListener(said)
        self.drawing = FigureUpdates(drawn)
        self.app = Application(project, (self.listener.connect, self.drawing.connect, *listeners))
        if self.app.fresh_env_used:
            said.read.clear()
            said.written.clear()
            said.consistency.clear()
        app = self.app
        app.add_post_transform(Marker)
        app.connect("env-purge-doc", self.listener.purge)
        app.connect("env-check-consistency", self.listener.checked, priority=1000)
        app.connect("source-read", lambda app, docname, source: begin(READ, docname), priority=0)
        app.connect("doctree-read", lambda app, doctree: begin("", ""), priority=1000)

        def note_page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
            if doctree is None:
                begin("", "")
            else:
                end(page)

        def begin_reading(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
            app.parallel = project.jobs if self._everything or len(docnames) > _FEW else 1

        app.connect("html-page-context", note_page, priority=0)
        app.connect("env-before-read-docs", begin_reading)
        domain_of(self.app.env).scanner.lasting = True
        self._beginnings = Beginnings(self.app)
        self._output = Output(project.output, str(getattr(self.app.builder, "out_suffix", ".html")))
        self.dependents = Dependents(self.app.env)
        self.built = self._everything = False

    def show(self, docnames: Sequence[str]) -> PagesShown:
        """Write the pages of some documents, ahead of the build that must follow."""
        mark(self.app)
        shown = show(self.app, self._beginnings, docnames)
        self._read_again(docnames)
        return shown

    def showing(self, figures: Collection[str]) -> set[str]:
        """Return the documents that show some figures, absolute; these need not have been there when they were read."""
        base = os.path.realpath(self.app.srcdir)
        paths = {os.path.relpath(os.path.realpath(figure), base).replace(os.sep, "/") for figure in figures}
        shown = domain_of(self.app.env).figures.items() if figures else ()
        found = {name for name, some in shown if any(not paths.isdisjoint(one.paths) for one in some)}
        return found | self.dependents.of(figures)

    def is_concerned(self, changed: Iterable[str], modified: Iterable[str]) -> bool:
        """Say whether a build could make anything else of some changes.

        Those of them that were there before, and still are (*modified*), mean something to those only who read them.
        What comes or goes may be looked for by anything. Of what a script at work writes is told when it ends.
        """
        known, changed = (set(paths) - self.drawing.unfinished for paths in (modified, changed))
        if self.drawing.has_news or not known.issuperset(changed) or self.dependents.of(known):
            return True
        facts = (os.path.basename(path) == "expt.toml" or f"{os.sep}.expt{os.sep}" in path for path in known)
        suffixes = tuple(self.app.config.source_suffix)
        return any(path.endswith(suffixes) for path in known) or any(facts) or self.drawing.may_read(known)

    def build(self, changed: Iterable[str] = (), everything: bool = False, drawn: bool = False) -> None:
        """Bring the output up to date.

        *everything* says whether every page is written again, *drawn* whether figures were just brought up to date.
        """
        self._beginnings.restore(self.app)
        self._everything = everything
        self._read_again(self.dependents.of(changed))
        self.listener.begin_build()
        # For a first build this was done when its application was made.
        if self.built and not drawn:
            self.drawing.draw()
        self.app.build(force_all=everything)
        self.listener.finish_build()
        keep(self.project.doctrees, self.listener.said)
        self.built = True

    def _read_again(self, docnames: Iterable[str]) -> None:
        """Have documents read again, whatever the times of their files are."""
        known = self.app.env.all_docs
        known.update((docname, 0) for docname in docnames if docname in known)

    @property
    def document(self) -> str:
        """The file of the document that is being read or written, empty if none is."""
        _stage, docname = self.listener.document
        return str(self.app.env.doc2path(docname)) if docname else ""

    def changes(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the addresses of pages, and of other files, that were written or deleted since the last call."""
        return self._output.changes()


@contextmanager
def warm(
    project: Project, listeners: Sequence[Listen] = (), drawn: Callable[[tuple[str, ...]], None] = lambda figures: None
) -> Iterator[Warm]:
    """Make an application (see :class:`Warm`), in a state of docutils' own that goes with it."""
    with patch_docutils(project.conf), docutils_namespace():
        made = Warm(project, listeners, drawn)
        with closing(made.drawing):
            yield made
