"""Runs: what each was given and what came of it, from configurations and run directories, and what differs."""

from exptdir.runs.comparison import diff_table, run_table, settings_of
from exptdir.runs.configuration import ConfigurationFiles
from exptdir.runs.directories import find_runs
from exptdir.runs.lineage import Descendant, Orphans, find_parents, lineage, orphans
from exptdir.runs.model import Parent, Run, Runs
from exptdir.runs.scalars import Series, read_series, smooth, summarise

__all__ = [
    "ConfigurationFiles",
    "Descendant",
    "Orphans",
    "Parent",
    "Run",
    "Runs",
    "Series",
    "diff_table",
    "find_parents",
    "find_runs",
    "lineage",
    "orphans",
    "read_series",
    "run_table",
    "settings_of",
    "smooth",
    "summarise",
]
