"""A Sphinx application that builds again and again, each time as a new one would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.docutils import docutils_namespace, patch_docutils

from exptdir.preview.affected import Dependents
from exptdir.preview.application import Application, Hearing, Marker, Project
from exptdir.preview.environment import environment_of
from exptdir.preview.figures import Drawing
from exptdir.preview.memory import Memory
from exptdir.preview.pages import Shown, show
from exptdir.preview.reset import Beginnings
from exptdir.preview.warned import READ, Listener, begin, end
from exptdir.preview.written import Output
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.outputs import Careful

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: So many documents are read by one process faster than by several, which must be started and listened to.
_FEW = 20
#: So many documents may be read again at the next start, so that the environment need not be written in each build.
_OWED = 40


class Warm:
    """One application, from its making to its last build.

    After an exception from any of its methods it must not be used again: what documents were read, and what of it
    was written, is no longer known.

    Parameters
    ----------
    project
        What it builds.
    handlers
        More of those who listen to it.
    """

    def __init__(self, project: Project, handlers: Sequence[Hearing] = ()) -> None:
        self.project = project
        self._memory = Memory(project.doctrees)
        again = self._memory.resume()
        if again is None:
            _tidy(project.output)
        said = self._memory.recall()
        self.listener = Listener(said)
        self.app = Application(project, (self.listener, *handlers), again is None)
        if self.app.fresh_env_used:
            said.read.clear()
            said.written.clear()
            said.consistency.clear()
        self._environment = environment_of(self.app)
        self._documents = self.app.keep_documents()
        self._connect()
        domain_of(self.app.env).scanner.lasting = True
        if isinstance(self.app.builder, Careful):
            self.app.builder.begin_lasting()
        self._beginnings = Beginnings(self.app)
        self._output = Output(project.output, str(getattr(self.app.builder, "out_suffix", ".html")))
        self.dependents = Dependents(self.app.env)
        self.drawing = Drawing(self.app)
        self.built = self._everything = self._writing = False
        #: What was read since the last build that ended well.
        self._touched = again or set()
        self._mark(self._touched)

    def _connect(self) -> None:
        app = self.app
        app.add_post_transform(Marker)
        app.connect("env-purge-doc", self.listener.purge)
        app.connect("env-check-consistency", self.listener.checked, priority=1000)
        app.connect("source-read", _note_source, priority=0)
        app.connect("doctree-read", _note_read, priority=1000)
        app.connect("html-page-context", _note_page, priority=0)
        app.connect("env-before-read-docs", self._begin_reading)
        app.connect("write-started", self._begin_writing, priority=0)

    def _begin_writing(self, app: Sphinx, builder: Any) -> None:
        self._writing = True

    def _begin_reading(self, app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
        self._touched.update(docnames)
        few = self.built and len(docnames) <= _FEW and self._memory.owed + len(self._touched) <= _OWED
        self._environment.postponed = few and not self._everything
        app.parallel = self.project.jobs if self._everything or len(docnames) > _FEW else 1

    def show(self, docnames: Sequence[str]) -> Shown:
        """Write the pages of some documents, ahead of the build that must follow."""
        self._memory.begin()
        self._touched.update(docnames)
        shown = show(self.app, self._beginnings, docnames)
        self._mark(docnames)
        return shown

    def build(self, changed: Iterable[str] = (), everything: bool = False, drawn: bool = False) -> None:
        """Bring the output up to date.

        Parameters
        ----------
        changed
            Files that were changed, made or deleted: whatever their times say.
        everything
            Whether every page is to be written again.
        drawn
            Whether the figures have just been brought up to date.
        """
        self._memory.begin()
        self._beginnings.restore(self.app)
        self._everything, self._writing = everything, False
        changed = tuple(changed)
        self._documents.expect(changed)
        outdated = self.dependents.of(changed)
        self._touched |= outdated
        self._mark(outdated)
        self.listener.begin_build()
        try:
            # For a first build this was done when its application was made.
            if self.built and not drawn:
                self.drawing.draw()
            self.app.build(force_all=everything)
        except (Exception, SystemExit):
            if not self._writing:
                self._memory.give_up(self._touched)
            raise
        self.listener.finish_build()
        self._memory.keep(self.listener.said)
        self._memory.finish(self._touched, postponed=self._environment.postponed)
        self._touched.clear()
        self.built = True

    def _mark(self, docnames: Iterable[str]) -> None:
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
def warm(project: Project, handlers: Sequence[Hearing] = ()) -> Iterator[Warm]:
    """Make an application, in a state of docutils' own that goes with it.

    Parameters
    ----------
    project, handlers
        As those of :class:`Warm`.
    """
    with ExitStack() as stack:
        stack.enter_context(patch_docutils(project.conf))
        stack.enter_context(docutils_namespace())
        made = Warm(project, handlers)
        stack.callback(made.drawing.close)
        yield made


def _note_source(app: Sphinx, docname: str, source: list[str]) -> None:
    begin(READ, docname)


def _note_read(app: Sphinx, doctree: Any) -> None:
    begin("", "")


def _note_page(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if doctree is None:
        begin("", "")
    else:
        end(pagename)


def _tidy(output: Path) -> None:
    """Delete what a build that was killed had begun to write beside a page."""
    for path in output.rglob("*.html.new"):
        path.unlink(missing_ok=True)
