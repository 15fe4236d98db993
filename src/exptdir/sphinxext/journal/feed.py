"""Atom feeds of entries: of the whole record, of each experiment and of each tag, where ``exptdir_feed_url`` is set.

The feed of the record holds entries whole, cut out of the pages that were just written; the others hold first
sentences.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from sphinx.util.osutil import relative_uri

from exptdir.record.files import collector_paused, read_or_none
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.freshness import UNKNOWN
from exptdir.sphinxext.journal.selection import shown_pieces
from exptdir.sphinxext.journal.timeline import Timeline
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
    """An entry as feeds have it, as plain values: nearly all feeds are as they were, and none of these is written.

    *address* is the experiment's, behind which a reference to the entry has its *number*, and *page* that of its page.
    *mark* is another where its text, or what it shows of others, is another.
    """

    address: str
    number: str
    day: str
    title: str
    docname: str
    page: str
    anchor: str
    tags: tuple[str, ...]
    summary: str
    mark: str

    def xml(self, url: str) -> str:
        """Return it but for its text and its end."""
        host = escape(urlsplit(url).hostname or "")
        lines = [
            # The same wherever the directory moves to, as the number of the experiment is (RFC 4151).
            f"<entry>\n<id>tag:{host},{self.day}:{quote(f'{self.address}@{self.number}')}</id>",
            f"<title>{escape(self.title)}</title>",
            # At noon, which is the same day nearly everywhere.
            f"<updated>{self.day}T12:00:00Z</updated>",
            f'<link rel="alternate" href="{escape(f"{self.page}#{self.anchor}")}"></link>',
            *(f'<category term="{escape(tag)}"></category>' for tag in self.tags),
        ]
        lines += [f"<summary>{escape(self.summary)}</summary>"] if self.summary else []
        return "\n".join(lines)


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


def feeds_of(domain: ExptDomain, url: str) -> Iterator[tuple[str, str, list[FeedEntry]]]:
    """Yield the path, the title and the entries, newest first, of each feed of a record."""
    project, digests = domain.env.config.project, domain.page_digests
    page = cache(domain.builder.get_target_uri)
    own: dict[str, tuple[str, str, str, list[FeedEntry]]] = {}
    tagged: defaultdict[str, list[FeedEntry]] = defaultdict(list)
    found: list[FeedEntry] = []
    for dated in Timeline.of(domain).entries:
        entry, docname, experiment = dated
        key = experiment.key
        if key not in own:
            own[key] = domain.shown(experiment), domain.heading(experiment), experiment.address, []
        label, heading, address, beside = own[key]
        made = FeedEntry(
            address,
            entry.number,
            entry.day,
            f"{label}: {entry.title or heading}",
            docname,
            url + page(docname),
            entry.anchor,
            tuple(sorted(dated.tags)),
            "".join([text for text, _is_reference in shown_pieces(domain, docname, entry.sentence)]),
            f"{entry.digest} {digests.get(docname, '')}",
        )
        found.append(made)
        beside.append(made)
        for tag in made.tags:
            tagged[tag].append(made)
    yield _SITE, project, found[:_MOST]
    for key, (label, heading, _address, beside) in own.items():
        yield f"feeds/{key}.xml", f"{label} {heading} – {project}", beside[:_MOST]
    for tag, beside in tagged.items():
        yield f"feeds/tags/{quote(tag, safe='')}.xml", f"#{tag} – {project}", beside[:_MOST]


def atom(url: str, path: str, title: str, author: str, entries: Sequence[FeedEntry], contents: Sequence[str]) -> bytes:
    """Return a feed (RFC 4287); *contents* are the HTML of the first entries, the others have their sentence.

    It is made as text: a record has thousands of entries, for which a tree takes several times as long.
    """
    own = escape(url + quote(path))
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="{_ATOM}">',
        f"<id>{own}</id>",
        f"<title>{escape(title)}</title>",
        f"<updated>{entries[0].day if entries else '1970-01-01'}T12:00:00Z</updated>",
        f'<link rel="self" href="{own}"></link>',
        f'<link rel="alternate" href="{escape(url)}"></link>',
        f"<author><name>{escape(author or title)}</name></author>",
    ]
    for entry, content in zip_longest(entries, contents):
        lines.append(entry.xml(url))
        lines += [f'<content type="html">{escape(content)}</content>'] if content else []
        lines.append("</entry>")
    return _FORBIDDEN.sub(" ", "\n".join((*lines, "</feed>", ""))).encode("utf-8")


@collector_paused()
def write_feeds(app: Sphinx, exception: Exception | None) -> None:
    """Write the feeds that are not as they were."""
    url = settings_url(app)
    if exception is not None or not url or app.builder.name not in PAGED:
        return
    builder: Any = app.builder
    domain = domain_of(app.env)
    outdir, author = Path(app.outdir), str(app.config.author)
    written, known = domain.written_beside, domain.known_outputs
    made = set[Path]()
    for path, title, entries in feeds_of(domain, url):
        # Of the text of an entry, which only the feed of the record has, its mark, which stands last, is enough.
        whole = path == _SITE
        values = [entry[:] if whole else entry[:-1] for entry in entries]
        shown = repr((title, author, url, values)).encode("utf-8", "surrogateescape")
        digest = hashlib.blake2b(shown, digest_size=10).hexdigest()
        written[path] = digest
        # Of some pages nobody can tell whether they show something else.
        sure = not (whole and any(entry.mark.endswith(UNKNOWN) for entry in entries))
        # Text, since there is a feed for each experiment, and a path costs more than all else of most.
        if sure and known.get(path) == digest and os.path.isfile(f"{outdir}/{path}"):
            continue
        contents: list[str] = []
        for entry in entries if whole else ():
            text = (read_or_none(Path(builder.get_output_path(entry.docname))) or b"").decode("utf-8", "replace")
            contents.append(cut_out(text, entry.anchor, entry.page))
        content = atom(url, path, title, author, entries, contents)
        beside = outdir / f"{path}.new"
        if beside.parent not in made:
            beside.parent.mkdir(parents=True, exist_ok=True)
            made.add(beside.parent)
        beside.write_bytes(content)
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
