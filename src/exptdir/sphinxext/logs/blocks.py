"""The blocks of a log as nodes: sections, lists, tables, tasks, and what its prose refers to as links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.util.parsing import nested_parse_to_nodes

from exptdir.errors import AssetError
from exptdir.logs import Block, LogDocument
from exptdir.logs.inline import lines
from exptdir.logs.parts import line_count
from exptdir.record.facts_values import LONG
from exptdir.sphinxext.assets import locate, note_missing, placeholder
from exptdir.sphinxext.domain import domain_of, run_anchor
from exptdir.sphinxext.language import _, counted
from exptdir.sphinxext.logs.long import entry_anchor
from exptdir.sphinxext.logs.prose import Prose
from exptdir.sphinxext.protocol import fold
from exptdir.sphinxext.store import Entry, Run
from exptdir.sphinxext.tables.directive import shown_part
from exptdir.sphinxext.tables.nodes import table_box, table_node
from exptdir.sphinxext.tables.scripts import keep_rest

if TYPE_CHECKING:
    from docutils.parsers.rst.states import RSTState
    from sphinx.environment import BuildEnvironment

_NUMBER = re.compile(r"\(?(\d{1,4})[.)、]")
#: Files of a run that are shown.
_SHOWN = 6


class LogNodes:
    """Makes nodes of a log.

    Parameters
    ----------
    state
        What parses the page that the log stands in.
    path, typed
        The log, and how the page calls it.
    line
        Where the page asks for it; 0 where it is the page itself, whose lines then are those of its blocks.
    files
        The files of each run that has a directory or a configuration, as the page would call them.
    elsewhere
        The documents of the runs and entries that are on another page.
    """

    def __init__(
        self,
        env: BuildEnvironment,
        state: RSTState,
        found: LogDocument,
        path: Path,
        typed: str,
        line: int = 0,
        files: dict[str, list[str]] | None = None,
        elsewhere: dict[str, str] | None = None,
    ) -> None:
        self.env, self.state, self.found = env, state, found
        self.path, self.typed, self.line = path, typed, line
        self.files = {name.lower(): paths for name, paths in (files or {}).items()}
        self.document = state.document
        self.prose = Prose(env, state.document, found, elsewhere or {})
        self.noted = self.prose.noted
        self.entries: list[Entry] = []
        #: The anchors of sections that are entries, by address: on a page may be others of that day.
        self.places: dict[str, str] = {}
        self.rst = str(env.doc2path(env.docname)).endswith(".rst")

    def content(self, blocks: list[Block], fold_parts: bool | None = None, *, part: bool = False) -> list[nodes.Node]:
        """Return blocks of the log; what the reader was unsure of becomes the page's trouble, unless it is a *part*.

        Parameters
        ----------
        fold_parts
            Whether HTML folds what stands under each title of the top; by default where the log is long.
        """
        domain, docname = domain_of(self.env), self.env.docname
        made = self._blocks(blocks)
        for link, target in self.prose.entry_links:
            link["refid"] = self.places.get(target, link["refid"])
        if fold_parts is None:
            fold_parts = line_count(blocks) > LONG
        for node in made if fold_parts else ():
            if isinstance(node, nodes.section):
                node["exptdir_part"] = True
        runs = domain.runs.setdefault(docname, [])
        described = {run.name for run in runs}
        runs += [
            Run(run.id, self.noted[run.id])
            for run in self.found.runs
            if run.id in self.noted and run.id not in described
        ]
        if self.entries:
            domain.entries.setdefault(docname, []).extend(self.entries)
        for problem in () if part else self.found.problems:
            # Dates are reported where entries are made of titles.
            if problem.kind != "date":
                at = f"{self.typed}{f', line {problem.line}' if problem.line else ''}: " if self.line else ""
                domain.note_trouble(docname, "log", at + problem.message, self.line or problem.line or 1)
        return made

    def _note(self, node: nodes.Element, block: Block) -> None:
        """Give a node the anchors of the runs that head a block, each of them once."""
        for run in block.runs:
            if run.id not in self.noted:
                self.prose.anchor(node, self.noted.setdefault(run.id, run_anchor(run.id)))

    def _blocks(self, blocks: list[Block]) -> list[nodes.Node]:
        made: list[nodes.Node] = []
        for kind, group in groupby(blocks, _kind_of_list):
            if kind == "number":
                made += _enumerated(group, self._item)
            elif kind:
                items = nodes.bullet_list("", *map(self._item, group), classes=["exptdir-log-list"])
                if kind == "task":
                    items["classes"].append("exptdir-tasks")
                made.append(items)
            else:
                made += [node for block in group for node in self._block(block)]
        return made

    def _block(self, block: Block) -> list[nodes.Node]:
        if block.kind == "section":
            return [self._section(block)]
        if block.kind == "paragraph":
            if block.label == "lines":
                made = nodes.line_block("", *(nodes.line("", "", *self.prose.shown(line)) for line in lines(block)))
                self._note(made, block)
                return [made, *self._run_files(block)]
            paragraph = nodes.paragraph(block.text, "", *self.prose.inline(block))
            self._note(paragraph, block)
            return [paragraph, *self._run_files(block)]
        if block.kind == "code":
            language, _, more = block.label.partition(" ")
            code = nodes.literal_block(block.text, block.text, language=language or "none", linenos=False)
            above = (
                [nodes.paragraph("", "", nodes.literal("", block.label), classes=["exptdir-log-file"])] if more else []
            )
            return [*above, code] if block.text.strip() or more else []
        if block.kind == "table":
            return [self._table(block)]
        if block.kind == "figure":
            return [self._picture(block)]
        if block.kind == "markup":
            if self.rst:
                return nested_parse_to_nodes(self.state, block.text, source=str(self.path), offset=block.line - 1)
            return [nodes.literal_block(block.text, block.text, language="rst")]
        return []

    def _section(self, block: Block) -> nodes.section:
        section = nodes.section(names=[nodes.fully_normalize_name(block.text)])
        section.source, section.line = str(self.path), self.line or block.line
        self._note(section, block)
        self.document.note_implicit_target(section, section)
        if block.entry is not None:
            # As the reader understood the date, not as it may be read without its neighbours.
            section["exptdir_title"] = f"{block.entry.written} {block.entry.title}".strip()
            if block.entry.day is not None:
                section["exptdir_title"] = f"{block.entry.day}: {block.entry.title}".strip(": ")
                section["exptdir_n"] = block.entry.n
                self.places[block.entry.address] = section["ids"][0]
        task = (
            [nodes.inline("", f"{block.label or 'TODO'} ", classes=[f"exptdir-task-{block.task}"])]
            if block.task
            else []
        )
        title = nodes.title(block.text, "", *task, *self.prose.inline(block))
        # Tables of contents cannot hold a download: the file stands below the title.
        files = [node for node in title.children if isinstance(node, addnodes.download_reference)]
        for node in files:
            title.replace(node, nodes.inline("", node.astext()))
            node.children = [nodes.literal("", node["reftarget"])]
        title.source, title.line = section.source, section.line
        title += [nodes.inline("", f" {tag}", classes=["exptdir-tag"]) for tag in block.tags]
        section += title
        section += [nodes.paragraph("", "", node, classes=["exptdir-log-file"]) for node in files]
        section += self._run_files(block)
        inside = self._blocks(block.children)
        if block.folded and inside and not any(isinstance(node, nodes.section) for node in inside):
            count = sum(len(child.text.split("\n")) for child in block.walk() if child is not block and child.text)
            section += fold("", *inside, label=counted("%d line put away", "%d lines put away", count))
        else:
            section += inside
        return section

    def _item(self, block: Block) -> nodes.list_item:
        item = nodes.list_item()
        self._note(item, block)
        before: list[nodes.Node] = []
        if block.task:
            item["classes"] += ["exptdir-task", f"exptdir-task-{block.task}"]
            before.append(nodes.inline("", "☑ " if block.task == "done" else "☐ "))
        numbered = _NUMBER.fullmatch(block.label) and not block.task
        if block.label and not numbered and block.label not in "-*+•·‣–" and not block.label.startswith("["):
            before.append(nodes.inline("", f"{block.label} ", classes=["exptdir-log-mark"]))
        item += nodes.paragraph(block.text, "", *before, *self.prose.inline(block))
        item += self._run_files(block)
        item += self._blocks(block.children)
        return item

    def _run_files(self, block: Block) -> Iterator[nodes.Node]:
        """Yield a line with the files of the runs that head a block, unless its title leads to one."""
        for run in block.runs:
            paths = next((self.files[name] for name in (run.id.lower(), *run.aliases) if name in self.files), [])
            if run.file or not paths:
                continue
            line = nodes.paragraph(classes=["exptdir-log-file"])
            for path in paths[:_SHOWN]:
                shown = nodes.literal("", Path(path).name)
                line += nodes.Text(" · " if line.children else "")
                line += addnodes.download_reference("", "", shown, reftarget=path, refdoc=self.env.docname)
            if len(paths) > _SHOWN:
                more = _("%d more in %s") % (len(paths) - _SHOWN, Path(paths[0]).parent)
                line += nodes.Text(f" · {more}")
            yield line

    def _table(self, block: Block) -> nodes.Element:
        # Pages without tables do without their library.
        from exptdir.tables import Table
        from exptdir.tables.delimited import cell_of
        from exptdir.tables.model import EMPTY

        width = max((len(row.children) for row in block.children), default=1)
        known = {"": EMPTY}
        rows = []
        for row in block.children:
            cells = []
            for cell in row.children:
                plain = known.get(cell.text) or known.setdefault(cell.text, cell_of(cell.text))
                cells.append(self._rich(plain, cell) if _needs_nodes(cell) else plain)
            rows.append((*cells, *[EMPTY] * (width - len(cells))))
        body = block.children[block.level :]
        labelled = bool(body) and all(row.runs and row.children[0].text.strip("`*") in row.runs[0].id for row in body)
        whole = Table(tuple(rows), block.level, int(labelled), self.path)
        table, limit, notes = shown_part(self.env, whole, in_file=True)
        shown = block.level + limit if limit else len(rows)
        box = table_box("", classes=["exptdir-table", "exptdir-log-table"])
        ids = {at: tuple(self._row_anchors(row, box, at >= shown)) for at, row in enumerate(block.children)}
        box += table_node(table, "auto", limit, {at: anchors for at, anchors in ids.items() if anchors})
        key = keep_rest(self.env, table, limit)
        if key is not None:
            box["rest"] = key, table.n_rows - table.header_rows
        box += notes
        return box

    def _rich(self, cell: Any, block: Block) -> Any:
        """Return a cell with the links that stand in its text."""
        from exptdir.tables import TextRun

        runs: list[TextRun] = []
        for node in self.prose.inline(block):
            for leaf in (node,) if isinstance(node, nodes.Text) else node.findall(nodes.Text):
                around = leaf.parent if leaf.parent is not None else node
                link = around if isinstance(around, nodes.reference) else getattr(around, "parent", None)
                href = None
                if isinstance(link, nodes.reference):
                    href = link.get("refuri") or f"#{link['refid']}"
                doubtful = isinstance(around, nodes.inline) and "exptdir-log-doubt" in around["classes"]
                look = cell.look._replace(bold=isinstance(around, nodes.strong), italic=doubtful)
                runs.append(TextRun(leaf.astext(), look, href))
        return cell._replace(text="".join(run.text for run in runs), runs=tuple(runs))

    def _row_anchors(self, row: Block, box: nodes.Element, hidden: bool) -> Iterator[str]:
        """Yield the anchors of a row; one that is loaded later is reached by that of its table."""
        place = "exptdir-log-table"
        if hidden:
            self.prose.anchor(box, place)
        for run in row.runs:
            if run.id not in self.noted:
                self.noted[run.id] = place if hidden else run_anchor(run.id)
                if not hidden:
                    yield run_anchor(run.id)
        entry = row.entry
        if entry is not None and entry.day is not None:
            anchor = place if hidden else entry_anchor(entry.address)
            title = row.runs[0].id if row.runs else entry.title
            self.entries.append(Entry(entry.day.isoformat(), entry.n, entry.written, title, anchor))
            if not hidden:
                yield anchor

    def _picture(self, block: Block) -> nodes.Node:
        caption, address = block.text, block.label
        try:
            locate(self.env, address, self.env.docname)
        except AssetError as error:
            if re.match(r"https?://", address):
                return nodes.paragraph("", "", nodes.reference("", caption or address, refuri=address))
            note_missing(domain_of(self.env), self.env.docname, address, str(error), self.line or block.line)
            return placeholder(address, str(error))
        figure = nodes.figure("", nodes.image("", uri=address, alt=caption))
        if caption:
            figure += nodes.caption(caption, caption)
        return figure


def _kind_of_list(block: Block) -> str:
    """Return what list a block is an item of: ``task``, ``number`` or ``item``; nothing for what is none."""
    if block.kind != "item":
        return ""
    return "task" if block.task else "number" if _NUMBER.fullmatch(block.label) else "item"


def _enumerated(items: Iterable[Block], make: Any) -> Iterator[nodes.enumerated_list]:
    """Yield lists of items with numbers; a new one begins where the numbers do not go on."""
    current, expected = None, None
    for block in items:
        match = _NUMBER.fullmatch(block.label)
        number = int(match[1]) if match else 0
        if current is None or number != expected:
            if current is not None:
                yield current
            current = nodes.enumerated_list(enumtype="arabic", prefix="", suffix=".", classes=["exptdir-log-list"])
            if number != 1:
                current["start"] = number
        current += make(block)
        expected = number + 1
    if current is not None:
        yield current


def _needs_nodes(cell: Block) -> bool:
    """Tell whether a cell holds more than plain text."""
    return bool(cell.references) or any(sign in cell.text for sign in ("`", "**", "](", "[[", "://"))
