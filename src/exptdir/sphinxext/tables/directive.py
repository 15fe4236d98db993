"""The directive ``datatable``: a range of a spreadsheet as a table of the document; its options, names and tabs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.parsers.rst.states import RSTState
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from exptdir.errors import AssetError, EmptySheetError, TableError
from exptdir.record.files import collector_paused
from exptdir.sphinxext.assets import locate, note_missing, placeholder
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.language import _, said
from exptdir.sphinxext.tables.nodes import setup_table_nodes, table_box, table_node, table_number
from exptdir.sphinxext.tables.scripts import keep_rest, setup_table_scripts

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from exptdir.record.problem import Problem
    from exptdir.tables import Table, TableReader

#: The value of ``:sheet:`` that means every visible sheet.
ALL_SHEETS = "*"
_YES_NO = {"": True, "yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
#: What messages call a table whose cells stand in the document.
INLINE = "inline table"
_TITLES = "exptdir_table_titles"
#: Rows that a page shows of a table which has more than the limit: it is looked through with the browser's tools, not
#: by scrolling, and loads as fast as one without it.
_BEGINNING = 100
#: Columns that a page shows. A browser takes seconds for some thousands of columns, and does not end with more.
_COLUMNS = 250


def reader_of(env: BuildEnvironment) -> TableReader:
    """Return the reader of this build, made when it is first asked for."""
    domain = domain_of(env)
    if domain.table_reader is None:
        # Most builds read no spreadsheet.
        from exptdir.tables import TableReader

        domain.table_reader = TableReader()
    return domain.table_reader


def close_files(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Let go of the files when all documents are read."""
    domain_of(env).table_reader = None
    return []


def told_of(typed: str, problem: Problem) -> str:
    """Return what a page says of what is doubtful in a file."""
    return f"{typed}: {problem.message}" + (f" (line {problem.line} of the file)" if problem.line else "")


def _widths(argument: str) -> str | list[int]:
    value = argument.strip()
    return value if value in {"auto", "grid"} else list(directives.positive_int_list(argument))


def _yes_or_no(argument: str | None) -> bool:
    try:
        return _YES_NO[(argument or "").strip().lower()]
    except KeyError:
        raise ValueError("expected yes or no") from None


OPTIONS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("sheet", "range", "columns", "rows", "sort", "caption"), directives.unchanged_required),
    **dict.fromkeys(("delimiter", "encoding", "round", "format"), directives.unchanged_required),
    "decimal": partial(directives.choice, values=("comma", "point")),
    "limit": directives.nonnegative_int,
    "header-rows": directives.nonnegative_int,
    "header-columns": directives.nonnegative_int,
    "hidden": _yes_or_no,
    "download": _yes_or_no,
    "name": directives.unchanged,
    "class": directives.class_option,
    "align": partial(directives.choice, values=("left", "center", "right")),
    "widths": _widths,
}


def refined(table: Table, options: Mapping[str, Any]) -> Table:
    """Return what is left of a table when its directive has chosen among rows and columns and formatted them."""
    from exptdir.tables import apply_formats, select

    if chosen := {key: options[key] for key in ("columns", "rows", "sort", "limit") if key in options}:
        table = select(table, **chosen)
    if options.keys() & {"round", "format"}:
        table = apply_formats(table, round=options.get("round"), formats=options.get("format"))
    return table


def add_labels(app: Sphinx, document: nodes.document) -> None:
    """Give references to named tables without a caption their titles, once Sphinx has collected the captions."""
    titles: dict[str, str] = document.attributes.pop(_TITLES, {})
    standard = app.env.domains.standard_domain
    for name, title in titles.items():
        docname, anchor = standard.anonlabels.get(name, ("", ""))
        if docname == app.env.docname and name not in standard.labels:
            standard.labels[name] = docname, anchor, title


