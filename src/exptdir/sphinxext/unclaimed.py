"""Registers directives and roles only where no other extension has claimed their name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils.parsers.rst import directives, roles
from sphinx.util.docutils import is_directive_registered, is_role_registered

if TYPE_CHECKING:
    from docutils.parsers.rst import Directive
    from sphinx.application import Sphinx
    from sphinx.config import Config

# After every extension's setup, and after those that register in this event themselves.
_LATE = 950


def add_unclaimed_directive(app: Sphinx, name: str, directive: type[Directive]) -> None:
    """Register *directive* when all extensions are set up and none has a directive called *name*."""

    def register(app: Sphinx, config: Config) -> None:
        registered = directives._directives.get(name) if is_directive_registered(name) else None  # type: ignore[attr-defined]
        if registered in {None, directive}:
            app.add_directive(name, directive, override=True)

    app.connect("config-inited", register, priority=_LATE)


def add_unclaimed_role(app: Sphinx, name: str, role: Any) -> None:
    """Register *role* when all extensions are set up and none has a role called *name*."""

    def register(app: Sphinx, config: Config) -> None:
        registered = roles._roles.get(name) if is_role_registered(name) else None  # type: ignore[attr-defined]
        if registered is None or type(registered) is type(role):
            app.add_role(name, role, override=True)

    app.connect("config-inited", register, priority=_LATE)
