"""The commands on a real notebook, of which nothing is kept here."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from exptdir.record.documents import Document
from exptdir.record.home import read_conf
from exptdir.record.reference import find_experiments
from exptdir.record.scan import scan
from tests.cli.conftest import Run, contents

NOTEBOOK = Path(__file__).resolve().parents[3] / "shared/corpus/notebook"
CONF = 'extensions = ["exptdir"]\nexptdir_roots = ["."]\nsource_suffix = ".rst"\n'

pytestmark = pytest.mark.skipif(not NOTEBOOK.is_dir(), reason="no real notebooks beside the repository")


@pytest.fixture
def notebook(record: Path) -> Path:
    base = record.parent / "notebook"
    shutil.copytree(NOTEBOOK, base, symlinks=True)
    (base / "conf.py").write_text(CONF)
    return base


def test_a_real_notebook_is_listed_searched_checked_and_renumbered(run: Run, notebook: Path):
    at = "../notebook"
    before = contents(notebook)
    rows = run("list", "--json", at=at).json
    assert len(rows) == 204 and all(row["id"] for row in rows)
    assert len(run("find", "protein", "--json", at=at).json) > 10
    found = run("check", "--no-figures", "--json", at=at).json
    assert {problem["kind"] for problem in found} <= {"asset", "date", "size", "metadata", "math"}
    conf = read_conf(notebook / "conf.py")
    look = scan(notebook, conf.scan_settings)
    texts = [text for one in look.experiments.values() for text in Document.log_of(conf, one).references]
    cited = Counter(one.key for text in texts for one in find_experiments(look, text))
    most = look.experiments[cited.most_common(1)[0][0]]
    assert run("renumber", str(most.id), "9999", at=at).code == 0
    assert contents(notebook) != before
    assert run("check", "--no-figures", "--json", at=at).json == found
    assert run("renumber", "9999", str(most.id), at=at).code == 0
    assert contents(notebook) == before


def test_words_that_are_told_as_mentions_of_a_real_notebook_name_days_of_entries(run: Run, notebook: Path):
    found = run("check", "--no-figures", "--mentions", "--json", "--fail-on", "never", at="../notebook").json
    told = [problem["message"] for problem in found if problem["kind"] == "mention"]
    # All that there are of this form: nine, by eye. None is told by a title that is made of everybody's words.
    assert len(told) == 9
    assert all(re.search(r"\d+/\d+ experiment” may be a reference to \d+@\d{4}-\d\d-\d\d$", text) for text in told)
