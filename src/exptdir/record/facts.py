"""The facts of an experiment: id, title, status, tags, prerequisites, day begun, from where authors put them.

The first place that says something wins: ``expt.toml``; the small files in ``.expt``; the front matter or
field list of the log; the directory's name. A later place that says something else is a problem.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from exptdir.errors import MetadataError
from exptdir.record.dates import days_of_name
from exptdir.record.entries import page_title
from exptdir.record.facts_values import FACT_OF_KEY, Claim, convert, same, shown
from exptdir.record.files import ABSENT, UnreadableError, decode, read_bytes, read_text, unreadable
from exptdir.record.markup.blocks import Heading, read_blocks
from exptdir.record.markup.markdown import front_matter_end
from exptdir.record.markup.rst import fields
from exptdir.record.model import Facts
from exptdir.record.problem import Problem, nearest
from exptdir.record.walk import OTHER_FORMS

_TOML_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)$")
_KEYS_OF_OTHERS = frozenset({"figure", "table", "run"})
_SMALL_DIRECTORIES = {"tags": "tags", "prereqs": "prerequisites"}

_YEAR, _MONTH = "(?:19[7-9][0-9]|20[0-9]{2}|2100)", "(?:0[1-9]|1[0-2])"
#: A directory of a year or a month: experiments lie in it, and it has no number.
_PERIOD = re.compile(rf"{_YEAR}(?:[-_. ]?{_MONTH})?|{_MONTH}[-_. ]?{_YEAR}|(?:{_MONTH}{_YEAR}|{_YEAR}{_MONTH})[-_. ].*")
_NUMBERED = re.compile(r"([0-9]{1,18})(?:([-_. ]+)(.*))?", re.DOTALL)

#: The keys of front matter that hold tags, by us and by others (Quarto, Jekyll, Hugo).
_WORDS = frozenset({"tags", "tag", "categories", "category", "keywords"})
_TOP = 64 << 10
_SHALLOW = 200

Found = tuple[list[Claim], list[Problem]]


def read_facts(
    directory: Path, log: Path | None, top: LogTop | None = None, order: str = ""
) -> tuple[Facts, list[Problem]]:
    """Gather the facts of an experiment, and what is wrong with their sources.

    A source that cannot be read leaves the others standing. *top* is the log's beginning, where that has been read;
    *order* is the setting ``exptdir_date_order``.
    """
    folder = os.fspath(directory)
    claims: list[Claim] = []
    problems: list[Problem] = []
    sources = [from_toml(folder), from_small_files(folder)]
    if log is not None and log.suffix not in OTHER_FORMS:
        sources.append(from_log(os.fspath(log), top))
    for found, wrong in sources:
        claims += found
        problems += wrong
    values: dict[str, Any] = {}
    winners: dict[str, Claim] = {}
    _weigh(claims, values, winners, problems)
    # Last, as what a number in a name means depends on what the others say.
    _weigh(from_name(folder, values.get("id"), order), values, winners, problems)
    days = days_of_name(directory.name, order)
    if len(days) > 1 and "begun" not in values:
        shown_days = " or ".join(day.isoformat() for day in days)
        message = f"“{directory.name}” begins with a day that can be {shown_days}; say which with exptdir_date_order"
        message += ", or with “date” in expt.toml"
        problems.append(Problem("date", message, directory))
    # Most are of one place, and a path takes more memory than all the facts.
    paths = {path: Path(path) for path in {claim.path for claim in winners.values()}}
    origins = {fact: (paths[claim.path], claim.line) for fact, claim in winners.items()}
    return Facts(**values, origins=origins), problems


def _weigh(claims: list[Claim], values: dict[str, Any], winners: dict[str, Claim], problems: list[Problem]) -> None:
    """Take in what nothing has said before, and note what makes no sense or says something else."""
    for claim in claims:
        message = None
        try:
            value = convert(claim.fact, claim.value)
            if value is not None and claim.fact not in winners:
                values[claim.fact], winners[claim.fact] = value, claim
            elif value is not None and not same(values[claim.fact], value):
                winner, kept = winners[claim.fact], values[claim.fact]
                other = os.path.relpath(winner.path, os.path.dirname(claim.path))
                label = "date begun" if claim.fact == "begun" else claim.fact
                message = f"{label} “{shown(value)}” disagrees with “{shown(kept)}” in {other}, which counts"
        except MetadataError as error:
            message = str(error)
        if message is not None:
            kind = "id" if claim.fact == "id" else "metadata"
            problems.append(Problem(kind, message, Path(claim.path), claim.line))


def from_toml(directory: str) -> Found:
    """Read ``expt.toml`` in an experiment's directory; both lists are empty when there is none."""
    path = os.path.join(directory, "expt.toml")
    try:
        text = read_text(path) or ""
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _TOML_LINE.search(str(error))
        message = f"it is not TOML: {_TOML_LINE.sub('', str(error))}"
        return [], [unreadable(path, UnreadableError(message, int(line[1]) if line else None))]
    except (OSError, UnreadableError) as error:
        return [], [unreadable(path, error)]
    except (RecursionError, ValueError) as error:
        return [], [unreadable(path, UnreadableError(f"it is not TOML that can be read: {error}"))]
    claims: list[Claim] = []
    problems: list[Problem] = []
    for key, value in data.items():
        quoted = rf"(?:{re.escape(key)}|\"{re.escape(key)}\"|'{re.escape(key)}')"
        place = re.search(rf"^[ \t]*{quoted}[ \t]*[=.]|^[ \t]*\[{{1,2}}[ \t]*{quoted}", text, re.MULTILINE)
        at = None if place is None else text.count("\n", 0, place.start()) + 1
        if key in FACT_OF_KEY:
            claims.append(Claim(FACT_OF_KEY[key], value, path, at))
        elif key == "log":
            claims.append(Claim("form", value, path, at))
        elif key not in _KEYS_OF_OTHERS:
            near = nearest(key, FACT_OF_KEY, n=1, cutoff=0.8)
            if near:
                message = f"unknown key “{key[:60]}”; did you mean “{near[0]}”?"
                problems.append(Problem("metadata", message, Path(path), at))
    return claims, problems


