"""Words that we put on pages follow ``language``; the catalogues are complete and compiled."""

from __future__ import annotations

import ast
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup
from sphinx import locale

import exptdir
from exptdir.figures.run.runner import LocalExecutor
from exptdir.sphinxext.language import CATALOGUE, LOCALES, PREVIEWED, SCRIPTED, said
from tests.sphinxext.building import Built, the, titled, words
from tests.sphinxext.conftest import Build

SOURCES = Path(exptdir.__file__).parent / "sphinxext"
LANGUAGES = ["de", "zh_CN"]
FILES = {
    "index.rst": titled(
        "Home",
        ".. expt-list::\n\n.. expt-journal::\n   :tag: none\n\n.. expt-tasks::\n\n.. expt-calendar::\n\n"
        ".. expt-graph::\n",
    ),
    "expts/1_a/notes.rst": titled(
        "A", "2024-05-20\n----------\n\nx\n\n2024-05-21\n----------\n\n.. update:: 2024-05-22\n\n   y\n"
    ),
    "expts/1_a/2_b/index.md": "---\nprerequisites: [1]\nstatus: ready\n---\n# B\n\n{expt:builds-on}`1`\n",
}


@pytest.fixture(autouse=True)
def no_other_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Sphinx forget the language of a build before, which it would keep for the whole process."""
    monkeypatch.setattr(locale, "translators", {})


def messages() -> set[str | tuple[str, ...]]:
    """Return what the source translates: texts, and pairs of one and many."""
    found: set[str | tuple[str, ...]] = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"_", "counted"}:
                texts = tuple(part.value for part in node.args if isinstance(part, ast.Constant))
                assert texts, f"{path}:{node.lineno}"
                found.add(texts[0] if node.func.id == "_" else texts)
    return found | {*SCRIPTED, *PREVIEWED} | set((LOCALES / "sentences.txt").read_text("utf-8").splitlines())


def test_what_scripts_say_is_listed():
    said = {
        match[1]
        for path in (SOURCES / "static").glob("*.js")
        for match in re.finditer(r'(?:\bword\(|[?:] )"([^"]+)"(?=[),]| :)', path.read_text("utf-8"))
    }
    assert set(SCRIPTED) <= said
    assert {text for text in said if text[0].isupper()} <= set(SCRIPTED)


#: Sentences about tables that are put together; each way of it is in the list.
PUT_TOGETHER = {
    *("7 cannot separate cells: 7", "7 header 7 were asked for, but 7 shows 7 7", "the name 7 7", "7"),
    "the file is not a workbook but 7",
}


def test_whatever_may_be_wrong_with_a_table_is_said_in_the_language():
    sentences = (LOCALES / "sentences.txt").read_text("utf-8").splitlines()
    known = [re.compile("7+".join(map(re.escape, line.split("%s")))) for line in sentences]
    for path in (SOURCES.parent / "tables").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"TableError", "EmptySheetError"}:
                parts = node.args[0].values if isinstance(node.args[0], ast.JoinedStr) else node.args
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)
                found = any(one.fullmatch(text) for one in known)
                assert found or text in PUT_TOGETHER, f"{path.name}:{node.lineno}: {text}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the condition 'a = 1' cannot be read: write == to compare", "zum Vergleichen == schreiben"),
        ("the condition '[]' cannot be used because of []: it is no number, text or column", "noch Text noch Spalte"),
        ("the file is no .xls: it looks like delimited text; rename it to .csv", "in .csv umbenennen"),
        ("the file cannot be read as 'ascii': byte 3 is not of it", "Byte 3 gehört nicht dazu"),
        ("a.csv cannot be read: input/output error", "a.csv kann nicht gelesen werden: input/output error"),
        # A word may be the name of a thing.
        ("there is no column 'b': data", ": data"),
    ],
)
def test_reasons_within_sentences_are_in_the_language_too(text: str, shown: str):
    locale.init([str(LOCALES)], "de", CATALOGUE)
    assert said(text).endswith(shown)


def test_what_the_preview_says_is_listed():
    preview = Path(exptdir.__file__).parent / "preview"
    source = "".join((preview / name).read_text("utf-8") for name in ("http.py", "static/exptdir-preview-panel.js"))
    said = re.findall(r'\bword\("([^"]+)"|_small\(state, \w+, "([^"]+)"', source)
    assert {one or other for one, other in said} == set(PREVIEWED)


WITH_TABLE = {
    "index.rst": titled("Home", ".. datatable::\n\n   a,b\n   1,2\n"),
    "plain.rst": ":orphan:\n\nPlain\n=====\n",
}


def test_scripts_speak_the_language_of_the_page(build: Build):
    german = build(WITH_TABLE, conf="language = 'de'\n")
    assert '"Copy": "Kopieren"' in german.html()
    assert "exptdirWords" not in german.html("plain")


def test_an_english_page_needs_no_list_of_words(build: Build):
    assert "exptdirWords" not in build(WITH_TABLE).html()


def texts_of(catalogue: Catalog) -> dict[Any, Any]:
    """Return the translations by text; one and many are pairs."""
    plain = ((message.id, message.string) for message in catalogue if message.id)
    return {
        one if isinstance(one, str) else tuple(one): two if isinstance(two, str) else tuple(two) for one, two in plain
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogues_are_complete_and_compiled(language: str):
    path = SOURCES / "locale" / language / "LC_MESSAGES" / "exptdir.po"
    with path.open("rb") as stream:
        catalogue = read_po(stream, locale=language)
    translated = texts_of(catalogue)
    assert set(translated) == messages()
    for text, shown in translated.items():
        for one in shown if isinstance(shown, tuple) else (shown,):
            assert one, text
            first = text[-1] if isinstance(text, tuple) else text
            assert re.findall(r"%[sd]", one) == re.findall(r"%[sd]", first)
    with path.with_suffix(".mo").open("rb") as stream:
        compiled = read_mo(stream)
    # pybabel compile -D exptdir -d src/exptdir/sphinxext/locale
    assert texts_of(compiled) == translated


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        (
            "de",
            [
                "Benötigt: #1 A",
                "Teil von: #1 A",
                "3 Einträge",
                "Zitiert von",
                "baut hierauf auf",
                "Nachtrag — 2024-05-22",
            ],
        ),
        ("zh_CN", ["需要: #1 A", "属于: #1 A", "3 个条目", "被引用", "以此为基础", "补记 — 2024-05-22"]),
    ],
)
def test_pages_speak_the_language_of_the_project(build: Build, language: str, shown: list[str]):
    built = build(FILES, conf=f"language = {language!r}\n")
    assert built.warnings == ""
    text = words(built.body("expts/1_a/2_b/index")) + words(built.body("expts/1_a/notes"))
    assert [part for part in shown if part not in text] == []


def test_lists_are_german_and_days_stay_as_typed(build: Build):
    built: Built = build(FILES, conf="language = 'de'\n")
    head = [words(cell) for cell in the(built.body(), ".exptdir-experiments").select("th")]
    assert head == ["Experiment", "Status", "Schlagwörter", "Begonnen", "Letzter Eintrag"]
    text = words(built.body())
    for part in ("Solche Einträge gibt es nicht.", "Es ist nichts zu tun.", "2024: 3 Einträge", "Mär", "ist Teil von"):
        assert part in text, part
    assert "2024-05-22" in text
    english = re.compile(r"\b(There|entries|Needs|Holds|waits)\b")
    assert not english.search(text)


#: Has every text of ours marked, as if it were translated.
MARKED = """
language = "de"

