"""Commands read a page's text as Sphinx does: sections, updates, references and pictures are the same.

What Sphinx makes of a page is taken from its doctree, after one build of all pages.
"""

from __future__ import annotations

import re

import pytest
from docutils import nodes
from sphinx import addnodes

from exptdir.record.markup.blocks import read_blocks
from exptdir.record.markup.references import mentions, shown_pictures
from tests.sphinxext.building import Built, Site

PICTURES = [f"{letter}.png" for letter in "abcdefgxyz"]
REF, RREF = "{expt}`1`", ":expt:`1`"

MD = {
    "comment": "<!--\n# Old\n-->\n# New\n",
    "comment in text": "# A\n\nx <!-- {expt}`1` --> {expt}`2`\n<!-- ![](a.png) -->\n",
    "comment over blank lines": "<!-- a\n\n# Old\n\n{expt}`1`\n-->\n\n# New\n",
    "comment that does not end": "# A\n\n<!-- a\n\n# B\n",
    "comment lines": "% # Old {expt}`1`\n# New\ntext\n% {expt}`2`\ntext\n",
    "indented code": "# A\n\n    # no\n    ![](a.png) {expt}`1`\n\ntext\n    # still {expt}`2`\n",
    "indented code in a list": ("- a\n\n      # no\n      {expt}`1`\n\n  {expt}`2`\n\n        {expt}`3`\n"),
    "fenced code": "# A\n\n```\n# no\n![](a.png)\n```\n~~~python\n{expt}`1`\n```\n~~~\n{expt}`2`\n",
    "fence in a list": ("- a\n  ```\n  # no {expt}`1`\n  ```\n- b\n\n  ~~~\n  {expt}`2`\n- c {expt}`3`\n\n# B\n"),
    "fence in a quote": "> ```\n> # no {expt}`1`\n\n# A\n\n> ~~~\n# B\n",
    "fence that does not end": "# A\n\n```\n# B\n{expt}`1`\n",
    "longer fence": "````\n```\n# no\n```\n# no\n````\n# A\n",
    "fence with a mark in its info": "``` a`b\n# A\n```\n# no\n",
    "indented fence": "   ```\n   # no\n   ```\n# A\n    ```\n# B\n",
    "front matter": "---\ntitle: x\nid: 3\n---\n# A\n",
    "front matter of dots": "---\nid: 3\n...\n# A\n",
    "longer front matter": "----\nid: 3\n----\n# A\n",
    "front matter that does not end": "---\nid: 3\n\n# A\n",
    "front matter further down": "# A\n\n---\nid: 3\n---\n",
    "setext": "A\n===\n\nB\nb\n---\n\nC\n\n---\n\nD\n-\n",
    "setext after a quote": "> a\n===\n\n> b\n---\n\n- c\n---\n\n- d\n===\n",
    "setext after a definition": "[a]: b.md\n===\n\n[a]\n",
    "setext after code": "```\na\n```\n---\n\n    code\n---\n",
    "atx": "#no\n\n# A #\n\n## B ## \n\n### C#\n\n#\tD\n\n####### no\n\n  ### E\n\n    # no\n\n#\n",
    "atx in a paragraph": "text\n# A\ntext\n## B\n",
    "escaped": "\\# no\n\n# A \\#\n",
    "headings in quotes and lists": "> # no\n\n- # no\n\n1. # no\n\n   ## no\n\n# A\n",
    "lazy": "> text\n# A\n\n- text\n# B\n\n- text\nlazy\n\n# C\n",
    "item after text": "text\n2. # no\n\ntext\n1. # no\n\ntext\n-\n# A\n",
    "long item": "-     # no\n\n-    # no\n\n1)  a\n\n    # no\n\n    {expt}`1`\n",
    "block quote code": ">     {expt}`1`\n>\n> {expt}`2`\n",
    "pictures": (
        "![](a.png) ![b](b.png 'B') ![c][c] [![](e.png)](f.png) [f](f.png) ![g]\n\n[c]: c.png\n[d]: d.png\n[G]: g.png\n"
    ),
    "pictures in code": "`![](a.png)` ``![](b.png) ` `` ![](c.png)\n",
    "picture over lines": "![two\nlines](a.png)\n",
    "html": (
        "<div>\n# no\n{expt}`1`\n\n# A\n</div>\n<img src='a.png'>\n\n"
        "<p><img src=\"b.png\"></p>\n\nx <img src='c.png'>\n"
    ),
    "html in code": "`<img src='a.png'>`\n\n```\n<img src='b.png'>\n```\n",
    "html comments about pictures": "<div><!-- <img src='a.png'> --></div>\n\n<img src='b.png'>\n",
    "long html": ("<pre>\n\n# no\n\n</pre>\n# A\n\n<script>\n\n# no\n</script>\n\n<?x\n\n# no ?>\n\n<!A\n# no>\n"),
    "html tags": "<a href='x'>\n# no\n\n</a> text\n# A\n",
    "directive": "```{note}\n# no\n{expt}`1`\n```\n# A\n",
    "titles in directives": (":::{note} {expt}`1`\n:class: tip\n\n# no\n:::\n\n```{admonition} T\n## no\n```\n\n# A\n"),
    "nested directives": ("::::{note}\n:::{tip}\n{expt}`1`\n```{figure} a.png\n:alt: x\n\n{expt}`2`\n```\n:::\n::::\n"),
    "directive with yaml": "```{figure} a.png\n---\nalt: '# x'\nwidth: 3\n---\n{expt}`1`\n```\n",
    "directive in a list": "- a\n\n  ```{image} a.png\n  ```\n- ```{figure} b.png\n  {expt}`1`\n  ```\n",
    "directive in a quote": "> ```{image} a.png\n> ```\n>\n> :::{note}\n> {expt}`1`\n> :::\n",
    "code directives": "```{code-block} md\n# no\n![](a.png) {expt}`1`\n```\n\n:::{math}\n# no\n:::\n",
    "raw": ("```{raw} html\n<img src='a.png'>\n# no {expt}`1`\n```\n\n```{raw} latex\n<img src='b.png'>\n```\n"),
    "box": ":::note\n{expt}`1`\n\n# no\n:::\n\n# A\n",
    "breaks": '+++\n# A\n\n+++ {"a": 1}\n\n***\n\n- - -\n\n# B\n',
    "target": "(x)=\n# A\n\ntext\n(y)=\n## B\n",
    "update": (
        "# A\n\n```{update} 2024-05-01\n{expt}`1`\n```\n\n:::{update} 2024-05-02\n:::\n\n"
        "<!--\n```{update} 2024-05-03\n```\n-->\n"
    ),
    "math": "$$\n# no {expt}`1`\n$$\n\n# A\n\n$$ a $$\n# B\n\n$$\n\n# C\n\n$$ a\n# no\n$$ (label)\n",
    "tables": "| # a | b |\n|---|---|\n| {expt}`1` | ![](a.png) |\n\n# A\n\n| c |\n|---|\n",
    "footnotes": "a[^1] b[^2]\n\n[^1]: {expt}`1` had it.\n\n[^2]: x\n\n    {expt}`2`\n\n    # no\n",
    "definitions": "Term\n: {expt}`1`\n\n    {expt}`2`\n\n# A\n",
    "eval-rst": (
        "# A\n\n```{eval-rst}\n:expt:`1`\n\n.. image:: a.png\n\n.. comment :expt:`2`\n\n"
        "``:expt:`3```\n```\n\n{expt}`4`\n"
    ),
    "titles in eval-rst": "# A\n\n```{eval-rst}\nB\n===\n\n:expt:`1`\n```\n\n## C\n",
    "roles": ("{expt}`1`{expt}`2` {expt}``3`` {expt}`x\ny <4>` \\{expt}`5` `{expt}` {expt}`!6` [](#7) <project:#8>\n"),
    "roles at fences": "```{expt}`1`\n```\n\n`a` {expt}`2` ``b {expt}`3` ``\n",
    "tabs": "#\tA\n\n\tcode {expt}`1`\n\n-\titem\n\n\t{expt}`2`\n\n\t\t{expt}`3`\n\n>\t# no\n",
    "crlf": ("---\r\nid: 1\r\n---\r\n# A\r\n\r\n```\r\n# no\r\n```\r\nB\r\n---\r\n\r\n<!--\r\n# no\r\n-->\r\n"),
    "empty": "",
    "one line": "# A",
}
RST = {
    "headings": "===\nTop\n===\n\nA\n---\n\ntext\n\nB\n~~~~~~~\n\nC\n---\n",
    "overlines": "=====\n Top\n=====\n\n-----\nno\n\n~~~~~\nA\n~~~~~\n",
    "short lines": "Title\n===\n\nText\n--\n\nLonger title\n====\n\nAB\n--\n",
    "transition": "A\n=\n\ntext\n\n-----\n\nmore\n\nB\n-\n",
    "no blank before": ("text\nTitle\n=====\n\n- item\nA\n=====\n\n.. comment\nB\n=====\n\n.. _t:\nC\n=====\n"),
    "numbered titles": "1. Methods\n==========\n\n2) B\n====\n\nA. C\n====\n\n",
    "bullets": "- no\n====\n\nA\n====\n",
    "indented": "A\n=\n\n   no\n   --\n\n  text\n\n   =====\n   no\n   =====\n",
    "comments": (
        ".. # old :expt:`1`\n   more :expt:`2`\n\n   Title\n   =====\n\nA\n=\n\n..\n   :expt:`3`\n\n..\n\n:expt:`4`\n"
    ),
    "comment after text": "text\n.. :expt:`1`\n\n.. x :expt:`2`\n.. y :expt:`3`\n:expt:`4`\n",
    "literal": (
        "A\n=\n\nAs::\n\n   :expt:`1`\n\n   B\n   =\n\n:expt:`2`\n\nC::\n\n> :expt:`3`\n"
        "> :expt:`4`\n\n:expt:`5` ::\n\n  :expt:`6`\n\n::\n\n  .. image:: a.png\n"
    ),
    "no literal": "As::\n   :expt:`1`\n\nB::\n=====\n\ntext\n",
    "literal in a list": ("- a::\n\n    :expt:`1`\n\n  :expt:`2`\n\n- b\n\n  c::\n\n     :expt:`3`\n\n:expt:`4`\n"),
    "code": (
        ".. code-block:: rst\n   :caption: :expt:`1`\n\n   :expt:`2`\n\n   .. image:: a.png\n\n"
        ":expt:`3`\n\n.. code::\n\n   :expt:`4`\n"
    ),
    "math": ".. math:: a :expt:`1`\n\n   b :expt:`2`\n\n.. math::\n\n   .. image:: a.png\n",
    "doctest": ">>> :expt:`1`\n:expt:`2`\n\n:expt:`3`\n",
    "raw": (".. raw:: html\n\n   <img src='a.png'>\n   :expt:`1`\n\n.. raw:: latex\n\n   <img src='b.png'>\n"),
    "inline": "``:expt:`1``` :expt:`2` `:expt:` :literal:`x` ``a\nb :expt:`3` ``\n",
    "substitution": ".. |a| image:: a.png\n\n.. |b| replace:: :expt:`1`\n\n|a| |b|\n",
    "figures": (
        ".. figure:: a.png\n   :alt: b.png\n\n   :expt:`1`\n\n   .. image:: b.png\n\n"
        ".. image::\n   c.png\n\n- .. image:: d.png\n\n#. .. image:: e.png\n"
    ),
    "list-table": (
        ".. list-table::\n   :header-rows: 1\n\n   * - .. image:: a.png\n     - :expt:`1`\n"
        "   * - .. figure:: b.png\n\n          :expt:`2`\n     - x\n"
    ),
    "tables": (
        "=====  =====\nA      B\n=====  =====\n1      :expt:`1`\n=====  =====\n\n+-----+\n"
        "| A   |\n+=====+\n| b   |\n+-----+\n\nA\n=====\n"
    ),
    "line block": "| A\n| =\n\nB\n=\n\n| x\nC\n=\n",
    "fields": ":a: b\n:expt: c\n\nA\n=\n\n:x:\n  y\nB\n=\n",
    "directives": (
        ".. note:: :expt:`1`\n\n   :expt:`2`\n\n   no\n   ==\n\n.. note::\n"
        "   .. image:: a.png\n\n.. tip::\n\n   .. note::\n\n      :expt:`3`\n\nA\n=\n"
    ),
    "targets": ".. _a b: http://x.y\n.. _c:\n\n.. __: http://x.y\n\n__ http://x.z\n\nA\n=\n",
    "footnotes": (".. [1] :expt:`1`\n\n   :expt:`2`\n.. [#a] :expt:`3`\n.. [Cit] :expt:`4`\n\n[1]_ [#a]_ [Cit]_\n"),
    "update": (
        "A\n=\n\n.. update:: 2024-05-01\n\n   :expt:`1`\n\n.. .. update:: 2024-05-02\n\n"
        "- .. update:: 2024-05-03\n\n     x\n"
    ),
    "update below": ".. update::\n   2024-05-01\n\n   x\n",
    "quotes": "A\n=\n\n   quote :expt:`1`\n\n   -- x\n\nB\n-\n",
    "only": "A\n=\n\n.. only:: html\n\n   :expt:`1`\n",
    "roles": ":expt:`1` `2`:expt: :expt:`x\n<3>` :expt:`!4` x:expt:`5` \\:expt:`6`\n",
    "wide": "中文\n====\n\n中文\n==\n\n中文字\n====\n",
    "empty comment": "..\n\n   :expt:`1`\n\n..\n   x\n\nA\n=\n",
    "tabs": "A\n=\n\n..\tnote:: x\n\n\t:expt:`1`\n\n..\timage:: a.png\n\n..\tcontainer::\n\n\tB\n\t=\n",
    "crlf": "A\r\n=\r\n\r\nAs::\r\n\r\n  B\r\n  =\r\n\r\n.. x\r\n   :expt:`1`\r\n",
    "empty": "",
    "title alone": "A\n=",
}
CASES = [(name, ".md", text) for name, text in MD.items()] + [(name, ".rst", text) for name, text in RST.items()]


