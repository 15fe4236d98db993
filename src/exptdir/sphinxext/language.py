"""The words that we put on pages, in the language of the project (``language``).

The catalogues are beside this file: ``locale/de/LC_MESSAGES/exptdir.po`` and so on. What gettext reads, the ``.mo``, is
kept with them, so that an installation needs no compiler; a test says where one is older than its source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
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
SCRIPTED = (LOCALES / "scripts.txt").read_text("utf-8").splitlines()
#: What the preview says: its panel, and the pages that stand for those that are not there.
PREVIEWED = (LOCALES / "preview.txt").read_text("utf-8").splitlines()


@cache
def _sentences() -> list[tuple[re.Pattern[str], str]]:
    lines = (LOCALES / "sentences.txt").read_text("utf-8").splitlines()
    # The longest first, so that what has a part of its own is not taken for a part of another.
    ordered = sorted(lines, key=lambda line: (line.startswith("%s"), -len(line)))
    return [(re.compile("(.+?)".join(map(re.escape, line.split("%s")))), line) for line in ordered]


def said(text: str) -> str:
    """Translate a sentence of the core, which says it in English, around what it tells of."""
    for pattern, line in _sentences():
        if match := pattern.fullmatch(text):
            told = [*match.groups()]
            if line.endswith(": %s") and " " in told[-1]:
                # A reason, which is a library's or another sentence; a single word may be anybody's.
                told[-1] = said(told[-1])
            return get_translator(CATALOGUE).gettext(line) % tuple(told)
    return text


def translated(texts: Iterable[str]) -> dict[str, str]:
    """Return the translations of texts; what is English is left out."""
    translate = get_translator(CATALOGUE).gettext
    return {text: shown for text in texts if (shown := translate(text)) != text}


def add_words(app: Sphinx) -> None:
    """Give the page that is being made what its scripts say, unless that is English."""
    if words := translated(SCRIPTED):
        body = json.dumps(words, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
        app.add_js_file(None, body=f"window.exptdirWords = {body};")


def setup_language(app: Sphinx) -> None:
    """Register the catalogues."""
    app.add_message_catalog(CATALOGUE, str(LOCALES))
