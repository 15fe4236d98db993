"""Entries: which parts of a log they are, how they are reached, and their list."""

from __future__ import annotations

import pytest

from tests.sphinxext.building import Built, the, titled, words
from tests.sphinxext.conftest import Build


def section(title: str, rule: str = "-", text: str = "text") -> str:
    return f"{title}\n{rule * 2 * len(title)}\n\n{text}\n\n"


def log(*titles: str) -> str:
    return titled("Log", "".join(section(title) for title in titles))


def entries(built: Built, docname: str = "expts/1_a/notes") -> list[tuple[str, str]]:
    """Return address and title of each entry on a page."""
    found = built.body(docname).select(".exptdir-entry")
    return [
        (entry["id"], words(entry.select_one("h1, h2, h3, h4, .admonition-title, .topic-title"))) for entry in found
    ]


def one(build: Build, text: str, **conf: object) -> Built:
    return build({"expts/1_a/notes.rst": text}, confoverrides={f"exptdir_{name}": conf[name] for name in conf})


FORMS = [
    ("2024/05/21: First try", "entry-2024-05-21"),
    ("2024-05-22", "entry-2024-05-22"),
    ("2024.5.23 — Third", "entry-2024-05-23"),
    ("24 May 2024", "entry-2024-05-24"),
    ("May 25, 2024", "entry-2024-05-25"),
    ("11月17日", "entry-2024-11-17"),
    ("12/18: Later", "entry-2024-12-18"),
    ("1/3: Next year", "entry-2025-01-03"),
]


@pytest.mark.parametrize("suffix", ["rst", "md"])
def test_all_forms_of_dates_in_order(build: Build, suffix: str):
    text = log(*(title for title, _ in FORMS))
    if suffix == "md":
        text = "# Log\n\n" + "".join(f"## {title}\n\ntext\n\n" for title, _ in FORMS)
    built = build({f"expts/1_a/notes.{suffix}": text}, conf='exptdir_date_order = "MDY"\n')
    assert entries(built) == [(anchor, title) for title, anchor in FORMS]
    assert built.warnings == ""


def test_entries_at_any_heading_level_and_what_is_none(build: Build):
    text = titled(
        "Log",
        section("Results", "=")
        + section("2024-05-21: First", "-")
        + section("Details of 2024-05-21", "~")
        + section("2024-05-20: Inside", "~")
        + section("Discussion", "=")
        + section("20 samples", "-"),
    )
    built = one(build, text)
    assert entries(built) == [
        ("entry-2024-05-21", "2024-05-21: First"),
        ("entry-2024-05-20", "2024-05-20: Inside"),
    ]
    assert built.warnings == ""


def test_an_address_survives_a_changed_title_and_an_entry_put_in_between(build: Build):
    built = one(build, log("2024-05-21: First", "2024-06-01: Second"))
    assert "entry-2024-06-01" in dict(entries(built))
    changed = built.rebuild({"expts/1_a/notes.rst": log("2024-05-21", "2024-05-28: New", "2024-06-01: Renamed")})
    assert entries(changed) == [
        ("entry-2024-05-21", "2024-05-21"),
        ("entry-2024-05-28", "2024-05-28: New"),
        ("entry-2024-06-01", "2024-06-01: Renamed"),
    ]


def test_the_second_entry_of_a_day_is_counted_in_file_order(build: Build):
    built = one(build, log("2024-05-21: a", "2024/05/21: b", "21 May 2024: c") + ":expt:`@2024-05-21.3`\n")
    assert [anchor for anchor, _ in entries(built)] == [
        "entry-2024-05-21",
        "entry-2024-05-21-2",
        "entry-2024-05-21-3",
    ]
    assert words(built.body("expts/1_a/notes").select_one("a.exptdir-ref")) == "21 May 2024 (3)"
    assert built.warnings == ""


def test_an_explicit_target_keeps_the_address_of_an_entry(build: Build):
    text = titled("Log", ".. _kept:\n\n" + section("2024-05-21: First") + section("2024-05-22: Second"))
    built = build({"expts/63_a/notes.rst": text, "index.rst": titled("Home", ":expt:`63#kept`\n")})
    link = built.body().select_one("a.exptdir-ref")
    assert link["href"] == "expts/63_a/notes.html#kept"
    page = built.page("expts/63_a/notes")
    assert the(page, "#kept") is not None
    assert built.warnings == ""


def test_the_old_anchor_of_a_title_still_works(build: Build):
    built = one(build, log("2024-05-21: First try"))
    assert the(built.page("expts/1_a/notes"), "#first-try, [id='2024-05-21-first-try'], #id1") is not None


def test_an_update_is_an_entry_and_a_box(build: Build):
    text = titled(
        "Log",
        section(
            "2024/05/21: First", text=".. update:: 2024/07/02\n\n   It *was* wrong.\n\n   See :expt:`1@2024-07-02`."
        ),
    )
    built = one(build, text)
    assert entries(built) == [
        ("entry-2024-05-21", "2024/05/21: First"),
        ("entry-2024-07-02", "Update — 2024/07/02"),
    ]
    box = the(built.body("expts/1_a/notes"), "#entry-2024-07-02")
    assert words(the(box, "em")) == "was"
    assert the(box, "a.exptdir-ref")["href"].endswith("#entry-2024-07-02")
    assert built.warnings == ""


