"""Asking whether a file exists is no audit event; so the functions that ask are wrapped, in the script's processes."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

from .events import Listener


def watch_probes(listener: Listener) -> None:
    """Have ``os.stat``, ``os.lstat`` and ``os.access`` note what is not there.

    They are what ``os.path.exists`` and the methods of paths call; the import system has its own.
    """
    for name in ("stat", "lstat", "access"):
        original = getattr(os, name)
        watched = _watched(original, listener)
        for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if original in able:
                able.add(watched)
        setattr(os, name, watched)


def _watched(original: Callable[..., Any], listener: Listener) -> Callable[..., Any]:
    @wraps(original)
    def ask(path: Any, *args: Any, **options: Any) -> Any:
        try:
            answer = original(path, *args, **options)
        except (FileNotFoundError, NotADirectoryError):
            _missing(path, options, listener)
            raise
        if answer is False:
            _missing(path, options, listener)
        return answer

    return ask


def _missing(path: Any, options: dict[str, Any], listener: Listener) -> None:
    if not listener.active or isinstance(path, int) or options.get("dir_fd") is not None:
        return

    def note() -> None:
        full = listener.scope.absolute(path)
        # Names such as `<string>` are what tracebacks ask for. Outside of the record, programs look for much that
        # has nothing to do with figures.
        if listener.scope.inside(full) and not os.path.basename(full).startswith("<") and not os.path.exists(full):
            listener.missing(full)

    listener.apart(note)
