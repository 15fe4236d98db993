"""Kinds of script, continued: libraries that open files themselves, by each way in which a script may name a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from exptdir.figures.run.runner import LocalExecutor
from tests.figures.test_kinds import NATIVE, NOTES, Change, Kind, missed_or_needless, put
from tests.figures.test_kinds import executor as executor

#: Stand-ins for what need not be installed; what reads is the C library, for them as for us.
LIBRARIES = ("polars", "duckdb", "h5py", "netCDF4", "zarr", "fastparquet")
ABOVE = "Path(__file__).parent.parent / 'shared' / 'd.bin'"
#: How a script names the file, where that lies, and what else is needed.
WAYS: dict[str, tuple[str, str, dict[str, str]]] = {
    "argument": ("'d.bin'", "d.bin", {}),
    "f-string": ("f'in/{chr(100)}.bin'", "in/d.bin", {}),
    "yaml": ("__import__('yaml').safe_load(open('c.yaml'))['data']", "in/d.bin", {"c.yaml": "data: in/d.bin"}),
    "above": (ABOVE, "../shared/d.bin", {}),
    "outside": ("'../../../outside/d.bin'", "../../../outside/d.bin", {}),
    "pattern": ("sorted(Path('in').glob('*.bin'))[-1]", "in/d.bin", {}),
    "query": ("f\"{'d.bin'!s}\".replace('x', 'y')", "d.bin", {}),
}
KINDS: dict[str, Kind] = {}
for number, library in enumerate(LIBRARIES):
    for at, (way, (expression, place, files)) in enumerate(WAYS.items()):
        # `make fuzz` tries each library with each way; here each has one.
        if number == at or "EXPTDIR_FUZZ" in os.environ:
            begin = "import sys\nfrom pathlib import Path\nsys.path.append('../../../site-packages')\n"
            script = f"{begin}import {library}\nfound = {library}.read({expression})"
            stale: dict[str, Change] = {"data": put(place)}
            if way == "pattern":
                stale["new"] = put("in/e.bin")
            written = {f"../../../site-packages/{library}.py": NATIVE, place: "1", **files}
            KINDS[f"{library} {way}"] = Kind(script, written, stale, NOTES)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere more counts than was read")
@pytest.mark.parametrize("name", KINDS)
def test_what_a_library_opens_itself_is_known(name: str, tmp_path: Path, executor: LocalExecutor) -> None:
    assert missed_or_needless(KINDS[name], tmp_path, executor) == []
