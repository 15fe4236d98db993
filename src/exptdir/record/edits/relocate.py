"""Gives experiments new numbers, names and places, with every reference to them.

Where two branches both took the same number, git is asked when a file came and who wrote a line; without git, or
outside of it, nothing is known.
"""

from __future__ import annotations

import math
import os
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath

from exptdir.errors import EditError
from exptdir.record.edits.facts import put_fact
from exptdir.record.edits.layout import DirectoryLayout, Exclude, name_facts, respell_links, respell_path
from exptdir.record.edits.plan import Plan, Workspace
from exptdir.record.edits.references import EditedPage, Respeller, Runs, around, nothing, read_pages
from exptdir.record.git import Commits
from exptdir.record.markup.references import PATHS, Token
from exptdir.record.model import Experiment, Record, in_order
from exptdir.record.problem import Problem
from exptdir.record.walk import PROGRAMS

_NUMBERED = re.compile(r"(?P<number>[0-9]{1,18})(?P<rest>(?:[-_. ]+.*)?)", re.DOTALL)
_LARGEST_ID = 10**18 - 1

_ID = re.compile(r"(?:expt-|#)?(?P<id>[0-9]{1,18})(?![\w.])")

#: Tells which experiment a reference means where two have the same id.
Meant = Callable[[EditedPage, Token], Experiment | None]


def renumber(
    record: Record,
    experiment: Experiment,
    new_id: int,
    *,
    exclude: Exclude = nothing,
    left_out: Mapping[int, str] | None = None,
) -> Plan:
    """Plan to give an experiment another id: in its directory's name, its metadata and every reference.

    *left_out* are the ids of directories that are excluded, with their paths.

    Raises EditError when the id is taken, or the new directory is.
    """
    if not 0 <= new_id <= _LARGEST_ID:
        raise EditError(f"{new_id} is no id; take a whole number from 0")
    if new_id in record.by_id and record.by_id[new_id] != [experiment]:
        taken = ", ".join(other.path for other in record.by_id[new_id])
        raise EditError(f"the id {new_id} is taken by {taken}")
    if left_out is not None and new_id in left_out and new_id != experiment.id:
        raise EditError(f"the id {new_id} is taken by {left_out[new_id]}, which exclude_patterns leaves out")
    key = numbered_key(experiment, new_id)
    return relocate(DirectoryLayout(record, {experiment.key: key}, {experiment.key: new_id}), exclude)


def rename(record: Record, experiment: Experiment, name: str, *, exclude: Exclude = nothing) -> Plan:
    """Plan to give an experiment another name; a number in front of its directory's name stays.

    Raises EditError when the name cannot be that of a directory, would be read as something else, or is taken.
    """
    old, new = experiment.directory_name, name
    number, before = _NUMBERED.fullmatch(old), name_facts(old, experiment.id)
    if number is not None and "id" in before:
        separator = old.removesuffix(experiment.name)[len(number["number"]) :] if number["rest"] else ""
        new = number["number"] + (separator or "_") + name
    bad = not name.strip() or name != name.strip() or not name.isprintable() or "/" in name or "\\" in name
    if bad or name.startswith(".") or new in PROGRAMS or len(new.encode()) > 255:
        raise EditError(f"{name!r} cannot be the name of an experiment's directory")
    after = name_facts(new, experiment.id)
    if before.keys() - {"name", "begun"} != after.keys() - {"name", "begun"} or before.get("id") != after.get("id"):
        raise EditError(f"a directory {new!r} would have another number; choose another name")
    return relocate(DirectoryLayout(record, {experiment.key: experiment.key.removesuffix(old) + new}), exclude)


def move(record: Record, experiment: Experiment, under: Experiment | str | None, *, exclude: Exclude = nothing) -> Plan:
    """Plan to put an experiment, with all that is in it, somewhere else.

    *under* is the experiment or the directory, from the source directory, to be inside of; ``None`` the record root.

    Raises EditError when it would be inside itself, outside the record roots, or in the place of something else.
    """
    if under is None:
        # An experiment that two roots have under one path is written from the source directory.
        others = (root for root in record.roots if root and experiment.key.startswith(root + "/"))
        parent = experiment.root.rstrip("/") or next(others, "")
    else:
        parent = under.key if isinstance(under, Experiment) else posixpath.normpath(under)
    parent = "" if parent == "." else parent
    if parent == experiment.key or parent.startswith(experiment.key + "/"):
        raise EditError(f"{experiment.path} cannot be moved into itself")
    parts = PurePosixPath(parent).parts
    if parent.startswith("/") or ".." in parts or any(part.startswith(".") or part in PROGRAMS for part in parts):
        raise EditError(f"{under} is no directory for experiments")
    # As far as the experiments that are there tell the roots.
    if not any(not root or parent == root or parent.startswith(root + "/") for root in record.roots):
        raise EditError(f"{parent or 'the source directory'} is outside the record roots, where nothing is found")
    place = posixpath.join(parent, experiment.directory_name)
    return relocate(DirectoryLayout(record, {experiment.key: place}), exclude)


def relocate(layout: DirectoryLayout, exclude: Exclude = nothing, meant: Meant = lambda page, token: None) -> Plan:
    """Plan a new layout: renames, ids, references, paths and links.

    Raises EditError when a name is taken, or a file that has to change cannot be edited.
    """
    moves = {old: new for old, new in layout.moves.items() if old != new}
    if not moves and all(layout.record.experiments[key].id == new for key, new in layout.ids.items()):
        return Plan(layout.record.base)
    for new in moves.values():
        if os.path.lexists(layout.record.base / new):
            raise EditError(f"{new} exists already")
    workspace = Workspace(layout.record.base)
    pages, workspace.problems = read_pages(layout.record.base, exclude)
    respeller = Respeller(layout, Runs(layout.record, pages))
    for page in pages:
        _respell_page(layout, workspace, respeller, page, meant)
    for experiment in layout.record.experiments.values():
        respeller.rename_prerequisites(workspace, experiment)
    if moves:
        respell_links(layout, workspace, exclude)
    for key, new_id in layout.ids.items():
        experiment = layout.record.experiments[key]
        in_name = "id" in name_facts(layout.moved(key), experiment.id)
        put_fact(workspace, experiment, "id", new_id, new=not in_name)
    return workspace.plan(layout.renames())


