"""The closed set of warnings, and the one way to give them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from sphinx.util import logging

if TYPE_CHECKING:
    from exptdir.record.problem import Problem

_logger = logging.getLogger(__name__)


class Subtype(Enum):
    """Subtypes of the warnings, as ``suppress_warnings`` takes them (``exptdir.<name>``), and their meaning."""

    config = "A configuration value is not valid; the default is used (for ``exptdir_figures``, ``never``)."
    root = "A record root does not exist or holds no experiment."
    id = "An id is used twice, is not a number, or disagrees between two places."
    metadata = "A file with facts about an experiment is unreadable or malformed, or disagrees with another."
    status = "A status is not one of those that are configured."
    prerequisite = "A prerequisite does not exist, or experiments wait for each other in a circle."
    log = "Two logs have the same rank, a page cannot be read or leads out of the record, or a file is no log."
    date = "A date in a title cannot be read with certainty."
    future = "An entry is dated more than a year ahead, as by a slip of the year; told once a page and year."
    ref = "A reference leads nowhere, or to more than one place."
    asset = "A figure, image, download or protocol has no file that can be shown."
    table = "A spreadsheet, or a part of it, cannot be shown."
    figure = "A plot script failed, or it cannot be told what a figure depends on."
    run = "A configuration or a directory of a run cannot be read, or what names a run names none."
    math = "A formula cannot be turned into MathML; its source is shown."
    directive = "A directive's arguments or options cannot be understood."


def warn(subtype: str, message: str, *, location: Any = None) -> None:
    """Give a warning of one of the known subtypes, by its name in :class:`Subtype`: one sentence for the author.

    *location* is a node, a ``(docname, line)`` pair or ``"path:line"``; every warning should have one.
    """
    name = Subtype[subtype].name
    if isinstance(location, str) and ":" not in location:
        # Sphinx takes a bare path for the name of a document, and fails where none are known yet.
        location += ":1"
    _logger.warning("%s", message, type="exptdir", subtype=name, location=location)


def warn_problem(problem: Problem) -> None:
    """Report a problem of the core as a warning."""
    location = None if problem.path is None else f"{problem.path}:{problem.line or 1}"
    warn(problem.kind, problem.message, location=location)
