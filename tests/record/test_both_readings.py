"""What commands read in a record's text is what the built pages say: titles, entries, references, files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from exptdir.record.audit import Audit
from exptdir.record.documents import Document
from exptdir.record.home import read_conf
from exptdir.record.scan import scan
from tests.sphinxext.building import Built, Site
from tests.sphinxext.random_record import RandomRecord

ROOT = Path(__file__).resolve().parents[2]
SITES = sorted(path for path in (ROOT / "tests/sites").iterdir() if (path / "conf.py").is_file())


def built(directory: Path, tmp_path: Path) -> Built:
    site = Site(tmp_path)
    shutil.copytree(directory, site.source, symlinks=True)
    return site.build("dummy", overrides={"exptdir_figures": "never"})


def compare(page: Built, kinds: tuple[str, ...] = ("ref", "asset")) -> None:
    conf = read_conf(page.site.source / "conf.py")
    record, domain = scan(conf.base, conf.scan_settings), page.app.env.domains["expt"]
    for one in record.experiments.values():
        document = Document.log_of(conf, one)
        entries = [(entry.day.isoformat(), entry.n) for entry in document.entries if entry.day]
        assert entries == [(entry.day, entry.n) for entry in domain.entries.get(one.docname, ())], one.key
        # Sphinx takes markup off, and makes quotes and dashes round.
        plain = one.title is not None and not re.search(r"[*_`:\\\['\"]|--|\.\.\.", one.title)
        if plain and one.docname in domain.pages:
            assert domain.pages[one.docname].heading == one.title
    problems = list(Audit(conf, record).problems())
    for kind in kinds:
        said = {line for line in page.located if f"[exptdir.{kind}]" in line}
        of_kind = [one for one in problems if one.kind == kind and one.path]
        found = {(one.path.relative_to(conf.base).as_posix(), one.message) for one in of_kind}
        if kind == "asset":
            # Of what a page includes, Sphinx itself says that it is not there, with the whole path.
            found = {one for one in found if not re.match(r"[\w.]+\.txt: ", one[1])}
        unsaid = [one for one in found if not any(line.startswith(one[0]) and one[1] in line for line in said)]
        unfound = [line for line in said if not any(line.startswith(one[0]) and one[1] in line for one in found)]
        assert (unsaid, unfound) == ([], [])


@pytest.mark.parametrize("directory", SITES, ids=lambda path: path.name)
def test_sites(directory: Path, tmp_path: Path):
    compare(built(directory, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_random_records(seed: int, tmp_path: Path):
    record = RandomRecord(tmp_path / "source", seed, "basic")
    for _ in range(12):
        record.edit()
    # Not "dummy", for which nothing stands that is there only for HTML.
    compare(Site(tmp_path).build("html"))
