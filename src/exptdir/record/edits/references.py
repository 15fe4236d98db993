"""The references of a record's pages, and where each leads."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from exptdir.errors import EditError
from exptdir.record.edits.plan import read_source
from exptdir.record.markup.blocks import Blocks, read_blocks
from exptdir.record.markup.references import PATHS, Token, runs_in, tokens, toml_references
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem
from exptdir.record.reference import Kind, Resolution, RunExists, Unresolved, find_experiments, resolve
from exptdir.record.walk import join, walk

#: True for a POSIX path from the source directory that is to be left alone.
Exclude = Callable[[str], bool]


@dataclass(frozen=True)
class EditedPage:
    """A file with references."""

    path: Path
    #: Its POSIX path from the source directory.
    key: str
    text: str

    @cached_property
    def blocks(self) -> Blocks:
        """Its text, read."""
        return read_blocks(self.text, markdown=self.path.suffix.lower() == ".md")

    @cached_property
    def tokens(self) -> list[Token]:
        """What in it may lead somewhere."""
        return toml_references(self.text) if self.path.suffix == ".toml" else tokens(self.blocks)

    def line(self, token: Token) -> int:
        """Return the 1-based line of a token."""
        return self.text.count("\n", 0, token.start) + 1


def nothing(path: str) -> bool:
    """Leave no path alone."""
    return False


def read_pages(base: Path, exclude: Exclude = nothing) -> tuple[list[EditedPage], list[Problem]]:
    """Read the pages of a record and its files ``expt.toml``; one that cannot be read is a problem."""
    pages, problems = [], []
    for directory, files, _, _ in walk(base, ".", exclude):
        for name in files:
            key = join(directory, name)
            if (name != "expt.toml" and not name.lower().endswith((".rst", ".md"))) or exclude(key):
                continue
            try:
                pages.append(EditedPage(base / key, key, read_source(base / key)[1].text))
            except EditError as error:
                problems.append(Problem("edit", f"its references are not looked at: {error}", base / key))
    return pages, problems


class Runs:
    """The runs that the pages of a record describe."""

    def __init__(self, record: Record, pages: list[EditedPage]) -> None:
        self._names: defaultdict[str, set[str]] = defaultdict(set)
        for page in pages:
            owner = around(record, page.key)
            if owner is not None and "expt:run" in page.text:
                self._names[owner.key].update(runs_in(page.blocks))

    def exists(self, text: str) -> RunExists:
        """Return a test for the runs that the reference *text* may mean.

        What stands behind an experiment and a slash can only be meant for a run, wherever that is described.
        """
        return lambda experiment, run: run in self._names[experiment.key] or run != text.strip()

    def moved(self, new_key: Callable[[str], str]) -> Runs:
        """Return the same runs under the experiments' new keys."""
        other = object.__new__(Runs)
        other._names = defaultdict(set, {new_key(key): names for key, names in self._names.items()})
        return other


def around(record: Record, key: str) -> Experiment | None:
    """Return the experiment that a file belongs to, by its path from the source directory."""
    return record.around(str(PurePosixPath(key).with_suffix("")))


def read_token(
    record: Record, token: Token, here: Experiment | None, run_exists: RunExists
) -> Resolution | Unresolved | None:
    """Say where a token leads; ``None`` for one that is no reference to an experiment."""
    if token.form in PATHS:
        return None
    if token.form == "label":
        return read_label(record, token.text)
    found = lead(record, token.text, here, run_exists, token.kind)
    if token.form == "any" and isinstance(found, Unresolved):
        return None
    return found


def lead(
    record: Record, text: str, here: Experiment | None, run_exists: RunExists, kind: Kind | None = None
) -> Resolution | Unresolved:
    """Resolve a reference, without looking for likely names where it leads nowhere, which takes long."""
    typed = text.strip()
    bare = typed.removeprefix("#")
    cuts = [len(bare), *(found.start() for found in re.finditer(r"[/@#]", bare))]
    near = re.match(r"[-@]", typed) or (here is not None and run_exists(here, typed))
    if not near and not any(find_experiments(record, bare[:cut]) for cut in cuts):
        return Unresolved(f"no experiment or run {text!r}")
    return resolve(record, text, here, run_exists, kind)


def read_label(record: Record, label: str) -> Resolution | None:
    """Read one of the standard labels, ``expt-63`` and ``expt-63-2024-06-28.2``."""
    name = " ".join(label.lower().split())
    if not name.startswith("expt-"):
        return None
    rest = name.removeprefix("expt-")
    best = None
    for experiment in record.experiments.values():
        address = " ".join(experiment.address.lower().split())
        if (rest == address or rest.startswith(address + "-")) and (best is None or len(address) > len(best[1])):
            best = experiment, address
    if best is None:
        return None
    behind = rest.removeprefix(best[1]).removeprefix("-")
    return Resolution("label", best[0], label=behind or None)
