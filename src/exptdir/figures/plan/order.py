"""In which order scripts are run: who reads what another writes comes after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


class Flow:
    """Who writes and who reads which files, by script."""

    def __init__(self) -> None:
        self._reads: dict[str, frozenset[str]] = {}
        self._writes: dict[str, frozenset[str]] = {}
        self._readers: defaultdict[str, set[str]] = defaultdict(set)
        self._writers: defaultdict[str, set[str]] = defaultdict(set)
        self._above: dict[str, frozenset[str]] = {}
        self._contested: dict[str, list[str]] | None = None

    def put(self, key: str, reads: Iterable[str], writes: Iterable[str]) -> None:
        """Say what a script reads, or sought in vain, and what it writes."""
        for path in self._reads.get(key, ()):
            self._readers[path].discard(key)
        for path in self._writes.get(key, ()):
            self._writers[path].discard(key)
        self._reads[key], self._writes[key] = frozenset(reads), frozenset(writes)
        for path in self._reads[key]:
            self._readers[path].add(key)
        for path in self._writes[key]:
            self._writers[path].add(key)
        self._above.clear()
        self._contested = None

    def readers(self, paths: Iterable[str]) -> set[str]:
        """Return the scripts that read one of *paths*."""
        return {key for path in paths for key in self._readers.get(path, ())}

    def writers(self, path: str) -> set[str]:
        """Return the scripts that write a file."""
        return self._writers.get(path, set())

    def written(self, key: str) -> frozenset[str]:
        """Return what a script writes."""
        return self._writes.get(key, frozenset())

    def contested(self) -> dict[str, list[str]]:
        """Return the files that several scripts write, and these scripts in order."""
        if self._contested is None:
            several = {path: sorted(keys) for path, keys in self._writers.items() if len(keys) > 1}
            self._contested = dict(sorted(several.items()))
        return self._contested

    def above(self, key: str) -> frozenset[str]:
        """Return the scripts whose files a script reads, directly or through others; itself if in a circle."""
        if key not in self._above:
            found: set[str] = set()
            waiting = [key]
            while waiting:
                fresh = self._directly_above(waiting.pop()) - found
                found |= fresh
                waiting += fresh
            self._above[key] = frozenset(found)
        return self._above[key]

    def _directly_above(self, key: str) -> set[str]:
        reads = self._reads.get(key, frozenset())
        before = {writer for path in reads for writer in self._writers.get(path, ()) if writer != key}
        # Of two that write the same file the last in order wins, so that the outcome is always the same.
        rivals = {other for path in self.written(key) for other in self._writers[path] if other < key}
        return before | rivals

    def circle(self, key: str) -> frozenset[str]:
        """Return the other scripts that read, however indirectly, what a script writes and it what they write."""
        return frozenset(other for other in self.above(key) if other != key and key in self.above(other))

    def ignored(self, key: str) -> frozenset[str]:
        """Return the files that make a script's figures stale no more than they make it wait.

        They are written by those in a circle with it, or by it and by others: a journal that all append to
        would never come to rest.
        """
        shared = {path for path in self.written(key) if len(self._writers[path]) > 1}
        return frozenset(shared.union(*(self.written(other) for other in self.circle(key))))

    def must_wait(self, key: str, pending: Iterable[str]) -> bool:
        """Tell whether one of the scripts that are yet to be run has to be run before this one."""
        before = self.above(key).intersection(pending) - {key}
        # In a circle the names decide.
        return any(other < key or key not in self.above(other) for other in before)