def shown_part(env: BuildEnvironment, table: Table, *, in_file: bool) -> tuple[Table, int, list[Node]]:
    """Return what a page shows of a table: its columns, the number of rows (0 for all), and the notes on the rest."""
    domain = domain_of(env)
    domain.tables.setdefault(env.docname, [])
    missing: list[Node] = []
    if table.n_columns > _COLUMNS:
        from exptdir.tables import select
        from exptdir.tables.ranges import column_letters

        letters = table.letters or tuple(column_letters(at + 1) for at in range(table.n_columns))
        text = _("The first %s of %s columns; choose others by “columns” or “range”.")
        shown = text % (_COLUMNS, f"{table.n_columns:,}")
        missing = [nodes.paragraph("", shown, classes=["exptdir-table-more"])]
        table = select(table, columns=f"{letters[0]}:{letters[_COLUMNS - 1]}")
    limit, body = domain.settings.table_limit, table.n_rows - table.header_rows
    limit = min(limit, _BEGINNING) if limit and body > limit else 0
    first, total = min(body, limit) if limit else body, body + table.omitted
    if first < total:
        some = _("The first %s of %s rows; the file has them all.") if in_file else _("The first %s of %s rows.")
        none = _("None of %s rows; the file has them all.") if in_file else _("None of %s rows.")
        text = some % (f"{first:,}", f"{total:,}") if first else none % f"{total:,}"
        missing.insert(0, nodes.paragraph("", text, classes=["exptdir-table-more"]))
    return table, limit, missing


