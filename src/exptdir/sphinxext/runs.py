"""Runs on pages: tables of what differs, two runs side by side, who goes back to whom, and what nobody tells of."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from exptdir.errors import AssetError, TableError
from exptdir.record.facts_values import ANY_FORM
from exptdir.record.files import collector_paused
from exptdir.record.home import OUTPUT
from exptdir.sphinxext.assets import check_bounds, locate, note_missing, placeholder, written_path
from exptdir.sphinxext.dependencies import note
from exptdir.sphinxext.doctree import add_unclaimed_directive, all_nodes
from exptdir.sphinxext.domain import domain_of, run_anchor
from exptdir.sphinxext.language import _, counted, said
from exptdir.sphinxext.protocol import fold
from exptdir.sphinxext.store import Run as ListedRun
from exptdir.sphinxext.tables.directive import INLINE, OPTIONS, DatatableDirective, refined
from exptdir.sphinxext.tables.nodes import packed_rows, table_box
from exptdir.sphinxext.tables.packed_table import Extra

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from exptdir.record.problem import Problem
    from exptdir.runs import ConfigurationFiles, Descendant, Run, Runs
    from exptdir.tables import Cell, Table

#: What has been read, and been reported, for a page.
_CACHE, _REPORTED = "exptdir_runs", "exptdir_runs_reported"
#: On a table of runs: their ids, by row.
_ROWS = "exptdir_runs"
#: Characters of a line of a key.
_WIDE_KEY = 20
#: Problems of files that are told one by one; the rest is counted.
_TOLD = 20


class run_name(nodes.inline):
    """The id of a run in the attribute ``run``; a link where the page tells of it."""


def named_run(name: str, **attributes: Any) -> run_name:
    """Make the id of a run, in which two dashes are two dashes."""
    return run_name(name, name, run=name, support_smartquotes=False, **attributes)


class RunSources(SphinxDirective):
    """What the directives about runs share: where the runs of the page are written down."""

    SOURCES: ClassVar[dict[str, Any]] = {
        "config": directives.unchanged_required,
        "log": directives.unchanged_required,
    }

    def trouble(self, message: str) -> None:
        """Remember what is wrong, for the report."""
        domain_of(self.env).note_trouble(self.env.docname, "run", message, self.lineno)

    def runs(self) -> Runs:
        """Return the runs of the page's experiment, read once for all its directives that look in the same places.

        Raises AssetError when a directory or a log is not there, or none is named and the page is no experiment's.
        """
        # Most pages have no runs.
        from exptdir.logs.runs import Sources, read_runs, sources_of

        env, domain = self.env, domain_of(self.env)
        experiment = domain.record.around(env.docname)
        page, base = Path(env.doc2path(env.docname)), Path(env.srcdir)
        typed = [name.strip() for name in self.options.get("config", "").split(",") if name.strip()]
        logs = [name.strip() for name in self.options.get("log", "").split(",") if name.strip()]
        key = (tuple(typed), tuple(logs))
        known: dict[Any, Runs] = env.temp_data.setdefault(_CACHE, {})  # type: ignore[assignment]
        if key in known:
            return known[key]
        own = experiment is not None and experiment.docname == env.docname
        found = sources_of(page, base, experiment.form if experiment and own else ANY_FORM)
        if logs:
            found = found._replace(logs=tuple((locate(env, name, env.docname), ANY_FORM) for name in logs))
        elif experiment is None:
            found = found._replace(logs=())
        if typed:
            found = found._replace(roots=tuple(self._directory(name) for name in typed))
        elif experiment is None:
            if not logs:
                raise AssetError("no “config” says where the runs are, and the page is no experiment's")
            found = found._replace(roots=())
        # Nor is anything looked for in what was built, where the page's directory holds that, too.
        others = {base / key for key in domain.record.experiments} - {page.parent}
        others |= {base / OUTPUT, Path(domain.builder.outdir), Path(env.doctreedir)}
        with collector_paused():
            runs, files = read_runs(
                Sources(*found),
                base=base,
                apart=others.__contains__,
                with_json=bool(typed) or found.roots != (page.parent,),
                begun=experiment.begun if experiment else None,
                order=domain.settings.date_order,
            )
        self.note_files(files, found.roots)
        known[key] = runs
        return runs

    def note_files(self, files: ConfigurationFiles, roots: Iterable[Path] = ()) -> None:
        """Note all that was read and looked for among what the page depends on, and what was wrong with it."""
        env, base = self.env, self.env.srcdir
        for path in files.asked:
            if path.is_file():
                env.note_dependency(str(path))
        note(env, env.docname, [("file", os.path.relpath(path, base)) for path in files.asked])
        note(env, env.docname, [("names", os.path.relpath(path, base)) for path in (*files.listed, *roots)])
        told: list[Problem] = env.temp_data.setdefault(_REPORTED, [])  # type: ignore[assignment]
        problems = [problem for problem in files.problems if problem not in told]
        told += problems
        for problem in problems[:_TOLD]:
            where = os.path.relpath(problem.path, base) if problem.path else ""
            self.trouble(f"{where}{f', line {problem.line}' if problem.line else ''}: {problem.message}")
        if len(problems) > _TOLD:
            self.trouble(f"{len(problems) - _TOLD} more files of runs cannot be read")

    def _directory(self, typed: str) -> Path:
        path = written_path(self.env, typed, self.env.docname)
        check_bounds(self.env, typed, path)
        if not os.path.isdir(path):
            raise AssetError(f"there is no directory {typed!r} of runs")
        return Path(path)

    def chosen(self, runs: Runs, text: str) -> list[Run]:
        """Return the runs that a text names; what names none is told."""
        found, troubles = runs.choose(" ".join(text.split()))
        for message in troubles:
            self.trouble(message)
        return found

    def one(self, runs: Runs, name: str) -> Run:
        """Return the one run of a name.

        Raises AssetError when there is none, or more than one.
        """
        found, troubles = runs.choose(name)
        if troubles or len(found) != 1:
            raise AssetError("; ".join(troubles) or f"{name!r} is {len(found)} runs: name one")
        return found[0]

    def refused(self, what: str, error: Exception) -> list[nodes.Node]:
        """Say on the page, and in the report, why nothing is shown."""
        if self.options.get("config") and isinstance(error, AssetError) and "directory" in str(error):
            note_missing(domain_of(self.env), self.env.docname, self.options["config"], str(error), self.lineno)
        else:
            self.trouble(str(error))
        return [placeholder(what, str(error))]


def folded_key(key: str) -> str:
    """Return a dotted key in lines that are not wider than its parts demand; a name with a blank in it is none."""
    if " " in key or "/" in key:
        return key
    lines = [""]
    for part in key.replace(".", ".\n").split("\n"):
        if lines[-1] and len(lines[-1]) + len(part) > _WIDE_KEY:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


class RunTable(RunSources, DatatableDirective):
    """A table of runs, which can be sorted and filtered like any other."""

    optional_arguments = 0
    has_content = False

    def table(self, table: Table, runs: Iterable[Run] = (), ids: Sequence[str] = ()) -> list[nodes.Node]:
        """Return a table of runs as nodes; words of its own are translated, names of settings and results are not."""
        from exptdir.runs.comparison import TITLES

        chosen = refined(table, self.options)
        names = {name for run in runs for name in (*run.configuration, *run.metrics)}

        def titled(cell: Cell) -> Cell:
            own = cell.text.endswith("(baseline)") or (cell.text in TITLES and cell.text not in names)
            return cell._replace(text=said(cell.text) if own else folded_key(cell.text))

        rows = (tuple(map(titled, chosen.rows[0])), *((titled(row[0]), *row[1:]) for row in chosen.rows[1:]))
        box = self._box(replace(chosen, rows=rows), INLINE, caption=True)
        if ids:
            box["classes"].append("exptdir-runs")
        box[_ROWS] = ["", *ids] if not self.options.keys() & {"rows", "sort", "columns"} else []
        # The cells of these show how they begin.
        long = [
            (f"{row[0].text}, {title.text}", cell.value)
            for row in chosen.rows[1:]
            for title, cell in zip(chosen.rows[0], row, strict=True)
            if cell.text.endswith(" …") and isinstance(cell.value, str) and len(cell.value) > len(cell.text)
        ]
        whole = fold("", label=str(_("Long values, whole")))
        for name, value in long:
            whole += nodes.paragraph("", "", nodes.strong(name, name))
            whole += nodes.literal_block(value, value, language="none")
        return [self._named(box, "runs"), *([whole] if long else [])]


class RunsDirective(RunTable):
    """``.. expt-runs::``: the runs of an experiment, with the settings in which they differ and what came of them."""

    option_spec: ClassVar[dict[str, Any]] = {
        **RunSources.SOURCES,
        "runs": directives.unchanged,
        "baseline": directives.unchanged_required,
        "keys": directives.unchanged_required,
        "orphans": directives.flag,
        **{name: OPTIONS[name] for name in ("rows", "columns", "sort", "limit", "round", "format")},
        **{name: OPTIONS[name] for name in ("caption", "name", "class", "align", "widths")},
    }

    def run(self) -> list[nodes.Node]:
        """Return the table, or the list of orphans."""
        from exptdir.runs import run_table, settings_of

        try:
            runs = self.runs()
            if "orphans" in self.options:
                return orphan_list(runs)
            chosen = self.chosen(runs, self.options.get("runs", ""))
            baseline = self.one(runs, self.options["baseline"]) if "baseline" in self.options else None
            if baseline is not None and all(run.id != baseline.id for run in chosen):
                chosen.insert(0, baseline)
            if not chosen:
                raise AssetError("there are no runs")
            keys = None
            if "keys" in self.options:
                wanted = [key.strip() for key in self.options["keys"].split(",")]
                keys = settings_of(chosen, every=wanted == ["all"], patterns=() if wanted == ["all"] else wanted)
                if not keys:
                    self.trouble(f"no setting of these runs is called {self.options['keys']!r}")
            table = run_table(chosen, baseline, keys, domain_of(self.env).settings.repository_url)
            notes = [_("Marked: not as in %s.") % baseline.id] if baseline is not None else []
            return self.table(replace(table, notes=(*notes, *_notes_of(chosen))), chosen, [run.id for run in chosen])
        except (AssetError, TableError) as error:
            return self.refused("expt-runs", error)


class DiffDirective(RunTable):
    """``.. expt-diff:: 13-1 11``: two runs side by side."""

    required_arguments = 2
    optional_arguments = 0
    final_argument_whitespace = False
    option_spec: ClassVar[dict[str, Any]] = {
        **RunSources.SOURCES,
        "all": directives.flag,
        **{name: OPTIONS[name] for name in ("caption", "name", "class", "align", "widths")},
    }

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        from exptdir.runs import diff_table, settings_of

        try:
            runs = self.runs()
            one, other = (self.one(runs, name) for name in self.arguments)
            every = "all" in self.options
            table = diff_table(one, other, every=every, repository=domain_of(self.env).settings.repository_url)
            alike = len(settings_of((one, other), every=True)) - len(settings_of((one, other)))
            same = counted("%d setting is the same.", "%d settings are the same.", alike)
            notes = [] if every or not alike else [same]
            return self.table(replace(table, notes=(*notes, *_notes_of((one, other)))), (one, other))
        except (AssetError, TableError) as error:
            return self.refused("expt-diff", error)


class LineageDirective(RunSources):
    """``.. expt-lineage::``: which run goes back to which, as a tree."""

    option_spec: ClassVar[dict[str, Any]] = {**RunSources.SOURCES, "runs": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Return the tree as a list of lists."""
        from exptdir.runs import lineage

        try:
            runs = self.runs()
            only = self.chosen(runs, self.options["runs"]) if self.options.get("runs") else None
            roots = lineage(runs, only)
            if not roots:
                return [nodes.paragraph("", _("No run goes back to another one."))]
            return [nodes.container("", _branches(roots), classes=["exptdir-lineage"])]
        except AssetError as error:
            return self.refused("expt-lineage", error)


