"""Figures on a dark page, as they are seen: of the page's colour, and what a person has edited in either scheme."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.conftest import Pages
from tests.sphinxext.building import Site, titled

pytestmark = pytest.mark.browser

PLOT = """\
import matplotlib.pyplot as plt

plt.figure(figsize=(3, 2))
plt.plot([1, 2], color="#00ff00")
for name in ["drawn.svg", "edited.svg"]:
    plt.savefig(name)
"""


@pytest.fixture(scope="module", params=["pydata_sphinx_theme", "furo"])
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    overrides = {"html_theme": request.param, "exptdir_plot_dark": True}
    site = Site(tmp_path_factory.mktemp("record"), overrides=overrides)
    shown = ".. figure:: drawn.svg\n\n.. figure:: edited.svg\n"
    built = site.build(files={"expts/1_a/notes.rst": titled("A", shown), "expts/1_a/plot.py": PLOT})
    figure = site.source / "expts/1_a/edited.svg"
    text = figure.read_text("utf-8")
    assert "#00ff00" in text and built.warnings == ""
    return built.rebuild({"expts/1_a/edited.svg": text.replace("#00ff00", "#ff0000")}).out


def picture(shown: Page, at: int) -> Image.Image:
    """Return how one of the figures is seen."""
    return Image.open(BytesIO(shown.locator("figure img:visible").nth(at).screenshot())).convert("RGB")


def colours(shown: Page, at: int) -> set[object]:
    """Return the colours of the figure that is seen."""
    return {colour for _, colour in picture(shown, at).getcolors(1 << 20) or ()}


def test_a_figure_on_a_dark_page_is_no_box(record: Path, page: Pages) -> None:
    shown = page(color_scheme="dark")
    shown.goto((record / "expts/1_a/notes.html").as_uri())
    assert shown.locator("figure img:visible").count() == 2
    # The page beside it, just left of the figure.
    box = shown.locator("figure img:visible").first.bounding_box()
    assert box is not None
    clip = {"x": box["x"] - 3, "y": box["y"] + 3, "width": 1, "height": 1}
    beside = Image.open(BytesIO(shown.screenshot(clip=clip))).convert("RGB").getpixel((0, 0))  # type: ignore[arg-type]
    corner = picture(shown, 0).getpixel((3, 3))
    assert isinstance(beside, tuple) and isinstance(corner, tuple) and max(beside) < 100
    assert all(abs(one - other) <= 2 for one, other in zip(corner, beside, strict=True)), (corner, beside)
    # What is drawn, and its axes, can be told from it.
    found = [colour for colour in colours(shown, 0) if isinstance(colour, tuple)]
    assert (0, 255, 0) in found and any(min(colour) > 150 for colour in found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_was_edited_is_seen_in_either_scheme(record: Path, page: Pages, scheme: str) -> None:
    shown = page(color_scheme=scheme)
    shown.goto((record / "expts/1_a/notes.html").as_uri())
    # pydata makes all images a little darker there.
    found = [colour for colour in colours(shown, 1) if isinstance(colour, tuple)]
    assert any(red > 180 and green < 40 for red, green, _ in found)
    assert not any(green > 180 and red < 40 for red, green, _ in found)
