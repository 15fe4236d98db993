"""A figure that was written to its end is told from one that was not."""

from __future__ import annotations

from pathlib import Path

import pytest

from exptdir.figures.run.guard import defect

PNG = b"\x89PNG\r\n\x1a\n...IEND\xaeB`\x82"


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("a.svg", b"<?xml version='1.0'?><svg:svg>x</svg:svg>\n<!-- end -->\n", None),
        ("a.svg", b"<svg width='1'/>", None),
        ("a.svg", "<svg></svg>".encode("utf-16"), None),
        ("a.svg", b"<svg><path/>", "ends too early"),
        ("a.svg", b"<html></html>", "is no SVG file"),
        ("a.svg", b"", "is empty"),
        ("a.png", PNG, None),
        ("a.PNG", PNG[:-3], "ends too early"),
        ("a.png", b"<svg></svg>", "is no PNG file"),
        ("a.pdf", b"%PDF-1.4 %%EOF\n", None),
        ("a.pdf", b"%PDF-1.4", "ends too early"),
        ("a.jpg", b"\xff\xd8\xff..\xff\xd9", None),
        ("a.jpeg", b"\xff\xd8\xff..", "ends too early"),
        ("a.webp", b"RIFF\x04\0\0\0WEBP", None),
        ("a.webp", b"RIFF\x05\0\0\0WEBP", "ends too early"),
        ("a.gif", b"GIF89a;", None),
        ("a.tif", b"II*\0", None),
        ("a.eps", b"%!PS-Adobe", None),
    ],
)
def test_broken_figures_are_told_from_whole_ones(tmp_path, name, content, fault):
    path = tmp_path / name
    path.write_bytes(content)
    assert defect(path) == fault


def test_a_figure_that_is_gone_is_no_whole_one():
    assert defect(Path("nothing.svg")) == "cannot be read (No such file or directory)"
