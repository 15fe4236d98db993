"""What a script touches is seen, whoever touches it for the script."""

from __future__ import annotations

import os
import sys

import pytest

from exptdir.figures.inside.scope import SITE, Notes, escape, reads_unseen, runs_unseen, unescape

#: Makes a script believe that it is on a system that does not tell what is opened.
ELSEWHERE = "import sys; sys.platform = 'plan9'; "


def test_files_that_are_read_are_seen(place):
    place.write("data/a.csv", "1")
    place.write("data/b.bin", "2")
    trace = place.run("open('data/a.csv').read(); import os; os.open(b'data/b.bin', os.O_RDONLY)").trace
    assert place.names(trace.reads) == ["data/a.csv", "data/b.bin"]


def test_a_file_that_is_written_first_is_no_input(place):
    trace = place.run(
        """
        open("cache.txt", "w").write("1")
        print(open("cache.txt").read())
        """
    ).trace
    assert (place.names(trace.reads), place.names(trace.writes)) == ([], ["cache.txt"])


@pytest.mark.parametrize("mode", ["a", "r+"])
def test_a_file_that_is_changed_in_part_is_read_and_written(place, mode):
    place.write("notes.txt", "1")
    trace = place.run(f"open('notes.txt', {mode!r}).write('2')").trace
    assert (place.names(trace.reads), place.names(trace.writes)) == (["notes.txt"], ["notes.txt"])


def test_what_is_looked_for_in_vain_is_seen(place):
    trace = place.run(
        """
        import os, pathlib
        os.path.exists("asked.csv")
        pathlib.Path("path.csv").is_file()
        os.access("access.csv", os.R_OK)
        os.path.isdir("nothing")
        for name in ("opened.csv", "no/directory.csv"):
            try:
                open(name)
            except OSError:
                pass
        try:
            import late_module
        except ImportError:
            pass
        """
    ).trace
    found = set(place.names(trace.absent)) - {"matplotlibrc"}
    assert found == {
        "access.csv", "asked.csv", "late_module.py", "late_module/__init__.py", "no/directory.csv", "nothing",
        "opened.csv", "path.csv",
    }  # fmt: skip


def test_what_a_script_writes_itself_was_not_absent(place):
    trace = place.run("import os\nif not os.path.exists('x.txt'): open('x.txt', 'w')").trace
    assert "x.txt" not in place.names(trace.absent)


@pytest.mark.parametrize(
    ("code", "listed"),
    [
        ("import os; os.listdir('data')", ["data"]),
        ("import os; list(os.scandir(b'data'))", ["data"]),
        ("import os; os.listdir(os.open('data', os.O_RDONLY))", ["data"]),
        ("import glob; glob.glob('data/*.csv')", ["data/*.csv"]),
        ("import pathlib; list(pathlib.Path('data').glob('*.csv'))", ["data/*.csv"]),
        ("import pathlib; list(pathlib.Path('.').glob('data/*.csv'))", ["data/*.csv"]),
        ("import glob; glob.glob('data/**', recursive=True)", ["data/**"]),
    ],
)
def test_directories_that_are_listed_are_seen_with_the_pattern_of_what_is_sought(place, code, listed):
    place.write("data/a.csv", "1")
    assert place.names(place.run(code).trace.listed) == listed


def test_a_directory_that_the_import_system_lists_is_not_listed(place):
    place.write("helper.py", "")
    assert place.run("import helper").trace.listed == ()


def test_modules_of_the_record_are_inputs_of_their_own_kind(place):
    place.write("helper.py", "from package import part")
    place.write("package/__init__.py", "")
    place.write("package/part.py", "")
    trace = place.run("import helper, json")
    assert place.names(trace.trace.modules) == ["helper.py", "package/__init__.py", "package/part.py"]
    assert (trace.trace.reads, place.all_files()) == (
        (), ["helper.py", "package/__init__.py", "package/part.py", "plot.py"]
    )  # fmt: skip


def test_a_module_that_would_come_first_is_absent(place):
    place.write("lib/shared.py", "")
    trace = place.run("import sys; sys.path.append('lib'); import shared").trace
    assert place.names(trace.modules) == ["lib/shared.py"]
    assert "shared.py" in place.names(trace.absent)


