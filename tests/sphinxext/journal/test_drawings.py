"""``expt-calendar`` and ``expt-graph``: what is drawn, where it leads, and what those hear who do not see it."""

from __future__ import annotations

import re

import pytest
from bs4 import Tag

from exptdir.sphinxext.journal.graph import GraphShown, in_layers, neighbourhood
from tests.sphinxext.building import Built, the, titled, words
from tests.sphinxext.conftest import Build

FILES = {
    "expts/1_a/notes.md": "# A &lt;b>\n\n"
    "## 2024-02-29: Leap\n\nx\n\n## 2024-02-29: Twice & more\n\nx\n\n## 2023-12-31: Old\n\nx\n",
    "expts/1_a/2_b/notes.rst": titled(
        "B", ":expt:builds-on:`3`\n\n2024-03-02\n----------\n\nSee :expt:`4` and :expt:`1`.\n"
    ),
    "expts/3_c/index.md": "---\nbegun: 2023-01-02\nstatus: ready\nprerequisites: [4]\n---\n# C\n",
    "expts/4_d/index.md": "# D\n\n{expt}`3`\n",
    "expts/5_e/index.md": "---\nbuilds_on: [1]\n---\n# E\n",
    "calendar.rst": ":orphan:\n\n" + titled("Calendar", ".. expt-calendar::\n"),
    "year.rst": ":orphan:\n\n" + titled("Year", ".. expt-calendar::\n   :year: 2023\n"),
    "empty.rst": ":orphan:\n\n" + titled("Empty", ".. expt-calendar::\n   :year: 1999\n"),
    "graph.rst": ":orphan:\n\n" + titled("Graph", ".. expt-graph::\n"),
    "near.rst": ":orphan:\n\n" + titled("Near", ".. expt-graph::\n   :expt: 3\n   :depth: 1\n"),
}


@pytest.fixture(scope="module")
def site(build_once: Build) -> Built:
    return build_once(FILES)


def drawn(built: Built, docname: str) -> Tag:
    return the(built.body(docname), "svg")


def test_a_calendar_has_all_days_of_a_leap_year_and_a_link_for_each_with_entries(site: Built):
    assert site.warnings == ""
    svg = drawn(site, "calendar")
    assert len(svg.select("rect")) == 366
    assert svg["aria-label"] == "2024: 3 entries"
    leap, march = svg.select("a[aria-label]")
    assert leap["href"] == "archive/2024-02.html#day-2024-02-29"
    assert march["href"] == "expts/1_a/2_b/notes.html#entry-2024-03-02"
    assert leap["aria-label"] == "2024-02-29: #1 Leap; #1 Twice & more"
    assert leap.rect["class"] == ["exptdir-day-2"] and march.rect["class"] == ["exptdir-day-1"]
    # A Thursday and a Saturday, of one week and a day later.
    assert [float(day.rect["y"]) for day in (leap, march)] == [18 + 3 * 14, 18 + 5 * 14]
    assert leap.rect["x"] == march.rect["x"]
    assert [words(month) for month in svg.select("text")][:3] == ["Jan", "Feb", "Mar"]


def test_another_year_can_be_asked_for(site: Built):
    assert drawn(site, "year")["aria-label"] == "2023: 1 entry"
    assert words(site.body("empty").select_one(".exptdir-none")) == "There are no such entries."


def test_a_mistyped_year_does_not_hide_the_last_one(build: Build):
    built = build({**FILES, "expts/6_f/index.md": "# F\n\n## 2099-01-01: Slip\n\nx\n"})
    assert "more than a year ahead" in built.warnings
    assert drawn(built, "calendar")["aria-label"] == "2024: 3 entries"


def test_time_zones_shift_no_day(build: Build, monkeypatch: pytest.MonkeyPatch):
    pages = []
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        monkeypatch.setenv("TZ", zone)
        pages.append(build(FILES).html("calendar"))
    assert pages[0] == pages[1]


def edges(built: Built, docname: str) -> set[tuple[str, str]]:
    found = drawn(built, docname).select("path")
    return {(words(path.title), path["class"][0].removeprefix("exptdir-edge-")) for path in found}


def test_a_graph_joins_what_hangs_together_and_draws_the_strongest_tie(site: Built):
    assert edges(site, "graph") == {
        ("#2 is part of #1", "part"),
        ("#3 needs #4", "needs"),
        ("#2 builds on #3", "builds"),
        ("#2 refers to #4", "cites"),
        ("#5 builds on #1", "builds"),
    }
    boxes = {box["aria-label"]: box["href"] for box in drawn(site, "graph").select("a")}
    assert boxes["#1 A <b>"] == "expts/1_a/notes.html"
    assert boxes["#3 C (blocked)"] == "expts/3_c/index.html"
    assert len(boxes) == 5
    assert "<b>" not in str(drawn(site, "graph"))


