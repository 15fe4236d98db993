"""``.. expt-curves::``: the scalars of runs, drawn by the figure engine; and the numbers that one would read off them.

What is to be drawn is written among the doctrees while documents are read, and drawn when all are, by a script of our
own in the processes of the plot scripts. Both are named by what is in them, so that nothing is drawn twice, and every
builder finds it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import as_completed
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform

from exptdir.errors import AssetError, TableError
from exptdir.figures.model import Job, dark_path, interpreter
from exptdir.record.files import read_or_none, write_if_changed
from exptdir.record.problem import Problem
from exptdir.record.settings import memory_size
from exptdir.sphinxext.assets import BEING_DRAWN, placeholder
from exptdir.sphinxext.dependencies import note
from exptdir.sphinxext.doctree import add_unclaimed_directive, all_nodes
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.figures.notes import DARK_BUILDERS, LIGHT_ONLY
from exptdir.sphinxext.language import _
from exptdir.sphinxext.pages import copies
from exptdir.sphinxext.runs import RunSources, RunTable
from exptdir.sphinxext.warnings_ import warn_problem

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: Below the doctrees.
_KEPT = "exptdir-curves"
#: The plot script; it is run, not imported.
_SCRIPT = Path(__file__).parents[1] / "runs" / "curve_figure.py"
#: Emitted before curves are drawn; who answers with a runner and a function has them drawn beside the build, if that
#: takes long, and is told of the figures.
EVENT = "exptdir-curves"
#: So many seconds it waits.
PATIENCE = 1.0
#: The smoothing with which TensorBoard begins.
_WEIGHT = 0.6


class curves(nodes.General, nodes.Element):
    """A figure of curves: the ``key`` under which it is kept, the ``metric``, and the text ``alt``."""


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
        from exptdir.runs.curves import choose_curves, curve_data, curve_table

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
                data = json.dumps(curve_data(metric, drawn, weight))
                key = hashlib.sha256(data.encode()).hexdigest()[:20]
                write_if_changed(Path(self.env.doctreedir, _KEPT, f"{key}.json"), data.encode())
                names = ", ".join(dict.fromkeys(curve.run for curve in drawn))
                smoothed = ", " + _("smoothed by %s") % f"{weight:g}" if weight else ""
                caption = f"{metric}{smoothed}"
                image = curves(key=key, metric=metric, alt=_("%s by step, of %s") % (metric, names))
                figure = nodes.figure(
                    "", image, nodes.caption(caption, caption, support_smartquotes=False), classes=["exptdir-curves"]
                )
                self.set_source_info(image)
                self.set_source_info(figure)
                made.append(figure)
            return made if "no-table" in self.options else [*made, *self.table(curve_table(figures, weight))]
        except (AssetError, TableError) as error:
            return self.refused("expt-curves", error)


class CurveFigures:
    """The figures of curves that an application shows: drawn once all documents are read, or why they are not."""

    def __init__(self, app: Sphinx) -> None:
        self._app = app
        self.directory = Path(app.doctreedir, _KEPT)
        #: Why a figure is not there, by its name without what it ends with.
        self.why: dict[str, str] = {}
        self._look = ""
        self._thread: Thread | None = None

    def stem(self, key: str) -> Path:
        """Return the file of a figure without what it ends with; it is named by how it looks, too."""
        return self.directory / f"{key}-{self._look}"

    def forms(self) -> list[str]:
        """Return the ends of the files that the builder shows."""
        builder = self._app.builder
        if not builder.supported_image_types:
            return []
        if builder.format == "latex":
            return [".pdf"]
        two = builder.name in DARK_BUILDERS and self._app.config.html_theme not in LIGHT_ONLY
        return [".svg", ".dark.svg"] if two else [".svg"]

    def shown(self, docname: str) -> list[tuple[str, str]]:
        """Return what the page of a document shows of its figures: what they are called, and why one is not there."""
        stems = [self.stem(key).name for key, *_rest in domain_of(self._app.env).curves.get(docname, ())]
        return [(stem, self.why.get(stem, "")) for stem in stems]

    def note(self, app: Sphinx, doctree: nodes.document) -> None:
        """Note the figures of a document, and have it read again if somebody deletes what they are drawn from."""
        env = app.env
        found = [(node["key"], node["metric"], node.line) for node in all_nodes(doctree) if isinstance(node, curves)]
        if found:
            domain_of(env).curves[env.docname] = found
            kept = [("file", os.path.relpath(self.directory / f"{key}.json", env.srcdir)) for key, *_rest in found]
            note(env, env.docname, kept)
            if self._look:
                # The preview may write this page before all others are read.
                self._offer(env, env.docname)

    def _offer(self, env: BuildEnvironment, docname: str) -> None:
        for key, *_rest in domain_of(env).curves[docname]:
            for form in self.forms():
                env.images.add_file(docname, f"{self.stem(key)}{form}")

    def _looks(self, python: str, style: str) -> str:
        """Digest what a figure's look depends on beside its data: the script, the style, what draws."""
        try:
            drawn_by = os.path.relpath(python, self._app.srcdir) if python else version("matplotlib")
        except PackageNotFoundError:
            drawn_by = ""
        files = (_SCRIPT, style, style and dark_path(style))
        made_of = [drawn_by, os.path.basename(style), *(read_or_none(path) if path else b"" for path in files)]
        return hashlib.sha256(repr(made_of).encode()).hexdigest()[:8]

    def update(self, app: Sphinx, env: BuildEnvironment) -> None:
        """Draw what is not there, if scripts may be run at all; say what could not be drawn."""
        domain = domain_of(env)
        settings, every = domain.settings, sorted(domain.curves.items())
        if not every:
            return
        python = interpreter(str(app.srcdir), settings.python)
        style = str(settings.plot_style or "")
        if (file := Path(app.srcdir, style)).is_file():
            style = str(file)
        self._look = self._looks(python, style)
        jobs: dict[str, Job] = {}
        for docname, key in ((docname, key) for docname, some in every for key, *_rest in some):
            self._offer(env, docname)
            stem, forms = self.stem(key), self.forms()
            figures = [f"{stem}{form}" for form in forms]
            if all(map(os.path.isfile, figures)):
                self.why.pop(stem.name, None)
            elif settings.figures == "never":
                self.why[stem.name] = "exptdir_figures is “never”"
            elif stem.name not in self.why:
                jobs[stem.name] = Job(
                    base=str(self.directory),
                    script=str(_SCRIPT),
                    cwd=str(self.directory),
                    scratch=str(self.directory / "run" / stem.name),
                    args=(key, f"{stem.name}{forms[0]}", *([] if style else ["plain"])),
                    timeout=float(settings.figure_timeout),
                    memory=memory_size(settings.figure_memory),
                    style=style or None,
                    dark=len(forms) > 1,
                    outputs=tuple(figures),
                    python=python,
                )
        if jobs:
            runner, tell = app.emit_firstresult(EVENT) or (None, None)
            self.why.update(dict.fromkeys(jobs, BEING_DRAWN))
            if tell is None:
                self._draw(jobs, settings.figure_jobs, runner, lambda figures: None)
            else:
                self._thread = Thread(
                    None, self._draw, "exptdir-curves", (jobs, settings.figure_jobs, runner, tell), daemon=True
                )
                self._thread.start()
        if self._thread is not None:
            self._thread.join(PATIENCE)
        for docname, key, metric, line in ((name, *one) for name, some in every for one in some):
            why = self.why.get(self.stem(key).name, BEING_DRAWN)
            if why != BEING_DRAWN:
                message = f"the curves of {metric} cannot be drawn: {why}"
                warn_problem(Problem("figure", message, Path(env.doc2path(docname)), line))

    def _draw(self, jobs: dict[str, Job], count: int, runner: Any, tell: Callable[[tuple[str, ...]], None]) -> None:
        """Draw, and note how it ended."""
        # Most builds draw nothing.
        from exptdir.figures.run.runner import LocalExecutor, run_job

        with LocalExecutor(count or None, runner=runner) as executor:
            futures = {executor.submit(run_job, job): name for name, job in jobs.items()}
            for future in as_completed(futures):
                outcome = future.result()
                if outcome.status == "ok":
                    self.why.pop(futures[future], None)
                else:
                    self.why[futures[future]] = outcome.traceback.strip().rpartition("\n")[2] or outcome.status
        shutil.rmtree(self.directory / "run", ignore_errors=True)
        tell(tuple(figure for job in jobs.values() for figure in job.outputs))

    def forget(self, app: Sphinx, exception: Exception | None) -> None:
        """Delete the figures that no document shows any more."""
        if exception is None:
            keys = {key for some in domain_of(app.env).curves.values() for key, *_rest in some}
            for path in self.directory.glob("*.*"):
                key, _, look = path.name.partition(".")[0].partition("-")
                if key not in keys or look not in {"", self._look}:
                    path.unlink(missing_ok=True)


