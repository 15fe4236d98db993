"""Words are stemmed once a build, and found in the search as before."""

from __future__ import annotations

from collections import Counter

from sphinx.search.en import SearchEnglish

from exptdir.sphinxext.stems import Stems


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
