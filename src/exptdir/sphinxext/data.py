"""What the domain remembers of each document: plain values that pickle and compare well."""

from __future__ import annotations

from typing import NamedTuple

from exptdir.record.reference import Kind


class Page(NamedTuple):
    """An experiment's page: which experiment, its heading, and a digest of the facts it was read with."""

    key: str
    heading: str
    facts: str


class Entry(NamedTuple):
    """A dated part of a log: ISO day, which of that day, the date as written, the rest of the title."""

    day: str
    n: int
    written: str
    title: str
    anchor: str


class Run(NamedTuple):
    """A run that a document describes."""

    name: str
    anchor: str


class Cite(NamedTuple):
    """A reference as typed, and what *Cited by* shows of the place where it stands.

    *sentence* is the text around it, in pieces; a piece that is a reference is marked by True. A reference that
    is not *sure* (a MyST link) may as well mean something that is no experiment.
    """

    text: str
    kind: Kind | None
    builds_on: bool
    line: int | None
    anchor: str
    sentence: tuple[tuple[str, bool], ...]
    sure: bool = True


class Asset(NamedTuple):
    """A file that could not be shown: where it was looked for, why, and the line that asks for it."""

    path: str
    reason: str
    line: int | None


class Trouble(NamedTuple):
    """A problem inside a document, kept so that every build reports it."""

    kind: str
    message: str
    line: int | None


class Listing(NamedTuple):
    """The documents in a document's tables of contents.

    *candidates* are the experiments that it would list by itself, *added* those of them that were, because the
    author had not; *everything* is the whole list in document order. *placed* tells that the author said where.
    """

    candidates: tuple[str, ...]
    added: tuple[str, ...]
    everything: tuple[str, ...]
    placed: bool


class ShownFigure(NamedTuple):
    """An image in the record that a document shows, or would if it were there.

    *paths* are its files relative to the source directory, one for each format; *caption* is in pieces, as a
    sentence of :class:`Cite` is; *day* is that of the entry around it. *explained* tells whether its author wants
    the script below it, *enlarged* whether a reader may want it on the whole screen, *dark* whether it has a twin
    for the dark scheme.
    """

    paths: tuple[str, ...]
    anchor: str
    caption: tuple[tuple[str, bool], ...]
    day: str | None
    explained: bool
    enlarged: bool
    dark: bool
    missing: bool


class FigureIndex(NamedTuple):
    """An index of figures in a document: what it is limited to, as its author wrote it.

    *after* and *before* are ISO days or empty; a *limit* of 0 is none.
    """

    experiments: tuple[str, ...]
    tags: tuple[str, ...]
    after: str
    before: str
    limit: int
    line: int | None
