"""What the ledger knows of one script: the facts by which its figures are fresh."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

#: Facts that are a name and a value, and where an entry keeps them.
MAPPINGS: Mapping[str, str] = MappingProxyType(
    {
        "output": "outputs",
        "input": "inputs",
        "module": "modules",
        "listing": "listings",
        "version": "versions",
    }
)
#: Facts that are a name alone.
SETS: Mapping[str, str] = MappingProxyType(
    {
        "absent": "absent",
        "former": "former",
        "outside": "outside",
        "scope": "scope",
        "unseen": "unseen",
        "wrote": "wrote",
    }
)


@dataclass(frozen=True)
class Entry:
    """What is known of a script since it was run last, or since its figures were adopted.

    All paths are relative to the record's base.

    Parameters
    ----------
    script
        The script.
    args
        Its arguments.
    digest
        Digest of the script.
    style
        Digest of all that decides on its looks beside it: style, dark scheme, ``matplotlibrc``.
    outputs, inputs, modules
        Digests of the figures that it drew, the files that it read, the modules that it imported. An input
        that changed while the script ran has the digest ``changed``, which no file has.
    listings
        Digests of the names in the directories that it listed.
    versions
        Versions of what drew them.
    absent
        Files that it sought in vain.
    former
        Figures that it drew once and draws no more, and that are still there.
    outside
        Digests of the paths of files that are not told here: those outside the record.
    scope
        Directories of which every data file is an input, since what it reads there cannot be seen.
    unseen
        Why it cannot.
    wrote
        Other files that it wrote.
    adopted
        Whether the figures were there before us: what they depend on is an assumption.
    drawn
        Every digest that the ledger gives for a figure, contradictory ones included.
    damaged
        Why this must not be believed; empty if it may.
    """

    script: str
    digest: str
    style: str
    args: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    listings: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    wrote: tuple[str, ...] = ()
    adopted: bool = False
    drawn: frozenset[str] = field(default=frozenset(), compare=False)
    damaged: str = field(default="", compare=False)

    @property
    def key(self) -> str:
        """Path and arguments, as :attr:`exptdir.figures.model.Script.key` has them."""
        return script_key(self.script, self.args)

    @property
    def identity(self) -> str:
        """All facts as one text: two entries that say the same have the same."""
        skipped = ("drawn", "damaged")
        values = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in skipped}
        plain = {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}
        return json.dumps(plain, sort_keys=True)


def script_key(path: str, args: tuple[str, ...]) -> str:
    """Return what tells one script with its arguments from another.

    Parameters
    ----------
    path
        The script.
    args
        Its arguments.
    """
    return f"{path} {json.dumps(args, ensure_ascii=False)}" if args else path
