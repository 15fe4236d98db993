"""Takes the picture in the README: the first page of our own record, in a browser. ``make picture`` runs it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PAGE = "index.html"
PICTURE = HERE / "_static/page.png"
WIDTH, HEIGHT = 1200, 1150


def main() -> None:
    """Build the record, open the page, and write the picture with as few colours as it needs."""
    sys.path.insert(0, str(ROOT))
    from PIL import Image
    from playwright.sync_api import sync_playwright

    from tests.browser.ensure_chromium import launch_options

    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        subprocess.run([sys.executable, "-m", "sphinx", "-q", str(ROOT), made], check=True)
        browser = playwright.chromium.launch(**launch_options())
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto((Path(made) / PAGE).as_uri())
        page.screenshot(path=f"{made}/page.png")
        browser.close()
        with Image.open(f"{made}/page.png") as taken:
            taken.convert("RGB").quantize(128).save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
