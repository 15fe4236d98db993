"""What the server and the process that builds say to each other: a line of JSON for each message.

The server serves, watches the disk and talks to browsers; the builder is a child of it, which holds the Sphinx
application. It reads :class:`Build` messages from its standard input and answers on its standard output.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

from exptdir.errors import ExptdirError


class BadMessage(ExptdirError):
    """What the other side sent is none of the messages."""


@dataclass(frozen=True)
class Warned:
    """A warning or an error of a build.

    Parameters
    ----------
    text
        The message, without its place.
    file
        The file, absolute; empty where there is none.
    line
        The line, from 1; 0 where there is none.
    kind
        Sphinx's type and subtype, such as ``exptdir.ref``; empty where it has none.
    severity
        ``warning`` or ``error``.
    """

    text: str
    file: str = ""
    line: int = 0
    kind: str = ""
    severity: str = "warning"


@dataclass(frozen=True)
class Build:
    """To the builder: bring the output up to date.

    Parameters
    ----------
    changed
        Files that were changed, made or deleted, absolute. Empty at the first build.
    viewed
        Pages that browsers look at, as addresses relative to the output: ``expts/0063_train/notes.html``.
    everything
        Whether every page is to be written again.
    modified
        Those of the changed files that were there before, and still are.
    """

    changed: tuple[str, ...] = ()
    viewed: tuple[str, ...] = ()
    everything: bool = False
    modified: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ready:
    """From the builder, once: the application is made, and the first build begins.

    Parameters
    ----------
    output
        The directory that pages are written to, absolute.
    home
        The address of the root document's page.
    private
        Directories and files whose changes mean nothing, absolute: the output, the doctrees.
    statics, templates
        Directories of static files and of templates of the author, absolute.
    outside
        Files and directories outside the source directory that are to be watched as well, absolute.
    editor
        The author's ``exptdir_editor_url``; empty where it is not set.
    ignored
        The author's ``exptdir_watch_ignore``.
    """

    output: str
    home: str
    private: tuple[str, ...] = ()
    statics: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    editor: str = ""
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """From the builder: what it is at, for the terminal.

    Parameters
    ----------
    text
        A few words, such as ``reading expts/0063_train/notes``.
    share
        How far this step is, 0 to 1; negative where that is not known.
    """

    text: str
    share: float = -1.0


@dataclass(frozen=True)
class PagesShown:
    """From the builder: the pages of changed documents are written; what collects from them is not yet.

    Parameters
    ----------
    pages
        Their addresses relative to the output.
    files
        Addresses of images and other files that were written for them.
    sources
        The source file of each page, absolute, in the same order.
    seconds
        How long it took.
    """

    pages: tuple[str, ...]
    files: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    seconds: float = 0.0
    warnings: tuple[Warned, ...] = ()


@dataclass(frozen=True)
class Built:
    """From the builder: the output is what a clean build would have made.

    Parameters
    ----------
    pages, files
        Addresses of what was written or deleted, relative to the output.
    warnings
        Everything that is wrong now, whichever build said it first.
    wrote
        Files in the source tree that were written by this build or by what it ran, absolute, each with its size in
        bytes and its time of modification in nanoseconds: their changes are no reason to build again. A deleted
        one has the size -1.
    modules
        Files of Python modules outside the library directories that the builder has loaded, absolute: it must be
        started again when one of them changes.
    outside
        As in :class:`Ready`, for the state that the record is in now.
    seconds
        How long it took.
    made
        Like *wrote*, what the configuration or extensions have made in the source tree, each with whether its content
        is another than before.
    idle
        Whether nothing was built, since nothing depends on what has changed.
    """

    pages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()
    wrote: tuple[tuple[str, int, int], ...] = ()
    modules: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    seconds: float = 0.0
    made: tuple[tuple[str, int, int, bool], ...] = ()
    idle: bool = False


@dataclass(frozen=True)
class Drawn:
    """From the builder, at any time: a script has ended that no build has waited for, and one is to show it.

    Parameters
    ----------
    figures
        What it has drawn, absolute; empty where all scripts have ended.
    """

    figures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failed:
    """From the builder: the build ended early; the output is as it was, or partly newer.

    Parameters
    ----------
    failure
        What went wrong and where, as far as that is known.
    traceback
        For the fold below it; empty for what is the author's to mend.
    fatal
        Whether the builder ends: it will be started again at the next change.
    """

    failure: Warned
    traceback: str = ""
    fatal: bool = False
    modules: tuple[str, ...] = ()
    wrote: tuple[tuple[str, int, int], ...] = field(default=())
    made: tuple[tuple[str, int, int, bool], ...] = ()


Message = Build | Ready | Progress | PagesShown | Built | Drawn | Failed
_KINDS: Mapping[str, type[Any]] = {
    kind.__name__: kind for kind in (Build, Ready, Progress, PagesShown, Built, Drawn, Failed)
}
#: Fields that hold warnings.
_WARNED = frozenset({"warnings", "failure"})
_Made = TypeVar("_Made")


def encode(message: Message) -> bytes:
    """Write a message as one line.

    File names that are no text keep their bytes.
    """
    line = json.dumps({"is": type(message).__name__, **asdict(message)}, separators=(",", ":"))
    return line.encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """Read a message.

    Raises
    ------
    BadMessage
        If the line holds none.
    """
    try:
        given = json.loads(line)
        kind = _KINDS[given.pop("is")]
        message: Message = _made(kind, given)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadMessage(f"not a message: {line[:80]!r}") from error
    return message


def _made(kind: type[_Made], given: dict[str, Any]) -> _Made:
    names = {one.name for one in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: _value(name, value) for name, value in given.items() if name in names})


def _value(name: str, value: Any) -> Any:
    """Return a value as its class has it: lists become tuples, and warnings become warnings again."""
    if name in _WARNED:
        return tuple(Warned(**one) for one in value) if isinstance(value, list) else Warned(**value)
    if isinstance(value, list):
        return tuple(tuple(one) if isinstance(one, list) else one for one in value)
    return value
