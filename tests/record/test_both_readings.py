"""What commands read in a record's text is what the built pages say: titles, entries, references, files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from exptdir.logs.files import read_other_log
from exptdir.record.documents import Document
from exptdir.record.home import read_conf
from exptdir.record.scan import scan
from tests.sphinxext.building import Built, Files, Site, write
from tests.sphinxext.random_record import RandomRecord

ROOT = Path(__file__).resolve().parents[2]
SITES = sorted(path for path in (ROOT / "tests/sites").iterdir() if (path / "conf.py").is_file())

#: A record in which all is wrong that can be.
WRONG_CONF = """extensions = ["exptdir"]
exptdir_roots = ["expts", "none"]
exptdir_entry_list = "sideways"
exptdir_statuses = ["new"]
"""
WRONG: Files = {
    "index.md": "# P\n\n{expt}`99` {cell}`expts/1_a/none.csv!A1`\n\n"
    "{cell}`expts/1_a/nul.csv!A1` {cell}`expts/1_a/no.xlsx!A1`\n",
    "expts/0012_bold/notes.rst": "Bold\n====\n\n**2024-01-19: began**\n\nText.\n\n2024-01-20:\n\nMore.\n",
    "latin.rst": ":orphan:\n\nCafé\n====\n".encode("latin-1"),
    "expts/1_a/index.md": """---
status: weird
id: 7
title: Other
---
# First

## 2042-05-20: Sown

## 2042-05-21: And

## May 22: x

## Thoughts

## 2024-01-01

### 05/06/2024: dubious

## 13/01/2024: y

## 01/14/2024: z

{expt}`1` {expt}`1@2024-01-02` {expt}`7/v9` {expt}`x` {download}`no.bin` {cell}`none.csv!A1`

![a](none.svg)

```{datatable} nul.csv
```

```{datatable} empty.csv
```

```{datatable} no.xlsx
```

```{datatable} directory
```

```{protocol} a.txt
```

```{literalinclude} no.py
```

```{figure} no.png
```
""",
    "expts/1_a/nul.csv": b"a,b\n\0,1\n",
    "expts/1_a/empty.csv": "",
    "expts/1_a/no.xlsx": "hello",
    "expts/1_a/directory/x": "",
    "expts/0002_second/index.rst": """:prerequisites: 3 99

Second
======

32 May 2024: no
---------------

31/02/2024
----------

:expt:`2@2024-02-31` :expt:`gone` :expt:`same` :cell:`none.csv!A1` :download:`no.bin`

.. image:: no.*

.. datatable:: nul.csv

.. update:: 2042/07/02

   x

.. update:: whenever

   x

.. include:: none.inc

.. figure:: none.svg
""",
    "expts/0003_third/index.rst": ":prerequisites: 2\n\nThird\n=====\n",
    "expts/0003_rival/index.rst": "Rival\n=====\n",
    "expts/0004_same/index.rst": "Same\n====\n",
    "expts/0005_same/index.rst": "Same\n====\n",
    "expts/0006_two/index.rst": "Two\n===\n",
    "expts/0006_two/notes.md": "# Two\n",
    "expts/0008_bad/expt.toml": "id = = 3\n",
    "expts/0008_bad/index.md": "---\n[: x\n---\n# Bad\n",
    "expts/0009_latin/index.rst": "Café\n====\n".encode("latin-1"),
    "expts/0010_long/index.rst": b"Big\n===\n\n" + b"x " * 40_000 + b"\xe9\n",
    "expts/0011_nul/index.rst": b"Nul\n===\n\nx\0y :expt:`3\0` :cell:`a\0.csv!A\0001`\n\n.. image:: a\0.png\n\n"
    b".. datatable::\n\n   a,b\n   1\0,2\n\n.. include:: text.inc\n",
    "expts/0011_nul/text.inc": b"Also a null: \0.\n",
    "expts/0012_facts/index.md": "---\nbuilds_on: 77\nstatus: complete\ndate: someday\n---\n# B\n",
    "expts/0013_log/log.txt": "2042-03-01\n\nx\n\n2024-31-31\n\nRun v1: x\n",
    "expts/05062021_x/index.md": "# doubtful\n",
}


def built(directory: Path, tmp_path: Path) -> Built:
    site = Site(tmp_path)
    shutil.copytree(directory, site.source, symlinks=True)
    return site.build("dummy", overrides={"exptdir_figures": "never"})


#: What only one of the two can see: what stands in a table or a formula, in the options of directives, what a person
#: may have forgotten, and how Sphinx itself says that a file is not there that a page includes.
ONLY_BUILT = {"directive", "figure", "math", "table"}
ONLY_CHECKED = re.compile(
    r".* has no date, unlike the sections|.*\.(?:inc|py|txt): there is no such file|the log does not mention"
)


def compare(page: Built) -> None:
    conf = replace(read_conf(page.site.source / "conf.py"), other_logs=read_other_log)
    record, domain = scan(conf.base, conf.scan_settings), page.app.env.domains["expt"]
    for one in record.experiments.values():
        document = Document.log_of(conf, one)
        entries = [(entry.day.isoformat(), entry.n) for entry in document.entries if entry.day]
        assert entries == [(entry.day, entry.n) for entry in domain.entries.get(one.docname, ())], one.key
        # Sphinx takes markup off, and makes quotes and dashes round.
        plain = one.title is not None and not re.search(r"[*_`:\\\['\"]|--|\.\.\.", one.title)
        if plain and one.docname in domain.pages:
            assert domain.pages[one.docname].heading == one.title
    said = set()
    for line in page.located:
        if match := re.match(
            r"(.+?)(?::\d+)?: WARNING: (?:reference to nothing: |ambiguous reference: )?(.*) \[exptdir\.(\w+)\]$", line
        ):
            # A build names the cell, too.
            said.add((match[3], match[1], re.sub(r"!\w+: ", ": ", match[2])))
    command = [sys.executable, "-m", "exptdir", "check", "--json", "--fail-on=never", "--no-figures", "--max-size=9999"]
    done = subprocess.run(command, cwd=conf.base, capture_output=True, text=True, check=True)
    found = {(one["kind"], str(one["path"]), one["message"]) for one in json.loads(done.stdout)}
    assert sorted(one for one in said - found if one[0] not in ONLY_BUILT) == []
    assert sorted(one for one in found - said if not ONLY_CHECKED.match(one[2])) == []


@pytest.mark.parametrize("directory", SITES, ids=lambda path: path.name)
def test_sites(directory: Path, tmp_path: Path):
    compare(built(directory, tmp_path))


@pytest.mark.slow
def test_our_own_record(tmp_path: Path):
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("src/", "tests/", "benchmarks/")):
            (tmp_path / "record" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / "record" / name)
    compare(built(tmp_path / "record", tmp_path / "site"))


def test_all_that_may_be_wrong(tmp_path: Path):
    site = Site(tmp_path, conf=WRONG_CONF)
    write(site.source, WRONG)
    os.symlink(__file__, site.source / "expts/0011_nul/elsewhere.md")
    page = site.build("html")
    compare(page)
    told = {match[1] for line in page.located if (match := re.search(r"\[exptdir\.(\w+)\]$", line))}
    assert told >= {
        "asset",
        "config",
        "date",
        "future",
        "id",
        "log",
        "metadata",
        "prerequisite",
        "ref",
        "root",
        "status",
        "table",
    }


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_random_records(seed: int, tmp_path: Path):
    record = RandomRecord(tmp_path / "source", seed, "basic")
    for _ in range(12):
        record.edit()
    # Not "dummy", for which nothing stands that is there only for HTML.
    compare(Site(tmp_path).build("html"))
