"""Kinds of script: what each depends on makes its figure stale, and nothing else does.

A kind is a script, the files around it, changes after which it must be drawn again, and such after which it need not.
Where no audit hook tells what is read, the system does (:mod:`exptdir.figures.inside.native`).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exptdir.figures.model import FigureSettings
from exptdir.figures.run.runner import LocalExecutor, run_job
from exptdir.figures.update import Report, update
from exptdir.record.scan import scan
from tests.figures.toys import log

DRAW = "open('loss.svg', 'w').write('<svg xmlns=\"http://www.w3.org/2000/svg\"><!-- %s --></svg>' % hash(str(found)))\n"
#: What a library does that opens files itself: by the C library, which no event tells of.
NATIVE = """
import ctypes
libc = ctypes.CDLL(None)
def read(path):
    buffer = ctypes.create_string_buffer(100)
    file = libc.open(str(path).encode(), 0)
    libc.read(file, buffer, 100)
    libc.close(file)
    return buffer.value
"""

Change = Callable[[Path], object]


@dataclass
class Kind:
    """One kind; paths are below the experiment, but those with ``../`` in front."""

    script: str
    files: dict[str, str] = field(default_factory=dict)
    stale: dict[str, Change] = field(default_factory=dict)
    fresh: dict[str, Change] = field(default_factory=dict)
    #: What else is there at first.
    first: Sequence[Change] = ()


def put(name: str, text: str = "changed") -> Change:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    return change


def drop(name: str) -> Change:
    def change(folder: Path) -> None:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return change


def touch(name: str) -> Change:
    return lambda folder: os.utime(folder / name, (2e9, 2e9))


NOTES = {"notes": put("notes.txt", "A text."), "nested": put("more/notes.txt", "A text.")}
TWO = {"runs/a/m.csv": "1", "runs/b/m.csv": "2"}

KINDS: dict[str, Kind] = {
    "open": Kind(
        "found = open('d.csv').read()", {"d.csv": "1"}, {"data": put("d.csv"), "script": put("plot.py", "")}, NOTES
    ),
    "exists": Kind(
        "import os\nfound = os.path.exists('flag')",
        {"flag": ""},
        {"gone": drop("flag")},
        {**NOTES, "text": put("flag")},
    ),
    "does not exist": Kind("import os\nfound = os.path.exists('flag')", {}, {"comes": put("flag")}, NOTES),
    "isdir": Kind(
        "import os\nfound = os.path.isdir('d')", {"d/x": ""}, {"gone": drop("d")}, {**NOTES, "in": put("d/y")}
    ),
    "is_file": Kind("from pathlib import Path\nfound = Path('f').is_file()", {"f": ""}, {"gone": drop("f")}, NOTES),
    "is_dir of none": Kind("from pathlib import Path\nfound = Path('d').is_dir()", {}, {"comes": put("d/x")}, NOTES),
    "getsize": Kind(
        "import os\nfound = os.path.getsize('f')", {"f": "1"}, {"longer": put("f", "12"), "gone": drop("f")}, NOTES
    ),
    "getmtime": Kind("import os\nfound = os.path.getmtime('f')", {"f": "1"}, {"touched": touch("f")}, NOTES),
    "stat": Kind(
        "from pathlib import Path\nfound = Path('f').stat().st_mtime", {"f": "1"}, {"touched": touch("f")}, NOTES
    ),
    "newest of a glob": Kind(
        "import glob, os\nfound = open(max(glob.glob('*.csv'), key=os.path.getmtime)).read()",
        {"a.csv": "1", "b.csv": "2"},
        {"touched": touch("a.csv"), "new": put("c.csv"), "gone": drop("b.csv")},
        NOTES,
    ),
    "newest run": Kind(
        "import glob, os\nfound = open(max(glob.glob('runs/*'), key=os.path.getmtime) + '/m.csv').read()",
        TWO,
        {"new": put("runs/c/m.csv"), "gone": drop("runs/a")},
        NOTES,
    ),
    "glob of runs": Kind(
        "import glob\nfound = [open(name).read() for name in sorted(glob.glob('runs/*/m.csv'))]",
        TWO,
        {"changed": put("runs/a/m.csv"), "new": put("runs/c/m.csv"), "run gone": drop("runs/b")},
        NOTES,
    ),
    "rglob": Kind(
        "from pathlib import Path\nfound = [path.read_text() for path in sorted(Path('runs').rglob('*.csv'))]",
        TWO,
        {"new": put("runs/c/d/m.csv"), "gone": drop("runs/b"), "file gone": drop("runs/a/m.csv")},
        NOTES,
    ),
    "walk": Kind(
        "import os\nfound = sorted(name for _, _, names in os.walk('runs') for name in names)",
        TWO,
        {"new": put("runs/a/n.csv"), "gone": drop("runs/b")},
        NOTES,
    ),
    "listdir": Kind(
        "import os\nfound = os.listdir('runs')", TWO, {"new": put("runs/c/m"), "gone": drop("runs/b")}, NOTES
    ),
    "f-string": Kind(
        "name = 'd'\nfound = open(f'in/{name}.csv').read()", {"in/d.csv": "1"}, {"data": put("in/d.csv")}, NOTES
    ),
    "yaml": Kind(
        "import yaml\nfound = open(yaml.safe_load(open('c.yaml'))['data']).read()",
        {"c.yaml": "data: d.csv", "d.csv": "1"},
        {"data": put("d.csv"), "settings": put("c.yaml", "data: 'd.csv'")},
        NOTES,
    ),
    "json": Kind(
        "import json\nfound = json.load(open('d.json'))", {"d.json": "[1]"}, {"data": put("d.json", "[2]")}, NOTES
    ),
    "module": Kind("import lib\nfound = lib.X", {"lib.py": "X = 1"}, {"module": put("lib.py", "X = 2")}, NOTES),
    "package": Kind(
        "from lib.sub import X\nfound = X",
        {"lib/__init__.py": "", "lib/sub.py": "X = 1"},
        {"module": put("lib/sub.py", "X = 2")},
        NOTES,
    ),
    "module elsewhere": Kind(
        "import sys\nsys.path.append('../lib')\nimport far\nfound = far.X",
        {"../lib/far.py": "X = 1"},
        {"module": put("../lib/far.py", "X = 2"), "nearer": put("far.py", "X = 3")},
        NOTES,
    ),
    "shadowed library": Kind(
        "import yaml\nfound = yaml.safe_load('1')", {}, {"shadow": put("yaml.py"), "deeper": put("tempfile.py")}, NOTES
    ),
    "shadowed deep": Kind(
        "import colorsys\nfound = 1", {}, {"shadow": put("colorsys.py")}, {**NOTES, "own": put("mine.py")}
    ),
    "installed packages": Kind(
        "from importlib import metadata\nfound = metadata.version('numpy')", {}, {}, {**NOTES, "csv": put("a.csv")}
    ),
    "metadata of all": Kind(
        "from importlib import metadata\nfound = len(list(metadata.distributions()))",
        {},
        {},
        {**NOTES, "csv": put("a.csv")},
    ),
    "pkgutil": Kind("import pkgutil\nfound = len(list(pkgutil.iter_modules()))", {}, {}, NOTES),
    "makedirs": Kind(
        "import os\nos.makedirs('out', exist_ok=True)\nopen('out/a.txt', 'w').write('1')\nfound = 1", {}, {}, NOTES
    ),
    "cache": Kind(
        "import os\nif not os.path.exists('c.txt'): open('c.txt', 'w').write(open('d.csv').read())\n"
        "found = open('c.txt').read()",
        {"d.csv": "1"},
        {"data": put("d.csv")},
        NOTES,
    ),
    "temporary file": Kind(
        "import tempfile\nwith tempfile.NamedTemporaryFile() as file: found = file.write(b'1')", {}, {}, NOTES
    ),
    "numpy": Kind("import numpy\nfound = numpy.loadtxt('d.csv')", {"d.csv": "1"}, {"data": put("d.csv", "2")}, NOTES),
    "npy": Kind(
        "import numpy\nfound = numpy.fromfile('d.bin', 'u1')", {"d.bin": "1"}, {"data": put("d.bin", "2")}, NOTES
    ),
    "memmap": Kind(
        "import numpy\nfound = numpy.array(numpy.memmap('d.bin', 'u1', 'r'))",
        {"d.bin": "1"},
        {"data": put("d.bin", "2")},
        NOTES,
    ),
    "native": Kind(NATIVE + "found = read('d.bin')", {"d.bin": "1"}, {"data": put("d.bin")}, NOTES),
    "native in a function": Kind(
        NATIVE + "def load(name): return read(f'../shared/{name}.bin')\nfound = load('d')",
        {"../shared/d.bin": "1"},
        {"data": put("../shared/d.bin")},
        NOTES,
    ),
    "native by yaml": Kind(
        "import yaml\n" + NATIVE + "found = read(yaml.safe_load(open('c.yaml'))['data'])",
        {"c.yaml": "data: in/d.bin", "in/d.bin": "1"},
        {"data": put("in/d.bin")},
        NOTES,
    ),
    "native above": Kind(
        "from pathlib import Path\n" + NATIVE + "found = read(Path(__file__).parent.parent / 'shared' / 'd.bin')",
        {"../shared/d.bin": "1"},
        {"data": put("../shared/d.bin")},
        {**NOTES, "other": put("../shared/other.bin")},
    ),
    "native outside": Kind(
        NATIVE + "found = read('../../../outside/d.bin')",
        {"../../../outside/d.bin": "1"},
        {"data": put("../../../outside/d.bin")},
        NOTES,
    ),
    "native in vain": Kind(NATIVE + "found = read('d.bin')", {}, {"comes": put("d.bin")}, NOTES),
    "native glob": Kind(
        NATIVE + "libc.opendir.restype = ctypes.c_void_p\nlibc.opendir(b'in')\nfound = 1",
        {"in/d.bin": "1"},
        {"new": put("in/e.bin")},
        NOTES,
    ),
    "native by argument": Kind(
        "import sys\n" + NATIVE + "found = read(sys.argv[1])",
        {"d.bin": "1", "expt.toml": '[[figure]]\nscript = "plot.py"\nargs = ["d.bin"]\n'},
        {"data": put("d.bin")},
        NOTES,
    ),
    "polars": Kind(
        "import sys\nsys.path.append('../../../site-packages')\nimport polars\nfound = polars.read('d.bin')",
        {"../../../site-packages/polars.py": NATIVE, "d.bin": "1"},
        {"data": put("d.bin")},
        NOTES,
    ),
    "arrow": Kind(
        "import pyarrow.csv\nfound = pyarrow.csv.read_csv('in/d.csv').to_pydict()",
        {"in/d.csv": "a\n1\n"},
        {"data": put("in/d.csv", "a\n2\n")},
        {**NOTES, "other": put("in/e.csv")},
    ),
    "arrow dataset": Kind(
        "import pyarrow.dataset as ds\nfound = ds.dataset('in', format='csv').to_table().to_pydict()",
        {"in/d.csv": "a\n1\n"},
        {"data": put("in/d.csv", "a\n2\n"), "new": put("in/e.csv", "a\n2\n")},
        NOTES,
    ),
    "sqlite": Kind(
        "import sqlite3\nfound = sqlite3.connect('d.db').execute('select name from sqlite_master').fetchall()",
        {"d.db": ""},
        {"data": lambda folder: make_database(folder / "d.db")},
        NOTES,
    ),
    "sqlite attach": Kind(
        "import sqlite3\nc = sqlite3.connect(':memory:')\nc.execute('attach ? as x', ('in/d.db',))\n"
        "found = c.execute('select name from x.sqlite_master').fetchall()",
        {"in/d.db": ""},
        {"data": lambda folder: make_database(folder / "in/d.db")},
        NOTES,
    ),
    "openpyxl": Kind(
        "import os, openpyxl\n"
        "found = 1 if not os.path.exists('d.xlsx') else openpyxl.load_workbook('d.xlsx').sheetnames",
        {},
        {"comes": lambda folder: make_workbook(folder / "d.xlsx")},
        NOTES,
    ),
    "gzip": Kind("import gzip\nfound = gzip.open('d.gz')", {"d.gz": "1"}, {"data": put("d.gz")}, NOTES),
    "zip": Kind("import zipfile\nfound = zipfile.is_zipfile('d.zip')", {"d.zip": "1"}, {"data": put("d.zip")}, NOTES),
    "configparser": Kind(
        "import configparser\nfound = configparser.ConfigParser().read(['a.ini', 'b.ini'])",
        {"a.ini": "[a]"},
        {"data": put("a.ini", "[b]"), "comes": put("b.ini", "[c]")},
        NOTES,
    ),
    "other program": Kind(
        "import subprocess\nfound = subprocess.run(['cat', 'd.csv'], capture_output=True).stdout",
        {"d.csv": "1"},
        {"data": put("d.csv")},
        NOTES,
    ),
    "shell": Kind(
        "import os\nfound = os.popen('cat in/*.csv').read()",
        {"in/d.csv": "1"},
        {"data": put("in/d.csv"), "new": put("in/e.csv")},
        NOTES,
    ),
    "other Python": Kind(
        "import subprocess, sys\nfound = subprocess.run([sys.executable, 'part.py'], capture_output=True).stdout",
        {"part.py": "print(open('d.csv').read())", "d.csv": "1"},
        {"data": put("d.csv"), "part": put("part.py", "print(2)")},
        NOTES,
    ),
    "other Python after native": Kind(
        f"import subprocess, sys\n{NATIVE}found = read('d.csv')\nsubprocess.run([sys.executable, 'part.py'])",
        {"part.py": "import json.tool, other", "other.py": "", "d.csv": "1"},
        {"data": put("d.csv"), "other": put("other.py", "X = 1")},
        NOTES,
    ),
    "isolated Python": Kind(
        "import subprocess, sys\ncommand = [sys.executable, '-I', '-c', 'print(open(\"d.csv\").read())']\n"
        "found = subprocess.run(command, capture_output=True).stdout",
        {"d.csv": "1"},
        {"data": put("d.csv")},
        NOTES,
    ),
    "git": Kind("import subprocess\nfound = subprocess.run(['git', '--version']).returncode", {}, {}, NOTES),
    "processes": Kind(
        "from multiprocessing import get_context\n"
        "with get_context('fork').Pool(2) as pool: found = pool.map(len, [open('d.csv').read()])",
        {"d.csv": "1"},
        {"data": put("d.csv", "12")},
        NOTES,
    ),
    "threads": Kind(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor() as pool: found = list(pool.map(open, ['a.csv', 'b.csv']))",
        {"a.csv": "1", "b.csv": "1"},
        {"data": put("b.csv")},
        NOTES,
    ),
    "chdir": Kind(
        "import os\nos.chdir('in')\nfound = open('d.csv').read()\nos.chdir('..')",
        {"in/d.csv": "1"},
        {"data": put("in/d.csv")},
        NOTES,
    ),
    "matplotlib": Kind(
        "import matplotlib.pyplot as p\nfound = p.plot([1])",
        {},
        {"look": put("matplotlibrc", "lines.linewidth: 3")},
        NOTES,
    ),
    "style": Kind(
        "import matplotlib.pyplot as p\np.style.use('own.mplstyle')\nfound = 1",
        {"own.mplstyle": "lines.linewidth: 3"},
        {"style": put("own.mplstyle", "lines.linewidth: 4")},
        NOTES,
    ),
    "picture": Kind(
        "from PIL import Image\nfound = Image.open('in/a.png').size",
        {"in/b.txt": ""},
        {"data": lambda folder: make_picture(folder, 2)},
        NOTES,
        [lambda folder: make_picture(folder, 1)],
    ),
}


def make_picture(folder: Path, size: int) -> None:
    from PIL import Image

    Image.new("L", (size, size)).save(folder / "in/a.png")


def make_database(path: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("create table t (x)")
    connection.commit()
    connection.close()


def make_workbook(path: Path) -> None:
    from openpyxl import Workbook

    Workbook().save(path)


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    with LocalExecutor(1) as found:
        yield found


def bring(base: Path, executor: LocalExecutor) -> Report:
    return update(scan(base), FigureSettings(), base.parent / "state", lambda job: executor.submit(run_job, job))


def missed_or_needless(kind: Kind, tmp_path: Path, executor: LocalExecutor) -> list[str]:
    """Draw it, and change what matters and what does not; say what was not as it should be."""
    folder, base = tmp_path / "record/expts/a", tmp_path / "record"
    for path, text in {"index.rst": log("loss.svg"), **kind.files}.items():
        put(path, text)(folder)
    for make in kind.first:
        make(folder)
    (folder / "plot.py").write_text(f"{kind.script}\n{DRAW}")
    assert bring(base, executor).ran, "it was not drawn at first"
    assert not [problem.message for problem in bring(base, executor).problems]
    wrong = [] if not bring(base, executor).ran else ["needless: nothing has changed"]
    for what, change in kind.fresh.items():
        change(folder)
        wrong += [f"needless: {what}"] if bring(base, executor).ran else []
    for what, change in kind.stale.items():
        change(folder)
        wrong += [f"missed: {what}"] if not bring(base, executor).ran else []
    return wrong


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere more counts than was read")
@pytest.mark.parametrize("name", KINDS)
def test_what_a_script_depends_on_is_known(name: str, tmp_path: Path, executor: LocalExecutor):
    assert missed_or_needless(KINDS[name], tmp_path, executor) == []
