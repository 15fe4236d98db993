"""Damaged copies of files of every format, in a process of its own: no traceback, each ends, no memory eaten."""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook

from exptdir.errors import TableError
from exptdir.tables import TableReader
from tests.limits import ending

DATA = Path(__file__).parent / "data"
#: Damaged copies of each file.
COPIES = 20 * int(os.environ.get("EXPTDIR_FUZZ", "1"))
#: MiB that they may take beyond the libraries, up to those of a suffix. A sheet of an .xls can say that its cells lie
#: anywhere among 65,536 rows and 256 columns, and is laid out before anybody can ask how large it is.
MIB = {".xlsx": 400, ".ods": 400, ".csv": 400, ".parquet": 400, ".xls": 800}
#: What numbers in XML become: the first and the last rows and columns, and beyond.
NUMBERS = (b"0", b"1048576", b"4294967296", b"99999999999999999999", b"-1", b"1e308", b"NaN")


def originals(directory: Path) -> Iterator[Path]:
    """Write a file of each format that something here can write."""
    book = Workbook()
    for row in range(30):
        book.worksheets[0].append([f"run {row}", row * 1.37, row % 2 == 0, f"=B{row + 1}*2"])
    book.worksheets[0].merge_cells("F1:G3")
    book.save(directory / "t.xlsx")
    yield directory / "t.xlsx"
    yield copied(directory, ".ods")
    with (directory / "t.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([[f"run {row}", row * 1.37, 'a "b"', "1,5"] for row in range(30)])
    yield directory / "t.csv"
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"a": list(range(50)), "b": ["x"] * 50}), directory / "t.parquet")
    yield directory / "t.parquet"
    yield copied(directory, ".xls")


def copied(directory: Path, suffix: str) -> Path:
    path = directory / f"t{suffix}"
    path.write_bytes((DATA / f"looks{suffix}").read_bytes())
    return path


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return a copy that is cut off, has wrong bits, or in an archive that is whole, one part with wrong numbers."""
    copy = bytearray(data)
    how = chance.random()
    if how < 0.2:
        return bytes(copy[: chance.randrange(1, len(copy))])
    if how < 0.6 or not data.startswith(b"PK"):
        for _ in range(chance.randrange(1, 20)):
            copy[chance.randrange(len(copy))] = chance.randrange(256)
        return bytes(copy)
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        victim = chance.choice([name for name in old.namelist() if name.endswith(".xml")])
        for name in old.namelist():
            part = old.read(name)
            if name == victim:
                pieces = part.split(b'"')
                for _ in range(chance.randrange(1, 6)):
                    pieces[chance.randrange(len(pieces))] = chance.choice(NUMBERS)
                part = b'"'.join(pieces)
            new.writestr(name, part)
    return target.getvalue()


def read_all(directory: Path) -> dict[str, object]:
    """Read damaged copies of all of them, each of which has to end; return the memory of the process after each."""
    mib: dict[str, float] = {}
    chance, refused, read = random.Random(20261127), 0, 0
    files = list(originals(directory))
    for path in files:
        TableReader().read(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in files:
        data = path.read_bytes()
        for _ in range(COPIES):
            path.write_bytes(damaged(data, chance))
            try:
                with ending():
                    reader = TableReader()
                    for name in reader.open(path).sheet_names(hidden=True) or [None]:
                        reader.read(path, sheet=name, hidden=chance.random() < 0.5)
                read += 1
            except TableError as error:
                assert "\n" not in str(error)
                refused += 1
        mib[path.suffix] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {"mib": mib, "refused": refused, "read": read}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted otherwise")
def test_damaged_files_cost_neither_a_traceback_nor_time_nor_memory(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.tables.test_fuzz_readers", str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    found = json.loads(done.stdout)
    assert {suffix: mib for suffix, mib in found["mib"].items() if mib >= MIB[suffix]} == {}
    # It is damage that has been tried, and damage that is survived.
    assert found["refused"] > COPIES and found["read"] > COPIES / 2


if __name__ == "__main__":
    print(json.dumps(read_all(Path(sys.argv[1]))))