def from_text(text: str, suffix: str) -> tuple[list[str], list[str], list[str]]:
    """Return titles, references and pictures as commands find them."""
    blocks = read_blocks(text, markdown=suffix == ".md")
    titles = [heading.title if heading.level else f"update {heading.title}" for heading in blocks.headings]
    pictures = sorted(set(shown_pictures(blocks)))
    return titles, sorted({mention.text for mention in mentions(blocks)}), pictures


def from_sphinx(document: nodes.document) -> tuple[list[str], list[str], list[str]]:
    """Return titles, references and pictures as they are in a doctree."""
    titles, references, pictures = [], set(), set()
    for node in document.findall():
        if isinstance(node, nodes.section):
            titles.append(" ".join(node.next_node(nodes.title).rawsource.split()))
        elif isinstance(node, nodes.admonition) and "exptdir_update" in node:
            titles.append(f"update {node['exptdir_update']}")
        elif isinstance(node, addnodes.pending_xref) and node.get("refdomain") == "expt":
            references |= set() if node.get("exptdir_plain") else {node["reftarget"]}
        elif isinstance(node, nodes.image):
            pictures.add(node["uri"].rpartition("/")[2])
        elif isinstance(node, nodes.raw) and node["format"] == "html":
            html = re.sub(r"<!--.*?-->", "", node.astext(), flags=re.DOTALL)
            pictures |= set(re.findall(r"<img src=[\"']([^\"']+)", html))
    return titles, sorted(references), sorted(pictures)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    site = Site(tmp_path_factory.mktemp("pages"))
    files: dict[str, str | bytes] = {f"pages/{picture}": b"\x89PNG\r\n\x1a\n" for picture in PICTURES}
    files |= {f"pages/{at}{suffix}": text.encode() for at, (_, suffix, text) in enumerate(CASES)}
    return site.build("dummy", files)


@pytest.mark.parametrize("at", range(len(CASES)), ids=[f"{name}{suffix}" for name, suffix, _ in CASES])
def test_titles_references_and_pictures_are_those_of_sphinx(built: Built, at: int):
    _, suffix, text = CASES[at]
    assert from_text(text, suffix) == from_sphinx(built.doctree(f"pages/{at}"))
