"""The encoding of a text file that does not say it."""

from __future__ import annotations

import codecs

from exptdir.errors import TableError

#: Marks at the beginning of a file, the longer ones first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: What binary files begin with that get the wrong suffix most often.
_BINARY = (
    (b"PK\x03\x04", "a workbook or an archive"),
    (b"\xd0\xcf\x11\xe0", "an old workbook"),
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "a compressed file"),
    (b"%PDF", "a PDF"),
)
#: Bytes from which an encoding is guessed.
_SAMPLE = 65_536
#: Multi-byte encodings that a guess may name; one-byte guesses on a few words are worth nothing.
_WIDE = frozenset(
    {"cp932", "shift_jis", "shift_jis_2004", "shift_jisx0213", "euc_jp", "euc_jis_2004", "euc_jisx0213"}
    | {"gb18030", "gbk", "gb2312", "big5", "big5hkscs", "cp950", "euc_kr", "cp949", "johab"}
)
#: Share of high bytes with another at their side from which a text may be in a wide encoding: 0.88 to 1 in
#: Japanese and Chinese tables, near 0 in European ones.
_PAIRED = 0.75


def decode(data: bytes, encoding: str | None = None) -> tuple[str, str | None]:
    """Turn the bytes of a text file into text.

    Parameters
    ----------
    data
        All bytes of the file.
    encoding
        What the author says that it is written in; found if it is not given.

    Returns
    -------
    tuple
        The text, and a sentence for the author if the encoding had to be guessed.

    Raises
    ------
    TableError
        If the file is not text, or breaks the encoding that its mark promises.
    """
    if encoding is not None:
        try:
            return data.decode(encoding.strip()).removeprefix("\ufeff"), None
        except (LookupError, ValueError) as error:
            at = f"byte {error.start} is not of it" if isinstance(error, UnicodeDecodeError) else "it is not known"
            raise TableError(f"the file cannot be read as {encoding.strip()[:40]!r}: {at}") from None
    for magic, what in _BINARY:
        if data.startswith(magic):
            raise TableError(f"the file is not delimited text: it looks like {what}; rename it to what it is")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding), None
    if (wide := _utf16(data[:_SAMPLE])) is not None:
        return _strict(data, wide), None
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError:
        # Read bytes that are not UTF-8: in a wide encoding if high bytes come in pairs, else as Windows-1252.
        encoding = _wide(data[:_SAMPLE]) or "windows-1252"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            encoding = "latin-1"
            text = data.decode(encoding)
        return text, f"the file is not UTF-8 and was read as {encoding}, which is a guess: save it as UTF-8"


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise TableError(
            f"the file looks like {encoding.upper()} but is damaged at byte {error.start}: save it again"
        ) from None


def _utf16(sample: bytes) -> str | None:
    """Recognise UTF-16 without a mark: each line break and comma then has a null byte at its side."""
    if len(sample) < 4 or b"\0" not in sample:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    for encoding, nulls, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        ends = ("\n".encode(encoding), ",".encode(encoding), "\t".encode(encoding), ";".encode(encoding))
        if nulls * 20 >= len(sample) // 2 and others * 10 <= nulls and any(end in sample for end in ends):
            return encoding
    return None


def _wide(sample: bytes) -> str | None:
    high = [at for at, byte in enumerate(sample) if byte >= 0x80]
    known = set(high)
    paired = sum(at + 1 in known or at - 1 in known for at in high)
    if len(high) < 8 or paired < _PAIRED * len(high):
        return None
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding if best is not None and best.encoding in _WIDE else None
