"""Words are stemmed once a build, and found in the search as before."""

from __future__ import annotations

from collections import Counter

import pytest
from sphinx.search.en import SearchEnglish

from exptdir.sphinxext.outputs import Stems
from tests.sphinxext.building import titled
from tests.sphinxext.conftest import Build


class Counting(SearchEnglish):
    """English, which counts what it is asked."""

    asked: Counter[str]

    def stem(self, word: str) -> str:
        self.asked[word] += 1
        return super().stem(word)


def test_a_word_is_stemmed_once_and_all_else_is_the_languages_own() -> None:
    language = Counting({})
    language.asked = Counter()
    stems = Stems(language)
    assert [stems.stem(word) for word in ("gradients", "cooling", "gradients")] == ["gradient", "cool", "gradient"]
    assert language.asked == {"gradients": 1, "cooling": 1}
    assert stems.split("dry cells") == ["dry", "cells"]
    assert (stems.lang, stems.language_name, stems.word_filter("the")) == ("en", "English", False)


def test_a_build_asks_for_each_word_once_and_the_search_still_finds_it(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()
    stem = SearchEnglish.stem

    def counted(self: SearchEnglish, word: str) -> str:
        asked[word] += 1
        return stem(self, word)

    monkeypatch.setattr(SearchEnglish, "stem", counted)
    files = {f"expts/{number}_a/notes.rst": titled(f"Page {number}", "Gradients.") for number in (1, 2, 3)}
    built = build(files)
    assert asked["Gradients"] == 1
    assert '"gradient":[0,1,2]' in (built.out / "searchindex.js").read_text("utf-8").replace(" ", "")


def test_the_title_of_a_page_keeps_no_document_of_its_own(build: Build) -> None:
    built = build({f"expts/{number}_a/notes.rst": titled(f"Page {number}", "Words.") for number in (1, 2)})
    assert [title.parent for title in built.app.env.titles.values()] == [None, None, None]


def test_icons_are_shown_though_their_drawings_were_let_go_of(build: Build) -> None:
    built = build({"expts/1_a/notes.rst": titled("Page", ":octicon:`beaker`")})
    assert "<svg" in str(built.body("expts/1_a/notes"))
