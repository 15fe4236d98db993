"""All ledgers of a record: read once, written script by script as the runs end.

What is remembered of figures on this machine alone: digests, files outside the record, failures.

Runs jobs where the worker may be lost: on a cluster, which gives the job to another worker by itself.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from exptdir.figures.digest import Digests, digest_text, mark, stamp
from exptdir.figures.ledger import LedgerEntry, format_ledger, parse_ledger
from exptdir.figures.model import LEDGER, Job, Outcome
from exptdir.figures.run.guard import recover
from exptdir.figures.run.runner import run_job
from exptdir.record.files import locked, read_or_none, write_if_changed
from exptdir.record.problem import Problem


class Ledgers:
    """What is known of all scripts, by experiment and by script and arguments.

    Parameters
    ----------
    base
        The record's base.
    experiments
        Keys of the experiments.
    """

    def __init__(self, base: Path, experiments: Iterable[str]) -> None:
        self._base = base
        self._content: dict[str, bytes] = {}
        self.entries: dict[str, dict[str, LedgerEntry]] = {}
        self._problems: dict[str, list[Problem]] = {}
        for experiment in experiments:
            self._read(experiment)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the ledgers as they are now."""
        return [problem for experiment in sorted(self._problems) for problem in self._problems[experiment]]

    def path(self, experiment: str) -> Path:
        """Return the ledger of an experiment."""
        return self._base / experiment / LEDGER

    def get(self, experiment: str, key: str) -> LedgerEntry | None:
        """Return what is known of a script."""
        return self.entries.get(experiment, {}).get(key)

    def refresh(self, experiment: str) -> bool:
        """Read a ledger again if another build has written it; say whether it has."""
        if (read_or_none(self.path(experiment)) or b"") == self._content[experiment]:
            return False
        self._read(experiment)
        return True

    def _read(self, experiment: str) -> None:
        content: bytes | None = None
        entries: dict[str, LedgerEntry] = {}
        problems: list[Problem] = []
        # Most experiments have none, and to see that is all that is done for them.
        if os.path.lexists(f"{self._base}/{experiment}/{LEDGER}"):
            path = self.path(experiment)
            content = read_or_none(path)
            if content is not None:
                entries, problems = parse_ledger(content.decode("utf-8", "replace"), experiment, path)
            else:
                problems = [Problem("figure", "the ledger cannot be read, so its figures count as never seen", path)]
        self._content[experiment] = content or b""
        self.entries[experiment] = entries
        self._problems[experiment] = problems

    def store(self, experiment: str, changes: Mapping[str, LedgerEntry | None]) -> Problem | None:
        """Write down what is known of some scripts of an experiment, and leave the others as they stand.

        Parameters
        ----------
        changes
            Entries by script and arguments; ``None`` takes one out.

        Returns
        -------
        Problem or None
            Why it could not be written; then it is known to this build alone.
        """
        path = self.path(experiment)
        try:
            with locked(os.fspath(path.parent)):
                self.refresh(experiment)
                self._apply(experiment, changes)
                text = format_ledger(self.entries[experiment].values(), experiment)
                content = text.encode("utf-8", "surrogateescape")
                if content:
                    write_if_changed(path, content)
                elif self._content[experiment]:
                    path.unlink(missing_ok=True)
                self._content[experiment] = content
                self._problems[experiment] = []
        except OSError as error:
            message = f"the ledger cannot be written: {error.strerror or error}; its figures are drawn again next time"
            return Problem("figure", message, path)
        finally:
            self._apply(experiment, changes)
        return None

    def _apply(self, experiment: str, changes: Mapping[str, LedgerEntry | None]) -> None:
        entries = self.entries[experiment]
        for key, entry in changes.items():
            if entry is None:
                entries.pop(key, None)
            else:
                entries[key] = entry


@dataclass(frozen=True)
class Failure:
    """How the last run of a script went wrong.

    Parameters
    ----------
    status
        How it ended.
    message
        One sentence.
    traceback
        The traceback, or one sentence on why there is none.
    output
        The end of what it printed.
    line
        Line of the script at fault.
    ledger, stamps
        What it had read until then: a ledger, and sizes and times of files outside the record.
    setting
        Under which conditions it failed: with others it may not.
    """

    status: str
    message: str
    traceback: str = ""
    output: str = ""
    line: int | None = None
    ledger: str = field(default="", compare=False)
    stamps: Mapping[str, str] = field(default_factory=dict, compare=False)
    setting: str = field(default="", compare=False)


