"""Shows figures that were also drawn for the dark scheme in whichever scheme the reader has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from exptdir.sphinxext.domain import domain_of
from exptdir.sphinxext.figures.notes import twins

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: Builders whose readers can have a dark scheme.
_BUILDERS = frozenset({"html", "dirhtml", "singlehtml"})
#: Themes that have none, so that a dark figure would stand on a white page.
LIGHT_ONLY = frozenset(
    {
        "agogo",
        "alabaster",
        "basic",
        "bizstyle",
        "classic",
        "default",
        "haiku",
        "nature",
        "nonav",
        "pyramid",
        "scrolls",
        "sphinx_rtd_theme",
        "sphinxdoc",
        "traditional",
    }
)


class DarkFigures(SphinxPostTransform):
    """Puts the dark image behind the light one; the style sheet shows one of them."""

    # After Sphinx's image converters, which must not find the dark one.
    default_priority = 210
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Look at every image, if the theme has two schemes."""
        domain = domain_of(self.env)
        wanted = domain.settings.plot_dark and domain.builder.name in _BUILDERS
        if not wanted or self.config.html_theme in LIGHT_ONLY:
            return
        for image in list(self.document.findall(nodes.image)):
            for twin in twins((str(image["uri"]),)):
                if twin in self.env.images:
                    # A link holds nothing but its image.
                    linked = isinstance(image.parent, nodes.reference) and len(image.parent) == 1
                    whole: nodes.Element = image.parent if linked else image
                    other = whole.deepcopy()
                    other["ids"], other["names"] = [], []
                    dark = next(other.findall(nodes.image))
                    dark["uri"], dark["candidates"] = twin, {"*": twin}
                    image["classes"] = [*image["classes"], "exptdir-light"]
                    dark["classes"] = [*dark["classes"], "exptdir-dark"]
                    whole.parent.insert(whole.parent.index(whole) + 1, other)




def setup_figure_dark(app: Sphinx) -> None:
    """Register the transform."""
    app.add_post_transform(DarkFigures)
