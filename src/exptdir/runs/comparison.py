"""What differs among runs, as tables: the settings in which they are not alike, results, and what was said of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from exptdir.runs.model import Run, Value, identity, shown
from exptdir.tables.model import PLAIN, Cell, Look, Table, plain

#: How a cell looks that is not as the baseline has it: also bold, for those who see no colour.
_MARKED = Look(bold=True, fill="ffe8a3")
_MUTED = Look(italic=True)
#: Characters of a value that a cell shows.
_LONGEST = 240
#: What stands for a setting that a run does not have.
ABSENT = "–"
#: The setting of what a log says that a run was given, where that is not computed.
AS_SAID = "as said"
#: What the column is called with the sentence in which a log concludes about a run.
SAID = "in the log"
#: What tables of runs call what is neither a setting nor a result.
TITLES = frozenset(
    {"run", "state", "commit", "command", "remark", "difference", SAID}
    | {"metric", "data", "last", "best", "at step", "smoothed best"}
)


def settings_of(runs: Iterable[Run], *, every: bool = False, patterns: Sequence[str] = ()) -> list[str]:
    """Return the settings in which runs differ, in the order in which they are written.

    Parameters
    ----------
    every
        Whether those that are alike come too.
    patterns
        If there are any, only keys that one of them matches, alike or not.
    """
    some = list(runs)
    keys = dict.fromkeys(key for run in some for key in run.configuration)
    if patterns:
        return [key for key in keys if any(fnmatchcase(key, pattern) for pattern in patterns)]
    # What only says how each run is called tells nothing.
    names = {key for key in keys if all(str(run.configuration.get(key, run.id)).lower() in run.names for run in some)}
    return [key for key in keys if every or (differs(some, key) and key not in names)]


def differs(runs: Sequence[Run], key: str) -> bool:
    """Tell whether runs have a setting otherwise; one that does not have it differs from one that does."""
    return len({identity(run.configuration[key]) if key in run.configuration else ("", None) for run in runs}) > 1


def _cell(value: Value, look: Look = PLAIN) -> Cell:
    if isinstance(value, bool):
        return Cell(shown(value), value, "bool", look)
    if isinstance(value, (int, float)):
        return Cell(shown(value), value, "number", look)
    text = plain(shown(value))
    return Cell(text if len(text) <= _LONGEST else text[:_LONGEST] + " …", text, "text", look)


def _words(text: str) -> Cell:
    return _cell(text) if text else Cell("", "", "empty")


def _result(value: Value, look: Look = PLAIN) -> Cell:
    """Show a result to six digits, as nobody reads more; it is sorted by all."""
    if isinstance(value, float) and math.isfinite(value):
        return Cell(f"{value:.6g}", value, "number", look)
    return _cell(value, look) if value is not None else Cell("", None, "empty", look)


def commit_cell(commit: str, repository: str = "") -> Cell:
    """Show a commit by its first ten digits, as a link where the repository is known."""
    href = f"{repository.rstrip('/')}/commit/{commit}" if repository and commit else None
    return Cell(commit[:10], commit, "text" if commit else "empty", href=href)


def run_table(
    runs: Sequence[Run],
    baseline: Run | None = None,
    keys: Sequence[str] | None = None,
    repository: str = "",
    anchors: frozenset[str] | dict[str, str] = frozenset(),
) -> Table:
    """Make the table that compares runs.

    Parameters
    ----------
    baseline
        The run with which each is compared; what differs from it is marked.
    keys
        The settings to show; those that differ, if they are not given.
    repository
        Where commits are on the web.
    anchors
        For runs that the page tells of, the address of where it does.
    """
    keys = settings_of(runs) if keys is None else keys
    results = list(dict.fromkeys(name for run in runs for name in run.metrics))
    texts = [name for name in ("state", "commit", "remark") if any(getattr(run, name) for run in runs)]
    if not keys and any(run.command for run in runs):
        texts.insert(0, "command")
    said = [SAID] if any(run.said for run in runs) else []
    head = [Cell(plain(name), name, "text") for name in ("run", *keys, *texts, *results, *said)]
    rows = [tuple(head)]
    links = anchors if isinstance(anchors, dict) else {}
    for run in runs:
        name = f"{run.id} (baseline)" if baseline is not None and run.id == baseline.id else run.id
        cells = [Cell(plain(name), run.id, "text", href=links.get(run.id))]
        for key in keys:
            here, there = (
                identity(one.configuration[key]) if key in one.configuration else None for one in (run, baseline or run)
            )
            look = PLAIN if here == there else _MARKED
            absent = Cell(ABSENT, None, "text", look)
            cells.append(_cell(run.configuration[key], look) if key in run.configuration else absent)
        for name in texts:
            text = plain(getattr(run, name))
            cells.append(commit_cell(text, repository) if name == "commit" else _words(text))
        cells += [_result(run.metrics.get(name)) for name in results]
        cells += [_words(run.said) for _ in said]
        rows.append(tuple(cells))
    ends = [end for end in (len(keys) + len(texts), len(keys) + len(texts) + len(results)) if 0 < end < len(head) - 1]
    return Table(tuple(rows), 1, 1, Path("runs"), rules_right=frozenset(ends))


def diff_table(one: Run, other: Run, *, every: bool = False, repository: str = "") -> Table:
    """Make the table that shows two runs side by side: settings, results with their difference, commits.

    Parameters
    ----------
    every
        Whether settings are shown that are alike.
    """
    rows = [tuple(Cell(plain(name), name, "text") for name in ("", one.id, other.id, "difference"))]
    for key in settings_of((one, other), every=every):
        same = not differs((one, other), key)
        values = [
            _cell(run.configuration[key], PLAIN if same else _MARKED)
            if key in run.configuration
            else Cell(ABSENT, None, "text", _MARKED)
            for run in (one, other)
        ]
        rows.append((Cell(plain(key), key, "text"), *values, _change(values)))
    ruled = len(rows) - 1
    for name in dict.fromkeys((*one.metrics, *other.metrics)):
        values = [_result(run.metrics.get(name)) for run in (one, other)]
        rows.append((Cell(plain(name), name, "text", _MUTED), *values, _change(values)))
    for name in ("state", "commit", "command", "remark", "said"):
        texts = [plain(getattr(run, name)) for run in (one, other)]
        if any(texts):
            cells = [commit_cell(text, repository) if name == "commit" else _words(text) for text in texts]
            last = Cell("", None, "empty")
            if name == "commit" and repository and all(texts) and texts[0] != texts[1]:
                address = f"{repository.rstrip('/')}/compare/{texts[0]}...{texts[1]}"
                last = Cell("compare", None, "text", href=address)
            title = SAID if name == "said" else name
            rows.append((Cell(title, title, "text", _MUTED), *cells, last))
    return Table(tuple(rows), 1, 1, Path("runs"), rules_below=frozenset({ruled} if 0 < ruled < len(rows) - 1 else ()))


def _change(values: Sequence[Cell]) -> Cell:
    first, second = (cell.value for cell in values)
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (first, second)):
        change = float(second) - float(first)  # type: ignore[arg-type]
        return Cell(f"{change:+.6g}" if change else "0", change, "number")
    return Cell("", None, "empty")


def changes(run: Run, since: Run, apart: Callable[[str, Value], bool], most: int = 4) -> list[str]:
    """Return in short what one run has otherwise than the one that it goes back to: ``lr 0.1 → 0.01``.

    What is said of a setting begins with the last part of its key. The rest beyond *most* is counted, and those are
    left out that are to be kept *apart*.
    """
    found = []
    for key in settings_of((since, run)):
        loads = any(key in one.configuration and apart(key, one.configuration[key]) for one in (since, run))
        if loads or key == AS_SAID:
            continue
        before, after = (shown(one.configuration[key]) if key in one.configuration else ABSENT for one in (since, run))
        found.append(f"{key.rpartition('.')[2]} {before[:40]} → {after[:40]}")
    more = len(found) - most
    return [*found[:most], f"{more} more"] if more > 0 else found
