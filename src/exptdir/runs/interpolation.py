"""What one setting says of another, as in ``${model.width}``: filled in by OmegaConf (the extra ``hydra``)."""

from __future__ import annotations

import re
from typing import Any

from exptdir.runs.configuration import Tree
from exptdir.runs.model import flatten, join_names

#: A reference to another value: those that call something are left as they are written. One that reads the
#: environment would show what is in it.
_PLAIN_REFERENCE = re.compile(r"\$\{[\w.\[\]-]*\}")
_HELD = re.compile("\0[0-9]+\0")
_AS_WRITTEN = "interpolations are shown as written"


def interpolate(tree: Tree) -> tuple[Tree, list[str]]:
    """Fill in what values say of others; what cannot be filled in stays as it is written, and is named.

    Raises TooLarge when the settings refer to one another endlessly.
    """
    if not any(isinstance(value, str) and "${" in value for value in flatten(tree).values()):
        return tree, []
    try:
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException
    except ImportError:
        return tree, [f"{_AS_WRITTEN}: they need the extra “hydra”"]
    filling = _Filling()
    safe = filling.guard(tree)
    try:
        done = filling.fill_all(OmegaConf.create(safe), safe)
    except (OmegaConfBaseException, RecursionError, ValueError, TypeError) as error:
        return tree, [f"{_AS_WRITTEN}: {str(error).splitlines()[0]}"]
    left = sorted({*filling.held.values(), *filling.unfilled})
    return done, [f"shown as written: {join_names(left, 4)}"] if left else []


class _Filling:
    """Fills in one tree of settings; what calls something is held back meanwhile."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.unfilled: list[str] = []

    def guard(self, value: Any) -> Any:
        """Put a mark in place of every text that calls something."""
        if isinstance(value, dict):
            return {key: self.guard(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.guard(one) for one in value]
        if not isinstance(value, str) or "${" not in value:
            return value
        left = value
        while (fewer := _PLAIN_REFERENCE.sub("x", left)) != left:
            left = fewer
        if "${" not in left:
            return value
        mark = f"\0{len(self.held)}\0"
        self.held[mark] = value
        return mark

    def fill_all(self, node: Any, raw: Any) -> Any:
        """Return what is in a node of OmegaConf's, of which *raw* is what was written."""
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException

        found: dict[Any, Any] = {}
        for name, one in raw.items() if isinstance(raw, dict) else enumerate(raw):
            if isinstance(one, (dict, list)):
                found[name] = self.fill_all(node._get_node(name), one)
                continue
            value = one
            if isinstance(one, str) and "${" in one:
                try:
                    value = node[name]
                    value = OmegaConf.to_container(value, resolve=False) if OmegaConf.is_config(value) else value
                except (OmegaConfBaseException, RecursionError, ValueError, TypeError):
                    value = one
                    self.unfilled.append(one)
            found[name] = _HELD.sub(lambda mark: self.held.get(mark[0], ""), value) if isinstance(value, str) else value
        return found if isinstance(raw, dict) else list(found.values())