class ShowCurves(SphinxPostTransform):
    """Puts images in place of figures of curves: light and dark, where pages have both."""

    # Before Sphinx's image converters.
    default_priority = 90

    def run(self, **kwargs: Any) -> None:
        """Look at every figure of curves."""
        figures = domain_of(self.env).curve_figures
        forms = figures.forms()
        # The last class keeps pydata from putting a white ground behind it.
        schemes = (["exptdir-light"], ["exptdir-dark", "dark-light"]) if len(forms) > 1 else ([],)
        for node in [node for node in all_nodes(self.document) if isinstance(node, curves)]:
            stem = figures.stem(node["key"])
            uris = [f"{stem}{form}" for form in forms]
            if all(map(os.path.isfile, uris)):
                images: list[nodes.Element] = [
                    nodes.image("", uri=uri, candidates={"*": uri}, alt=node["alt"], classes=classes)
                    for uri, classes in zip(uris or [""], schemes, strict=True)
                ]
            else:
                images = [placeholder(node["metric"], figures.why.get(stem.name, BEING_DRAWN))]
            node.parent.replace(node, images)


def add_styles(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Give pages with curves the style sheet that shows one of two images."""
    found = domain_of(app.env).curves
    here = pagename in found or copies(domain_of(app.env), pagename, doctree, nodes.image)
    if found if app.builder.name == "singlehtml" else here:
        app.add_css_file("exptdir-figures.css")


def setup_curves(app: Sphinx) -> None:
    """Register the directive, the node and what shows it."""
    app.add_node(curves)
    app.add_post_transform(ShowCurves)
    add_unclaimed_directive(app, "expt-curves", CurvesDirective)
    app.add_event(EVENT)

    def begin(app: Sphinx) -> None:
        figures = domain_of(app.env).curve_figures = CurveFigures(app)
        app.connect("doctree-read", figures.note)
        # Before pages are compared.
        app.connect("env-updated", figures.update, priority=600)
        app.connect("build-finished", figures.forget)

    app.connect("builder-inited", begin)
    app.connect("html-page-context", add_styles)
