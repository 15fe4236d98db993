"""Find a Chromium for the browser tests, install one where there is none, and see that it really starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")

#: A browser left to itself talks to its maker, and a page may try to reach anybody: no name resolves.
ARGUMENTS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def installed() -> str | None:
    """Return the path of a Chromium that the system has."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def launch_options() -> dict[str, Any]:
    """How to start the browser: one of the system's where there is one, Playwright's own otherwise."""
    arguments = list(ARGUMENTS)
    if os.geteuid() == 0:
        # Chromium's sandbox refuses to work for root, which is what one is in most containers.
        arguments.append("--no-sandbox")
    options: dict[str, Any] = {"headless": True, "args": arguments}
    if found := installed():
        options["executable_path"] = found
    return options


def version() -> str:
    """Start the browser and ask it who it is; raises one of Playwright's errors where that fails."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        try:
            return browser.version
        finally:
            browser.close()


def remedies() -> Iterator[list[list[str]]]:
    """Yield what may help, the best first, each as the commands that it takes."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        # Playwright's driver is a Node that needs libatomic, which a bare Debian is without.
        packages = ["libatomic1"] if installed() else ["libatomic1", "chromium"]
        yield [["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *packages]]
    if not installed():
        yield [[sys.executable, "-m", "playwright", "install", "chromium"]]


def attempt(commands: list[list[str]]) -> str:
    """Run the commands, then start the browser."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in commands:
        print("+", " ".join(command), flush=True)
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return version()


def main() -> str | None:
    """Return what went wrong, or nothing."""
    failures = []
    # One at a time: what the first installs decides whether there is a second.
    for commands in chain([[]], remedies()):
        try:
            found = attempt(commands)
        except Exception as error:
            # Playwright raises a bare Exception where its driver cannot start.
            failures.append(str(error).strip())
        else:
            print(f"Chromium {found}: {launch_options().get('executable_path', 'Playwright’s own')}")
            return None
    return "\n".join(
        [
            "The browser tests need a Chromium that works, and there is none:",
            *failures,
            f"Install one of {', '.join(NAMES)} (on Debian: apt-get install chromium libatomic1), or run",
            f"{sys.executable} -m playwright install --with-deps chromium",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