def test_programs_and_their_files_are_no_inputs(place):
    outcome = place.run("import sqlite3, csv, xml.dom.minidom, PIL.Image, tempfile; tempfile.mkdtemp()")
    trace = outcome.trace
    assert (outcome.traceback, trace.reads, trace.modules, trace.listed) == ("", (), (), ())


def test_a_file_outside_the_record_is_an_input(place):
    outside = place.base.parent / "elsewhere.csv"
    outside.write_text("1")
    assert place.run(f"open({str(outside)!r})").trace.reads == (str(outside),)


def test_renaming_and_removing_are_writing(place):
    place.write("a.txt", "1")
    place.write("b.txt", "1")
    trace = place.run("import os; os.replace('a.txt', 'c.txt'); os.remove('b.txt')").trace
    assert place.names(trace.writes) == ["a.txt", "b.txt", "c.txt"]
    assert place.names(trace.reads) == ["a.txt"]


def test_a_database_is_an_input(place):
    outcome = place.run("import sqlite3; sqlite3.connect('new.db'); sqlite3.connect(':memory:')")
    assert "new.db" in place.names(outcome.trace.reads)
    outcome = place.run("import sqlite3; sqlite3.connect('file:new.db?mode=ro', uri=True)")
    assert place.names(outcome.trace.reads) == ["new.db"]


def test_python_subprocesses_are_traced(place):
    place.write("one.csv", "1")
    place.write("part.py", "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'open(\"one.csv\")'])")
    outcome = place.run("import subprocess, sys; subprocess.run([sys.executable, 'part.py'], check=True)")
    assert place.names(outcome.trace.reads) == ["one.csv"]
    assert place.names(outcome.trace.modules) == ["part.py"]
    assert outcome.trace.unseen == ()


@pytest.mark.parametrize("options", [["-I"], ["-Es"]])
def test_an_isolated_python_is_unseen_where_the_system_tells_nothing(place, options):
    outcome = place.run(f"{ELSEWHERE}import subprocess, sys; subprocess.run([sys.executable, *{options}, '-c', ''])")
    assert outcome.trace.unseen == ("subprocess",)


