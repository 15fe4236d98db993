"""Keeps the domain's record up to date with the disk, and Sphinx away from what is no document."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from exptdir.record.check import status
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem
from exptdir.record.scan import ScanMemory, scan
from exptdir.record.walk import PROGRAMS, Listing, ScanSettings, compile_patterns, directories_apart, literal_pattern
from exptdir.sphinxext.config import Settings
from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.warnings_ import warn, warn_problem

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

#: Hidden directories, but for ``.well-known`` (RFC 8615), which ``html_extra_path`` must still copy.
_HIDDEN = tuple(prefix + pattern for pattern in (".[!w]*/**", ".w[!e]*/**", ".we[!l]*/**") for prefix in ("", "**/"))
_PROGRAMS = tuple(f"{prefix}{name}/**" for name in sorted(PROGRAMS) for prefix in ("", "**/"))
#: Names of directories that by custom hold what was built, whatever the builder.
_OUTPUT_NAMES = frozenset({"_build", "build"})


def _output(app: Sphinx, directory: Path) -> list[str]:
    """Return the pattern that keeps Sphinx out of its own output, where that lies in the source directory."""
    try:
        parts = directory.relative_to(app.srcdir).parts
    except ValueError:
        return []
    for position, part in enumerate(parts, start=1):
        if part in _OUTPUT_NAMES:
            # The whole of it, so that html and latex do not differ in their configuration.
            parts = parts[:position]
            break
    return [literal_pattern(PurePosixPath(*parts).as_posix())] if parts else []


class Scanner:
    """Scans for one application, again at each build.

    Parameters
    ----------
    lasting
        Whether more builds will follow, in which what has not changed is not read again. What is remembered for
        them would be a burden to a single build.
    """

    def __init__(self, lasting: bool = False) -> None:
        self.lasting = lasting
        self._memory = ScanMemory()
        self._patterns: tuple[str, ...] = ()
        self._exclude: Callable[[str], bool] = compile_patterns(())

    def exclude(self, app: Sphinx, config: Config) -> None:
        """Extend ``exclude_patterns``, before Sphinx compares the configuration with that of the last build."""
        patterns = [*config.exclude_patterns, *_HIDDEN, *_PROGRAMS]
        for directory in (Path(app.outdir), Path(app.doctreedir)):
            patterns += _output(app, directory)
        apart = directories_apart(Path(app.srcdir), compile_patterns(patterns), self._memory.tree)
        patterns += [literal_pattern(path) for path in apart]
        config.exclude_patterns = list(dict.fromkeys(patterns))

    def introduce(self, app: Sphinx) -> None:
        """Make itself known to the domain, now that there is one."""
        domain_of(app.env).scanner = self

    def scan(self, app: Sphinx) -> Record:
        """Scan the disk as the configuration says."""
        settings = Settings.of(app.config)
        if self._patterns != tuple(app.config.exclude_patterns):
            self._patterns, self._exclude = (
                tuple(app.config.exclude_patterns),
                compile_patterns(app.config.exclude_patterns),
            )
        scan_settings = ScanSettings(
            roots=settings.roots,
            log_names=settings.log_names,
            suffixes=[suffix for suffix in (".rst", ".md") if suffix in app.config.source_suffix],
            statuses=settings.statuses,
            exclude=self._exclude,
        )
        return scan(Path(app.srcdir), scan_settings, self._memory)

    def listing(self, directory: str) -> Listing:
        """List a directory, as the last scan has seen it where it has not changed since."""
        return self._memory.tree.listing(directory)

    def rest(self) -> None:
        """Forget what only another build could ask for."""
        if not self.lasting:
            self._memory = ScanMemory()


def scan_record(app: Sphinx) -> Record:
    """Scan the disk as the configuration says."""
    return domain_of(app.env).scanner.scan(app)


def facts_digest(record: Record, experiment: Experiment, settings: Settings) -> str:
    """Digest what an experiment's own page shows of its facts."""
    state = status(record, experiment, settings.statuses)
    children = [child.docname for child in record.children(experiment)]
    shown = f"({experiment.fingerprint}, {state!r}, {children!r})"
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def scan_before_reading(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Scan again at the start of each build; documents whose facts changed are read again."""
    domain = domain_of(env)
    domain.settings = Settings.of(app.config)
    domain.builder = app.builder
    # What the figures were brought up to date by is not a moment old, unless it says otherwise.
    domain.record = domain.figure_state.take_record() or scan_record(app)
    domain.scanner.rest()
    domain.runs_by_key = None
    domain.located = None
    undecodable = _undecodable(env, added | changed)
    if undecodable:
        domain.record = domain.record.with_problems((*domain.record.problems, *undecodable.values()))
    for docname in (*undecodable, *_plain_files(domain.record, env.found_docs, domain.settings)):
        env.project.docnames.discard(docname)
        added.discard(docname)
        changed.discard(docname)
        if docname in env.all_docs:
            removed.add(docname)
    outdated = []
    for docname, page in domain.pages.items():
        experiment = domain.record.by_docname.get(docname)
        if experiment is None or page.facts != facts_digest(domain.record, experiment, domain.settings):
            outdated.append(docname)
    new = [name for name in domain.record.by_docname if name in env.all_docs and name not in domain.pages]
    return [name for name in (*outdated, *new) if name in env.found_docs]


def _undecodable(env: BuildEnvironment, docnames: Iterable[str]) -> dict[str, Problem]:
    """Find the documents that Sphinx could not decode, which would end the build; they are left out of it."""
    encoding, found = env.config.source_encoding, {}
    for docname in sorted(docnames):
        path = Path(env.doc2path(docname))
        try:
            content = path.read_bytes()
            content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            byte = content[error.start]
            message = f"this is not {encoding} (byte 0x{byte:02X}): the page is left out; save the file as UTF-8"
            found[docname] = Problem("log", message, path, line)
        except OSError:
            # Sphinx says so itself.
            continue
    return found


def _plain_files(record: Record, found: Iterable[str], settings: Settings) -> list[str]:
    """Return the documents that are no such thing: a README beside a better log."""
    ranks = {name.lower(): rank for rank, name in enumerate(settings.log_names)}
    if "readme" not in ranks:
        return []
    plain = []
    for docname in found:
        directory, _, name = docname.rpartition("/")
        experiment = record.experiments.get(directory or ".") if name.lower() == "readme" else None
        if experiment is not None and experiment.docname != docname:
            plain.append(docname)
    return plain


def setup_record(app: Sphinx) -> None:
    """Connect the scan to the build."""
    scanner = Scanner()
    app.connect("config-inited", scanner.exclude, priority=900)
    # Before figures are brought up to date, which begins with a scan.
    app.connect("builder-inited", scanner.introduce, priority=100)
    app.connect("env-get-outdated", scan_before_reading, priority=100)


def report_problems(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give all warnings, changed page or not, so that ``-W`` is as honest the second time as the first."""
    domain = domain_of(env)
    for problem in domain.record.problems:
        warn_problem(problem)
    for docname, troubles in sorted(domain.troubles.items()):
        for trouble in troubles:
            warn(trouble.kind, trouble.message, location=(docname, trouble.line))
    if domain.settings.missing_assets == "warn":
        for docname, assets in sorted(domain.assets.items()):
            for asset in assets:
                warn("asset", f"{asset.path}: {asset.reason}", location=(docname, asset.line))
    return []


def setup_report(app: Sphinx) -> None:
    """Connect the report, after everything that may find a problem."""
    app.connect("env-updated", report_problems, priority=900)
