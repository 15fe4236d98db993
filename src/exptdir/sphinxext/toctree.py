"""Lists experiments in tables of contents, so that nobody has to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.directives.other import TocTree
from sphinx.transforms import SphinxTransform
from sphinx.util.nodes import make_refnode

from exptdir.sphinxext.doctree import all_nodes, page_section, title_text
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.journal.selection import Summary, joined
from exptdir.sphinxext.pages import Placeholder
from exptdir.sphinxext.store import TocListing

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: Lines of a toctree that stand for all experiments; the second in the home page that exmemo's notebooks began with.
PLACEHOLDERS = (".experiments", "{notebook_entries}")
# Sphinx keeps the place of an entry that looks like an address and asks nothing more of it.
_SENTINEL = "expt://experiments"
#: Builders with a page for each document; the others put the experiments themselves in place of a list.
_LISTING = frozenset({"html", "dirhtml", "text", "epub", "man"})
#: As deep as anybody nests, for a list without a limit.
DEEPEST = 50
#: Attribute of the toctrees that are ours, and may be taken out of a theme's global tree.
FLAG = "exptdir"


class ExperimentToctree(TocTree):
    """``.. toctree::``, in which the line ``.experiments`` stands for all that is not listed elsewhere."""

    def run(self) -> list[Node]:
        """Return what Sphinx's directive does, the placeholder kept as a sentinel."""
        for position, line in enumerate(self.content):
            if line.strip() in PLACEHOLDERS:
                self.content.data[position] = _SENTINEL
        return super().run()


def candidates(domain: ExptDomain, docname: str, placed: bool) -> list[str]:
    """Return the documents of the experiments that a document is to list unless somebody else does."""
    record = domain.record
    if docname == domain.env.config.root_doc:
        found = record.children(None)
    elif docname in record.by_docname:
        found = record.children(record.by_docname[docname])
    elif placed:
        found = tuple(record.below(str(PurePosixPath(docname).parent)))
    else:
        return []
    return [child.docname for child in found if child.docname in domain.env.found_docs]


def _toctree(docname: str, children: Sequence[str], depth: int) -> list[nodes.Element]:
    """Make a toctree of ours, with every attribute that Sphinx's own has, and the list that the page shows."""
    node = addnodes.toctree("", parent=docname, glob=False, caption=None, rawcaption="", numbered=0)
    node.update_all_atts({"maxdepth": depth, "titlesonly": True, "hidden": True, "includehidden": False})
    node["entries"] = [(None, child) for child in children]
    node["includefiles"] = list(children)
    node[FLAG] = True
    return [node, experiment_list(docname=docname, depth=depth)]


class ToctreeTransform(SphinxTransform):
    """Puts the experiments below a page into its table of contents."""

    default_priority = 520

    def apply(self, **kwargs: Any) -> None:
        """Add what the author has not listed, where a placeholder says so, or at the end."""
        domain = domain_of(self.env)
        docname = self.env.docname
        toctrees = [node for node in all_nodes(self.document) if isinstance(node, addnodes.toctree)]
        holders = [node for node in toctrees if (None, _SENTINEL) in node["entries"]]
        wanted = candidates(domain, docname, bool(holders))
        listed = {child for node in toctrees for child in node["includefiles"]}
        added = [child for child in wanted if child not in listed]
        for position, holder in enumerate(holders):
            self._split(holder, added if position == 0 else [])
        if added and not holders:
            page = page_section(self.document) or self.document
            toctree, shown = _toctree(docname, added, 1)
            # At the end of the page, but inside it: LaTeX puts the experiments where their toctree stands.
            page.append(nodes.compound("", toctree, classes=["toctree-wrapper"]))
            inner = page.first_child_matching_class(nodes.section) if docname == self.env.config.root_doc else None
            # A reader of the front page looks for them behind its introduction; elsewhere the text comes first.
            shown = nodes.compound("", shown, classes=["toctree-wrapper"])
            page.insert(len(page) if inner is None else inner, shown)
        if wanted or toctrees:
            found = self.document.findall(addnodes.toctree) if added else toctrees
            everything = tuple(child for node in found for child in node["includefiles"])
            listing = TocListing(tuple(wanted), tuple(added), everything, bool(holders))
            domain.listings[docname] = listing

    def _split(self, holder: addnodes.toctree, added: list[str]) -> None:
        """Replace the sentinel by a toctree of ours, between what the author put before and behind it."""
        entries = holder["entries"]
        position = entries.index((None, _SENTINEL))
        before, after = entries[:position], [entry for entry in entries[position:] if entry[1] != _SENTINEL]
        depth = 0 if holder["hidden"] else int(holder["maxdepth"]) if holder["maxdepth"] > 0 else DEEPEST
        ours, shown = _toctree(self.env.docname, added, depth)
        ours.source, ours.line, ours["numbered"] = holder.source, holder.line, holder["numbered"]
        behind = holder.copy()
        behind["caption"] = None
        _set_entries(holder, before)
        _set_entries(behind, after)
        if not before:
            # Sphinx shows no caption above an empty list.
            ours["caption"], ours["rawcaption"] = holder["caption"], holder.get("rawcaption", "")
        parts = [(holder, before), (ours, added), (shown, added), (behind, after)]
        holder.parent.replace(holder, [node for node, listed in parts if listed])


