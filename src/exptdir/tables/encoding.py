"""What is in a file that does not say it: the encoding of a text, the format of one with a wrong suffix."""

from __future__ import annotations

import codecs
from pathlib import Path

from exptdir.errors import TableError

#: Marks at the beginning of a file, the longer ones first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK"
_PARQUET = b"PAR1"
#: First records of workbooks older than their container: BOF of BIFF 2 to 5, with their lengths.
_BIFF = tuple(bytes((9, version, length, 0)) for version in (0, 2, 4, 8) for length in (4, 6, 8, 16))
_SAVE = "open it in a spreadsheet program and save it as .xlsx"
#: What files of a suffix begin with.
_GENUINE = {".xls": (_OLE, *_BIFF), ".parquet": (_PARQUET,)}
PROTECTED = "the file is protected by a password: save it without one"
#: Name of the stream that an encrypted workbook is kept in (MS-OFFCRYPTO §2.3.4.4).
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
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
    """Turn all bytes of a text file into text; add a sentence for the author if the encoding had to be guessed.

    The *encoding* is what the author says that it is written in; found if it is not given. Raises TableError if the
    file is not text, or breaks the encoding that its mark promises.
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
        # A null byte that got into a small file may stand beside a comma as well, but not beside most of them.
        ends = [sample.count(end.encode(encoding)) for end in "\n\r ,\t;"]
        often = 2 * sum(ends) > sum(map(sample.count, (b"\n", b"\r", b" ", b",", b"\t", b";")))
        if often and nulls * 20 >= len(sample) // 2 and others * 10 <= nulls:
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


def check_disguise(path: Path) -> None:
    """Refuse a workbook or a ``.parquet`` file whose content is of another kind, or encrypted."""
    suffix = path.suffix.lower()
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE)
    if not head.startswith(_GENUINE.get(suffix, (_ZIP,))):
        if head.startswith(_OLE) and _ENCRYPTED in path.read_bytes():
            raise TableError(PROTECTED)
        raise TableError(f"the file is no {suffix}: {_what(head)}")


def _what(head: bytes) -> str:
    """Say what the beginning of a file is that of."""
    if head.startswith(_ZIP):
        kind = ".ods" if b"opendocument" in head[:200] else ".xlsx"
        return f"it is a newer workbook, or another archive; rename it to {kind}"
    for magic, kind in ((_OLE, ".xls"), (_PARQUET, ".parquet")):
        if head.startswith(magic):
            return f"it is a file of another format; rename it to {kind}"
    unknown = "what it begins with is of no kind that is known; put a good copy in its place"
    try:
        text, _ = decode(head)
    except TableError:
        return unknown
    start = text.lstrip()[:1_000].lower()
    if "urn:schemas-microsoft-com:office:spreadsheet" in start:
        return f"it is an XML Spreadsheet 2003; {_SAVE}"
    if "opendocument" in start:
        return f"it is a flat OpenDocument file; {_SAVE}"
    if start.startswith(("<!doctype html", "<html", "<table", "<style", "<head", "<meta", "mime-version:")):
        return f"it is a web page (HTML), as some programs export it; {_SAVE}"
    if start.startswith("<") or any(character < " " and character not in "\t\r\n\f" for character in text):
        return unknown
    return f"it looks like delimited text; rename it to {'.tsv' if text.count(chr(9)) >= 2 else '.csv'}"
