"""A script runs as it would by hand, and sees nothing of us, of the builder and of other scripts."""

from __future__ import annotations

import json
import sys
import time

import pytest

from exptdir.figures.run.outcome import headline
from exptdir.figures.run.runner import Runner
from tests.figures.running import DRAW


def test_a_script_sees_what_it_would_see_by_hand(place):
    outcome = place.run(
        """
        import os, sys, json
        print(json.dumps([sys.argv, sys.path[0], os.getcwd(), __name__, __file__, sys.modules["__main__"].__file__]))
        """,
        "--metric",
        "größe",
        name="deep/plot two.py",
    )
    folder = str(place.folder / "deep")
    script = f"{folder}/plot two.py"
    assert json.loads(outcome.output) == [[script, "--metric", "größe"], folder, folder, "__main__", script, script]


def test_our_own_modules_are_not_there(place):
    outcome = place.run("import sys; print([name for name in sys.modules if name.startswith('exptdir')])")
    assert outcome.output == "[]\n"


def test_nothing_of_another_script_is_left(place):
    place.run(
        """
        import matplotlib.pyplot as plt, builtins, os, sys
        plt.rcParams["lines.linewidth"] = 20
        plt.style.use("ggplot")
        plt.plot([1])
        leftover = builtins.leftover = 1
        os.environ["LEFTOVER"] = "1"
        sys.path.append("leftover")
        """
    )
    outcome = place.run(
        """
        import matplotlib.pyplot as plt, builtins, os, sys
        print(plt.rcParams["lines.linewidth"], plt.get_fignums())
        print(hasattr(builtins, "leftover"), "leftover" in globals())
        print("LEFTOVER" in os.environ, "leftover" in sys.path)
        """
    )
    assert outcome.output == "1.5 []\nFalse False\nFalse False\n"


def test_two_scripts_of_one_name_do_not_meet(place):
    place.write("a/helper.py", "x = 1")
    place.write("b/helper.py", "x = 2")
    outputs = [place.run("import helper; print(helper.x)", name=f"{name}/plot.py").output for name in "ab"]
    assert outputs == ["1\n", "2\n"]


def test_the_configuration_beside_a_script_counts_and_is_an_input(place):
    place.write("matplotlibrc", "lines.linewidth: 7\nbackend: tkagg\n")
    outcome = place.run("import matplotlib as m; print(m.rcParams['lines.linewidth'], m.get_backend())")
    assert outcome.output == "7.0 agg\n"
    assert place.names(outcome.trace.reads) == ["matplotlibrc"]


def test_a_style_counts_and_is_an_input(place):
    style = place.write("own.mplstyle", "lines.linewidth: 9")
    outcome = place.run("import matplotlib as m; print(m.rcParams['lines.linewidth'])", style=str(style))
    assert outcome.output == "9.0\n"
    assert place.names(outcome.trace.reads) == ["own.mplstyle"]


def test_a_style_that_is_missing_is_said_in_a_sentence(place):
    outcome = place.run("print(1)", style="no-such-style")
    assert (outcome.status, outcome.output) == ("failed", "")
    assert outcome.traceback.startswith("The style no-such-style cannot be used: ")


@pytest.mark.parametrize("warm", [True, False])
def test_the_same_script_draws_the_same_bytes(place, warm):
    code = DRAW + "import random\nplt.title(random.random())\nfor s in ('svg', 'png', 'pdf'): plt.savefig(f'a.{s}')"
    place.run(code)
    before = {path.name: path.read_bytes() for path in place.folder.glob("a.*")}
    for path in place.folder.glob("a.*"):
        path.unlink()
    time.sleep(1.1)
    with Runner(warm) as other:
        assert other.run(place.job(code)).status == "ok"
    assert {path.name: path.read_bytes() for path in place.folder.glob("a.*")} == before
    assert before.keys() == {"a.svg", "a.png", "a.pdf"}


def test_an_exception_names_the_line_of_the_script_and_shows_nothing_of_ours(place):
    place.write("helper.py", "def f():\n    raise ValueError('too small')\n")
    outcome = place.run("import helper\n\nhelper.f()\n")
    assert (outcome.status, outcome.line) == ("failed", 3)
    assert outcome.traceback.startswith(f'Traceback (most recent call last):\n  File "{place.folder}/plot.py", line 3')
    assert outcome.traceback.endswith("ValueError: too small\n")
    assert "exptdir/figures" not in outcome.traceback


