"""The browser tests' own footing: a browser that renders, and no way out of the machine that goes unseen."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_page_is_rendered(page):
    phone = page(viewport=(390, 844), color_scheme="dark")
    phone.set_content("<h1>Log</h1><script>document.title = `${innerWidth} wide`</script>")
    assert phone.inner_text("h1") == "Log"
    assert phone.title() == "390 wide"
    assert phone.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert page.blocked == []


def test_file_is_no_outside_request(page, tmp_path):
    (tmp_path / "style.css").write_text("h1 { color: rgb(1, 2, 3) }")
    document = tmp_path / "index.html"
    document.write_text("<!doctype html><link rel=stylesheet href=style.css><h1>Log</h1>")
    here = page()
    here.goto(document.as_uri())
    assert here.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(1, 2, 3)"
    assert page.blocked == []


@pytest.mark.parametrize(
    ("markup", "address"),
    [
        ("<img src='https://example.org/figure.svg'>", "https://example.org/figure.svg"),
        ("<link rel=stylesheet href='http://example.org/a.css'>", "http://example.org/a.css"),
        ("<style>body { background: url(https://example.org/b.png) }</style>", "https://example.org/b.png"),
        ("<script>fetch('https://example.org/c').catch(() => 0)</script>", "https://example.org/c"),
        ("<script>new WebSocket('wss://example.org/d')</script>", "wss://example.org/d"),
    ],
)
def test_outside_request_is_blocked_and_recorded(page, markup, address):
    here = page()
    here.set_content(markup)
    for _ in range(1200):
        if page.blocked:
            break
        here.wait_for_timeout(50)
    assert page.blocked == [address]
