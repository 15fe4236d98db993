"""One walk through the experiments: which visible files each of them holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exptdir.record.model import Record
from exptdir.record.walk import Listing, join, list_directory, walk


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
        owners: dict[str, str] = {}
        for path, files, inside, _ in walk(record.base, experiment.key, exclude, listing):
            owner = path if path in record.experiments else owners[path]
            owners.update(dict.fromkeys((join(path, name) for name in inside), owner))
            paths = (join(path, name) for name in files)
            found[owner] += [inner for inner in paths if not exclude(inner)]
    return Survey({key: tuple(sorted(paths)) for key, paths in found.items()})