def setup(app):
    import gettext
    from sphinx import locale

    class Marked(gettext.NullTranslations):
        def gettext(self, text):
            return f"⟦{text}⟧"

        def ngettext(self, one, many, number):
            return f"⟦{many}⟧"

    locale.translators["general", "exptdir"] = Marked()
"""
DIRECTIVES = """
.. expt-journal::
   :content: sentence

.. expt-list::
   :columns: experiment, status, tags, begun, last, blocked, conclusion

.. expt-list::
   :as: board

.. expt-list::
   :as: tree

.. expt-list::
   :as: cards

.. expt-tasks::

.. expt-tags::

.. expt-calendar::

.. expt-graph::

.. expt-cited-by::
   :of: 1

.. figure-index::

.. experiments::
"""
FAILURES = """
.. image:: 0.png

.. figure:: ../../../0.png

.. datatable:: 0.csv

.. datatable:: 1.csv
   :columns: 7

.. datatable:: 1.csv!9

.. datatable:: 2.csv

.. datatable::

.. protocol:: 0.txt

.. expt-log:: 0.txt

.. expt-log:: 1.txt

.. expt-runs::
   :config: 0

.. expt-runs::
   :baseline: 1

.. expt-diff:: 1 2

.. expt-diff:: 1 9

.. expt-lineage::

