"""Jobs run wherever an executor takes them, and in whatever language; an outcome comes back in any case."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context

import pytest

from exptdir.figures.model import Job, Outcome, interpreter
from exptdir.figures.run import processes as languages
from exptdir.figures.run.runner import LocalExecutor, Runner, run_job
from tests.figures.running import DRAW, SVG

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a program of a name on the path, which is a shell script."""

    def put(name, text):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        monkeypatch.setenv("PATH", os.pathsep.join([str(path.parent), os.environ["PATH"]]))

    return put


def test_in_threads_and_in_processes_the_outcome_is_the_same(place):
    code = DRAW + "plt.savefig(f'{__file__}.svg')\nprint(open('data.csv').read())"
    place.write("data.csv", "1")
    job = place.job(code)
    with LocalExecutor(1) as executor:
        threaded = executor.submit(run_job, job).result()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        distributed = executor.submit(run_job, job).result()
    cold = Runner(warm=False).run(job)
    assert threaded.changed == threaded.written
    for other in (distributed, cold):
        assert other.changed == ()
        for name in ("status", "trace", "written", "output", "versions"):
            assert getattr(other, name) == getattr(threaded, name)


def test_another_interpreter_runs_the_scripts(place, program):
    program("other", f'MARK="of the other" exec "{sys.executable}" "$@"\n')
    python = interpreter(str(place.base), "other")
    job = replace(place.job("import os; print(os.environ.get('MARK'))"), python=python)
    for warm in (True, False):
        with Runner(warm=warm) as runner:
            assert runner.run(job).output == "of the other\n"


def test_an_interpreter_that_is_of_no_use_is_told(place, program):
    program("old", "echo 3 9\n")
    for python, fault in (("old", "old is Python 3.9; plot scripts need 3.11"), ("gone/python", "cannot be run")):
        job = replace(place.job("print(1)"), python=interpreter(str(place.base), python))
        outcome = Runner().run(job)
        assert outcome.status == "failed" and fault in outcome.traceback
        assert str(place.base.parent) not in outcome.traceback


def test_the_environment_of_a_project_is_found(tmp_path):
    base, python = tmp_path / "work/notes", tmp_path / "work/.venv/bin/python"
    base.mkdir(parents=True)
    python.parent.mkdir(parents=True)
    python.touch()
    packages = tmp_path / "work/.venv/lib/python3.12/site-packages"
    (tmp_path / "work/.git").mkdir()
    assert interpreter(str(base), "") == "", "matplotlib is not installed there"
    (packages / "matplotlib").mkdir(parents=True)
    assert interpreter(str(base), "") == str(python)
    assert interpreter(str(base), "../.venv/bin/python") == str(base / "../.venv/bin/python")
    # The one that builds needs no process of another.
    (base / ".venv").symlink_to(sys.prefix)
    assert interpreter(str(base), "") == ""
    (base / ".venv").unlink()
    (tmp_path / "work/.git").rmdir()
    assert interpreter(str(base), "") == "", "what lies above may be anybody's"


def test_a_script_that_deletes_its_directory_is_told_so(place):
    outcome = Runner().run(place.job("import os, shutil\nprint(1)\nshutil.rmtree(os.getcwd())\nprint(2)"))
    assert (outcome.status, outcome.output) == ("failed", "1\n2\n")
    assert outcome.traceback == "The script deleted the directory that it ran in."


