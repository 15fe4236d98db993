"""What a server has done before it knows of a script: none of it shows, and nothing that matters is missed for it."""

from __future__ import annotations

import importlib.util
import os
import sys

import pytest

from exptdir.figures.inside.scope import Scope, look_around
from exptdir.figures.run.runner import Runner
from tests.figures.running import DRAW, Place

#: Clip paths have names in an SVG that are drawn by lot, unless a salt is set.
CLIPPED = "plt.scatter([1, 2], [3, 4])\nplt.savefig('a.svg')\n"


@pytest.fixture
def own(tmp_path):
    """A record with a server that has run nothing yet."""
    with Runner() as made:
        place = Place(tmp_path / "record", made)
        place.folder.mkdir(parents=True)
        yield place


@pytest.mark.parametrize("reset", ["", "plt.rcdefaults()\n", "plt.style.use('default')\n"])
def test_a_script_draws_the_same_bytes_whatever_it_resets(place, reset):
    place.write("matplotlibrc", "lines.linewidth: 7\n")
    drawn = []
    for _ in range(2):
        assert place.run(DRAW + reset + CLIPPED).status == "ok"
        drawn.append((place.folder / "a.svg").read_bytes())
        (place.folder / "a.svg").unlink()
    assert drawn[0] == drawn[1]


def test_settings_of_whoever_builds_do_not_count(own, monkeypatch):
    personal = own.write("../home/matplotlibrc", "lines.linewidth: 31\n")
    monkeypatch.setenv("MATPLOTLIBRC", str(personal))
    outcome = own.run("import matplotlib as m; print(m.rcParams['lines.linewidth'], m.get_backend())")
    assert outcome.output == "1.5 agg\n"


def test_what_kinds_of_figures_need_is_loaded_before_and_for_few_once_one_asks_for_it(own):
    names = ["matplotlib.backends.backend_svg", "matplotlib.backends.backend_agg", "fontTools.subset"]
    script = f"import sys; print([name in sys.modules for name in {names}])"
    for text, found in ((script, "False"), (f"{script}  # loss.pdf", "True"), (script, "True")):
        assert own.run(text).output == f"[True, True, {found}]\n"


def test_a_module_of_the_record_that_the_server_has_loaded_is_an_input_of_each_script(own, monkeypatch):
    early = own.write("../lib/sitecustomize.py", "")
    path = os.pathsep.join(filter(None, [str(early.parent), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)
    for _ in range(2):
        assert own.names(own.run("print(1)").trace.modules) == ["../lib/sitecustomize.py"]


def load(path, monkeypatch):
    """Import a file as a module, until the end of the test."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, path.stem, module)
    return module


def test_the_modules_of_a_record_are_told_from_others(tmp_path, monkeypatch):
    base, elsewhere = tmp_path / "record", tmp_path / "elsewhere"
    load(elsewhere / "early_stranger.py", monkeypatch)
    ground = look_around()
    assert list(ground.modules(Scope(str(base), str(base), str(tmp_path / "run")))) == []
    load(elsewhere / "late_stranger.py", monkeypatch)
    late = load(base / "late.py", monkeypatch)
    assert list(ground.modules(Scope(str(base), str(base), str(tmp_path / "run")))) == [(f"{base}/late.py", late)]


def test_a_module_that_was_loaded_before_is_one_of_the_record_too(tmp_path, monkeypatch):
    early = load(tmp_path / "record" / "early.py", monkeypatch)
    scope = Scope(f"{tmp_path}/record", f"{tmp_path}/record", f"{tmp_path}/run")
    assert list(look_around().modules(scope)) == [(f"{tmp_path}/record/early.py", early)]


def test_a_script_may_remove_its_own_main_module(place):
    outcome = place.run("import sys; del sys.modules['__main__']; open('x.txt', 'w')")
    assert (outcome.status, place.names(outcome.trace.writes)) == ("no output", ["x.txt"])
