"""What is remembered of figures on this machine alone: digests, files outside the record, failures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from exptdir.figures.ledger.digest import Digests, digest_text
from exptdir.figures.ledger.entry import Entry
from exptdir.figures.ledger.outside import mark
from exptdir.record.files import read_or_none, write_if_changed


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
    """

    status: str
    message: str
    traceback: str = ""
    output: str = ""
    line: int | None = None


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
        data = _load(self._file)
        self.failures: dict[str, Failure] = _values(data.get("failures"), lambda value: Failure(**value))
        self._outside: dict[str, tuple[str, dict[str, str]]] = _values(data.get("outside"), _stamps)

    def scratch(self, key: str) -> Path:
        """Return a directory for one run of a script."""
        return self.directory / "scratch" / digest_text(key)[7:23]

    def kept(self, path: str, digest: str) -> Path:
        """Return where a figure is put that would else be lost."""
        suffix = Path(path).suffix
        return self.directory / "kept" / f"{Path(path).stem}-{digest[7:15]}{suffix}"

    def remember_outside(self, entry: Entry, stamps: Mapping[str, str]) -> None:
        """Keep sizes and times of the files outside the record that an entry was made with."""
        self._outside.pop(entry.key, None)
        if stamps:
            self._outside[entry.key] = (digest_text(entry.identity), dict(stamps))

    def outside(self, entry: Entry) -> Mapping[str, str] | None:
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


def _load(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(read_or_none(file) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _values(data: Any, make: Any) -> dict[str, Any]:
    try:
        return {key: make(value) for key, value in (data or {}).items()}
    except (TypeError, ValueError, AttributeError):
        return {}


def _stamps(value: Any) -> tuple[str, dict[str, str]]:
    identity, stamps = value
    return str(identity), {str(path): str(stamp) for path, stamp in stamps.items()}
