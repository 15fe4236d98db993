"""One walk through the experiments: which visible files each of them holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from exptdir.record.model import Record
from exptdir.record.scan_memory import Listing, list_directory


@dataclass(frozen=True)
class Survey:
    """The files of the experiments, as POSIX paths relative to the record's base, by experiment.

    A file belongs to the innermost experiment that holds it. Hidden files and directories, those of programs
    and virtual environments are left out, and links to directories are not followed.
    """

    files: Mapping[str, tuple[str, ...]]


def survey(
    record: Record,
    exclude: Callable[[str], bool] = lambda path: False,
    listing: Callable[[str], Listing] = list_directory,
) -> Survey:
    """List the files of all experiments.

    Parameters
    ----------
    record
        The record.
    exclude
        True for a POSIX path from the base that is to be left alone.
    listing
        What lists a directory; one who asks again may remember it.
    """
    found: dict[str, list[str]] = {key: [] for key in record.experiments}
    for experiment in record.children(None):
        for owner, path in _walk(record, experiment.key, exclude, listing):
            found[owner].append(path)
    return Survey({key: tuple(sorted(paths)) for key, paths in found.items()})


def _walk(
    record: Record, key: str, exclude: Callable[[str], bool], listing: Callable[[str], Listing]
) -> Iterator[tuple[str, str]]:
    waiting, base = [(key, key)], os.fspath(record.base)
    while waiting:
        directory, owner = waiting.pop()
        owner = directory if directory in record.experiments else owner
        files, inside, _, _ = listing(os.path.join(base, directory))
        prefix = "" if directory == "." else f"{directory}/"
        if "pyvenv.cfg" in files:
            continue
        yield from ((owner, prefix + name) for name in files if not exclude(prefix + name))
        waiting += [(prefix + name, owner) for name in inside if not exclude(prefix + name)]
