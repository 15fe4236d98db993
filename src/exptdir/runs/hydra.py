"""Configurations of Hydra: ``defaults`` as far as their files are there, packages, sweeps, interpolation.

Hydra's own composition, which was looked at, is strict: it fails where a schema is registered in Python, as most are
that were seen. So the list of defaults is followed here, by the rules of
https://hydra.cc/docs/advanced/defaults_list/ and https://hydra.cc/docs/advanced/overriding_packages/, and what is not
there is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, product
from math import prod
from pathlib import Path
from typing import Any

from exptdir.record.problem import Problem
from exptdir.runs.configuration import ConfigurationFiles, Tree, plain_value
from exptdir.runs.interpolation import interpolate
from exptdir.runs.model import Parent, Run, TooLarge, Value, flatten, join_names, shown

#: Parts of a sweep that are looked at, and files that one configuration is made of.
MOST_PARTS, _MOST_FILES = 1000, 200
_PACKAGE = re.compile(r"^\s*#\s*@package:?\s+(\S+)", re.MULTILINE)
_JOB_NUMBER = re.compile(r"\$\{hydra:job\.num\}")
#: Keys whose value is what a run is called.
_NAME_KEYS = ("name", "run_name", "exp_name", "experiment_name")


def is_hydra(tree: Tree) -> bool:
    """Tell whether settings are written for Hydra."""
    return isinstance(tree.get("defaults"), list) or isinstance(tree.get("hydra"), dict)


def merge(into: Tree, tree: Tree) -> None:
    """Put nested settings over others."""
    for key, value in tree.items():
        if isinstance(value, dict):
            below = into[key] if isinstance(into.get(key), dict) else {}
            into[key] = dict(below)
            merge(into[key], value)
        else:
            into[key] = value


@dataclass
class Composition:
    """Composes one configuration.

    Parameters
    ----------
    files
        Reads files and remembers which.
    base
        The directory above which no file is looked for.
    choices
        Options of groups that are chosen from outside, as in a sweep.
    """

    files: ConfigurationFiles
    base: Path
    choices: dict[str, str] = field(default_factory=dict)
    #: What ``defaults`` name and no file holds, as written.
    missing: list[str] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    #: The files that it is made of, in the order of asking.
    used: dict[Path, None] = field(default_factory=dict)

    def compose(
        self, path: Path, place: str = "", default: str = "", around: str = "", above: tuple[Path, ...] = ()
    ) -> Tree:
        """Return the settings of a file over those that its list of defaults names.

        Parameters
        ----------
        place, default, around
            The package that is asked for, that of the directory, and that of the file which names this one.
        above
            The files that have led here.
        """
        tree = dict(self.files.tree(path) or {})
        self.used[path] = None
        header = _PACKAGE.search((self.files.text(path) or "")[:2000])
        place = place or (header[1] if header else "")
        if place.startswith("_global_"):
            package = place.removeprefix("_global_").strip(".")
        else:
            inner = default if place in {"", "_group_"} else place.removeprefix("_here_").strip(".")
            package = ".".join(filter(None, (around, inner)))
        defaults = tree.pop("defaults", [])
        defaults = defaults if isinstance(defaults, list) else []
        for entry in defaults:
            for key, option in entry.items() if isinstance(entry, dict) else ():
                # What overrides a choice comes behind it.
                if str(key).startswith("override "):
                    self.choices.setdefault(str(key).split()[-1].partition("@")[0].strip("/"), str(option))
        body: Tree = tree
        for part in reversed(package.split(".") if package else ()):
            body = {part: body}
        whole: Tree = {}
        for entry in (*defaults, *(["_self_"] if "_self_" not in defaults else [])):
            if entry == "_self_":
                merge(whole, body)
                continue
            for text, target, asked, directory in self.entries(entry):
                found = self.find(target, path.parent)
                if found in (*above, path):
                    self.problems.append(Problem("run", f"the defaults of {path.name} lead back to {target}", path))
                elif found is not None and len(self.used) < _MOST_FILES:
                    merge(whole, self.compose(found, asked, directory, package, (*above, path)))
                elif "optional" not in text.split():
                    self.missing.append(text)
        return whole

    def entries(self, entry: object) -> Iterator[tuple[str, str, str, str]]:
        """Yield for an entry what is written, the file that it means, its package, and that of its directory."""
        if isinstance(entry, str):
            name, _, place = entry.partition("@")
            yield entry, name, place, ".".join(name.strip("/").split("/")[:-1])
        elif isinstance(entry, dict) and len(entry) == 1:
            key, option = next(iter(entry.items()))
            *how, last = str(key).split() or [""]
            group, _, place = last.partition("@")
            bare = group.strip("/")
            # What Hydra itself is to do is no setting of the run.
            if bare.partition("/")[0] == "hydra" or ("override" in how and bare in self.groups):
                return
            self.groups.add(bare)
            option = self.choices.get(bare, option)
            for one in option if isinstance(option, list) else [option]:
                if one is not None and group:
                    yield f"{key}: {one}", f"{group}/{one}", place, bare.replace("/", ".")

    def find(self, target: str, here: Path) -> Path | None:
        """Find a file: below the one that names it, or with a slash in front below a directory around it.

        Of a tree that is kept in part, as when ``experiment/b`` alone lies beside the log, the end of the path counts.
        """
        name = target.strip("/")
        if not name or ".." in name.split("/") or "\0" in name or "${" in name:
            return None
        places = [here / name]
        if target.startswith("/"):
            around = [one for one in (here, *here.parents) if one.is_relative_to(self.base)]
            places = [one / name for one in around]
            directories = name.split("/")[:-1]
            if directories and here.name == directories[-1]:
                places.append(here / name.split("/")[-1])
        for place in places:
            for suffix in ("", ".yaml", ".yml") if place.suffix in {".yaml", ".yml"} else (".yaml", ".yml"):
                candidate = place.with_name(place.name + suffix)
                if self.files.text(candidate) is not None:
                    return candidate
        return None


def _pieces(text: str) -> list[str]:
    """Cut at commas that stand in no brackets and no quotes."""
    pieces, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            pieces.append("")
            continue
        pieces[-1] += character
    return [piece.strip() for piece in pieces]


def sweep_values(value: object) -> list[Value] | None:
    """Return the values that a parameter of a sweep takes; ``None`` where that is known only when it runs.

    The forms are those of https://hydra.cc/docs/advanced/override_grammar/extended/: ``0,1,2``, ``choice(a,b)``,
    ``range(0,10,2)``.
    """
    if isinstance(value, list):
        return [str(one) if isinstance(one, (list, dict)) else one for one in value]
    if not isinstance(value, str):
        return [value if isinstance(value, (int, float, bool)) else None]
    call = re.fullmatch(r"\s*(\w+)\((.*)\)\s*", value, re.DOTALL)
    if call is None or call[1] == "choice":
        pieces = _pieces(call[2] if call else value)
        return [
            plain_value(piece[1:-1] if len(piece) > 1 and piece[0] == piece[-1] in "'\"" else piece) for piece in pieces
        ]
    numbers = [plain_value(piece) for piece in _pieces(call[2])]
    if call[1] == "range" and 0 < len(numbers) < 4 and all(type(number) is int for number in numbers):
        whole = [number for number in numbers if isinstance(number, int)]
        if len(whole) < 3 or whole[2] != 0:
            return list(islice(range(*whole), MOST_PARTS + 1))
    return None


def put(tree: Tree, path: str, value: Value) -> None:
    """Set one value by its dotted path."""
    *above, last = path.lstrip("+").split(".")
    for key in above:
        below = tree.get(key)
        tree[key] = tree = dict(below) if isinstance(below, dict) else {}
    tree[last] = value


def hydra_runs(path: Path, files: ConfigurationFiles, base: Path) -> list[Run]:
    """Return the runs of a configuration: one, or the sweep and its parts.

    Parameters
    ----------
    base
        The directory above which no file of its defaults is looked for.
    """
    launch = (files.tree(path) or {}).get("hydra")
    launch = launch if isinstance(launch, dict) else {}
    sweeper = launch.get("sweeper")
    params = sweeper.get("params") if isinstance(sweeper, dict) else None
    params = params if isinstance(params, dict) else {}
    whole = _run(path, files, base, path.stem, {}, None)
    if not params:
        return [whole]
    if str(launch.get("mode", "")).rpartition(".")[2].upper() != "MULTIRUN":
        whole.notes.append("a sweep that runs with --multirun alone is not shown")
        return [whole]
    axes = {str(key): sweep_values(value) for key, value in params.items()}
    values = [found for found in axes.values() if found is not None]
    if len(values) < len(axes) or not prod(map(len, values)) or prod(map(len, values)) > MOST_PARTS:
        for key, value in params.items():
            whole.configuration[str(key)] = shown(value if isinstance(value, (int, float, bool)) else str(value))
        whole.notes.append(f"a sweep has no list of parts, or more than {MOST_PARTS:,}")
        return [whole]
    whole.is_sweep = True
    parts = []
    for number, chosen in enumerate(product(*values)):
        part = _run(path, files, base, f"{path.stem}-{number}", dict(zip(axes, chosen, strict=True)), number)
        part.parents.insert(0, Parent(whole.id, "part of", path.name))
        parts.append(part)
    return [whole, *parts]


def _run(
    path: Path, files: ConfigurationFiles, base: Path, id: str, swept: dict[str, Value], number: int | None
) -> Run:
    """Compose one run, with the values that a sweep gives it."""
    composition = Composition(files, base, {key.strip("/+"): str(value) for key, value in swept.items()})
    tree = composition.compose(path)
    notes: list[str] = []
    for key, value in swept.items():
        if key.strip("/+") not in composition.groups:
            put(tree, key, value)
    tree.pop("hydra", None)
    try:
        tree, notes = interpolate(_numbered(tree, number))
        configuration = flatten(tree)
    except TooLarge as error:
        files.problems.append(Problem("run", f"{path.name} cannot be read: {error}", path))
        configuration = {}
    files.problems += [problem for problem in composition.problems if problem not in files.problems]
    if composition.missing:
        missing = list(dict.fromkeys(composition.missing))
        configuration["defaults"] = ", ".join(missing)
        notes.append(f"defaults of which no file is here: {join_names(missing)}")
    names = [configuration[key] for key in _NAME_KEYS if isinstance(configuration.get(key), str)]
    aliases = dict.fromkeys(
        str(name) for name in (*names, f"{path.parent.name}/{id}") if name and "${" not in str(name)
    )
    return Run(
        id, tuple(aliases), configuration, files=tuple(composition.used), source="Hydra configuration", notes=notes
    )


def _numbered(value: Any, number: int | None) -> Any:
    """Fill in the number of a part."""
    if number is None:
        return value
    if isinstance(value, dict):
        return {key: _numbered(one, number) for key, one in value.items()}
    return _JOB_NUMBER.sub(str(number), value) if isinstance(value, str) else value