def test_a_relative_cache_is_no_place_to_write_to(place, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    outcome = Runner().run(place.job("import os; print(os.environ.get('XDG_CACHE_HOME'))"))
    assert outcome.output == "None\n"


def test_a_local_executor_runs_all_it_is_given(place):
    jobs = [place.job("import sys; print(sys.argv[1])", str(n), name=f"plot{n}.py") for n in range(4)]
    with LocalExecutor(2) as executor:
        outcomes = list(executor.map(run_job, jobs))
    assert [outcome.output for outcome in outcomes] == ["0\n", "1\n", "2\n", "3\n"]


def test_two_executors_do_not_share_a_server(place):
    with LocalExecutor(1) as one:
        with LocalExecutor(1) as other:
            assert other.submit(run_job, place.job("print(2)")).result().output == "2\n"
        assert one.submit(run_job, place.job("print(1)")).result().output == "1\n"


@linux
def test_a_worker_that_is_killed_is_survived(place):
    """The first run kills the worker's process; the second is given to a new pool."""
    place.write("a.svg", SVG)
    code = """
        import os
        if not os.path.exists("killed"):
            open("killed", "w").close()
            open("a.svg", "w").write("<svg")
            # The server is our parent, and the worker is its parent.
            server = os.getppid()
            stat = open(f"/proc/{server}/stat").read()
            os.kill(int(stat.rpartition(")")[2].split()[1]), 9)
            import time
            time.sleep(20)
        print(open("a.svg").read())
        """
    job = place.job(code)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool, pytest.raises(BrokenProcessPool):
        pool.submit(run_job, job).result()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        outcome = pool.submit(run_job, job).result()
    assert (outcome.output, outcome.status) == (SVG + "\n", "no output")


def test_a_scratch_that_cannot_be_made_is_said(place):
    (place.state).write_text("in the way")
    outcome = place.run("print(1)")
    assert (outcome.status, outcome.output) == ("failed", "")
    assert outcome.traceback.startswith("The script could not be run: ")


def test_other_languages_run_their_own_program(place, program):
    program("Rscript", 'pwd; echo "$@"; cat data.csv; cp data.csv x; printf "<svg></svg>" > a.svg; cp a.svg b.svg')
    place.write("data.csv", "1")
    place.write("b.svg", "<svg></svg>")
    os.utime(place.folder / "b.svg", (1, 1))
    outcome = place.run("svg('a.svg'); svg('b.svg')", "x y", name="plot.R", language="r")
    assert (outcome.status, outcome.traceback) == ("ok", "")
    assert outcome.output == f"{place.folder}\n{place.folder}/plot.R x y\n1"
    assert (place.names(outcome.written), place.names(outcome.changed)) == (["a.svg", "b.svg"], ["a.svg"])
    assert (place.folder / "b.svg").stat().st_mtime == 1


def test_other_languages_fail_with_what_they_printed(place, program):
    program("julia", 'echo half > a.svg; echo half > new.svg; echo "ERROR: LoadError" >&2; exit 1')
    place.write("a.svg", SVG)
    outcome = place.run("", name="plot.jl", language="julia", outputs=(f"{place.folder}/new.svg",))
    assert (outcome.status, outcome.line) == ("failed", None)
    assert outcome.traceback == "The script ended itself with exit status 1.\nERROR: LoadError"
    assert place.all_files() == ["a.svg", "plot.jl"]
    assert (place.folder / "a.svg").read_text() == SVG


def test_other_languages_keep_the_time_limit(place, program):
    program("Rscript", "sleep 600 & sleep 600")
    outcome = place.run("", name="plot.R", language="r", timeout=0.5)
    assert outcome.status == "timeout"


@linux
def test_other_languages_keep_the_memory_limit(place, program):
    # The limit is set from outside, once the program has been started.
    limit = 400 << 10
    program("Rscript", f'until [ "$(ulimit -d)" = {limit} ]; do sleep 0.1; done; ulimit -d')
    assert place.run("", name="plot.R", language="r", memory=limit << 10).output == f"{limit}\n"


def test_figures_that_other_scripts_write_meanwhile_are_not_claimed(place, program):
    program("Rscript", 'printf "<svg></svg>" > mine.svg; printf "<svg></svg>" > other.svg')
    outcome = place.run("svg('mine.svg')", name="plot.R", language="r")
    assert place.names(outcome.written) == ["mine.svg"]


@pytest.mark.parametrize(("language", "name"), [("r", "Rscript"), ("julia", "julia")])
def test_a_program_that_is_missing_is_named(place, monkeypatch, language, name):
    monkeypatch.setenv("PATH", str(place.base))
    outcome = place.run("", name="plot.x", language=language)
    assert outcome == Outcome("missing program", traceback=f"The script needs {name}, which is not installed.")


def test_the_command_holds_the_arguments(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: f"/opt/{name}")
    job = Job("/b", "/b/plot.jl", "/b", "/s", args=("-x", "a b"), language="julia")
    assert languages.command_in_language(job) == ["/opt/julia", "--startup-file=no", "/b/plot.jl", "-x", "a b"]
