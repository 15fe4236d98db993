"""Directories of runs: what Hydra, Lightning, Weights & Biases and MLflow leave behind, and what people write.

Finds the runs of an experiment: such directories, and files of settings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from exptdir.record.problem import Problem
from exptdir.record.walk import list_directory
from exptdir.runs.configuration import SUFFIXES, ConfigurationFiles, plain_value
from exptdir.runs.hydra import hydra_runs, is_hydra
from exptdir.runs.interpolation import interpolate
from exptdir.runs.model import Parent, Run, Runs, TooLarge, Value, flatten
from exptdir.runs.scalars import is_scalar_file, last_values

#: How deep directories are looked into, and how many files and directories.
_DEEPEST, _MOST = 5, 20_000
#: Directories that only hold others.
_CONTAINERS = frozenset(
    {"runs", "outputs", "multirun", "lightning_logs", "wandb", "mlruns", "configs", "config", "conf", "logs"}
)
#: What a directory's one file of settings is called, so that the directory is the run.
_GENERIC = frozenset({"config", "configuration", "args", "params", "hparams", "settings", "options", "opts"})
#: Files beside experiments that are settings of programs, not of runs.
_NO_RUNS = frozenset(
    {"expt.toml", "pyproject.toml", "package.json", "package-lock.json", "environment.yml", "environment.yaml"}
    | {"meta.yaml"}
    | {"setup.cfg", "tox.ini", "pytest.ini", "mkdocs.yml", "docker-compose.yml", "uv.toml", "ruff.toml", "mypy.ini"}
)
_COMMITS = ("commit_hash.txt", "commit.txt", "git_commit.txt", "git_hash.txt", "commit_hash")
_COMMANDS = ("cmd.txt", "command.txt")
_REMARKS = ("remarks.txt", "remark.txt")
_METRICS = ("metrics.json", "wandb-summary.json", "files/wandb-summary.json", "results.json")
_SETTINGS = (
    ".hydra/config.yaml", "files/config.yaml", "config.yaml", "config.yml", "hparams.yaml", "config.json",
    "config.toml", "args.json", "params.json", "params.yaml", "args.yaml", "config.ini",
)  # fmt: skip
_MARKS = frozenset({*_COMMITS, *_COMMANDS, *_REMARKS, "metrics.json", "wandb-summary.json", "hparams.yaml"})
_SHA = re.compile(r"\b[0-9a-f]{7,64}\b")
#: https://mlflow.org/docs/latest/api_reference/rest-api.html#runstatus
_STATES = {"1": "running", "2": "running", "3": "finished", "4": "failed", "5": "failed"}
_STATES |= {
    "running": "running",
    "scheduled": "running",
    "finished": "finished",
    "failed": "failed",
    "killed": "failed",
}


class Finder:
    """Finds runs below a directory.

    Parameters
    ----------
    files
        Reads files, and remembers which.
    base
        The directory above which no file of a configuration's defaults is looked for.
    apart
        True for directories that are not looked into, such as those of other experiments.
    with_json
        Whether a file in JSON is taken for settings; beside a log it is mostly data.
    """

    def __init__(
        self,
        files: ConfigurationFiles,
        base: Path,
        apart: Callable[[Path], bool] = lambda path: False,
        *,
        with_json: bool,
    ) -> None:
        self.files, self.base, self.apart, self.with_json = files, base, apart, with_json
        self.found: list[Run] = []
        self._count = 0

    def find(self, root: Path) -> list[Run]:
        """Return the runs below a directory, which may be one itself."""
        before = len(self.found)
        self._look(root, root, 0)
        if self._count > _MOST:
            self.files.problems.append(
                Problem("run", f"{root.name} holds more than {_MOST:,} files; not all were looked at", root)
            )
        return self.found[before:]

    def _look(self, directory: Path, root: Path, depth: int) -> None:
        self.files.listed[directory] = None
        listing = list_directory(str(directory))
        names, inside = listing.files, listing.inside
        self._count += len(names) + len(inside)
        if listing.is_environment or self._count > _MOST:
            return
        hidden = (directory / ".hydra/config.yaml").is_file()
        settings = [name for name in names if os.path.splitext(name)[1].lower() in SUFFIXES and name not in _NO_RUNS]
        if depth and (hidden or self.is_run(directory, names, inside, settings)):
            self.found.append(self.run_of_directory(directory, root, names, inside))
            return
        for name in settings:
            # That of a sweep whose parts lie below it, each with its own.
            if name == "multirun.yaml" and any((directory / one / ".hydra").is_dir() for one in inside):
                continue
            if self.with_json or not name.endswith(".json"):
                self.found += self.runs_of_file(directory / name, root)
        for name in inside if depth < _DEEPEST else ():
            if not self.apart(directory / name):
                self._look(directory / name, root, depth + 1)

    @staticmethod
    def is_run(directory: Path, names: list[str], inside: list[str], settings: list[str]) -> bool:
        """Tell whether a directory is that of a run, by what is in it."""
        if _MARKS.intersection(names) or any(map(is_scalar_file, names)):
            return True
        if "files" in inside and any(
            (directory / "files" / name).is_file() for name in ("config.yaml", "wandb-summary.json")
        ):
            return True
        if "meta.yaml" in names and {"params", "metrics"} & set(inside):
            return True
        alone = len(settings) == 1 and os.path.splitext(settings[0])[0].lower() in _GENERIC
        return alone and directory.name not in _CONTAINERS and not any(name in _CONTAINERS for name in inside)

    def runs_of_file(self, path: Path, root: Path) -> Iterator[Run]:
        """Yield the run of a file of settings, or those of a sweep; none where it is empty."""
        tree = self.files.tree(path)
        if tree is not None and is_hydra(tree):
            yield from hydra_runs(path, self.files, self.base)
            return
        configuration, notes = self._settings(path) if tree else ({}, [])
        if tree == {}:
            return
        names = (configuration.get(key) for key in ("name", "run_name", "exp_name"))
        aliases = (
            *(name for name in names if isinstance(name, str) and name),
            f"{path.parent.name}/{path.stem}",
        )
        kind = path.suffix[1:].upper().replace("YML", "YAML")
        state = "unreadable" if tree is None else ""
        yield Run(path.stem, aliases, configuration, state=state, files=(path,), source=f"{kind} file", notes=notes)

    def _settings(self, path: Path) -> tuple[dict[str, Value], list[str]]:
        """Return the flat settings of a file, with what they say of one another filled in."""
        tree = self.files.tree(path)
        if tree is None:
            return {}, []
        if path.parent.name == "files":
            # Weights & Biases keeps each value with its description.
            tree = {
                key: value["value"] if isinstance(value, dict) and "value" in value else value
                for key, value in tree.items()
                if key not in {"_wandb", "wandb_version"}
            }
        try:
            filled, notes = interpolate(tree)
            return flatten(filled), notes
        except TooLarge as error:
            self.files.problems.append(Problem("run", f"{path.name} cannot be read: {error}", path))
            return {}, []

    def run_of_directory(self, directory: Path, root: Path, names: list[str], inside: list[str]) -> Run:
        """Read what is in the directory of a run."""
        relative = directory.relative_to(root).parts
        own = relative[1:] if len(relative) > 1 and relative[0] in _CONTAINERS else relative
        aliases = ["/".join(relative), directory.name]
        run = Run("/".join(own), directory=directory, source="run directory")
        before = len(self.files.asked)
        for name in _SETTINGS:
            if name in names or ("/" in name and (directory / name).is_file()):
                found, notes = self._settings(directory / name)
                run.configuration = {**found, **run.configuration}
                run.notes += notes
        for name in _METRICS:
            if name in names or ("/" in name and (directory / name).is_file()):
                found, _ = self._settings(directory / name)
                # Weights & Biases says so of what is no number: histograms, tables, pictures.
                media = tuple(key.removesuffix("_type") for key in found if key.endswith("._type"))
                plain = {key: value for key, value in found.items() if not key.startswith(("_", *media))}
                run.metrics.update(plain)
        run.metrics = {**last_values(directory, self.files), **run.metrics}
        run.commit = next((sha[0] for text in self.texts(directory, names, _COMMITS) if (sha := _SHA.search(text))), "")
        run.command = next(self.texts(directory, names, _COMMANDS), "")
        run.remark = next(self.texts(directory, names, _REMARKS), "")
        if "meta.yaml" in names:
            self.add_mlflow(run, directory, aliases)
        for name in ("files/wandb-metadata.json", "wandb-metadata.json"):
            about = self.files.tree(directory / name) if (directory / name).is_file() else None
            if about:
                git = about.get("git")
                run.commit = run.commit or str(git.get("commit", "") if isinstance(git, dict) else "")
                words = [about.get("program"), *(about.get("args") or ())]
                run.command = run.command or " ".join(str(word) for word in words if word)
        overrides = self.files.text(directory / ".hydra/overrides.yaml") if (directory / ".hydra").is_dir() else None
        if overrides and not run.command:
            run.command = " ".join(
                line.removeprefix("- ").strip() for line in overrides.splitlines() if line[:1] == "-"
            )
        run.aliases = tuple(dict.fromkeys(alias for alias in aliases if alias and alias != run.id))
        run.files = tuple(path for path in list(self.files.asked)[before:] if path.is_relative_to(directory))
        return run

    def texts(self, directory: Path, names: list[str], wanted: Iterable[str]) -> Iterator[str]:
        """Yield what stands in those of some files that are there."""
        for name in wanted:
            text = self.files.text(directory / name) if name in names else None
            if text and text.strip():
                yield text.strip()

    def add_mlflow(self, run: Run, directory: Path, aliases: list[str]) -> None:
        """Read a run of MLflow's file store, a file a value (https://mlflow.org/docs/latest/tracking.html)."""
        about = self.files.tree(directory / "meta.yaml") or {}

        def values(kind: str) -> Iterator[tuple[str, str]]:
            for path in sorted((directory / kind).rglob("*")) if (directory / kind).is_dir() else ():
                if path.is_file() and (text := self.files.text(path)) is not None:
                    yield path.relative_to(directory / kind).as_posix(), text.strip()

        self.files.listed |= dict.fromkeys(directory / kind for kind in ("params", "metrics", "tags"))
        run.source = "MLflow run"
        run.configuration.update((name, plain_value(text)) for name, text in values("params"))
        for name, text in values("metrics"):
            last = text.splitlines()[-1].split() if text else []
            run.metrics[name] = plain_value(last[1]) if len(last) > 1 else None
        tags = dict(values("tags"))
        run.commit = tags.get("mlflow.source.git.commit", "")
        run.state = _STATES.get(str(about.get("status", "")).lower(), "")
        if about.get("lifecycle_stage") == "deleted":
            run.state = "deleted"
        title = about.get("run_name") or tags.get("mlflow.runName")
        if title:
            aliases.append(run.id)
            run.id = str(title)
        if "mlflow.parentRunId" in tags:
            run.parents.append(Parent(tags["mlflow.parentRunId"], "part of", "mlflow.parentRunId", known=False))


