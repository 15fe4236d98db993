"""The container of a workbook, a zip archive of XML parts (ECMA-376 part 2): what is refused in it, and a copy of it.

The copy, for openpyxl, has one sheet's cells and what they need.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

from exptdir.errors import TableError
from exptdir.tables.encoding import PROTECTED

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
#: Errors of a damaged archive, from :mod:`zipfile` and the decompressors below it.
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError, LookupError)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
#: Namespaces of a workbook saved as *Strict Open XML* (annex A), and what they are in all others.
_STRICT = (
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main", _MAIN.encode()),
    (b"http://purl.oclc.org/ooxml/drawingml/main", b"http://schemas.openxmlformats.org/drawingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/officeDocument", _OFFICE.encode()),
)
#: A plain part of a text beside rich ones, which openpyxl leaves out unless it is a run as well.
_PLAIN_PARTS = re.compile(rb"(?:(?<=<si>)|(?<=<is>)|(?<=</r>))(<t(?: [^<>]*)?>[^<]*</t>)(?=<r>|</r>|</si>|</is>)")
_FORMAT_NUMBER = re.compile(rb'(<(?:\w+:)?xf\b[^<>]*?\bnumFmtId=")([0-9]{1,8})"')
_FORMATS = re.compile(rb"</?(?:\w+:)?numFmts\b[^<>]*>")
#: A cell with its own text, and where texts that sheets share end.
_INLINE = re.compile(rb' t="inlineStr"([^<>]*>)<is>((?:[^<]++|<(?!/?is>))*+)</is>')
_SHARED = re.compile(rb"<si[ />]")
_STYLE = re.compile(rb' s="([0-9]{1,5})"')
_STYLE_SHEET = re.compile(rb"(<(?:\w+:)?styleSheet\b[^<>]*>)")


#: Structures of rich values that are pictures (MS-XLSX §2.3.6.1): placed in the cell, or by ``IMAGE()``.
_IN_CELL = frozenset({"_localImage", "_webimage"})
#: How a part of a text looks, and styles that say nothing of looks.
_RUN_LOOK = re.compile(rb"<rPr>(?:[^<]++|<(?!/rPr>))*+</rPr>")
_PLAIN = (
    f'<styleSheet xmlns="{_MAIN}"><fonts><font/></fonts><fills><fill><patternFill/></fill></fills>'
    "<borders><border/></borders><cellXfs>%s</cellXfs></styleSheet>"
)


class Archive(zipfile.ZipFile):
    """An archive whose parts are found by their names, of which neither case (part 2, §6.2.2) nor slashes count."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.parts = {name.replace("\\", "/").lstrip("/").casefold(): name for name in reversed(self.namelist())}

    def find(self, name: str) -> str | None:
        """Return the name of a part as the archive writes it, if there is one."""
        return self.parts.get(name.casefold())


