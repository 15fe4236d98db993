"""A headless Chromium, and pages in it that cannot reach the network and tell who tried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Route, WebSocketRoute, sync_playwright

from tests.browser.ensure_chromium import launch_options

LOCAL_SCHEMES = frozenset({"file", "data", "blob", "about"})


def is_outside(url: str) -> bool:
    """Whether a request for this address would leave the machine."""
    parts = urlsplit(url)
    return parts.scheme not in LOCAL_SCHEMES and parts.hostname != "127.0.0.1"


class Pages:
    """Makes pages, as in ``page(viewport=(390, 844), color_scheme="dark")``.

    ``page.blocked`` lists the addresses outside this machine that any of them asked for.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts = []
        self.blocked: list[str] = []

    def __call__(
        self, *, viewport: tuple[int, int] = (1280, 800), color_scheme: str = "light", javascript: bool = True
    ) -> Page:
        context = self._browser.new_context(
            viewport={"width": viewport[0], "height": viewport[1]},
            color_scheme=color_scheme,
            java_script_enabled=javascript,
            # What a service worker fetches would pass by the routes below.
            service_workers="block",
        )
        self._contexts.append(context)
        context.on("request", self._record)
        context.route(is_outside, self._abort)
        context.route_web_socket(re.compile(r"wss?://(?!127\.0\.0\.1[:/])"), self._refuse)
        return context.new_page()

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _record(self, request: Request) -> None:
        # Redirections do not come by the routes, but they do by here.
        if is_outside(request.url):
            self.blocked.append(request.url)

    def _abort(self, route: Route) -> None:
        route.abort("blockedbyclient")

    def _refuse(self, socket: WebSocketRoute) -> None:
        self.blocked.append(socket.url)
        socket.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Pages]:
    pages = Pages(browser)
    yield pages
    pages.close()
