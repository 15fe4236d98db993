"""Words for the search index, each stemmed once a build."""

from __future__ import annotations

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
