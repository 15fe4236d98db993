"""The scripts of data tables: on the pages that have some, with a library that comes and goes with them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.sphinxext.building import Site

TABLE = ".. datatable:: r.csv\n"
DATA = "run,loss\na,1\nb,2\n"
LIBRARY = "_static/exptdir-datatables.js"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.write(
        {
            "index.rst": "Home\n====\n\n.. toctree::\n\n   other\n\n" + TABLE,
            "other.rst": "Other\n=====\n\n====  ====\na     b\n====  ====\n1     2\n====  ====\n",
            "r.csv": DATA,
        }
    )
    return site


def assets(html: str) -> list[str]:
    return re.findall(r"_static/(exptdir-tables[\w-]*\.(?:css|js))", html)


def test_only_pages_with_data_tables_load_their_scripts(site: Site) -> None:
    built = site.build()
    assert assets(built.html()) == [
        "exptdir-tables.css",
        "exptdir-tables-cells.js",
        "exptdir-tables-rows.js",
        "exptdir-tables.js",
    ]
    assert assets(built.html("other")) == []
    # The library is loaded by the scripts.
    assert LIBRARY not in built.html()


def test_the_library_is_the_module_of_its_package_with_all_licences(site: Site) -> None:
    script = (site.build().out / LIBRARY).read_text("utf-8")
    assert "Copyright (c) 2019" in script
    assert "DataTables 2" in script.partition("window.exptdirDataTables")[0]
    module = json.loads(re.search(r'new Blob\(\[(".*")\], ', script)[1])
    assert re.search(r"export\s*\{[^}]*\bas default\b", module)
    # Nothing in a page from a file may ask another site for it.
    assert not re.search(r"""(import|from)\s*\(?["']https?:""", module)


def test_the_library_goes_with_the_last_table_and_comes_with_the_first(site: Site) -> None:
    built = site.build()
    assert (built.out / LIBRARY).is_file()
    built = built.rebuild({"index.rst": "Home\n====\n\n.. toctree::\n\n   other\n"})
    assert not (built.out / LIBRARY).exists()
    assert assets(built.html()) == []
    built = built.rebuild({"other.rst": "Other\n=====\n\n" + TABLE})
    assert (built.out / LIBRARY).is_file()
    assert assets(built.html("other"))


def test_the_library_is_left_alone_by_a_build_that_changes_nothing(site: Site) -> None:
    built = site.build()
    before = (built.out / LIBRARY).stat().st_mtime_ns
    assert (built.rebuild().out / LIBRARY).stat().st_mtime_ns == before


def test_a_parallel_build_knows_the_same_tables(site: Site) -> None:
    site.write({f"page{n}.rst": f"Page {n}\n======\n\n{TABLE if n % 2 else ''}" for n in range(8)})
    built = site.build(parallel=2)
    assert [bool(assets(built.html(f"page{n}"))) for n in range(8)] == [False, True] * 4
    assert (built.out / LIBRARY).is_file()


@pytest.mark.parametrize("builder", ["singlehtml", "dirhtml"])
def test_other_builders_of_pages_have_the_scripts_too(site: Site, builder: str) -> None:
    built = site.build(builder)
    assert len(assets((built.out / "index.html").read_text("utf-8"))) == 4
    assert (built.out / LIBRARY).is_file()


def test_a_book_has_the_style_sheet_but_no_scripts(site: Site) -> None:
    built = site.build("epub")
    page = (built.out / "index.xhtml").read_text("utf-8")
    assert assets(page) == ["exptdir-tables.css"]
    assert not (built.out / LIBRARY).exists()
