"""Scripts that a real Dask cluster runs: processes of its own, of which some are killed while a script runs."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from exptdir.figures.model import FigureSettings
from exptdir.figures.run.runner import LocalExecutor, Submitter
from exptdir.figures.update import Report, update
from exptdir.record.scan import scan
from tests.figures.test_integration import fill
from tests.figures.toys import log
from tests.sphinxext.building import CONF, Site

dask = pytest.importorskip("dask", reason="the extra exptdir[dask] is not installed")
distributed = pytest.importorskip("distributed", reason="the extra exptdir[dask] is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc to see which worker a script belongs to"),
]

#: Each script in an interpreter of its own, which is the faster for so few without matplotlib.
HERE = partial(LocalExecutor, 1, warm=False)
OLD = '<svg xmlns="http://www.w3.org/2000/svg"><!-- the last good one --></svg>'
PLOT = """
import matplotlib.pyplot as plt
with open("data.csv") as file:
    values = [float(line) for line in file]
plt.plot(values)
plt.savefig("loss.svg")
"""
#: Draws without matplotlib, which is faster where processes start anew.
PLAIN = f"""
with open("data.csv") as file:
    text = file.read()
with open("loss.svg", "w") as file:
    file.write({OLD!r}.replace("the last good one", text))
"""
#: Counts its runs past the trace; its figure is half written when it says whose child it is, and waits to be killed.
WAITS = """
import os, time
number = 0
while True:
    number += 1
    try:
        os.mkdir(f"../../runs/{name}-{{number}}")
        break
    except FileExistsError:
        pass
if {when}:
    with open("loss.svg", "w") as file:
        file.write("<svg half")
    server = os.getppid()
    with open(f"/proc/{{server}}/stat") as file:
        worker = file.read().rpartition(")")[2].split()[1]
    os.symlink(worker, "../../runs/worker")
    time.sleep(600)
