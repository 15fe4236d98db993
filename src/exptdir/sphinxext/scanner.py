"""Scans the disk for one application, and keeps Sphinx away from what is no document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from exptdir.record.model import Record
from exptdir.record.scan import ScanMemory, scan
from exptdir.record.walk import PROGRAMS, Listing, compile_patterns, directories_apart, literal_pattern
from exptdir.sphinxext.config import settings_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

#: Hidden directories, but for ``.well-known`` (RFC 8615), which ``html_extra_path`` must still copy.
_HIDDEN = tuple(prefix + pattern for pattern in (".[!w]*/**", ".w[!e]*/**", ".we[!l]*/**") for prefix in ("", "**/"))
_PROGRAMS = tuple(f"{prefix}{name}/**" for name in sorted(PROGRAMS) for prefix in ("", "**/"))
#: What Sphinx calls the kind of files that may be logs in another form.
OTHER_LOG = "exptdir-log"
#: Names of directories that by custom hold what was built, whatever the builder.
_OUTPUT_NAMES = frozenset({"_build", "build"})


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
            # Sphinx's own output, where that lies in the source directory.
            if directory.is_relative_to(app.srcdir) and (parts := directory.relative_to(app.srcdir).parts):
                # The whole of it, so that html and latex do not differ in their configuration.
                end = next((at for at, part in enumerate(parts, start=1) if part in _OUTPUT_NAMES), None)
                patterns.append(literal_pattern(PurePosixPath(*parts[:end]).as_posix()))
        apart = directories_apart(Path(app.srcdir), compile_patterns(patterns), self._memory.tree)
        patterns += [literal_pattern(path) for path in apart]
        config.exclude_patterns = list(dict.fromkeys(patterns))

    def scan(self, app: Sphinx) -> Record:
        """Scan the disk as the configuration says."""
        settings = settings_of(app.config)
        if self._patterns != (patterns := tuple(app.config.exclude_patterns)):
            self._patterns, self._exclude = patterns, compile_patterns(patterns)
        suffixes = [suffix for suffix, kind in app.config.source_suffix.items() if kind != OTHER_LOG]
        scan_settings = settings.scan(suffixes, self._exclude)
        return scan(Path(app.srcdir), scan_settings, self._memory)

    def listing(self, directory: str) -> Listing:
        """List a directory, as the last scan has seen it where it has not changed since."""
        return self._memory.tree.listing(directory)

    def rest(self) -> None:
        """Forget what only another build could ask for."""
        if not self.lasting:
            self._memory = ScanMemory()
