"""What a page says below a figure: the script that drew it, what that read, and what is wrong with it."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from docutils import nodes

from exptdir.record.files import MAX_SHOWN, read_or_none, shown_text
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.language import _, said
from exptdir.sphinxext.pages import Placeholder
from exptdir.sphinxext.store import ShownFigure

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from exptdir.figures.update import FigureReport, ScriptReport
    from exptdir.sphinxext.domain import ExptDomain


@dataclass(frozen=True)
class Input:
    """A file that a script reads: its path from the source directory and from the script, and whether a copy is
    offered; *owner* is document and label of the experiment that it belongs to, where that is another.
    """

    path: str
    name: str
    offered: bool
    owner: tuple[str, str] | None = None


@dataclass(frozen=True)
class Origin:
    """What is known of one figure."""

    #: What draws it; the script is relative to the source directory.
    script: str
    language: str
    args: tuple[str, ...] = ()
    #: Digest of the script, so that pages are compared without reading it again.
    digest: str = ""
    #: Where on the page the script is shown, and where another figure of the page has shown it already.
    anchor: str = ""
    shown_at: str = ""
    offered: bool = False
    #: Whether all this is shown, or only what is wrong.
    explained: bool = False
    #: Whether it was there before us, so that the script is a guess.
    adopted: bool = False
    #: The day of its last change, as git has it.
    changed: str = ""
    #: The first of the files that it was drawn from, and how many more there are.
    inputs: tuple[Input, ...] = ()
    more_inputs: int = 0
    #: Sentences about the inputs.
    notes: tuple[str, ...] = ()
    #: What is wrong with the figure, in a sentence; empty if nothing is.
    mark: str = ""
    #: The traceback.
    fault: str = ""
    missing: bool = False


#: So many inputs are named one by one.
_MAX_INPUTS = 30
#: Where an object lies in memory is another each time.
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
#: Where on this machine a file of a traceback lies: below what is installed, or anywhere.
_INSTALLED = re.compile(r'(File ")(?:/|[A-Za-z]:\\)[^"\n]*/(?:site-packages|dist-packages|python3[^/"\n]*)/')
_ELSEWHERE = re.compile(r'(File ")(?:/|[A-Za-z]:\\)[^"\n]*[/\\](?=[^/\\"\n]+")')


def origins_of(domain: ExptDomain, docname: str) -> list[Origin | None]:
    """Return what is known of each figure that a document shows, in its order, by the report of this build."""
    origins, report = domain.figure_state.origins, domain.figure_state.report
    if docname in origins:
        return origins[docname]
    found: list[Origin | None] = []
    shown: dict[str, str] = {}
    for figure in domain.figures.get(docname, ()):
        drawn = next((report.figures[path] for path in figure.paths if path in report.figures), None)
        script = report.scripts.get(drawn.script or "") if drawn is not None else None
        if script is None and figure.missing:
            # One that failed beside it should perhaps have drawn it.
            owner = domain.record.around(figure.paths[0])
            beside = (one for _, one in sorted(report.scripts.items()) if owner and one.script.experiment == owner.key)
            script = next((one for one in beside if one.failure and not one.figures), None)
        origin = _Describer(domain, script, drawn).origin(figure) if script is not None else None
        if origin is not None and origin.explained:
            # A page shows each script once.
            mark = hashlib.sha256(origin.script.encode()).hexdigest()[:6]
            anchor = f"script-{nodes.make_id(posixpath.basename(origin.script))}-{mark}"
            origin = replace(origin, shown_at=shown.get(origin.script, ""), anchor=anchor)
            shown[origin.script] = anchor
        found.append(origin)
    origins[docname] = found
    return found


class _Describer:
    """Says what is known of a figure, by what is known of its script."""

    def __init__(self, domain: ExptDomain, report: ScriptReport, figure: FigureReport | None) -> None:
        self.domain = domain
        self.report = report
        self.figure = figure
        self.base = os.path.realpath(domain.env.srcdir)
        self.state = figure.state if figure is not None else report.verdict.state

    def origin(self, shown: ShownFigure) -> Origin:
        script, failure = self.report.script, self.report.failure
        if script.key in self.domain.figure_state.drawing:
            failure = None
        # What other programs say of their failure is among what they print.
        printed = failure.output if failure is not None and script.language != "python" else ""
        # The end of that is in the traceback already.
        parts = [failure.traceback.removesuffix(printed[-2000:].strip()) if failure is not None else "", printed]
        # Of a figure that nobody saw made, such as a photo, a script that may have nothing to do with it says nothing.
        sure = self.figure is None or self.figure.sure
        plain = Origin(
            script=script.path,
            language=script.language,
            mark=self._mark(shown) if sure or shown.missing else "",
            fault=self._portable("\n".join(part.strip("\n") for part in parts if part.strip())),
            missing=shown.missing,
        )
        if not (shown.explained and self.domain.settings.figure_provenance) or shown.missing or not sure:
            return plain
        paths = [*self.report.inputs, *self.report.modules]
        days, notes = self.domain.figure_state.history.days, []
        if self.state == "adopted":
            text = _(
                "It was there before its script was first looked at. Until the script draws it, every data file of the "
                "experiment counts as read."
            )
            notes.append(text)
        elif self.report.unseen:
            notes.append(_("What it reads is not fully known (%s).") % ", ".join(self.report.unseen))
        return replace(
            plain,
            args=script.args,
            digest=hashlib.sha256(read_or_none(Path(self.base, script.path)) or b"").hexdigest(),
            offered=self._offered(script.path),
            explained=True,
            adopted=self.figure is not None and self.state == "adopted",
            changed=next((days[path][1] for path in shown.paths if path in days), ""),
            inputs=tuple(map(self._input, paths[:_MAX_INPUTS])),
            more_inputs=max(0, len(paths) - _MAX_INPUTS),
            notes=tuple(notes),
        )

    def _mark(self, shown: ShownFigure) -> str:
        if self.report.script.key in self.domain.figure_state.drawing:
            return _("This figure is being drawn.")
        failure = self.report.failure
        if failure is not None:
            state = _("This figure could not be drawn") if shown.missing else _("This figure is out of date")
            end = "" if failure.message.endswith((".", "!", "?")) else "."
            return self._portable(f"{state}: {said(failure.message)}{end}")
        every = self.figure.reasons if self.figure is not None else self.report.verdict.reasons
        reasons = "; ".join(map(said, every))
        if shown.missing:
            return _("This figure has not been drawn yet.")
        if self.state in {"stale", "never run"}:
            return self._portable(f"{_('This figure is out of date')}: {reasons}.")
        if self.state == "edited":
            return _(
                "This figure was changed after its script drew it, and stays: the script would draw something else."
            )
        if self.state != "unknown":
            return ""
        # In a clone, data often are a link to a place that this machine does not have.
        why = next((said(reason) for reason in every if reason.endswith("leads nowhere")), "")
        # What is outside the record does not count: a page is to be the same wherever it is built.
        gone = self.report.verdict.lost
        if gone and not why:
            more = " " + _("and %d more") % (len(gone) - 5) if len(gone) > 5 else ""
            why = _("not here: %s") % (", ".join(map(self._name, gone[:5])) + more)
        return f"{_('Whether this figure is up to date cannot be told')}: {why}." if why else ""

    def _portable(self, text: str) -> str:
        """Take out of a text what differs between machines and between runs."""
        for directory in {self.base, str(self.domain.env.srcdir), os.path.dirname(sys.executable)}:
            text = text.replace(directory + os.sep, "")
        # Of what is installed, packages tell enough, and of what lies anywhere else, the name.
        text = _ADDRESS.sub("0x…", _ELSEWHERE.sub(r"\1", _INSTALLED.sub(r"\1", text)))
        home = os.path.expanduser("~").rstrip(os.sep)
        return text.replace(home + os.sep, "~" + os.sep) if home else text

    def _name(self, path: str) -> str:
        return posixpath.relpath(path, self.report.script.folder)

    def _input(self, path: str) -> Input:
        owner = self.domain.record.around(path)
        other = owner is not None and owner.key != self.report.script.experiment
        linked = (owner.docname, self.domain.shown(owner)) if other and owner is not None else None
        return Input(path, self._name(path), self._offered(path), linked)

    def _offered(self, path: str) -> bool:
        """Say whether a copy may be put into the site.

        Never of what is hidden or lies outside the record; nor of what git does not keep, which may be a secret; nor,
        without git, of what lies elsewhere than in the experiment itself. Of a link, that counts to which it leads.
        """
        real = os.path.realpath(os.path.join(self.base, path))
        inside = Path(os.path.relpath(real, self.base)).as_posix()
        if any(part.startswith(".") for part in (*path.split("/"), *inside.split("/"))):
            return False
        tracked = self.domain.figure_state.history.tracked
        owner = self.domain.record.around(inside) if tracked is None else None
        own = owner is not None and owner.key == self.report.script.experiment
        if inside not in tracked if tracked is not None else not own:
            return False
        try:
            return os.path.isfile(real) and os.path.getsize(real) <= MAX_SHOWN
        except OSError:
            return False


class figure_origin(Placeholder):
    """Holds the place below a figure; what goes there is known when all scripts have run.

    *docname* and *number* say which figure it is.
    """

    written_late = True

    def origin(self, domain: ExptDomain) -> Origin | None:
        """Return what is known of the figure, ``None`` where no script draws it."""
        found = origins_of(domain, self["docname"])
        return found[self["number"]] if self["number"] < len(found) else None

    def content(self, domain: ExptDomain) -> list[nodes.Node]:
        """Return what builders show that fold nothing away: what is wrong, if anything is."""
        origin = self.origin(domain)
        if origin is None or not origin.mark:
            return []
        shown: list[nodes.Node] = [nodes.paragraph("", origin.mark, classes=["exptdir-figure-mark"])]
        if origin.fault and origin.missing:
            shown.append(nodes.literal_block(origin.fault, origin.fault, language="none"))
        return shown


class _Writer:
    """Writes what is known of one figure as HTML."""

    def __init__(self, visitor: Any, origin: Origin, docname: str) -> None:
        self.visitor = visitor
        self.origin = origin
        self.docname = docname
        self.domain = domain_of(visitor.builder.env)

    def write(self) -> None:
        origin = self.origin
        if origin.mark:
            self._line(self._text(origin.mark), "exptdir-figure-mark")
        if origin.fault:
            self._open("exptdir-figure-fault", _("What went wrong"))
            self._put(f"<pre>{self._text(origin.fault)}</pre>\n</details>\n")
        if not origin.explained:
            return
        drawn = _("Probably drawn by %s") if origin.adopted else _("Drawn by %s")
        name, day = posixpath.basename(origin.script), self._text(origin.changed)
        changed = f'<span class="exptdir-muted">, {self._text(_("last changed on %s") % day)}</span>' if day else ""
        self._open("exptdir-figure-origin", f"{self._text(drawn) % self._code(name)}{changed}")
        if origin.args:
            self._line(self._text(_("Run as %s.")) % self._code(shlex.join((name, *origin.args))))
        if origin.inputs:
            self._line(self._text(_("Drawn from:")))
            self._put(self.visitor.starttag(nodes.bullet_list(), "ul", CLASS="simple"))
            items = [self._download(item.path, item.name, item.offered) + self._owner(item) for item in origin.inputs]
            items += [self._text(_("and %d more") % origin.more_inputs)] if origin.more_inputs else []
            self._put("".join(f"<li><p>{item}</p></li>\n" for item in items) + "</ul>\n")
        for note in origin.notes:
            self._line(self._text(note), "exptdir-muted")
        if origin.shown_at:
            above = f'<a class="reference internal" href="#{origin.shown_at}">{self._text(_("above"))}</a>'
            self._line(self._text(_("The script is shown %s.")) % above)
        else:
            start = self.visitor.starttag(nodes.paragraph(ids=[origin.anchor]), "p", "")
            self._put(f"{start}{self._download(origin.script, name, origin.offered)}:</p>\n{self._listing()}")
        self._put("</details>\n")

    def _listing(self) -> str:
        """Return the text of the script, highlighted; nothing where there is none to be shown."""
        text = shown_text(Path(self.domain.env.srcdir, self.origin.script))
        if text is None:
            return ""
        # The highlighter calls the languages of scripts as we do.
        language = self.origin.language
        highlighted = self.visitor.highlighter.highlight_block(text, language, force=True)
        start = self.visitor.starttag(nodes.literal_block(), "div", "", CLASS=f"highlight-{language} notranslate")
        return f"{start}{highlighted}</div>\n"

    def _put(self, html: str) -> None:
        self.visitor.body.append(html)

    def _text(self, text: str) -> str:
        return str(self.visitor.encode(text))

    def _code(self, text: str) -> str:
        return f'<code class="docutils literal notranslate">{self._text(text)}</code>'

    def _open(self, name: str, summary: str) -> None:
        start = self.visitor.starttag(nodes.container(), "details", "", CLASS=f"exptdir-fold {name}")
        self._put(f"{start}<summary>{summary}</summary>\n")

    def _line(self, html: str, name: str = "") -> None:
        start = self.visitor.starttag(nodes.paragraph(classes=[name] if name else []), "p", "")
        self._put(f"{start}{html}</p>\n")

    def _owner(self, item: Input) -> str:
        """Link the experiment whose file it is, where that is another."""
        if item.owner is None:
            return ""
        docname, label = item.owner
        address = self.visitor.builder.get_relative_uri(self.docname, docname)
        start = self.visitor.starttag(nodes.reference(), "a", "", CLASS="reference internal exptdir-ref", href=address)
        return " " + self._text(_("of %s")) % f"{start}{self._text(label)}</a>"

    def _download(self, path: str, name: str, offered: bool) -> str:
        known = self.domain.figure_state.downloads.get(path) if offered else None
        if known is None:
            return self._code(name)
        address = posixpath.join(self.visitor.builder.dlpath, quote(known))
        attributes = {"CLASS": "reference download internal", "href": address, "download": ""}
        return f"{self.visitor.starttag(nodes.reference(), 'a', '', **attributes)}{self._code(name)}</a>"


def _visit_html(visitor: Any, node: figure_origin) -> None:
    origin = node.origin(domain_of(visitor.builder.env))
    if origin is not None:
        _Writer(visitor, origin, node["docname"]).write()
    raise nodes.SkipNode


def setup_figure_origin(app: Sphinx) -> None:
    """Register the placeholder."""
    app.add_node(figure_origin, html=(_visit_html, None))
