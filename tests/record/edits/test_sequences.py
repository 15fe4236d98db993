"""Whatever is renumbered, renamed, moved or added in whatever order: references go on leading where they led."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exptdir.errors import EditError
from exptdir.record.edits.entry import add_entry
from exptdir.record.edits.plan import Plan
from exptdir.record.edits.relocate import move, next_id, rename, renumber
from exptdir.record.model import Experiment, Record
from exptdir.record.reference import Resolution
from exptdir.record.scan import scan
from tests.record.edits.helpers import apply, find_references

NAMES = ["a", "b", "fit", "fit_2", "c d", "训练"]
TARGETS = ["1", "02", "3", "4", "9", "-1", "-2", "a", "b", "fit", "0002_b", "0001_a/0002_b"]
TARGETS += ["1@2024-05-01", "3/run", "2#x"]

experiments = st.lists(
    st.tuples(
        st.sampled_from([".rst", ".md"]),
        st.sampled_from(["name", "toml", "small", "none"]),
        st.sampled_from(NAMES),
        st.integers(-1, 3),
        st.lists(st.sampled_from(TARGETS), max_size=4),
    ),
    min_size=3,
    max_size=5,
)
steps = st.lists(
    st.tuples(
        st.sampled_from(["renumber", "rename", "move", "entry"]),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=4,
)


def build(base: Path, described: list[tuple[str, str, str, int, list[str]]]) -> None:
    """Write the record; every experiment has its own title, by which it is known whatever happens."""
    made: list[str] = []
    for number, (suffix, kind, name, parent, targets) in enumerate(described, 1):
        directory = f"{number:04}_{name}" if kind == "name" else f"{name}{number}" if name in NAMES[2:] else name
        above = made[parent] if 0 <= parent < len(made) else "expts"
        key = f"{above}/{directory}"
        while key in made:
            key += "x"
        made.append(key)
        folder = base / key
        folder.mkdir(parents=True)
        if kind == "toml":
            (folder / "expt.toml").write_text(f"# id\nid = {number}\nprereqs = [1, '0002']\n", "utf-8")
        elif kind == "small":
            (folder / ".expt/prereqs").mkdir(parents=True)
            (folder / ".expt/id").write_text(f"{number}\n")
            (folder / ".expt/prereqs/1").write_text("")
        role = ":expt:`{}`" if suffix == ".rst" else "{{expt}}`{}`"
        text = " ".join(role.format(target) for target in targets)
        title = f"Title {number}\n=======\n" if suffix == ".rst" else f"# Title {number}\n"
        (folder / f"log{suffix}").write_text(f"{title}\n{text}\n", "utf-8")


def title(experiment: Experiment | None) -> str:
    return str(experiment.title) if experiment else ""


def leads(record: Record) -> list[tuple[str, int, object]]:
    """Where each reference leads, known by titles; those that lead nowhere are left out."""
    found = []
    for _, origin, to in find_references(record):
        if isinstance(to, Resolution):
            found.append((title(origin), title(to.experiment), to.kind, to.date, to.run, to.label))
    prerequisites = [(title(e), len(e.prerequisites)) for e in record.experiments.values()]
    return sorted([*found, *prerequisites], key=repr)


def planned(record: Record, step: tuple[str, int, int]) -> Plan:
    what, which, other = step
    chosen = list(record.experiments.values())
    experiment = chosen[which % len(chosen)]
    if what == "renumber":
        return renumber(record, experiment, other + 5)
    if what == "rename":
        return rename(record, experiment, NAMES[other % len(NAMES)])
    if what == "entry":
        return add_entry(record, experiment, "New", date(2024, 5, other + 1))
    under = None if other == 0 else chosen[other % len(chosen)]
    return move(record, experiment, under)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(experiments, steps)
def test_references_go_on_leading_where_they_led(
    described: list[tuple[str, str, str, int, list[str]]], sequence: list[tuple[str, int, int]]
):
    with TemporaryDirectory() as directory:
        base = Path(directory)
        build(base, described)
        record = scan(base)
        for step in sequence:
            before, ids = leads(record), sorted(title(e) for e in record.experiments.values())
            try:
                plan = planned(record, step)
            except EditError:
                continue
            apply(plan)
            record = scan(base)
            assert sorted(title(e) for e in record.experiments.values()) == ids
            assert all(len(group) == 1 for group in record.by_id.values())
            assert next_id(record) not in record.by_id
            after = leads(record)
            assert [one for one in before if after.count(one) < before.count(one)] == []
