"""What the archive holds, and links to it: all entries by month, and what bears a tag, on pages of bounded size.

Its pages are no documents: the entries are in other builders' output already, in their logs. Those of HTML get them
from :mod:`exptdir.sphinxext.journal.archive_pages`.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from docutils import nodes

from exptdir.record.model import Experiment, in_order
from exptdir.sphinxext.domain import ExptDomain
from exptdir.sphinxext.journal.timeline import Timeline, TimelineEntry
from exptdir.sphinxext.pages import PAGED, Collection

#: The first of its pages, and the directory of the others.
TOP = "archive/index"
_PLACE = "archive"
#: So many experiments and entries are on one page.
_MOST = 300
#: So many letters of a tag are in the name of its page.
_LETTERS = 40


@dataclass(frozen=True)
class Leaf:
    """A page of the archive: its name, what is on it, and the names of those beside it where these are several."""

    name: str
    experiments: tuple[Experiment, ...]
    entries: tuple[TimelineEntry, ...]
    newer: str = ""
    older: str = ""


@dataclass
class Archive:
    """All that there is to be archived, the newest first.

    Parameters
    ----------
    months
        How many entries each month has, such as ``2024-05``, and its pages.
    tags
        The same of each tag, which experiments bear, or entries.
    days
        The page on which the entries of a day begin.
    """

    months: dict[str, tuple[int, list[Leaf]]] = field(default_factory=dict)
    tags: dict[str, tuple[int, list[Leaf]]] = field(default_factory=dict)
    days: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, domain: ExptDomain) -> Archive | None:
        """Return the archive of a record that is read; ``None`` where it has none."""
        return domain.once("archive", lambda: cls._made(domain) if _wanted(domain) else None)

    @classmethod
    def _made(cls, domain: ExptDomain) -> Archive:
        made = cls()
        months: defaultdict[str, list[TimelineEntry]] = defaultdict(list)
        tags: defaultdict[str, tuple[list[Experiment], list[TimelineEntry]]] = defaultdict(lambda: ([], []))
        for experiment in in_order(domain.record.experiments.values()):
            for tag in experiment.tags if experiment.docname in domain.env.all_docs else ():
                tags[tag][0].append(experiment)
        for dated in Timeline.of(domain).entries:
            months[dated.entry.day[:7]].append(dated)
            for tag in dated.entry.tags:
                tags[tag][1].append(dated)
        for month, entries in months.items():
            made.months[month] = len(entries), list(_leaves(month_page(month), (), entries))
        for tag, (experiments, entries) in sorted(tags.items(), key=lambda pair: (pair[0].casefold(), pair[0])):
            leaves = list(_leaves(tag_page(tag), experiments, entries))
            made.tags[tag] = len(experiments) + len(entries), leaves
        for _number, leaves in made.months.values():
            for leaf in leaves:
                for dated in leaf.entries:
                    made.days.setdefault(dated.entry.day, leaf.name)
        return made


def _wanted(domain: ExptDomain) -> bool:
    if domain.builder.name not in PAGED or domain.settings.archive == "never":
        return False
    asked = any(one.archived for found in domain.collections.values() for one in found)
    return (asked or domain.settings.archive == "always") and bool(Timeline.of(domain).entries)


def _leaves(name: str, experiments: Sequence[Experiment], entries: Sequence[TimelineEntry]) -> Iterator[Leaf]:
    """Yield the pages of a list, the newest first; cut from its old end, so that what is added changes few of them."""
    total = len(experiments) + len(entries)
    pages = max(1, -(-total // _MOST))
    names = [name, *(f"{name}/{number}" for number in range(pages - 1, 0, -1))]
    first = total - (pages - 1) * _MOST
    for at, own in enumerate(names):
        start, end = (0, first) if not at else (first + (at - 1) * _MOST, first + at * _MOST)
        yield Leaf(
            own,
            tuple(experiments[start:end]),
            tuple(entries[max(0, start - len(experiments)) : max(0, end - len(experiments))]),
            names[at - 1] if at else "",
            names[at + 1] if at + 1 < pages else "",
        )


def month_page(month: str) -> str:
    """Return the name of the page of a month, such as ``2024-05``, or of a year."""
    return f"{_PLACE}/{month}"


@lru_cache(maxsize=1024)
def tag_page(tag: str) -> str:
    """Return the name of the page of a tag; a digest tells apart what no file may be called from what looks like it."""
    name = re.sub(r"[^\w.-]+", "-", tag.lower()).strip(".")[:_LETTERS]
    digest = hashlib.blake2b(tag.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    return f"{_PLACE}/tags/{name if name == tag else f'{name}-{digest}'}"


def page_link(domain: ExptDomain, page: str, *content: nodes.Node, anchor: str = "") -> nodes.Node:
    """Return a link from the page that is being made to one of the archive."""
    return nodes.reference("", "", *content, refuri=page_address(domain, page, anchor), internal=True)


def page_address(domain: ExptDomain, page: str, anchor: str = "") -> str:
    """Return the address of a page of the archive from the page that is being made."""
    return domain.builder.get_relative_uri(domain.env.docname, page) + (f"#{anchor}" if anchor else "")


def day_anchor(day: str) -> str:
    """Return the anchor of a day on the page of its month."""
    return f"day-{day}"


def tag_nodes(domain: ExptDomain, tags: Iterable[str]) -> Iterator[nodes.Node]:
    """Yield tags as small labels, which lead to what else bears them."""
    archive = Archive.of(domain)
    for at, tag in enumerate(tags):
        if at:
            yield nodes.Text(" ")
        label = nodes.inline("", f"#{tag}", classes=["exptdir-tag"])
        yield page_link(domain, tag_page(tag), label) if archive is not None and tag in archive.tags else label


@dataclass(frozen=True)
class EntryTags(Collection):
    """The tags of an entry, below its title."""

    tags: tuple[str, ...]

    def shown(self, domain: ExptDomain, docname: str) -> tuple[str, ...]:
        """Return the tags."""
        return self.tags

    def render(self, domain: ExptDomain, docname: str, shown: tuple[str, ...]) -> list[nodes.Node]:
        """Return the tags in a line."""
        return [nodes.paragraph("", "", *tag_nodes(domain, shown), classes=["exptdir-entry-tags"])]
