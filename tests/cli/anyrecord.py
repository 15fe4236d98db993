"""Records of any shape, and what of them must not change; every experiment and entry is known by a word in it."""

from __future__ import annotations

import contextlib
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from hypothesis import strategies as st

from exptdir.cli import main
from exptdir.record.edits.references import read_label
from exptdir.record.entries import entries
from exptdir.record.markup.blocks import read_blocks
from exptdir.record.model import Experiment, Record
from exptdir.record.reference import Resolution, RunExists, resolve
from exptdir.record.scan import scan

NAMES = ["a", "fit", "fit_2", "c d", "训练", "2024"]
DAYS = ["2024-05-21", "2024-05-20", "2024-05-21"]

#: Suffix, where the id is stated, name, number of the experiment around it, line ends.
EXPERIMENTS = st.lists(
    st.tuples(
        st.sampled_from([".rst", ".md"]),
        st.sampled_from(["name", "name", "toml", "small", "log", "none"]),
        st.sampled_from(NAMES),
        st.integers(-1, 4),
        st.sampled_from(["\n", "\n", "\r\n"]),
    ),
    min_size=2,
    max_size=5,
)
#: The ways to write where a reference leads.
TARGETS = ["id", "0id", "#id", "name", "directory", "path", "key", "up", "own day"]
TARGETS += ["id@day", "path@day", "id.2", "id/run", "path/run", "own run", "id#label", "key#label", "up@day"]
MARKUP = {
    ".rst": [
        *(":expt:`{}`", ":expt:`words <{}>`", "`{}`:expt:", ":expt:{kind}:`{}`", ":expt:builds-on:`{}`"),
        *(":expt:`two\n   words <{}>`", ":any:`{}`", "label", "doc", "prerequisite"),
    ],
    ".md": [
        *("{{expt}}`{}`", "{{expt}}`words <{}>`", "[](#{})", "[words](#{})", "{{expt:{kind}}}`{}`", "<project:#{}>"),
        *("{{any}}`{}`", "eval-rst", "label", "doc", "path", "prerequisite"),
    ],
}
#: The experiment that it stands in and the one that it leads to, and how both are written.
REFERENCES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from(TARGETS), st.integers(0, 11)),
    min_size=1,
    max_size=8,
)
_WRITTEN = re.compile(
    r"<project:#(?P<project>[^>]*)>|\[\w*\]\((?P<link>[^)]*)\)|<(?P<titled>[^<>]*)>`|`(?P<plain>[^`]+)`"
)


@dataclass(frozen=True)
class Made:
    """One experiment of a record that was made up."""

    number: int | None
    name: str
    key: str
    suffix: str
    place: str
    end: str
    above: Made | None

    @property
    def log(self) -> str:
        return f"{self.key}/log{self.suffix}"


def build(base: Path, described: list, references: list) -> None:
    made: list[Made] = []
    for number, (suffix, place, name, parent, end) in enumerate(described, 1):
        above = made[parent] if 0 <= parent < len(made) else None
        directory = f"{number:04}_{name}" if place == "name" else f"{name}x{number}"
        key = f"{above.key if above else 'expts'}/{directory}"
        bare = name if place == "name" else directory
        made.append(Made(None if place == "none" else number, bare, key, suffix, place, end, above))
    texts: dict[int, list[str]] = {at: [] for at in range(len(made))}
    waits: dict[int, list[str]] = {at: [] for at in range(len(made))}
    for at, (origin, goal, target, markup) in enumerate(references):
        origin, goal = origin % len(made), goal % len(made)
        ways = MARKUP[made[origin].suffix]
        way = ways[markup % len(ways)]
        _write_reference(f"R{at}", made[origin], made[goal], target, way, texts[origin], waits[origin])
    for at, one in enumerate(made):
        _write(base, one, at, texts[at], waits[at])
    (base / "conf.py").write_text('extensions = ["exptdir"]\n')
    (base / "index.md").write_text("# Top\n")


def _write_reference(
    name: str, here: Made, goal: Made, target: str, markup: str, texts: list[str], waits: list[str]
) -> None:
    if markup == "doc":
        role = ":doc:`words </{}>`" if here.suffix == ".rst" else "{{doc}}`words </{}>`"
        texts.append(f"{name}: {role.format(goal.log.rpartition('.')[0])}")
        return
    if markup == "path":
        path = f"{'../' * (here.key.count('/') + 1)}{goal.log}"
        texts.append(f"{name}: [words](<{path}>)" if " " in path else f"{name}: [words]({path})")
        return
    if markup == "label":
        address = goal.number if goal.number is not None else goal.key.removeprefix("expts/")
        role = ":ref:`expt-{}`" if here.suffix == ".rst" else "{{ref}}`expt-{}`"
        texts.append(f"{name}: {role.format(address)}")
        return
    text, kind = _target(here, goal, target)
    if markup == "prerequisite":
        if kind == "experiment" and here is not goal and text and text[0] not in "-#" and " " not in text:
            waits.append(text)
    elif markup == "eval-rst" and text:
        texts.append(f"```{{eval-rst}}\n{name}: :expt:`{text}`\n```")
    elif text and not ("#{" in markup and re.search(r"[\s()#]", text)):
        texts.append(f"{name}: {markup.format(text, kind=kind)}")


