"""Titles of experiments where they are shown away from their page."""

from __future__ import annotations

from tests.sphinxext.conftest import Build


def test_markup_in_a_heading_is_read_before_others_show_it(build: Build) -> None:
    built = build(
        {
            "expts/0001_a/notes.rst": "Repeat *this* of [Smith2020]_\n=============================\n\nText.\n\n"
            ".. [Smith2020] A paper.\n",
            "expts/0002_b/notes.rst": "Other\n=====\n\n:expt:`1`\n",
        },
        confoverrides={"exptdir_ref_format": "#{id}: {title}"},
    )
    page = built.page("expts/0002_b/notes")
    assert "Repeat this of [Smith2020]" in page.select_one(".exptdir-nav").get_text()
    link = page.select_one("a.exptdir-ref")
    assert link.get_text() == "#1: Repeat this of [Smith2020]"
    assert link["title"] == "Repeat this of [Smith2020]"
