"""``.. expt-log:: notes.txt``: a log in another form, shown as a part of the experiment's page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from exptdir.errors import AssetError
from exptdir.logs import Block, LogDocument, LogError, Reference, read_log
from exptdir.record.files import collector_paused
from exptdir.sphinxext.assets import locate, note_missing, placeholder, written_path
from exptdir.sphinxext.doctree import add_unclaimed_directive
from exptdir.sphinxext.domain import domain_of, run_anchor
from exptdir.sphinxext.store import Entry, Run

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_INLINE = re.compile(
    r"(?P<code>`+)(?P<literal>[^`]+)(?P=code)"
    r"|\*\*(?P<strong>[^*\n]+)\*\*"
    r"|!?\[(?P<text>[^\]\n]*)\]\((?P<address>[^)\s]+)[^)\n]*\)"
    r"|\[\[(?P<org>[^\]\n]+)\](?:\[(?P<shown>[^\]\n]+)\])?\]"
    r"|(?P<bare>https?://[^\s<>\"'`）)\]]*[^\s<>\"'`）)\].,;:!?])"
)
#: Candidates of a doubtful reference that are shown behind it.
_SHOWN = 6
#: Files that may each be the configuration of a run.
_CONFIGURATIONS = frozenset({".yaml", ".yml", ".json", ".toml", ".ini"})


class folded_part(nodes.General, nodes.Element):
    """What is put away until somebody opens it, in HTML; else it is shown as the rest."""


class LogDirective(SphinxDirective):
    """Shows a log; its entries and runs become those of the experiment."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {
        "format": directives.unchanged_required,
        "runs": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the blocks of the log as nodes."""
        typed = self.arguments[0].strip()
        domain = domain_of(self.env)
        try:
            path = locate(self.env, typed, self.env.docname)
            self.env.note_dependency(str(path))
            experiment = domain.record.around(self.env.docname)
            with collector_paused():
                found = read_log(
                    path,
                    self.options.get("format", "").strip(),
                    runs=self._runs(),
                    begun=experiment.begun if experiment else None,
                    order=domain.settings.date_order,
                )
                return LogNodes(self, found, typed).content()
        except (AssetError, LogError) as error:
            note_missing(domain, self.env.docname, typed, str(error), self.lineno)
            return [placeholder(typed, str(error))]

    def _runs(self) -> list[str]:
        """Name the run directories and configurations of ``:runs:``; another one there makes the page read again."""
        typed = self.options.get("runs", "").strip()
        if not typed:
            return []
        directory = Path(written_path(self.env, typed, self.env.docname))
        if not directory.is_dir():
            raise AssetError(f"there is no directory {typed!r} of runs")
        self.env.note_dependency(str(directory))
        with os.scandir(directory) as inside:
            named = [(one.name, one.is_dir()) for one in inside if not one.name.startswith(".")]
        return sorted(
            name if is_directory else Path(name).stem
            for name, is_directory in named
            if is_directory or Path(name).suffix in _CONFIGURATIONS
        )


class LogNodes:
    """Makes nodes of a log."""

    def __init__(self, directive: LogDirective, found: LogDocument, typed: str) -> None:
        self.directive, self.found, self.typed = directive, found, typed
        self.env, self.document = directive.env, directive.state.document
        self.headed = {run.id for block in found.walk() for run in block.runs}
        self.noted: set[str] = set()
        self.rst = str(self.env.doc2path(self.env.docname)).endswith(".rst")

    def content(self) -> list[nodes.Node]:
        """Return all blocks; what the reader was unsure of becomes the page's trouble."""
        domain, docname = domain_of(self.env), self.env.docname
        made = self._blocks(self.found.blocks)
        runs = domain.runs.setdefault(docname, [])
        known = {run.name for run in runs}
        runs += [Run(run.id, run_anchor(run.id)) for run in self.found.runs if run.id in self.noted - known]
        rows = [block.entry for block in self.found.walk() if block.kind == "row" and block.entry]
        if rows:
            domain.entries.setdefault(docname, []).extend(
                Entry(
                    entry.day.isoformat(), entry.n, entry.written, entry.title, _entry_anchor(f"@{entry.day}.{entry.n}")
                )
                for entry in rows
                if entry.day
            )
        for problem in self.found.problems:
            # Dates are reported where entries are made of titles.
            if problem.kind != "date":
                at = f", line {problem.line}" if problem.line else ""
                domain.note_trouble(docname, "log", f"{self.typed}{at}: {problem.message}", self.directive.lineno)
        return made

    def _anchor(self, node: nodes.Element, anchor: str) -> None:
        if anchor not in self.document.ids:
            node["ids"].append(anchor)
            self.document.ids[anchor] = node

    def _blocks(self, blocks: list[Block]) -> list[nodes.Node]:
        made: list[nodes.Node] = []
        for is_item, group in groupby(blocks, lambda block: block.kind == "item"):
            if is_item:
                made.append(nodes.bullet_list("", *map(self._item, group), classes=["exptdir-log-list"]))
            else:
                made += [node for block in group for node in self._block(block)]
        return made

    def _block(self, block: Block) -> list[nodes.Node]:
        if block.kind == "section":
            return [self._section(block)]
        if block.kind == "paragraph":
            if block.label == "lines":
                lines = self._lines(block)
                return [nodes.line_block("", *(nodes.line("", "", *line) for line in lines))]
            return [nodes.paragraph(block.text, "", *self._inline(block))]
        if block.kind == "code":
            code = nodes.literal_block(block.text, block.text, language=block.label.split(" ")[0] or "none")
            code["linenos"] = False
            return [code] if block.text.strip() else []
        if block.kind == "table":
            return [self._table(block)]
        if block.kind == "figure":
            return [self._picture(block.text, block.label)]
        if block.kind == "markup":
            if self.rst:
                return self.directive.parse_text_to_nodes(block.text)
            return [nodes.literal_block(block.text, block.text, language="rst")]
        return []

    def _section(self, block: Block) -> nodes.section:
        section = nodes.section(names=[nodes.fully_normalize_name(block.text)])
        for run in block.runs:
            self.noted.add(run.id)
            self._anchor(section, run_anchor(run.id))
        self.document.note_implicit_target(section, section)
        if block.entry is not None:
            section["exptdir_title"] = f"{block.entry.written} {block.entry.title}".strip()
            if block.entry.day is not None and block.entry.title:
                # As the reader understood the date, not as it may be read without its neighbours.
                section["exptdir_title"] = f"{block.entry.day.isoformat()}: {block.entry.title}"
        task = (
            [nodes.inline("", f"{block.label or 'TODO'} ", classes=[f"exptdir-task-{block.task}"])]
            if block.task
            else []
        )
        title = nodes.title(block.text, "", *task, *self._inline(block))
        # Tables of contents cannot hold a download: the file stands below the title.
        files = [node for node in title.children if isinstance(node, addnodes.download_reference)]
        for node in files:
            title.replace(node, nodes.inline("", node.astext()))
            node.children = [nodes.literal("", node["reftarget"])]
        title.line = self.directive.lineno
        tags = [nodes.inline("", f" {tag}", classes=["exptdir-tag"]) for tag in block.tags]
        title += tags
        section += title
        section += [nodes.paragraph("", "", node, classes=["exptdir-log-file"]) for node in files]
        inside = self._blocks(block.children)
        if block.folded and inside and not any(isinstance(node, nodes.section) for node in inside):
            section += folded_part("", *inside, summary=block.text)
        else:
            section += inside
        return section

    def _item(self, block: Block) -> nodes.list_item:
        item = nodes.list_item()
        for run in block.runs:
            if run.id not in self.noted:
                self.noted.add(run.id)
                self._anchor(item, run_anchor(run.id))
        before: list[nodes.Node] = []
        if block.task:
            item["classes"] += ["exptdir-task", f"exptdir-task-{block.task}"]
            before.append(nodes.inline("", "☑ " if block.task == "done" else "☐ "))
        if block.label and block.label not in "-*+•·‣–":
            before.append(nodes.inline("", f"{block.label} ", classes=["exptdir-log-mark"]))
        item += nodes.paragraph(block.text, "", *before, *self._inline(block))
        item += self._blocks(block.children)
        return item

    def _table(self, block: Block) -> nodes.table:
        width = max((len(row.children) for row in block.children), default=1)
        table = nodes.table(classes=["exptdir-log-table", "colwidths-auto"])
        group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in range(width)), cols=width)
        head, body = nodes.thead(), nodes.tbody()
        for number, row in enumerate(block.children):
            made = nodes.row()
            for run in row.runs:
                self.noted.add(run.id)
                self._anchor(made, run_anchor(run.id))
            if row.entry is not None and row.entry.day is not None:
                self._anchor(made, _entry_anchor(f"@{row.entry.day}.{row.entry.n}"))
            for cell in row.children:
                made += nodes.entry("", nodes.paragraph(cell.text, "", *self._inline(cell)))
            made += [nodes.entry() for _ in range(width - len(row.children))]
            (head if number < block.level else body).append(made)
        group += [part for part in (head, body) if part.children]
        table += group
        return table

    def _picture(self, caption: str, address: str) -> nodes.Node:
        try:
            locate(self.env, address, self.env.docname)
        except AssetError as error:
            if re.match(r"https?://", address):
                return nodes.paragraph("", "", nodes.reference("", caption or address, refuri=address))
            note_missing(domain_of(self.env), self.env.docname, address, str(error), self.directive.lineno)
            return placeholder(address, str(error))
        figure = nodes.figure("", nodes.image("", uri=address, alt=caption))
        if caption:
            figure += nodes.caption(caption, caption)
        return figure

    def _lines(self, block: Block) -> Iterator[list[nodes.Node]]:
        """Yield the nodes of each line of a text."""
        begin = 0
        for line in block.text.split("\n"):
            yield list(self._part(block, begin, begin + len(line)))
            begin += len(line) + 1

    def _inline(self, block: Block) -> list[nodes.Node]:
        return list(self._part(block, 0, len(block.text)))

    def _part(self, block: Block, begin: int, end: int) -> Iterator[nodes.Node]:
        """Yield a stretch of a text: code, bold, links, and references wherever they stand."""
        done = begin
        for match in _INLINE.finditer(block.text, begin, end):
            yield from self._plain(block, done, match.start())
            done = match.end()
            if match["literal"] is not None:
                if any(one.start < match.end() and match.start() < one.end for one in block.references):
                    yield nodes.inline("", "", *self._plain(block, *match.span("literal")), classes=["exptdir-log-run"])
                else:
                    yield nodes.literal(match["literal"], match["literal"])
            elif match["strong"] is not None:
                yield nodes.strong("", "", *self._part(block, *match.span("strong")))
            elif match["bare"] is not None:
                yield nodes.reference("", match["bare"], refuri=match["bare"])
            else:
                yield from self._link(match["text"] or match["shown"] or "", match["address"] or match["org"])
        yield from self._plain(block, done, end)

    def _link(self, shown: str, address: str) -> Iterator[nodes.Node]:
        text = shown.strip("`") or address
        if re.match(r"(?:https?|mailto|ftp):", address):
            yield nodes.reference("", text, refuri=address)
            return
        typed = address.removeprefix("file:")
        try:
            locate(self.env, typed, self.env.docname)
        except AssetError:
            # The file is not here; what it is called is still said.
            yield nodes.inline("", text if text == typed else f"{text} ({typed})", classes=["exptdir-log-file"])
            return
        yield addnodes.download_reference("", "", nodes.literal("", text), reftarget=typed, refdoc=self.env.docname)

    def _plain(self, block: Block, begin: int, end: int) -> Iterator[nodes.Node]:
        done = begin
        for one in block.references:
            if one.start < done or one.end > end:
                continue
            yield nodes.Text(block.text[done : one.start])
            yield from self._reference(one)
            done = one.end
        if done < end:
            yield nodes.Text(block.text[done:end])

    def _reference(self, one: Reference) -> Iterator[nodes.Node]:
        """Yield a link for what is sure, and what is doubtful with its candidates."""
        if one.state == "resolved":
            yield self._to(one.targets[0], one.text)
            return
        yield nodes.inline("", one.text, classes=[f"exptdir-log-{one.state}"])
        if one.targets:
            candidates: list[nodes.Node] = [nodes.Text(" (? ")]
            for number, target in enumerate(one.targets[:_SHOWN]):
                candidates += [nodes.Text(", ")] * bool(number) + [self._to(target, target)]
            more = len(one.targets) - _SHOWN
            candidates.append(nodes.Text(f", {more} more)" if more > 0 else ")"))
            yield nodes.inline("", "", *candidates, classes=["exptdir-log-candidates"])

    def _to(self, target: str, text: str) -> nodes.Node:
        if target.startswith("@"):
            return nodes.reference("", text, refid=_entry_anchor(target), internal=True)
        anchor = run_anchor(target)
        if target not in self.headed and target not in self.noted:
            # A run that has no heading of its own is found where it is first told of.
            if not any(run.id == target for run in self.found.runs):
                return nodes.inline("", text)
            self.noted.add(target)
            place = nodes.inline("", text, classes=["exptdir-log-run"])
            self._anchor(place, anchor)
            return place
        return nodes.reference("", text, refid=anchor, internal=True)


def _entry_anchor(address: str) -> str:
    """Return the anchor of ``@2022-12-16`` or ``@2022-12-16.2``, as entries have it."""
    day, _, n = address.removeprefix("@").partition(".")
    return f"entry-{day}" + (f"-{n}" if n not in {"", "1"} else "")


def setup_logs(app: Sphinx) -> None:
    """Register the directive and the node of what is put away."""

    def open_html(visitor: Any, node: folded_part) -> None:
        visitor.body.append(visitor.starttag(node, "details", CLASS="exptdir-log-folded"))
        visitor.body.append(f"<summary>{visitor.encode(node['summary'])}</summary>\n")

    def close_html(visitor: Any, node: folded_part) -> None:
        visitor.body.append("</details>\n")

    def nothing(visitor: Any, node: folded_part) -> None:
        pass

    other = (nothing, nothing)
    html = (open_html, close_html)
    app.add_node(folded_part, html=html, latex=other, text=other, man=other, texinfo=other)
    add_unclaimed_directive(app, "expt-log", LogDirective)
