"""Whether the figures of one script are fresh by what the ledger knows of it, and if not, why."""

from __future__ import annotations

import glob
import json
import os
import platform
import posixpath
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path, PurePosixPath
from typing import Literal

from exptdir.figures.inside.scope import split_pattern
from exptdir.figures.ledger import CHANGED, LedgerEntry
from exptdir.figures.model import FigureSettings, Script, dark_path, interpreter, is_figure
from exptdir.figures.state import Digests, State, digest_text, is_litter, mark, names_like, stamp
from exptdir.record.walk import join, list_directory

#: Suffixes of what lies in an experiment's directory without being data: texts, and what is compiled.
_NO_DATA = frozenset({".rst", ".md", ".pyc", ".pyo", ".tmp", ".exptdir-tmp"})


class FileTree:
    """The record's files as the facts of the ledger see them; all paths are POSIX paths relative to its base."""

    def __init__(
        self, base: Path, digests: Digests, experiments: Collection[str] = (), scripts: Collection[str] = ()
    ) -> None:
        self.base = os.path.abspath(base)
        self.digests = digests
        self._real = os.path.realpath(base)
        self._experiments = frozenset(experiments)
        self._scripts = frozenset(scripts)

    def absolute(self, path: str) -> str:
        """Return the absolute path of a file."""
        return f"{self.base}/{path}"

    def inside(self, path: str) -> str | None:
        """Return the path from the base of an absolute one, ``None`` if that lies outside the record.

        Links count as what they look like; only where ``..`` follows one is it resolved.
        """
        plain = os.path.normpath(path)
        if ".." in path and os.path.realpath(plain) != os.path.realpath(path):
            plain = os.path.realpath(path)
        for base in (self.base, self._real):
            if plain == base:
                return "."
            if plain.startswith(base + os.sep):
                return plain[len(base) + 1 :].replace(os.sep, "/")
        return None

    def exists(self, path: str) -> bool:
        """Tell whether there is such a file or directory."""
        return os.path.exists(self.absolute(path))

    def digest(self, path: str) -> str | None:
        """Digest a file; ``None`` if there is none that can be read."""
        return self.digests.of(self.absolute(path))

    def listing(self, listed: str, without: Collection[str] = ()) -> tuple[str, set[str]] | None:
        """Digest the names in a directory, or of what a pattern means, but for some files; ``None`` if there is none.

        The names are those from the directory, or the beginning of the pattern. Returned are the paths as well.
        """
        root, pattern = self._split(listed)
        place = self.absolute(root)
        if not pattern or not os.path.isdir(place):
            return None
        paths = {name: join(root, name.rstrip("/")) for name in names_like(place, pattern)}
        kept = sorted(name for name in paths if paths[name] not in without)
        return digest_text("\n".join(kept)), {paths[name] for name in kept}

    def _split(self, listed: str) -> tuple[str, str]:
        return (listed, "*") if self.digests.exists(self.absolute(listed)) else split_pattern(listed)

    def lost_below(self, listed: str, path: str) -> str:
        """Return the path of what is gone in a directory, or of what a pattern may have meant, where that is why a path
        is gone; else nothing.
        """
        (root, pattern), part = self._split(listed), self.lost_part(path)
        near = "/" in pattern or (posixpath.dirname(part) or ".") == root
        return part if near and (root == "." or part.startswith(root + "/")) else ""

    def lost_part(self, path: str) -> str:
        """Return of the path of what is gone the first part that is, which may be a link that leads nowhere."""
        parts = (*map(str, reversed(PurePosixPath(path).parents)), path)
        return next(part for part in parts if part == path or not self.exists(part))

    def data_files(self, directory: str) -> Iterator[str]:
        """Find what may be data in a directory and below: all but texts, plot scripts, ledgers and figures.

        Nested experiments are left out, unless *directory* is inside one. A directory around experiments is
        looked at alone, not what is below. Links to directories outside the record are followed.
        """
        around = any(key.startswith(directory + "/") and key != directory for key in self._experiments)
        deep = directory in self._experiments or not around
        seen: set[str] = set()
        waiting = [directory]
        while waiting:
            current = waiting.pop()
            files, inside, apart, _, environment = list_directory(self.absolute(current))
            yield from (path for name in files if self._is_data(path := join(current, name)))
            if not deep or environment:
                continue
            inside = [name for name in inside if join(current, name) not in self._experiments]
            for name in apart:
                target = os.path.realpath(self.absolute(join(current, name)))
                around = self._real == target or self._real.startswith(target.rstrip(os.sep) + os.sep)
                if target not in seen and not around and not target.startswith(self._real + os.sep):
                    seen.add(target)
                    inside.append(name)
            waiting += [join(current, name) for name in inside]

    def _is_data(self, path: str) -> bool:
        name = posixpath.basename(path)
        if name == "expt.toml" or path in self._scripts or is_figure(path) or is_litter(name):
            return False
        return posixpath.splitext(name)[1].lower() not in _NO_DATA

    def matching(self, patterns: Iterable[str]) -> set[str]:
        """Find the files that an author's patterns mean; ``**`` is any number of directories."""
        found = (path for pattern in patterns for path in glob.iglob(pattern, root_dir=self.base, recursive=True))
        return {path.replace(os.sep, "/") for path in found if os.path.isfile(self.absolute(path))}

    def shadowing(self, script: Script) -> set[str]:
        """Find the modules beside a script that would be imported instead of a library, by whatever imports that."""
        if script.language != "python":
            return set()
        files, inside, *_ = list_directory(self.absolute(script.folder))
        names = {name.removesuffix(".py"): name for name in files if name.endswith(".py")}
        names |= {name: f"{name}/__init__.py" for name in inside}
        paths = {name: join(script.folder, file) for name, file in names.items() if name.isidentifier()}
        packages = [entry for entry in sys.path if os.path.basename(entry) in ("site-packages", "dist-packages")]
        libraries = (name for name in paths if name in sys.stdlib_module_names or PathFinder.find_spec(name, packages))
        return set(filter(self.exists, (paths[name] for name in libraries))) - self._scripts

    def style(self, script: Script, settings: FigureSettings) -> str:
        """Digest what decides on a script's looks beside itself: style, dark scheme, a ``matplotlibrc`` beside it."""
        if script.language != "python":
            return digest_text("")
        own = self.digest(join(script.folder, "matplotlibrc"))
        path = self.style_path(settings)
        content = None if path is None else self.digests.of(path)
        name = None if content is not None else settings.style
        dark = None if path is None or not settings.dark else self.digests.of(dark_path(path))
        return digest_text(json.dumps([name, content, settings.dark, dark, own]))

    def style_path(self, settings: FigureSettings) -> str | None:
        """Return the absolute path of the style's file; ``None`` where the style is a name or there is none."""
        path = None if settings.style is None else os.path.join(self.base, settings.style)
        return path if path is not None and os.path.isfile(path) else None


