"""A headless Chromium, and pages in it that cannot reach the network and tell who tried."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, Request, WebSocket, expect, sync_playwright

from tests.browser.ensure_chromium import launch_options

#: Milliseconds that nobody waits but where something is wrong, or where the machine has much else to do.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)

LOCAL_SCHEMES = frozenset({"file", "data", "blob", "about"})


def is_outside(url: str) -> bool:
    """Whether a request for this address would leave the machine."""
    parts = urlsplit(url)
    return parts.scheme not in LOCAL_SCHEMES and parts.hostname != "127.0.0.1"


#: Leaves nothing to whoever opens a page of the same origin next.
FORGET = "try { localStorage.clear(); sessionStorage.clear() } catch {}"
Key = tuple[tuple[int, int], str, bool]


class Pages:
    """Makes pages, as in ``page(viewport=(390, 844), color_scheme="dark")``.

    ``page.blocked`` lists the addresses outside this machine that any of them asked for. A page is used again by later
    tests, for to open one takes a browser longer than most tests; one that is changed by more than what it shows, by
    permissions for one, is to be the test's own.
    """

    def __init__(self, browser: Browser, kept: dict[Key, Page]) -> None:
        self._browser = browser
        self._kept = kept
        self._used: list[tuple[Key, bool, Page]] = []
        self.blocked: list[str] = []

    def __call__(
        self,
        *,
        viewport: tuple[int, int] = (1280, 800),
        color_scheme: str = "light",
        javascript: bool = True,
        own: bool = False,
    ) -> Page:
        key = viewport, color_scheme, javascript
        page = None if own else self._kept.pop(key, None)
        if page is None:
            page = self._open(*key)
        # It gets nowhere: for this browser no name resolves. To stop each request and look at it would take longer.
        page.on("request", self._record)
        page.on("websocket", self._record)
        self._used.append((key, own, page))
        return page

    def _open(self, viewport: tuple[int, int], color_scheme: str, javascript: bool) -> Page:
        context = self._browser.new_context(
            viewport={"width": viewport[0], "height": viewport[1]},
            color_scheme=color_scheme,
            java_script_enabled=javascript,
            # What a service worker fetches would pass by unseen.
            service_workers="block",
        )
        context.set_default_timeout(PATIENCE)
        return context.new_page()

    def close(self) -> None:
        for key, own, page in self._used:
            page.remove_listener("request", self._record)
            page.remove_listener("websocket", self._record)
            if own or key in self._kept or not _leave(page):
                page.context.close()
            else:
                self._kept[key] = page

    def _record(self, request: Request | WebSocket) -> None:
        if is_outside(request.url):
            self.blocked.append(request.url)


def _leave(page: Page) -> bool:
    """Bring a page back to nothing; say whether it can be."""
    try:
        page.evaluate(FORGET)
        page.context.clear_cookies()
        page.emulate_media(media="null")
        page.mouse.move(0, 0)
        page.goto("about:blank")
    except Error:
        return False
    return True


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options(), timeout=3 * PATIENCE)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def kept_pages() -> dict[Key, Page]:
    """The pages that are used again."""
    return {}


@pytest.fixture
def page(browser: Browser, kept_pages: dict[Key, Page]) -> Iterator[Pages]:
    pages = Pages(browser, kept_pages)
    yield pages
    pages.close()