def find_runs(
    roots: Iterable[Path],
    files: ConfigurationFiles,
    *,
    base: Path,
    apart: Callable[[Path], bool] = lambda path: False,
    with_json: bool = False,
) -> Runs:
    """Find the runs below some directories; the parameters are those of :class:`Finder`.

    A configuration and a directory of the same name are one run, and so is what other configurations only build on
    none. Ids are unique: where two runs are called alike, they are called by their paths.
    """
    finder = Finder(files, base, apart, with_json=with_json)
    found: list[Run] = []
    for root in roots:
        found += finder.find(root)
    # What others name among their defaults is a part of runs, not one; nor is what could be chosen in its place.
    named = {path for run in found for path in run.files[1:] if run.directory is None}
    groups = {path.parent for run in found if run.directory is None for path in run.files[1:]}
    groups -= {run.files[0].parent for run in found if run.directory is None and len(run.files) > 1}
    united: dict[str, Run] = {}
    for run in found:
        if run.directory is None and (run.files[0] in named or run.files[0].parent in groups):
            continue
        same = united.get(run.id.lower())
        if same is None:
            united[run.id.lower()] = run
        elif (same.directory is None) != (run.directory is None):
            of_file, of_directory = (same, run) if same.directory is None else (run, same)
            united[run.id.lower()] = replace(
                of_directory,
                aliases=(*of_directory.aliases, *of_file.aliases),
                configuration={**of_file.configuration, **of_directory.configuration},
                files=(*of_file.files, *of_directory.files),
                parents=[*of_file.parents, *of_directory.parents],
                notes=[*of_file.notes, *of_directory.notes],
            )
        else:
            run.aliases = (*run.aliases, run.id)
            path = run.directory or run.files[0]
            longer = path.parent.name + "/" + path.name
            number = 2
            while longer.lower() in united:
                longer, number = f"{run.id}.{number}", number + 1
            run.id = longer
            united[run.id.lower()] = run
    return Runs(list(united.values()), files.problems)
