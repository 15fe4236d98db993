"""Files under another name than their content deserves, and what to do about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from exptdir.errors import TableError
from exptdir.tables.delimited.encoding import decode

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK"
_PARQUET = b"PAR1"
#: First records of workbooks older than their container: BOF of BIFF 2 to 5, with their lengths.
_BIFF = tuple(bytes((9, version, length, 0)) for version in (0, 2, 4, 8) for length in (4, 6, 8, 16))
_HEAD = 65_536
_SAVE = "open it in a spreadsheet program and save it as .xlsx"


def check_disguise(path: Path) -> None:
    """Refuse a file whose content is of another kind than its suffix says.

    Parameters
    ----------
    path
        The file. Of those that other modules look at themselves (``.xlsx``, ``.csv``) nothing is said here.

    Raises
    ------
    TableError
        If it is; the message says what it is and what to do.
    """
    suffix = path.suffix.lower()
    if suffix not in _GENUINE:
        return
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not _GENUINE[suffix](head):
        raise TableError(f"the file is no {suffix}: {_what(head)}")


_GENUINE: Mapping[str, Callable[[bytes], bool]] = {
    ".xls": lambda head: head.startswith((_OLE, *_BIFF)),
    ".ods": lambda head: head.startswith(_ZIP),
    ".fods": lambda head: b"opendocument" in head and not head.startswith(_ZIP),
    ".parquet": lambda head: head.startswith(_PARQUET),
}


def _what(head: bytes) -> str:
    """Say what the beginning of a file is that of."""
    if head.startswith(_ZIP):
        kind = ".ods" if b"opendocument" in head[:200] else ".xlsx"
        return f"it is a newer workbook, or another archive; rename it to {kind}"
    for magic, kind in ((_OLE, ".xls"), (_PARQUET, ".parquet")):
        if head.startswith(magic):
            return f"it is a file of another format; rename it to {kind}"
    return _what_text(head) or "what it begins with is of no kind that is known; put a good copy in its place"


def _what_text(head: bytes) -> str | None:
    try:
        text, _ = decode(head)
    except TableError:
        return None
    start = text.lstrip()[:1_000].lower()
    if "urn:schemas-microsoft-com:office:spreadsheet" in start:
        return f"it is an XML Spreadsheet 2003; {_SAVE}"
    if "opendocument" in start:
        return "it is a flat OpenDocument file; rename it to .fods"
    if start.startswith(("<!doctype html", "<html", "<table", "<style", "<head", "<meta", "mime-version:")):
        return f"it is a web page (HTML), as some programs export it; {_SAVE}"
    if start.startswith("<") or any(character < " " and character not in "\t\r\n\f" for character in text):
        return None
    return f"it looks like delimited text; rename it to {'.tsv' if text.count(chr(9)) >= 2 else '.csv'}"
