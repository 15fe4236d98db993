"""The prose of pages: their paragraphs without code, roles, links and addresses, at their places."""

from __future__ import annotations

import re
from collections.abc import Iterator

from exptdir.record.markup.blocks import MARKDOWN, RST, Blocks, blank

#: What between backquotes is blanked out, unless it may be a directory's name; addresses; lines that are no prose.
_QUOTED = re.compile(r"(?P<role>(?<=[:}]))?(?P<marks>`{1,2})(?P<text>[^`]*)`{1,2}(?P<link>_*)")
_LINK = re.compile(r"\[[^\[\]]*\](?:\([^()\s]*\)|\[[^\[\]]*\])|\w{2,10}://\S+|<[^<>\s]*>")
_NO_PROSE = re.compile(r"^[ \t]*(?::[\w-]+:|\.\. |[`:]{3}).*", re.MULTILINE)
_NAME = re.compile(r"[\w.-]+")


def is_name(text: str) -> bool:
    """Tell whether a text in code may be the name of a directory."""
    return _NAME.fullmatch(text) is not None


def prose(blocks: Blocks) -> Iterator[tuple[int, str]]:
    """Yield the paragraphs of a page and their places, what is code, a role, a link or an address blanked out."""

    def quoted(match: re.Match[str]) -> str:
        plain = match["role"] is None and not match["link"] and is_name(match["text"])
        return match[0].replace("`", " ") if plain else blank(match[0])

    for kind in (RST, MARKDOWN):
        for start, stop in blocks.runs(kind):
            text = blocks.text[start:stop]
            for pattern in (_QUOTED, _LINK, _NO_PROSE):
                text = pattern.sub(quoted if pattern is _QUOTED else lambda found: blank(found[0]), text)
            yield start, text
