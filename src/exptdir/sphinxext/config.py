"""Declares the options of :mod:`exptdir.record.settings` to Sphinx, and gives warnings of those that are not valid."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from exptdir.record.settings import PREFIX, Settings, invalid_values
from exptdir.sphinxext.warnings_ import warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config


def _values(config: Config) -> dict[str, Any]:
    values = {option.name: getattr(config, PREFIX + option.name) for option in fields(Settings)}
    # As they come from the command line: -D exptdir_drafts=1.
    said = {option.name for option in fields(Settings) if isinstance(option.default, bool)}
    return {name: value == "1" if name in said and value in {"0", "1"} else value for name, value in values.items()}


def settings_of(config: Config) -> Settings:
    """Read the options of a project."""
    return Settings.of(_values(config))


def validate_config(app: Sphinx, config: Config) -> None:
    """Give a warning of each value that is not valid, with what holds in its place."""
    for message in invalid_values(_values(config)).values():
        warn("config", message, location=str(app.confdir / "conf.py"))


def setup_config(app: Sphinx) -> None:
    """Declare the options to Sphinx and have them checked."""
    defaults = Settings()
    for option in fields(Settings):
        default = getattr(defaults, option.name)
        # Types are left to the check, whose message says what would be right.
        app.add_config_value(PREFIX + option.name, default, option.metadata["rebuild"], types=Any)
    app.connect("config-inited", validate_config, priority=400)