def _target(here: Made, goal: Made, target: str) -> tuple[str, str]:
    """Write where a reference leads; the text is empty where that cannot be written so."""
    whole, mark = re.fullmatch(r"(own \w+|#id|\w+)([@/#.]?).*", target).groups()
    ancestors = []
    above = here.above
    while above is not None:
        ancestors.append(above)
        above = above.above
    words = {
        "id": "" if goal.number is None else str(goal.number),
        "0id": "" if goal.number is None else f"{goal.number:04}",
        "#id": "" if goal.number is None else f"#{goal.number}",
        "name": goal.name,
        "directory": goal.key.rpartition("/")[2],
        "path": goal.key.removeprefix("expts/"),
        "key": goal.key,
        "up": f"-{ancestors.index(goal) + 1}" if goal in ancestors else "",
    }
    if whole.startswith("own "):
        return ("@2024-05-20", "entry") if whole == "own day" else ("first run", "run")
    if mark == "@":
        return (f"{words[whole]}@2024-05-20" if words[whole] and whole != "up" else "@2024/05/20", "entry")
    ends = {"": ("", "experiment"), "#": ("#spot", "experiment")}
    ends |= {".": ("@2024-05-21.2", "entry"), "/": ("/13-3", "run")}
    end, kind = ends[mark]
    return words[whole] and words[whole] + end, kind


def _write(base: Path, one: Made, at: int, texts: list[str], waits: list[str]) -> None:
    folder = base / one.key
    folder.mkdir(parents=True)
    facts = [("id", str(one.number))] if one.place == "log" and one.number is not None else []
    if one.place == "toml":
        waiting = ", ".join(f'"{text}"' for text in waits)
        (folder / "expt.toml").write_text(f"# facts\nid = {one.number}  # ours\nprereqs = [{waiting}]\n", "utf-8")
    elif one.place == "small":
        (folder / ".expt/prereqs").mkdir(parents=True)
        (folder / ".expt/id").write_text(f"{one.number}\n")
        for text in waits:
            if "/" not in text:
                (folder / ".expt/prereqs" / text).touch()
    elif waits:
        facts.append(("prereqs", ", ".join(waits)))
    log = _markdown(at, facts, texts) if one.suffix == ".md" else _rst(at, facts, texts)
    (base / one.log).write_bytes(log.replace("\n", one.end).encode())
    (folder / "data.csv").write_text(f"x\n{at}\n")


def _markdown(at: int, facts: list[tuple[str, str]], texts: list[str]) -> str:
    head = "---\n" + "".join(f"{name}: {json.dumps(value)}\n" for name, value in facts) + "tags: [old]\n---\n"
    runs = "```{expt:run} 13-3\nDone.\n```\n\n```{expt:run} first run\nDone.\n```\n"
    parts = [f"{head}# Title {at}\n", f"MARK{at}\n", runs, *(f"{text}\n" for text in texts), "(spot)=\n"]
    parts += [f"## {day}: Day\n\nDAY{at}x{n}\n" for n, day in enumerate(DAYS)]
    return "\n".join(parts)


def _rst(at: int, facts: list[tuple[str, str]], texts: list[str]) -> str:
    head = "".join(f":{name}: {value}\n" for name, value in facts) + ":tags: old\n\n"
    runs = ".. expt:run:: 13-3\n\n   Done.\n\n.. expt:run:: first run\n\n   Done.\n"
    parts = [f"{head}Title {at}\n=======\n", f"MARK{at}\n", runs, *(f"{text}\n" for text in texts), ".. _spot:\n"]
    parts += [f"{day}: Day\n---------------\n\nDAY{at}x{n}\n" for n, day in enumerate(DAYS)]
    return "\n".join(parts)


@dataclass(frozen=True)
class Snapshot:
    """A record at one moment: where its references lead, and all else that is in it.

    *leads* is by the reference's name, *own* and *keys* are by the experiment's mark.
    """

    record: Record
    files: dict[str, bytes]
    leads: dict[str, object]
    own: dict[str, object]
    keys: dict[str, str]
    problems: tuple[tuple[str, str], ...]

    def mark_of(self, path: str) -> str:
        key = next((one.key for one in self.record.experiments.values() if one.path == path), "")
        return next((mark for mark, other in self.keys.items() if other == key), "")


