"""The references of a record's pages: where each leads, and how it is written anew so that it goes on to lead there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from exptdir.errors import EditError
from exptdir.record.edits.layout import DirectoryLayout, Exclude
from exptdir.record.edits.plan import Workspace, read_source
from exptdir.record.markup.blocks import Blocks, read_blocks
from exptdir.record.markup.references import PATHS, Token, runs_in, tokens, toml_references
from exptdir.record.model import Experiment, Record
from exptdir.record.problem import Problem
from exptdir.record.reference import Kind, Resolution, RunExists, Unresolved, find_experiments, resolve
from exptdir.record.walk import join, walk

_BREAKS_ROLES = re.compile(r"[`<>\\\r\n]")
_BREAKS_LINKS = re.compile(r"[\s()<>\\]")


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
                self._names[owner.key].update(run.text for run in runs_in(page.blocks))

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
    addresses = ((" ".join(one.address.lower().split()), one) for one in record.experiments.values())
    fitting = [(address, one) for address, one in addresses if f"{rest}-".startswith(f"{address}-")]
    if not fitting:
        return None
    address, best = max(fitting, key=lambda pair: len(pair[0]))
    return Resolution("label", best, label=rest.removeprefix(address).removeprefix("-") or None)


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
        layout, record = self._layout, self._layout.record
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
        breaks = _BREAKS_LINKS if token.form == "any" else _BREAKS_ROLES
        for text in _spellings(token.text, found, target):
            # In a list of facts a comma would make two of one.
            fits = text == token.text or not (breaks.search(text) or ("," in text and not token.name))
            if fits and self._lead_after(token, text, here) == replace(found, experiment=target):
                return text
        return None

    def caught(self, token: Token, here: Experiment | None) -> Experiment | None:
        """Return the experiment that a reference leads to from now on, if it led nowhere until now."""
        if token.form != "reference":
            return None
        old = lead(self._layout.record, token.text, here, self._runs.exists(token.text), token.kind)
        if not isinstance(old, Unresolved) or old.ambiguous:
            return None
        new = self._lead_after(token, token.text, here)
        return new.experiment if isinstance(new, Resolution) else None

    def rename_prerequisites(self, workspace: Workspace, experiment: Experiment) -> None:
        """Plan new names for the files of prerequisites; links are followed by their targets, not by their names."""
        origin = experiment.origins.get("prerequisites")
        if origin is None or origin[0].name != "prereqs":
            return
        for name in experiment.prerequisites:
            path = origin[0] / name
            content = workspace.read(path) if path.is_file() and not path.is_symlink() else None
            new = self.respell(Token(0, len(name), name, "reference", name="prereqs"), experiment)
            if content is not None and new is not None and new != name and "/" not in new:
                workspace.write(path, None)
                workspace.write(path.with_name(new), content)

    def _lead_after(self, token: Token, text: str, here: Experiment | None) -> Resolution | Unresolved:
        here_after = self._layout.counterpart(here) if here is not None else None
        return lead(self._layout.after, text, here_after, self._runs_after.exists(text), token.kind)


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
