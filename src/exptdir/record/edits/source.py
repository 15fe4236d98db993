"""The text of a log as its author keeps it: encoding, byte-order mark and line ends are left alone."""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass
from pathlib import Path

from exptdir.errors import EditError
from exptdir.record.edits.files import read_state


@dataclass(frozen=True)
class Source:
    """A decoded file.

    Parameters
    ----------
    text
        The text, with its line ends and without a byte-order mark.
    encoding
        UTF-8; else the encoding of Western Europe that gives these bytes back.
    mark
        The byte-order mark, if there is one.
    """

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """Turn a changed text into bytes.

        Raises
        ------
        EditError
            When the file's encoding lacks a character.
        """
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            missing = error.object[error.start]
            message = f"the file is not UTF-8 and has no “{missing}”; save it as UTF-8 first"
            raise EditError(message) from None


def decode(data: bytes) -> Source:
    """Decode a file so that what is not changed comes back byte for byte.

    Raises
    ------
    EditError
        When it is UTF-16 or UTF-32, or no text at all.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)) or b"\0" in data:
        raise EditError("it is not UTF-8 but UTF-16, UTF-32 or no text; save it as UTF-8 first")
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    data = data[len(mark) :]
    for encoding in ("utf-8", "cp1252"):
        try:
            return Source(data.decode(encoding), encoding, mark)
        except UnicodeDecodeError:
            continue
    return Source(data.decode("latin-1"), "latin-1", mark)


def read_source(path: Path) -> tuple[bytes, Source]:
    """Read a text that is to be edited.

    Raises
    ------
    EditError
        When it cannot be read.
    """
    try:
        data = read_state(path)
    except OSError as error:
        raise EditError(f"{path} cannot be read: {error.strerror or error}") from None
    if data is None:
        raise EditError(f"{path} does not exist")
    try:
        return data, decode(data)
    except EditError as error:
        raise EditError(f"{os.fspath(path)} cannot be edited: {error}") from None
