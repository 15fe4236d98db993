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

ROOT = Path(__file__).resolve().parents[2]
SITES = sorted(path for path in (ROOT / "tests/sites").iterdir() if (path / "conf.py").is_file())
NOTEBOOK = ROOT.parent / "shared/corpus/notebook"
CONF = 'extensions = ["exptdir"]\nexptdir_roots = ["."]\nexclude_patterns = []\n'


def built(directory: Path, tmp_path: Path, conf: str | None) -> Built:
    site = Site(tmp_path)
    shutil.copytree(directory, site.source, symlinks=True)
    if conf is not None:
        (site.source / "conf.py").write_text(conf)
    return site.build("dummy", overrides={"exptdir_figures": "never"})


def compare(page: Built) -> None:
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
    said = {line for line in page.located if "[exptdir.ref]" in line}
    found = {problem.message for problem in Audit(conf, record).problems() if problem.kind == "ref"}
    assert all(any(message in line for line in said) for message in found), found


@pytest.mark.parametrize("directory", SITES, ids=lambda path: path.name)
def test_sites(directory: Path, tmp_path: Path):
    compare(built(directory, tmp_path, None))


@pytest.mark.slow
@pytest.mark.skipif(not NOTEBOOK.is_dir(), reason="the corpus of real logs is not there")
def test_a_real_notebook(tmp_path: Path):
    compare(built(NOTEBOOK, tmp_path, CONF))