def setting_of(timeout: float, memory: int) -> str:
    """Return the conditions under which a script fails beside what it reads: bounds, and what is installed."""
    places = sorted({entry for entry in sys.path if os.path.basename(entry) in ("site-packages", "dist-packages")})
    installed = [(place, stamp(place)) for place in places]
    return digest_text(json.dumps([sys.version, timeout, memory, installed]))


class State:
    """The state directory.

    Parameters
    ----------
    directory
        Where it is kept, outside the source tree. It may be deleted at any time: then digests are made anew,
        and figures that depend on files outside the record are no longer known to be fresh.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.digests = Digests(directory / "digests.json")
        self._file = directory / "figures.json"
        self.failures: dict[str, Failure] = {}
        self._outside: dict[str, tuple[str, dict[str, str]]] = {}
        # Whatever is wrong with the file, what is lost is learnt again.
        with suppress(ValueError, TypeError, AttributeError, KeyError, RecursionError):
            data = json.loads(read_or_none(self._file) or b"{}")
            self.failures = {key: Failure(**value) for key, value in data["failures"].items()}
            for key, (identity, stamps) in data["outside"].items():
                self._outside[key] = str(identity), {str(path): str(known) for path, known in stamps.items()}

    def scratch(self, key: str) -> Path:
        """Return a directory for one run of a script."""
        return self.directory / "scratch" / digest_text(key)[7:23]

    def remember_outside(self, entry: LedgerEntry, stamps: Mapping[str, str]) -> None:
        """Keep sizes and times of the files outside the record that an entry was made with."""
        self._outside.pop(entry.key, None)
        if stamps:
            self._outside[entry.key] = (digest_text(entry.identity), dict(stamps))

    def outside(self, entry: LedgerEntry) -> Mapping[str, str] | None:
        """Return what is known of the files outside the record that an entry was made with.

        Returns
        -------
        Mapping or None
            Sizes and times by path; ``None`` if it was made on another machine, or the state is lost.
        """
        if not entry.outside:
            return {}
        identity, stamps = self._outside.get(entry.key, ("", {}))
        fits = identity == digest_text(entry.identity) and sorted(map(mark, stamps)) == sorted(entry.outside)
        return stamps if fits else None

    def save(self, *, prune: bool = False) -> None:
        """Write what changed.

        Parameters
        ----------
        prune
            Forget the digests that nobody asked for.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        self.digests.save(prune=prune)
        failures = {key: asdict(failure) for key, failure in self.failures.items()}
        data = {"failures": failures, "outside": self._outside}
        write_if_changed(self._file, json.dumps(data, sort_keys=True, indent=1).encode())


#: A worker that dies may have been killed by the script, which then kills the next one as well.
MOST = 2


def run_far(job: Job, *, build: str, submission: int) -> Outcome:
    """Run a job, unless two workers have died of it.

    How often it was begun is counted in its scratch, which all workers see; the cluster's own count is a setting of
    its scheduler (with Dask a script is run four times before it is given up).

    Parameters
    ----------
    build
        Names the build that asks for it, so that no older one counts.
    submission
        Tells what is handed over from what was handed over before: a cluster may take what it knows the answer
        to for done.
    """
    if not Path(job.script).exists():
        here = platform.node() or "the worker's machine"
        return Outcome("failed", traceback=f"{job.script} is not there on {here}, which has to share the file system")
    scratch = Path(job.scratch)
    attempts = [scratch / f"{build}-{number}" for number in range(MOST)]
    try:
        mine = next(filter(_begin, attempts), None)
    except OSError as error:
        return Outcome("failed", traceback=f"The script could not be run: {error}")
    # Only now: a worker that is alive and cut off holds what it has in hand.
    recover(scratch)
    try:
        if mine is None:
            return Outcome("killed", traceback="its worker died twice")
        # One that was given up and goes on all the same must not share the directory.
        return run_job(replace(job, scratch=str(mine)))
    finally:
        for attempt in attempts:
            with suppress(OSError):
                attempt.rmdir()


def _begin(attempt: Path) -> bool:
    """Take an attempt, unless it was taken before; another machine may try the same at this moment."""
    try:
        attempt.mkdir(parents=True)
    except FileExistsError:
        return False
    return True
