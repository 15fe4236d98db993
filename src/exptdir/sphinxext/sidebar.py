"""What the templates of the navigation get to know of a page, most of it made only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from markupsafe import escape
from sphinx.locale import _
from sphinx.util.osutil import relative_uri

from exptdir.sphinxext.neighbours import Card, Neighbourhood

#: A card as templates take it: address, label, title, status, and whether it is the page itself.
Linked = tuple[str, str, str, str, bool]

_ITEM = '<li><a class="reference internal" href="'
_CURRENT = '<li class="current"><a class="reference internal current" aria-current="page" href="'
_ABOVE = '<p class="exptdir-nav-above"><a class="reference internal" href="'
_MORE = '<li class="exptdir-nav-more"><a class="reference internal" href="{}">… {} {}</a></li>'


class Addresses:
    """The addresses of other pages from one of them, fit for HTML.

    Parameters
    ----------
    base
        The page's own address in the output.
    target
        Returns the address in the output of any document.
    """

    def __init__(self, base: str, target: Callable[[str], str]) -> None:
        self._base, self._target = base, target
        directory = base.rpartition("/")[0]
        above, slash, _name = directory.rpartition("/")
        self._beside, self._inside = above + slash, f"{directory}/" if directory else ""

    def of(self, docname: str) -> str:
        """Return the address of a document; of an experiment beside this one, as most are, without much ado."""
        address = self._target(docname)
        if address.startswith(self._beside) and not address.startswith(self._inside):
            return str(escape("../" + address[len(self._beside) :]))
        return str(escape(relative_uri(self._base, address)))


class PageNavigation:
    """``exptdir`` in the templates of a page: the lists around its experiment, and its sidebar ready-made.

    Parameters
    ----------
    pagename
        The page.
    found
        Its neighbourhood.
    addresses
        Addresses from the page.
    up
        The address of the page above.
    """

    def __init__(self, pagename: str, found: Neighbourhood, addresses: Addresses, up: str) -> None:
        self._pagename, self._found, self._addresses = pagename, found, addresses
        self.before, self.behind, self.up = found.before, found.behind, up

    @cached_property
    def ancestors(self) -> list[Linked]:
        """The experiments around this one, the outermost first."""
        return self._linked(self._found.ancestors)

    @cached_property
    def siblings(self) -> list[Linked]:
        """The window of its siblings, itself among them."""
        return self._linked(self._found.siblings)

    @cached_property
    def children(self) -> list[Linked]:
        """The experiments in it."""
        return self._linked(self._found.children)

    def _linked(self, cards: list[Card]) -> list[Linked]:
        address, page = self._addresses.of, self._pagename
        return [(address(card.docname), *card.texts, card.docname == page) for card in cards]

    @property
    def items(self) -> str:
        """What stands in the sidebar, in one piece: a loop in a template costs more than all the rest of the page."""
        return "\n".join(self._items())

    def _items(self) -> Iterator[str]:
        address = self._addresses.of
        for card in self._found.ancestors:
            yield f"{_ABOVE}{address(card.docname)}{card.ending}</p>"
        yield "<ul>"
        if self.before:
            yield _MORE.format(self.up, self.before, escape(_("before")))
        for card in self._found.siblings:
            if card.docname == self._pagename:
                yield f"{_CURRENT}{address(card.docname)}{card.ending}{self._nested()}</li>"
            else:
                yield f"{_ITEM}{address(card.docname)}{card.ending}</li>"
        if self.behind:
            yield _MORE.format(self.up, self.behind, escape(_("more")))
        yield "</ul>"

    def _nested(self) -> str:
        if not self._found.children:
            return ""
        address = self._addresses.of
        items = "\n".join(f"{_ITEM}{address(card.docname)}{card.ending}</li>" for card in self._found.children)
        return f"\n<ul>\n{items}\n</ul>\n"
