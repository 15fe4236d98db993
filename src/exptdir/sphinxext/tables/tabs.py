"""All sheets of a workbook as tabs, which other builders than HTML's show one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from docutils import nodes


def tab_set(parts: Sequence[tuple[str, nodes.Node]]) -> nodes.Element:
    """Make the tabs.

    Parameters
    ----------
    parts
        For each tab its label and what it shows.

    Returns
    -------
    docutils.nodes.Element
        What sphinx-design's directive ``tab-set`` makes of such content.
    """
    from sphinx_design.shared import create_component

    whole = create_component("tab-set", classes=["sd-tab-set", "exptdir-table-tabs"])
    for number, (label, content) in enumerate(parts):
        item = create_component("tab-item", classes=["sd-tab-item"], selected=number == 0)
        # A name of a sheet is no prose: its quotes stay as they are.
        item += nodes.rubric(label, label, classes=["sd-tab-label"], support_smartquotes=False)
        item += create_component("tab-content", classes=["sd-tab-content"], children=[content])
        whole += item
    return whole