def _branches(branches: list[Descendant]) -> nodes.bullet_list:
    made = nodes.bullet_list(bullet="*")
    for one in branches:
        line = nodes.paragraph("", "", named_run(one.name, classes=["exptdir-run-name"]))
        says = [said(one.how) if one.how != "checkpoint" else "", *map(said, one.changed)]
        says += [_("also %s") % f"{said(parent.how)} {parent.run}" for parent in one.others]
        if one.run is None:
            says.append(_("not among the runs"))
        text = "; ".join(filter(None, says))
        if text:
            line += nodes.inline("", f"  {text}", classes=["exptdir-run-changed"], support_smartquotes=False)
        item = nodes.list_item("", line)
        if one.children:
            item += _branches(one.children)
        made += item
    return made


def orphan_list(runs: Runs) -> list[nodes.Node]:
    """Return the runs that are told of in one place alone, as lists."""
    from exptdir.runs import orphans

    found = orphans(runs)
    made: list[nodes.Node] = []
    for title, some in (
        (_("Not mentioned in the log"), found.unmentioned),
        (_("Mentioned, but without files"), found.missing),
    ):
        if some:
            made.append(nodes.paragraph("", f"{title} ({len(some)}):"))
            items = (nodes.paragraph("", "", named_run(run.id)) for run in some)
            made.append(nodes.bullet_list("", *(nodes.list_item("", item) for item in items), bullet="*"))
    made = made or [nodes.paragraph("", _("Every run has files, and the log mentions it."))]
    return [nodes.container("", *made, classes=["exptdir-orphans"])]


