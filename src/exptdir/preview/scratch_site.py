"""What is meant by the path that one asks to be served: a record, a page of it, or documents on their own.

A document or a tree of them without a record is shown with defaults; a tree gets a list of all its documents.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

from exptdir.errors import ExptdirError
from exptdir.record.home import find_conf
from exptdir.record.walk import OTHER_FORMS, list_directory
from exptdir.sphinxext.config import settings_of
from exptdir.sphinxext.record import OTHER_LOG

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: Suffixes of what can be shown.
SUFFIXES = (".md", ".rst")
_KINDS = {".md": "markdown", ".rst": "restructuredtext"}
#: What a single file may be, too: a log in another form.
_LOGS = dict.fromkeys(sorted(OTHER_FORMS), OTHER_LOG)
#: Stems of a tree's first page, the best first.
HOMES = ("index", "readme", "notes", "log")
#: The extension that lists the documents of a tree: on its first page, or on one made for it.
_LISTING = "exptdir.preview.scratch_site"


class NothingToShow(ExptdirError):
    """What was to be shown is no document, and holds none."""


@dataclass(frozen=True)
class Alone:
    """What Sphinx is given in place of a ``conf.py``: the source directory, and values of the configuration."""

    source: Path
    overrides: dict[str, Any] = field(default_factory=dict)


def alone(path: Path) -> Alone:
    """Say how a document, or a tree of them, is shown without a ``conf.py``.

    Nothing is written, and the same path, which is absolute, gives the same answer. Raises NothingToShow if it is
    neither, or there is no document in it.
    """
    if path.is_dir():
        files = list_directory(os.fspath(path)).files
        ranked = sorted((HOMES.index(stem.lower()), stem) for stem in _documents(files) if stem.lower() in HOMES)
        home = ranked[0][1] if ranked else _first(path)
        return Alone(
            path,
            {
                **_configuration(path.name or str(path), home, ["exptdir", _LISTING]),
                "exclude_patterns": ["_build", "**/_build", "**/node_modules"],
                "exptdir_roots": ["expts"] if (path / "expts").is_dir() else [],
            },
        )
    if not path.is_file():
        raise NothingToShow(f"{path} is not there")
    refuse_other_kinds(path)
    # Show one file; the others beside it are there for its pictures and tables only.
    source = path.parent
    # Directories are named one by one, so that a document in somebody's home does not have all of it searched.
    directories: list[str] = []
    with suppress(OSError), os.scandir(source) as entries:
        directories = sorted(entry.name for entry in entries if entry.is_dir())
    overrides = {
        **_configuration(path.name, path.stem, ["exptdir"]),
        "include_patterns": [_exactly(path.name)],
        "exclude_patterns": list(map(_exactly, directories)),
        "exptdir_roots": [],
    }
    # A suffix in capitals is one of its own to Sphinx.
    overrides["source_suffix"] = {**_KINDS, path.suffix: (_KINDS | _LOGS)[path.suffix.lower()]}
    return Alone(source, overrides)


def refuse_other_kinds(path: Path) -> None:
    """Raise NothingToShow where a file is no document: if its suffix is none of a document or of a log."""
    if path.suffix.lower() not in _KINDS | _LOGS:
        kinds = f"documents end in .md or .rst, logs in {', '.join(_LOGS)}"
        message = f"{path.name} cannot be shown: {kinds}, and directories of them can be shown too"
        raise NothingToShow(message)


def _configuration(title: str, home: str, extensions: list[str]) -> dict[str, Any]:
    named = title.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return {
        "extensions": extensions,
        "source_suffix": _KINDS,
        "project": named,
        "html_title": named,
        "html_theme": "pydata_sphinx_theme",
        "root_doc": home,
        # Nobody who writes a page on its own has a table of contents for it.
        "suppress_warnings": ["toc.not_included"],
        "exptdir_figures": "never",
    }


def _documents(names: list[str]) -> list[str]:
    return [stem for stem, suffix in map(os.path.splitext, names) if suffix in SUFFIXES]


def _first(source: Path) -> str:
    """Find the first document of a tree, from the top."""
    waiting = ["."]
    while waiting:
        path = waiting.pop(0)
        files, inside, _, _, environment = list_directory(os.path.join(source, path))
        if environment or os.path.basename(path) == "_build":
            continue
        for stem in _documents(files):
            return os.path.normpath(f"{path}/{stem}").replace(os.sep, "/")
        waiting += [f"{path}/{name}" for name in inside]
    raise NothingToShow(f"there is no document (.md or .rst) in {source}")


def _exactly(name: str) -> str:
    """Return a pattern of Sphinx's for one name; it cannot name a bracket, so any character stands for one."""
    return re.sub(r"[*?\[\]]", lambda found: f"[{found[0]}]" if found[0] in "*?" else "?", name)


