"""The records of an old workbook ([MS-XLS] §2.1.4), looked through before xlrd is given them."""

from __future__ import annotations

import io
import struct

from exptdir.errors import TableError

#: Record of a link ([MS-XLS] §2.4.140), which begins with the range that it is on.
_HYPERLINK = 0x01B8
#: Cells with a link that a workbook may have: xlrd keeps each of them, and a record can name them all at once.
_MAX_LINKED = 1_000_000
_HEAD = struct.Struct("<HH")
_RANGE = struct.Struct("<HHHH")
#: First sector of the directory, and the names of the stream with the workbook ([MS-XLS] §2.1.2).
_STREAMS = ("Workbook", "Book")


def check_stream(data: bytes) -> None:
    """Refuse what takes out of proportion to its size to read.

    Parameters
    ----------
    data
        The file.

    Raises
    ------
    TableError
        If links cover too many cells.
    Exception
        Of any kind, from xlrd, if the container is damaged.
    """
    from xlrd.compdoc import SIGNATURE, CompDoc

    if not data.startswith(SIGNATURE):
        return
    document = CompDoc(data, logfile=io.StringIO())
    for name in _STREAMS:
        memory, base, size = document.locate_named_stream(name)
        if memory is not None:
            _check_links(memory, base, size)
            return


def _check_links(memory: bytes, base: int, size: int) -> None:
    at, end, linked = base, min(base + size, len(memory)), 0
    while at + _HEAD.size <= end:
        kind, length = _HEAD.unpack_from(memory, at)
        at += _HEAD.size
        if kind == _HYPERLINK and at + _RANGE.size <= end:
            first_row, last_row, first_column, last_column = _RANGE.unpack_from(memory, at)
            linked += max(last_row - first_row + 1, 0) * max(last_column - first_column + 1, 0)
        at += length
    if linked > _MAX_LINKED:
        raise TableError(
            f"the workbook is refused: its links cover {linked:,} cells, as in no real one; save it as .xlsx"
        )