"""


def make_cluster(directory: Path, workers: int) -> Any:
    return distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        local_directory=str(directory),
        silence_logs=logging.CRITICAL + 1,
    )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with make_cluster(tmp_path_factory.mktemp("dask"), 2) as made:
        yield made


def write_record(base: Path, scripts: dict[str, str]) -> Path:
    """Make an experiment of each script, with data of its own."""
    for number, (name, text) in enumerate(scripts.items(), start=1):
        files = {"index.rst": log("loss.svg"), "plot.py": text, "data.csv": f"{number}\n4\n"}
        fill(base, {f"{name}/{file}": content for file, content in files.items()})
    (base / "runs").mkdir()
    return base


def bring(base: Path, choice: Any) -> Report:
    with Submitter(choice, 2) as submitter:
        return update(scan(base), FigureSettings(), base.parent / "state", submitter.submit)


@contextmanager
def meanwhile(base: Path, act: Callable[[int], object]) -> Iterator[None]:
    """Do something each time that a script waits to be killed; it is told of which worker."""
    over = Event()

    def watch() -> None:
        while not over.wait(0.02):
            try:
                worker = int(os.readlink(base / "runs/worker"))
            except FileNotFoundError:
                continue
            (base / "runs/worker").unlink()
            act(worker)

    thread = Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def kill(cluster: Any, worker: int) -> None:
    """End a worker once it has been told that it runs: Dask does not start one again that dies before, for ever."""
    assert worker != os.getpid()
    deadline = time.monotonic() + 60
    while any(nanny.status.name != "running" for nanny in cluster.workers.values()) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(worker, signal.SIGKILL)


def tree(base: Path) -> dict[str, bytes]:
    """Return the figures, the ledgers, and whatever else lies in the experiments."""
    files = (path for path in (base / "expts").rglob("*") if path.is_file())
    return {path.relative_to(base).as_posix(): path.read_bytes() for path in files}


def runs(base: Path, name: str) -> int:
    return len(list((base / "runs").glob(f"{name}-*")))


def test_a_worker_killed_in_mid_run_costs_one_more_run_and_no_byte(cluster: Any, tmp_path: Path):
    unlucky = WAITS.format(name="unlucky", when="number == 1") + PLOT
    scripts = {"unlucky": unlucky, "one": PLOT, "two": PLOT, "three": PLOT}
    away = write_record(tmp_path / "away/record", scripts)
    with meanwhile(away, partial(kill, cluster)):
        report = bring(away, f"dask {cluster.scheduler_address}")
    assert (report.problems, report.failed, len(report.ran)) == ((), (), 4)
    assert runs(away, "unlucky") == 2
    home = write_record(tmp_path / "home/record", scripts)
    # There the script finds that it has run before, and draws at once.
    (home / "runs/unlucky-1").mkdir()
    assert bring(home, "local").problems == ()
    assert tree(away) == tree(home)
    assert sum(name.endswith(".svg") for name in tree(away)) == 4
    assert bring(away, "local").ran == ()


def test_a_script_that_costs_every_worker_its_life_is_run_twice_and_said(cluster: Any, tmp_path: Path):
    base = write_record(tmp_path / "record", {"deadly": WAITS.format(name="deadly", when="True"), "one": PLAIN})
    (base / "expts/deadly/loss.svg").write_text(OLD)
    assert bring(base, HERE).adopted == ("expts/deadly/plot.py",)
    (base / "expts/deadly/data.csv").write_text("2\n")
    (base / "expts/one/data.csv").write_text("2\n")
    with meanwhile(base, partial(kill, cluster)):
        report = bring(base, cluster)
    assert runs(base, "deadly") == 2
    [problem] = report.problems
    assert problem.message == "expts/deadly/plot.py was killed: its worker died twice"
    assert problem.path == base / "expts/deadly/plot.py"
    assert (base / "expts/deadly/loss.svg").read_text() == OLD
    assert "2" in (base / "expts/one/loss.svg").read_text()
    (base / "expts/deadly/plot.py").write_text(PLAIN)
    assert bring(base, cluster).problems == ()


def test_an_address_that_nobody_answers_is_named_and_figures_stay(tmp_path: Path):
    base = write_record(tmp_path / "record", {"one": PLAIN, "two": PLAIN})
    (base / "expts/one/loss.svg").write_text(OLD)
    assert bring(base, HERE).adopted == ("expts/one/plot.py",)
    (base / "expts/one/data.csv").write_text("2\n")
    (base / "expts/two/data.csv").write_text("2\n")
    before = tree(base)
    with dask.config.set({"distributed.comm.timeouts.connect": "300ms"}):
        report = bring(base, "dask tcp://127.0.0.1:1")
    assert tree(base) == before
    assert [problem.path for problem in report.problems] == [base / f"expts/{name}/plot.py" for name in ("one", "two")]
    for problem in report.problems:
        assert "exptdir_figure_executor is of no use" in problem.message
        assert "tcp://127.0.0.1:1" in problem.message


def test_a_cluster_that_goes_away_in_mid_run_ends_no_build(tmp_path: Path):
    base = write_record(tmp_path / "record", {"waits": WAITS.format(name="waits", when="True")})
    (base / "expts/waits/loss.svg").write_text(OLD)
    bring(base, HERE)
    (base / "expts/waits/data.csv").write_text("2\n")

    def go(worker: int) -> None:
        kill(made, worker)
        # Who asks need not try again for long; to come up, cluster and client have all the time that they want.
        distributed.default_client()._timeout = 1.0
        made.close()

    with make_cluster(tmp_path / "dask", 1) as made, meanwhile(base, go):
        report = bring(base, f"dask {made.scheduler_address}")
    [problem] = report.problems
    assert problem.message.startswith("expts/waits/plot.py was ")
    # The worker may have been killed with it.
    deadline = time.monotonic() + 60
    (base / "expts/waits/plot.py").write_text(PLAIN)
    while (report := bring(base, HERE)).problems and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (report.problems, report.figures["expts/waits/loss.svg"].state) == ((), "fresh")


def test_a_cluster_is_made_by_conf_py_for_a_build_that_draws_and_goes_with_it(tmp_path: Path):
    made = f"""
def exptdir_figure_executor():
    from pathlib import Path
    from distributed import LocalCluster
    with Path({str(tmp_path / "made")!r}).open("a") as file:
        file.write("once\\n")
    return LocalCluster(1, dashboard_address=":0", local_directory={str(tmp_path / "dask")!r}, silence_logs=60)
"""
    reports = "import os\n" + PLOT + "open('../../worker', 'w').write(str(os.getppid()))\n"
    site = Site(tmp_path, CONF + made)
    files = {"expts/1_a/index.rst": log("loss.svg"), "expts/1_a/plot.py": reports, "expts/1_a/data.csv": "1\n2\n"}
    built = site.build(files=files)
    assert built.warnings == ""
    assert "loss.svg" in built.html("expts/1_a/index")
    server = (site.source / "worker").read_text()
    assert not Path("/proc", server).exists()
    assert built.rebuild().warnings == ""
    assert (tmp_path / "made").read_text() == "once\n"
