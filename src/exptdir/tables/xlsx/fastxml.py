"""The rows of a worksheet, read several times faster than an XML parser reads them.

Programs write cells in very few ways (``<c r="B2" s="3"><v>0.5</v></c>``). Such cells are found here by one
regular expression a row, while the XML parser sees everything else: what stands before and after the rows, and
the start tag of each row. Nothing is taken for granted. A row in which the expression leaves a character over
goes to the parser as a whole, and so does all that follows something which could change the meaning of tags (a
comment, a CDATA section, a processing instruction). A part with prefixes or in another encoding goes there from
the beginning. So whatever is well-formed means the same in both ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from itertools import chain

from exptdir.tables.cellrows import RawCell
from exptdir.tables.ranges import column_number
from exptdir.tables.xlsx.fastcells import CellReader, OtherwiseError

#: A part in UTF-8 whose elements are those of SpreadsheetML (ECMA-376 part 1, annex A), without prefix.
_ROOT = re.compile(
    rb"""(?:\xef\xbb\xbf)?
    (?:<\?xml\ version=["']1\.0["'](?:\ encoding=["'](?:utf|UTF)-8["'])?(?:\ standalone=["'](?:yes|no)["'])?\s*\?>)?
    \s*<worksheet\s(?:[^<>]*\s)?
    xmlns=["']http://(?:schemas\.openxmlformats\.org/spreadsheetml/2006|purl\.oclc\.org/ooxml/spreadsheetml)/main["']
    [^<>]*>""",
    re.VERBOSE,
)
_ROWS_BEGIN, _ROWS_END = b"<sheetData>", b"</sheetData>"
#: Bytes within which the rows begin; before them are, at most, 16,384 columns.
_HEAD_SIZE = 4 * 2**20
#: Bytes that are looked at in one go, and those without the beginning of a row that are still waited for.
_PIECE, _LARGEST_ROW = 2**20, 16 * 2**20
#: What XML does not allow, so that the parser refuses it: control characters, and U+FFFE, U+FFFF in UTF-8.
_CONTROL = bytes(range(9)) + b"\x0b\x0c" + bytes(range(14, 32))
#: What makes the rest of a part the parser's: comments, CDATA, instructions, and what XML does not allow.
_UNUSUAL = (b"<!", b"<?", b"]]>", b"\xef\xbf\xbe", b"\xef\xbf\xbf")
_ROW = re.compile(r'\s*(<row(?:\s+[A-Za-z0-9:]{1,40}="[^"<>]*")*)\s*(/?)>')
_CELL = re.compile(
    r"""\s*+<c\ r="([A-Z]++)[0-9]++"([^<>]*+)>
    (?:
        <v>([^<]*+)</v></c>
    |
        (?<=/>)|(?:<v\ ?/>)?</c>
    |
        (<is><t[^<>]*+>[^<]++</t></is></c>|<f[^<>]*+>(?:[^<]*+</f>)?(?:<v>[^<]*+</v>|<v\ ?/>)?</c>)
    )
    |([\s\S]+)""",
    re.VERBOSE,
)
_EMPTY_CELL = re.compile(
    r'<c r="([A-Z]++)[0-9]++" s="([0-9]{1,9})"(?: t="[a-zA-Z]++")? ?(?:/>|></c>|><v ?/></c>|><v></v></c>)'
)


class FastRows:
    """Takes the rows of a worksheet and leaves the rest to a parser.

    Parameters
    ----------
    parse
        Gives the parser its next piece.
    row
        Returns the number of the row whose start tag the parser saw last.
    take
        Is given the cells of a row by column.
    blanks
        Numbers of the styles of which empty cells are wanted, in rows that hold something.
    take_blanks
        Is given the styles of a row's empty cells by column.
    """

    def __init__(
        self,
        parse: Callable[[bytes], object],
        take: Callable[[dict[int, RawCell]], None],
        blanks: Collection[int],
        take_blanks: Callable[[dict[int, int]], None],
    ) -> None:
        self._parse, self._take = parse, take
        self._blanks, self._take_blanks = blanks, take_blanks
        self._cells = CellReader()

    @property
    def types(self) -> set[str]:
        """The types of the cells that were found."""
        return self._cells.types

    def feed(self, chunks: Iterator[bytes]) -> None:
        """Read a part, of which the chunks are all; none is much smaller than a row."""
        head = b""
        for chunk in chunks:
            head += chunk
            if _ROWS_BEGIN in head or len(head) > _HEAD_SIZE:
                break
        begin = head.find(_ROWS_BEGIN) + len(_ROWS_BEGIN)
        chunks = chain((head,), chunks)
        if _is_usual(head[:begin]):
            self._parse(head[:begin])
            chunks = self._rows(head[begin:], chunks)
        for chunk in chunks:
            self._parse(chunk)

    def _rows(self, carry: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Read rows as long as that is possible; return what is left to the parser."""
        next(chunks)
        for chunk in chain((b"",), chunks):
            buffer = carry + chunk
            end = buffer.find(_ROWS_END)
            cut = max(buffer.rfind(b"<row ") if end < 0 else end, 0)
            if not self._piece(buffer[:cut]):
                return chain((buffer,), chunks)
            carry = buffer[cut:]
            if end >= 0 or len(carry) > _LARGEST_ROW:
                break
        return chain((carry,), chunks)

    def _piece(self, piece: bytes) -> bool:
        """Read whole rows; refuse them all if something among them could change what tags mean."""
        if _holds_nothing(piece):
            self._parse(piece[piece.rfind(b"<row r=") :])
            return True
        if any(map(piece.__contains__, _UNUSUAL)) or len(piece.translate(None, _CONTROL)) != len(piece):
            return False
        try:
            text = piece.decode()
        except UnicodeDecodeError:
            return False
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        *rows, after = text.split("</row>")
        for row in rows:
            self._row(row)
        self._parse(after.encode())
        return True

    def _row(self, row: str) -> None:
        """Read one row, without its end tag, and rows before it that are written as a single tag."""
        tag, at = _ROW.match(row), 0
        while tag and tag[2]:
            self._parse(tag[0].encode())
            at = tag.end()
            tag = _ROW.match(row, at)
        cells = self._fast(row, tag.end()) if tag else None
        if tag is None or cells is None:
            self._parse(row[at:].encode() + b"</row>")
            return
        self._parse(f"{tag[1]}></row>".encode())
        self._take(cells)
        if self._blanks and cells:
            self._take_blanks(self._empty(row))

    def _fast(self, row: str, at: int) -> dict[int, RawCell] | None:
        """Read the cells of a row, ``None`` unless every character of it is understood."""
        found = _CELL.findall(row, at)
        if found and (rest := found[-1][4]):
            if rest.strip(" \t\n"):
                return None
            found.pop()
        try:
            return self._cells.read(found) if "&" not in row else self._cells.read_with_references(found)
        except OtherwiseError:
            return None

    def _empty(self, row: str) -> dict[int, int]:
        found = ((letters, int(style)) for letters, style in _EMPTY_CELL.findall(row))
        return {column_number(letters): style for letters, style in found if style in self._blanks}


def _is_usual(head: bytes) -> bool:
    """Tell whether a part begins, up to its rows, in a way that lets tags be found without a parser."""
    root = _ROOT.match(head)
    if root is None or not head.endswith(_ROWS_BEGIN) or head.count(b"xmlns=") != 1:
        return False
    return not any(mark in head[root.end() :] for mark in _UNUSUAL)


def _holds_nothing(piece: bytes) -> bool:
    """Tell whether there is nothing but empty cells in rows that are shown and that say their number."""
    if b"<v" in piece or b"hidden" in piece:
        return False
    other = piece.count(b"<") - piece.count(b"<row r=")
    if other:
        other -= piece.count(b"</row>") + piece.count(b"<c r=") + piece.count(b"</c>")
    return not other and b"<row r=" in piece