def call(base: Path, *arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["-C", str(base), *arguments])
    return code, out.getvalue(), err.getvalue()


def look(base: Path) -> Snapshot:
    record = scan(base)
    files = {path.relative_to(base).as_posix(): path.read_bytes() for path in base.rglob("*") if path.is_file()}
    texts = {one.key: one.log.read_bytes().decode().replace("\r\n", "\n") for one in record.experiments.values()}
    marks = {key: _mark(text) for key, text in texts.items()}
    found = json.loads(call(base, "check", "--json", "--no-figures", "--fail-on", "never")[1])
    leads: dict[str, object] = {}
    own: dict[str, object] = {}
    for one in record.experiments.values():
        here = _leads(base, record, one, texts, marks)
        leads |= here
        prefix = f"{one.key}/"
        inner = tuple(other + "/" for other in record.experiments if other.startswith(prefix))
        beside = {
            path.removeprefix(prefix): data
            for path, data in files.items()
            if path.startswith(prefix) and not path.startswith(inner) and not _is_text_of_facts(path, one)
        }
        facts = (one.status, one.tags, len(one.prerequisites), one.title)
        own[marks[one.key]] = (_without_targets(texts[one.key]), beside, facts)
    problems = tuple((problem["kind"], problem["severity"]) for problem in found)
    return Snapshot(record, files, leads, own, {mark: key for key, mark in marks.items()}, problems)


def _mark(text: str) -> str:
    found = re.search(r"MARK\d+|Fresh \d+", text)
    return found[0] if found else text


def _is_text_of_facts(path: str, one: Experiment) -> bool:
    name = path.removeprefix(f"{one.key}/")
    return name == one.log.name or name == "expt.toml" or name.startswith(".expt/")


def _without_targets(text: str) -> list[str]:
    """The lines of a log; of references and facts only the markup."""
    kept = re.sub(r"^(R\d+:(?:.|\n)*?)\n\n", lambda line: _WRITTEN.sub("…", line[0]), text, flags=re.MULTILINE)
    return re.sub(r"^:?(?:id|prereqs):.*\n", "", kept, flags=re.MULTILINE).split("\n")


def _leads(
    base: Path, record: Record, one: Experiment, texts: dict[str, str], marks: dict[str, str]
) -> dict[str, object]:
    found: dict[str, object] = {}
    for line in re.finditer(r"(?:^|\n)(?P<name>R\d+): (?P<markup>(?:.|\n)*?)\n\n", texts[one.key]):
        written = _WRITTEN.search(line["markup"])
        assert written is not None, line["markup"]
        place = _place(base, record, one, line["markup"], next(text for text in written.groups() if text), texts, marks)
        if place is not None:
            found[line["name"]] = place
    for text in one.prerequisites:
        to = resolve(record, text, one, lambda _experiment, _run: False, "experiment")
        if isinstance(to, Resolution):
            found[f"{marks[one.key]} waits {marks[to.experiment.key]}"] = marks[to.experiment.key]
    return found


def _place(
    base: Path, record: Record, one: Experiment, markup: str, text: str, texts: dict[str, str], marks: dict[str, str]
) -> object:
    """Where a reference leads: an experiment by its mark, and what of it is meant; ``None`` for nowhere."""
    text = text.strip("<>")
    if "doc" in markup or "](" in markup.replace("](#", ""):
        start = base if text.startswith("/") else one.log.parent
        path = (start / unquote(text.lstrip("/"))).resolve()
        key = PurePosixPath(path.relative_to(base)).parent.as_posix()
        return marks.get(key, "nowhere")
    if "ref" in markup and "expt-" in text:
        label = read_label(record, text)
        return None if label is None else (marks[label.experiment.key], label.label)
    kind = re.search(r"expt:(experiment|entry|run)[:}]`", markup)
    found = resolve(record, text.removeprefix("#") if "](#" in markup else text, one, _has_run(texts), kind and kind[1])
    if not isinstance(found, Resolution):
        return None
    whole = texts[found.experiment.key]
    dated = entries(read_blocks(whole, markdown=found.experiment.log.suffix == ".md"))
    days = [entry for entry in dated if (entry.day, entry.n) == (found.date, found.n)]
    entry = re.search(r"DAY\w+", "\n".join(whole.split("\n")[days[0].heading.end :])) if days else None
    return (marks[found.experiment.key], found.kind, entry and entry[0], found.run, found.label)


def _has_run(texts: dict[str, str]) -> RunExists:
    def has_run(one: Experiment, run: str) -> bool:
        return re.search(rf"expt:run(?:::|\}}) {re.escape(run)}\n", texts[one.key]) is not None

    return has_run
