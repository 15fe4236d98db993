"""Which run goes back to which: by the checkpoints that configurations load, and by what logs say. And orphans."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from exptdir.runs.comparison import changes
from exptdir.runs.model import Descent, Parent, Run, Runs, Value

#: Keys under which a configuration says what it begins with.
_LOADED = re.compile(
    r"(?i)ckpt|checkpoint|resum|pretrain|init_from|load_from|load_path|restore|warm_?start|finetune_from|init_weights|"
    r"parent_run|base_run"
)
_SAVED = re.compile(r"(?i)sav|output|write|every|freq|interval|monitor|num|keep|top_k|dir$|enable|callback")
_WEIGHTS = re.compile(r"(?i)\.(?:ckpt|pt|pth|bin|safetensors|h5|npz|pkl|onnx|msgpack)$")
#: Characters of a path in which names of runs are looked for.
_LONGEST = 500


def _is_loaded(key: str, value: Value) -> bool:
    """Tell whether a setting names what a run begins with."""
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
        return False
    last = key.rpartition(".")[2]
    is_path = "/" in value or "\\" in value or bool(_WEIGHTS.search(value))
    loads = bool(_LOADED.search(last)) and not _SAVED.search(_LOADED.sub("", last))
    return loads or (bool(_WEIGHTS.search(value)) and is_path and not _SAVED.search(last))


def run_in_path(path: str, runs: Runs, own: Run) -> Run | None:
    """Return the run that a path leads to: the one whose name takes the most of it, nearest to its end."""
    parts = [part for part in path.lower().replace("\\", "/").split("/") if part]
    for length in range(min(4, len(parts)), 0, -1):
        for start in range(len(parts) - length, -1, -1):
            name = "/".join(parts[start : start + length])
            for candidate in (name, _WEIGHTS.sub("", name)):
                found = runs.named(candidate)
                if len(found) == 1 and found[0].id != own.id:
                    return found[0]
    return None


def find_parents(runs: Runs) -> None:
    """Note for each run the runs whose checkpoints its configuration loads."""
    for run in runs.every:
        for key, value in run.configuration.items():
            if not _is_loaded(key, value):
                continue
            text = str(value)
            found = run_in_path(text, runs, run)
            how: Descent = "resumed" if "resum" in key.lower() else "checkpoint"
            known = found is not None
            if not known and "/" not in text and not _WEIGHTS.search(text):
                continue
            parent = Parent(found.id if found is not None else text, how, f"{key}: {text}", known)
            if all((one.run, one.how) != (parent.run, parent.how) for one in run.parents):
                run.parents.append(parent)


@dataclass
class Descendant:
    """A run in the tree of its ancestors.

    Parameters
    ----------
    name
        Its id, or what is written where no run is known by it.
    how
        In which way it goes back to the run above it.
    changed
        In short, what it has otherwise than that one.
    others
        Further runs that it goes back to.
    """

    name: str
    run: Run | None = None
    how: str = ""
    changed: list[str] = field(default_factory=list)
    others: list[Parent] = field(default_factory=list)
    children: list[Descendant] = field(default_factory=list)

    def walk(self) -> Iterator[Descendant]:
        """Yield it and all that go back to it."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += reversed(one.children)


def lineage(runs: Runs, only: list[Run] | None = None) -> list[Descendant]:
    """Return the runs as trees, each below the run that it goes back to.

    Parameters
    ----------
    only
        If given, trees that hold none of these are left out, and so are branches that do not lead to one.

    Returns
    -------
    list[Descendant]
        The roots. Runs that go back to nothing and to which nothing goes back are not among them. Where runs go back
        to one another in a circle, the first of them is taken for the origin.
    """
    places = {run.id: Descendant(run.id, run) for run in runs.every if not run.is_sweep}
    above: dict[str, str] = {}
    strangers: dict[str, Descendant] = {}
    for run in runs.every:
        ways = [parent for parent in run.parents if parent.how != "part of"]
        if run.is_sweep or not ways:
            continue
        first, own = ways[0], places[run.id]
        # "Same as 5 but wider" tells more than that it is the same.
        own.how, own.others = first.written if first.how == "same as" else first.how, ways[1:]
        parent = places.get(first.run) if first.known else strangers.setdefault(first.run, Descendant(first.run))
        ancestor: str | None = first.run
        while ancestor is not None and ancestor != run.id:
            ancestor = above.get(ancestor)
        if parent is None or ancestor == run.id:
            own.how, own.others = "", ways
            continue
        above[run.id] = first.run
        own.changed = changes(run, parent.run, _is_loaded) if parent.run is not None and run.configuration else []
        parent.children.append(own)
    roots = [*strangers.values(), *(one for one in places.values() if one.name not in above and one.children)]
    if only is not None:
        wanted = {run.id for run in only}
        roots = [root for root in roots if prune(root, wanted)]
    return roots


def prune(top: Descendant, wanted: set[str]) -> bool:
    """Cut off the branches that lead to no run that is wanted, and tell whether this one does or is one."""
    order = list(top.walk())
    kept = {id(one): one.name in wanted for one in order}
    for one in reversed(order):
        one.children = [child for child in one.children if kept[id(child)]]
        kept[id(one)] = kept[id(one)] or bool(one.children)
    return kept[id(top)]


@dataclass(frozen=True)
class Orphans:
    """Runs that are told of in one place alone: *unmentioned* by the log, or *missing* from the disk."""

    unmentioned: tuple[Run, ...]
    missing: tuple[Run, ...]


def orphans(runs: Runs) -> Orphans:
    """Find the runs that no log mentions, and those that logs mention and that have no files.

    A mention of a sweep is one of all its parts, and a part's one of the whole.
    """
    told = {run.id for run in runs.every if run.logged}
    whole = {run.id: parent.run for run in runs.every for parent in run.parents if parent.how == "part of"}
    of_parts = {whole[id] for id in told if id in whole}
    unmentioned = [run for run in runs.every if not run.logged and run.files and whole.get(run.id) not in told]
    unmentioned = [run for run in unmentioned if run.id not in of_parts]
    # Where no run has files, as in a log whose runs were never kept, none is missing.
    kept = any(run.files for run in runs.every)
    missing = [run for run in runs.every if run.logged and not run.files and not run.directory] if kept else []
    return Orphans(tuple(unmentioned), tuple(missing))