class OtherDocuments(SphinxTransform):
    """Lists on the first page of a tree the documents that it does not: nobody wrote it for readers of a site."""

    # After whatever else adds to tables of contents.
    default_priority = 530

    def apply(self, **kwargs: Any) -> None:
        """Add the list to the end of the page."""
        if self.env.docname != self.config.root_doc or os.path.basename(self.env.docname).lower() not in HOMES:
            return
        roots = tuple(f"{root}/" for root in settings_of(self.config).roots)
        own = {name for node in self.document.findall(addnodes.toctree) for _, name in node["entries"]}
        names = sorted(name for name in self.env.found_docs - own - {self.env.docname} if not name.startswith(roots))
        if not names:
            return
        # With the patterns of a "glob" Sphinx reads the page again when a document comes or goes.
        toctree = addnodes.toctree("", parent=self.env.docname, caption="Documents", rawcaption="Documents", glob=True)
        toctree.update_all_atts(
            {"maxdepth": 1, "titlesonly": True, "hidden": False, "includehidden": False, "numbered": 0}
        )
        toctree["entries"], toctree["includefiles"] = [(None, name) for name in names], names
        title = self.document.next_node(nodes.section)
        (title if title is not None else self.document).append(nodes.compound("", toctree, classes=["toctree-wrapper"]))


#: The page, beside whose name no document of the tree can stand: else that one were the first page.
PAGE = "index"


def list_documents(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the page that lists all documents, in the order of their paths."""
    builder: Any = app.builder
    env = app.env
    if builder.format != "html" or PAGE in env.all_docs or app.config.root_doc.lower() in HOMES:
        return
    items = nodes.bullet_list()
    for docname in sorted(env.all_docs):
        title = env.titles.get(docname)
        text = title.astext() if title is not None else docname
        target = nodes.reference("", text, internal=True, refuri=builder.get_relative_uri(PAGE, docname))
        where = nodes.literal("", docname)
        items += nodes.list_item("", nodes.paragraph("", "", target, nodes.Text(" "), where))
    heading = app.config.project
    content = nodes.section("", nodes.title("", heading), items, ids=["documents"])
    body = builder.render_partial(content)["fragment"]
    yield PAGE, {"title": heading, "body": body}, "page.html"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the lists."""
    app.add_transform(OtherDocuments)
    app.connect("html-collect-pages", list_documents)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


#: As many directories below that of a single document are watched with it; in somebody's home there are more.
_MOST = 2000


@dataclass(frozen=True)
class Target:
    """What is to be served."""

    #: The source directory, absolute and without links.
    source: Path
    #: The document or directory that is shown without a record; nothing where there is one.
    alone: Path | None = None
    #: The address of the page to begin with.
    page: str = ""
    #: Whether directories below the source directory are watched too.
    deep: bool = True


def target(path: Path) -> Target:
    """Say what is meant by a file or a directory.

    It is the record that it is in; where it is in none, or in a directory that has a ``conf.py`` of its own, that.
    Raises NothingToShow if it is not there, or is no document.
    """
    path = path.resolve()
    if not path.exists():
        raise NothingToShow(f"{path} is not there")
    if not path.is_dir():
        refuse_other_kinds(path)
    conf = find_conf(path if path.is_dir() else path.parent)
    if conf is None and (path / "conf.py").is_file():
        conf = path / "conf.py"
    if conf is not None:
        source, page = conf.parent, path
        if path.is_dir():
            names = (path / f"{name}{suffix}" for stem in HOMES for name in (stem, "README") for suffix in SUFFIXES)
            page = next((one for one in names if one.is_file() and path != source), path)
        shown = "" if page.is_dir() else page.relative_to(source).with_suffix(".html").as_posix()
        return Target(source, None, shown)
    found = alone(path)
    return Target(found.source, path, deep=path.is_dir() or _is_small(found.source))


def _is_small(directory: Path) -> bool:
    """Tell whether there are few directories below one."""
    seen = 0
    for _place, directories, _files in os.walk(directory):
        seen += len(directories)
        if seen > _MOST:
            return False
        directories[:] = [one for one in directories if not one.startswith(".")]
    return True
