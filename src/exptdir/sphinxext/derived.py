"""What is computed of all documents together, kept for as long as none of them is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: An object of a domain: name, what is shown, type, document, anchor, priority.
Object = tuple[str, str, str, str, str, int]


@dataclass
class Derived:
    """Answers that pages, digests, the inventory and the search ask for again and again.

    It begins when all documents are read and ends when one is read again or the disk is looked at anew; it is
    not pickled. So it can only hold what still is true. Where it turns out that what was read gives to others what it
    gave before, it begins where it ended.

    Parameters
    ----------
    places
        Where references lead: by text, key of the experiment that they are in, and kind.
    citing
        Who refers to the experiment of a document, by document.
    objects
        The objects of the domain, once they have been asked for; in a single build, which asks for them but to
        write them down, they are not kept.
    """

    places: dict[tuple[str, str, str | None], Any] = field(default_factory=dict)
    citing: dict[str, list[Any]] = field(default_factory=dict)
    objects: list[Object] = field(default_factory=list)