def test_another_program_is_unseen_where_the_system_tells_nothing(place):
    place.write("data/a.csv", "1")
    trace = place.run(f"{ELSEWHERE}import os; os.system('cat data/a.csv'); NAME = 'data/*.csv'").trace
    assert trace.unseen == ("subprocess",)
    assert place.names(trace.named_directories) == ["data"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system tells nothing")
def test_what_other_programs_do_is_told_by_the_system(place):
    place.write("data/a.csv", "1")
    outcome = place.run("import os; os.system('cp data/a.csv b.csv; mv b.csv c.csv; cat d.csv; rm e.csv; ls data')")
    trace = outcome.trace
    assert place.names(trace.reads) == ["data/a.csv"]
    assert {"c.csv", "b.csv", "e.csv"} <= set(place.names(trace.writes))
    assert "d.csv" in place.names(trace.absent)
    assert place.names(trace.listed) == ["data"]
    assert trace.unseen == ()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system tells nothing")
def test_a_script_that_waits_for_its_children_meets_none_of_ours(place):
    outcome = place.run("""
        import ctypes, os
        ctypes.CDLL(None).getpid()
        try:
            os.wait()
        except ChildProcessError:
            raise SystemExit("no child")
    """)
    assert "no child" in outcome.output


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_is_traced(place, method):
    place.write("one.csv", "1")
    outcome = place.run(
        f"""
        import multiprocessing
        def read(name):
            return open(name).read()
        if __name__ == "__main__":
            with multiprocessing.get_context({method!r}).Pool(1) as pool:
                print(pool.map(read, ["one.csv"]))
        """
    )
    assert "['1']" in outcome.output
    assert "one.csv" in place.names(outcome.trace.reads)
    assert outcome.trace.unseen == ()


def test_threads_are_traced_and_waited_for(place):
    place.write("one.csv", "1")
    outcome = place.run(
        """
        import threading, time
        def work():
            time.sleep(0.2)
            open("one.csv")
        threading.Thread(target=work).start()
        """
    )
    assert place.names(outcome.trace.reads) == ["one.csv"]


def test_odd_names_are_seen_as_they_are(place):
    names = ["two words.csv", "größe.csv", "new\nline.csv", "back\\slash.csv"]
    for name in names:
        place.write(name, "1")
    trace = place.run(f"for name in {names!r}: open(name)").trace
    assert place.names(trace.reads) == sorted(names)


def test_a_script_that_changes_directory_is_followed(place):
    place.write("data/a.csv", "1")
    trace = place.run("import os; os.chdir('data'); open('a.csv'); open('../plot.py')").trace
    assert place.names(trace.reads) == ["data/a.csv"]


def test_links_are_named_as_the_script_names_them(place):
    real = place.base.parent / "real"
    real.mkdir()
    (real / "a.csv").write_text("1")
    (place.folder / "data").symlink_to(real)
    (real.parent / "beside.csv").write_text("1")
    trace = place.run("open('data/a.csv'); open('data/../beside.csv')").trace
    assert place.names(trace.reads) == ["../../../beside.csv", "data/a.csv"]


def test_a_record_reached_by_a_link_keeps_its_name(place):
    link = place.base.parent / "link"
    link.symlink_to(place.base)
    place.base = link
    place.write("a.csv", "1")
    assert place.run("open('a.csv')").trace.reads == (str(link / "expts/0001_first/a.csv"),)


def test_a_daemon_that_closes_all_files_is_followed(place):
    place.write("a.csv", "1")
    trace = place.run("import os; os.closerange(3, 100); f = open('copy.txt', 'w'); open('a.csv'); f.close()").trace
    assert place.names(trace.reads) == ["a.csv"]
    assert (place.folder / "copy.txt").read_text() == ""


@pytest.mark.parametrize(
    ("module", "importer", "own", "unseen"),
    [
        ("polars", "seaborn", False, True),
        ("pyarrow", "pandas.compat", False, False),
        ("pyarrow.parquet", "pandas.io.parquet", False, True),
        ("pyarrow.fs", "pyarrow.dataset", False, False),
        ("pyarrow", "__main__", True, True),
        ("json", "__main__", True, False),
    ],
)
def test_modules_that_read_natively(module, importer, own, unseen):
    assert reads_unseen(module, importer, own) is unseen


def test_a_native_reader_makes_named_directories_count(place):
    place.write("h5py.py", "def File(path): return path")
    place.write("data/a.h5", "1")
    reads = "import h5py, pathlib; D = pathlib.Path(__file__).parent / 'data'; h5py.File(D / 'a.h5')"
    trace = place.run(ELSEWHERE + reads).trace
    assert trace.unseen == ("h5py",)
    assert place.names(trace.named_directories) == ["data"]


def test_programs_that_run_unseen(tmp_path):
    tool = tmp_path / "tool"
    tool.write_text("#!/usr/bin/env python3\n")
    env = {"EXPTDIR_TRACE": "{}", "PYTHONPATH": os.pathsep.join([SITE, "lib"])}
    assert not runs_unseen(str(tool), [str(tool)], env, "EXPTDIR_TRACE")
    assert not runs_unseen(sys.executable, ["python", "-m", "x", "-I"], env, "EXPTDIR_TRACE")
    assert runs_unseen(sys.executable, ["python", "x.py"], {}, "EXPTDIR_TRACE")
    assert runs_unseen(sys.executable, ["python", "x.py"], env | {"PYTHONPATH": "lib"}, "EXPTDIR_TRACE")
    assert runs_unseen("/bin/sh", ["sh", "-c", "x"], env, "EXPTDIR_TRACE")
    assert not runs_unseen("/usr/bin/fc-list", ["fc-list"], env, "EXPTDIR_TRACE")


@pytest.mark.parametrize("path", ["a\nb", "a\\nb", "a\\\\n\r", "plain", "\\"])
def test_escaped_paths_come_back(path):
    assert "\n" not in escape(path)
    assert unescape(escape(path)) == path


def test_each_fact_is_written_once(tmp_path):
    notes = Notes(str(tmp_path / "trace"))
    assert [notes.add("r", "x"), notes.add("r", "x"), notes.add("w", "x")] == [True, False, True]
    assert (tmp_path / "trace").read_text() == "r x\nw x\n"
