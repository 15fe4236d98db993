"""What a builder reports of the files that it depends on, for the server to watch."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from exptdir.sphinxext.config import Settings

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from exptdir.preview.warm import Warm

#: Where our own templates are.
_OURS = Path(__file__).resolve().parents[1]


class Modules:
    """Tells which modules of this process are the author's."""

    def __init__(self) -> None:
        self._installed = tuple(os.path.join(directory, "") for directory in _libraries())
        self._known: dict[str, bool] = {}

    def files(self) -> tuple[str, ...]:
        """Return the files of the modules that are loaded now and are no part of an installation."""
        found = {os.path.abspath(file) for file in map(_file_of, list(sys.modules.values())) if file}
        return tuple(sorted(filter(self._is_own, found)))

    def _is_own(self, file: str) -> bool:
        if file not in self._known:
            self._known[file] = not os.path.realpath(file).startswith(self._installed)
        return self._known[file]


def _file_of(module: object) -> str | None:
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) else None


def _libraries() -> set[str]:
    """Return the directories of what is installed, as they are and links followed."""
    schemes = sysconfig.get_paths()
    found = {schemes[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {*site.getsitepackages(), site.getusersitepackages()}
    for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix):
        found |= {os.path.join(prefix, name) for name in ("lib", "lib64")}
    return {way for path in found for way in (os.path.abspath(path), os.path.realpath(path))}


def statics(app: Sphinx) -> tuple[str, ...]:
    """Return the author's directories of static files, and the single ones."""
    config = app.config
    names = [*config.html_static_path, *config.html_extra_path]
    names += [name for name in (config.html_logo, config.html_favicon) if name and "://" not in name]
    return tuple(sorted({os.path.abspath(app.confdir / name) for name in names} - set(_ours())))


def templates(app: Sphinx) -> tuple[str, ...]:
    """Return the author's directories of templates and of themes."""
    names = [*app.config.templates_path, *app.config.html_theme_path]
    return tuple(sorted({os.path.abspath(app.confdir / name) for name in names} - set(_ours())))


def _ours() -> Iterator[str]:
    for directory in ("templates", "static"):
        yield str(_OURS / "sphinxext" / directory)


def outside(warm: Warm) -> tuple[str, ...]:
    """Return what lies outside the source directory and pages depend on; links inside it are followed.

    Not everything is there, but what is not may come.
    """
    app = warm.app
    base = os.path.realpath(app.srcdir)
    roots = (os.path.abspath(Path(app.srcdir, root)) for root in Settings.of(app.config).asset_roots)
    inputs = (os.path.realpath(path) for path in warm.drawing.inputs())
    found = {*roots, *inputs, *warm.dependents.outside(base)}
    return tuple(sorted(path for path in found if not _is_below(path, base)))


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(os.path.join(directory, ""))
