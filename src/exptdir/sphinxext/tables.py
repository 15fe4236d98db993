"""The directive ``datatable``: a range of a spreadsheet as a table of the document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from exptdir.errors import AssetError, TableError
from exptdir.sphinxext.assets import locate, note_missing, placeholder
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.placeholders import Placeholder

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx

    from exptdir.tables import Cell, Table

DATATABLE = "exptdir-datatable"
#: Columns are at most this many times as wide as the narrowest, by their longest text.
_WIDEST = 40


def _align(argument: str) -> str:
    return str(directives.choice(argument, ("left", "center", "right")))


def _widths(argument: str) -> str | list[int]:
    value = argument.strip()
    return value if value in {"auto", "grid"} else list(directives.positive_int_list(argument))


class DatatableDirective(SphinxDirective):
    """``.. datatable:: results.xlsx``: shows a sheet, or a range of one; the content is the caption."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "sheet": directives.unchanged_required,
        "range": directives.unchanged_required,
        "header-rows": directives.nonnegative_int,
        "name": directives.unchanged,
        "class": directives.class_option,
        "align": _align,
        "widths": _widths,
    }

    def run(self) -> list[Node]:
        """Return the table with the file to download below it, or a placeholder that says why there is none."""
        typed = self.arguments[0].strip()
        docname, domain = self.env.docname, domain_of(self.env)
        try:
            path = locate(self.env, typed, docname)
        except AssetError as error:
            note_missing(domain, docname, typed, str(error), self.lineno)
            return [self._located(placeholder(typed, str(error)))]
        self.env.note_dependency(str(path))
        # Most builds read no spreadsheet.
        from exptdir.tables import read_table

        try:
            table = read_table(
                path,
                sheet=self.options.get("sheet"),
                cells=self.options.get("range"),
                header_rows=self.options.get("header-rows"),
            )
        except TableError as error:
            domain.note_trouble(docname, "table", f"{typed}: {error}", self.lineno)
            return [self._located(placeholder(typed, str(error)))]
        for problem in table.problems:
            where = f" (line {problem.line} of the file)" if problem.line else ""
            domain.note_trouble(docname, "table", f"{typed}: {problem.message}{where}", self.lineno)
        return [self._container(table, typed)]

    def _located(self, node: nodes.Element) -> nodes.Element:
        self.set_source_info(node)
        self.add_name(node)
        return node

    def _container(self, table: Table, typed: str) -> nodes.Element:
        node = table_node(table, self._widths(table, typed))
        node["classes"] += self.options.get("class", [])
        if "align" in self.options:
            node["align"] = self.options["align"]
        self._located(node)
        below: list[Node] = []
        if self.content:
            below = self._caption(node)
        download = addnodes.download_reference("", "", nodes.literal("", table.path.name), reftarget=typed)
        self.set_source_info(download)
        source = nodes.paragraph("", "", download, classes=["exptdir-table-source"])
        if table.sheet:
            source += nodes.Text(f" · {table.sheet}")
        return nodes.container("", node, *below, source, classes=["exptdir-table"])

    def _widths(self, table: Table, typed: str) -> str | list[int]:
        widths: str | list[int] = self.options.get("widths", "auto")
        if not isinstance(widths, list) or len(widths) == table.n_columns:
            return widths
        message = f"{typed}: {len(widths)} widths are given for {table.n_columns} columns; none of them counts"
        domain_of(self.env).note_trouble(self.env.docname, "table", message, self.lineno)
        return "auto"

    def _caption(self, table: nodes.table) -> list[Node]:
        """Make the first paragraph of the content the title; return what follows it."""
        content = self.parse_content_to_nodes()
        first = content[0] if content else None
        if isinstance(first, nodes.paragraph):
            del content[0]
            title = nodes.title(first.rawsource, "", *first.children)
            title.source, title.line = first.source, first.line
            domain = domain_of(self.env)
            number = domain.captions.get(self.env.docname, 0) + 1
            domain.captions[self.env.docname] = number
            title.insert(0, table_number(number=number))
            table.insert(0, title)
        return content


