"""The search index: words that are stemmed once, objects that are looked up once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.search import SearchLanguage

#: So many words are remembered; more than people use, while of numbers there is no end.
_WORDS = 2**14


class Stems:
    """A search language that remembers the stems of words while all pages are written.

    Sphinx forgets them with each page, but a record says the same words again and again, and without this one second
    in seven of a build goes into their stems.

    Parameters
    ----------
    language
        Sphinx's language of the search, to which all else is left.
    """

    def __init__(self, language: SearchLanguage) -> None:
        self._language = language
        self.stem = lru_cache(_WORDS)(language.stem)

    def __getattr__(self, name: str) -> Any:
        """Return what the language has under that name."""
        return getattr(self._language, name)


def forget_entries(index: Any, docnames: Collection[str]) -> None:
    """Have the search index forget what documents that are gone have in the general index.

    Sphinx never does, and then cannot write the index: where it builds, it builds once.

    Parameters
    ----------
    index
        Sphinx's index, which shares them with all that is made of the same environment.
    docnames
        The documents that there are.
    """
    entries: dict[str, Any] = getattr(index, "_index_entries", {})
    for docname in entries.keys() - set(docnames):
        del entries[docname]


def take_out(index: Any, kept: Collection[str]) -> None:
    """Take documents out of a search index, with the words that no other has; Sphinx would leave those in it.

    Parameters
    ----------
    index
        Sphinx's index.
    kept
        The documents that stay.
    """
    index.prune(kept)
    for name in ("_mapping", "_title_mapping"):
        mapping: dict[str, set[str]] = getattr(index, name, {})
        for word in [word for word, docnames in mapping.items() if not docnames]:
            del mapping[word]


def with_objects_kept(index: Any, is_same: Callable[[], bool]) -> Any:
    """Have a search index that goes from build to build keep the objects of all domains while they are the same.

    Parameters
    ----------
    index
        Sphinx's index.
    is_same
        Whether they, and the documents, are what they were when the index was written last.
    """
    get: Callable[[dict[str, int]], Any] = index.get_objects
    kept: list[Any] = []

    def get_objects(numbers: dict[str, int]) -> Any:
        if not (kept and is_same()):
            kept[:] = [get(numbers)]
        return kept[0]

    index.get_objects = get_objects
    return index
