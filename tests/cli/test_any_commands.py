"""Whatever commands are given in whatever order: references lead where they led, and nothing else changes."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.anyrecord import EXPERIMENTS, REFERENCES, Snapshot, build, call, look

#: ``EXPTDIR_EXAMPLES=2000 pytest tests/cli/test_any_commands.py`` looks for longer.
EXAMPLES = int(os.environ.get("EXPTDIR_EXAMPLES", "20"))
NAMES = ["fit", "larger_b", "c-d", "2nd try", "训练"]
STATUSES = ["new", "complete", "in progress"]

steps = st.lists(
    st.tuples(
        st.sampled_from(["new", "entry", "status", "tag", "untag", "renumber", "renumber", "rename", "move", "move"]),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=5,
)


def arguments(step: tuple[str, int, int], at: int, now: Snapshot) -> list[str]:
    """What is typed for a step; experiments are chosen by their paths, which always work."""
    what, which, other = step
    keys = sorted(now.record.experiments)
    chosen, second = (now.record.experiments[keys[number % len(keys)]].path for number in (which, other))
    if what == "new":
        return ["new", f"Fresh {at}", *(["--parent", second] if other % 2 else []), *(["--rst"] if which % 2 else [])]
    if what == "entry":
        return ["entry", chosen, f"Later {at}", "--date", f"2025-03-{at + 1:02}"]
    if what == "status":
        return ["status", chosen, STATUSES[other % 3]]
    if what in {"tag", "untag"}:
        return ["tag", chosen, *(["-r", "old"] if what == "untag" else [f"t{other}"])]
    if what == "renumber":
        return ["renumber", chosen, str((1, 5, 7, 12, 30)[other % 5])]
    if what == "rename":
        return ["rename", chosen, NAMES[other % len(NAMES)]]
    return ["move", chosen, *(["--top"] if other == 0 else ["--under", second])]


def changed(before: Snapshot, after: Snapshot) -> list[str]:
    """The experiments, by their marks, in whose own files something is different, references aside."""
    return [mark for mark in before.own if before.own[mark] != after.own.get(mark)]


def verify(step: tuple[str, int, int], typed: list[str], before: Snapshot, after: Snapshot, base: Path) -> None:
    made = set(after.own) - set(before.own)
    assert set(before.own) <= set(after.own), "an experiment is lost"
    assert len(made) == (step[0] == "new")
    assert all(len(group) == 1 for group in after.record.by_id.values())
    assert {name: place for name, place in after.leads.items() if name in before.leads} == before.leads
    named = before.mark_of(typed[1])
    if step[0] in {"renumber", "rename", "move"}:
        assert changed(before, after) == []
    elif step[0] == "new":
        assert {path: data for path, data in after.files.items() if path in before.files} == before.files
    else:
        assert changed(before, after) in ([], [named])
        own = {path for path in before.files | after.files if before.files.get(path) != after.files.get(path)}
        assert all(path.startswith(before.keys[named] + "/") for path in own)
    worse = Counter(after.problems) - Counter(before.problems)
    assert not worse, f"check finds new problems: {worse}"


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(EXPERIMENTS, REFERENCES, steps)
def test_references_lead_where_they_led_and_nothing_else_changes(described, references, sequence):
    with TemporaryDirectory() as directory:
        base = Path(directory).resolve() / "record"
        build(base, described, references)
        before = look(base)
        for at, step in enumerate(sequence):
            typed = arguments(step, at, before)
            code, _, err = call(base, *typed)
            assert code in {0, 1, 2}, err
            after = look(base)
            if code == 0:
                verify(step, typed, before, after, base)
            else:
                assert err, "a command that fails says why"
                # What a command is unsure of it tells, and does the rest.
                assert after.files == before.files or not err.startswith(("Error", "Usage"))
            before = after