def from_small_files(directory: str) -> Found:
    """Read ``.expt/id``, ``.expt/status``, ``.expt/tags/*`` and ``.expt/prereqs/*``, the layout of exmemo.

    Both lists are empty when there is no ``.expt``.
    """
    folder = os.path.join(directory, ".expt")
    claims: list[Claim] = []
    problems: list[Problem] = []
    try:
        names = set(os.listdir(folder))
    except OSError as error:
        return [], ([] if error.errno in ABSENT and not os.path.lexists(folder) else [unreadable(folder, error)])
    for name in ("id", "status", *_SMALL_DIRECTORIES):
        path = os.path.join(folder, name)
        try:
            if name not in names:
                continue
            if name in _SMALL_DIRECTORIES:
                with os.scandir(path) as entries:
                    found = sorted((entry.name, entry.is_symlink()) for entry in entries if entry.name[0] != ".")
                follow = name == "prereqs"
                listed = [linked_name(path, one) if follow and linked else one for one, linked in found]
                claims.append(Claim(_SMALL_DIRECTORIES[name], listed, path))
                continue
            text = (read_text(path) or "").strip()
            if not text:
                raise UnreadableError("it is empty")
            if len(text.splitlines()) > 1:
                raise UnreadableError("it has more than one line", 2)
            claims.append(Claim(name, text, path, 1))
        except (OSError, UnreadableError) as error:
            problems.append(unreadable(path, error))
    return claims, problems


def linked_name(folder: str, name: str) -> str:
    """Name the experiment that a link means, which may lead to its ``.expt`` or to nothing any more."""
    target = os.path.normpath(os.path.join(folder, os.readlink(os.path.join(folder, name))))
    parent, last = os.path.split(target)
    return os.path.basename(parent) if last == ".expt" else last


def from_name(directory: str, stated: int | None = None, order: str = "") -> list[Claim]:
    """Read the number or the date with which a directory's name begins; *stated* is the id that another source gives.

    ``0063_train_cnn`` is id 63 and name ``train_cnn``, and ``063`` an id without a name. A name that
    begins with a date stays whole, since the same words recur on other days; one that may be a date is no
    number either, nor are a year or a month. In ``100-200nm`` the number is a part of the name, and so it is in
    ``2_fragments`` where the stated id is another.
    """
    name = os.path.basename(os.path.normpath(directory))
    days = days_of_name(name, order)
    if len(days) == 1:
        return [Claim("begun", days[0], directory), Claim("name", name, directory)]
    found = _NUMBERED.fullmatch(name)
    if found is None or days or _PERIOD.fullmatch(name):
        return [Claim("name", name, directory)]
    number, separator, rest = found.groups("")
    is_range = separator.strip("_ ") != "" and rest[:1].isdigit() and not number.startswith("0")
    # A lone digit beside another id is a word of the name; a longer number is a contradiction.
    is_count = stated is not None and len(number) == 1 and int(number) != stated
    if is_range or is_count:
        return [Claim("name", name, directory)]
    claims = [Claim("id", int(number), directory)]
    return [*claims, Claim("name", rest, directory)] if rest else claims