def test_a_syntax_error_has_its_line(place):
    outcome = place.run("x = 1\nfor\n")
    assert (outcome.status, outcome.line) == ("failed", 2)


@pytest.mark.parametrize("line", ["%matplotlib inline", "!ls", "get_ipython().run_line_magic('matplotlib', 'inline')"])
def test_a_line_of_a_notebook_is_called_one(place, line):
    outcome = place.run(f"x = 1\n{line}\n")
    assert (outcome.status, outcome.line) == ("failed", 2)
    assert headline("python", outcome.traceback).endswith("(this line is for a notebook: take it out of the script)")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x = 1\0", b"# coding: no-such-thing\n", b"print('\xe9')"])
def test_a_script_that_is_no_text_fails_with_a_traceback(place, content):
    job = place.job("")
    (place.folder / "plot.py").write_bytes(content)
    outcome = place.runner.run(job)
    assert outcome.status == "failed"
    assert "SyntaxError" in outcome.traceback or "ValueError" in outcome.traceback


def test_a_script_that_is_gone_fails(place):
    job = place.job("")
    (place.folder / "plot.py").unlink()
    outcome = place.runner.run(job)
    assert (outcome.status, "No such file" in outcome.traceback) == ("failed", True)


@pytest.mark.parametrize(
    ("code", "status", "text"),
    [
        ("import sys\nsys.exit(3)", "failed", "The script ended itself with exit status 3."),
        ("import sys\nsys.exit('no data')", "failed", "The script ended itself: no data"),
        ("import sys\nsys.exit(0)", "no output", ""),
        ("import sys\nsys.exit()", "no output", ""),
        ("import os\nos._exit(1)", "failed", "The script ended itself with exit status 1."),
        ("import os\nos._exit(0)", "no output", ""),
    ],
)
def test_scripts_that_end_themselves(place, code, status, text):
    outcome = place.run(code)
    assert (outcome.status, outcome.traceback) == (status, text)
    assert outcome.line == (2 if "sys.exit" in code and text else None)


def test_a_segmentation_fault_names_the_line(place):
    outcome = place.run("import ctypes\n\nctypes.string_at(0)\n")
    assert (outcome.status, outcome.line) == ("killed", 3)
    assert outcome.traceback.startswith("The script was killed (SIGSEGV).\nFatal Python error: Segmentation fault")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts a process's own data")
@pytest.mark.parametrize("portion", [10_000_000, 10_000])
def test_eaten_memory_is_an_error_of_the_script(place, portion):
    # Of small portions so much has been taken that none is left for the traceback.
    outcome = place.run(f"x = []\nwhile True:\n    x.append(bytearray({portion}))\n", memory=400_000_000)
    assert (outcome.status, outcome.line) == ("failed", 3)
    assert "MemoryError" in outcome.traceback


def test_what_is_printed_is_kept_from_wherever_it_comes(place):
    outcome = place.run(
        """
        import os, sys, subprocess
        print("one", end=" ")
        sys.stderr.write("two\\n")
        sys.stdout.flush()
        os.write(1, b"three ")
        subprocess.run([sys.executable, "-c", "print('four')"])
        print("\\udc80")
        """
    )
    assert outcome.output.split() == ["two", "one", "three", "four", "\\udc80"]


def test_of_much_output_the_end_is_kept(place):
    outcome = place.run(
        """
        import time
        for number in range(60):
            print("x" * 1_000_000)
            time.sleep(0.02)
        print("the end")
        """
    )
    assert outcome.output.endswith("x\nthe end\n")
    assert len(outcome.output) == 20_000


@pytest.mark.parametrize("code", ["sys.stdout.close()", "sys.stdout = None", "os.close(1)", "os.closerange(0, 100)"])
def test_a_script_may_close_its_output(place, code):
    outcome = place.run(f"import os, sys\n{DRAW}\n{code}\nplt.savefig('a.svg')")
    assert (outcome.status, place.names(outcome.written)) == ("ok", ["a.svg"])


def test_nothing_can_be_read_from_the_terminal(place):
    outcome = place.run("input()")
    assert "EOFError" in outcome.traceback


def test_what_wants_to_be_called_at_the_end_is_called(place):
    outcome = place.run("import atexit; atexit.register(print, 'end'); print('begin')")
    assert outcome.output == "begin\nend\n"


def test_versions_are_told(place):
    assert place.run("").versions.keys() == {"python", "matplotlib", "numpy"}
