"""Sets the trace up in a process, from values that fit into an environment variable."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass

from .events import Listener, watch_probes
from .keeper import Keeper, Notes
from .scope import Ground, Scope, look_around

#: Names in the directory of a run.
NOTES, COPIES = "trace", "copies"


@dataclass(frozen=True)
class Setting:
    """What a process must know to take part in the trace of a run.

    Parameters
    ----------
    base
        The record's base.
    cwd
        The script's directory.
    scratch
        The directory of this run.
    outputs
        The figures that the script is known to write.
    """

    base: str
    cwd: str
    scratch: str
    outputs: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Write it for the environment."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Setting:
        """Read what :meth:`to_text` wrote."""
        data = json.loads(text)
        return cls(data["base"], data["cwd"], data["scratch"], tuple(data["outputs"]))


def listen(setting: Setting, ground: Ground | None = None) -> Listener:
    """Begin the trace of this process; there is no end to it but :attr:`Listener.active`.

    Parameters
    ----------
    setting
        What is traced.
    ground
        What is known of this process, if somebody has looked already.
    """
    ground = ground or look_around()
    scope = Scope(setting.base, setting.cwd, setting.scratch, ground.programs)
    notes = Notes(os.path.join(setting.scratch, NOTES))
    keeper = Keeper(scope, os.path.join(setting.scratch, COPIES), setting.outputs)
    listener = Listener(scope, notes, keeper, ground)
    watch_probes(listener)
    sys.addaudithook(listener.hook())
    return listener
