"""Where everything is after directories have got new names: the record made by it, and the paths and links to there."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from exptdir.record.edits.apply import JOURNAL
from exptdir.record.edits.plan import Rename, Workspace
from exptdir.record.facts import from_name
from exptdir.record.model import Experiment, Record
from exptdir.record.walk import PROGRAMS, is_environment, join

_DOCUMENTS = ("", ".rst", ".md")
_SKIPPED = PROGRAMS | {".git", ".hg", ".svn", ".venv", ".tox", JOURNAL}

#: True for a POSIX path from the source directory that is to be left alone.
Exclude = Callable[[str], bool]


@dataclass(frozen=True)
class DirectoryLayout:
    """New names and ids for some experiments."""

    record: Record
    #: Directories by their old path, with the new one; one that keeps its parent may be inside another.
    moves: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)

    def moved(self, path: str) -> str:
        """Return the new path of a file or directory, both from the source directory."""
        if not any(path == old or path.startswith(old + "/") for old in self.moves):
            return path
        old = new = ""
        for part in PurePosixPath(path).parts:
            old, new = posixpath.join(old, part), posixpath.join(new, part)
            if old in self.moves:
                target = self.moves[old]
                stays = posixpath.dirname(target) == posixpath.dirname(old)
                new = posixpath.join(posixpath.dirname(new), posixpath.basename(target)) if stays else target
        return new

    def touches(self, path: str) -> bool:
        """Tell whether a path changes."""
        return self.moved(path) != path

    @cached_property
    def affected(self) -> frozenset[str]:
        """The old keys of the experiments whose place, name or id changes."""
        return frozenset(key for key in self.record.experiments if key in self.ids or self.touches(key))

    def may_change(self, text: str) -> bool:
        """Tell cheaply what certainly stays as it is of pages that stay where they are: most of a large record."""
        # An escape may stand for any character.
        return "\\u" in text or self._words.search(unquote(text) if "%" in text else text) is not None

    @cached_property
    def _words(self) -> re.Pattern[str]:
        ids, names = set[int](), set[str]()
        for key in self.affected:
            old = self.record.experiments[key]
            for experiment in (old, self.counterpart(old)):
                names |= {experiment.name, experiment.directory_name}
                ids |= set() if experiment.id is None else {experiment.id}
        names |= {posixpath.basename(path) for path in self.moves}
        numbers = [rf"(?<!\d)0*{number}(?!\d)" for number in sorted(ids)]
        return re.compile("|".join([*numbers, *map(re.escape, sorted(names))]) or "$^", re.IGNORECASE)

    def renames(self) -> tuple[Rename, ...]:
        """Return the renames, inner directories first, when those around them still have their old names."""
        base = self.record.base
        inner_first = sorted(self.moves.items(), key=lambda move: -move[0].count("/"))
        return tuple(Rename(base / old, base / new) for old, new in inner_first if old != new)

    @cached_property
    def after(self) -> Record:
        """The record as it will be."""
        roots = sorted(self.record.roots, key=len, reverse=True)
        found = {}
        for experiment in self.record.experiments.values():
            key = self.moved(experiment.key)
            new = replace(experiment, id=self.ids.get(experiment.key, experiment.id))
            if key != experiment.key:
                renamed = posixpath.basename(key) != experiment.directory_name
                below = (key.removeprefix(root + "/") for root in roots if root and key.startswith(root + "/"))
                path = key if experiment.path == experiment.key else next(below, key)
                name = str(name_facts(key, new.id).get("name", posixpath.basename(key))) if renamed else experiment.name
                new = replace(new, key=key, path=path, log=self.record.base / key / experiment.log.name, name=name)
            found[key] = new
        return Record(self.record.base, dict(sorted(found.items())))

    def counterpart(self, experiment: Experiment) -> Experiment:
        """Return what an experiment of the old record is in the new one."""
        return self.after.experiments[self.moved(experiment.key)]


def name_facts(directory: str, stated: int | None) -> dict[str, object]:
    """Return what a directory's name says of its experiment; *stated* is the id that another source gives."""
    return {claim.fact: claim.value for claim in from_name(directory, stated)}


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
    new: str | None
    if path.startswith("/"):
        new = "/" + layout.moved(target) if layout.touches(target) else None
    else:
        new = _relative(layout, path, target, page)
    if new is None:
        return text
    dot = "./" if path.startswith("./") and not new.startswith("../") else ""
    return dot + new + ("/" if path.endswith("/") else "") + mark + rest


def _relative(layout: DirectoryLayout, written: str, target: str, place: str) -> str | None:
    """Return the path to a target from the new place of what names it; ``None`` where the path *written* stays."""
    start, new_target = posixpath.dirname(layout.moved(place)), layout.moved(target)
    new = posixpath.relpath(new_target, start or ".")
    same = new == posixpath.relpath(target, posixpath.dirname(place) or ".")
    # A path may leave the directory that moves and enter it again.
    return None if same and posixpath.normpath(posixpath.join(start, written)) == new_target else new


def respell_links(layout: DirectoryLayout, workspace: Workspace, exclude: Exclude) -> None:
    """Plan new targets for the symbolic links that would lead elsewhere or nowhere."""
    base = layout.record.base
    for key in _links(base, exclude):
        written = os.readlink(base / key)
        new: str | None
        if os.path.isabs(written):
            target = os.path.relpath(written, base)
            new = os.path.join(base, layout.moved(target)) if layout.touches(target) else None
        else:
            new = _relative(layout, written, posixpath.normpath(posixpath.join(posixpath.dirname(key), written)), key)
        if new is not None:
            workspace.write(base / key, os.fsencode(new), is_link=True)


def _links(base: Path, exclude: Exclude) -> Iterator[str]:
    # Those in hidden directories, too, such as the prerequisites in ``.expt``.
    for directory, inside, files in os.walk(base):
        here = Path(directory).relative_to(base).as_posix()
        links = (name for name in sorted(inside + files) if os.path.islink(os.path.join(directory, name)))
        yield from (join(here, name) for name in links)
        kept = (name for name in sorted(inside) if name not in _SKIPPED and not exclude(join(here, name)))
        inside[:] = [name for name in kept if not is_environment(os.path.join(directory, name))]
