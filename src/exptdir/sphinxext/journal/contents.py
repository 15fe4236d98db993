"""What is noted of each log when it is read, for pages that collect it: sentences, tags, tasks and conclusions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from exptdir.record.timeline import CONCLUSIONS, far_ahead, is_marker, split_tags, today
from exptdir.sphinxext.cites import Paragraph, anchors_around
from exptdir.sphinxext.conditions import conditions_of
from exptdir.sphinxext.doctree import add_unclaimed_directive, all_nodes, line_of, title_text
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.journal.archive import EntryTags
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import Placeholder, collect
from exptdir.sphinxext.store import Entry, Pieces, Todo
from exptdir.sphinxext.warnings_ import warn

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: Class of the boxes that the directive ``todo`` makes, where no other extension has one.
TODO = "exptdir-todo"
_HASHTAG = re.compile(r"(?<![\w&#/\\])#([^\W\d][\w/-]*)")
_UNTAGGED = (
    *(nodes.literal, nodes.literal_block, nodes.reference, nodes.math, nodes.raw, nodes.Invisible),
    *(addnodes.pending_xref, addnodes.download_reference, Placeholder),
)
_BOX = re.compile(r"\[([ xX])\]\s+")


class TodoDirective(SphinxDirective):
    """``.. todo::``: something to do, in a box; ``sphinx.ext.todo`` has its own."""

    has_content = True
    option_spec: ClassVar[dict[str, object]] = {}  # type: ignore[assignment]

    def run(self) -> list[Node]:
        """Return an admonition."""
        box = nodes.admonition("\n".join(self.content), classes=["note", TODO])
        self.set_source_info(box)
        box += [nodes.title("", _("To do")), *self.parse_content_to_nodes()]
        return [box]


def fields_of(section: nodes.Element) -> Iterator[tuple[nodes.Element, str, str]]:
    """Yield the fields on top of an entry, ``:tags:`` and the like: the node, its name in lower case, and its text."""
    for node in section.children:
        if isinstance(node, nodes.field_list):
            for field in node.children:
                if isinstance(field, nodes.field):
                    yield field, field[0].astext().lower(), field[1].astext()
        elif not isinstance(node, (nodes.title, nodes.target, nodes.comment, Placeholder)):
            return


def first_paragraph(section: nodes.Element) -> nodes.Element | None:
    """Return the paragraph that an entry begins with, in a list or a caption where it has none of its own."""
    skipped = (nodes.section, nodes.title, nodes.field_list)
    own = [child for child in section.children if not isinstance(child, skipped)]
    direct = (child for child in own if isinstance(child, nodes.paragraph))
    deep = (node for child in own for node in all_nodes(child) if isinstance(node, (nodes.paragraph, nodes.caption)))
    return next(filter(_says_something, direct), None) or next(filter(_says_something, deep), None)


def _says_something(paragraph: nodes.Element) -> bool:
    """Tell whether a paragraph is more than the file of a table, or what stands for one that is not there."""
    classes = {*paragraph["classes"], *paragraph.parent["classes"]}
    return classes.isdisjoint({"exptdir-placeholder", "exptdir-table-source"}) and bool(paragraph.astext().strip())


def hashtags(section: nodes.Element) -> Iterator[str]:
    """Yield the tags that stand in the text of an entry as ``#tag``, code and links aside."""
    waiting: list[nodes.Node] = [section]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Text):
            yield from (match[1].rstrip("-/") for match in _HASHTAG.finditer(node.astext()))
        elif not isinstance(node, _UNTAGGED):
            waiting += reversed(node.children)


