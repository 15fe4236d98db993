"""The prerequisites in ``.expt/prereqs``, each a file, or a link to the other experiment."""

from __future__ import annotations

from exptdir.record.edits.respell import Respeller
from exptdir.record.edits.workspace import Workspace
from exptdir.record.markup.references import Token
from exptdir.record.model import Experiment


def respell_prerequisites(workspace: Workspace, respeller: Respeller, experiment: Experiment) -> None:
    """Plan new names for the files of prerequisites; links are followed by their targets, not by their names.

    Parameters
    ----------
    workspace
        The plan.
    respeller
        Knows what changes.
    experiment
        The experiment that has prerequisites.
    """
    origin = experiment.origins.get("prerequisites")
    if origin is None or origin[0].name != "prereqs":
        return
    for name in experiment.prerequisites:
        path = origin[0] / name
        content = workspace.read(path) if path.is_file() and not path.is_symlink() else None
        new = respeller.respell(Token(0, len(name), name, "reference"), experiment)
        if content is not None and new is not None and new != name and "/" not in new:
            workspace.write(path, None)
            workspace.write(path.with_name(new), content)