class LogTop(NamedTuple):
    """The beginning of a log, which is all that facts and titles are looked for in."""

    text: str
    #: Whether it is the whole log.
    whole: bool = True
    #: Why it cannot be read.
    problem: Problem | None = None


def read_top(log: str) -> LogTop:
    """Read the first 64 KiB of a log."""
    try:
        data = read_bytes(log, _TOP + 1)
        whole = len(data) <= _TOP
        # Nulls are told with the page, which shows the same instead.
        return LogTop(decode(data[:_TOP].replace(b"\0", "\ufffd".encode()), whole=whole), whole)
    except (OSError, UnreadableError) as error:
        return LogTop("", problem=unreadable(log, error))


def from_log(log: str, top: LogTop | None = None) -> Found:
    """Read the facts on top of a log, ``.rst`` or ``.md``; *top* is its beginning, where that has been read."""
    top = top or read_top(log)
    if top.problem is not None:
        return [], [top.problem]
    try:
        if log.lower().endswith(".md"):
            return list(_front_matter(log, top)), []
    except UnreadableError as error:
        return [], [unreadable(log, error)]
    claims = []
    for one in fields(top.text.split("\n")):
        fact = FACT_OF_KEY.get(one.name.lower())
        if fact is not None and fact != "title":
            claims.append(Claim(fact, one.value, log, one.line + 1))
    return claims, []


def log_heading(top: LogTop, stated: str | None = None, *, markdown: bool) -> Heading | None:
    """Find the heading that is the title of a log's page, ``None`` where there is none.

    *stated* is the title that is a fact.
    """
    text = top.text if top.whole else top.text[: top.text.rfind("\n") + 1]
    # The first heading is mostly enough, and a record has a thousand logs.
    headings = read_blocks(text, markdown=markdown, until_title=True).headings
    found = page_title(headings, stated)
    if found is not None and page_title([*headings, headings[found]], stated) is None:
        headings = read_blocks(text, markdown=markdown).headings
        found = page_title(headings, stated)
    return None if found is None else headings[found]


def _front_matter(path: str, top: LogTop) -> Iterator[Claim]:
    """Yield the facts in the front matter of a Markdown log; raises UnreadableError when it makes no sense."""
    text = top.text
    lines = text.split("\n")
    end = front_matter_end(lines) if text.startswith("---") else 0
    if not end:
        if not top.whole and lines[0].rstrip() == "---":
            raise UnreadableError("its front matter does not end within 64 KiB", 1)
        if lines[0].rstrip() == "+++":
            raise UnreadableError("its front matter is TOML, between +++; only YAML is read, between ---", 1)
        return
    import yaml

    text = "\n".join(lines[1 : end - 1])
    # libyaml recurses on the C stack: deep nesting kills the process, where PyYAML's own parser raises.
    shallow = sum(map(text.count, "[{-?")) < _SHALLOW
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader) if shallow else yaml.SafeLoader
    try:
        # Composed, never constructed: YAML would make 51 of the id 0063, taking it for an octal number.
        root = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "it cannot be parsed"
        raise UnreadableError(f"its front matter is not YAML: {reason}", mark.line + 2 if mark else 1) from None
    except RecursionError:
        raise UnreadableError("its front matter is nested too deeply", 1) from None
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        raise UnreadableError("its front matter is not a list of keys and values", 2)
    tags: list[Claim] = []
    for key, value in root.value:
        name = key.value if isinstance(key.value, str) else ""
        fact = "tags" if name in _WORDS else FACT_OF_KEY.get(name)
        if fact is None or value.tag.endswith(":null"):
            continue
        claim = Claim(fact, _plain_value(value), path, key.start_mark.line + 2)
        if fact == "tags":
            tags.append(claim)
        else:
            yield claim
    # What other tools call so goes together; a value that makes no sense is told by itself.
    values = [claim.value.split(",") if isinstance(claim.value, str) else claim.value for claim in tags]
    words = [word for value in values if isinstance(value, list) for word in value]
    if len(tags) > 1 and all(isinstance(one, list) for one in values) and all(isinstance(one, str) for one in words):
        yield Claim("tags", words, path, tags[0].line)
    else:
        yield from tags


def _plain_value(node: object) -> object:
    """Take a scalar as it is written, except that ``true`` is no text, and a list one level deep."""
    value = getattr(node, "value", None)
    if isinstance(value, str):
        return value == "true" if str(getattr(node, "tag", "")).endswith(":bool") else value
    if isinstance(value, list) and str(getattr(node, "tag", "")).endswith(":seq"):
        return [item.value if isinstance(item.value, str) else dict[str, str]() for item in value]
    return dict[str, str]()
