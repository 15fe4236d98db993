"""What each document was read with: another answer to the same question now, and it is read again.

Sphinx asks only whether a file that was read is newer than the page. So it never sees one that came from a backup with
its old time, one that was looked for in vain, or what decided how a link is read. Here each question that reading a
document asks is kept with its answer, and asked again at the start of a build:

``file``
    time and size of the source, of all that Sphinx counts among the dependencies, and of all that an argument or an
    option of a directive may name, there or not;
``pattern``
    which files there are of an image in any format;
``page``
    whether a document is part of the record, for those that a table of contents or a Markdown link names;
``names``
    what is in a directory, for those in which runs are looked for;
``link``
    whether what a Markdown link names is a file, a document or neither.

What a page *shows* of others once all is read is another matter: its digest tells, and where none can tell cheaply,
the document is noted as unpredictable, and its page rendered at each build and written if its bytes differ.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache, partial
from glob import escape, glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.util.i18n import get_image_filename_for_language

from exptdir.record.files import read_or_none, stamp
from exptdir.record.walk import list_directory
from exptdir.sphinxext.assets import written_path
from exptdir.sphinxext.doctree import all_nodes
from exptdir.sphinxext.domain import domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: Kind of question, and what it asks about: a document's name or a path relative to the source directory.
Question = tuple[str, str]

#: Where a line may name a file: behind a directive's name or as an option, in reStructuredText and Markdown.
_NAMED = re.compile(
    r"^[ \t>*+.-]*(?:[\w:.+-]+::[ \t]+|[`:~]{3,}\{[\w:.+-]+\}[ \t]+|:[\w-]+:[ \t]+|file:[ \t]+)(\S.*?)[ \t]*$", re.M
)
_INCLUDE = re.compile(r"^[ \t>*+.-]*(?:include::|[`:~]{3,}\{include\})[ \t]+(\S.*?)[ \t]*$", re.M)
#: Where the nodes come from that show nothing of other documents, or whose doing :mod:`exptdir.sphinxext.freshness`
#: digests. Those of any other extension may show anything.
_KNOWN_NODES = (
    "docutils.",
    "sphinx.addnodes",
    "sphinx.ext.graphviz",
    "sphinx.ext.ifconfig",
    "exptdir.",
    "myst_parser.",
)
_KNOWN_CLASSES = frozenset({"todo_node"})
#: References that show a number which other documents decide.
_NUMBERED = frozenset({"eq", "numref"})
#: As deep as includes are followed; Sphinx itself stops at circles.
_DEEPEST = 10
#: Longer names are none.
_LONGEST = 255


def answer(env: BuildEnvironment, question: Question) -> Any:
    """Return what the disk, or Sphinx's list of documents, says to a question now."""
    kind, what = question
    if kind == "page":
        return what in env.found_docs
    path = os.path.join(env.srcdir, what)
    if kind == "pattern":
        start = path.removesuffix("*")
        return sorted(os.path.basename(found) for found in glob(escape(start) + "*"))
    if kind == "link":
        docname = env.path2doc(path)
        return os.path.isfile(path) and (docname if docname in env.found_docs else True)
    if kind == "names":
        listing = list_directory(path)
        return sorted((*listing.files, *listing.inside))
    if os.path.isdir(path):
        return "directory"
    found = stamp(path)
    # Time and size alone: a copy of the whole record, or its neighbours' links, change the rest.
    return (found[0], found[2]) if found else None


def _read_for(env: BuildEnvironment, text: str, directory: str, deep: int = 0) -> Iterator[str]:
    """Yield the paths of the files that a text, and those that it includes, may have been read with."""
    for match in _NAMED.finditer(text):
        name = match[1]
        if "." in name.rstrip(".") and len(name) <= _LONGEST and "://" not in name and "\0" not in name:
            yield os.path.normpath(os.path.join(env.srcdir if name.startswith("/") else directory, name.lstrip("/")))
    for match in _INCLUDE.finditer(text) if deep < _DEEPEST else ():
        start = env.srcdir if match[1].startswith("/") else directory
        path = os.path.normpath(os.path.join(start, match[1].lstrip("/")))
        content = read_or_none(Path(path)) if os.path.isfile(path) else None
        if content is not None:
            # A name in it is relative to the page for Sphinx, and to itself for docutils and MyST.
            included = content.decode("utf-8", "replace")
            yield from _read_for(env, included, os.path.dirname(path), deep + 1)
            yield from _read_for(env, included, directory, _DEEPEST)


def note_source(app: Sphinx, docname: str, content: list[str]) -> None:
    """Note the source, before it can change again, and what its directives may name."""
    source = str(app.env.doc2path(docname, base=False))
    paths = _read_for(app.env, content[0], os.path.dirname(os.path.join(app.srcdir, source)))
    note(app.env, docname, [("file", source), *(("file", os.path.relpath(path, app.srcdir)) for path in paths)])


def note(env: BuildEnvironment, docname: str, questions: Iterable[Question]) -> None:
    """Remember today's answers to questions; the first that was given stays."""
    known = domain_of(env).read_with.setdefault(docname, {})
    for question in questions:
        if question not in known:
            known[question] = answer(env, question)


def collect_questions(app: Sphinx, doctree: nodes.document) -> None:
    """Note what reading a document has asked about, now that it is read."""
    env, docname = app.env, app.env.docname
    questions: list[Question] = [("file", str(path)) for path in env.dependencies.get(docname, ())]
    questions += [("page", name) for name in env.toctree_includes.get(docname, ())]
    for node in all_nodes(doctree):
        kind = type(node)
        if not kind.__module__.startswith(_KNOWN_NODES) and kind.__name__ not in _KNOWN_CLASSES:
            domain_of(env).unpredictable[docname] = kind.__name__
        elif isinstance(node, addnodes.pending_xref) and node.get("reftype") in _NUMBERED:
            domain_of(env).unpredictable[docname] = node["reftype"]
        if isinstance(node, nodes.image) and str(node.get("uri", "")).endswith(".*"):
            questions.append(("pattern", node["uri"]))
        elif isinstance(node, nodes.image) and env.config.language != "en" and "://" not in node.get("uri", "://"):
            # Sphinx shows a figure in the language of the record where there is one.
            questions.append(("file", get_image_filename_for_language(node["uri"], env)))
        elif isinstance(node, (addnodes.pending_xref, addnodes.download_reference)) and node.get("reftype") == "myst":
            if node.get("refdomain") == "doc":
                questions.append(("page", node["reftarget"]))
            path = str(node["reftarget"]).partition("#")[0]
            if path and node.get("refdomain") != "doc" and "\0" not in path and len(path) <= _LONGEST:
                questions.append(("link", os.path.relpath(written_path(env, path, docname), env.srcdir)))
    note(env, docname, questions)


def outdated_documents(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Return the documents that would be read otherwise today."""
    now, known = cache(partial(answer, env)), domain_of(env).read_with
    candidates = (docname for docname in known if docname in env.found_docs and docname not in changed)
    return [docname for docname in candidates if any(now(one) != then for one, then in known[docname].items())]


def setup_dependencies(app: Sphinx) -> None:
    """Connect to reading, and to the start of a build."""
    app.connect("source-read", note_source, priority=900)
    # When Sphinx has collected the dependencies and the tables of contents.
    app.connect("doctree-read", collect_questions, priority=850)
    app.connect("env-get-outdated", outdated_documents, priority=350)
