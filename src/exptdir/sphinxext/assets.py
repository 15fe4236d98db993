"""Files that documents show: where they may lie, what stands for those that cannot be shown, and names of images.

Sphinx names images by order of discovery, which differs between a clean build, a build after an edit, and a parallel
one; here their path decides.
"""

from __future__ import annotations

import hashlib
import os
import re
from glob import escape, glob
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.util._files import FilenameUniqDict
from sphinx.util.i18n import search_image_for_language

from exptdir.errors import AssetError
from exptdir.sphinxext.doctree import all_nodes, ancestors, line_of
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.language import _, said
from exptdir.sphinxext.store import Asset

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: Why a figure that a script is at work on cannot be shown.
BEING_DRAWN = "it is being drawn"
#: On what stands for an image: where it would be, relative to the source directory.
MISSING = "exptdir_missing"


def why_not(path: str) -> str | None:
    """Say in words for the reader why a file, given absolutely, cannot be shown; ``None`` where it can be read."""
    try:
        if os.path.isdir(path):
            return "it is a directory"
        if os.path.isfile(path):
            return None if os.access(path, os.R_OK) else "it may not be read"
        link = next((part for part in (*reversed(Path(path).parents), Path(path)) if part.is_symlink()), None)
        if link is not None:
            return f"it is reached by a link to {os.readlink(link)}, where there is no such file"
    except (OSError, ValueError) as error:
        return f"it cannot be looked up ({error})"
    return "there is no such file"


def check_bounds(env: BuildEnvironment, typed: str, path: str) -> None:
    """Refuse a typed path that leaves the record; where links lead is the author's own doing.

    Raises AssetError if the path, taken as written, lies neither in the source directory nor in one of
    ``exptdir_asset_roots``.
    """
    roots = (Path(env.srcdir, root) for root in ("", *domain_of(env).settings.asset_roots))
    written = Path(os.path.normpath(path))
    if not any(written.is_relative_to(os.path.normpath(root)) for root in roots):
        raise AssetError(f"{typed!r} lies outside the record; exptdir_asset_roots may allow its directory")


def locate(env: BuildEnvironment, typed: str, docname: str, *, any_format: bool = False) -> Path:
    """Find the file that a document names.

    *typed* is the path as written: relative to the document, or to the source directory with a slash in front. With
    *any_format*, ``loss.*`` means a file of that name in any format, as it does for an image. Raises AssetError if it
    lies outside the record or cannot be read; the message says why.
    """
    if "\0" in typed:
        raise AssetError("the path holds a NUL character")
    # Not resolved: Sphinx would follow links first, and what is written is what may be judged.
    path = written_path(env, typed, docname)
    check_bounds(env, typed, path)
    if any_format and typed.endswith(".*"):
        reason = None if glob(f"{escape(path[:-1])}*") else "there is no such file in any format"
    else:
        reason = why_not(path)
    if reason is not None:
        state = domain_of(env).figure_state
        figure = state.report.figures.get(Path(os.path.relpath(path, env.srcdir)).as_posix())
        raise AssetError(BEING_DRAWN if figure is not None and figure.script in state.drawing else reason)
    return Path(path)


def written_path(env: BuildEnvironment, typed: str, docname: str) -> str:
    """Return the absolute path that *typed* means, links left as they are."""
    start = Path(env.srcdir) if typed.startswith("/") else Path(env.srcdir, docname).parent
    return os.path.normpath(start / typed.lstrip("/"))


def note_missing(domain: ExptDomain, docname: str, typed: str, reason: str, line: int | None) -> None:
    """Remember a file that could not be shown, for the report and for the next build."""
    domain.assets.setdefault(docname, []).append(Asset(typed, reason, line))


def placeholder(typed: str, reason: str, *, inline: bool = False) -> nodes.Element:
    """Make what stands on the page for a file that cannot be shown."""
    name, reason = nodes.literal("", typed), said(reason)
    if inline:
        return nodes.inline("", "", name, nodes.Text(f" ({reason})"), classes=["exptdir-placeholder"])
    paragraph = nodes.paragraph("", "", name, nodes.Text(" " + _("cannot be shown: %s.") % reason))
    return nodes.container("", paragraph, classes=["exptdir-placeholder"])


