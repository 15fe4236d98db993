"""``.. expt-log:: notes.txt``: a log in another form, shown as a part of the experiment's page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from exptdir.errors import AssetError
from exptdir.record.files import collector_paused
from exptdir.record.scan import LEADS_OUT, leads_out
from exptdir.sphinxext.assets import locate, note_missing, placeholder, written_path
from exptdir.sphinxext.dependencies import note
from exptdir.sphinxext.doctree import add_unclaimed_directive, all_nodes
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.language import counted
from exptdir.sphinxext.logs.long import WAYS, LongLog, contents, setup_long_logs, split_logs
from exptdir.sphinxext.protocol import fold

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class LogDirective(SphinxDirective):
    """Shows a log; its entries and runs become those of the experiment."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {
        "format": directives.unchanged_required,
        "runs": directives.unchanged_required,
        "fold": lambda typed: directives.choice(typed, ("yes", "no")),
        "split": lambda typed: directives.choice(typed, WAYS),
    }

    def run(self) -> list[nodes.Node]:
        """Return the blocks of the log as nodes."""
        # Heavy, and on few pages.
        from exptdir.logs import LogError, read_log
        from exptdir.sphinxext.logs.blocks import LogNodes

        typed = self.arguments[0].strip()
        domain = domain_of(self.env)
        try:
            path = locate(self.env, typed, self.env.docname)
            if leads_out(path, Path(self.env.srcdir)):
                raise AssetError(LEADS_OUT)
            self.env.note_dependency(str(path))
            experiment = domain.record.around(self.env.docname)
            itself = path.samefile(self.env.doc2path(self.env.docname))
            runs, docname = self._runs(), self.env.docname
            folded = self.options["fold"] == "yes" if "fold" in self.options else None
            line = 0 if itself else self.lineno
            logs = split_logs(self.env)
            split = logs.get(docname) or next(
                (log for log in logs.values() if (log.page, log.path) == (docname, path)), None
            )
            with collector_paused():
                if split is not None:
                    return self._split(split, line, runs, folded)
                found = read_log(
                    path,
                    self.options.get("format", "").strip(),
                    runs=runs,
                    begun=experiment.begun if experiment else None,
                    order=domain.settings.date_order,
                )
                if (way := self.options.get("split", "none")) != "none":
                    message = f"{typed} is not split by {way}: it has no two parts, or the page is not an experiment's"
                    domain.note_trouble(docname, "log", message, line or 1)
                return LogNodes(self.env, self.state, found, path, typed, line, runs).content(found.blocks, folded)
        except (AssetError, LogError) as error:
            note_missing(domain, self.env.docname, typed, str(error), self.lineno)
            return [placeholder(typed, str(error))]

    def _split(self, log: LongLog, line: int, runs: dict[str, list[str]], folded: bool | None) -> list[nodes.Node]:
        """Return what a part holds, or on the log's own page what stands before the parts, and the list of these."""
        from exptdir.sphinxext.logs.blocks import LogNodes

        docname = self.env.docname
        found, parts = log.split()
        own = docname == log.page
        part = log.part(docname)
        blocks = parts.head if own else part.blocks if part is not None else []
        typed, elsewhere = self.arguments[0].strip(), log.elsewhere(docname)
        shown = LogNodes(self.env, self.state, found, log.path, typed, line if own else log.line, runs, elsewhere)
        made = shown.content(blocks, folded, part=not own)
        if own:
            domain_of(self.env).long_logs.setdefault(docname, {})[str(log.path)] = log.key, log.names
            made += contents(log)
        else:
            # By the facts in it the log is read.
            facts = log.page_path.with_name("expt.toml")
            note(self.env, docname, [("file", os.path.relpath(facts, self.env.srcdir))])
        return made

    def _runs(self) -> dict[str, list[str]]:
        """Name the run directories and configurations of ``:runs:`` with their files; the page depends on them."""
        typed = self.options.get("runs", "").strip()
        if not typed:
            return {}
        from exptdir.logs.files import run_files

        directory = Path(written_path(self.env, typed, self.env.docname))
        if not directory.is_dir():
            raise AssetError(f"there is no directory {typed!r} of runs")
        found = run_files(directory)
        inside = os.path.relpath(directory, self.env.srcdir)
        # Sphinx takes a directory among the dependencies for a file that is gone.
        patterns = [f"{inside}/*", *(f"{inside}/{name}/*" for name in found)]
        note(self.env, self.env.docname, [("pattern", pattern) for pattern in patterns])
        return {name: [f"{typed.rstrip('/')}/{file}" for file in files] for name, files in found.items()}


class FoldParts(SphinxPostTransform):
    """Folds the parts of a long log away below their titles; links into them, searches and printers open them."""

    # When tables of contents and references are made, for which sections must stand in sections.
    default_priority = 700
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Put what follows the title of each part into a fold."""
        sections = [node for node in all_nodes(self.document) if isinstance(node, nodes.section)]
        for section in [section for section in sections if section.get("exptdir_part")]:
            inside = section.children[1:]
            words = sum(len(node.astext().splitlines()) for node in inside)
            label = counted("%d line", "%d lines", words)
            if inside:
                section[1:] = [fold("", *inside, label=label, classes=["exptdir-log-part"])]


def setup_logs(app: Sphinx) -> None:
    """Register the directive, and what folds the parts of long logs."""
    add_unclaimed_directive(app, "expt-log", LogDirective)
    app.add_post_transform(FoldParts)
    setup_long_logs(app)
