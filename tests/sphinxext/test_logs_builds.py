"""Logs in other forms, built again and again: incremental as clean, serial as parallel, members of the record."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sphinxext.building import Site, words, write
from tests.sphinxext.test_incremental import assert_same, run_sphinx, wrote_pages

YEARS = "".join(f"## {year}-05-{day:02} sown\n\nwet\n\n" for year in (2020, 2021) for day in (3, 9))
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
    "expts/6_long/README.md": YEARS + "## 2022-05-03\n\nsee 2020-05-09 notes\n",
    "expts/6_long/expt.toml": '[log]\nformat = "journal"\nsplit = "year"\n',
    "expts/7_shown/notes.rst": "Shown\n=====\n\n.. expt-log:: years.txt\n   :split: year\n\n:expt:`6@2021-05-09`\n",
    "expts/7_shown/years.txt": YEARS.replace("## ", "").replace(" sown", "\n---"),
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
    "a year": text("expts/6_long/README.md", FILES["expts/6_long/README.md"] + "## 2023-01-01\n\nlate\n"),
    "a year goes": text("expts/6_long/README.md", FILES["expts/6_long/README.md"].replace("2021", "2020")),
    "another title": text("expts/6_long/expt.toml", 'title = "Six"\n[log]\nformat = "journal"\nsplit = "year"\n'),
    "a log on one page": text("expts/6_long/expt.toml", '[log]\nformat = "journal"\n'),
    "a day of a year": text("expts/7_shown/years.txt", FILES["expts/7_shown/years.txt"] + "2021-06-01\n---\n\ndry\n"),
    "a page of the author's": text("expts/7_shown/years-2020.md", "# Mine\n"),
    "that page goes": lambda base: (base / "expts/7_shown/years-2020.md").unlink(),
    "a log that is not split": text("expts/7_shown/notes.rst", "Shown\n=====\n\n.. expt-log:: years.txt\n"),
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


def test_a_split_log_is_one_member_of_the_record_on_several_pages(tmp_path: Path) -> None:
    index = "# Home\n\nSee {expt}`6@2020-05-09` and {expt}`7@2021-05-03`.\n\n```{expt-journal}\n```\n"
    built = Site(tmp_path).build(files={**FILES, "index.md": index})
    assert built.warnings == ""
    own = built.body("expts/6_long/README")
    parts = [(words(item), item.a["href"]) for item in own.select(".exptdir-log-parts > li")]
    assert parts == [
        ("2020 2020-05-03 – 2020-05-09 · 2 entries · 4 lines", "README-2020.html"),
        ("2021 2021-05-03 – 2021-05-09 · 2 entries · 4 lines", "README-2021.html"),
        ("2022 2022-05-03 · 1 entry · 2 lines", "README-2022.html"),
    ]
    assert "wet" not in words(own)
    places = [
        "expts/6_long/README-2020.html#entry-2020-05-09",
        "expts/7_shown/years-2021.html#entry-2021-05-03",
    ]
    home = built.body("index")
    assert [link["href"] for link in home.select("p > a.exptdir-ref")] == places
    # The journal has each entry once, and leads to the same places.
    shown = [link["href"] for link in home.select(".exptdir-journal a[href*='#entry-2020-05-09']")]
    assert {link.partition("#")[0] for link in shown} == {places[0].partition("#")[0], "expts/7_shown/years-2020.html"}
    for place in places:
        page, _, anchor = place.partition("#")
        assert built.page(page.removesuffix(".html")).select(f"section[id='{anchor}'], [id='{anchor}']") != []
    last = built.page("expts/6_long/README-2022")
    assert words(last.select_one("h1")) == "README.md: 2022"
    assert [link["href"] for link in last.select("section section a.reference")] == [
        "README-2020.html#entry-2020-05-09"
    ]
    assert last.select_one("link[rel='prev']")["href"] == "README-2021.html"
    assert last.select_one("link[rel='next']")["href"] == "../7_shown/notes.html"
    assert "#6" in words(last.select_one("li.current"))
    # Who cites an entry of a part is told on the log's own page.
    assert "Shown" in words(own.select_one(".exptdir-cited-by"))
    inventory = zlib.decompress((built.out / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode()
    assert "\n6@2020-05-09 expt:entry 1 expts/6_long/README-2020.html#entry-2020-05-09 " in inventory
    assert not (built.out / "_sources" / "expts" / "6_long" / "README-2020.md.txt").exists()


def test_a_log_that_cannot_be_split_is_shown_whole_and_says_so(tmp_path: Path) -> None:
    page = "Page\n====\n\n.. expt-log:: days.txt\n   :split: year\n"
    files = {"expts/1_a/notes.rst": page, "expts/1_a/days.txt": "2024-05-01\n---\n\nwet\n", "expts/1_a/x.rst": page}
    built = Site(tmp_path).build(files={"conf.py": FILES["conf.py"], "index.md": "# Home\n", **files})
    assert "notes.rst:4: WARNING: days.txt is not split by year: it has no two parts" in built.warnings
    assert "x.rst:4: WARNING: days.txt is not split by year" in built.warnings
    assert "wet" in words(built.body("expts/1_a/notes"))
