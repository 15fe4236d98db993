"""A real notebook of 204 experiments that nobody here wrote, and a page of another one.

All counts are taken from the source text, by means that share nothing with the code under test.
"""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from bs4 import Tag
from docutils import nodes

from tests.record.test_both_readings import compare
from tests.sphinxext.building import Built, Site, words

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
CONF = """\
project = "notebook"
extensions = ["exptdir"]
exptdir_roots = ["."]
html_theme = "alabaster"
exclude_patterns = []
language = "en"
author = ""
copyright = ""
html_copy_source = False
nitpicky = False
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the corpus of real logs is not there: {CORPUS}"),
]

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = rf"(?:\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}}|(?:{_MONTHS}) \d{{1,2}}, \d{{4}}|\d{{1,2}} (?:{_MONTHS}) \d{{4}})\b"
# Titles begin with the date, or end with it.
_DATED_HEADING = re.compile(rf"^(\S.*[–—-] *{_DATE}|{_DATE}.*)\n([=~^*+#'\"-])\2{{3,}}[ ]*$", re.MULTILINE)
_UPDATE = re.compile(rf"^[ ]*\.\. update:: *{_DATE}", re.MULTILINE)
_EXPT = re.compile(r":expt:`([^`]+)`")
_TABLE = re.compile(r"^[ ]*\.\. datatable:: *(\S.*?)[ ]*$((?:\n[ ]+:\w[\w-]*:.*)*)", re.MULTILINE)
_FILE = re.compile(r"^[ ]*\.\. (?:figure|image|protocol):: *(\S.*?)[ ]*$", re.MULTILINE)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Built:
    site = Site(tmp_path_factory.mktemp("corpus"))
    shutil.copytree(CORPUS / "notebook", site.source, symlinks=True)
    (site.source / "conf.py").write_text(CONF)
    return site.build("html")


@pytest.fixture(scope="module")
def bodies(notebook: Built) -> dict[str, Tag]:
    """Parse every page, once."""
    return {name: notebook.body(name) for name in sorted(notebook.app.env.found_docs)}


def sources(built: Built) -> dict[str, str]:
    env = built.app.env
    return {name: uncommented(Path(env.doc2path(name)).read_text("utf-8")) for name in sorted(env.found_docs)}


def uncommented(text: str) -> str:
    """Take out comments, whose markup nobody sees."""
    return re.sub(r"^( *)\.\.(?: (?![\w-]+::|\[|_|\|).*)?\n(?:(?:\1 +.*)?\n)*", "\n", text, flags=re.MULTILINE)


def test_the_configuration_has_ten_lines():
    assert len(CONF.splitlines()) == 10


def test_it_builds(notebook: Built):
    assert notebook.app.statuscode == 0
    assert "Traceback" not in notebook.warnings + notebook.status
    assert "exception" not in notebook.warnings.lower()


def test_commands_read_it_as_builds_do(notebook: Built):
    compare(notebook)


def test_every_reference_to_an_experiment_is_a_link(notebook: Built, bodies: dict[str, Tag]):
    written = {name: len(_EXPT.findall(text)) for name, text in sources(notebook).items()}
    resolved = {
        name: len(
            [link for link in bodies[name].select("a.exptdir-ref") if not link.find_parent(class_="exptdir-cited-by")]
        )
        for name in written
    }
    assert sum(written.values()) > 200
    # A title shows its references once more in tables of contents, but not in the text.
    assert resolved == written
    assert not [name for name in written if bodies[name].select(".exptdir-missing")]
    assert "[exptdir.ref]" not in notebook.warnings


def test_every_experiment_with_an_id_is_found(notebook: Built):
    ids = {int(path.read_text().strip()) for path in notebook.site.source.rglob(".expt/id")}
    record = notebook.app.env.domains["expt"].record
    assert set(record.by_id) == ids
    assert all(len(group) == 1 for group in record.by_id.values())


def test_every_dated_heading_and_update_is_an_entry(notebook: Built):
    domain = notebook.app.env.domains["expt"]
    expected, found = {}, {}
    for name, text in sources(notebook).items():
        if name in domain.pages:
            headings, updates = _DATED_HEADING.findall(text), _UPDATE.findall(text)
            expected[name] = len(headings) + len(updates)
            found[name] = len(domain.entries.get(name, ()))
    assert sum(expected.values()) > 100
    assert found == expected


@cache
def is_empty(path: Path) -> bool:
    if path.suffix == ".csv":
        return not path.read_text("utf-8").strip()
    book = openpyxl.load_workbook(path, data_only=True)
    return all(cell.value is None for row in book.worksheets[0].iter_rows() for cell in row)


def test_every_table_whose_workbook_is_there_is_shown_and_the_others_are_placeholders(
    notebook: Built, bodies: dict[str, Tag]
):
    shown = empty = missing = 0
    for name, text in sources(notebook).items():
        directory = (notebook.site.source / name).parent
        tables = len(bodies[name].select("table.exptdir-datatable"))
        wanted = 0
        for argument, options in _TABLE.findall(text):
            path = directory / argument
            if not path.exists():
                missing += 1
            elif not options.strip() and is_empty(path):
                empty += 1
            else:
                wanted += 1
        assert tables == wanted, name
        shown += tables
    assert shown > 50
    tables = [line for line in notebook.located if "[exptdir.table]" in line and "is empty" in line]
    assert len(tables) == empty


def test_every_missing_file_is_a_placeholder_with_one_warning(notebook: Built, bodies: dict[str, Tag]):
    expected = 0
    for name, text in sources(notebook).items():
        directory = (notebook.site.source / name).parent
        named = [argument for argument, _ in _TABLE.findall(text)]
        named += [part for argument in _FILE.findall(text) for part in argument.split()]
        missing = [argument for argument in named if not (directory / argument).is_file()]
        empty = [
            argument
            for argument, options in _TABLE.findall(text)
            if not options.strip() and (directory / argument).is_file() and is_empty(directory / argument)
        ]
        assert len(bodies[name].select(".exptdir-placeholder")) >= len(missing) + len(empty), name
        expected += len(missing)
    assert expected > 50
    reported = [line for line in notebook.located if "[exptdir.asset]" in line]
    assert len(reported) >= expected
    assert "image file not readable" not in notebook.warnings
    assert "download file not readable" not in notebook.warnings


SEED = next(iter(CORPUS.glob("seeds/001_*.txt")), CORPUS)
PIXEL = '<svg xmlns="http://www.w3.org/2000/svg"/>'


def seed_site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    text = SEED.read_text("utf-8")
    files: dict[str, str] = {"expts/0093_train_cnn/notes.rst": text}
    for number in sorted({int(target) for target in _EXPT.findall(text)}):
        files[f"expts/{number:04}_stub/notes.rst"] = f"Stub\n====\n\nNumber {number}.\n"
    site.write(files)
    return site


def test_the_seed_page_without_its_files(tmp_path: Path):
    built = seed_site(tmp_path).build("html")
    name, text = "expts/0093_train_cnn/notes", SEED.read_text("utf-8")
    headings, figures = _DATED_HEADING.findall(text), re.findall(r"\.\. figure:: (\S+)", text)
    tables = _TABLE.findall(text)
    assert (len(headings), len(figures), len(tables)) == (4, 7, 1)
    entries = built.app.env.domains["expt"].entries[name]
    assert [entry.written for entry in entries] == [heading.partition(":")[0] for heading, _ in headings]
    links = built.body(name).select("a.exptdir-ref")
    assert [words(link) for link in links] == [f"#{target}" for target in _EXPT.findall(text)]
    placeholders = [words(box) for box in built.body(name).select(".exptdir-placeholder")]
    assert len(placeholders) == 8
    assert all(f"{path} cannot be shown: there is no such file." in placeholders for path in figures)
    assert len([line for line in built.located if "[exptdir.asset]" in line]) == 8


def test_the_seed_page_with_some_of_its_files(tmp_path: Path):
    site = seed_site(tmp_path)
    directory = site.source / "expts" / "0093_train_cnn"
    book = openpyxl.Workbook()
    for row in (["model", "RMSE"], ["a", 1.5]):
        book.active.append(row)
    book.save(directory / "finetune_cnn.xlsx")
    (directory / "first_try.svg").write_text(PIXEL)
    built = site.build("html")
    body = built.body("expts/0093_train_cnn/notes")
    assert len(body.select(".exptdir-placeholder")) == 6
    assert len(body.select("figure img")) == 1
    assert [words(cell) for cell in body.select("table.exptdir-datatable td")] == ["a", "1.5"]
    assert len(list(built.doctree("expts/0093_train_cnn/notes").findall(nodes.table))) == 1
