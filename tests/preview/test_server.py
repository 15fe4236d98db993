"""What the server of the preview answers."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from exptdir.preview.browsers import Browsers, PreviewState
from exptdir.preview.channel import BuildWarning, Failed
from exptdir.preview.http import Guard, application, exists
from exptdir.sphinxext.language import PREVIEWED
from tests.preview.asking import HOST, Listener, ask, run_apart

PAGE = "<!DOCTYPE html><html><head><title>T</title></head><body><p>Text</p></body></html>"
SCRIPT = '<script src="/_exptdir/preview.js" data-page="{}" data-edit=""></script>'


def without_version(text: str) -> str:
    return re.sub(r' data-version="[0-9a-f-]+"', "", text)


class Site:
    """A built record of one page."""

    def __init__(self, base: Path) -> None:
        self.source, self.output = base / "source", base / "html"
        self.state = PreviewState(self.source, self.output, ready=True)
        self.browsers = Browsers(self.state.message, lambda page: exists(self.state, page))
        self.app = self.application()
        self.write("index.html", PAGE)
        self.write("expts/0063 träin/notes.html", PAGE)
        self.write("_static/a.css", "p {}")
        self.write(".buildinfo", "secret")
        self.write("expts/.exptdir-outputs", "secret")
        (self.source / "expts/0063 träin").mkdir(parents=True)
        (self.source / "expts/0063 träin/notes.md").write_text("# secret\n")
        (base / "outside.txt").write_text("secret")

    def application(self, host: str = "127.0.0.1", *, exposed: bool = False) -> Any:
        return application(self.state, self.browsers, Guard(host, exposed=exposed))

    def write(self, name: str, text: str) -> None:
        path = self.output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_page_is_served_with_the_script_that_knows_its_address(site):
    answer = ask(site.app, "/expts/0063%20tr%C3%A4in/notes.html")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert without_version(answer.text) == (
        '<!DOCTYPE html><html><head><title>T</title><link rel="stylesheet" href="/_exptdir/preview.css"></head>'
        f"<body><p>Text</p>{SCRIPT.format('expts/0063 träin/notes.html')}</body></html>"
    )
    assert (site.output / "index.html").read_text() == PAGE


def test_a_page_links_to_its_source_in_the_editor(site):
    site.state.editor = "editor://{path}:{line}"
    text = ask(site.app, "/expts/0063%20tr%C3%A4in/notes.html").text
    assert f'data-edit="editor://{site.source}/expts/0063%20tr%C3%A4in/notes.md:1"' in text


def test_text_that_only_looks_like_the_end_of_the_page_does_not_get_the_script(site):
    site.write("odd.html", "<html><head></head><body><pre>&lt;/body></pre><script>'</body>'</script></body></html>")
    text = without_version(ask(site.app, "/odd.html").text)
    assert text.endswith(f"'</body>'</script>{SCRIPT.format('odd.html')}</body></html>")
    assert text.count("preview.js") == text.count("preview.css") == 1


def test_a_page_without_head_and_body_gets_the_script_too(site):
    site.write("bare.html", "<p>Text")
    assert ask(site.app, "/bare.html").text.startswith("<p>Text<link")


@pytest.mark.parametrize("path", ["/index.html", "/_static/a.css"])
def test_what_has_not_changed_is_not_sent_again(site, path):
    first = ask(site.app, path)
    assert first.headers["cache-control"] == "no-cache"
    again = ask(site.app, path, if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    site.write(path[1:], PAGE + "more")
    assert ask(site.app, path, if_none_match=first.headers["etag"]).status == 200


def test_a_part_of_a_file_is_served_to_who_asks_for_it(site):
    site.write("_images/a.mp4", "0123456789")
    answer = ask(site.app, "/_images/a.mp4", range="bytes=2-4")
    assert (answer.status, answer.body) == (206, b"234")


def test_a_directory_shows_its_index_and_is_never_listed(site):
    assert "Text" in ask(site.app, "/").text
    site.write("dir/index.html", PAGE)
    assert 'data-page="dir/index.html"' in ask(site.app, "/dir/").text
    assert ask(site.app, "/dir").headers["location"] == "/dir/"
    assert ask(site.app, "/expts/").status == ask(site.app, "/_static").status == 404


def test_the_home_page_may_have_another_name(site):
    (site.output / "index.html").unlink()
    site.write("read me.html", PAGE)
    site.state.home = "read me.html"
    assert ask(site.app, "/").headers["location"] == "/read%20me.html"


def test_a_page_that_is_missing_says_so_and_listens(site):
    answer = ask(site.app, "/expts/%3Cb%3Enew.html")
    assert answer.status == 404
    assert "There is no page at <code>/expts/&lt;b&gt;new.html</code>" in answer.text
    assert 'data-page="expts/&lt;b&gt;new.html"' in answer.text


def test_before_the_first_build_ends_a_page_waits(site):
    site.state.ready = False
    answer = ask(site.app, "/new.html")
    assert (answer.status, "Building…" in answer.text, 'data-page="new.html"' in answer.text) == (503, True, True)
    assert ask(site.app, "/index.html").status == 200


def test_a_failure_before_there_are_pages_is_a_page(site):
    site.state.ready = False
    conf = str(site.source / "conf.py")
    site.state.failure = Failed(BuildWarning("no module <named> x", conf, 3, severity="error"), "Traceback <…>")
    answer = ask(site.app, "/new.html")
    assert answer.status == 500
    for part in ("<code>conf.py:3</code>", "no module &lt;named&gt; x", "<pre>Traceback &lt;…&gt;</pre>"):
        assert part in answer.text


def test_pages_of_its_own_are_in_the_language_of_the_record(site):
    site.state.language, site.state.words = "de", {text: f"⟦{text}⟧" for text in PREVIEWED}
    assert 'data-words="{&quot;Preview&quot;: &quot;⟦Preview⟧&quot;' in ask(site.app, "/index.html").text
    pages = [ask(site.app, "/7.html").text]
    site.state.ready = False
    pages.append(ask(site.app, "/7.html").text)
    site.state.failure = Failed(BuildWarning("7", "7.py", 3, severity="error"), "8")
    pages.append(ask(site.app, "/7.html").text)
    for page in pages:
        assert '<html lang="de">' in page
        shown = BeautifulSoup(page, "html.parser")
        for code in shown.select("code"):
            code.decompose()
        assert not re.search("[A-Za-z]", re.sub("⟦[^⟦⟧]*⟧", "", shown.get_text().removeprefix("html")))


OUTSIDE = [
    "/../outside.txt",
    "/expts/../../outside.txt",
    "/%2e%2e/outside.txt",
    "/..%2foutside.txt",
    "/%252e%252e/outside.txt",
    "/..\\outside.txt",
    "/%5c..%5coutside.txt",
    "//outside.txt",
    "/%2Foutside.txt",
    "/{base}/outside.txt",
    "/%2F{base}/outside.txt",
    "/index.html%00.txt",
    "/out.txt",
    "/out/outside.txt",
    "/.buildinfo",
    "/%2ebuildinfo",
    "/expts/.exptdir-outputs",
    "/./index.html",
    "/expts/0063%20tr%C3%A4in/notes.md",
    "/hidden",
    "/pipe",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_else_than_the_output_is_served(site, tmp_path, path):
    (site.output / "out.txt").symlink_to(tmp_path / "outside.txt")
    (site.output / "out").symlink_to(tmp_path)
    (site.output / "hidden").symlink_to(".buildinfo")
    os.mkfifo(site.output / "pipe")
    answer = ask(site.app, path.format(base=str(tmp_path)[1:]))
    assert answer.status == 404
    assert b"secret" not in answer.body


def test_an_address_that_is_too_long_for_a_file_is_not_there(site):
    assert ask(site.app, "/" + 20_000 * "a").status == 404
    assert ask(site.app, "/expts/" + 300 * "a" + ".html").status == 404


def test_names_that_are_no_text_are_served(site):
    with open(os.fsencode(site.output) + b"/\xff.html", "w") as stream:  # noqa: PTH123
        stream.write(PAGE)
    assert ask(site.app, "/%FF.html").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_pages_can_only_be_read(site, method):
    answer = ask(site.app, "/index.html", method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_is_get_without_the_body(site):
    answer = ask(site.app, "/index.html", "HEAD")
    assert (answer.status, int(answer.headers["content-length"]) > len(PAGE)) == (200, True)


def test_every_answer_says_that_its_kind_is_not_to_be_guessed(site):
    for path in ("/index.html", "/_static/a.css", "/none.html", "/_exptdir/none.js"):
        answer = ask(site.app, path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_the_scripts_of_the_preview_are_served_and_nothing_else_of_it(site):
    assert "javascript" in ask(site.app, "/_exptdir/preview.js").headers["content-type"]
    for path in ("/_exptdir/../server.py", "/_exptdir/preview/../../server.py", "/_exptdir/server.py", "/_exptdir/"):
        assert ask(site.app, path).status == 404


def test_a_site_that_takes_our_address_for_its_name_is_turned_away(site):
    for host in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "192.0.2.7:8000"):
        assert ask(site.app, "/index.html", host=host).status == 400, host
    for host in ("localhost:8000", "LOCALHOST", "127.0.0.1", "[::1]:8000", "localhost:9000"):
        assert ask(site.app, "/index.html", host=host).status == 200, host


def test_an_exposed_preview_answers_to_addresses_but_not_to_foreign_names(site):
    app = site.application("0.0.0.0", exposed=True)
    assert ask(app, "/index.html", host="192.0.2.7:8000").status == 200
    assert ask(app, "/index.html", host="evil.example:8000").status == 400


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://evil.example", HOST),
        ("http://127.0.0.1:8001", HOST),
        ("http://127.0.0.1", HOST),
        ("null", HOST),
        ("", HOST),
        ("http://evil.example:8000", "evil.example:8000"),
    ],
)
def test_other_sites_cannot_listen(site, origin, host):
    async def connect() -> Any:
        async with Listener(site.app, origin=origin, host=host) as listener:
            return await listener.hear()

    assert run_apart(connect())["type"] == "websocket.close"


def test_a_page_of_the_preview_can_listen(site):
    async def connect() -> Any:
        async with Listener(site.app, origin=f"http://{HOST}") as listener:
            return (await listener.hear())["type"], (await listener.message())["type"]

    assert run_apart(connect()) == ("websocket.accept", "state")
