"""Atom feeds of entries: of the whole record, of each experiment and of each tag, where ``exptdir_feed_url`` is set.

The feed of the record holds entries whole, cut out of the pages that were just written; the others hold first
sentences.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urljoin, urlsplit
from xml.etree import ElementTree

from sphinx.util.osutil import relative_uri

from exptdir.record.files import read_or_none
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.freshness import UNKNOWN
from exptdir.sphinxext.journal.selection import shown_pieces
from exptdir.sphinxext.journal.timeline import Timeline, TimelineEntry
from exptdir.sphinxext.outputs import put
from exptdir.sphinxext.pages import PAGED

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_ATOM = "http://www.w3.org/2005/Atom"
#: So many entries are in a feed.
_MOST = 30
_SITE = "feed.xml"
#: So many characters of a page are read at once.
_PART = 20_000
#: What no XML may hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_VOID = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
#: Parts of a page that are nothing without it.
_DROPPED = ("headerlink", "exptdir-figure-origin", "exptdir-table-tools")


class FeedEntry(NamedTuple):
    """An entry as a feed has it; *mark* is another where its text, or what it shows of others, is another."""

    id: str
    address: str
    title: str
    day: str
    summary: str
    tags: tuple[str, ...]
    docname: str
    anchor: str
    mark: str


class _Cut(HTMLParser):
    """Cuts one element out of a page, and makes its addresses absolute."""

    def __init__(self, anchor: str, base: str) -> None:
        super().__init__(convert_charrefs=False)
        self.anchor, self.base = anchor, base
        self.parts: list[str] = []
        # The elements around, while inside; where one of them is dropped, all in it is.
        self._open: list[tuple[str, bool]] = []
        self.done = False

    @property
    def _silent(self) -> bool:
        return not self._open or self.done or self._open[-1][1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self.done or (not self._open and given.get("id") != self.anchor):
            return
        classes = (given.get("class") or "").split()
        silent = bool(self._open and self._open[-1][1]) or tag == "script" or any(name in classes for name in _DROPPED)
        if not silent:
            for name in ("href", "src"):
                if given.get(name):
                    given[name] = urljoin(self.base, given[name])
            shown = "".join(f' {name}="{escape(value or "")}"' for name, value in given.items())
            self.parts.append(f"<{tag}{shown}>")
        if tag not in _VOID:
            self._open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        if self.done or not any(name == tag for name, _silent in self._open):
            return
        while self._open:
            name, silent = self._open.pop()
            if not silent:
                self.parts.append(f"</{name}>")
            if name == tag:
                break
        self.done = not self._open

    def handle_data(self, data: str) -> None:
        self.parts += [] if self._silent else [data]

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")


def cut_out(page: str, anchor: str, base: str) -> str:
    """Return the HTML of an element of a page, with absolute addresses; nothing where it is not there."""
    parser = _Cut(anchor, base)
    # A log may be long, and all its newest entries are asked for.
    place = page.find(f'id="{escape(anchor)}"')
    at = page.rfind("<", 0, place) if place >= 0 else 0
    while at < len(page) and not parser.done:
        parser.feed(page[at : at + _PART])
        at += _PART
    return "".join(parser.parts)


def _entry(domain: ExptDomain, dated: TimelineEntry, url: str) -> FeedEntry:
    entry, experiment = dated.entry, dated.experiment
    reference = f"{experiment.address}@{entry.number}"
    return FeedEntry(
        # The same wherever the directory moves to, as the number of the experiment is (RFC 4151).
        f"tag:{urlsplit(url).hostname},{entry.day}:{quote(reference)}",
        f"{url}{domain.builder.get_target_uri(dated.docname)}#{entry.anchor}",
        f"{domain.shown(experiment)}: {entry.title or domain.heading(experiment)}",
        entry.day,
        "".join(text for text, _is_reference in shown_pieces(domain, dated.docname, entry.sentence)),
        tuple(sorted(dated.tags)),
        dated.docname,
        entry.anchor,
        f"{entry.digest} {domain.page_digests.get(dated.docname, '')}",
    )


def feeds_of(domain: ExptDomain, url: str) -> Iterator[tuple[str, str, list[FeedEntry]]]:
    """Yield the path, the title and the entries, newest first, of each feed of a record."""
    project = domain.env.config.project
    entries = [_entry(domain, dated, url) for dated in Timeline.of(domain).entries]
    yield _SITE, project, entries[:_MOST]
    groups: defaultdict[tuple[str, str], list[FeedEntry]] = defaultdict(list)
    for entry, dated in zip(entries, Timeline.of(domain).entries, strict=True):
        title = f"{domain.shown(dated.experiment)} {domain.heading(dated.experiment)}"
        groups[f"feeds/{dated.experiment.key}.xml", title].append(entry)
        for tag in dated.tags:
            groups[f"feeds/tags/{quote(tag, safe='')}.xml", f"#{tag}"].append(entry)
    for (path, title), found in sorted(groups.items()):
        yield path, f"{title} – {project}", found[:_MOST]


def _plain(text: str) -> str:
    return _FORBIDDEN.sub(" ", text)


def atom(url: str, path: str, title: str, author: str, entries: Sequence[FeedEntry], contents: Sequence[str]) -> bytes:
    """Return a feed (RFC 4287); *contents* are the HTML of the first entries, the others have their sentence."""
    feed = ElementTree.Element("feed", {"xmlns": _ATOM})

    def add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
        made = ElementTree.SubElement(parent, name, attributes)
        made.text = _plain(text) or None
        return made

    own = url + quote(path)
    add(feed, "id", own)
    add(feed, "title", title)
    add(feed, "updated", f"{entries[0].day if entries else '1970-01-01'}T12:00:00Z")
    add(feed, "link", rel="self", href=own)
    add(feed, "link", rel="alternate", href=url)
    add(add(feed, "author"), "name", author or title)
    for at, entry in enumerate(entries):
        item = add(feed, "entry")
        add(item, "id", entry.id)
        add(item, "title", entry.title)
        # At noon, which is the same day nearly everywhere.
        add(item, "updated", f"{entry.day}T12:00:00Z")
        add(item, "link", rel="alternate", href=entry.address)
        for tag in entry.tags:
            add(item, "category", term=_plain(tag))
        if entry.summary:
            add(item, "summary", entry.summary)
        if at < len(contents) and contents[at]:
            add(item, "content", contents[at], type="html")
    ElementTree.indent(feed, " ")
    body: bytes = ElementTree.tostring(feed, "utf-8", xml_declaration=True)
    return body + b"\n"


def write_feeds(app: Sphinx, exception: Exception | None) -> None:
    """Write the feeds that are not as they were."""
    url = settings_url(app)
    if exception is not None or not url or app.builder.name not in PAGED:
        return
    builder: Any = app.builder
    domain = domain_of(app.env)
    outdir = Path(app.outdir)
    for path, title, entries in feeds_of(domain, url):
        digest = hashlib.blake2b(repr((url, title, entries)).encode("utf-8", "replace"), digest_size=10).hexdigest()
        domain.written_beside[path] = digest
        # Of some pages nobody can tell whether they show something else.
        sure = path != _SITE or not any(entry.mark.endswith(UNKNOWN) for entry in entries)
        if sure and domain.known_outputs.get(path) == digest and (outdir / path).is_file():
            continue
        contents = []
        for entry in entries if path == _SITE else ():
            page = (read_or_none(Path(builder.get_output_path(entry.docname))) or b"").decode("utf-8", "replace")
            contents.append(cut_out(page, entry.anchor, urljoin(url, builder.get_target_uri(entry.docname))))
        author = str(app.config.author)
        beside = outdir / f"{path}.new"
        beside.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(atom(url, path, title, author, entries, contents))
        put(beside, outdir / path, touch=False)


def settings_url(app: Sphinx) -> str:
    """Return where the site will be, with a slash behind it; empty where that is not said."""
    url = domain_of(app.env).settings.feed_url
    return f"{url.rstrip('/')}/" if url else ""


def link_feeds(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Have browsers and readers find the feeds of a page."""
    if app.builder.name not in PAGED or not settings_url(app):
        return
    domain = domain_of(app.env)
    experiment = domain.record.by_docname.get(pagename)
    paths = [_SITE]
    if experiment is not None and pagename in domain.entries:
        paths.append(f"feeds/{quote(experiment.key)}.xml")
    for path in paths:
        place = escape(relative_uri(app.builder.get_target_uri(pagename), path))
        context["metatags"] = (
            context.get("metatags", "") + f'\n<link rel="alternate" type="application/atom+xml" href="{place}">'
        )


def setup_feed(app: Sphinx) -> None:
    """Connect to the pages, and to the end of the build, before what is no longer made is deleted."""
    app.connect("html-page-context", link_feeds)
    app.connect("build-finished", write_feeds, priority=880)
