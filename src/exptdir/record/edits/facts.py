"""Sets a fact of an experiment where its author keeps it: ``expt.toml``, exmemo's small files, the top of the log.

Comments, order and style stay as they are; the YAML of front matter is edited by hand, since no kept library of ours
gives back what it did not change.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exptdir.errors import EditError, MetadataError
from exptdir.record.edits.plan import Plan, Workspace
from exptdir.record.facts import from_log, from_small_files, from_toml, linked_name
from exptdir.record.facts_values import FACT_OF_KEY, convert
from exptdir.record.files import bare_lines, line_end, read_log, split_lines
from exptdir.record.markup.markdown import front_matter_end
from exptdir.record.markup.rst import Field, fields
from exptdir.record.model import Experiment, Record

#: What a fact can be set to; ``None`` and an empty sequence take it away.
Fact = str | int | Sequence[str] | None

_FACTS = frozenset({"id", "title", "status", "tags", "prerequisites"})
#: The facts that this layout has.
KEPT = frozenset({"id", "status", "tags", "prerequisites"})
_FOLDERS = {"tags": "tags", "prerequisites": "prereqs"}
_KEY = re.compile(r"(?P<quote>[\"']?)(?P<key>[A-Za-z_-]+)(?P=quote)[ \t]*:(?=[ \t\r\n]|$)")
_COMMENT = re.compile(r"[ \t]+#[^\r\n]*")
_SAFE = re.compile(r"[A-Za-z_][\w .()-]*[\w)]|[A-Za-z_]")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})

Plain = str | int | tuple[str, ...] | None


def set_fact(record: Record, experiment: Experiment, fact: str, value: Fact) -> Plan:
    """Plan to set a fact in every place that states it.

    Where no place does, it goes to the one that the experiment has: ``expt.toml``, ``.expt``, the front matter or
    the field list of the log, in this order; else ``expt.toml`` is made. The id in a directory's name is for
    :func:`exptdir.record.edits.relocate.renumber`.

    Raises EditError when the value makes no sense, or a file cannot be edited.
    """
    workspace = Workspace(record.base)
    put_fact(workspace, experiment, fact, value)
    return workspace.plan()


def put_fact(workspace: Workspace, experiment: Experiment, fact: str, value: Fact, *, new: bool = True) -> None:
    """Do as :func:`set_fact` with a plan that is being made; with *new* false, only where the fact is stated."""
    if fact not in _FACTS:
        raise EditError(f"“{fact}” is no fact that can be set")
    plain = _checked(fact, value)
    log, directory = experiment.log, experiment.log.parent
    folder, page = os.fspath(directory), os.fspath(log)
    sources = {
        "toml": from_toml(folder),
        "small": from_small_files(folder),
        "log": from_log(page) if experiment.is_page else ([], []),
    }
    places = [place for place, (claims, _) in sources.items() if any(claim.fact == fact for claim in claims)]
    if not places and new and plain is not None:
        if (directory / "expt.toml").exists() or not experiment.is_page:
            places = ["toml"]
        elif fact in KEPT and (directory / ".expt").is_dir():
            places = ["small"]
        else:
            # Beside other facts in the log.
            places = ["log" if fact != "title" and sources["log"][0] else "toml"]
    for place in places:
        if place == "toml":
            set_in_toml(workspace, directory / "expt.toml", fact, plain)
        elif place == "small":
            set_in_small_files(workspace, directory, fact, plain)
        elif log.suffix.lower() == ".md":
            if fact == "tags" and set(experiment.tags) - set(plain if isinstance(plain, tuple) else ()):
                lines = read_log(log).split("\n")
                found = re.search(
                    r"^(tag|category|categories|keywords)[ \t]*:", "\n".join(lines[: front_matter_end(lines)]), re.M
                )
                if found:
                    message = f"the front matter has tags as “{found[1]}”, too, which only you can change"
                    raise EditError(message)
            workspace.rewrite(log, lambda text: set_in_front_matter(text, fact, plain))
        else:
            workspace.rewrite(log, lambda text: set_in_fields(text, fact, plain))


def _checked(fact: str, value: Fact) -> Plain:
    if value is None or value == "" or value == []:
        return None
    plain = " ".join(value.split()) if isinstance(value, str) else value if isinstance(value, int) else tuple(value)
    try:
        converted = convert(fact, plain)
    except MetadataError as error:
        raise EditError(str(error)) from None
    if isinstance(converted, tuple) and any("," in item or "\n" in item for item in converted):
        raise EditError(f"“{', '.join(converted)}” holds a comma or a line break, which separates {fact}")
    if converted is None or isinstance(converted, str):
        return plain if isinstance(plain, str) else None
    return converted if isinstance(converted, int | tuple) else None


def set_in_front_matter(text: str, fact: str, value: Plain) -> str:
    """Set a fact in the front matter of a Markdown log, or take it out; the other lines stay as they are.

    Raises EditError when there is no front matter.
    """
    lines = split_lines(text)
    last = front_matter_end(bare_lines(text)) - 1
    if last < 0:
        raise EditError("the log has no front matter")
    for at in range(1, last):
        found = _KEY.match(lines[at])
        if found and FACT_OF_KEY.get(found["key"]) == fact:
            stop = at + 1
            while stop < last and (lines[stop][:1] in " \t-" or not lines[stop].strip()):
                stop += 1
            while stop > at + 1 and not lines[stop - 1].strip():
                stop -= 1
            new = _yaml(found[0], value, lines[at:stop], line_end(text))
            return "".join([*lines[:at], *new, *lines[stop:]])
    return "".join([*lines[:last], *_yaml(f"{fact}:", value, [], line_end(text)), *lines[last:]])


def _yaml(key: str, value: Plain, old: Sequence[str], end: str) -> list[str]:
    if value is None:
        return []
    first = old[0].rstrip("\r\n") if old else ""
    comment = _COMMENT.search(first)
    note = comment[0] if comment and '"' not in first and "'" not in first else ""
    items = [line for line in old[1:] if line.lstrip().startswith("- ")]
    if not isinstance(value, tuple):
        shown = _padded(value, first) if isinstance(value, int) else _scalar(value)
        return [f"{key} {shown}{note}{end}"]
    if items:
        # Items that stay keep their lines, with what is noted beside them.
        indent = items[0][: items[0].index("-")]
        kept = {_COMMENT.sub("", line.strip()[2:]).strip("\"' \t\r\n"): line for line in items}
        return [f"{key}{note}{end}", *(kept.get(item, f"{indent}- {_scalar(item)}{end}") for item in value)]
    written = first[len(key) :].strip().removesuffix(note.strip()).strip()
    if written and not written.startswith(("[", "&", "!")):
        return [f"{key} {_scalar(', '.join(value))}{note}{end}"]
    return [f"{key} [{', '.join(map(_scalar, value))}]{note}{end}"]


def _scalar(value: str | int) -> str:
    text = str(value)
    plain = isinstance(value, int) or text.isdecimal() or (_SAFE.fullmatch(text) and text.lower() not in _WORDS)
    return text if plain else json.dumps(text, ensure_ascii=False)


def set_in_fields(text: str, fact: str, value: Plain) -> str:
    """Set a fact in the field list on top of a reStructuredText log, or take it out.

    Raises EditError when there is no field list with facts.
    """
    lines, end = split_lines(text), line_end(text)
    found = [field for field in fields(bare_lines(text)) if FACT_OF_KEY.get(field.name.lower())]
    if not found:
        raise EditError("the log has no field list with facts")
    for field in found:
        if FACT_OF_KEY[field.name.lower()] == fact:
            new = _field(f":{field.name}:", value, lines[field.line], end)
            return "".join([*lines[: field.line], *new, *lines[_field_end(lines, field) :]])
    last = _field_end(lines, found[-1])
    return "".join([*lines[:last], *_field(f":{fact}:", value, "", end), *lines[last:]])


def _field_end(lines: list[str], field: Field) -> int:
    end = min(field.end, len(lines))
    while end > field.line + 1 and not lines[end - 1].strip():
        end -= 1
    return end


def _field(key: str, value: Plain, old: str, end: str) -> list[str]:
    if value is None:
        return []
    if isinstance(value, int):
        return [f"{key} {_padded(value, old)}{end}"]
    return [f"{key} {', '.join(value) if isinstance(value, tuple) else value}{end}"]


def _padded(number: int, old: str) -> str:
    """Write an id with as many digits as the old one, if that began with a nought."""
    digits = re.search(r"[0-9]+", old)
    return f"{number:0{len(digits[0])}}" if digits and digits[0].startswith("0") else str(number)


def set_in_small_files(workspace: Workspace, directory: Path, fact: str, value: Plain) -> None:
    """Plan to set one of the facts :data:`KEPT` in ``.expt``, or to take it out; a new tag becomes an empty file.

    Raises EditError when the value can be no file's name.
    """
    folder = directory / ".expt"
    if fact not in _FOLDERS:
        path = folder / fact
        old = workspace.read(path)
        end = b"\r\n" if old and old.endswith(b"\r\n") else b"\n" if not old or old.endswith(b"\n") else b""
        written = _padded(value, (old or b"").decode("utf-8", "replace")) if isinstance(value, int) else str(value)
        workspace.write(path, None if value is None else written.encode() + end)
        return
    wanted, inside = value if isinstance(value, tuple) else (), folder / _FOLDERS[fact]
    for name in wanted:
        if "/" in name or "\0" in name or name.startswith(".") or len(name.encode()) > 255:
            raise EditError(f"“{name}” can be no file in {inside}; put it into expt.toml")
    there = {}
    for path in sorted(inside.iterdir()) if inside.is_dir() else ():
        if not path.name.startswith("."):
            # Each says its name, but a link to a prerequisite that of the experiment it leads to.
            linked = fact == "prerequisites" and path.is_symlink()
            there[path] = linked_name(os.fspath(inside), path.name) if linked else path.name
    for path, name in there.items():
        if name not in wanted:
            workspace.write(path, None, is_link=path.is_symlink())
    for name in wanted:
        if name not in there.values():
            workspace.write(inside / name, b"")


def set_in_toml(workspace: Workspace, path: Path, fact: str, value: Plain) -> None:
    """Plan to set a fact in ``expt.toml``, which is made where it does not exist, or to take it out.

    Raises EditError when the file is not TOML.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    source = workspace.source(path)
    end = line_end(source.text)
    try:
        # The parser keeps "\r\n" but writes "\n" for what is new.
        document: Any = tomlkit.parse(source.text.replace(end, "\n"))
        keys = [key for key in document if FACT_OF_KEY.get(key) == fact]
        for key in keys[1:] if value is not None else keys:
            document.remove(key)
        if value is not None:
            key = keys[0] if keys else fact
            old = document.get(key)
            if isinstance(value, tuple) and isinstance(old, list):
                kept = [str(item) for item in old]
                for item in [item for item in old if str(item) not in value]:
                    old.remove(item)
                old.extend(item for item in value if item not in kept)
            else:
                # tomlkit puts a new key in front of the first table, or it would become one of the table's.
                document[key] = list(value) if isinstance(value, tuple) else value
        text = tomlkit.dumps(document).replace("\n", end)
    except (TOMLKitError, RecursionError) as error:
        raise EditError(f"{path} cannot be edited, it is not TOML: {error}") from None
    workspace.write(path, source.encode(text))