def _set_entries(node: addnodes.toctree, entries: list[tuple[str | None, str]]) -> None:
    documents = set(node["includefiles"])
    node["entries"] = entries
    node["includefiles"] = [target for _, target in entries if target in documents]


def outdated_lists(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """Have a page read again when the experiments that it lists by itself are no longer the same."""
    domain = domain_of(env)
    stale = []
    for docname, listing in domain.listings.items():
        if docname in env.found_docs and tuple(candidates(domain, docname, listing.placed)) != listing.candidates:
            stale.append(docname)
    root = env.config.root_doc
    if root in env.all_docs and root not in domain.listings and domain.record.children(None):
        stale.append(root)
    return stale


def _claims(domain: ExptDomain) -> dict[str, str]:
    """Return for each experiment's document the one that lists it: an author's list first, then a placed one."""
    owners: dict[str, str] = {}
    listings = sorted(domain.listings.items())
    for docname, listing in listings:
        ours = set(listing.added)
        owners.update({child: docname for child in listing.everything if child not in ours})
    for placed in (True, False):
        for docname, listing in listings:
            if listing.placed is placed:
                for child in listing.added:
                    owners.setdefault(child, docname)
    return owners


def list_once(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Take out of our lists what another document lists, which no transform can know."""
    domain = domain_of(env)
    owners = _claims(domain)
    for docname, listing in domain.listings.items():
        ours = set(listing.added)
        kept = [child for child in listing.everything if child not in ours or owners[child] == docname]
        env.toctree_includes[docname] = kept
        if docname not in env.tocs:
            continue
        for node in env.tocs[docname].findall(addnodes.toctree):
            if node.get(FLAG):
                _keep(node, listing.added, kept)
    # Where a document is in two lists, Sphinx takes the last; the order must not tell which was read last.
    env.toctree_includes = dict(sorted(env.toctree_includes.items()))
    return []


def _keep(node: addnodes.toctree, added: Sequence[str], kept: Sequence[str]) -> None:
    allowed = set(kept)
    node["includefiles"] = [child for child in added if child in allowed]
    node["entries"] = [(None, child) for child in node["includefiles"]]


def listed_below(env: BuildEnvironment, docname: str, depth: int) -> list[tuple[str, list[Any]]]:
    """Return the experiments that a document lists by itself, each with those that it lists, *depth* levels deep."""
    listing = domain_of(env).listings.get(docname)
    if listing is None or depth < 1:
        return []
    kept = set(env.toctree_includes.get(docname, ()))
    return [(child, listed_below(env, child, depth - 1)) for child in listing.added if child in kept]


def listed_beside(domain: ExptDomain, docname: str) -> list[str]:
    """Return what stands beside the title of an experiment in a list, as ``exptdir_list_format`` says."""
    template, experiment = domain.settings.list_format, domain.record.by_docname.get(docname)
    return Summary.of(domain, experiment).beside(template) if template and experiment is not None else []


class experiment_list(Placeholder):
    """Stands behind a toctree of ours: what the page shows in its place."""

    def content(self, domain: ExptDomain) -> list[nodes.Node]:
        """Return the list, where the builder has a page for each document; and take out what others list."""
        docname = self["docname"]
        found = () if self.document is None else self.document.findall(addnodes.toctree)
        toctree = next((node for node in found if node.get(FLAG) and node["parent"] == docname), None)
        if toctree is None:
            # Builders that make one document of all have put the experiments themselves there.
            return []
        _keep(toctree, toctree["includefiles"], domain.env.toctree_includes.get(docname, ()))
        children = listed_below(domain.env, docname, self["depth"])
        if not children or domain.builder.name not in _LISTING:
            return []
        shown: list[nodes.Node] = [_list(domain, children, 1)]
        if toctree["caption"]:
            text = nodes.inline("", toctree["caption"], classes=["caption-text"])
            shown.insert(0, nodes.paragraph("", "", text, classes=["caption"]))
        return shown


def _list(domain: ExptDomain, children: list[tuple[str, list[Any]]], level: int) -> nodes.bullet_list:
    """Make the list that Sphinx would make of a visible toctree, at a tenth of its cost."""
    items = nodes.bullet_list()
    for child, below in children:
        title = title_text(domain.env.titles[child])
        link = make_refnode(domain.builder, domain.env.docname, child, "", nodes.Text(title))
        beside = ([nodes.inline("", part, classes=["exptdir-muted"])] for part in listed_beside(domain, child))
        item = nodes.list_item("", nodes.paragraph("", "", *joined([link], *beside)), classes=[f"toctree-l{level}"])
        if below:
            item += _list(domain, below, level + 1)
        items += item
    return items


def forget_numbers(app: Sphinx, env: BuildEnvironment) -> None:
    """Take the numbers of sections away: Sphinx gives them next, and would leave those of a toctree without any now."""
    for docname in env.toc_secnumbers:
        for node in (env.titles.get(docname), *env.tocs.get(docname, nodes.Element()).findall(nodes.reference)):
            if node is not None:
                node.attributes.pop("secnumber", None)


def setup_toctree(app: Sphinx) -> None:
    """Register the directive, the transforms and what keeps them up to date."""
    app.add_directive("toctree", ExperimentToctree, override=True)
    app.add_transform(ToctreeTransform)
    app.add_node(experiment_list)
    app.connect("env-get-outdated", outdated_lists, priority=200)
    app.connect("env-updated", list_once, priority=100)
    app.connect("env-updated", forget_numbers)