.. expt-curves:: 9

.. datatable:: 1.csv
   :rows: 1 is 2

.. figure:: 3.svg
   :alt: 7

.. figure:: 4.svg

:cell:`1.csv!Z99`
:cell:`0.csv!A1`

.. todo:: 8

.. protocol::

   7
"""
EVERYTHING = {
    "index.rst": titled("1", DIRECTIVES.replace(".. figure-index::", "").replace(".. experiments::", "")),
    "expts/1_/notes.rst": titled("1", f"2024-05-20\n----------\n\n7\n\n.. update:: 2024-05-21\n\n   8\n\n{FAILURES}"),
    "expts/1_/1.csv": "1,2\n3,4\n",
    "expts/1_/2.csv": "",
    "expts/1_/plot_3.py": "open('3.svg', 'w').write('<svg/>')\n",
    "expts/1_/4.py": "raise ValueError(7)\n",
    "expts/1_/expt.toml": "[[figure]]\nscript = '4.py'\noutputs = ['4.svg']\n",
    "expts/1_/1.txt": "1\n- 5\n\n2\n- 6\n",
    "expts/1_/1.yaml": "1: 2\n",
    "expts/1_/2.yaml": "1: 3\n",
    "expts/2_/notes.md": "---\nprerequisites: [1]\n---\n# 2\n\n{expt}`1` {expt:builds-on}`1`\n\n- [ ] 4\n",
}


LATER = {
    "expts/1_/plot_3.py": "raise ValueError(8)\n",
    "expts/3_/notes.rst": titled("3", ".. expt-curves::\n   :no-table:\n\n.. figure:: ../1_/4.svg\n"),
    "expts/3_/runs/7/metrics.csv": "step,8\n0,1\n",
}


def unmarked(built: Built) -> dict[str, set[str]]:
    """Return by page what stands there that no catalogue holds."""
    left: dict[str, set[str]] = {}
    for page in sorted(built.out.rglob("*.html")):
        if page.stem in {"search", "genindex"}:
            continue
        body = BeautifulSoup(page.read_text("utf-8"), "html.parser").select_one("div.body")
        assert body is not None
        for part in body.select("code, pre, script, .headerlink, .exptdir-status, math, .exptdir-calendar text"):
            part.decompose()
        texts = [*body.stripped_strings]
        for name in ("title", "alt", "aria-label", "placeholder"):
            texts += [str(one[name]) for one in body.select(f"[{name}]")]
        for text in texts:
            while (bare := re.sub("⟦[^⟦⟧]*(?:⟧|$)", "", text)) != text:
                text = bare
            # What stands behind a number and a dot is the suffix of a file.
            if re.search(r"(?<!\d\.)\b[A-Za-z]{3,}", text):
                left.setdefault(page.relative_to(built.out).as_posix(), set()).add(text)
    return left


def test_every_word_on_a_page_is_of_a_catalogue(build: Build, without_matplotlib: None):
    one = {"exptdir_figure_executor": partial(LocalExecutor, 1, warm=False)}
    built = build(EVERYTHING, conf=MARKED, confoverrides=one)
    shown = built.html("expts/1_/notes")
    assert "⟦This figure could not be drawn" in shown and "⟦in the condition ‚1 is 2‘, write ==" in shown
    assert unmarked(built) == {}
    # What has been drawn is out of date next, and curves are not drawn.
    built.site.overrides["exptdir_figures"] = "never"
    built = built.rebuild(LATER)
    shown = built.html("expts/1_/notes") + built.html("expts/3_/notes")
    assert "⟦This figure is out of date" in shown and "⟦exptdir_figures is “never”" in shown
    assert unmarked(built) == {}
