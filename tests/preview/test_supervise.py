"""One build after the other, with a builder that only pretends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from exptdir.preview import supervise
from exptdir.preview.changes import Changes, Git
from exptdir.preview.supervise import Builder, RestartRules, Supervisor
from exptdir.preview.watch import WatchedPlaces
from tests.preview.asking import run_apart

REAL_SLEEP, REAL_TIMEOUT = asyncio.sleep, asyncio.timeout
FAKE = Path(__file__).with_name("fake_builder.py")


class Bench:
    """A supervisor at work, and who listens to it."""

    def __init__(self, base: Path, git_patience: float = 5.0) -> None:
        self.source, self.output = base / "source", base / "out" / "html"
        self.source.mkdir(exist_ok=True)
        self.output.parent.mkdir(exist_ok=True)
        self.write("a.md", "one")
        self.changes = Changes(WatchedPlaces(self.source))
        self.said: list[Any] = []
        self.viewed = ("a.html",)
        self.waiting: list[tuple[str, ...]] = []
        self.builder = Builder([sys.executable, str(FAKE), str(self.source), str(self.output)], lambda line: None)
        self.supervisor = Supervisor(
            self.builder,
            self.changes,
            self,
            lambda: self.viewed,
            RestartRules(str(self.source / "conf.py")),
            Git(self.source, git_patience),
        )

    def begun(self, changed: tuple[str, ...]) -> None:
        self.said.append("begun")

    def heard(self, message: Any) -> None:
        self.said.append(message)

    def built(self, message: Any, *, anew: bool) -> None:
        self.said.append("built anew" if anew else "built")

    def waits(self, changed: tuple[str, ...]) -> None:
        self.waiting.append(changed)

    def failed(self, message: Any) -> None:
        self.said.append(message.failure.text)

    def write(self, *names: str) -> None:
        """Write names and texts in turn."""
        for name, text in zip(names[::2], names[1::2], strict=True):
            path = self.source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def change(self, *names: str) -> None:
        """Write files, and report it as the watcher does."""
        self.write(*names)
        self.report(*names[::2])

    def report(self, *names: str) -> None:
        events = [(2, str(self.source / name)) for name in names]
        self.changes.note(events, building=self.supervisor.building)
        self.supervisor.wake()

    @property
    def builds(self) -> list[tuple[int, list[str], bool]]:
        """Each build: the process, the names of what changed, and whether everything was to be written."""
        path = self.output.parent / "builds"
        lines = path.read_text().splitlines() if path.exists() else []
        found = [json.loads(line) for line in lines]
        names = [[os.path.relpath(path, self.source) for path in changed] for _, changed, _, _ in found]
        return [(one[0], changed, one[3]) for one, changed in zip(found, names, strict=True)]

    async def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(6000):
            if condition():
                return
            await REAL_SLEEP(0.01)
        raise AssertionError((self.said, self.builds))

    async def idle(self, ended: int) -> None:
        """Wait until so many builds have ended, well or badly, and nothing is left to do."""

        def done() -> bool:
            ends = [one for one in self.said if isinstance(one, str) and one != "begun"]
            return len(ends) == ended and not self.supervisor.building and not self.changes.pending

        await self.until(done)


Story = Callable[[Bench], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Bench]:
    """Run a story beside a supervisor, and return the bench."""

    def run(story: Story, **options: Any) -> Bench:
        async def main() -> Bench:
            bench = Bench(tmp_path.resolve(), **options)
            running = asyncio.create_task(bench.supervisor.run())
            try:
                await story(bench)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await bench.supervisor.end()
            return bench

        return run_apart(main())

    return run


def test_a_change_is_built_in_the_same_process(play):
    async def story(bench: Bench) -> None:
        await bench.idle(1)
        bench.change("a.md", "two")
        await bench.idle(2)

    bench = play(story)
    (first, nothing, _), (second, changed, _) = bench.builds
    assert (first == second, nothing, changed) == (True, [], ["a.md"])
    assert "two" in (bench.output / "a.html").read_text()
    assert [one for one in bench.said if isinstance(one, str)] == ["begun", "built", "begun", "built"]


def test_many_files_at_once_are_one_build(play, monkeypatch):
    # However slowly they are written here.
    monkeypatch.setattr(supervise, "_LONGEST", 60.0)

    async def story(bench: Bench) -> None:
        await bench.idle(1)
        for number in range(300):
            bench.change(f"{number}.md", "new")
            if number % 100 == 99:
                # The watcher reports them in several parts.
                await asyncio.sleep(0.03)
        await bench.idle(2)

    assert [len(changed) for _, changed, _ in play(story).builds] == [0, 300]


def test_a_change_during_a_build_is_built_by_the_next(play):
    async def story(bench: Bench) -> None:
        await bench.idle(1)
        bench.change("mood", "slow")
        begun = bench.output.parent / "begun"
        await bench.until(begun.exists)
        bench.change("a.md", "two", "mood", "")
        begun.unlink()
        await bench.idle(3)

    bench = play(story)
    assert [changed for _, changed, _ in bench.builds][1:] == [["mood"], ["a.md", "mood"]]
    assert "two" in (bench.output / "a.html").read_text()


def test_what_a_build_writes_is_no_reason_to_build(play):
    async def story(bench: Bench) -> None:
        await bench.idle(1)
        bench.change("mood", "writes")
        await bench.idle(2)
        bench.report("figure.svg")
        await bench.until(lambda: not bench.changes.pending)

    assert [changed for _, changed, _ in play(story).builds] == [[], ["mood"]]


@pytest.fixture
def pauses(monkeypatch):
    """The pauses that are made, of which the fourth lasts until it is ended, and the others no time."""
    found: list[float] = []

    def timeout(seconds: float) -> asyncio.Timeout:
        found.append(seconds)
        return REAL_TIMEOUT(60 if len(found) == 4 else 0.01)

    monkeypatch.setattr(asyncio, "timeout", timeout)
    return found


@pytest.mark.parametrize(
    ("name", "when", "ends"),
    [
        ("a.md", "meanwhile", "edits"),
        ("read.csv", "told late", "edits"),
        ("a.md", "afterwards", "edits"),
        ("a.md", "afterwards", "looks"),
        ("a.md", "afterwards", "writes"),
        ("run-{}/made-{}.csv", "told late", "edits"),
        ("gone.csv", "told late", "edits"),
    ],
)
def test_what_changes_with_each_build_is_built_less_and_less_but_people_are_served(play, pauses, name, when, ends):
    async def story(bench: Bench) -> None:
        await bench.idle(1)
        bench.viewed = ()
        bench.change("mood", "slow goes", "b.md", "first")
        begun = bench.output.parent / "begun"
        for number in range(6):
            await bench.until(begun.exists)
            # Each build has a page to show.
            bench.write("b.md", str(number))
            here = name.format(number, number)
            if when != "afterwards":
                bench.write(here, str(number))
            if here == "gone.csv" and number % 2:
                (bench.source / here).unlink()
            if when == "meanwhile":
                bench.report(here)
            begun.unlink()
            await (REAL_SLEEP(0) if when == "meanwhile" else bench.until(lambda: not bench.supervisor.building))
            if when == "afterwards":
                bench.write(here, str(number))
            if when != "meanwhile":
                bench.report(here)
        await bench.until(lambda: len(pauses) == 4)
        if ends == "looks":
            bench.viewed = ("b.html",)
        elif ends == "writes":
            # The build that it could come from was long ago.
            bench.supervisor._until = 0
            bench.change(here, "by hand")
        else:
            bench.change("c.md", "by hand")
        await bench.until(begun.exists)
        bench.write("mood", "")
        begun.unlink()
        await bench.until(lambda: not bench.supervisor.building)

    bench = play(story)
    assert pauses == [0.5, 1.0, 2.0, 4.0]
    here = name.format(5, 5)
    assert bench.waiting == [(str(bench.source / here),)]
    assert bench.builds[-1][1] == sorted({here, "c.md"} if ends == "edits" else {here})


@pytest.mark.parametrize(
    ("name", "everything"),
    [("conf.py", False), ("module.py", False), ("templates/page.html", False), ("static/a.css", True)],
)
def test_what_a_builder_cannot_take_starts_another(play, name, everything):
    async def story(bench: Bench) -> None:
        await bench.idle(1)
        bench.change(name, "new")
        await bench.idle(2)
        bench.change("a.md", "three")
        await bench.idle(3)

    bench = play(story)
    (first, _, _), (second, changed, every), (third, _, later) = bench.builds
    assert (first != second, second == third) == (True, True)
    assert (changed, every, later) == ([name], everything, False)
    assert [one for one in bench.said if isinstance(one, str) and one != "begun"] == ["built", "built anew", "built"]


@pytest.mark.parametrize(
    ("mood", "text"),
    [
        ("die", "the process that builds ended with code 3; it is started again when something changes"),
        ("fail", "it is broken"),
    ],
)
def test_after_a_failure_the_next_change_builds_what_was_left(play, mood, text):
    async def story(bench: Bench) -> None:
        await bench.idle(1)
        bench.change("mood", mood, "a.md", "two")
        await bench.idle(2)
        bench.change("mood", "", "b.md", "mended")
        await bench.idle(3)

    bench = play(story)
    assert [one for one in bench.said if isinstance(one, str) and one != "begun"] == ["built", text, "built"]
    pids = [pid for pid, _, _ in bench.builds]
    assert pids[0] == pids[1] != pids[2]
    assert bench.builds[2][1] == ["a.md", "b.md", "mood"]


def test_how_a_builder_ended_is_told_however_late_that_is_known(play, monkeypatch):
    monkeypatch.setattr(supervise, "PATIENCE", 0)

    async def story(bench: Bench) -> None:
        await bench.idle(1)
        bench.change("mood", "die")
        await bench.idle(2)

    assert "the process that builds ended with code 3;" in play(story).said[-1]


def test_a_build_whose_files_changed_under_it_has_not_failed_yet(play):
    async def story(bench: Bench) -> None:
        await bench.idle(1)
        bench.change("mood", "slow fail")
        begun = bench.output.parent / "begun"
        await bench.until(begun.exists)
        bench.change("a.md", "two", "mood", "")
        begun.unlink()
        await bench.idle(2)

    bench = play(story)
    assert [one for one in bench.said if isinstance(one, str)] == ["begun", "built", "begun", "begun", "built"]
    assert bench.builds[-1][1] == ["a.md", "mood"]


def test_a_builder_that_was_killed_while_nobody_looked_is_started_again(play):
    async def story(bench: Bench) -> None:
        await bench.idle(1)
        os.kill(bench.builds[0][0], signal.SIGKILL)
        await bench.until(lambda: not bench.builder.alive)
        bench.change("a.md", "two")
        await bench.idle(2)

    bench = play(story)
    assert [one for one in bench.said if isinstance(one, str)] == ["begun", "built", "begun", "built"]


def test_a_builder_that_cannot_be_started_is_a_failure(play):
    async def story(bench: Bench) -> None:
        await bench.until(lambda: "begun" not in bench.said[-1:] and bool(bench.said))

    def broken(bench: Bench) -> Awaitable[None]:
        bench.builder._command = ["/nonexistent/python"]
        return story(bench)

    assert "the builder cannot be started" in play(broken).said[-1]


def test_git_is_waited_for(play):
    async def story(bench: Bench) -> None:
        await bench.idle(1)
        (bench.source / ".git").mkdir(exist_ok=True)
        bench.supervisor._git = Git(bench.source, patience=600)
        lock = bench.source / ".git" / "index.lock"
        lock.touch()
        bench.change("a.md", "two")
        await asyncio.sleep(0.1)
        assert len(bench.builds) == 1
        lock.unlink()
        await bench.idle(2)

    assert len(play(story).builds) == 2
