"""The words that we put on pages, in the language of the project (``language``).

The catalogues are beside this file: ``locale/de/LC_MESSAGES/exptdir.po`` and so on. What gettext reads, the ``.mo``, is
kept with them, so that an installation needs no compiler; a test says where one is older than its source.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.locale import get_translation, get_translator

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: Name of the catalogues.
CATALOGUE = "exptdir"
LOCALES = Path(__file__).parent / "locale"

#: Translates a text.
_ = get_translation(CATALOGUE)


def counted(one: str, many: str, number: int) -> str:
    """Translate a text that counts something; both forms hold ``%d``."""
    return get_translator(CATALOGUE).ngettext(one, many, number) % number


#: What the scripts of pages say.
SCRIPTED = (
    *("Close", "Enlarge the figure", "Table", "Sort by this column", "Sort by %s", "Tools of the table", "Full width"),
    *("Copy", "Copy the rows as they are shown", "Search", "Search this table", "Filter", "Filter %s"),
    "A part of the text, or one of: > 0.4, <= 3, 1..5, = exactly, ! not",
    *("Show all %s rows", "%s rows", "%s of %s rows", "Loading %s rows…", "%s rows copied", "No row matches."),
    *("There are no rows.", "The table’s data cannot be loaded.", "The browser does not let the page copy."),
)


@cache
def _sentences() -> list[tuple[re.Pattern[str], str]]:
    lines = (LOCALES / "sentences.txt").read_text("utf-8").splitlines()
    # The longest first, so that what has a part of its own is not taken for a part of another.
    ordered = sorted(lines, key=lambda line: (line.startswith("%s"), -len(line)))
    return [(re.compile("(.+?)".join(map(re.escape, line.split("%s")))), line) for line in ordered]


def said(text: str) -> str:
    """Translate a sentence of the core, which says it in English, around what it tells of."""
    translate = get_translator(CATALOGUE).gettext
    found = ((pattern.fullmatch(text), line) for pattern, line in _sentences())
    return next((translate(line) % match.groups() for match, line in found if match is not None), text)


def add_words(app: Sphinx) -> None:
    """Give the page that is being made what its scripts say, unless that is English."""
    translate = get_translator(CATALOGUE).gettext
    words = {text: translate(text) for text in SCRIPTED if translate(text) != text}
    if words:
        body = json.dumps(words, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
        app.add_js_file(None, body=f"window.exptdirWords = {body};")


def setup_language(app: Sphinx) -> None:
    """Register the catalogues."""
    app.add_message_catalog(CATALOGUE, str(LOCALES))
