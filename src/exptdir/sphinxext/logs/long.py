"""Long logs on several pages: which there are, known before Sphinx reads, and the list of them on the log's own page.

The pages are documents like any other, of which the project tells Sphinx, though there are no such files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

from exptdir.record.facts_values import LONG, LogForm, Way
from exptdir.record.files import collector_paused, lasting, stamp
from exptdir.record.files import read_log as read_page
from exptdir.record.markup.blocks import read_blocks
from exptdir.record.model import Experiment
from exptdir.record.scan import leads_out
from exptdir.record.walk import OTHER_FORMS
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.language import counted

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from exptdir.logs import LogDocument
    from exptdir.logs.parts import Part, Parts

WAYS = tuple(way for way in get_args(Way) if way)
_TEXTS = OTHER_FORMS | {".md", ".rst"}


class elsewhere_link(nodes.Inline, nodes.TextElement):
    """A link to a run or an entry of the same log, *target*, on another page, *docname*."""


def entry_anchor(address: str) -> str:
    """Return the anchor of ``@2022-12-16`` or ``@2022-12-16.2``, as entries have it."""
    day, _, n = address.removeprefix("@").partition(".")
    return f"entry-{day}" + (f"-{n}" if n not in {"", "1"} else "")


@dataclass
class LongLog:
    """A log in parts.

    Parameters
    ----------
    page, line
        The document that shows it, and where; 0 where it is the page itself.
    path, form
        The log, and how it is to be read, by the day on which the experiment *begun* and the *order* of numeric dates.
    key
        What it was split by, as it was then; without one, nobody can tell whether that has changed.
    names
        Those of its parts, in order.
    """

    page: str
    line: int
    path: Path
    form: LogForm
    base: Path
    page_path: Path
    begun: date | None
    order: str
    key: object = None
    names: tuple[str, ...] = ()
    read: tuple[LogDocument, Parts] | None = None

    def split(self) -> tuple[LogDocument, Parts]:
        """Return the log and its parts, which are read once."""
        from exptdir.logs import read_log
        from exptdir.logs.files import run_files
        from exptdir.logs.parts import split_log

        if self.read is None:
            typed = self.form.runs
            runs = (
                run_files(self.base / typed[1:] if typed[:1] == "/" else self.page_path.parent / typed) if typed else ()
            )
            with collector_paused():
                found = read_log(self.path, self.form.format, runs=runs, begun=self.begun, order=self.order)
                self.read = found, split_log(found, cast("Way", self.form.split))
        return self.read

    def docname(self, name: str) -> str:
        """Return the document of a part, which lies where the page does: so what the log names is found from there."""
        return f"{self.page.rpartition('/')[0]}/{self.path.stem}-{name}".lstrip("/") if name else self.page

    def part(self, docname: str) -> Part | None:
        """Return the part that a document shows; ``None`` where the log has changed since documents were looked for."""
        return next((part for part in self.split()[1].parts if self.docname(part.name) == docname), None)

    def elsewhere(self, docname: str) -> dict[str, str]:
        """Return the documents of the runs and entries that are on other pages than that one."""
        places = {target: self.docname(name) for target, name in self.split()[1].places.items()}
        return {target: place for target, place in places.items() if place != docname}


def split_logs(env: BuildEnvironment) -> dict[str, LongLog]:
    """Return the logs that are split, by the documents of their parts."""
    found: dict[str, LongLog] = getattr(env.project, "parts", {})
    return found


def find_long_logs(
    domain: ExptDomain, experiments: Iterable[Experiment], docnames: set[str], order: str
) -> list[LongLog]:
    """Find the logs that are to be split, on the pages among some documents.

    A log that is not the page itself is looked for where there is a file beside the page that may be one.
    """
    found = []
    for experiment in experiments:
        if experiment.docname not in docnames:
            continue
        for line, path, form in _shown(domain, experiment):
            if form.split not in {"", *WAYS} - {"none"} or not path.is_file():
                continue
            if not form.split and path.stat().st_size <= LONG:
                continue
            # Before it is read: what changes meanwhile is read again next time.
            key = (lasting(stamp(path)), form, experiment.begun, order)
            base = Path(domain.env.srcdir)
            log = LongLog(experiment.docname, line, path, form, base, experiment.log, experiment.begun, order, key)
            known = domain.long_logs.get(experiment.docname, {}).get(str(path))
            if known is not None and key[0] and known[0] == key:
                log.names = known[1]
            else:
                from exptdir.logs import LogError

                try:
                    log.names = tuple(part.name for part in log.split()[1].parts)
                except LogError:
                    continue
            # A page of the author's own stays what it is, and a log that is shown twice is not split twice.
            if log.names and docnames.isdisjoint(map(log.docname, log.names)):
                docnames |= {log.docname(name) for name in log.names}
                found.append(log)
    return found


def _shown(domain: ExptDomain, experiment: Experiment) -> Iterator[tuple[int, Path, LogForm]]:
    """Yield the logs that an experiment's page shows: line, path and form of each."""
    log, base = experiment.log, Path(domain.env.srcdir)
    if not experiment.is_page:
        yield 0, log, experiment.form
        return
    names = domain.scanner.listing(os.fspath(log.parent)).files
    beside = any(os.path.splitext(name)[1] in _TEXTS and name != log.name for name in names)
    text = read_page(log) if beside else ""
    blocks = read_blocks(text if "expt-log" in text else "", markdown=log.suffix == ".md")
    for directive in blocks.directives:
        if directive.name == "expt-log":
            typed = blocks.argument(directive)
            options = {name: " ".join(blocks.text[start:end].split()) for name, start, end in directive.options}
            path = Path(os.path.normpath(base / typed[1:] if typed[:1] == "/" else log.parent / typed))
            if path.is_relative_to(base) and path != log and not leads_out(path, base):
                form = LogForm(*(options.get(name, "") for name in LogForm._fields))
                yield directive.line, path, form


