"""The record that the repository is, and the one that ``exptdir init`` makes, on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exptdir.cli import main
from tests.browser.conftest import Pages
from tests.forking import sphinx_build
from tests.own_record import build_own_record

WIDTH = 390


@pytest.fixture(scope="module", params=["own", "new"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site").resolve()
    if request.param == "own":
        return build_own_record(made)
    source = made / "source"
    title = "A title of some more words than a phone can show"
    assert main(["-C", str(made), "init", "source", "--first", title]) == 0
    done = sphinx_build("-q", "-b", "html", "-d", made / "doctrees", source, made / "html")
    assert done.returncode == 0, done.stderr
    return made / "html"


def documents(site: Path) -> Iterator[Path]:
    for path in sorted(site.rglob("*.html")):
        if not {"_static", "_downloads"}.intersection(path.parts):
            yield path


def test_no_page_is_wider_than_a_phone(site: Path, page: Pages) -> None:
    opened = page(viewport=(WIDTH, 844))
    wide = {}
    for path in documents(site):
        opened.goto(path.as_uri())
        width = opened.evaluate("document.documentElement.scrollWidth")
        if width != WIDTH:
            wide[path.relative_to(site).as_posix()] = width
    assert wide == {}
    assert page.blocked == []
