"""The words that we put on pages, in the language of the project (``language``).

The catalogues are beside this file: ``locale/de/LC_MESSAGES/exptdir.po`` and so on. What gettext reads, the ``.mo``, is
kept with them, so that an installation needs no compiler; a test says where one is older than its source.
"""

from __future__ import annotations

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


def setup_language(app: Sphinx) -> None:
    """Register the catalogues."""
    app.add_message_catalog(CATALOGUE, str(LOCALES))
