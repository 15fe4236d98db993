"""Paths in pages, and links in the tree, that lead to or from a directory that moves."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

from exptdir.record.edits.journal import JOURNAL
from exptdir.record.edits.layout import Layout
from exptdir.record.edits.references import Exclude
from exptdir.record.edits.workspace import Workspace
from exptdir.record.scan_memory import PROGRAMS

_DOCUMENTS = ("", ".rst", ".md")
_SKIPPED = PROGRAMS | {".git", ".hg", ".svn", ".venv", ".tox", JOURNAL}


def respell_path(layout: Layout, text: str, page: str, *, encoded: bool = False) -> str:
    """Write a path anew if the page or what it leads to moves.

    Parameters
    ----------
    layout
        What moves.
    text
        The path, or several with blanks between them.
    page
        The page's path from the source directory.
    encoded
        Whether it is the address of a link, in which ``%20`` stands for a blank.
    """
    if encoded:
        return _respelled_link(layout, text, page)
    whole = _respelled(layout, text, page)
    if whole is not None or " " not in text:
        return text if whole is None else whole
    return " ".join(_respelled(layout, word, page) or word for word in text.split(" "))


def _respelled_link(layout: Layout, text: str, page: str) -> str:
    plain = unquote(text)
    new = _respelled(layout, plain, page)
    if new is None or new == plain:
        return text
    return re.sub(r"[\s()<>%]", lambda found: quote(found[0]), new) if new.isascii() or plain == text else quote(new)


def _respelled(layout: Layout, text: str, page: str) -> str | None:
    """Return the new path; ``None`` where nothing shows that the text is a path at all."""
    path, mark, rest = text.partition("!")
    if not path or "://" in path or "\0" in path or len(path) > 1024:
        return None
    target = _target(layout, path, page)
    if target is None:
        return None
    new_target, start = layout.moved(target), posixpath.dirname(layout.moved(page))
    before = posixpath.relpath(target, posixpath.dirname(page) or ".")
    if path.startswith("/"):
        changed, new = target != new_target, "/" + new_target
    else:
        new = posixpath.relpath(new_target, start or ".")
        # A path may leave the directory that moves and enter it again.
        changed = new != before or posixpath.normpath(posixpath.join(start, path)) != new_target
        new = f"./{new}" if path.startswith("./") and not new.startswith("../") else new
    if not changed:
        return text
    return new + ("/" if path.endswith("/") else "") + mark + rest


def _target(layout: Layout, path: str, page: str) -> str | None:
    """Return where a path leads, from the source directory; ``None`` for nowhere, or outside."""
    joined = path[1:] if path.startswith("/") else posixpath.join(posixpath.dirname(page), path)
    target = posixpath.normpath(joined.lstrip("/"))
    if target.startswith("../") or target in {".", ".."}:
        return None
    # Data that is not there yet, and figures of any format (``loss.*``), move with their directory all the same.
    known = layout.touches(target) or any(os.path.lexists(layout.record.base / (target + s)) for s in _DOCUMENTS)
    return target if known or "*" in target else None


def respell_links(layout: Layout, workspace: Workspace, exclude: Exclude) -> None:
    """Plan new targets for the symbolic links that would lead elsewhere or nowhere."""
    base = layout.record.base
    for key in _links(base, exclude):
        path = base / key
        written = os.readlink(path)
        start = posixpath.dirname(key)
        if os.path.isabs(written):
            target = os.path.relpath(written, base)
        else:
            target = posixpath.normpath(posixpath.join(start, written))
        within = target == "." or not target.startswith("..")
        new_target = layout.moved(target) if within and target != "." else target
        if os.path.isabs(written):
            new = os.path.join(base, new_target) if new_target != target else written
        else:
            new_start = posixpath.dirname(layout.moved(key))
            new = posixpath.relpath(new_target, new_start or ".")
            leads = posixpath.normpath(posixpath.join(new_start, written)) == new_target
            new = written if leads and new == posixpath.relpath(target, start or ".") else new
        if new != written:
            workspace.write(path, os.fsencode(new), is_link=True)


def _links(base: Path, exclude: Exclude) -> Iterator[str]:
    for directory, inside, files in os.walk(base):
        here = Path(directory).relative_to(base).as_posix()
        prefix = "" if here == "." else here + "/"
        yield from (prefix + name for name in sorted(inside + files) if os.path.islink(os.path.join(directory, name)))
        inside[:] = [
            name
            for name in sorted(inside)
            if name not in _SKIPPED
            and not os.path.exists(os.path.join(directory, name, "pyvenv.cfg"))
            and not exclude(prefix + name)
        ]
