"""Logs of other people as pages: every word of every line is there, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from docutils import nodes
from sphinx import addnodes

from exptdir.sphinxext.tables.nodes import packed_rows
from exptdir.sphinxext.tables.packed_table import PackedTable
from tests.logs.test_corpus import CORPUS, FILES, line_words, read, read_text, words
from tests.sphinxext.building import Built, Site

pytestmark = pytest.mark.skipif(not FILES, reason="the corpus is not here")

#: What docutils reads itself is no matter of ours.
LOGS = [path for path in FILES if not (path.suffix == ".rst" or path.name.startswith("001_"))]
NAMES = {path: f"expts/{number}_log/notes" for number, path in enumerate(LOGS, 1)}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    site = Site(tmp_path_factory.mktemp("corpus"))
    for path, docname in NAMES.items():
        suffix = ".csv" if path.name.startswith("003_") else path.suffix
        directory = docname.rpartition("/")[0]
        site.write({f"{docname}{suffix}": path.read_bytes()})
        runs = path.name.startswith("002_")
        if suffix == ".md" or runs:
            fact = 'runs = "runs"' if runs else f'format = "{read(path).format}"'
            site.write({f"{directory}/expt.toml": f"[log]\n{fact}\n"})
        if runs:
            (site.source / directory / "runs").symlink_to(CORPUS / "journal_runs")
    return site.build()


def shown(node: nodes.Node) -> Iterator[str]:
    """Yield the words that a page shows, the addresses of its links, and the names of its files."""
    assert isinstance(node, nodes.Element)
    if isinstance(node, (nodes.TextElement, nodes.literal_block)):
        if isinstance(node, nodes.literal_block):
            yield from words(node["language"])
        yield from words(node.astext())
        for part in node.findall(nodes.Element):
            for name in ("refuri", "reftarget"):
                yield from words(str(part.get(name, "")))
        return
    if isinstance(node, packed_rows):
        yield from in_cells(node["packed"])
        return
    if isinstance(node, nodes.enumerated_list):
        for number, item in enumerate(node.children, node.get("start", 1)):
            yield str(number)
            yield from shown(item)
        return
    for child in node.children:
        yield from shown(child)
    for name in ("uri", "alt"):
        yield from words(str(node.get(name, "")))


def in_cells(packed: PackedTable) -> Iterator[str]:
    for at, row in enumerate(packed.texts):
        for column, text in enumerate(row):
            yield from words(text or "")
            extra = packed.extras.get((at, column))
            for run in extra.runs if extra else ():
                yield from words(run.href or "")


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_no_word_is_lost_on_the_page(built: Built, path: object) -> None:
    page = iter(shown(built.doctree(NAMES[path])))  # type: ignore[index]
    lines = read_text(path).splitlines()  # type: ignore[arg-type]
    wanted = [(number, word) for number, line in enumerate(lines, 1) for word in line_words(numbered(line))]
    assert [(number, word) for number, word in wanted if word not in page][:5] == []


def numbered(line: str) -> str:
    """Write the number of an item as a page does, without noughts before it, and the text of a link before it."""
    line = re.sub(r"\[\[(?:file:)?([^\]]+)\]\[([^\]]+)\]\]", r"\2 \1", line)
    return re.sub(r"^(\s*\(?)0+(?=\d+[.)]\s)", r"\1", line)


def test_runs_lead_to_the_files_in_their_directories(built: Built) -> None:
    path = next(path for path in LOGS if path.name.startswith("002_"))
    files = [
        node["reftarget"]
        for node in built.doctree(NAMES[path]).findall(addnodes.download_reference)
        if node["reftarget"].endswith("commit_hash.txt")
    ]
    headed = {run.id for block in read(path).walk() for run in block.runs}
    there = {one.name for one in (CORPUS / "journal_runs").iterdir()}
    assert {file.split("/")[1] for file in files} == headed & there
    assert len(headed & there) > 50
