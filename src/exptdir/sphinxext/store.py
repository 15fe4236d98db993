"""What the domain keeps of the documents: maps by document name, cleared and merged as documents are.

What they hold are plain values that pickle and compare well.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from sphinx.domains import Domain

from exptdir.record.reference import Kind
from exptdir.sphinxext.git_dates import History

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from exptdir.figures.update import Report
    from exptdir.record.model import Record
    from exptdir.tables import TableReader

_Made = TypeVar("_Made")
#: When a page shows something: ``only``, ``ifconfig`` or ``todo``, and the expression.
Condition = tuple[str, str]
#: The maps whose values may be left out by a builder.
CONDITIONAL = ("entries", "runs", "cites", "figures", "tasks", "prose")
#: A text, in pieces; True marks one that is a reference, to be shown as references are.
Pieces = tuple[tuple[str, bool], ...]


class Page(NamedTuple):
    """An experiment's page: which experiment, its heading, and a digest of the facts it was read with."""

    key: str
    heading: str
    facts: str


class Entry(NamedTuple):
    """A dated part of a log: ISO day, which of that day, the date as written, the rest of the title.

    *sentence* is its first, *tags* are its own, and *digest* is of all that it holds.
    """

    day: str
    n: int
    written: str
    title: str
    anchor: str
    conditions: tuple[Condition, ...] = ()
    line: int | None = None
    sentence: Pieces = ()
    tags: tuple[str, ...] = ()
    digest: str = ""

    @property
    def number(self) -> str:
        """What a reference to it says behind the ``@``: ``2024-06-28``, or ``2024-06-28.2`` for a second one."""
        return f"{self.day}.{self.n}" if self.n > 1 else self.day


class Todo(NamedTuple):
    """Something that is still to do: what, and the place where it is written; *day* is that of the entry around it."""

    text: Pieces
    anchor: str
    day: str
    line: int | None
    conditions: tuple[Condition, ...] = ()


class Run(NamedTuple):
    """A run that a document describes, or only lists in a table."""

    name: str
    anchor: str
    conditions: tuple[Condition, ...] = ()
    listed: bool = False


class Cite(NamedTuple):
    """A reference as typed, and what *Cited by* shows of the place where it stands.

    *sentence* is the text around it, in pieces; a piece that is a reference is marked by True. A reference that
    is not *sure* (a MyST link) may mean something that is no experiment; *entry* is the anchor of the one around it.
    """

    text: str
    kind: Kind | None
    builds_on: bool
    line: int | None
    anchor: str
    sentence: Pieces
    sure: bool = True
    conditions: tuple[Condition, ...] = ()
    entry: str = ""


class Passage(NamedTuple):
    """A paragraph or a title: its text, the anchors of its section and its entry, what parts of it are links or code.

    *references* are those in it, as typed.
    """

    text: str
    anchor: str
    entry: str
    hidden: tuple[tuple[int, int], ...]
    references: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()


class Asset(NamedTuple):
    """A file that could not be shown: where it was looked for, why, and the line that asks for it."""

    path: str
    reason: str
    line: int | None


class Trouble(NamedTuple):
    """A problem inside a document, kept so that every build reports it."""

    kind: str
    message: str
    line: int | None


class TocListing(NamedTuple):
    """The documents in a document's tables of contents.

    *candidates* are the experiments that it would list by itself, *added* those of them that were, because the
    author had not; *everything* is the whole list in document order. *placed* tells that the author said where.
    """

    candidates: tuple[str, ...]
    added: tuple[str, ...]
    everything: tuple[str, ...]
    placed: bool


class ShownFigure(NamedTuple):
    """An image in the record that a document shows, or would if it were there.

    *paths* are its files relative to the source directory, one for each format; *caption* is in pieces, as a
    sentence of :class:`Cite` is; *day* is that of the entry around it. *explained* tells whether its author wants
    the script below it, *enlarged* whether a reader may want it on the whole screen, *dark* whether a dark one exists.
    """

    paths: tuple[str, ...]
    anchor: str
    caption: Pieces
    day: str | None
    explained: bool
    enlarged: bool
    dark: bool
    missing: bool
    conditions: tuple[Condition, ...] = ()


Label = tuple[str, str, str]


@dataclass
class FigureState:
    """What was found when figures were brought up to date, what git says of them, and what is made of it."""

    report: Report
    history: History
    #: What pages say of their figures, by document, once they have been asked for.
    origins: dict[str, list[Any]] = field(default_factory=dict)
    #: Where a script or an input lies below the downloads of the output, by its path.
    downloads: dict[str, str] = field(default_factory=dict)
    #: The record as it was scanned for this, if nothing has taken long since.
    record: Record | None = None
    #: Keys of the scripts that are at work while pages are built.
    drawing: frozenset[str] = frozenset()

    def take_record(self) -> Record | None:
        """Return the scanned record, once: a later build must scan again."""
        record, self.record = self.record, None
        return record


