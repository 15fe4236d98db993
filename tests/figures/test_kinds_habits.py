"""Kinds of script, continued: how researchers find their code and their data."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from pathlib import Path

import pytest

from exptdir.figures.run.runner import LocalExecutor
from tests.figures.test_kinds import NOTES, Change, Kind, drop, missed_or_needless, put, touch
from tests.figures.test_kinds import executor as executor
from tests.figures.test_kinds_everyday import lead

FAR = "../../../outside/"
ONE, TWO = {"d.csv": "1"}, {"data": put("d.csv", "2")}
DONE = "open('loss.svg', 'w').write('<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>')\n"
PART = {"part.py": "import lib\nprint(open('d.csv').read())", "lib.py": "", "d.csv": "1"}


def wal(row: int) -> Change:
    """Insert a row into a database that keeps a log of its own."""

    def change(folder: Path) -> None:
        connection = sqlite3.connect(folder / "d.db")
        connection.execute("pragma journal_mode=wal")
        connection.execute("create table if not exists t (x)")
        connection.execute(f"insert into t values ({row})")
        connection.commit()
        connection.close()

    return change


#: The script, the files, changes that make it stale, others that do not, and what is done first.
HABITS: dict[str, tuple[str, dict[str, str], dict[str, Change], dict[str, Change], tuple[Change, ...]]] = {
    "where it lies": (
        "from pathlib import Path\nfound = (Path(__file__).resolve().parent / 'd.csv').read_text()",
        ONE,
        TWO,
        {},
        (),
    ),
    "real path": (
        "import os, sys\nfound = open(os.path.join(os.path.dirname(os.path.realpath(sys.argv[0])), 'd.csv')).read()",
        ONE,
        TWO,
        {},
        (),
    ),
    "package outside": (
        "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).resolve().parents[3] / 'src'))\n"
        "from lab.plots import X\nfound = X",
        {"../../../src/lab/__init__.py": "", "../../../src/lab/plots.py": "X = 1"},
        {"module": put("../../../src/lab/plots.py", "X = 2")},
        {},
        (),
    ),
    "newest by a package outside": (
        f"import sys\nsys.path.append('{FAR}')\nimport far\nfound = far.newest()",
        {
            FAR + "far.py": "import glob, os\ndef newest(): return max(glob.glob('*.csv'), key=os.path.getmtime)",
            "a.csv": "",
            "b.csv": "",
        },
        {"touched": touch("a.csv")},
        {},
        (),
    ),
    "exists by a package outside": (
        f"import sys\nsys.path.append('{FAR}')\nimport far\nfound = far.there()",
        {FAR + "far.py": "import os\ndef there(): return os.path.exists('flag')", "flag": ""},
        {"gone": drop("flag")},
        {},
        (),
    ),
    "plugins": (
        "import pkgutil\nfound = sorted(module.name for module in pkgutil.iter_modules(['plugins']))",
        {"plugins/a.py": ""},
        {"new": put("plugins/b.py", "")},
        {},
        (),
    ),
    "source exists": (
        "import os\nfound = os.path.exists('local.py')",
        {"local.py": "X = 1"},
        {"gone": drop("local.py")},
        {"text": put("local.py", "X = 2")},
        (),
    ),
    "time of a source": (
        "import os\nfound = os.path.getmtime('train.py')",
        {"train.py": "X = 1"},
        {"touched": touch("train.py")},
        {},
        (),
    ),
    "size of a source": (
        "from pathlib import Path\nfound = Path('train.py').stat().st_size",
        {"train.py": "X = 1"},
        {"longer": put("train.py", "X = 11")},
        {},
        (),
    ),
    "same file": (
        "import os\nfound = os.path.samefile('latest', 'runs/a')",
        {"runs/a/m": "1", "runs/b/m": "1"},
        {"leads elsewhere": lead("latest", "runs/b")},
        {},
        (lead("latest", "runs/a"),),
    ),
    "exists outside": (
        f"import os\nfound = os.path.exists('{FAR}p.csv'), os.path.isdir('{FAR}d')",
        {FAR + "x": ""},
        {"file": put(FAR + "p.csv"), "directory": put(FAR + "d/x")},
        {},
        (),
    ),
    "runs outside": (
        f"import glob\nfound = [open(path).read() for path in sorted(glob.glob('{FAR}*/m.csv'))]",
        {FAR + "a/m.csv": "1"},
        {"new": put(FAR + "b/m.csv", "2"), "changed": put(FAR + "a/m.csv", "3")},
        {},
        (),
    ),
    "files outside": (
        f"import glob\nfound = [open(path).read() for path in sorted(glob.glob('{FAR}*.csv'))]",
        {FAR + "a.csv": "1"},
        {"new": put(FAR + "b.csv", "2")},
        {"other": put(FAR + "n.txt", "2")},
        (),
    ),
    "results unpacked": (
        "import os\nif not os.path.isdir('x'):\n    os.mkdir('x')\n    open('x/d.csv', 'w').write('1')\n"
        "found = open('x/d.csv').read()",
        {},
        {"changed": put("x/d.csv", "7")},
        {},
        (),
    ),
    "results read and written": (
        "import json, os\nheld = json.load(open('c.json')) if os.path.exists('c.json') else {}\n"
        "held.setdefault('x', open('d.csv').read())\njson.dump(held, open('c.json', 'w'))\nfound = held",
        ONE,
        {"data": put("d.csv", "2"), "results": put("c.json", '{"x": "5"}')},
        {"results gone": drop("c.json")},
        (),
    ),
    "database with its log": (
        "import sqlite3\nfound = sqlite3.connect('d.db').execute('select * from t').fetchall()",
        {},
        {"row": wal(2)},
        {},
        (wal(1),),
    ),
    "Python without its environment": (
        "import subprocess, sys\nfound = subprocess.check_output([sys.executable, 'part.py'], env={})",
        PART,
        {"data": put("d.csv", "2"), "module": put("lib.py", "X = 1"), "part": put("part.py", "")},
        {},
        (),
    ),
    "Python with another module path": (
        "import os, subprocess, sys\nenv = os.environ | {'PYTHONPATH': '../lib'}\n"
        "found = subprocess.check_output([sys.executable, '-c', 'import far; print(far.X)'], env=env)",
        {"../lib/far.py": "X = 1"},
        {"module": put("../lib/far.py", "X = 2")},
        {},
        (),
    ),
    "two scripts with one log": (
        "import logging\nlogging.basicConfig(filename='plot.log', level='INFO')\nlogging.info('a')\n"
        "found = open('d.csv').read()",
        {**ONE, "plot_b.py": f"open('plot.log', 'a').write('b')\n{DONE.replace('loss', 'b')}"},
        TWO,
        {},
        (),
    ),
    "history": (
        "open('h.csv', 'a').write('x')\nfound = open('h.csv').read()",
        {"h.csv": "1"},
        {"changed": put("h.csv", "2")},
        {},
        (),
    ),
    "output by another name": (
        f"import os\nfound = open('d.csv').read()\n{DONE.replace('loss.svg', 'loss.tmp')}"
        "os.replace('loss.tmp', 'loss.svg')\nraise SystemExit",
        ONE,
        TWO,
        {},
        (),
    ),
    "output changed by a program": (
        f"import subprocess\nfound = open('d.csv').read()\n{DONE}"
        "subprocess.run(['sed', '-i', 's/xmlns/ xmlns/', 'loss.svg'], check=True)\nraise SystemExit",
        ONE,
        TWO,
        {},
        (),
    ),
    "find_spec of a module that comes": (
        "from importlib.util import find_spec\nfound = find_spec('extra') is None",
        {},
        {"comes": put("extra.py", "")},
        {"other": put("more.py", "")},
        (),
    ),
    "optional part of a package": (
        "try:\n    from pkg import extra as found\nexcept ImportError:\n    found = 0",
        {"pkg/__init__.py": ""},
        {"comes": put("pkg/extra.py", "")},
        {"other": put("pkg/more.py", "")},
        (),
    ),
    "optional part of a package without a file": (
        "try:\n    from pkg import extra as found\nexcept ImportError:\n    found = 0",
        {"pkg/one.py": ""},
        {"comes": put("pkg/extra.py", "")},
        {"other": put("pkg/more.py", "")},
        (),
    ),
    "package in two places": (
        "import sys\nsys.path.append('lib')\nimport pkg\nfound = list(pkg.__path__)",
        {"pkg/one.py": ""},
        {"comes": put("lib/pkg/two.py", ""), "becomes one": put("pkg/__init__.py", "")},
        {},
        (),
    ),
    "links in a circle": (
        "import os\nfound = os.path.exists('d.csv')",
        {},
        {"mended": lambda folder: (folder / "d.csv").unlink() or put("d.csv")(folder)},
        {},
        (lambda folder: (folder / "d.csv").symlink_to("d.csv"),),
    ),
    "ends at once": (f"import os\nfound = open('d.csv').read()\n{DONE}os._exit(0)", ONE, TWO, {}, ()),
}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere more counts than was read")
@pytest.mark.parametrize("name", HABITS)
def test_what_a_script_depends_on_is_known(
    name: str, tmp_path: Path, executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is outside of the record is not to be among temporary files, which count for nothing.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    script, files, stale, fresh, first = HABITS[name]
    # A record may be called like what imports modules.
    place = tmp_path / "importlib"
    assert missed_or_needless(Kind(script, files, stale, NOTES | fresh, first), place, executor) == []