#: ``fresh``: as its script drew it, and nothing has changed. ``adopted``: it was there before us, and nothing has
#: changed since. ``no figure``: the script draws none. ``edited``: fresh, but the figure is not as its script drew it.
#: ``unknown``: what it depends on is not here. ``stale``: something has changed. ``never run``: nothing is known.
Freshness = Literal["fresh", "adopted", "no figure", "edited", "unknown", "stale", "never run"]

#: So many reasons are told one by one.
_REASONS = 8


@dataclass(frozen=True)
class Staleness:
    """What is to be thought of the figures of one script, and to be done."""

    state: Freshness
    #: Why they are not fresh: clauses such as ``data/a.csv has changed``, with paths relative to the experiment.
    reasons: tuple[str, ...] = ()
    run: bool = False
    #: Whether the script is run only because no script names what is missing.
    trial: bool = False
    adopt: bool = False
    #: Whether data are not here, so that even where it is asked for, what would be drawn is worse than what is there.
    keep: bool = False
    #: The figures that are not as the script drew them.
    edited: tuple[str, ...] = ()
    #: What of the record was read or listed for them, and is not here.
    lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checker:
    """Compares entries of ledgers with the files."""

    tree: FileTree
    state: State
    settings: FigureSettings

    def check(
        self,
        script: Script,
        entry: LedgerEntry,
        ignored: frozenset[str] = frozenset(),
        contested: frozenset[str] = frozenset(),
        stamps: Mapping[str, str] | None = None,
    ) -> Staleness:
        """Compare one entry with the files, of which those that are *ignored* make nothing stale.

        *contested* are figures that another script draws too, so that they may be as that one left them, and *stamps*
        sizes and times of files outside the record, where it is not the state that knows them.
        """
        found = _Findings(script)
        if entry.damaged:
            found.certain.append(f"what the ledger says of it is damaged: {entry.damaged}")
        if self.tree.digest(script.path) != entry.digest:
            found.certain.append("the script has changed")
        if self.tree.style(script, self.settings) != entry.style:
            found.certain.append("the style has changed")
        # Another interpreter would have to be asked for its own.
        own = script.language == "python" and not interpreter(self.tree.base, self.settings.python)
        if self.settings.versions and own:
            newer = [name for name, version in entry.versions.items() if _version(name) != version]
            found.certain += [f"the version of {name} is another" for name in newer]
        for path, digest in entry.modules.items():
            if (now := self.tree.digest(path)) != digest:
                found.certain.append(f"{found.name(path)} has changed" if now else f"{found.name(path)} is gone")
        shadows = self.tree.shadowing(script) - entry.modules.keys()
        found.certain += [f"{found.name(path)} is new, and has the name of a library" for path in sorted(shadows)]
        found.certain += [f"{found.name(path)} is there now" for path in entry.absent if self.tree.exists(path)]
        found.certain += [f"{found.name(path)} is not there" for path in entry.outputs if not self.tree.exists(path)]
        undrawn = set() if entry.adopted else set(found.script.outputs) - set(entry.outputs) - contested
        found.certain += [f"it is said to draw {found.name(path)}" for path in sorted(undrawn)]
        # A merge may have left two digests of a figure, one of which is right.
        drawn = {*entry.drawn, *entry.outputs.values(), None}
        edited = [path for path in entry.outputs if self.tree.digest(path) not in drawn and path not in contested]
        self._inputs(script, entry, ignored, found)
        self._outside(self.state.outside(entry) if stamps is None else stamps, found)
        missing = not all(map(self.tree.exists, entry.outputs))
        if not any(map(self.tree.exists, entry.outputs)):
            found.lost.clear()
        return found.verdict(entry, tuple(edited), missing=missing)

    def _inputs(self, script: Script, entry: LedgerEntry, ignored: frozenset[str], found: _Findings) -> None:
        gone = found.lost
        for path, digest in entry.inputs.items():
            now = self.tree.digest(path)
            if now is None:
                # What the script wrote itself it will write again.
                gone += [path] if path not in entry.wrote else []
            elif now != digest and path not in ignored:
                while_drawn = " while it was drawn" if digest == CHANGED else ""
                found.changed.append(f"{found.name(path)} has changed{while_drawn}")
        digests, absolute = self.tree.digests, self.tree.absolute
        gone += [path for path in entry.present if path not in gone and not digests.exists(absolute(path))]
        own = {*entry.outputs, *entry.wrote, *entry.former}
        listed = {directory: self.tree.listing(directory, without=own) for directory in entry.listings}
        gone += [directory for directory, names in listed.items() if names is None and not self.tree.exists(directory)]
        found.absent += [f"{found.name(path)} is not here" for path in gone]
        found.certain += [
            f"{found.name(path)} is gone" for path in entry.present if path in gone and self._was_here(path)
        ]
        for directory, names in listed.items():
            if directory in gone or (names is not None and names[0] == entry.listings[directory]):
                continue
            # What is gone with all that is between, by the names that the directory had.
            parts = {path: part for path in gone if (part := self.tree.lost_below(directory, path))}
            if parts and all(map(self._was_here, parts)):
                # They were here once, so they were deleted, and the script takes whatever it finds.
                found.certain += [f"{found.name(name)} is gone" for name in dict.fromkeys(parts.values())]
            elif not parts:
                found.changed.append(f"the files in {found.name(directory)} are others")
        possible = set(self.tree.matching(script.inputs))
        possible.update(path for directory in entry.scope for path in self.tree.data_files(directory))
        # A link that leads nowhere is data that is not here, as in a fresh clone, and no new file.
        lost = {path for path in possible if not self.tree.exists(path)}
        possible -= lost
        lost |= {part for part in map(self.tree.lost_part, gone) if os.path.islink(absolute(part))}
        found.lost += sorted(lost - {*gone})
        found.nowhere += [f"{found.name(path)} leads nowhere" for path in sorted(lost)]
        known = {*entry.inputs, *entry.modules, *entry.wrote, *entry.outputs, *ignored}
        # Big files are known by their mark alone.
        found.new += sorted(path for path in possible - known if mark(path) not in entry.outside)

    def _was_here(self, path: str) -> bool:
        return self.tree.digests.seen(self.tree.absolute(path))

    def _outside(self, stamps: Mapping[str, str] | None, found: _Findings) -> None:
        if stamps is None:
            found.unsure.append("it reads files that only the machine that drew it can compare")
            return
        for path, then in stamps.items():
            now = stamp(os.path.join(self.tree.base, path))
            if now == "absent" != then:
                found.absent.append(f"{path} is not here")
            elif now != then:
                found.changed.append(f"{path} has changed")


