"""Writes references, paths and links anew, so that they lead where they led, in the way in which they were written."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, unquote

from exptdir.record.edits.apply import JOURNAL
from exptdir.record.edits.layout import DirectoryLayout
from exptdir.record.edits.plan import Workspace
from exptdir.record.edits.references import Exclude, Runs, lead, read_label, read_token
from exptdir.record.markup.references import Token
from exptdir.record.model import Experiment, Record
from exptdir.record.reference import Resolution, Unresolved
from exptdir.record.walk import PROGRAMS, is_environment

_DOCUMENTS = ("", ".rst", ".md")
_SKIPPED = PROGRAMS | {".git", ".hg", ".svn", ".venv", ".tox", JOURNAL}
_BREAKS_ROLES = re.compile(r"[`<>\\\r\n]")
_BREAKS_LINKS = re.compile(r"[\s()<>\\]")


class Respeller:
    """Compares where references lead before and after, and writes those anew that would lead elsewhere.

    *layout* says what changes, *runs* are those of the old record.
    """

    def __init__(self, layout: DirectoryLayout, runs: Runs) -> None:
        self._layout = layout
        self._runs = runs
        self._runs_after = runs.moved(layout.moved)

    def respell(self, token: Token, here: Experiment | None, meant: Experiment | None = None) -> str | None:
        """Return what is to be written in place of a reference or a label; ``None`` where that cannot be said.

        *here* is the experiment in whose directory it stands, *meant* the one that it means, where the old record
        cannot tell since two have that id.
        """
        layout = self._layout
        record = layout.record
        if meant is not None:
            others = {key: one for key, one in record.experiments.items() if one.id != meant.id or one is meant}
            record = Record(record.base, others)
        found = read_token(record, token, here, self._runs.exists(token.text))
        if not isinstance(found, Resolution):
            return token.text
        target = layout.counterpart(found.experiment)
        if token.form == "label":
            label = read_label(layout.after, token.text)
            if label is not None and (label.experiment.key, label.label) == (target.key, found.label):
                return token.text
            return f"expt-{target.address}" + (f"-{found.label}" if found.label else "")
        here_after = layout.counterpart(here) if here is not None else None
        for text in _spellings(token.text, found, target):
            if text != token.text and (_BREAKS_LINKS if token.form == "any" else _BREAKS_ROLES).search(text):
                continue
            new = lead(layout.after, text, here_after, self._runs_after.exists(text), token.kind)
            if new == replace(found, experiment=target):
                return text
        return None

    def caught(self, token: Token, here: Experiment | None) -> Experiment | None:
        """Return the experiment that a reference leads to from now on, if it led nowhere until now."""
        if token.form != "reference":
            return None
        old = lead(self._layout.record, token.text, here, self._runs.exists(token.text), token.kind)
        if not isinstance(old, Unresolved) or old.ambiguous:
            return None
        here_after = self._layout.counterpart(here) if here is not None else None
        new = lead(self._layout.after, token.text, here_after, self._runs_after.exists(token.text), token.kind)
        return new.experiment if isinstance(new, Resolution) else None


def _spellings(text: str, found: Resolution, new: Experiment) -> Iterator[str]:
    """Yield ways to write a reference, the author's own first."""
    yield text
    written, rest = text.strip(), ""
    # What stands behind the experiment stays: an entry's day, a label, a run.
    if found.kind == "run" and found.run is not None:
        rest = f"/{found.run}"
        written = written.removesuffix(found.run).removesuffix("/") if written != found.run else ""
    elif found.kind in {"entry", "label"}:
        mark = written.rfind("@") if found.kind == "entry" else written.find("#", 1)
        written, rest = written[:mark], written[mark:]
    hash_sign = "#" if written.startswith("#") else ""
    written = written.removeprefix("#").strip("/")
    names = []
    if written.isdecimal() and new.id is not None:
        names.append(f"{new.id:0{len(written)}}" if written.startswith("0") else str(new.id))
    old = found.experiment
    pairs = [(old.path, new.path), (old.key, new.key), (old.directory_name, new.directory_name), (old.name, new.name)]
    names += [now for was, now in pairs if written == was]
    for name in (*names, new.address, new.path, new.key):
        yield hash_sign + name + rest
        yield name + rest


def respell_path(layout: DirectoryLayout, text: str, page: str, *, encoded: bool = False) -> str:
    """Write a path, or several with blanks between them, anew if the page or what it leads to moves.

    *encoded* says whether it is the address of a link, in which ``%20`` stands for a blank.
    """
    if encoded:
        plain = unquote(text)
        address = _respelled(layout, plain, page)
        if address is None or address == plain:
            return text
        if not address.isascii() and plain != text:
            return quote(address)
        # What stands there as it is may stand there, in angle brackets or in pairs.
        kept = set(text) - {"%"}
        return re.sub(r"[\s()<>%]", lambda found: found[0] if found[0] in kept else quote(found[0]), address)
    whole = _respelled(layout, text, page)
    if whole is not None or " " not in text:
        return text if whole is None else whole
    return " ".join(_respelled(layout, word, page) or word for word in text.split(" "))


def _respelled(layout: DirectoryLayout, text: str, page: str) -> str | None:
    """Return the new path; ``None`` where nothing shows that the text is a path at all."""
    path, mark, rest = text.partition("!")
    if not path or "://" in path or "\0" in path or len(path) > 1024:
        return None
    joined = path[1:] if path.startswith("/") else posixpath.join(posixpath.dirname(page), path)
    target = posixpath.normpath(joined.lstrip("/"))
    if target.startswith("../") or target in {".", ".."}:
        return None
    # Data that is not there yet, and figures of any format (``loss.*``), move with their directory all the same.
    known = layout.touches(target) or any(os.path.lexists(layout.record.base / (target + s)) for s in _DOCUMENTS)
    if not known and "*" not in target:
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


def respell_links(layout: DirectoryLayout, workspace: Workspace, exclude: Exclude) -> None:
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
            if name not in _SKIPPED and not is_environment(os.path.join(directory, name)) and not exclude(prefix + name)
        ]


def respell_prerequisites(workspace: Workspace, respeller: Respeller, experiment: Experiment) -> None:
    """Plan new names for the files of prerequisites; links are followed by their targets, not by their names."""
    origin = experiment.origins.get("prerequisites")
    if origin is None or origin[0].name != "prereqs":
        return
    for name in experiment.prerequisites:
        path = origin[0] / name
        content = workspace.read(path) if path.is_file() and not path.is_symlink() else None
        new = respeller.respell(Token(0, len(name), name, "reference"), experiment)
        if content is not None and new is not None and new != name and "/" not in new:
            workspace.write(path, None)
            workspace.write(path.with_name(new), content)
