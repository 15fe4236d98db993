"""Files outside the record: they are known by path, size and time, and only on the machine that saw them."""

from __future__ import annotations

import os
import sys
import tempfile

from exptdir.figures.ledger.digest import digest_text

#: Where programs keep themselves: what is read there (fonts, time zones, caches) is no input of a figure.
_SYSTEM = ("/usr/share", "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev", "/run", "/nix")
_SYSTEM_ELSEWHERE = ("/var/cache", "/System", "/Library", "C:\\Windows")
_OWN_CACHES = ("~/.cache", "~/.config/matplotlib", "~/.matplotlib", "~/.fonts", "~/.local/share/fonts", "~/.local/lib")


def system_places() -> tuple[str, ...]:
    """Return the directories in which nothing is an input of a figure."""
    own = (os.path.expanduser(path) for path in _OWN_CACHES)
    running = (sys.prefix, sys.base_prefix, sys.exec_prefix)
    settings = tuple(path for name in ("MPLCONFIGDIR", "XDG_CACHE_HOME") if (path := os.environ.get(name)))
    places = (*_SYSTEM, *_SYSTEM_ELSEWHERE, *own, *running, *settings)
    return tuple(sorted({os.path.normpath(path) for path in places}))


def is_below(path: str, places: tuple[str, ...]) -> bool:
    """Tell whether a path is one of *places* or in one of them."""
    return any(path == place or path.startswith(place.rstrip(os.sep) + os.sep) for place in places)


def is_passing(path: str) -> bool:
    """Tell whether a path is that of a temporary file that is gone again."""
    return is_below(path, (os.path.normpath(tempfile.gettempdir()),)) and not os.path.lexists(path)


def mark(path: str) -> str:
    """Return what stands for a path in the ledger, which must not tell it."""
    return digest_text(path)[7:23]


def stamp(path: str) -> str:
    """Return what a file or directory outside the record is known by: size and time, or the names in it."""
    try:
        if os.path.isdir(path):
            return digest_text("\n".join(sorted(os.listdir(path))))
        found = os.stat(path)
    except (OSError, ValueError):
        return "absent"
    return f"{found.st_size} {found.st_mtime_ns}"
