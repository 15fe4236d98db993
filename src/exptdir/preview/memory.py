"""What is kept between two starts of the builder, among the doctrees: warnings, and how the last build ended.

While a build runs, Sphinx's environment as it was before lies aside. Where a build fails while it reads, nothing of it
has reached the output: the environment is put back, and what was read since is read again. A build that was killed, or
failed while it wrote, leaves none, and the next start begins from nothing. Where an environment was not worth writing,
the last one stays, with a list of what was read since.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sphinx.application import ENV_PICKLE_FILENAME

from exptdir.preview.messages import Warned
from exptdir.preview.warned import Said

_WARNINGS, _UNFINISHED, _AGAIN = "exptdir-warnings.json", "exptdir-unfinished", "exptdir-again.json"
#: Changes when the files mean something else.
_VERSION = 1


class Memory:
    """Remembers for one directory of doctrees.

    Parameters
    ----------
    doctrees
        The directory; it need not exist.
    """

    def __init__(self, doctrees: Path) -> None:
        self._directory = doctrees
        self._mark = doctrees / _UNFINISHED
        self._environment = doctrees / ENV_PICKLE_FILENAME
        self._aside = doctrees / f"{ENV_PICKLE_FILENAME}.last"
        self._content = b""
        #: What was read since the environment was written.
        self._owed: set[str] = set()

    def resume(self) -> set[str] | None:
        """Say what the first build must read again.

        Returns
        -------
        set of str or None
            Documents; ``None`` where all of them must be, since nobody knows how far the last build came.
        """
        again = None if self._mark.exists() else self._again()
        if again is None:
            for path in (self._environment, self._aside, self._directory / _AGAIN):
                path.unlink(missing_ok=True)
        return again

    def begin(self) -> None:
        """Note that a build begins, or something that a build must follow."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._mark.touch()
        with suppress(FileNotFoundError):
            self._environment.replace(self._aside)

    @property
    def owed(self) -> int:
        """How many documents the next start would have to read again."""
        return len(self._owed)

    def finish(self, docnames: Iterable[str] = (), *, postponed: bool = False) -> None:
        """Note that it ended well.

        Parameters
        ----------
        docnames
            The documents that were read.
        postponed
            Whether the environment that Sphinx has written is an empty one.
        """
        self._owed.update(docnames)
        # Where nothing was read, Sphinx writes no environment.
        if self._environment.exists() and not postponed:
            self._owed.clear()
            self._aside.unlink(missing_ok=True)
            (self._directory / _AGAIN).unlink(missing_ok=True)
        else:
            self._restore()
        self._mark.unlink()

    def give_up(self, docnames: Iterable[str]) -> None:
        """Note that it failed before it wrote, and which documents must be read again."""
        if self._aside.exists():
            self._owed.update(docnames)
            self._restore()
            self._mark.unlink()

    def _restore(self) -> None:
        """Put the last environment back, and say what it does not know."""
        if self._owed:
            (self._directory / _AGAIN).write_text(json.dumps(sorted(self._owed)), "ascii")
        with suppress(FileNotFoundError):
            self._aside.replace(self._environment)

    def _again(self) -> set[str] | None:
        try:
            docnames = json.loads((self._directory / _AGAIN).read_bytes())
            return {str(docname) for docname in docnames}
        except FileNotFoundError:
            return set()
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def recall(self) -> Said:
        """Return what was said while the documents were read and written that are still as they were then."""
        try:
            data = json.loads((self._directory / _WARNINGS).read_bytes())
            if data["version"] != _VERSION:
                return Said()
            return Said(_documents(data["read"]), _documents(data["written"]), _warnings(data["consistency"]))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return Said()

    def keep(self, said: Said) -> None:
        """Write it down, for the next start."""
        data = {
            "version": _VERSION,
            "read": _plain(said.read),
            "written": _plain(said.written),
            "consistency": [asdict(one) for one in said.consistency],
        }
        content = json.dumps(data, sort_keys=True).encode("ascii")
        if content == self._content:
            return
        path = self._directory / _WARNINGS
        # What cannot be written is not known at the next start, which is no reason to fail.
        with suppress(OSError):
            unfinished = path.with_name(_WARNINGS + ".new")
            unfinished.write_bytes(content)
            unfinished.replace(path)
            self._content = content


def _plain(documents: dict[str, list[Warned]]) -> dict[str, Any]:
    return {docname: [asdict(one) for one in said] for docname, said in documents.items() if said}


def _documents(data: dict[str, Any]) -> dict[str, list[Warned]]:
    return {docname: _warnings(said) for docname, said in data.items()}


def _warnings(data: list[Any]) -> list[Warned]:
    return [Warned(**one) for one in data]