class AssetTransform(SphinxTransform):
    """Replaces images and downloads without a file, before Sphinx looks for it."""

    # After substitutions, of which images are made, and before Sphinx's collectors.
    default_priority = 600

    def apply(self, **kwargs: Any) -> None:
        """Look at every image and download of the document."""
        for node in all_nodes(self.document):
            if not isinstance(node, (nodes.image, addnodes.download_reference)):
                continue
            is_image = isinstance(node, nodes.image)
            typed = str(node.get("uri" if is_image else "reftarget", ""))
            if is_image and "%" in typed and why_not(written_path(self.env, typed, self.env.docname)):
                # MyST writes what is no ASCII, and blanks, as in an address; Sphinx looks for a file of that name.
                plain = unquote(typed)
                if "\0" not in plain and why_not(written_path(self.env, plain, self.env.docname)) is None:
                    node["uri"] = typed = plain
            if "://" not in typed and not typed.startswith("data:"):
                try:
                    locate(
                        self.env,
                        search_image_for_language(typed, self.env) if is_image and typed[-2:] != ".*" else typed,
                        self.env.docname,
                        any_format=is_image,
                    )
                except AssetError as error:
                    self.replace(node, typed, str(error))

    def replace(self, node: nodes.Element, typed: str, reason: str) -> None:
        """Put what says so in place of an image or a download that cannot be shown."""
        is_image = isinstance(node, nodes.image)
        # The definition of a substitution is shown where it is used, or nowhere.
        if not any(isinstance(above, nodes.substitution_definition) for above in ancestors(node)):
            note_missing(domain_of(self.env), self.env.docname, typed, reason, line_of(node))
        if isinstance(node.parent, nodes.reference) and len(node.parent) == 1:
            # An image that is a link: Sphinx's writers allow nothing but an image in it.
            node = node.parent
        inside_text = isinstance(node.parent, nodes.TextElement)
        new = placeholder(typed, reason, inline=not is_image or inside_text)
        if not is_image:
            title = node.astext()
            new.insert(0, nodes.Text(f"{title} " if title and title != typed else ""))
        else:
            path = os.path.relpath(written_path(self.env, typed, self.env.docname), self.env.srcdir)
            new[MISSING] = Path(path).as_posix()
        node.replace_self(new)


class PathNamedFiles(FilenameUniqDict):
    """Names each image in the output by its own path, whatever other images there are."""

    def add_file(self, docname: str, newfile: str | os.PathLike[str]) -> str:
        """Note that *docname* shows *newfile*, and return the name that it gets in the output."""
        path = str(newfile)
        docnames, name = self.get(path, (set(), output_name(path)))
        docnames.add(docname)
        self[path] = (docnames, name)
        self._existing.add(name)
        return name


def output_name(path: str) -> str:
    """Return the name of an image in the output: its own, with a digest of its path.

    Only ASCII is kept of the name, since LaTeX must be able to open it.
    """
    file = Path(path)
    # An absolute path is one that Sphinx made in its own cache: the digest must not tell where that lies.
    identity = "/".join(file.parts[-2:]) if file.is_absolute() else file.as_posix()
    digest = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", file.stem)[:60].strip("_") or "image"
    return f"{stem}-{digest}{file.suffix}"


def name_images_by_path(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """Name images in the output by their path, not by the order in which Sphinx met them."""
    if not isinstance(env.images, PathNamedFiles):
        images = PathNamedFiles()
        for path, (docnames, _name) in env.images.items():
            for docname in docnames:
                images.add_file(docname, path)
        env.images = images
    return []


def outdated_assets(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """Have pages read again whose missing files are there now, or are missing for another reason.

    Missing files are no dependencies of Sphinx's, who would read the page again each time.
    """
    stale = []
    for docname in domain_of(env).assets.keys() & env.found_docs:
        for asset in domain_of(env).assets[docname]:
            try:
                locate(env, asset.path, docname, any_format=True)
                reason = ""
            except AssetError as error:
                reason = str(error)
            if reason != asset.reason:
                stale.append(docname)
                break
    return stale


def setup_assets(app: Sphinx) -> None:
    """Register the transform, and the check at the start of a build."""
    app.add_transform(AssetTransform)
    app.connect("env-get-outdated", name_images_by_path, priority=50)
    app.connect("env-get-outdated", outdated_assets, priority=300)
