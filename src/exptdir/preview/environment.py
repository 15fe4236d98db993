"""Sphinx's environment, which a build need not write down when the next start can do without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sphinx.environment import BuildEnvironment

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class Environment(BuildEnvironment):
    """An environment of which an empty shell is written where that is enough.

    With thousands of documents, to write it down takes longer than all else that an edit needs. What an earlier one
    says is still true but of the documents that were read since: those are read again at the next start.
    """

    #: Whether the file that Sphinx writes next is of no use to anybody.
    postponed: bool

    def __getstate__(self) -> dict[str, Any]:
        """Return what is written."""
        state = super().__getstate__()
        state.pop("postponed", None)
        return state

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Be written as Sphinx's own, or as nothing."""
        if self.postponed:
            return dict, ()
        return object.__new__, (BuildEnvironment,), self.__getstate__()


def environment_of(app: Sphinx) -> Environment:
    """Make an application's environment one that can be postponed.

    Parameters
    ----------
    app
        The application; all that is part of it knows its environment already, which therefore stays the same object.
    """
    env: Any = app.env
    env.__class__ = Environment
    env.postponed = False
    return env  # type: ignore[no-any-return]
