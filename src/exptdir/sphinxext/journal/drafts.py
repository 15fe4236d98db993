"""Drafts: experiments and entries that are kept out of what is published.

A draft experiment is taken out of the scanned record (:mod:`exptdir.sphinxext.record`). A draft entry is blanked out of
its source before anything reads it, so that no label, table, download or index can know of it. ``exptdir_drafts`` shows
both.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from exptdir.errors import MetadataError
from exptdir.record.facts_values import is_draft
from exptdir.record.files import split_lines
from exptdir.record.markup.blocks import blank, read_blocks
from exptdir.sphinxext.doctree import all_nodes, page_section
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.journal.contents import fields_of
from exptdir.sphinxext.journal.selection import badge
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import ExperimentTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_FIELD = re.compile(r"[ \t]*:([\w -]+):(?:[ \t]+(.*?))?[ \t]*$")
#: A label, which stands before the heading that it is of.
_LABEL = re.compile(r"[ \t]*(?:\.\. _.+:|\([\w .-]+\)=)[ \t]*$")


def _says_draft(text: str) -> bool:
    try:
        return is_draft(text)
    except MetadataError:
        # Better kept back than published by a slip.
        return True


def draft_lines(text: str, *, markdown: bool) -> list[tuple[int, int]]:
    """Find the sections of a page that say ``:draft:`` right below their title.

    Returns
    -------
    list
        The first line and the line after the last of each, counted from 0, with the labels in front of its title.
    """
    if ":draft:" not in text.lower():
        return []
    blocks = read_blocks(text, markdown=markdown)
    lines = [line for _number, line in blocks.lines()]
    found: list[tuple[int, int]] = []
    for at, heading in enumerate(blocks.headings):
        if not heading.level or (found and heading.start < found[-1][1]):
            continue
        inside = (line for line in lines[heading.end :] if line.strip())
        for line in inside:
            field = _FIELD.match(line)
            if field is None:
                break
            if field[1].lower() == "draft" and _says_draft(field[2] or ""):
                later = (other for other in blocks.headings[at + 1 :] if 0 < other.level <= heading.level)
                following = next(later, None)
                start, end = heading.start, following.start if following is not None else len(lines)
                while start and (_LABEL.match(lines[start - 1]) or not lines[start - 1].strip()):
                    start -= 1
                # The labels of the next section are not this one's.
                while following is not None and (_LABEL.match(lines[end - 1]) or not lines[end - 1].strip()):
                    end -= 1
                found.append((start, end))
                break
    return found


def leave_out_entries(app: Sphinx, docname: str, content: list[str]) -> None:
    """Blank out the draft entries of a log's source; lines stay where they are, for the warnings."""
    domain = domain_of(app.env)
    if domain.record.around(docname) is None or ":draft:" not in content[0].lower():
        # As nearly all are.
        return
    markdown = str(app.env.doc2path(docname)).endswith(".md")
    if draft_lines(content[0], markdown=markdown):
        domain.with_drafts[docname] = True
        if not domain.settings.drafts:
            _blank(content, markdown=markdown)


def leave_out_included(app: Sphinx, path: Path, docname: str, content: list[str]) -> None:
    """Do the same for a file that a log includes."""
    domain = domain_of(app.env)
    if domain.record.around(docname) is not None and not domain.settings.drafts:
        _blank(content, markdown=path.suffix == ".md")


def _blank(content: list[str], *, markdown: bool) -> None:
    lines = split_lines(content[0])
    for start, end in draft_lines(content[0], markdown=markdown):
        lines[start:end] = map(blank, lines[start:end])
    content[0] = "".join(lines)


class MarkDrafts(ExperimentTransform):
    """Marks the draft entries that are shown; takes out any that came another way than by its page's own text."""

    # Before entries are found.
    default_priority = 505

    def apply_to_page(self) -> None:
        """Look at the fields of all sections."""
        page = page_section(self.document)
        for section in all_nodes(self.document):
            if not isinstance(section, nodes.section) or section is page:
                continue
            fields = [field for field, name, text in fields_of(section) if name == "draft" and _says_draft(text)]
            if fields and not self.domain.settings.drafts:
                section.parent.remove(section)
            elif fields:
                mark = nodes.paragraph("", "", badge(_("draft"), "draft"), classes=["exptdir-draft"])
                fields[0].parent.replace_self(mark)


def hides_source(domain: ExptDomain, docname: str) -> bool:
    """Tell whether the source of a page holds what is not to be published."""
    return docname in domain.with_drafts and not domain.settings.drafts


def hide_source(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Offer no source of a page of which something is left out: it would be copied whole."""
    if hides_source(domain_of(app.env), pagename) and context.get("sourcename"):
        context["sourcename"], context["has_source"] = "", False


def setup_drafts(app: Sphinx) -> None:
    """Connect to the sources, and register the transform."""
    app.connect("source-read", leave_out_entries, priority=100)
    app.connect("include-read", leave_out_included, priority=100)
    app.add_transform(MarkDrafts)
    app.connect("html-page-context", hide_source)
