"""The container of a workbook, a zip archive of XML parts (ECMA-376 part 2), and what is refused in it."""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

from exptdir.errors import TableError

#: Bytes that all parts of a workbook may unpack to. A million rows of ten columns take about half of it.
MAX_UNPACKED = 512 * 2**20
#: How much smaller than its content a large part may be. Rows of equal cells, each with its own address, were
#: seen to pack 12 to 40 times; a bomb packs near the format's limit of 1,032 times.
MAX_RATIO = 300
#: Size above which the ratio counts: below it, no ratio does harm.
RATIO_FROM = 16 * 2**20
#: Parts that a workbook may have; large ones with a picture in each row have some thousands.
MAX_PARTS = 65_536
#: Largest part that is read as a tree (styles, the list of sheets, a drawing …); the cells of sheets are not.
MAX_WHOLE = 32 * 2**20

_CHUNK = 65_536
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROTECTED = "the file is protected by a password: save it without one"
#: Name of the stream that an encrypted workbook is kept in (MS-OFFCRYPTO §2.3.4.4).
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
#: Errors of a damaged archive, from :mod:`zipfile` and the decompressors below it.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
)


class _PrologEndError(Exception):
    """The first element has begun: nothing after it can declare an entity."""


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive, once it is known to do no harm.

    Yields
    ------
    zipfile.ZipFile
        Its parts: within bounds, none with a document type declaration.

    Raises
    ------
    TableError
        If the file is something else, is protected by a password, damaged, or would unpack past the bounds.
    """
    with path.open("rb") as stream:
        head = stream.read(_CHUNK)
    if head.startswith(_OLE):
        if _ENCRYPTED in head or _ENCRYPTED in path.read_bytes():
            raise TableError(_PROTECTED)
        raise TableError("the file is an old .xls workbook under another name: save it as .xlsx")
    if not head.startswith(b"PK"):
        marked = head.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"))
        control = any(byte < 32 and byte not in b"\t\r\n\f" for byte in head)
        text = marked or not (control or head.lstrip().startswith(b"<"))
        looks = "it looks like delimited text: rename it to .csv" if text else "it is no zip archive"
        raise TableError(f"the file is not a workbook ({looks})")
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGED as error:
        raise TableError(f"the file is damaged or was cut off ({error}): put a complete copy in its place") from None
    with archive:
        # Refuse what promises to unpack past the bounds; :mod:`zipfile` never unpacks more than was promised.
        parts = archive.infolist()
        total = sum(part.file_size for part in parts)
        if total > MAX_UNPACKED or len(parts) > MAX_PARTS:
            raise TableError(
                f"the file unpacks to {total / 2**20:,.0f} MiB in {len(parts)} parts, more than the "
                f"{MAX_UNPACKED // 2**20} MiB that are read: save the part to show as a workbook of its own"
            )
        for part in parts:
            if part.file_size > RATIO_FROM and part.file_size > MAX_RATIO * max(part.compress_size, 1):
                raise TableError(
                    f"the file is refused: its part {part.filename} unpacks to over {MAX_RATIO} times its "
                    f"size, as no real workbook does"
                )
            if part.flag_bits & 0x1:
                raise TableError(_PROTECTED)
        for name in set(archive.namelist()):
            try:
                with archive.open(name) as stream:
                    _check_prolog(name, stream)
            except DAMAGED as error:
                where = f"its part {name} cannot be unpacked ({error})"
                raise TableError(f"the file is damaged: {where}; put a complete copy in its place") from None
        yield archive


def read_tree(archive: zipfile.ZipFile, name: str) -> ElementTree.Element | None:
    """Read a part as a whole.

    Parameters
    ----------
    archive
        The workbook.

    Returns
    -------
    xml.etree.ElementTree.Element or None
        Its root, if there is such a part; without the namespaces of elements and attributes, of which the
        standard has two sets.

    Raises
    ------
    ValueError
        If it is too large or not well-formed.
    """
    found = find_part(archive, name)
    if found is None:
        return None
    if archive.getinfo(found).file_size > MAX_WHOLE:
        raise ValueError(f"the part {name} is larger than {MAX_WHOLE // 2**20} MiB")
    return parse_tree(archive.read(found), name)


def find_part(archive: zipfile.ZipFile, name: str) -> str | None:
    """Return the name of a part as the archive writes it: neither case (part 2, §6.2.2) nor slashes count."""
    wanted = name.casefold()
    found = (real for real in archive.namelist() if real.replace("\\", "/").lstrip("/").casefold() == wanted)
    return next(found, None)


def parse_tree(data: bytes, name: str) -> ElementTree.Element:
    """Parse the XML of a part, without its namespaces; a ``ValueError`` says that it is none."""
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise ValueError(f"{name} is not XML: {error}") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        if any("}" in key for key in element.attrib):
            element.attrib = {key.rpartition("}")[2]: value for key, value in element.items()}
    return root


class Relation(NamedTuple):
    """A link from one part to another, or to an address outside (ECMA-376 part 2, §6.5).

    *kind* is the last word of its type (``worksheet``, ``table``, ``drawing`` …): the standard has two sets of
    longer ones. *target* is the name of a part, or the address.
    """

    kind: str
    target: str


def read_relations(archive: zipfile.ZipFile, part: str) -> dict[str, Relation]:
    """Return the links of a part by their ids; those of the package itself if the name is empty."""
    folder, _, file = part.rpartition("/")
    root = read_tree(archive, posixpath.join(folder, "_rels", f"{file}.rels"))
    relations = {}
    for element in root if root is not None else ():
        target = element.get("Target", "")
        if element.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, target.replace("\\", "/"))).lstrip("/")
        relations[element.get("Id", "")] = Relation(element.get("Type", "").rpartition("/")[2], target)
    return relations


def _check_prolog(name: str, stream: IO[bytes]) -> None:
    """Refuse a document type declaration, which defines entities and which no package may have (part 2)."""

    def refuse(*_: object) -> None:
        raise TableError(
            f"the file is refused: its part {name} declares a document type (DTD) or entities, as no real workbook does"
        )

    def stop(*_: object) -> None:
        raise _PrologEndError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = stop
    try:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (_PrologEndError, expat.ExpatError):
        # Pictures and printer settings are no XML; what should be and is not is refused by who reads it.
        return
