"""The options of ``datatable``: how they are read, and how they choose among the cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from docutils.parsers.rst import directives

if TYPE_CHECKING:
    from exptdir.tables import Table

#: The value of ``:sheet:`` that means every visible sheet.
ALL_SHEETS = "*"
_YES_NO = {"": True, "yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def _align(argument: str) -> str:
    return str(directives.choice(argument, ("left", "center", "right")))


def _widths(argument: str) -> str | list[int]:
    value = argument.strip()
    return value if value in {"auto", "grid"} else list(directives.positive_int_list(argument))


def _yes_or_no(argument: str | None) -> bool:
    try:
        return _YES_NO[(argument or "").strip().lower()]
    except KeyError:
        raise ValueError("expected yes or no") from None


OPTIONS: Mapping[str, Callable[[str], Any]] = {
    "sheet": directives.unchanged_required,
    "range": directives.unchanged_required,
    "columns": directives.unchanged_required,
    "rows": directives.unchanged_required,
    "sort": directives.unchanged_required,
    "limit": directives.nonnegative_int,
    "header-rows": directives.nonnegative_int,
    "header-columns": directives.nonnegative_int,
    "round": directives.unchanged_required,
    "format": directives.unchanged_required,
    "hidden": _yes_or_no,
    "download": _yes_or_no,
    "caption": directives.unchanged_required,
    "name": directives.unchanged,
    "class": directives.class_option,
    "align": _align,
    "widths": _widths,
}


def refined(table: Table, options: Mapping[str, Any]) -> Table:
    """Return what is left of a table when its directive has chosen among rows and columns and formatted them.

    Raises
    ------
    TableError
        If an option names a column that is not there, or cannot be understood.
    """
    from exptdir.tables import apply_formats, select

    if options.keys() & {"columns", "rows", "sort", "limit"}:
        table = select(
            table,
            columns=options.get("columns"),
            rows=options.get("rows"),
            sort=options.get("sort"),
            limit=options.get("limit"),
        )
    if options.keys() & {"round", "format"}:
        table = apply_formats(table, round=options.get("round"), formats=options.get("format"))
    return table