def _notes_of(runs: Iterable[Run]) -> list[str]:
    """Return what readers should know of how runs were read, each sentence once, with the runs that it is about."""
    from exptdir.runs.model import join_names

    found: dict[str, list[str]] = {}
    for run in runs:
        for sentence in dict.fromkeys(run.notes):
            found.setdefault(sentence, []).append(run.id)
    return [f"{join_names(ids, 4)}: {said(sentence)}." for sentence, ids in found.items()]


def link_runs(app: Sphinx, doctree: nodes.document) -> None:
    """Link runs in tables and lists to where the page tells of them; those that it only lists get an address there."""
    env = app.env
    domain = domain_of(env)
    runs = domain.runs.get(env.docname, [])
    anchors = {run.name: run.anchor for run in runs}
    new: dict[str, str] = {}
    for node in all_nodes(doctree):
        if isinstance(node, table_box) and node.get(_ROWS):
            ids = node[_ROWS]
            del node[_ROWS]
            table = next(node.findall(nodes.table))
            packed = next(node.findall(packed_rows))["packed"]
            for at, name in enumerate(ids[: len(packed.texts)]):
                if name in anchors:
                    packed.extras[at, 0] = Extra(f"#{anchors[name]}", ())
                elif name and name not in new:
                    anchor = run_anchor(name)
                    if anchor not in doctree.ids:
                        doctree.ids[anchor] = table
                        table["ids"].append(anchor)
                    new[name] = anchor
        elif isinstance(node, run_name) and node["run"] in anchors:
            link = nodes.reference("", "", *node.children, refid=anchors[node["run"]], classes=node["classes"])
            link["support_smartquotes"] = False
            node.replace_self(link)
    if new and domain.record.around(env.docname) is not None:
        domain.runs.setdefault(env.docname, []).extend(
            ListedRun(name, anchor, listed=True) for name, anchor in new.items()
        )


def setup_runs(app: Sphinx) -> None:
    """Register the directives, and connect to the end of reading a document."""

    def visit(visitor: Any, node: run_name) -> None:
        visitor.visit_inline(node)

    def depart(visitor: Any, node: run_name) -> None:
        visitor.depart_inline(node)

    pair = (visit, depart)
    app.add_node(run_name, html=pair, latex=pair, text=pair, man=pair, texinfo=pair)
    add_unclaimed_directive(app, "expt-runs", RunsDirective)
    add_unclaimed_directive(app, "expt-diff", DiffDirective)
    add_unclaimed_directive(app, "expt-lineage", LineageDirective)
    # Before runs are left out that a builder does not show.
    app.connect("doctree-read", link_runs, priority=550)
