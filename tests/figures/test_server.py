"""The server runs scripts at the same time, ends those that take too long, and takes all with it when it goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from exptdir.figures.run import processes
from exptdir.figures.run.guard import BUSY, recover
from exptdir.figures.run.outcome import ProcessEnd
from exptdir.figures.run.processes import WarmServer
from exptdir.figures.run.runner import Runner
from tests.figures.running import DRAW, SVG, Place

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")

SLEEP = """
import os, time
open("begun", "w").write(str(os.getpid()))
open("a.svg", "w").write("<svg")
time.sleep(600)
"""


@pytest.fixture
def own(tmp_path):
    """A record with a runner of its own, for tests that end it."""
    with Runner() as made:
        place = Place(tmp_path / "record", made)
        place.folder.mkdir(parents=True)
        yield place


def wait_for(path: Path) -> str:
    """Wait until a script has written a file."""
    for _ in range(1200):
        if path.exists() and path.read_text():
            return path.read_text()
        time.sleep(0.05)
    raise AssertionError(f"{path} was never written")


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended, and that nobody has asked about, does not."""
    for _ in range(3000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.02)
    return True


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def test_scripts_run_at_the_same_time(place):
    code = """
        import os, sys, time
        mine, other = sys.argv[1:]
        open(mine, "w").close()
        while not os.path.exists(other):
            time.sleep(0.01)
        """
    jobs = [place.job(code, *args, name=f"plot_{args[0]}.py") for args in (("x", "y"), ("y", "x"))]
    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(place.runner.run, jobs))
    assert [outcome.status for outcome in outcomes] == ["no output", "no output"]


def test_a_server_that_says_nothing_any_more_is_given_up(own, monkeypatch):
    class Stuck:
        answer: Future[ProcessEnd] = Future()

        def ask(self, *question: object) -> Future[ProcessEnd]:
            return self.answer

        def close(self) -> None:
            self.answer.set_result(ProcessEnd(lost="It was ended."))

    monkeypatch.setattr(processes, "_SLACK", 0.0)
    server = WarmServer()
    monkeypatch.setattr(server, "_running", Stuck)
    assert server.run(own.job("", timeout=0.0), own.folder).lost == "It was ended."


def test_an_answer_that_is_cut_off_is_the_server_s_end(own, monkeypatch):
    half = [sys.executable, "-c", """print('{"number": 1, "co', end="")"""]
    monkeypatch.setattr(processes, "command", lambda function, python: half)
    assert WarmServer().run(own.job(""), own.folder).lost == "The process that runs plot scripts has ended."


@linux
def test_a_script_that_is_ended_takes_its_children_along(place):
    code = """
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print(child.pid, flush=True)
        import time; time.sleep(600)
        """
    # On a machine that stands still it has not begun by then.
    for seconds in (3, 60):
        outcome = place.run(code, timeout=seconds)
        assert outcome.status == "timeout"
        if outcome.output:
            break
    assert not is_alive(int(outcome.output))


@linux
@pytest.mark.parametrize("leave", ["", "os.setsid()", "os.setsid()\nif os.fork(): os._exit(0)"])
def test_what_a_script_leaves_behind_is_ended(place, leave):
    code = f"import os, time\nif not os.fork():\n    {leave.replace(chr(10), chr(10) + '    ')}\n"
    code += "    open('new', 'w').write(str(os.getpid()))\n    os.rename('new', 'daemon')\n    time.sleep(600)\n"
    outcome = place.run(code + "while not os.path.exists('daemon'): time.sleep(0.01)\n")
    assert outcome.status == "no output"
    assert not is_alive(int((place.folder / "daemon").read_text()))


def test_ignoring_signals_does_not_help(place):
    outcome = place.run(
        """
        import signal
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, signal.SIG_IGN)
        while True: pass
        """,
        timeout=1,
    )
    assert outcome.status == "timeout"