def test_an_update_in_markdown_and_on_a_loose_page(build: Build):
    built = build(
        {
            "expts/1_a/notes.md": "# Log\n\n```{update} 2 July 2024\nWrong.\n```\n",
            "index.rst": titled("Home", ".. update:: 2024/07/03\n\n   Here too.\n"),
        }
    )
    assert entries(built) == [("entry-2024-07-02", "Update — 2 July 2024")]
    assert "Here too." in words(built.body())
    assert built.warnings == ""


@pytest.mark.parametrize("date", ["yesterday", "2024/02/31"])
def test_an_update_without_a_date_is_reported_at_its_line(build: Build, date: str):
    built = one(build, titled("Log", f"text\n\n.. update:: {date}\n\n   Hm.\n"))
    (warning,) = built.located
    assert warning.startswith("expts/1_a/notes.rst:6: WARNING: ")
    assert warning.endswith("[exptdir.date]")
    assert date in warning
    assert "Hm." in words(built.body("expts/1_a/notes"))


def test_the_year_comes_from_an_enclosing_heading_the_entry_before_or_the_start(build: Build):
    text = titled("Log", section("2019", "=") + section("12/28: a") + section("2021", "=") + section("1/30: b"))
    assert [anchor for anchor, _ in entries(one(build, text, date_order="MDY"))] == [
        "entry-2019-12-28",
        "entry-2021-01-30",
    ]
    begun = build(
        {"expts/1_a/notes.rst": log("6/28: a"), "expts/1_a/expt.toml": "begun = 2022-06-20\n"},
        confoverrides={"exptdir_date_order": "MDY"},
    )
    assert [anchor for anchor, _ in entries(begun)] == ["entry-2022-06-28"]


def test_a_year_that_cannot_be_told_is_reported_at_its_line_and_not_guessed(build: Build):
    built = one(build, titled("Log", "text\n\n" + section("6/28: a")), date_order="MDY")
    assert entries(built) == []
    (warning,) = built.located
    # docutils counts a title from the line below it.
    assert warning.startswith("expts/1_a/notes.rst:7: WARNING: the year of “6/28” cannot be told")
    assert warning.endswith("[exptdir.date]")


def test_an_ambiguous_order_is_reported_or_follows_the_setting_or_the_file(build: Build):
    text = log("5/6/2024: a")
    built = one(build, text)
    assert entries(built) == []
    (warning,) = built.located
    assert "“5/6/2024” can mean 2024-06-05 or 2024-05-06" in warning
    assert entries(one(build, text, date_order="DMY"))[0][0] == "entry-2024-06-05"
    assert entries(one(build, text, date_order="MDY"))[0][0] == "entry-2024-05-06"
    by_file = one(build, log("5/6/2024: a", "5/21/2024: b"))
    assert [anchor for anchor, _ in entries(by_file)] == ["entry-2024-05-06", "entry-2024-05-21"]
    assert by_file.warnings == ""


def test_dates_that_contradict_each_other_are_reported_with_a_line(build: Build):
    built = one(build, log("13/5/2024: a", "5/21/2024: b"))
    assert len(built.located) == 1, built.warnings
    assert built.located[0].startswith("expts/1_a/notes.rst:10: WARNING: “5/21/2024: b” has day and month in")


def shown(built: Built) -> list[str]:
    return [words(item) for item in built.body("expts/1_a/notes").select(".exptdir-entry-list li")]


LISTED = ["2024-05-22: Second", "2024-05-21: First", "2024-05-22: Third"]


@pytest.mark.parametrize(
    ("order", "items"),
    [
        ("oldest", ["2024-05-21 First", "2024-05-22 Second", "2024-05-22 Third"]),
        ("newest", ["2024-05-22 Third", "2024-05-22 Second", "2024-05-21 First"]),
        ("none", []),
    ],
)
def test_the_list_of_entries(build: Build, order: str, items: list[str]):
    built = one(build, log(*LISTED), entry_list=order)
    assert shown(built) == items
    for link in built.body("expts/1_a/notes").select(".exptdir-entry-list a"):
        assert len(built.page("expts/1_a/notes").select(f'[id="{link["href"][1:]}"]')) == 1


def test_one_entry_needs_no_list(build: Build):
    assert shown(one(build, log("2024-05-21: First"))) == []


def test_the_list_stands_below_the_title(build: Build):
    built = one(build, titled("Log", "Introduction.\n\n" + section("2024-05-21") + section("2024-05-22")))
    heading = built.body("expts/1_a/notes").select_one("h1")
    header, listed = heading.find_next_siblings()[:2]
    assert "exptdir-header" in header["class"]
    assert "exptdir-entry-list" in listed["class"]
    assert words(listed.summary) == "2 entries"


def test_pages_that_are_no_logs_have_no_entries(build: Build):
    built = build({"expts/1_a/notes.rst": titled("A"), "index.rst": log("2024-05-21: a", "5/6/2024: b")})
    assert not built.body().select(".exptdir-entry, .exptdir-entry-list")
    assert built.warnings == ""
