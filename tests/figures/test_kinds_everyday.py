"""Kinds of script, continued: what scientists do every day to get at their data."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import shelve
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from exptdir.figures.run.runner import LocalExecutor
from tests.figures.test_kinds import NOTES, Change, Kind, make_database, missed_or_needless, put, touch
from tests.figures.test_kinds import executor as executor


def give(name: str, content: bytes) -> Change:
    """Give a file other bytes."""

    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    return change


def lead(name: str, target: str) -> Change:
    """Have a link lead elsewhere."""

    def change(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return change


def packed(kind: str, text: bytes) -> bytes:
    held = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("d.csv", text)
    elif kind == "tar":
        with tarfile.open(fileobj=held, mode="w:gz") as tar:
            member = tarfile.TarInfo("d.csv")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    elif kind == "npz":
        np.savez(held, x=np.frombuffer(text, "u1"))
    elif kind == "npy":
        np.save(held, np.frombuffer(text, "u1"))
    else:
        return {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "pkl": pickle.dumps}[kind](text)
    return held.getvalue()


def kept(folder: Path, text: str) -> None:
    with shelve.open(str(folder / "d")) as shelf:
        shelf["x"] = text


KINDS: dict[str, Kind] = {}


def add(name: str, script: str, first: list[Change], stale: dict[str, Change], **files: str) -> None:
    KINDS[name] = Kind(script, files, stale, NOTES, first)


for suffix, read in {
    "gz": "import gzip, json\nfound = [json.loads(line) for line in gzip.open('d.gz')]",
    "bz2": "import bz2\nfound = bz2.open('d.bz2', 'rt').read()",
    "xz": "import lzma\nfound = lzma.open('d.xz').read()",
    "pkl": "import pickle\nfound = pickle.load(open('d.pkl', 'rb'))",
    "zip": "import zipfile\nfound = zipfile.ZipFile('d.zip').read('d.csv')",
    "tar": "import tarfile\nfound = tarfile.open('d.tar').extractfile('d.csv').read()",
    "npz": "import numpy\nfound = numpy.load('d.npz')['x']",
    "npy": "import numpy\nfound = numpy.load('d.npy', mmap_mode='r')[:3].tolist()",
}.items():
    before, after = (give(f"d.{suffix}", packed(suffix, text)) for text in (b"111", b"222"))
    add(f"packed {suffix}", read, [before], {"data": after})

add(
    "zip on the module path",
    "import sys\nsys.path.insert(0, 'lib.zip')\nimport zipfile\nfound = zipfile.ZipFile('lib.zip').namelist()",
    [give("lib.zip", packed("zip", b"1"))],
    {"data": give("lib.zip", packed("zip", b"2"))},
)
add(
    "shelf",
    "import shelve\nfound = dict(shelve.open('d', 'r'))",
    [lambda folder: kept(folder, "1")],
    {"data": lambda folder: kept(folder, "2")},
)
add(
    "sqlite read only",
    "import sqlite3\nc = sqlite3.connect('file:d.db?mode=ro', uri=True)\n"
    "found = c.execute('select name from sqlite_master').fetchall()",
    [],
    {"data": lambda folder: make_database(folder / "d.db")},
    **{"d.db": ""},
)
add(
    "link to a file",
    "found = open('latest.csv').read()",
    [lead("latest.csv", "a.csv")],
    {"leads elsewhere": lead("latest.csv", "b.csv"), "data": put("b.csv", "3")},
    **{"a.csv": "1", "b.csv": "2"},
)
add(
    "link to a directory",
    "found = open('latest/m.csv').read()",
    [lead("latest", "runs/a")],
    {"leads elsewhere": lead("latest", "runs/b"), "data": put("runs/b/m.csv", "3")},
    **{"runs/a/m.csv": "1", "runs/b/m.csv": "2"},
)
add(
    "readlink",
    "import os\nfound = os.readlink('latest')",
    [lead("latest", "runs/a")],
    {"leads elsewhere": lead("latest", "runs/b")},
    **{"runs/a/m.csv": "1", "runs/b/m.csv": "1"},
)
add(
    "resolve",
    "from pathlib import Path\nfound = Path('latest').resolve().name",
    [lead("latest", "runs/a")],
    {"leads elsewhere": lead("latest", "runs/b")},
    **{"runs/a/m.csv": "1", "runs/b/m.csv": "1"},
)
PLAIN = {
    "runpy": ("import runpy\nfound = runpy.run_path('part.py')['X']", {"part.py": "X = 1"}, put("part.py", "X = 2")),
    "runpy module": (
        "import runpy\nfound = runpy.run_module('part')['X']",
        {"part.py": "X = 1"},
        put("part.py", "X = 2"),
    ),
    "exec": ("exec(open('part.py').read())\nfound = X", {"part.py": "X = 1"}, put("part.py", "X = 2")),
    "by location": (
        "from importlib.util import module_from_spec, spec_from_file_location as at\ns = at('part', '../lib/part.py')\n"
        "m = module_from_spec(s); s.loader.exec_module(m)\nfound = m.X",
        {"../lib/part.py": "X = 1"},
        put("../lib/part.py", "X = 2"),
    ),
    "reload": (
        "import importlib, part\nimportlib.reload(part)\nfound = part.X",
        {"part.py": "X = 1"},
        put("part.py", "X = 2"),
    ),
    "resources": (
        "from importlib.resources import files\nfound = files('lib').joinpath('c.toml').read_text()",
        {"lib/__init__.py": "", "lib/c.toml": "a = 1"},
        put("lib/c.toml", "a = 2"),
    ),
    "get_data": (
        "import pkgutil\nfound = pkgutil.get_data('lib', 'c.toml')",
        {"lib/__init__.py": "", "lib/c.toml": "a = 1"},
        put("lib/c.toml", "a = 2"),
    ),
    "by a helper": (
        "import sys\nsys.path.append('../lib')\nfrom helper import load\nfound = load('d.csv')",
        {"../lib/helper.py": "def load(name): return open(name).read()", "d.csv": "1"},
        put("d.csv", "2"),
    ),
    "beside a helper": (
        "import sys\nsys.path.append('../lib')\nfrom helper import load\nfound = load()",
        {
            "../lib/helper.py": "import os\ndef load(): return open(os.path.dirname(__file__) + '/t').read()",
            "../lib/t": "1",
        },
        put("../lib/t", "2"),
    ),
    "linecache": ("import linecache\nfound = linecache.getline('d.csv', 1)", {"d.csv": "1\n"}, put("d.csv", "2\n")),
    "fileinput": (
        "import csv, fileinput\nfound = list(csv.reader(fileinput.input(['d.csv'])))",
        {"d.csv": "1"},
        put("d.csv", "2"),
    ),
    "descriptor": ("import os\nfound = os.read(os.open('d.csv', os.O_RDONLY), 9)", {"d.csv": "1"}, put("d.csv", "2")),
    "directory descriptor": (
        "import os\nat = os.open('in', os.O_RDONLY)\nfound = os.read(os.open('d.csv', os.O_RDONLY, dir_fd=at), 9)",
        {"in/d.csv": "1"},
        put("in/d.csv", "2"),
    ),
    "scandir of a descriptor": (
        "import os\nat = os.open('in', os.O_RDONLY)\nfound = sorted(os.listdir(at))",
        {"in/d.csv": "1"},
        put("in/e.csv"),
    ),
    "stat of a descriptor": (
        "import os\nat = os.open('d.csv', os.O_RDONLY)\nfound = os.fstat(at).st_size",
        {"d.csv": "1"},
        put("d.csv", "22"),
    ),
    "scandir sizes": (
        "import os\nfound = sorted(e.stat().st_size for e in os.scandir('in'))",
        {"in/d.csv": "1"},
        put("in/d.csv", "22"),
    ),
    "scandir times": (
        "import os\nfound = max((e.stat().st_mtime, e.name) for e in os.scandir('in'))[1]",
        {"in/d.csv": "1", "in/e.csv": "1"},
        touch("in/d.csv"),
    ),
    "walk sizes": (
        "import os\nfound = sum(os.path.getsize(os.path.join(d, n)) for d, _, ns in os.walk('in') for n in ns)",
        {"in/a/d.csv": "1"},
        put("in/a/d.csv", "22"),
    ),
    "mmap": (
        "import mmap\nfile = open('d.bin', 'rb')\nfound = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)[:]",
        {"d.bin": "1"},
        put("d.bin", "2"),
    ),
    "loadtxt": (
        "import numpy\nfound = numpy.genfromtxt('d.csv', delimiter=',', names=True)['x']",
        {"d.csv": "x,y\n1,2\n3,4"},
        put("d.csv", "x,y\n2,2\n3,4"),
    ),
    "copied first": (
        "import shutil\nshutil.copy('in/d.csv', 'd.tmp')\nfound = open('d.tmp').read()",
        {"in/d.csv": "1"},
        put("in/d.csv", "2"),
    ),
    "results kept": (
        "import os, numpy\nif not os.path.exists('r.npz'): numpy.savez('r.npz', x=numpy.loadtxt('d.csv'))\n"
        "found = numpy.load('r.npz')['x']",
        {"d.csv": "1"},
        put("d.csv", "2"),
    ),
    "results of another": ("import numpy\nfound = numpy.loadtxt('r.txt')", {"r.txt": "1"}, put("r.txt", "2")),
    "awk": (
        "import subprocess\nfound = subprocess.check_output(\"awk '{s += $1} END {print s}' d.csv\", shell=True)",
        {"d.csv": "1"},
        put("d.csv", "2"),
    ),
    "program of the record": (
        "import subprocess\nfound = subprocess.check_output(['sh', 'tool.sh'])",
        {"tool.sh": "echo 1"},
        put("tool.sh", "echo 2"),
    ),
    "a program's arguments": (
        "import subprocess\nfound = subprocess.run(['sort', '-o', 'out.tmp', 'd.csv']) and open('out.tmp').read()",
        {"d.csv": "1"},
        put("d.csv", "2"),
    ),
    "standard input": (
        "import subprocess\nfound = subprocess.check_output(['cat'], stdin=open('d.csv'))",
        {"d.csv": "1"},
        put("d.csv", "2"),
    ),
    "child": (
        "import os\nif not os.fork():\n    open('d.csv').read()\n    os._exit(0)\nos.wait()\nfound = 1",
        {"d.csv": "1"},
        put("d.csv", "2"),
    ),
    "spawned children": (
        "from multiprocessing import get_context\nfrom part import read\nif __name__ == '__main__':\n"
        "    with get_context('spawn').Pool(1) as pool: found = pool.map(read, ['d.csv'])\nelse: found = 1",
        {"part.py": "def read(name): return open(name).read()", "d.csv": "1"},
        put("d.csv", "2"),
    ),
    "process pool": (
        "from concurrent.futures import ProcessPoolExecutor\nfrom part import read\nif __name__ == '__main__':\n"
        "    with ProcessPoolExecutor(1) as pool: found = list(pool.map(read, ['d.csv']))",
        {"part.py": "def read(name): return open(name).read()", "d.csv": "1"},
        put("d.csv", "2"),
    ),
    "asyncio": (
        "import asyncio\nasync def load(): return await asyncio.to_thread(lambda: open('d.csv').read())\n"
        "found = asyncio.run(load())",
        {"d.csv": "1"},
        put("d.csv", "2"),
    ),
    "late": (
        "import atexit, threading\nfound = 1\n"
        "threading.Timer(0.05, lambda: open('d.csv').read()).start()\natexit.register(lambda: open('e.csv').read())",
        {"d.csv": "1", "e.csv": "1"},
        put("e.csv", "2"),
    ),
    "toml": ("import tomllib\nfound = tomllib.load(open('c.toml', 'rb'))", {"c.toml": "a = 1"}, put("c.toml", "a = 2")),
    "xml": (
        "from xml.etree import ElementTree\nfound = ElementTree.parse('d.xml').getroot().tag",
        {"d.xml": "<a/>"},
        put("d.xml", "<b/>"),
    ),
    "url of a file": (
        "from urllib.request import urlopen\nimport os\nfound = urlopen('file://' + os.path.abspath('d.csv')).read()",
        {"d.csv": "1"},
        put("d.csv", "2"),
    ),
    "file of a list": (
        "found = [open(line.strip()).read() for line in open('list.txt')]",
        {"list.txt": "in/a.csv\n", "in/a.csv": "1"},
        put("in/a.csv", "2"),
    ),
    "environment file": (
        "import os\nif os.path.exists('.env'): os.environ.update(l.strip().split('=') for l in open('.env'))\n"
        "found = open(os.environ.get('DATA', 'd.csv')).read()",
        {".env": "DATA=in/d.csv\n", "in/d.csv": "1", "d.csv": "0"},
        put(".env", "DATA=d.csv\n"),
    ),
    "style library": (
        "import matplotlib.pyplot as p\nwith p.style.context(['default', './own.mplstyle']): found = str(p.rcParams)",
        {"own.mplstyle": "lines.linewidth: 3"},
        put("own.mplstyle", "lines.linewidth: 4"),
    ),
    "rc file": (
        "import matplotlib\nfound = matplotlib.rc_params_from_file('rc', use_default_template=False)",
        {"rc": "lines.linewidth: 3"},
        put("rc", "lines.linewidth: 4"),
    ),
    "cbook": (
        "import matplotlib.cbook as c\nfound = c.get_sample_data(__import__('os').path.abspath('d.csv')).read()",
        {"d.csv": "1"},
        put("d.csv", "2"),
    ),
    "first that is there": (
        "import os\nfound = open(next(n for n in ('a.csv', 'b.csv', 'c.csv') if os.path.exists(n))).read()",
        {"c.csv": "1"},
        put("b.csv", "2"),
    ),
    "try another": (
        "try: found = open('a.csv').read()\nexcept FileNotFoundError: found = open('b.csv').read()",
        {"b.csv": "1"},
        put("a.csv", "2"),
    ),
    "match": (
        "from pathlib import Path\nfound = [p.read_text() for p in sorted(Path('in').iterdir()) if p.match('d*.csv')]",
        {"in/d1.csv": "1"},
        put("in/d2.csv", "2"),
    ),
    "nested glob": (
        "import glob\nfound = [open(p).read() for p in sorted(glob.glob('runs/**/m.csv', recursive=True))]",
        {"runs/a/b/m.csv": "1"},
        put("runs/a/c/m.csv", "2"),
    ),
    "glob from a root": (
        "import glob\nfound = [open('runs/' + p).read() for p in sorted(glob.glob('*/m.csv', root_dir='runs'))]",
        {"runs/a/m.csv": "1"},
        put("runs/c/m.csv", "2"),
    ),
    "glob of letters": (
        "import glob\nfound = [open(p).read() for p in sorted(glob.glob('s[0-9].csv'))]",
        {"s1.csv": "1"},
        put("s2.csv", "2"),
    ),
    "home": (
        "import os\nos.environ['HOME'] = os.path.abspath('../home')\nfound = open(os.path.expanduser('~/d.csv'))",
        {"../home/d.csv": "1"},
        put("../home/d.csv", "2"),
    ),
    "rename of data": (
        "import os\nif os.path.exists('new.csv'): os.replace('new.csv', 'd.csv')\nfound = open('d.csv').read()",
        {"d.csv": "1"},
        put("new.csv", "2"),
    ),
    "access": ("import os\nfound = os.access('run.done', os.R_OK)", {}, put("run.done", "")),
    "what cannot be": (
        "import os\nfound = os.path.exists('x' * 5000), os.path.exists('\\0'), os.path.isfile('d.csv')",
        {},
        put("d.csv"),
    ),
    "disk usage": (
        "from pathlib import Path\nfound = sum(p.stat().st_size for p in Path('in').rglob('*') if p.is_file())",
        {"in/a/d.csv": "1"},
        put("in/a/d.csv", "22"),
    ),
    "filecmp": (
        # Files of the same time and size, as they may be here, are otherwise not even read.
        "import filecmp\nfound = filecmp.cmp('a.csv', 'b.csv', shallow=False)",
        {"a.csv": "1", "b.csv": "1"},
        put("b.csv", "2"),
    ),
    "hash of a file": (
        "import hashlib\nfound = hashlib.file_digest(open('d.csv', 'rb'), 'md5').hexdigest()",
        {"d.csv": "1"},
        put("d.csv", "2"),
    ),
    "codecs": (
        "import codecs\nfound = codecs.open('d.csv', encoding='latin1').read()",
        {"d.csv": "1"},
        put("d.csv", "2"),
    ),
    "tofile": (
        "import numpy\nnumpy.arange(3).tofile('x.bin')\nfound = numpy.fromfile('x.bin') * float(open('d.csv').read())",
        {"d.csv": "1"},
        put("d.csv", "2"),
    ),
}
for name, (script, files, change) in PLAIN.items():
    add(name, script, [], {"changed": change}, **files)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere more counts than was read")
@pytest.mark.parametrize("name", KINDS)
def test_what_a_script_depends_on_is_known(name: str, tmp_path: Path, executor: LocalExecutor) -> None:
    assert missed_or_needless(KINDS[name], tmp_path, executor) == []
