"""Tells a figure that was written to its end from one that was not, without decoding it."""

from __future__ import annotations

import re
from pathlib import Path

#: How much of each end is looked at.
_ENDS = 4096
_SVG_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?svg[\s>/]")
_SVG_END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?svg\s*>(?:\s|<!--(?:[^-]|-[^-])*-->)*\Z")
_SVG_EMPTY = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?svg(?:\s[^<>]*)?/>\s*\Z")

#: By suffix: how the file begins, and what its last bytes hold. From the specifications: PNG (second edition) 5.2
#: and 11.2.5, ISO 32000-1 7.5, ITU-T T.81 B.2, GIF89a 27, TIFF 6.0 section 2, WebP container, PLRM 3 appendix G.
_MARKS: dict[str, tuple[tuple[bytes, ...], bytes]] = {
    ".png": ((b"\x89PNG\r\n\x1a\n",), b"IEND\xaeB`\x82"),
    ".pdf": ((b"%PDF",), b"%%EOF"),
    ".jpg": ((b"\xff\xd8\xff",), b"\xff\xd9"),
    ".jpeg": ((b"\xff\xd8\xff",), b"\xff\xd9"),
    ".gif": ((b"GIF87a", b"GIF89a"), b";"),
    ".webp": ((b"RIFF",), b""),
    ".eps": ((b"%!PS", b"\xc5\xd0\xd3\xc6"), b""),
    ".tif": ((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), b""),
    ".tiff": ((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), b""),
}


def defect(path: Path) -> str | None:
    """Say what is wrong with a figure.

    Parameters
    ----------
    path
        The file; its suffix says what it should be.

    Returns
    -------
    str or None
        What is wrong, to follow the name of the file; ``None`` for a figure that looks whole.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_ENDS)
            size = file.seek(0, 2)
            file.seek(max(0, size - _ENDS))
            tail = file.read()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if not size:
        return "is empty"
    suffix = path.suffix.lower()
    if suffix == ".svg":
        return _svg_defect(head, tail)
    starts, end = _MARKS.get(suffix, ((b"",), b""))
    if not head.startswith(starts):
        return f"is no {suffix[1:].upper()} file"
    whole = _riff_is_whole(head, size) if suffix == ".webp" else end in tail[-1100:]
    return None if whole else "ends too early"


def _riff_is_whole(head: bytes, size: int) -> bool:
    return int.from_bytes(head[4:8], "little") + 8 <= size


def _svg_defect(head: bytes, tail: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head, tail = head.replace(b"\0", b""), tail.replace(b"\0", b"")
    if not _SVG_ROOT.search(head):
        return "is no SVG file"
    return None if _SVG_END.search(tail) or _SVG_EMPTY.search(tail) else "ends too early"