def test_signals_are_as_in_a_new_interpreter(place):
    outcome = place.run(
        "import signal as s; print(*(s.getsignal(n).__class__.__name__ for n in (s.SIGINT, s.SIGTERM, s.SIGCHLD)))"
    )
    assert outcome.output == "builtin_function_or_method Handlers Handlers\n"


@linux
def test_closing_ends_what_runs_and_puts_its_figures_back(own):
    own.write("a.svg", SVG)
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(own.run, SLEEP)
        pid = int(wait_for(own.folder / "begun"))
        # The script would sleep for longer than anybody waits here.
        own.runner.close()
        outcome = future.result(60)
    assert (outcome.status, is_alive(pid)) == ("killed", False)
    assert (own.folder / "a.svg").read_text() == SVG
    assert own.run("print(1)").traceback == "The build was interrupted."


@linux
def test_a_server_that_dies_is_started_again(own):
    own.run("")
    server = own.runner._server("")._server._process
    server.kill()
    server.wait()
    outcome = own.run(DRAW + "plt.savefig('a.svg')")
    assert (outcome.status, own.names(outcome.written)) == ("ok", ["a.svg"])


@linux
def test_a_script_that_kills_the_server_is_run_twice_at_most(own):
    outcome = own.run("import os\nopen('runs', 'a').write('x')\nos.kill(os.getppid(), 9)\nimport time; time.sleep(5)")
    assert (outcome.status, outcome.traceback) == ("killed", "The process that runs plot scripts has ended.")
    assert (own.folder / "runs").read_text() == "xx"
    assert own.run("print(1)").output == "1\n"


BUILDER = """
import signal
import sys
from concurrent.futures import wait
from exptdir.figures.model import Job
from exptdir.figures.run.runner import LocalExecutor, run_job

if __name__ == "__main__":
    # Tests that run in the background are started with it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with LocalExecutor(2) as executor:
        wait([executor.submit(run_job, Job.from_json(line)) for line in sys.argv[1:]])
"""


@linux
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_builder_that_goes_leaves_nothing_behind(own, sent):
    builder = own.write("../builder.py", BUILDER)
    jobs = []
    for number in range(3):
        own.write(f"a{number}.svg", SVG)
        code = SLEEP.replace("begun", f"begun{number}").replace("a.svg", f"a{number}.svg")
        jobs.append(own.job(code, name=f"plot{number}.py").to_json())
    process = subprocess.Popen([sys.executable, str(builder), *jobs], stderr=subprocess.PIPE, text=True)
    pids = [int(wait_for(own.folder / f"begun{number}")) for number in range(2)]
    process.send_signal(sent)
    errors = process.communicate(timeout=60)[1]
    assert not any(map(is_alive, pids))
    assert not (own.folder / "begun2").exists()
    if sent == signal.SIGKILL:
        # The server does, and what it no longer can, the next build: while the one is at it, the other leaves it alone.
        for _ in range(1200):
            if not any(own.state.rglob(BUSY)):
                break
            assert recover(own.state) == []
            time.sleep(0.05)
    else:
        assert "KeyboardInterrupt" in errors
    assert [path.read_text() for path in own.folder.glob("a*.svg")] == [SVG] * 3


def test_without_matplotlib_scripts_run_as_well(own, monkeypatch):
    broken = own.write("../path/matplotlib.py", "raise ImportError('not installed')").parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(broken), os.environ.get("PYTHONPATH", "")]))
    outcome = own.run(f"open('a.svg', 'w').write({SVG!r})")
    assert (outcome.status, "matplotlib" in outcome.versions) == ("ok", False)


def test_many_threads_may_ask_at_once(place):
    before = set(threading.enumerate())
    jobs = [place.job("import sys; print(sys.argv[1])", str(n), name=f"plot{n}.py") for n in range(12)]
    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(place.runner.run, jobs))
    assert [outcome.output for outcome in outcomes] == [f"{n}\n" for n in range(12)]
    assert len(set(threading.enumerate()) - before) < 12
