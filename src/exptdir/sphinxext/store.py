"""What the domain keeps of the documents: maps by document name, cleared and merged as documents are."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sphinx.domains import Domain

from exptdir.sphinxext.data import (
    Asset,
    Cite,
    Entry,
    FigureIndex,
    Listing,
    Page,
    Run,
    ShownFigure,
    Trouble,
)

if TYPE_CHECKING:
    from exptdir.sphinxext.derived import Derived
    from exptdir.tables import TableReader


class Store(Domain):
    """The data of the domain.

    All are maps keyed by document name; what is derived from them (who cites whom, which page shows what of
    others) is computed where it is needed, and never kept here.
    """

    initial_data: ClassVar[dict[str, dict[str, Any]]] = {
        "pages": {},
        "entries": {},
        "runs": {},
        "cites": {},
        "assets": {},
        "troubles": {},
        "listings": {},
        "labels": {},
        "captions": {},
        "tables": {},
        "xrefs": {},
        "figures": {},
        "figure_indexes": {},
        "figure_files": {},
    }
    data_version = 3
    #: Reads spreadsheets while documents are read; not pickled.
    table_reader: TableReader | None = None
    #: What is computed of all documents; ``None`` while any may be read.
    derived: Derived | None = None
    #: The same from the last build that read anything.
    last_derived: Derived | None = None

    def _map(self, name: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self.data[name])

    @property
    def pages(self) -> dict[str, Page]:
        """Experiments' pages by document."""
        return self._map("pages")

    @property
    def entries(self) -> dict[str, list[Entry]]:
        """Entries by document, in file order."""
        return self._map("entries")

    @property
    def runs(self) -> dict[str, list[Run]]:
        """Runs by document."""
        return self._map("runs")

    @property
    def cites(self) -> dict[str, list[Cite]]:
        """References by the document that they stand in."""
        return self._map("cites")

    @property
    def assets(self) -> dict[str, list[Asset]]:
        """Files that could not be shown, by document."""
        return self._map("assets")

    @property
    def troubles(self) -> dict[str, list[Trouble]]:
        """Problems inside documents."""
        return self._map("troubles")

    @property
    def listings(self) -> dict[str, Listing]:
        """What each document lists, by its author's doing and without."""
        return self._map("listings")

    @property
    def labels(self) -> dict[str, dict[str, Any]]:
        """Labels and citations that each document defines, those that another one overrides included."""
        return self._map("labels")

    @property
    def captions(self) -> dict[str, int]:
        """How many tables with a caption each document has."""
        return self._map("captions")

    @property
    def tables(self) -> dict[str, list[str]]:
        """Keys of the files with the rows that the big tables of each document do not show."""
        return self._map("tables")

    @property
    def xrefs(self) -> dict[str, list[tuple[str, str, str]]]:
        """References of other domains, as (domain, type, target), by document."""
        return self._map("xrefs")

    @property
    def figures(self) -> dict[str, list[ShownFigure]]:
        """Images in the record that each document shows."""
        return self._map("figures")

    @property
    def figure_indexes(self) -> dict[str, list[FigureIndex]]:
        """Indexes of figures by the document that they stand in."""
        return self._map("figure_indexes")

    @property
    def figure_files(self) -> dict[str, list[str]]:
        """Scripts and inputs that the figures of each document offer for download, and the document does not."""
        return self._map("figure_files")

    def note_trouble(self, docname: str, kind: str, message: str, line: int | None = None) -> None:
        """Remember a problem of a document, to be reported at the end of reading, now and in later builds."""
        self.troubles.setdefault(docname, []).append(Trouble(kind, message, line))

    def clear_doc(self, docname: str) -> None:
        """Forget a document that is read again or gone, and what was computed with it."""
        self.derived = None
        for per_document in self.data.values():
            if isinstance(per_document, dict):
                per_document.pop(docname, None)

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Take over what another process read."""
        for name, per_document in otherdata.items():
            if isinstance(per_document, dict):
                self._map(name).update({doc: per_document[doc] for doc in docnames if doc in per_document})
