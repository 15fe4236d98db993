"""Kinds of script, continued: how researchers find their code and their data."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from pathlib import Path

import pytest

from exptdir.figures.run.runner import LocalExecutor
from exptdir.record import files
from tests.figures.test_kinds import NOTES, Change, Kind, drop, missed_or_needless, put, touch
from tests.figures.test_kinds import executor as executor
from tests.figures.test_kinds_everyday import give, lead, packed

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

RUNS = {"runs/a/r.json": "1", "runs/b/r.json": "2"}
MORE = {"new": put("runs/d/r.json"), "gone": drop("runs/b")}
BESIDE = {"sibling": put("runs/c/other.txt"), "between": put("runs/notes.txt"), "in a run": put("runs/a/train.log")}
DEEP, FAR_RUNS = {"deep": put("runs/a/x/y/r.json")}, {FAR + "b/r.json": "1", FAR + "c/r.json": "1"}
WITH_LINK = {"in a link": put(FAR + "b/x/r.json"), "link": lead("runs/z", f"../{FAR}c")}
#: What finds paths by a pattern; then as above.
PATTERNS: dict[str, tuple[str, dict[str, str], dict[str, Change], dict[str, Change], tuple[Change, ...]]] = {
    "parts": ("glob.glob('runs/*/r.json')", RUNS, MORE, BESIDE, ()),
    "bytes": ("glob.iglob(b'runs/*/r.json')", RUNS, MORE, BESIDE, ()),
    "parts from a root": ("['runs/' + p for p in glob.glob('*/r.json', root_dir='runs')]", RUNS, MORE, BESIDE, ()),
    "any depth": ("glob.glob('runs/**/r.json', recursive=True)", RUNS, MORE | DEEP, BESIDE, ()),
    "from the script": ("Path(__file__).resolve().parent.rglob('*.json')", RUNS, MORE | DEEP, BESIDE, ()),
    "parts of a path": ("Path().glob('runs/**/*.json')", RUNS, MORE | DEEP, BESIDE, ()),
    "outside": (
        f"Path('{FAR}').glob('*/r.json')",
        {FAR + "a/r.json": "1"},
        {"new": put(FAR + "b/r.json")},
        {"sibling": put(FAR + "c/x.txt"), "between": put(FAR + "n.txt")},
        (),
    ),
    "in vain": ("glob.glob('runs/*/r.json')", {}, {"new": put("runs/a/r.json")}, {}, ()),
    "hidden between": (
        "Path('runs').rglob('c.yaml')",
        {"runs/a/.hydra/c.yaml": "1"},
        {"new": put("runs/b/.hydra/c.yaml"), "deeper": put("runs/a/.hydra/x/c.yaml")},
        {},
        (),
    ),
    "hidden by name": (
        "glob.glob('runs/*/.hydra/*.yaml')",
        {"runs/a/.hydra/c.yaml": "1"},
        {"run": put("runs/b/.hydra/c.yaml"), "file": put("runs/a/.hydra/o.yaml")},
        BESIDE,
        (),
    ),
    "hidden as well": (
        "glob.glob('runs/**/*.json', recursive=True, include_hidden=True)",
        {"runs/.h/a.json": "1"},
        {"new": put("runs/.h/b.json")},
        {},
        (),
    ),
    "links": (
        "glob.glob('runs/**/r.json', recursive=True)",
        RUNS | FAR_RUNS,
        WITH_LINK,
        {},
        (lead("runs/l", f"../{FAR}b"),),
    ),
    "first link": (
        "glob.glob('runs/**/r.json', recursive=True)",
        RUNS | FAR_RUNS,
        {"link": lead("runs/z", f"../{FAR}c")},
        {},
        (),
    ),
    "up again": ("glob.glob('runs/*/../*.csv')", RUNS | {"runs/a.csv": "1"}, {"new": put("runs/b.csv")}, {}, ()),
    "odd names": ("Path('runs[1]').glob('*.csv')", {"runs[1]/a.csv": "1"}, {"new": put("runs[1]/b.csv")}, {}, ()),
    "escaped": (
        "glob.glob(glob.escape('runs[1]') + '/*.csv')",
        {"runs[1]/a.csv": "1"},
        {"new": put("runs[1]/b.csv")},
        {"other": put("runs[1]/b.txt")},
        (),
    ),
}
for name, (expression, held, stale, fresh, first) in PATTERNS.items():
    script = f"import glob\nfrom pathlib import Path\nfound = [open(path).read() for path in sorted({expression})]"
    HABITS[f"pattern {name}"] = (script, held, stale, fresh, first)


def turn(name: str) -> Change:
    """Make a directory of a file, or the other way round."""

    def change(folder: Path) -> None:
        was_file = (folder / name).is_file()
        drop(name)(folder)
        put(f"{name}/x" if was_file else name)(folder)

    return change


BOTH, TURNED = {"in/f": "1", "in/d/x": "1"}, {"directory": turn("in/f"), "file": turn("in/d")}
for name, expression in {
    "isdir": "os.path.isdir('in/f'), os.path.isdir('in/d')",
    "isfile": "os.path.isfile('in/f'), os.path.isfile('in/d')",
    "is_file": "[path.name for path in sorted(Path('in').iterdir()) if path.is_file()]",
    "walk": "sorted((where, name) for where, _, names in os.walk('in') for name in names)",
    "scandir": "sorted(entry.name for entry in os.scandir('in') if entry.is_dir())",
    "pattern": "sorted(path for path in Path('in').glob('*') if path.is_dir())",
}.items():
    inside: dict[str, Change] = {} if name == "walk" else {"inside": put("in/d/y")}
    HABITS[f"{name} of what turns"] = (
        f"import os\nfrom pathlib import Path\nfound = {expression}",
        BOTH,
        TURNED,
        inside,
        (),
    )
HABITS |= {
    "isolated Python lists": (
        "import subprocess, sys\ncommand = [sys.executable, '-I', '-c', 'import os; print(os.listdir(\"in\"))']\n"
        "found = subprocess.check_output(command)",
        {"in/a": "1"},
        {"new": put("in/b")},
        {},
        (),
    ),
    "a program reads a source": (
        "import subprocess\nfound = subprocess.check_output(['wc', '-l', 'train.py'])",
        {"train.py": "1"},
        {"longer": put("train.py", "1\n2\n")},
        {},
        (),
    ),
    "a program that opens directories": (
        "import subprocess\nfound = subprocess.check_output(['gzip', '-dc', 'in/d.gz'])",
        {},
        {"data": give("in/d.gz", packed("gz", b"2"))},
        {"new": put("in/e.txt")},
        (give("in/d.gz", packed("gz", b"1")),),
    ),
    "a library in another Python": (
        "import subprocess, sys\nfound = subprocess.check_output([sys.executable, 'part.py'])",
        {"part.py": "import ctypes, numpy\nprint(open('d.csv').read())", "d.csv": "1"},
        TWO,
        {},
        (),
    ),
    "a program that lists": (
        "import subprocess\nfound = subprocess.check_output(['find', 'in', '-name', '*.csv'])",
        {"in/x/a.csv": ""},
        {"new": put("in/x/b.csv")},
        {},
        (),
    ),
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


def test_a_source_that_its_script_makes_executable_has_not_changed_by_that(
    tmp_path: Path, executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What has changed a moment ago may change again at the same time.
    monkeypatch.setattr(files, "RACY", 0)
    script = "import os, subprocess\nos.chmod('part.py', 0o755)\nfound = subprocess.check_output(['./part.py'])"
    part = "#!/usr/bin/env python3\nprint(open('d.csv').read())"
    kind = Kind(script, {"part.py": part, "d.csv": "1"}, {**TWO, "part": put("part.py", f"{part}\n")}, NOTES)
    assert missed_or_needless(kind, tmp_path, executor) == []