def test_boxes_do_not_lie_on_one_another(site: Built):
    places = {(box["x"], box["y"]) for box in drawn(site, "graph").select("rect")}
    assert len(places) == 5


def test_a_long_chain_goes_down_the_page_and_a_short_one_across_it(site: Built, build: Build):
    def spread(built: Built, docname: str, name: str) -> int:
        return len({box[name] for box in drawn(built, docname).select("rect")})

    assert (spread(site, "near", "x"), spread(site, "near", "y")) == (3, 1)
    files = {f"expts/{n}_x/index.md": f"---\nprerequisites: [{n - 1}]\n---\n# X\n" for n in range(2, 9)}
    chain = build({**files, "expts/1_x/index.md": "# X\n", "index.rst": titled("Home", ".. expt-graph::\n")})
    assert (spread(chain, "index", "x"), spread(chain, "index", "y")) == (1, 8)
    # From the bottom of one to the top of the next.
    boxes = [float(str(box["y"])) for box in drawn(chain, "index").select("rect")]
    starts = {float(str(path["d"]).split("C")[0].split()[1]) for path in drawn(chain, "index").select("path")}
    assert starts == {y + 40 for y in sorted(boxes)[:-1]}


def test_a_line_goes_past_the_boxes_between_its_ends_and_the_page_itself_stands_out(build: Build):
    files = {f"expts/{n}_x/index.md": f"---\nprerequisites: [{n - 1}]\n---\n# X\n" for n in range(2, 7)}
    files["expts/7_x/index.md"] = (
        "---\nprerequisites: [6]\nbuilds_on: [1]\n---\n# X\n\n```{expt-graph}\n:expt: 7\n:depth: 6\n```\n"
    )
    picture = drawn(build({**files, "expts/1_x/index.md": "# X\n"}), "expts/7_x/index")
    drawn_at = picture.select_one(".exptdir-edge-builds")
    assert drawn_at is not None
    x, y, a, b, c, d, to_x, to_y = map(float, re.findall(r"-?[\d.]+", str(drawn_at["d"])))
    steps = [step / 50 for step in range(1, 50)]
    points = [
        (
            (1 - t) ** 3 * x + 3 * (1 - t) ** 2 * t * a + 3 * (1 - t) * t**2 * c + t**3 * to_x,
            (1 - t) ** 3 * y + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * d + t**3 * to_y,
        )
        for t in steps
    ]
    for box in picture.select("rect"):
        left, top, width, height = (float(str(box[name])) for name in ("x", "y", "width", "height"))
        assert not any(left < at < left + width and top < down < top + height for at, down in points)
    assert max(at for at, _down in points) < float(str(picture["width"]))
    assert [text.get_text() for text in picture.select(".exptdir-here text")] == ["#7", "X"]


def test_a_neighbourhood_ends_after_so_many_steps(site: Built):
    assert {box["aria-label"].split()[0] for box in drawn(site, "near").select("a")} == {"#2", "#3", "#4"}
    assert neighbourhood(["a"], [], 5) == {"a"}


def test_other_builders_get_words(site: Built):
    assert re.search(r"2024: 02-29 \(2\), 03-02", site.text("calendar"))
    assert "* #3 needs #4" in site.text("graph")


def test_days_become_months_where_there_are_many():
    class One:
        def __init__(self, begun: str) -> None:
            self.begun = begun

    days = [f"2024-{month:02}-{day:02}" for month in (1, 2) for day in range(1, 20)]
    layers, names = in_layers(GraphShown(tuple((day, One(day)) for day in days), (), 0))  # type: ignore[misc]
    assert names == ["2024-01", "2024-02"]
    assert [len(layer) for layer in layers] == [19, 19]


def test_a_big_record_is_drawn_by_its_top_level_and_the_newest(build: Build):
    files = {f"expts/{n}_x/index.md": f"---\nbegun: 2024-01-{n % 28 + 1:02}\n---\n# X{n}\n" for n in range(1, 71)}
    files |= {f"expts/1_x/{n}_y/index.md": f"# Y{n}\n" for n in range(101, 111)}
    built = build({**files, "index.rst": titled("Home", ".. expt-graph::\n")})
    boxes = [box["aria-label"] for box in drawn(built, "index").select("a")]
    assert len(boxes) == 60 and not [box for box in boxes if "Y" in box]
    assert "10 older experiments are left out." in words(the(built.body(), ".exptdir-legend"))
