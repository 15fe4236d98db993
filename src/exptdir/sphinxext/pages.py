"""An experiment's page: its title, and what the domain notes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util.nodes import clean_astext

from exptdir.record.dates import DateContext, parse_title_date
from exptdir.record.model import Experiment
from exptdir.sphinxext.data import Page
from exptdir.sphinxext.doctree import page_section
from exptdir.sphinxext.domain import ExptDomain, domain_of
from exptdir.sphinxext.record import facts_digest

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class ExperimentTransform(SphinxTransform):
    """Base of the transforms that change experiments' pages alone."""

    domain: ExptDomain
    experiment: Experiment

    def apply(self, **kwargs: Any) -> None:
        """Call :meth:`apply_to_page` where the document is a log."""
        self.domain = domain_of(self.env)
        found = self.domain.record.by_docname.get(self.env.docname)
        if found is not None:
            self.experiment = found
            self.apply_to_page()

    def apply_to_page(self) -> None:
        """Change ``self.document``, the log of ``self.experiment``."""
        raise NotImplementedError


class TitleTransform(ExperimentTransform):
    """Gives the page a title where it has none, and puts the id in front of it."""

    # Before entries are found, whose titles must not be taken for the page's.
    default_priority = 500

    def apply_to_page(self) -> None:
        """Write the title that ``exptdir_title_format`` asks for, and note the page."""
        section = page_section(self.document)
        sections = [node for node in self.document.children if isinstance(node, nodes.section)]
        if section is None or (len(sections) > 1 and self.is_entry(section)):
            section = self._wrap()
        title = section[section.first_child_matching_class(nodes.title) or 0]
        assert isinstance(title, nodes.title)
        heading = clean_astext(title)
        digest = facts_digest(self.domain.record, self.experiment, self.domain.settings)
        self.domain.pages[self.env.docname] = Page(self.experiment.key, heading, digest)
        self._label(title, heading)

    def is_entry(self, section: nodes.section) -> bool:
        """Say whether a section is dated, and so cannot stand for the whole log."""
        title = section.next_node(nodes.title)
        return title is not None and parse_title_date(title.astext(), context=DateContext()) is not None

    def _wrap(self) -> nodes.section:
        """Put the whole document into a section, titled by the facts or by the directory."""
        text = self.experiment.title or self.experiment.name.replace("_", " ")
        section = nodes.section("", nodes.title(text, text), names=[nodes.fully_normalize_name(text)])
        section.source, section.line = str(self.experiment.log), 1
        section += self.document.children
        self.document.children = []
        self.document += section
        self.document.note_implicit_target(section)
        return section

    def _label(self, title: nodes.title, heading: str) -> None:
        template = self.domain.settings.title_format
        if not template or self.experiment.id is None:
            return
        fields = {"id": self.experiment.id, "name": self.experiment.name, "path": self.experiment.path}
        before, found, after = template.partition("{title}")
        if not found:
            title.children = []
        title.insert(0, nodes.Text(before.format_map(fields)))
        if after:
            title += nodes.Text(after.format_map(fields))
        title.setdefault("exptdir_heading", heading)


def setup_pages(app: Sphinx) -> None:
    """Register the title's transform."""
    app.add_transform(TitleTransform)
