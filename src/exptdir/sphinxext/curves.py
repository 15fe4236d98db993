"""``.. expt-curves::``: the scalars of runs, drawn while building; and the numbers that one would read off them.

Figures are kept among the doctrees, named by what they show, so that none is drawn twice and every builder finds them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform

from exptdir.errors import AssetError, TableError
from exptdir.record.files import write_if_changed
from exptdir.sphinxext.dependencies import note
from exptdir.sphinxext.doctree import add_unclaimed_directive, all_nodes
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.figures.notes import DARK_BUILDERS, LIGHT_ONLY
from exptdir.sphinxext.runs import RunSources, RunTable

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: Below the doctrees.
_KEPT = "exptdir-curves"
#: What is drawn: for pages, for dark ones, and for books.
_FORMS = (".svg", ".dark.svg", ".pdf")
#: The smoothing with which TensorBoard begins.
_WEIGHT = 0.6


class curves(nodes.General, nodes.Element):
    """A figure of curves: the ``key`` under which it is kept, and the text ``alt``."""


def _weight(argument: str) -> float:
    value = float(argument)
    if not 0 <= value < 1:
        raise ValueError("expected a number from 0 to below 1")
    return value


class CurvesDirective(RunTable):
    """Draws a figure a metric, with train and validation of all chosen runs, and makes the table of their values."""

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {
        **RunSources.SOURCES,
        "runs": directives.unchanged,
        "smooth": _weight,
        "no-table": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return the figures and the table."""
        # Heavy, and on few pages.
        from exptdir.runs import ConfigurationFiles, read_series
        from exptdir.runs.curves import choose_curves, curve_table, draw_curves, fingerprint

        weight = self.options.get("smooth", _WEIGHT)
        patterns = [name.strip() for name in " ".join(self.arguments).split(",") if name.strip()]
        files = ConfigurationFiles()
        try:
            runs = self.runs()
            chosen = [run for run in self.chosen(runs, self.options.get("runs", "")) if run.directory is not None]
            scalars = [(run, read_series(run.directory, files)) for run in chosen if run.directory is not None]
            self.note_files(files)
            figures = choose_curves(scalars, patterns)
            for pattern in patterns:
                if not choose_curves(scalars, [pattern]):
                    self.trouble(f"no scalar of these runs is called {pattern!r}")
            if not figures:
                raise AssetError("these runs have no scalars: no metrics.csv, *.jsonl or event file")
            made: list[nodes.Node] = []
            for metric, drawn in figures.items():
                key = fingerprint(drawn, weight)
                for form in _FORMS:
                    path = _kept(self.env.doctreedir, key, form)
                    if not path.is_file():
                        dark = form == ".dark.svg"
                        write_if_changed(path, draw_curves(metric, drawn, weight, form.rpartition(".")[2], dark=dark))
                names = ", ".join(dict.fromkeys(curve.run for curve in drawn))
                caption = f"{metric}{f', smoothed by {weight:g}' if weight else ''}"
                image = curves(key=key, alt=f"{metric} by step, of {names}")
                figure = nodes.figure("", image, nodes.caption(caption, caption), classes=["exptdir-curves"])
                self.set_source_info(figure)
                made.append(figure)
            return made if "no-table" in self.options else [*made, *self.table(curve_table(figures, weight))]
        except (AssetError, TableError) as error:
            return self.refused("expt-curves", error)


def _kept(doctreedir: str | os.PathLike[str], key: str, form: str) -> Path:
    return Path(doctreedir, _KEPT, f"{key}{form}")


def note_curves(app: Sphinx, doctree: nodes.document) -> None:
    """Have the figures of a document copied, and the document read again if somebody deletes them."""
    env = app.env
    keys = [node["key"] for node in all_nodes(doctree) if isinstance(node, curves)]
    if keys:
        domain_of(env).curves[env.docname] = keys
    for path in (_kept(env.doctreedir, key, form) for key in keys for form in _FORMS):
        env.images.add_file(env.docname, str(path))
        note(env, env.docname, [("file", os.path.relpath(path, env.srcdir))])


class ShowCurves(SphinxPostTransform):
    """Puts images in place of figures of curves: light and dark, where pages have both."""

    # Before Sphinx's image converters.
    default_priority = 90

    def run(self, **kwargs: Any) -> None:
        """Look at every figure of curves."""
        builder = domain_of(self.env).builder
        two = builder.name in DARK_BUILDERS and self.config.html_theme not in LIGHT_ONLY
        # The last class keeps pydata from putting a white ground behind it.
        forms = {".svg": ["exptdir-light"], ".dark.svg": ["exptdir-dark", "dark-light"]} if two else {".svg": []}
        if builder.format == "latex":
            forms = {".pdf": []}
        for node in [node for node in all_nodes(self.document) if isinstance(node, curves)]:
            images = []
            for form, classes in forms.items():
                uri = str(_kept(self.env.doctreedir, node["key"], form))
                images.append(nodes.image("", uri=uri, candidates={"*": uri}, alt=node["alt"], classes=classes))
            node.parent.replace(node, images)


def add_styles(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Give pages with curves the style sheet that shows one of two images."""
    found = domain_of(app.env).curves
    if found if app.builder.name == "singlehtml" else pagename in found:
        app.add_css_file("exptdir-figures.css")


def forget_curves(app: Sphinx, exception: Exception | None) -> None:
    """Delete the figures that no document shows any more."""
    if exception is None:
        keys = {key for some in domain_of(app.env).curves.values() for key in some}
        for path in Path(app.env.doctreedir, _KEPT).glob("*"):
            if path.name.partition(".")[0] not in keys:
                path.unlink(missing_ok=True)


def setup_curves(app: Sphinx) -> None:
    """Register the directive, the node and what shows it."""
    app.add_node(curves)
    app.add_post_transform(ShowCurves)
    add_unclaimed_directive(app, "expt-curves", CurvesDirective)
    app.connect("doctree-read", note_curves)
    app.connect("html-page-context", add_styles)
    app.connect("build-finished", forget_curves)
