"""All ledgers of a record: read once, written script by script as the runs end."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from exptdir.figures.ledger.entry import Entry
from exptdir.figures.ledger.file import format_ledger, parse_ledger
from exptdir.figures.model import LEDGER
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
        self.entries: dict[str, dict[str, Entry]] = {}
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

    def get(self, experiment: str, key: str) -> Entry | None:
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
        entries: dict[str, Entry] = {}
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

    def store(self, experiment: str, changes: Mapping[str, Entry | None]) -> Problem | None:
        """Write down what is known of some scripts of an experiment, and leave the others as they stand.

        Parameters
        ----------
        experiment
            The experiment.
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
                self._write(experiment, changes, path)
        except OSError as error:
            message = f"the ledger cannot be written: {error.strerror or error}; its figures are drawn again next time"
            return Problem("figure", message, path)
        finally:
            self._apply(experiment, changes)
        return None

    def _write(self, experiment: str, changes: Mapping[str, Entry | None], path: Path) -> None:
        self._apply(experiment, changes)
        content = format_ledger(self.entries[experiment].values(), experiment).encode("utf-8", "surrogateescape")
        if content:
            write_if_changed(path, content)
        elif self._content[experiment]:
            path.unlink(missing_ok=True)
        self._content[experiment] = content
        self._problems[experiment] = []

    def _apply(self, experiment: str, changes: Mapping[str, Entry | None]) -> None:
        entries = self.entries[experiment]
        for key, entry in changes.items():
            if entry is None:
                entries.pop(key, None)
            else:
                entries[key] = entry
