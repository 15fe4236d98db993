"""Pages as parsers want them: without control characters, and XHTML in an EPUB, whose readers refuse any other.

Sphinx's writer closes its tags, but extensions, MyST's raw HTML and what authors write hold HTML. A page that is no XML
is read as HTML and written anew, with the standard library's parser: html5lib and lxml, which could, are large.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import HTML_EMPTY, ParseError, fromstring

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: Characters that XML 1.0 (section 2.2) and the HTML Standard forbid: terminals' escape sequences begin with one.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

#: What may be a name in a tag: its own, or an attribute's.
_NAME = re.compile(r"(?<=[<\s\"'/])[a-zA-Z_][\w.-]*(?::[a-zA-Z_][\w.-]*)?(?=[\s=/>])")


class _Rewriter(HTMLParser):
    """Writes what it reads as XML: every element closed, in the reverse order of their beginning."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # The parser says all in lower case, but SVG has a "viewBox". A name that XML does not know, or has twice, goes.
        written = {name.lower(): name for name in _NAME.findall(self.get_starttag_text() or "")}
        known = {written[name]: name if value is None else value for name, value in attrs if name in written}
        text = "".join(f' {name}="{escape(value)}"' for name, value in known.items())
        self.parts.append(f"<{written.get(tag, tag)}{text}{'/' if tag in HTML_EMPTY else ''}>")
        if tag not in HTML_EMPTY:
            self._open.append(written.get(tag, tag))

    def handle_endtag(self, tag: str) -> None:
        while tag in map(str.lower, self._open):
            self.parts.append(f"</{(last := self._open.pop())}>")
            if last.lower() == tag:
                break

    def handle_data(self, data: str) -> None:
        self.parts.append(escape(data, quote=False))

    def close(self) -> None:
        super().close()
        self.parts += [f"</{tag}>" for tag in reversed(self._open)]


def to_xhtml(body: str) -> str:
    """Return a piece of a page as well-formed XML; the same text where it is that already."""
    try:
        fromstring(f"<div xmlns:epub='-' xmlns:xlink='-'>{body}</div>")
    except ParseError:
        rewriter = _Rewriter()
        rewriter.feed(_FORBIDDEN.sub("\ufffd", body))
        rewriter.close()
        return "".join(rewriter.parts)
    return body


def clean_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Take out of a page what no parser accepts."""
    if "body" in context:
        context["body"] = _FORBIDDEN.sub("\ufffd", context["body"])
        if app.builder.name == "epub":
            context["body"] = to_xhtml(context["body"])


def setup_xhtml(app: Sphinx) -> None:
    """Connect to writing, after all who add to the body."""
    app.connect("html-page-context", clean_page, priority=990)
