"""What ended a build, in a sentence and with its place, as far as an exception tells."""

from __future__ import annotations

import os
import re
import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path

from sphinx.errors import ConfigError, ExtensionError, SphinxError, SphinxParallelError

from exptdir.preview.messages import Failed, Warned

#: A place in a traceback that is there as text only, since another process wrote it.
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
#: How Sphinx names an extension that it cannot set up.
_EXTENSION = re.compile(r"extension ['\"]?([\w.]+)")
_LIBRARIES = ("stdlib", "platstdlib", "purelib", "platlib")


def failed(error: BaseException, *, conf: Path | None, document: str = "", fatal: bool = True) -> Failed:
    """Describe what ended a build.

    Parameters
    ----------
    error
        What was raised.
    conf
        The ``conf.py``, if there is one and it may be to blame.
    document
        The file that was being read or written.
    fatal
        Whether the builder ends.
    """
    cause = _cause(error)
    file, line = _place(error, cause)
    if not file and conf is not None and not document and isinstance(error, (SphinxError, SystemExit)):
        file, line = str(conf), _line_of_extension(conf, str(error))
    text, folded = _text(error, cause), _traceback(error, cause)
    return Failed(Warned(text, file or document, line, "", "error"), folded, fatal)


def _cause(error: BaseException) -> BaseException:
    """Return what was raised first."""
    seen = {id(error)}
    while True:
        below = getattr(error, "orig_exc", None) or error.__cause__
        if not isinstance(below, BaseException) or id(below) in seen:
            return error
        seen.add(id(below))
        error = below


def _place(error: BaseException, cause: BaseException) -> tuple[str, int]:
    if isinstance(cause, SyntaxError) and cause.filename:
        return os.path.abspath(cause.filename), cause.lineno or 0
    if isinstance(error, SphinxParallelError):
        found = [(match["file"], int(match["line"])) for match in _FRAME.finditer(str(error.traceback))]
    else:
        found = [(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(cause.__traceback__)]
    return _last_of_author(found)


def _last_of_author(places: Iterable[tuple[str, int]]) -> tuple[str, int]:
    """Return the innermost place in a file that is no part of an installation."""
    paths = sysconfig.get_paths()
    installed = tuple(os.path.join(os.path.realpath(paths[name]), "") for name in _LIBRARIES)
    ours = os.path.join(Path(__file__).resolve().parents[1], "")
    last = ("", 0)
    for file, line in places:
        real = os.path.realpath(file)
        if os.path.isfile(real) and not real.startswith((*installed, ours)):
            last = real, line
    return last


def _line_of_extension(conf: Path, message: str) -> int:
    """Return the line of ``conf.py`` that names the extension of which a message speaks."""
    found = _EXTENSION.search(message)
    try:
        lines = conf.read_text("utf-8", "replace").splitlines()
    except OSError:
        return 0
    name = re.compile(rf"['\"]{re.escape(found[1])}['\"]") if found else None
    return next((at for at, line in enumerate(lines, start=1) if name is not None and name.search(line)), 0)


def _text(error: BaseException, cause: BaseException) -> str:
    if isinstance(cause, SystemExit):
        return f"it was ended by sys.exit({'' if cause.code is None else repr(cause.code)})"
    if isinstance(cause, SyntaxError):
        return f"{type(cause).__name__}: {cause.msg}"
    if isinstance(error, SphinxParallelError):
        return str(error.message)
    if isinstance(error, (ConfigError, ExtensionError)) and cause is not error and not _is_import(error):
        error = cause
    if isinstance(error, SphinxError):
        return str(error).strip() or type(error).__name__
    return "".join(traceback.format_exception_only(error)).strip()


def _is_import(error: BaseException) -> bool:
    return isinstance(error, ExtensionError) and bool(_EXTENSION.search(str(error)))


def _traceback(error: BaseException, cause: BaseException) -> str:
    """Return the traceback, unless the message says all."""
    if isinstance(error, SphinxParallelError):
        return str(error.traceback)
    if isinstance(cause, (SyntaxError, SystemExit)) or (cause is error and isinstance(error, SphinxError)):
        return ""
    return "".join(traceback.format_exception(cause))
