"""Logs in other forms as documents: a directory with ``notes.txt`` alone is an experiment, and its page is that log.

Sphinx calls files with some suffixes documents. Among those with ours only the logs are, which the scan knows; the
class of Sphinx's that finds documents has a method to say so. What is then read is a line of markup that shows the log.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sphinx.parsers import RSTParser
from sphinx.project import Project
from sphinx.util._pathlib import _StrPath

from exptdir.record.facts_values import ANY_FORM
from exptdir.record.walk import OTHER_FORMS, is_utf8
from exptdir.sphinxext.config import settings_of
from exptdir.sphinxext.domain import DOMAIN_READY, ExptDomain, domain_of
from exptdir.sphinxext.logs.long import LongLog, find_long_logs, log_markup, markup, split_logs
from exptdir.sphinxext.record import OTHER_LOG

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment


class LogParser(RSTParser):
    """Parses the markup that stands for a log."""

    supported: ClassVar[tuple[str, ...]] = (OTHER_LOG,)


class LogPath(_StrPath):
    """The path of a log, which Sphinx reads whatever it is written in: other markup is put in the place of its text."""

    def read_text(self, encoding: str | None = None, errors: str | None = None, *others: Any) -> str:
        """Read the text, with marks for what is not in that encoding."""
        return super().read_text(encoding, errors or "replace", *others)


class RecordProject(Project):
    """The documents of a record: those that Sphinx finds, of the files with our suffixes the logs, and their parts.

    Parameters
    ----------
    app, domain
        What scans the record; what is pickled does without them.
    """

    def __init__(self, app: Sphinx, domain: ExptDomain) -> None:
        super().__init__(app.srcdir, app.config.source_suffix)
        self._app: Sphinx | None = app
        self._domain = domain
        self.logs: frozenset[str] = frozenset()
        #: The logs that are split, by the documents of their parts.
        self.parts: dict[str, LongLog] = {}
        self.restore(app.project)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the application out."""
        return {**self.__dict__, "_app": None, "_domain": None, "parts": {}}

    def discover(self, exclude_paths: Iterable[str] = (), include_paths: Iterable[str] = ("**",)) -> set[str]:
        """Find the documents, once it is known which files are logs."""
        if self._app is None:
            return super().discover(exclude_paths, include_paths)
        # What figures are about to be brought up to date by, or were a moment ago.
        experiments = self._domain.scanner.scan(self._app).experiments.values()
        self.logs = frozenset(f"{one.docname}{one.log.suffix}" for one in experiments if one.log.suffix in OTHER_FORMS)
        self.parts = {}
        found = super().discover(exclude_paths, include_paths)
        for log in find_long_logs(self._domain, experiments, found, settings_of(self._app.config).date_order):
            self.parts.update((log.docname(name), log) for name in log.names)
        self._domain.page_of = {part: log.page for part, log in self.parts.items()}
        return found

    def doc2path(self, docname: str, absolute: bool) -> _StrPath:
        """Return the file of a document, for a part that of the page whose log is split."""
        log = self.parts.get(docname)
        found = super().doc2path(docname if log is None else log.page, absolute)
        return LogPath(found) if found.suffix in OTHER_FORMS else found

    def path2doc(self, filename: str | os.PathLike[str]) -> str | None:
        """Return the document that a file is, ``None`` where it is none."""
        name = os.fspath(filename)
        if not is_utf8(name):
            # What is there at the start is excluded; in a preview more may come, for which Sphinx has no address.
            return None
        if self._app is not None and self._app.config.source_suffix.get(os.path.splitext(name)[1]) == OTHER_LOG:
            path = Path(name)
            inside = path.relative_to(self.srcdir) if path.is_relative_to(self.srcdir) else path
            # One that the configuration names alone is shown without a record.
            if inside.as_posix() not in self.logs and [inside.as_posix()] != self._app.config.include_patterns:
                return None
        return super().path2doc(filename)


def add_suffixes(app: Sphinx, config: Config) -> None:
    """Have Sphinx read the files with our suffixes, where the author has no other use for them."""
    given = config._raw_config.get("source_suffix", ())
    for suffix in sorted(OTHER_FORMS):
        if suffix not in given:
            app.add_source_suffix(suffix, OTHER_LOG, override=True)


def know_logs(app: Sphinx, domain: ExptDomain) -> None:
    """Give the environment a project that knows the record's logs."""
    domain.env.project = RecordProject(app, domain)


def show_log(app: Sphinx, docname: str, content: list[str]) -> None:
    """Put the markup that shows a log, or a part of it, in the place of its text."""
    experiment = domain_of(app.env).record.by_docname.get(docname)
    part = split_logs(app.env).get(docname)
    if part is not None:
        content[0] = markup(part, docname, markdown=app.env.doc2path(docname).suffix == ".md")
        return
    if experiment is not None and experiment.is_page:
        return
    path = Path(app.env.doc2path(docname))
    if experiment is None and app.config.source_suffix.get(path.suffix) != OTHER_LOG:
        return
    name, form = path.name, experiment.form if experiment is not None else ANY_FORM
    title = (experiment.stated_title or experiment.name.replace("_", " ")) if experiment is not None else path.stem
    title = " ".join(title.split())
    options = [f":{option}: {value}" for option, value in form._asdict().items() if value]
    content[0] = log_markup(title, name, options, path.suffix == ".md")


def split_otherwise(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """Return the pages whose logs have other parts than when they were read, as where a page had the name of one."""
    now: dict[str, dict[str, tuple[str, ...]]] = {}
    for log in split_logs(env).values():
        now.setdefault(log.page, {})[str(log.path)] = log.names
    then = {page: {path: names for path, (_, names) in logs.items()} for page, logs in domain_of(env).long_logs.items()}
    return [page for page in {**now, **then} if now.get(page) != then.get(page) and page in env.found_docs]


def forget_logs(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Let go of long logs when all is read; what comes to be read again reads them again."""
    for log in split_logs(env).values():
        log.read = None
    return []


def setup_other_logs(app: Sphinx) -> None:
    """Register the parser, and connect to what finds and reads documents."""
    app.add_source_parser(LogParser)
    # Before Sphinx takes over what extensions have registered.
    app.connect("config-inited", add_suffixes, priority=700)
    app.connect(DOMAIN_READY, know_logs)
    app.connect("source-read", show_log, priority=100)
    app.connect("env-get-outdated", split_otherwise)
    app.connect("env-updated", forget_logs)
