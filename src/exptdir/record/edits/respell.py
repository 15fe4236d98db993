"""Writes a reference anew, so that it leads where it led, in the way in which its author wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from exptdir.record.edits.layout import Layout
from exptdir.record.edits.references import Runs, lead, read_label, read_token
from exptdir.record.markup.references import Token
from exptdir.record.model import Experiment, Record
from exptdir.record.reference import Kind, Resolution, Unresolved

_BREAKS_ROLES = re.compile(r"[`<>\\\r\n]")
_BREAKS_LINKS = re.compile(r"[\s()<>\\]")


class Respeller:
    """Compares where references lead before and after, and writes those anew that would lead elsewhere.

    *layout* says what changes, *runs* are those of the old record.
    """

    def __init__(self, layout: Layout, runs: Runs) -> None:
        self._layout = layout
        self._runs = runs
        self._runs_after = runs.moved(layout.moved)

    def respell(self, token: Token, here: Experiment | None, meant: Experiment | None = None) -> str | None:
        """Return what is to be written in place of a token; ``None`` where that cannot be said.

        Parameters
        ----------
        token
            A reference or a label.
        here
            The experiment in whose directory it stands.
        meant
            The experiment that it means, where the old record cannot tell since two have that id.
        """
        layout = self._layout
        record = layout.record if meant is None else _as_if_alone(layout.record, meant)
        found = read_token(record, token, here, self._runs.exists(token.text))
        if not isinstance(found, Resolution):
            return token.text
        target = layout.counterpart(found.experiment)
        if token.form == "label":
            return self._label(token.text, found, target)
        here_after = layout.counterpart(here) if here is not None else None
        for text in _spellings(token.text, found, target):
            if text != token.text and (_BREAKS_LINKS if token.form == "any" else _BREAKS_ROLES).search(text):
                continue
            kind = cast("Kind | None", token.kind)
            new = lead(layout.after, text, here_after, self._runs_after.exists(text), kind)
            if _parts(new) == (found.kind, target.key, found.date, found.n, found.run, found.label):
                return text
        return None

    def caught(self, token: Token, here: Experiment | None) -> Experiment | None:
        """Return the experiment that a reference leads to from now on, if it led nowhere until now."""
        if token.form != "reference":
            return None
        kind = cast("Kind | None", token.kind)
        old = lead(self._layout.record, token.text, here, self._runs.exists(token.text), kind)
        if not isinstance(old, Unresolved) or old.ambiguous:
            return None
        here_after = self._layout.counterpart(here) if here is not None else None
        new = lead(self._layout.after, token.text, here_after, self._runs_after.exists(token.text), kind)
        return new.experiment if isinstance(new, Resolution) else None

    def _label(self, text: str, found: Resolution, target: Experiment) -> str | None:
        new = read_label(self._layout.after, text)
        if new is not None and (new.experiment.key, new.label) == (target.key, found.label):
            return text
        return f"expt-{target.address}" + (f"-{found.label}" if found.label else "")


def _as_if_alone(record: Record, meant: Experiment) -> Record:
    """Return a record in which no other experiment has the same id."""
    others = {key: other for key, other in record.experiments.items() if other.id != meant.id or other is meant}
    return Record(record.base, others)


def _parts(found: Resolution | Unresolved) -> tuple[object, ...]:
    if isinstance(found, Unresolved):
        return ()
    return found.kind, found.experiment.key, found.date, found.n, found.run, found.label


def _spellings(text: str, found: Resolution, target: Experiment) -> Iterator[str]:
    """Yield ways to write a reference, the author's own first."""
    yield text
    written, rest = _split(text.strip(), found)
    hash_sign = "#" if written.startswith("#") else ""
    for name in _names(written.removeprefix("#").strip("/"), found.experiment, target):
        yield hash_sign + name + rest
        yield name + rest


def _split(text: str, found: Resolution) -> tuple[str, str]:
    """Cut a reference into the experiment as written and what stands behind it."""
    if found.kind == "run" and found.run is not None:
        target = text.removesuffix(found.run).removesuffix("/") if text != found.run else ""
        return target, f"/{found.run}"
    mark = {"entry": text.rfind("@"), "label": text.find("#", 1)}.get(found.kind, len(text))
    return text[:mark], text[mark:]


def _names(written: str, old: Experiment, new: Experiment) -> Iterator[str]:
    if written.isdecimal() and new.id is not None:
        yield f"{new.id:0{len(written)}}" if written.startswith("0") else str(new.id)
    for was, now in ((old.path, new.path), (old.key, new.key), (old.directory_name, new.directory_name)):
        if written == was:
            yield now
    if written == old.name:
        yield new.name
    yield from (new.address, new.path, new.key)