def numbered_key(experiment: Experiment, new_id: int) -> str:
    """Return the key of an experiment with another id: as many digits, and the same name.

    A directory keeps its name where the number in it is not the id, which then stands elsewhere.
    """
    found = _NUMBERED.fullmatch(experiment.directory_name)
    carries = "id" in name_facts(experiment.key, experiment.id)
    if found is None or not carries or int(found["number"]) != experiment.id:
        return experiment.key
    width = len(found["number"]) if found["number"].startswith("0") else 0
    return f"{experiment.key.removesuffix(experiment.directory_name)}{new_id:0{width}}{found['rest']}"


def _respell_page(
    layout: DirectoryLayout, workspace: Workspace, respeller: Respeller, page: EditedPage, meant: Meant
) -> None:
    here = around(layout.record, page.key)
    moves = layout.touches(page.key) or (here is not None and here.key in layout.affected)
    if not moves and not layout.may_change(page.text):
        return
    pieces, end = [], 0
    for token in page.tokens:
        if not moves and not layout.may_change(token.text):
            continue
        new: str | None
        if token.form in PATHS:
            new = respell_path(layout, token.text, page.key, encoded=token.form == "address")
        elif (new := respeller.respell(token, here, meant(page, token))) is None:
            message = f"the reference “{token.text}” cannot be written anew; look where it leads"
            workspace.problems.append(Problem("ref", message, page.path, page.line(token)))
        elif new == token.text and (caught := respeller.caught(token, here)) is not None:
            message = f"the reference “{token.text}” led nowhere until now, and leads to {caught.path} from now on"
            workspace.problems.append(Problem("ref", message, page.path, page.line(token)))
        if new is not None and new != token.text:
            pieces += [page.text[end : token.start], new]
            end = token.end
    if pieces:
        new_text = "".join([*pieces, page.text[end:]])
        workspace.rewrite(page.path, lambda text: new_text)


def next_id(record: Record, left_out: Iterable[int] = ()) -> int:
    """Return the id after the highest that is taken, also by what is excluded; 1 in a record without numbers."""
    return max((*record.by_id, *left_out), default=0) + 1


def mend_conflicts(record: Record, *, exclude: Exclude = nothing, left_out: Iterable[int] = ()) -> Plan:
    """Plan new ids for the experiments that share theirs with one that was there before.

    The one whose log was committed first keeps the id. A reference by the id follows another one when it stands
    in that one's directory, or when git says that its line was written where only that one existed. What git does
    not decide is a problem of the plan, and stays as it is. *left_out* are the ids of directories that are excluded.

    Raises EditError when a file that has to change cannot be edited.
    """
    commits = Commits(record.base)
    problems: list[Problem] = []
    ids: dict[str, int] = {}
    groups: dict[int, list[Experiment]] = {}
    free = next_id(record, left_out)
    for number, rivals in sorted(record.by_id.items()):
        if len(rivals) < 2:
            continue
        # By when their logs were first committed, unless that leaves the first open.
        times = {rival.key: commits.added(rival.log) for rival in rivals}
        known = [time[1] for time in times.values() if time is not None]
        if not known or known.count(min(known)) > 1:
            names = ", ".join(rival.path for rival in in_order(rivals))
            message = f"git does not tell which of {names} had the id {number} first; renumber one of them by hand"
            problems.append(Problem("id", message, rivals[0].log))
            continue
        by_time = sorted(in_order(rivals), key=lambda rival: (times[rival.key] or ("", math.inf))[1])
        groups[number] = by_time
        for later in by_time[1:]:
            ids[later.key], free = free, free + 1
    moves = {key: numbered_key(record.experiments[key], new) for key, new in ids.items()}
    judge = _Judge(commits, groups)
    plan = relocate(DirectoryLayout(record, moves, ids), exclude, judge.meant)
    return Plan(plan.base, plan.edits, plan.renames, (*problems, *plan.problems, *judge.problems))


class _Judge:
    """Decides which of several experiments with one id a reference means."""

    def __init__(self, commits: Commits, groups: dict[int, list[Experiment]]) -> None:
        self._commits = commits
        self._groups = groups
        self.problems: list[Problem] = []

    def meant(self, page: EditedPage, token: Token) -> Experiment | None:
        found = _ID.match(token.text) if token.form not in PATHS else None
        rivals = self._groups.get(int(found["id"]), []) if found else []
        if not rivals:
            return None
        owners = [rival for rival in rivals if page.key.startswith(rival.key + "/")]
        if owners:
            return max(owners, key=lambda rival: len(rival.key))
        line = page.line(token)
        commit = self._commits.blame(page.path, line)
        known = []
        for rival in rivals:
            added = self._commits.added(rival.log)
            if commit and added is not None and self._commits.is_ancestor(added[0], commit):
                known.append(rival)
        if len(known) == 1:
            return known[0]
        names = " or ".join(rival.path for rival in rivals)
        message = f"“{token.text}” may mean {names}; it leads to the first now, mend it if that is wrong"
        self.problems.append(Problem("ref", message, page.path, line))
        return None