class _Notes:
    """Notes what one log holds."""

    def __init__(self, app: Sphinx, doctree: nodes.document) -> None:
        self.domain, self.docname = domain_of(app.env), app.env.docname
        self.found = all_nodes(doctree)
        self.doctree = doctree
        self.days: dict[str, str] = {}
        #: What was noted of the element that an entry begins; the rows of a table share theirs.
        self.noted: dict[nodes.Element, dict[str, Any]] = {}
        self.markers = [marker.lower() for marker in self.domain.settings.task_markers]

    def entry(self, entry: Entry) -> Entry:
        """Return an entry with all that is noted of it."""
        node = self.doctree.ids.get(entry.anchor)
        if not isinstance(node, nodes.Element):
            return entry
        if node not in self.noted:
            self.noted[node] = self._of_node(node)
        return entry._replace(**self.noted[node])

    def _of_node(self, node: nodes.Element) -> dict[str, Any]:
        paragraph = first_paragraph(node)
        tags: list[str] = []
        for field, name, text in list(fields_of(node)):
            if name == "tags":
                tags += split_tags(text)
                shown = collect(self.domain.env, EntryTags(split_tags(text)))
                holder, around = field.parent, field.parent.parent
                around.insert(around.index(holder), shown)
                (around if len(holder) == 1 else holder).remove(holder if len(holder) == 1 else field)
        if self.domain.settings.hashtags:
            tags += hashtags(node)
        held = [
            (one.tagname, one.attributes, len(one.children)) if isinstance(one, nodes.Element) else one.astext()
            for one in all_nodes(node)
        ]
        digest = hashlib.blake2b(repr(held).encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
        sentence = Paragraph(paragraph).first() if paragraph is not None else ()
        return {"line": line_of(node), "sentence": sentence, "tags": tuple(dict.fromkeys(tags)), "digest": digest}

    def conclusion(self) -> Pieces:
        """Return the first sentence of the last section whose title says that it concludes."""
        for node in reversed(self.found):
            title = node[0] if isinstance(node, nodes.section) else None
            if isinstance(title, nodes.title) and title_text(title).strip(" :：.").lower() in CONCLUSIONS:
                paragraph = first_paragraph(title.parent)
                return Paragraph(paragraph).first() if paragraph is not None else ()
        return ()

    def tasks(self) -> Iterator[Todo]:
        """Yield what is still to do."""
        for node in self.found:
            if type(node).__name__ == "todo_node" or (isinstance(node, nodes.admonition) and TODO in node["classes"]):
                inside = next((child for child in node.children if isinstance(child, nodes.paragraph)), None)
                if inside is not None:
                    yield self._task(Paragraph(inside).whole(), inside)
                else:
                    yield from self._in_list(next(iter(node.children[1:]), None))
            elif isinstance(node, nodes.paragraph):
                yield from self._in_paragraph(node)

    def _in_paragraph(self, paragraph: nodes.paragraph) -> Iterator[Todo]:
        text = paragraph.astext().lower()
        if "[" not in text and "checkbox" not in text and not any(word in text for word in self.markers):
            # As nearly all are, which so cost next to nothing.
            return
        found = Paragraph(paragraph)
        if isinstance(paragraph.parent, nodes.list_item) and paragraph.parent[0] is paragraph:
            box = paragraph.children[0] if paragraph.children else None
            drawn = box.astext() if isinstance(box, nodes.raw) and "task-list-item-checkbox" in box.astext() else ""
            written = _BOX.match(found.lines[0])
            if drawn or written is not None:
                if "checked" not in drawn and (written is None or written[1] == " "):
                    text = " ".join(found.lines)[written.end() if written is not None else 0 :]
                    yield self._task(found.pieces(text.strip()), paragraph)
                return
        for line in found.lines:
            rest = is_marker(line, self.domain.settings.task_markers)
            if rest:
                yield self._task(found.pieces(rest), paragraph)
            elif rest is not None:
                # What is to be done stands below, as a list.
                at = paragraph.parent.index(paragraph) + 1
                yield from self._in_list(paragraph.parent[at] if at < len(paragraph.parent) else None)

    def _in_list(self, below: nodes.Node | None) -> Iterator[Todo]:
        """Yield the items of a list, but for those with boxes, which are tasks by themselves."""
        if isinstance(below, (nodes.bullet_list, nodes.enumerated_list)):
            for one in filter(None, map(first_paragraph, below.findall(nodes.list_item))):
                if not _BOX.match(one.astext()) and not isinstance(one[0], nodes.raw):
                    yield self._task(Paragraph(one).whole(), one)

    def _task(self, pieces: Pieces, node: nodes.Element) -> Todo:
        anchor, entry = anchors_around(node)
        return Todo(pieces, anchor, self.days.get(entry, ""), line_of(node), conditions_of(node))


def note_contents(app: Sphinx, doctree: nodes.document) -> None:
    """Note what a log that was just read holds, while its references are still as they were typed."""
    notes = _Notes(app, doctree)
    domain, docname = notes.domain, notes.docname
    if docname in domain.entries:
        domain.entries[docname] = [notes.entry(entry) for entry in domain.entries[docname]]
        notes.days = {entry.anchor: entry.day for entry in domain.entries[docname]}
    if domain.record.around(docname) is None:
        return
    tasks = [task for task in notes.tasks() if task.text]
    if tasks:
        domain.tasks[docname] = tasks
    conclusion = notes.conclusion()
    if conclusion:
        domain.conclusions[docname] = conclusion


def report_future(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Warn of entries that are dated more than a year ahead, as by a slip of the year."""
    now = today()
    for docname, entries in sorted(domain_of(env).entries.items()):
        for at in far_ahead((date.fromisoformat(entry.day) for entry in entries), now):
            message = f"“{entries[at].written}” is more than a year ahead"
            warn("future", message, location=(docname, entries[at].line))
    return []


def setup_contents(app: Sphinx) -> None:
    """Register the directive, unless another extension has one of that name, and connect to reading."""
    add_unclaimed_directive(app, "todo", TodoDirective)
    # Once references are noted.
    app.connect("doctree-read", note_contents, priority=720)
    app.connect("env-updated", report_future, priority=900)
