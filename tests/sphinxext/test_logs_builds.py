"""Logs in other forms, built again and again: incremental as clean, serial as parallel, members of the record."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sphinxext.building import Site, words, write
from tests.sphinxext.test_incremental import assert_same, run_sphinx, wrote_pages

BRACES = "2022/5/26 {\n    2022_m05_d25@10_00_00_wide\n        good\n}\n5/30 {\n    see 5/26 notes\n}\n"
FILES = {
    "conf.py": 'project = "Sample"\nextensions = ["exptdir"]\nhtml_theme = "basic"\n',
    "index.md": "# Home\n\nSee {expt}`1@2022-05-30`, {expt}`1/2022_m05_d25@10_00_00_wide`, {expt}`2/b/13-1`,"
    " {expt}`3/2` and {expt}`3@2024-05-07`.\n",
    "expts/1_days/notes.txt": BRACES,
    "expts/1_days/expt.toml": '[log]\nruns = "runs"\n',
    "expts/1_days/runs/2022_m05_d25@10_00_00_wide/commit.txt": "abc\n",
    "expts/2_sweep/README.md": "**[`b/13`](13.yaml)**\n\nWide.\n\n**[`b/14`](14.yaml)**\n\n- `b/13-1` is as `b/13`.\n",
    "expts/2_sweep/expt.toml": '[log]\nformat = "runs"\n',
    "expts/2_sweep/13.yaml": "lr: 1\n",
    "expts/3_table/log.csv": "run,date,log\n1,2024-05-06,warm\n2,2024-05-07,same as 1 but cold\n",
    "expts/4_page/notes.rst": "Page\n====\n\n.. expt-log:: versions.txt\n\nAfter :expt:`2/b/14`.\n",
    "expts/4_page/versions.txt": "v0\n--\nSmall.\n\nv1\n--\nAs v0.\n",
}
Edit = Callable[[Path], None]


def text(path: str, content: str) -> Edit:
    return lambda base: write(base, {path: content})


EDITS: dict[str, Edit] = {
    "a line": text("expts/1_days/notes.txt", BRACES.replace("good", "better")),
    "a day": text("expts/1_days/notes.txt", BRACES + "6/1 {\n    more\n}\n"),
    "a run directory": text("expts/1_days/runs/2022_m05_d30@10_00_00_narrow/commit.txt", "def\n"),
    "a file of a run": text("expts/1_days/runs/2022_m05_d25@10_00_00_wide/remark.txt", "odd\n"),
    "a configuration": text("expts/2_sweep/13.yaml", "lr: 2\n"),
    "a configuration that was not there": text("expts/2_sweep/14.yaml", "lr: 3\n"),
    "a row": text("expts/3_table/log.csv", FILES["expts/3_table/log.csv"] + "3,2024-05-08,same as 2\n"),
    "another format": text("expts/2_sweep/expt.toml", '[log]\nformat = "journal"\n'),
    "no format": text("expts/2_sweep/expt.toml", ""),
    "a new log": text("expts/5_new/journal.org", "* 2024-06-01\nseen\n* 2024-06-02\n"),
    "a page in its place": text("expts/5_new/notes.md", "# New\n\n{expt}`3/3`\n"),
    "a log that a page shows": text("expts/4_page/versions.txt", "v0\n--\nSmall.\n\nv1\n--\nAs v0.\n\nv2\n--\n"),
    "a page goes": lambda base: (base / "expts/4_page/notes.rst").unlink(),
    "an experiment goes": lambda base: shutil.rmtree(base / "expts/1_days"),
}


@pytest.mark.slow
def test_a_build_after_each_edit_equals_a_clean_one(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write(source, FILES)
    run_sphinx(source, tmp_path / "out")
    for name, edit in EDITS.items():
        edit(source)
        run_sphinx(source, tmp_path / "out")
        shutil.rmtree(tmp_path / "clean", ignore_errors=True)
        run_sphinx(source, tmp_path / "clean")
        assert_same(tmp_path / "out", tmp_path / "clean", name)


def test_serial_equals_parallel_and_nothing_is_done_twice(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write(source, FILES)
    for number in range(10, 20):
        write(source, {f"expts/{number}_more/notes.txt": BRACES})
        write(source, {f"expts/{number + 20}_more/log.csv": "run,x,y\n1,2,3\n"})
    run_sphinx(source, tmp_path / "serial", "-j1")
    run_sphinx(source, tmp_path / "parallel", "-j4", seed=7)
    assert_same(tmp_path / "serial", tmp_path / "parallel")
    printed = run_sphinx(source, tmp_path / "serial")
    assert "0 added, 0 changed, 0 removed" in printed, printed
    assert not wrote_pages(printed)


def test_entries_and_runs_are_members_of_the_record(tmp_path: Path) -> None:
    site = Site(tmp_path)
    built = site.build(files=FILES)
    links = [link["href"] for link in built.body("index").select("a.exptdir-ref")]
    assert links == [
        "expts/1_days/notes.html#entry-2022-05-30",
        "expts/1_days/notes.html#run-2022_m05_d25@10_00_00_wide",
        "expts/2_sweep/README.html#run-b-13-1",
        "expts/3_table/log.html#run-2",
        "expts/3_table/log.html#entry-2024-05-07",
    ]
    for link in links:
        page, _, anchor = link.partition("#")
        assert built.page(page.removesuffix(".html")).select(f"[id='{anchor}']") != []
    inventory = zlib.decompress((built.out / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode()
    for name in ("1@2022-05-30", "2/b/13-1", "3/2", "3@2024-05-07", "4/v1"):
        assert f"\n{name} expt:" in inventory
    found = (built.out / "searchindex.js").read_text("utf-8")
    assert "#3/2" in found
    assert '"cold"' in found or "cold:" in found
    assert "Page" in words(built.body("expts/2_sweep/README").select_one(".exptdir-cited-by"))
