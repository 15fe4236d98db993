"""Pages that parsers accept: those of an EPUB as XML, those of HTML without an error of the HTML Standard's parser."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import html5lib
import pytest

from exptdir.sphinxext.xhtml import to_xhtml
from tests.sphinxext.building import Built, Site
from tests.sphinxext.sample import sample_site

MARKDOWN = """\
# Hard cases

- [ ] to do
- [x] done

::::{tab-set}
:::{tab-item} One
First.
:::
:::{tab-item} Two
Second.
:::
::::

$f(x) = \\sin x$, and a \x1b[31mred\x1b[0m word.

```{datatable}
name,value
a<b>&c,\x1b[1m1
```
"""


RAW = '# Raw\n\n<p>Written <br> by hand <input disabled> &nbsp; with <svg viewBox="0 0 9 9"><path d="M0 0"></svg>\n'


@pytest.fixture(scope="module", params=["html", "epub"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Built]:
    site = Site(tmp_path_factory.mktemp("hard"), overrides={"version": "1", "copyright": "x"})
    files = {"index.md": "# Home\n", "expts/0001_hard/index.md": MARKDOWN, "expts/0002_raw/index.md": RAW}
    sample = sample_site(tmp_path_factory.mktemp("sample"), language="en")
    return [site.build(request.param, files), sample.build(request.param)]


def test_every_page_is_one_that_a_parser_takes(built: list[Built]):
    for site in built:
        pages = [path for suffix in ("*.html", "*.xhtml") for path in Path(site.out).rglob(suffix)]
        assert len(pages) > 3
        for page in pages:
            if site.builder == "epub":
                ElementTree.parse(page)
            # What an author writes as HTML stays as it is.
            elif page.parent.name != "0002_raw":
                parser = html5lib.HTMLParser()
                parser.parse(page.read_text("utf-8"))
                assert [(page.name, *error) for error in parser.errors] == []


def test_nothing_of_such_a_page_is_lost(built: list[Built]):
    if built[0].builder == "epub":
        page, raw = built[0].page("expts/0001_hard/index"), built[0].html("expts/0002_raw/index")
        assert '<svg viewBox="0 0 9 9"><path d="M0 0">' in raw and "by hand" in raw
        assert len(page.select("input[type=checkbox]")) == 2
        assert [words in page.get_text() for words in ("First.", "Second.", "a<b>&c")] == [True] * 3


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>As <em>it</em> is<br/></p>", "<p>As <em>it</em> is<br/></p>"),
        ("<br>", "<br/>"),
        ("<input disabled>", '<input disabled="disabled"/>'),
        ("<p>one<b>two</p>three", "<p>one<b>two</b></p>three"),
        ("</b>only an end", "only an end"),
        ("a &nbsp; b &lt;", "a \xa0 b &lt;"),
        ("a \x1b[0m", "a \ufffd[0m"),
        ('<p a="1" a="2" 3="x">', '<p a="2"></p>'),
        ("1 < 2 & 3", "1 &lt; 2 &amp; 3"),
        ('<svg viewBox="0"><linearGradient>', '<svg viewBox="0"><linearGradient></linearGradient></svg>'),
    ],
)
def test_html_becomes_xml(body: str, expected: str):
    assert to_xhtml(body) == expected
    ElementTree.fromstring(f"<div>{expected}</div>")