def table_node(table: Table, widths: str | list[int] = "auto") -> nodes.table:
    """Make a docutils table, which every builder can show.

    Parameters
    ----------
    table
        The cells.
    widths
        ``auto`` leaves them to the browser; a list gives the relative widths of all columns.
    """
    node = nodes.table(classes=[DATATABLE])
    if widths == "auto":
        node["classes"].append("colwidths-auto")
    # Cells show what the spreadsheet shows, quotes and double hyphens included.
    group = nodes.tgroup(cols=table.n_columns, support_smartquotes=False)
    given = widths if isinstance(widths, list) else _natural_widths(table)
    if isinstance(widths, list):
        node["classes"].append("colwidths-given")
    for column, width in enumerate(given):
        group += nodes.colspec(colwidth=width, stub=int(column < table.header_columns))
    head, body = table.rows[: table.header_rows], table.rows[table.header_rows :]
    if head:
        group += nodes.thead("", *(_row(row, _numeric_columns(table)) for row in head))
    group += nodes.tbody("", *map(_row, body))
    node += group
    return node


def _natural_widths(table: Table) -> list[int]:
    longest = [1] * table.n_columns
    for row in table.rows:
        for column, cell in enumerate(row):
            longest[column] = max(longest[column], min(len(cell.text), _WIDEST))
    return longest


def _numeric_columns(table: Table) -> frozenset[int]:
    """Return the columns with numbers below their heading, which so is aligned as they are."""
    kinds = [{cell.kind for cell in column} for column in zip(*table.rows[table.header_rows :], strict=True)]
    return frozenset(at for at, found in enumerate(kinds) if found - {"empty"} == {"number"})


def _row(cells: tuple[Cell, ...], numeric: frozenset[int] = frozenset()) -> nodes.row:
    row = nodes.row()
    for column, cell in enumerate(cells):
        if not cell.covered:
            entry = _entry(cell)
            if column in numeric and cell.kind == "text" and cell.colspan == 1:
                entry["classes"].append("exptdir-number")
            row += entry
    return row


def _entry(cell: Cell) -> nodes.entry:
    entry = nodes.entry(classes=[f"exptdir-{cell.kind}"] if cell.kind != "text" else [])
    if cell.look.align:
        entry["classes"].append(f"text-{cell.look.align}")
    if cell.rowspan > 1:
        entry["morerows"] = cell.rowspan - 1
    if cell.colspan > 1:
        entry["morecols"] = cell.colspan - 1
    if "\n" in cell.text:
        lines = (nodes.line("", "", *_inline(cell, line)) for line in cell.text.split("\n"))
        entry += nodes.line_block("", *lines)
    elif cell.text:
        entry += nodes.paragraph("", "", *_inline(cell, cell.text))
    return entry


def _inline(cell: Cell, text: str) -> list[nodes.Node]:
    node: nodes.Node = nodes.Text(text)
    if cell.look.italic:
        node = nodes.emphasis("", "", node)
    if cell.look.bold:
        node = nodes.strong("", "", node)
    if cell.href:
        node = nodes.reference("", "", node, refuri=cell.href, internal=False)
    return [node]


class table_number(Placeholder):
    """Stands in front of a caption: "Table 2", counted within the page."""

    def content(self, domain: ExptDomain) -> list[nodes.Node]:
        """Return the number, unless the builder or the author's ``numfig`` gives one."""
        if domain.env.config.numfig or domain.builder.format == "latex":
            return []
        return [nodes.inline("", f"Table {self['number']} ", classes=["caption-number"])]


def setup_tables(app: Sphinx) -> None:
    """Register the directive and the numbering."""
    app.add_directive("datatable", DatatableDirective)
    app.add_node(table_number)
