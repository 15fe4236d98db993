"""Links that open a file in an editor."""

from __future__ import annotations

import os

import pytest

from exptdir.preview.browsers import editor_link

CODE = "vscode://file/{path}:{line}"


def test_the_path_and_the_line_go_where_the_author_wants_them() -> None:
    assert editor_link(CODE, "/r/notes.rst", 12) == "vscode://file//r/notes.rst:12"
    other = "txmt://open?line={line}&url=file://{path}"
    assert editor_link(other, "/r/a.md", 3) == "txmt://open?line=3&url=file:///r/a.md"


@pytest.mark.parametrize("line", [0, -1])
def test_without_a_line_the_first_is_meant(line: int) -> None:
    assert editor_link(CODE, "/r/a.md", line).endswith(":1")


def test_names_are_encoded_as_addresses_need_it() -> None:
    assert editor_link("e:{path}", '/r/50% of #1 & "größe"?.md') == (
        "e:/r/50%25%20of%20%231%20%26%20%22gr%C3%B6%C3%9Fe%22%3F.md"
    )


def test_a_name_that_is_no_text_keeps_its_bytes() -> None:
    assert editor_link("e:{path}", os.fsdecode(b"/r/gr\xf6sse.md")) == "e:/r/gr%F6sse.md"


@pytest.mark.parametrize(("template", "path"), [("", "/r/a.md"), (CODE, ""), ("{file}", "/r/a.md"), ("{", "/r/a.md")])
def test_there_is_no_link_without_a_template_that_holds_and_a_file(template: str, path: str) -> None:
    assert editor_link(template, path, 1) == ""
