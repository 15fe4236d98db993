"""What the preview adds to pages as it serves them, and the small pages of its own."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from html import escape
from typing import Any

#: Where the browser finds what belongs to the preview.
OWN = "/_exptdir/"
_HEAD_END = re.compile(rb"</head\s*>", re.IGNORECASE)
_BODY_END = re.compile(rb"</body\s*>", re.IGNORECASE)
_STYLE = f'<link rel="stylesheet" href="{OWN}preview.css">'.encode()


def dressed(page: bytes, address: str, edit: str = "") -> bytes:
    """Add the preview's script and style sheet to a page.

    Parameters
    ----------
    page
        The page as it was built.
    address
        Its address relative to the output.
    edit
        The link that opens its source in an editor, or nothing.
    """
    # By this the script knows whether what it fetches later is what is shown.
    version = f"{zlib.crc32(page):08x}-{len(page)}"
    data = f'data-page="{_attribute(address)}" data-edit="{_attribute(edit)}" data-version="{version}"'
    script = f'<script src="{OWN}preview.js" {data}></script>'.encode()
    head = _HEAD_END.search(page)
    at = head.start() if head else 0
    ends = [found.start() for found in _BODY_END.finditer(page, at)]
    # Without either tag, browsers still take both for what they are.
    style, script_at = (_STYLE, ends[-1] if ends else len(page)) if head else (b"", len(page))
    if not head:
        return page + _STYLE + script
    return page[:at] + style + page[at:script_at] + script + page[script_at:]


def _attribute(text: str) -> str:
    return escape(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), quote=True)


def waiting(address: str) -> bytes:
    """Return the page that stands for one that is still being built."""
    text = "<h1>Building…</h1><p>The first build is under way. This page appears when it is there.</p>"
    return _small(address, "Building…", text)


def missing(address: str) -> bytes:
    """Return the page that says that there is none."""
    shown = _attribute(address)
    text = (
        "<h1>No such page</h1>"
        f"<p>There is no page at <code>/{shown}</code>. If a document appears there, so does its page, here.</p>"
        '<p><a href="/">To the first page</a></p>'
    )
    return _small(address, "No such page", text)


def failed(address: str, failure: Mapping[str, Any]) -> bytes:
    """Return the page that says why there are none.

    Parameters
    ----------
    address
        What was asked for.
    failure
        As browsers are told it.
    """
    place = ":".join(str(part) for part in (failure["shown"] or failure["file"], failure["line"]) if part)
    text = f"<h1>The build failed</h1><p><code>{_attribute(place)}</code></p>"
    text += f"<pre>{_attribute(failure['text'])}</pre>"
    if failure["traceback"]:
        text += f"<details><summary>Traceback</summary><pre>{_attribute(failure['traceback'])}</pre></details>"
    return _small(address, "The build failed", text + "<p>It begins again when something changes.</p>")


def _small(address: str, title: str, body: str) -> bytes:
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f'</head><body class="exptdir-preview-own">{body}</body></html>\n'
    )
    return dressed(page.encode(), address)