class DocumentMaps:
    """The data of the domain: maps keyed by document name, which are pickled.

    What is derived from them (who cites whom, which page shows what of others) is computed where needed, never kept.
    """

    #: Experiments' pages by document.
    pages: dict[str, Page]
    #: Entries by document, in file order.
    entries: dict[str, list[Entry]]
    #: Runs by document.
    runs: dict[str, list[Run]]
    #: References by the document that they stand in.
    cites: dict[str, list[Cite]]
    #: Files that could not be shown, by document.
    assets: dict[str, list[Asset]]
    #: Problems inside documents.
    troubles: dict[str, list[Trouble]]
    #: What each document lists, by its author's doing and without.
    listings: dict[str, TocListing]
    #: Labels and citations that each document defines, those that another one overrides included.
    labels: dict[str, dict[str, Any]]
    #: How many tables with a caption each document has.
    captions: dict[str, int]
    #: Keys of the files with the rows that the big tables of each document do not show.
    tables: dict[str, list[str]]
    #: References of other domains, as (domain, type, target), by document.
    xrefs: dict[str, list[tuple[str, str, str]]]
    #: Images in the record that each document shows.
    figures: dict[str, list[ShownFigure]]
    #: What each document collects from others; see :class:`exptdir.sphinxext.pages.Collection`.
    collections: dict[str, list[Any]]
    #: What is still to do, by the document that it is written in.
    tasks: dict[str, list[Todo]]
    #: The first sentence of the last conclusion of each document.
    conclusions: dict[str, Pieces]
    #: Scripts and inputs that the figures of each document offer for download, and the document does not.
    figure_files: dict[str, list[str]]
    #: What reading each document asked, and the answer that it got; see :mod:`exptdir.sphinxext.dependencies`.
    read_with: dict[str, dict[tuple[str, str], Any]]
    #: The figures of curves that each document shows: key, metric and line.
    curves: dict[str, list[tuple[str, str, int | None]]]
    #: Documents of which nobody can tell cheaply what they show of others, with the reason.
    unpredictable: dict[str, str]
    #: The text of each document, where ``exptdir_mentions`` is on.
    prose: dict[str, list[Passage]]
    #: Documents of whose sources a part is a draft.
    with_drafts: dict[str, bool]
    #: The long logs on each page, by their paths: what they were split by, and the names of the parts.
    long_logs: dict[str, dict[str, Any]]


class Store(DocumentMaps, Domain):
    """Keeps the maps as documents are read, merged and forgotten, and for a build what it has made of them."""

    initial_data: ClassVar[dict[str, dict[str, Any]]] = {name: {} for name in DocumentMaps.__annotations__}
    data_version = 14
    #: Reads spreadsheets while documents are read; not pickled.
    table_reader: TableReader | None = None
    #: Where references lead, by text, key of the experiment that they are in, and kind: digests and pages ask for the
    #: same ones. ``None`` while any document may be read.
    located: dict[tuple[str, str, str | None], Any] | None = None
    #: What each page shows of others, in short, what all show, and the files of the last build likewise; those of this
    #: one that are made beside the documents: feeds and the archive.
    page_digests: dict[str, str]
    site_digest: str
    known_outputs: dict[str, str]
    written_beside: dict[str, str]
    #: What was made of all documents, by name, since all are read.
    made: dict[str, Any]
    #: The maps from which something was left out, by name, for the builder of this build.
    visible: dict[str, dict[str, Any]]

    def __init__(self, env: BuildEnvironment) -> None:
        self.visible = {}
        self.made = {}
        self.page_digests, self.known_outputs, self.written_beside, self.site_digest = {}, {}, {}, ""
        super().__init__(env)

    def __getattr__(self, name: str) -> Any:
        """Return one of the maps; once all is read, without what the builder does not show."""
        if name in self.visible:
            return self.visible[name]
        if name in self.initial_data:
            return self.data[name]
        raise AttributeError(name)

    def once(self, name: str, make: Callable[[], _Made]) -> _Made:
        """Return what *make* makes of all documents, which it is asked for once a build, when all are read."""
        if self.located is None:
            return make()
        if name not in self.made:
            self.made[name] = make()
        found: _Made = self.made[name]
        return found

    def note_trouble(self, docname: str, kind: str, message: str, line: int | None = None) -> None:
        """Remember a problem of a document, to be reported at the end of reading, now and in later builds."""
        self.troubles.setdefault(docname, []).append(Trouble(kind, message, line))

    def clear_doc(self, docname: str) -> None:
        """Forget a document that is read again or gone, and what was computed with it."""
        self.located = None
        self.visible = {}
        for per_document in self.data.values():
            if isinstance(per_document, dict):
                per_document.pop(docname, None)

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Take over what another process read."""
        for name, per_document in otherdata.items():
            if isinstance(per_document, dict):
                self.data[name].update({doc: per_document[doc] for doc in docnames if doc in per_document})
