"""Real scripts, run by the real runner, in whole updates."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from exptdir.figures.ledger import format_ledger, parse_ledger
from exptdir.figures.model import FigureSettings
from exptdir.figures.run.processes import descendants
from exptdir.figures.run.runner import LocalExecutor, run_job
from exptdir.figures.update import Report, update
from exptdir.record.scan import scan
from tests.figures.toys import log

PLOT = """
import sys
sys.path.insert(0, "../lib")
import matplotlib.pyplot as plt
import scale
with open("data.csv") as file:
    values = [float(line) * scale.SCALE for line in file]
plt.plot(values)
plt.savefig("loss.svg")
"""

UPDATE = """
import sys
from pathlib import Path
from exptdir.figures.run.processes import descendants
from exptdir.figures.run.runner import LocalExecutor, run_job
from exptdir.figures.model import FigureSettings
from exptdir.figures.update import update
from exptdir.record.scan import scan

base, state = Path(sys.argv[1]), Path(sys.argv[2])
with LocalExecutor(2) as executor:
    report = update(scan(base), FigureSettings(), state, lambda job: executor.submit(run_job, job))
print(*report.ran, *(problem.message for problem in report.problems), sep="\\n")
"""


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    with LocalExecutor(2) as found:
        yield found


@pytest.fixture
def base(tmp_path: Path) -> Path:
    texts = {"lib/scale.py": "SCALE = 1\n", "a/index.rst": log("loss.svg"), "a/plot.py": PLOT, "a/data.csv": "1\n2\n"}
    return fill(tmp_path / "record", texts)


def fill(base: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        path = base / "expts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return base


def bring(base: Path, executor: LocalExecutor, **settings: object) -> Report:
    state = base.parent / "state"
    return update(scan(base), FigureSettings(**settings), state, lambda job: executor.submit(run_job, job))


def start(base: Path, state: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", UPDATE, str(base), str(base.parent / state)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=base)


def test_a_script_is_traced_and_run_again_only_for_what_it_uses(base: Path, executor: LocalExecutor):
    first = bring(base, executor)
    assert (first.ran, first.failed, first.problems) == (("expts/a/plot.py",), (), ())
    report = first.scripts["expts/a/plot.py"]
    assert (report.inputs, report.modules) == (("expts/a/data.csv",), ("expts/lib/scale.py",))
    assert (report.figures, report.unseen) == (("expts/a/loss.svg",), ())
    assert bring(base, executor).ran == ()
    fill(base, {"a/more.csv": "3", "lib/other.py": ""})
    assert bring(base, executor).ran == ()
    fill(base, {"lib/scale.py": "SCALE = 2\n"})
    assert bring(base, executor).ran == ("expts/a/plot.py",)


def test_the_ledger_tells_nothing_of_the_machine_and_a_clone_is_fresh(base: Path, executor: LocalExecutor):
    bring(base, executor)
    ledger = (base / "expts/a/figures.lock").read_text()
    assert str(base.parent) not in ledger
    assert "outside" not in ledger
    clone = base.parent / "elsewhere" / "clone"
    shutil.copytree(base, clone)
    report = bring(clone, executor)
    assert (report.ran, report.figures["expts/a/loss.svg"].state) == ((), "fresh")


def test_a_style_and_the_dark_scheme_make_figures_anew(base: Path, executor: LocalExecutor):
    bring(base, executor)
    plain = (base / "expts/a/loss.svg").read_text()
    (base / "our.mplstyle").write_text("lines.linewidth: 7\n")
    assert bring(base, executor, style="our.mplstyle").ran == ("expts/a/plot.py",)
    assert (base / "expts/a/loss.svg").read_text() != plain
    assert bring(base, executor, style="our.mplstyle").ran == ()
    report = bring(base, executor, style="our.mplstyle", dark=True)
    assert report.scripts["expts/a/plot.py"].figures == ("expts/a/loss.dark.svg", "expts/a/loss.svg")
    assert bring(base, executor, style="our.mplstyle", dark=True).ran == ()


def test_a_failure_says_where_and_leaves_the_figure(base: Path, executor: LocalExecutor):
    bring(base, executor)
    before = (base / "expts/a/loss.svg").read_bytes()
    fill(base, {"a/plot.py": PLOT + "open('loss.svg', 'w').write('half')\nraise ValueError('no luck')\n"})
    [problem] = bring(base, executor).problems
    assert problem.message == "expts/a/plot.py failed: ValueError: no luck"
    assert problem.line == PLOT.count("\n") + 2
    assert (base / "expts/a/loss.svg").read_bytes() == before


def test_what_a_killed_build_left_behind_is_put_right(base: Path, executor: LocalExecutor):
    bring(base, executor)
    before = (base / "expts/a/loss.svg").read_bytes()
    slow = PLOT + "open('loss.svg', 'w').write('half')\nopen('started', 'w').close()\nimport time\ntime.sleep(600)\n"
    fill(base, {"a/plot.py": slow})
    killed = start(base, "state")
    deadline = time.monotonic() + 60
    while not (base / "expts/a/started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    fill(base, {"a/plot.py": PLOT})
    deadline = time.monotonic() + 120
    while (report := bring(base, executor)).problems and time.monotonic() < deadline:
        # The script outlives its build by a moment.
        time.sleep(0.2)
    assert (report.problems, report.figures["expts/a/loss.svg"].state) == ((), "fresh")
    assert (base / "expts/a/loss.svg").read_bytes() == before


def test_two_builds_at_once_run_each_script_once(base: Path):
    counting = "import tempfile, time\ntempfile.mkstemp(dir='../../runs')\ntime.sleep(0.5)\n"
    (base / "runs").mkdir()
    names = ("a", "b", "c", "d")
    fill(base, {f"{name}/plot.py": counting + PLOT for name in names})
    fill(base, {f"{name}/index.rst": log("loss.svg") for name in names})
    fill(base, {f"{name}/data.csv": "1\n" for name in names})
    said = [build.communicate(timeout=300)[0] for build in [start(base, "one"), start(base, "two")]]
    assert sorted("".join(said).split()) == [f"expts/{name}/plot.py" for name in names]
    assert len(os.listdir(base / "runs")) == len(names)


def test_versions_count_only_where_the_author_says_so(base: Path, executor: LocalExecutor):
    bring(base, executor)
    assert bring(base, executor, versions=True).ran == ()
    ledger = base / "expts/a/figures.lock"
    entries, _ = parse_ledger(ledger.read_text(), "expts/a", ledger)
    older = [replace(entry, versions=dict(entry.versions) | {"matplotlib": "1.0"}) for entry in entries.values()]
    ledger.write_text(format_ledger(older, "expts/a"))
    assert bring(base, executor).ran == ()
    assert bring(base, executor, versions=True).ran == ("expts/a/plot.py",)


SLOW = "open('loss.svg', 'w').write('half')\nopen('started', 'w').close()\nimport time\ntime.sleep(600)\n"


def kill_while_it_draws(base: Path, *, also_what_it_started: bool) -> None:
    fill(base, {"a/plot.py": PLOT + SLOW})
    killed = start(base, "other")
    deadline = time.monotonic() + 60
    while not (base / "expts/a/started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    doomed = [killed.pid, *(descendants(killed.pid) if also_what_it_started else ())]
    ends = [os.pidfd_open(process) for process in doomed]
    for process in doomed:
        os.kill(process, signal.SIGKILL)
    killed.communicate()
    for end in ends:
        # What is killed still holds its locks until it has ended; only its parent could wait for it otherwise.
        assert select.select([end], [], [], 60)[0], "a killed process goes on"
        os.close(end)
    (base / "expts/a/started").unlink()
    fill(base, {"a/plot.py": PLOT})


def test_figures_are_put_back_when_a_build_is_killed_without_waiting_for_the_next(
    base: Path, executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(base.parent / "cache"))
    bring(base, executor)
    before = (base / "expts/a/loss.svg").read_bytes()
    kill_while_it_draws(base, also_what_it_started=False)
    deadline = time.monotonic() + 120
    while (base / "expts/a/loss.svg").read_bytes() != before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (base / "expts/a/loss.svg").read_bytes() == before


def test_any_next_build_puts_back_what_a_killed_one_left_wherever_that_kept_its_state(
    base: Path, executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(base.parent / "cache"))
    bring(base, executor)
    before = (base / "expts/a/loss.svg").read_bytes()
    kill_while_it_draws(base, also_what_it_started=True)
    assert (base / "expts/a/loss.svg").read_bytes() == b"half"
    report = bring(base, executor)
    assert (report.problems, report.figures["expts/a/loss.svg"].state) == ((), "fresh")
    assert (base / "expts/a/loss.svg").read_bytes() == before
    assert not [path for path in (base.parent / "cache/exptdir").rglob("*") if path.is_file()]