class _PrologEndError(Exception):
    """The first element has begun: nothing after it can declare an entity."""


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip archive, once it is known to do no harm: within bounds, no part with a document type declaration.

    Raises TableError if the file is protected by a password, damaged, or would unpack past the bounds.
    """
    try:
        archive = Archive(path)
    except _DAMAGED as error:
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
                raise TableError(PROTECTED)
        for name in set(archive.namelist()):
            try:
                with archive.open(name) as stream:
                    _check_prolog(name, stream)
            except _DAMAGED as error:
                where = f"its part {name} cannot be unpacked ({error})"
                raise TableError(f"the file is damaged: {where}; put a complete copy in its place") from None
        yield archive


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
    # Pictures and printer settings are no XML; what should be and is not is refused by who reads it.
    with suppress(_PrologEndError, expat.ExpatError):
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)


def read_tree(archive: Archive, name: str) -> ElementTree.Element | None:
    """Read a part as a whole, if it is there; a ``ValueError`` says that it is too large or no XML."""
    found = archive.find(name)
    if found is None:
        return None
    if archive.getinfo(found).file_size > MAX_WHOLE:
        raise ValueError(f"the part {name} is larger than {MAX_WHOLE // 2**20} MiB")
    return parse_tree(archive.read(found), name)


def parse_tree(data: bytes, name: str) -> ElementTree.Element:
    """Parse the XML of a part, without the namespaces of elements and attributes: the standard has two sets of them."""
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


def read_relations(archive: Archive, part: str) -> dict[str, Relation]:
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


def picture_numbers(archive: Archive) -> set[int]:
    """Return the numbers of the metadata of pictures in cells.

    They are followed to the structures of values: value → block → rich value → kind of structure.
    """
    root, values, structures = (
        read_tree(archive, f"xl/{name}.xml")
        for name in ("metadata", "richData/rdrichvalue", "richData/rdrichvaluestructure")
    )
    if root is None or values is None or structures is None:
        return set()

    def at(items: Sequence[Any], number: str | None) -> Any:
        return items[int(number)] if number and number.isdecimal() and int(number) < len(items) else None

    kinds = [structure.get("t") for structure in structures.iter("s")]
    pictures = [at(kinds, value.get("s")) in _IN_CELL for value in values.iter("rv")]
    blocks = [block.get("i") for block in root.findall("futureMetadata[@name='XLRICHVALUE']/bk//rvb")]
    records = root.findall("valueMetadata/bk/rc")
    return {number for number, record in enumerate(records, start=1) if at(pictures, at(blocks, record.get("v")))}


def transitional(xml: bytes) -> bytes:
    """Return a part with the namespaces that all programs know."""
    if b"purl.oclc.org/ooxml" in xml[:10_000]:
        for strict, usual in _STRICT:
            xml = xml.replace(strict, usual)
    return xml


def without_rest(cells: bytes, prefix: bytes) -> bytes:
    """Leave out the rows behind the last cell, of which some programs write as many as a sheet can have."""
    last = max(cells.rfind(b"<%sc " % prefix), cells.rfind(b"<%sc>" % prefix))
    behind = cells.find(b"</%srow>" % prefix, last)
    return cells[:behind] + b"</%srow></%ssheetData>" % (prefix, prefix) if 0 <= last < behind else cells


def copy_sheet(
    head: bytes, prefix: bytes, cells: bytes, shared: dict[str, bytes], plain: ElementTree.Element | None = None
) -> bytes:
    """Return a workbook with nothing but one sheet's cells.

    *head* is the sheet's part up to its first tag, *prefix* what names of tags have in front, *cells* the element with
    the cells, *shared* the parts that sheets share, by kind: ``styles``, ``sharedStrings``. The copy gets nothing of
    the styles but number formats if they are given as *plain*.
    """
    if plain is not None:
        given = [xf.get("numFmtId", "") for xf in plain.iterfind("cellXfs/xf")]
        # Cells may refer to styles that are not there.
        given += ["0"] * (max(map(int, _STYLE.findall(cells)), default=0) + 1 - len(given))
        formats = "".join(f'<xf numFmtId="{number if number.isdecimal() else 0}"/>' for number in given)
        cells, shared = _RUN_LOOK.sub(b"", cells), {kind: _RUN_LOOK.sub(b"", part) for kind, part in shared.items()}
        shared["styles"] = (_PLAIN % formats).encode()
    tag = b"<%sc" % prefix
    if cells.count(tag + b" r=") == cells.count(tag + b" ") + cells.count(tag + b">"):
        # openpyxl yields each row that is missing. Where cells have addresses, rows need no numbers.
        first, *rows = cells.split(b"<%srow " % prefix)
        ends = [(row, row.index(b">")) for row in rows]
        rows = [row[at - row.startswith(b"/", at - 1) :] for row, at in ends]
        cells = (b"<%srow" % prefix).join((first, *rows))
    # Without its size, openpyxl would look through all of a sheet for it.
    sheet = b'%s<%sdimension ref="A1"/>%s</%sworksheet>' % (head, prefix, cells, prefix)
    kept = {"worksheet": sheet, **{kind: transitional(part) for kind, part in shared.items()}}
    if "styles" in kept:
        # openpyxl would make dates of numbers, to the millisecond, and errors of those that are out of range. Number
        # formats are applied here, to the numbers as they are stored: each cell format has the number of its number
        # format as its code, in quotation marks.
        styles = kept["styles"]
        numbers = {int(number) for _, number in _FORMAT_NUMBER.findall(styles)}
        places = {number: at for at, number in enumerate(sorted(numbers), 1_000)}
        if tags := list(_FORMATS.finditer(styles)):
            styles = styles[: tags[0].start()] + styles[tags[-1].end() :]
        styles = _FORMAT_NUMBER.sub(lambda match: b'%s%d"' % (match[1], places[int(match[2])]), styles)
        codes = (f'<numFmt numFmtId="{at}" formatCode="&quot;{one}&quot;"/>' for one, at in places.items())
        own = f'<numFmts xmlns="{_MAIN}">{"".join(codes)}</numFmts>'.encode()
        kept["styles"] = _STYLE_SHEET.sub(lambda match: match[1] + own, styles, count=1)
    strings, mark, _ = kept.get("sharedStrings", b"").rpartition(b"</sst>")
    if mark or "sharedStrings" not in kept:
        # openpyxl would make an object of each cell's own text, and leave out the looks of its parts.
        strings, moved = strings or b'<sst xmlns="%s">' % _MAIN.encode(), dict[bytes, int]()
        count = len(_SHARED.findall(strings))
        kept["worksheet"] = _INLINE.sub(
            lambda text: b' t="s"%s<v>%d</v>' % (text[1], moved.setdefault(text[2], count + len(moved))), sheet
        )
        kept["sharedStrings"] = strings + b"".join(b"<si>%s</si>" % text for text in moved) + b"</sst>"
    for kind in kept.keys() & {"worksheet", "sharedStrings"}:
        if b"</r>" in kept[kind]:
            kept[kind] = _PLAIN_PARTS.sub(rb"<r>\1</r>", kept[kind])
        # openpyxl takes an escaped escape apart, unless its digits are written small.
        kept[kind] = kept[kind].replace(b"_x005F_", b"_x005f_")
    sheets = '<sheets><sheet name="Sheet" sheetId="1" r:id="s"/></sheets>'
    kept["workbook"] = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}/relationships">{sheets}</workbook>'.encode()
    content = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    kinds = {**{kind: kind for kind in kept}, "workbook": "sheet.main"}
    types = (f'<Override PartName="/xl/{one}.xml" ContentType="{content}.{kinds[one]}+xml"/>' for one in kept)
    links = {"_rels/.rels": ("officeDocument", "workbook"), "xl/_rels/workbook.xml.rels": ("worksheet", "worksheet")}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as copy:
        copy.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types">{"".join(types)}</Types>')
        for name, (kind, part) in links.items():
            link = f'<Relationship Id="s" Type="{_OFFICE}/relationships/{kind}" Target="/xl/{part}.xml"/>'
            copy.writestr(name, f'<Relationships xmlns="{_PACKAGE}/relationships">{link}</Relationships>')
        for kind, data in kept.items():
            copy.writestr(f"xl/{kind}.xml", data)
    return stream.getvalue()
