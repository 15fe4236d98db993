"""Scripts and inputs that pages offer below their figures, among the downloads of the output."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.figures.view import origins_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


def _offered(domain: ExptDomain, docname: str) -> Iterator[str]:
    for origin in origins_of(domain, docname):
        if origin is None:
            continue
        if origin.offered:
            yield origin.script
        yield from (item.path for item in origin.inputs if item.offered)


def _register(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Register the files for this build; those of earlier builds are forgotten, but for the documents' own."""
    domain = domain_of(env)
    domain.figure_state.origins.clear()
    domain.figure_state.downloads.clear()
    _forget(env, domain)
    for docname in sorted(domain.figures):
        offer(env, domain, docname)
    return []


def offer(env: BuildEnvironment, domain: ExptDomain, docname: str) -> None:
    """Register the files of one document that was just read."""
    ours = []
    for path in dict.fromkeys(_offered(domain, docname)):
        if docname not in _users(env, path):
            ours.append(path)
        domain.figure_state.downloads[path] = Path(env.dlfiles.add_file(docname, path)).as_posix()
    if ours:
        domain.figure_files[docname] = ours


def _users(env: BuildEnvironment, path: str) -> set[str]:
    found = env.dlfiles.get(Path(path))
    return found[0] if found is not None else set()


def _forget(env: BuildEnvironment, domain: ExptDomain) -> None:
    for docname, paths in domain.figure_files.items():
        for path in paths:
            users = _users(env, path)
            users.discard(docname)
            if not users:
                env.dlfiles.pop(Path(path), None)
    domain.figure_files.clear()


def setup_figure_files(app: Sphinx) -> None:
    """Connect to the end of reading, before pages are compared."""
    app.connect("env-updated", _register, priority=600)