def markup(log: LongLog, docname: str, markdown: bool) -> str:
    """Return what stands for a part of a log: a title, and the directive."""
    part = log.part(docname)
    title = f"{log.path.name}: {part.title}" if part is not None else log.path.name
    options = [f":{name}: {value}" for name, value in log.form._asdict().items() if value]
    return log_markup(title, f"/{log.path.relative_to(log.base).as_posix()}", options, markdown)


def log_markup(title: str, typed: str, options: list[str], markdown: bool) -> str:
    """Return the text of a page with a title that shows a log."""
    if markdown:
        escaped = "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#$" else sign for sign in title)
        return "\n".join((f"# {escaped}", "", f"```{{expt-log}} {typed}", *options, "```", ""))
    escaped = "".join(f"\\{sign}" if sign in "\\`*_|" else sign for sign in title)
    lines = (f"   {option}" for option in options)
    return "\n".join((escaped, "=" * (2 * len(escaped) + 1), "", f".. expt-log:: {typed}", *lines, ""))


def contents(log: LongLog) -> list[nodes.Node]:
    """Return the list of a log's parts with what is in each, and the table of contents that makes them follow it."""
    items = nodes.bullet_list(classes=["exptdir-log-parts"])
    for part in log.split()[1].parts:
        link = addnodes.pending_xref("", refdomain="std", reftype="doc", refexplicit=True, refwarn=True)
        link.update_all_atts({"refdoc": log.page, "reftarget": f"/{log.docname(part.name)}"})
        link += nodes.inline("", part.title)
        counts = [
            " – ".join(dict.fromkeys(day.isoformat() for day in part.days)),
            counted("%d entry", "%d entries", part.entries) if part.entries else "",
            counted("%d run", "%d runs", part.runs) if part.runs else "",
            counted("%d line", "%d lines", part.lines),
        ]
        told = nodes.inline("", " " + " · ".join(filter(None, counts)), classes=["exptdir-muted"])
        items += nodes.list_item("", nodes.paragraph("", "", link, told))
    toctree = addnodes.toctree("", parent=log.page, glob=False, caption=None, rawcaption="", numbered=0)
    toctree.update_all_atts({"maxdepth": 1, "titlesonly": True, "hidden": True, "includehidden": False})
    toctree["includefiles"] = [log.docname(name) for name in log.names]
    toctree["entries"] = [(None, name) for name in toctree["includefiles"]]
    return [items, nodes.compound("", toctree, classes=["toctree-wrapper"])]


class ElsewhereLinks(SphinxPostTransform):
    """Makes links of what leads to another part of the same log."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        """Replace each by a reference from this page."""
        domain = domain_of(self.env)
        anchors = domain.once(
            "run anchors",
            lambda: {(docname, run.name): run.anchor for docname, runs in domain.runs.items() for run in runs},
        )
        for node in list(self.document.findall(elsewhere_link)):
            docname, target = node["docname"], node["target"]
            anchor = entry_anchor(target) if target.startswith("@") else anchors.get((docname, target), "")
            content = nodes.inline("", node.astext())
            node.replace_self(make_refnode(domain.builder, self.env.docname, docname, anchor, content))


def without_source(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Offer the source of a long log on its own page alone: each part would have a copy of the whole."""
    if pagename in domain_of(app.env).page_of:
        context["sourcename"] = ""


def setup_long_logs(app: Sphinx) -> None:
    """Register the links between parts, and connect to pages."""
    app.add_node(elsewhere_link)
    app.add_post_transform(ElsewhereLinks)
    app.connect("html-page-context", without_source)
