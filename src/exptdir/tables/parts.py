"""The parts of an Office Open XML package, and how they refer to each other (ECMA-376 part 2)."""

from __future__ import annotations

import posixpath
import re
from typing import IO, TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree

if TYPE_CHECKING:
    from zipfile import ZipFile

#: Largest part that is read as a whole (styles, the list of sheets, a drawing …); sheets and texts are not.
MAX_WHOLE = 32 * 2**20

#: An escape of any character but half a surrogate pair, which is none.
_ESCAPED = re.compile("_x(?![Dd][89A-Fa-f])([0-9A-Fa-f]{4})_")


class Relation(NamedTuple):
    """A link from one part to another, or to an address outside (part 2, §6.5).

    Parameters
    ----------
    id
        By which the part itself names the link.
    kind
        Last word of its type: ``worksheet``, ``table``, ``drawing`` …; the standard has two sets of longer
        ones.
    target
        Name of a part, or the address.
    """

    id: str
    kind: str
    target: str


class Package:
    """The parts of an open archive by name.

    Case does not count in a name (part 2, §6.2.2), and some programs write backslashes.
    """

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._names = {_folded(name): name for name in archive.namelist()}

    def __contains__(self, name: object) -> bool:
        """Tell whether there is such a part."""
        return isinstance(name, str) and _folded(name) in self._names

    def open(self, name: str) -> IO[bytes]:
        """Open a part for reading; a ``KeyError`` says that there is none."""
        return self._archive.open(self._names[_folded(name)])

    def tree(self, name: str) -> ElementTree.Element | None:
        """Read a part as a whole.

        Parameters
        ----------
        name
            The part.

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
        if name not in self:
            return None
        with self.open(name) as stream:
            data = stream.read(MAX_WHOLE + 1)
        if len(data) > MAX_WHOLE:
            raise ValueError(f"the part {name} is larger than {MAX_WHOLE // 2**20} MiB")
        try:
            root = ElementTree.fromstring(data)
        except ElementTree.ParseError as error:
            raise ValueError(f"{name} is not XML: {error}") from None
        for element in root.iter():
            element.tag = local(element.tag)
            if any("}" in key for key in element.attrib):
                element.attrib = {local(key): value for key, value in element.items()}
        return root

    def relations(self, name: str) -> list[Relation]:
        """Return the links of a part, or of the package itself if the name is empty."""
        folder, _, file = name.rpartition("/")
        root = self.tree(posixpath.join(folder, "_rels", f"{file}.rels"))
        return [_relation(folder, element.attrib) for element in root if "Target" in element.attrib] if root else []


def local(name: str) -> str:
    """Return the name of an element or attribute without its namespace."""
    return name.rpartition("}")[2]


def unescape(text: str) -> str:
    """Return a text without the escapes of what XML cannot hold: a line feed is ``_x000A_`` (part 1, §22.9.2.19)."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _folded(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").casefold()


def _relation(folder: str, attributes: dict[str, str]) -> Relation:
    target = attributes["Target"]
    if attributes.get("TargetMode") != "External":
        target = posixpath.normpath(posixpath.join("/", folder, target.replace("\\", "/"))).lstrip("/")
    return Relation(attributes.get("Id", ""), attributes.get("Type", "").rpartition("/")[2], target)