class DatatableDirective(SphinxDirective):
    """``.. datatable:: results.xlsx``: shows a sheet, or a range of one, or without a file its content."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = dict(OPTIONS)

    def run(self) -> list[Node]:
        """Return the table with the file to download below it, or a placeholder that says why there is none."""
        typed = self.arguments[0].strip() if self.arguments else ""
        try:
            if not typed:
                from exptdir.tables import read_text

                if not self.content:
                    raise TableError("it names no file and has no content: write a file behind it, or cells below it")
                table = read_text(
                    "\n".join(self.content),
                    name=INLINE,
                    path=Path(self.env.doc2path(self.env.docname)),
                    **self._reading("header-rows", "header-columns", "delimiter", "decimal"),
                )
                table = refined(table, self.options)
                # MyST counts lines from the directive on, docutils from the top of the document.
                start = self.content_offset + (0 if isinstance(self.state, RSTState) else self.lineno)
                for problem in table.problems:
                    self._trouble(f"{INLINE}: {problem.message}", problem.line and start + problem.line)
                return [self._named(self._box(table, INLINE, caption=True), INLINE)]
            path = locate(self.env, typed, self.env.docname)
            self.env.note_dependency(str(path))
            # In a process as full as Sphinx's, a search for garbage among so many cells takes longest of all.
            with collector_paused():
                sheet, names = self.options.get("sheet", "").strip(), []
                if sheet == ALL_SHEETS:
                    names = reader_of(self.env).open(path).sheet_names(self.options.get("hidden", False))
                    sheet = next(iter(names), None)
                if len(names) > 1:
                    whole = self._tabs(path, typed, names)
                else:
                    whole = self._box(self._read(path, typed, sheet or None), typed, caption=True)
            if "range" not in self.options and self.options.get("sheet", ALL_SHEETS).strip() == ALL_SHEETS:
                for name in reader_of(self.env).open(path).charts:
                    note = _("The sheet “%s” is a chart, which is not shown") % name
                    whole += nodes.paragraph("", note, classes=["exptdir-table-note"])
            return [self._named(whole, path.name)]
        except AssetError as error:
            note_missing(domain_of(self.env), self.env.docname, typed, str(error), self.lineno)
            refused: nodes.Element = placeholder(typed, str(error))
        except TableError as error:
            refused = self._refused(typed or INLINE, error)
        # What the author writes of the table stays, with the references in it.
        return [self._named(refused, typed or INLINE), *(self.parse_content_to_nodes() if self.arguments else [])]

    def _reading(self, *names: str) -> dict[str, Any]:
        return {name.replace("-", "_"): self.options[name] for name in names if name in self.options}

    def _refused(self, typed: str, error: TableError) -> nodes.Element:
        self._trouble(f"{typed}: {error}")
        return placeholder(typed, str(error))

    def _trouble(self, message: str, line: int | None = None) -> None:
        domain_of(self.env).note_trouble(self.env.docname, "table", message, line or self.lineno)

    def _named(self, whole: nodes.Element, title: str) -> nodes.Element:
        """Give the name to the table, or to all where there is none, so that references find something."""
        if isinstance(whole, table_box):
            target: nodes.Element = next(whole.findall(nodes.table))
        else:
            target = whole
            captions = (part for part in whole.children if isinstance(part, nodes.paragraph))
            title = next((part.astext() for part in captions if "exptdir-tables-caption" in part["classes"]), title)
        self.set_source_info(target)
        self.add_name(target)
        for name in target["names"]:
            self.state.document.attributes.setdefault(_TITLES, {})[name] = title
        return whole

    def _tabs(self, path: Path, typed: str, names: Sequence[str]) -> nodes.Element:
        """Return all sheets as tabs, but for empty ones, of which many workbooks have some."""
        from sphinx_design.shared import create_component

        # What sphinx-design's directive ``tab-set`` makes of such content.
        tabs = create_component("tab-set", classes=["sd-tab-set", "exptdir-table-tabs"])
        for name in names:
            try:
                content = self._box(self._read(path, typed, name), typed, caption=False)
            except EmptySheetError:
                continue
            except TableError as error:
                content = self._refused(typed, error)
            item = create_component("tab-item", classes=["sd-tab-item"], selected=not tabs.children)
            # A name of a sheet is no prose: its quotes stay as they are.
            item += nodes.rubric(name, name, classes=["sd-tab-label"], support_smartquotes=False)
            item += create_component("tab-content", classes=["sd-tab-content"], children=[content])
            tabs += item
        if not tabs.children:
            raise TableError("all its sheets are empty: no cell holds anything")
        whole = nodes.container("", classes=["exptdir-tables"])
        title, below = self._caption()
        if title:
            whole += nodes.paragraph("", "", *title, classes=["exptdir-tables-caption"])
        whole += [tabs, *below]
        return whole

    def _read(self, path: Path, typed: str, sheet: str | None) -> Table:
        table = reader_of(self.env).read(
            path,
            sheet=sheet,
            cells=self.options.get("range"),
            **self._reading("header-rows", "header-columns", "hidden", "delimiter", "encoding", "decimal"),
        )
        table = refined(table, self.options)
        for problem in table.problems:
            self._trouble(told_of(typed, problem))
        return table

    def _box(self, table: Table, typed: str, *, caption: bool) -> nodes.Element:
        """Return the table and what stands below it."""
        table, limit, missing = shown_part(self.env, table, in_file=typed != INLINE)
        node = table_node(table, self._widths(table, typed), limit)
        node["classes"] += self.options.get("class", [])
        if "align" in self.options:
            node["align"] = self.options["align"]
        self.set_source_info(node)
        title, below = self._caption() if caption else ([], [])
        if title:
            caption_node = nodes.title("", "", *title)
            self.set_source_info(caption_node)
            node.insert(0, caption_node)
        box = table_box("", node, classes=["exptdir-table"])
        key = keep_rest(self.env, table, limit)
        if key is not None:
            box["rest"] = key, table.n_rows - table.header_rows
        box += missing
        box += [nodes.paragraph("", note, classes=["exptdir-table-note"]) for note in map(said, table.notes)]
        box += below
        if typed != INLINE:
            name: Node = nodes.literal("", table.path.name)
            if self.options.get("download", True):
                name = addnodes.download_reference("", "", name, reftarget=typed)
                self.set_source_info(name)
            sheet = [nodes.Text(f" · {table.sheet}")] if table.sheet else []
            box += nodes.paragraph("", "", name, *sheet, classes=["exptdir-table-source"])
        return box

    def _widths(self, table: Table, typed: str) -> str | list[int]:
        widths: str | list[int] = self.options.get("widths", "auto")
        if not isinstance(widths, list) or len(widths) == table.n_columns:
            return widths
        self._trouble(f"{typed}: {len(widths)} widths are given for {table.n_columns} columns; none of them counts")
        return "auto"

    def _caption(self) -> tuple[list[Node], list[Node]]:
        """Return the caption with its number, and what stands below the table.

        The caption is the option, or else the first paragraph of the content, unless that is the table.
        """
        content = self.parse_content_to_nodes() if self.arguments else []
        title: list[Node] = []
        if "caption" in self.options:
            title, messages = self.parse_inline(self.options["caption"])
            content += messages
        elif content and isinstance(content[0], nodes.paragraph):
            title = list(content.pop(0).children)
        if title:
            domain = domain_of(self.env)
            number = domain.captions[self.env.docname] = domain.captions.get(self.env.docname, 0) + 1
            title = [table_number(number=number), *title]
        return title, content


def setup_tables(app: Sphinx) -> None:
    """Register the directive and what its tables need."""
    app.add_directive("datatable", DatatableDirective)
    app.connect("env-updated", close_files)
    app.connect("doctree-read", add_labels, priority=100)
    setup_table_nodes(app)
    setup_table_scripts(app)