@dataclass
class _Findings:
    """What a comparison brought to light, by how much it weighs."""

    script: Script
    certain: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    nowhere: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def name(self, path: str) -> str:
        """Write a path as the author of the experiment would."""
        return posixpath.relpath(path, self.script.experiment)

    def verdict(self, entry: LedgerEntry, edited: tuple[str, ...], *, missing: bool) -> Staleness:
        """Weigh what was found.

        Without an input that is absent the script would fail, and the figure that is there is better than
        none; where more than data has changed it is no longer right in any case, and stays only if the script looks in
        vain for what is *lost*.
        """
        changed = [*self.changed, *(f"{self.name(path)} is new" for path in self.new)]
        reasons = _first([*self.nowhere, *self.certain, *self.absent, *changed, *self.unsure])
        lost = tuple(self.lost)
        if self.nowhere and not missing:
            # Whatever else has changed: what would be drawn without the data is worse than what is there.
            return Staleness("unknown", reasons, keep=True, edited=edited, lost=lost)
        if self.certain or (changed and not self.absent):
            return Staleness("stale", reasons, run=True, edited=edited, lost=lost)
        if self.absent or self.unsure:
            return Staleness("unknown", reasons, edited=edited, lost=lost)
        if edited and not entry.adopted:
            names = (f"{self.name(path)} was changed after it was drawn" for path in edited)
            return Staleness("edited", _first(names), edited=edited)
        if entry.adopted:
            return Staleness("adopted")
        return Staleness("fresh" if entry.outputs else "no figure")


def _first(reasons: Iterable[str]) -> tuple[str, ...]:
    every = list(reasons)
    more = len(every) - _REASONS
    return (*every[:_REASONS], f"and {more} more") if more > 1 else tuple(every)


def _version(name: str) -> str | None:
    if name == "python":
        return platform.python_version()
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
