"""Projects of exmemo: what their ``conf.py`` becomes, and what of their logs does not carry over.

What exmemo's template, roles and directives are, is described in docs/howto/migrate.md.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from exptdir.errors import ExptdirError
from exptdir.record.documents import documents
from exptdir.record.files import read_log
from exptdir.record.home import Conf, names_exptdir
from exptdir.record.markup.blocks import read_blocks
from exptdir.record.markup.references import names_used

#: What is not needed any more, and why.
_LEFT_OUT = {
    "html_theme_path": "Sphinx finds an installed theme by its name",
    "html_favicon": "exmemo's icon is left out; set html_favicon to a copy of it to keep it",
    "master_doc": "“index” is the default",
    "extensions": "",
    "exclude_patterns": "",
}
#: Extensions whose work exptdir does.
_REPLACED = re.compile(r"exmemo\b.*|sphinx\.ext\.mathjax")
_NEEDLESS = frozenset({"README.*", "**/.expt"})
#: Names of exmemo's that a ``conf.py`` of one's own can define: the file of each, and the call that registers it.
_CLASSES = {
    "pdb": ("exmemo_pdb", 'app.add_role("pdb", PdbRole())'),
    "datadir": ("exmemo_datadir", 'app.add_role("datadir", DatadirRole())'),
    "od": ("exmemo_od", 'app.add_directive("od", OdDirective)'),
}
#: Names of exmemo's that nothing stands for.
_GONE = ("pubmed", "electrotransformation")
_PROGRAM = "program-output"


class ImportFailed(ExptdirError):
    """A directory is no project that can be imported."""


@dataclass(frozen=True)
class Import:
    """What importing a project comes to: the new ``conf.py``, and what of the old one is left out, with the reason.

    The *notes* say what else must change, and what does not carry over.
    """

    path: Path
    text: str
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def import_exmemo(directory: Path) -> Import:
    """Write a ``conf.py`` for a project of exmemo, given by its directory or by ``notebook`` in it.

    Raises ImportFailed if there is no such project.
    """
    for base in (directory, directory / "notebook"):
        old = base / "conf.py"
        if "exmemo" in read_log(old) if old.is_file() else next(base.glob("*/.expt/id"), None) is not None:
            break
    else:
        if names_exptdir(directory / "conf.py"):
            raise ImportFailed(f"{directory} is a record of exptdir already")
        raise ImportFailed(f"{directory} holds neither a conf.py that names exmemo nor experiments with .expt/id")
    logs = documents(Conf(old, {"source_suffix": ".rst", "roots": ["."]}))
    used = Counter(name for log in logs for name in names_used(read_blocks(read_log(base / log), markdown=False)))
    needless = () if used[_PROGRAM] else ("sphinxcontrib.programoutput",)
    name = directory.name.replace("_", " ").replace('"', "").replace("\\", "")
    left_out: list[str] = []
    kept = [f'project = "{name}"', 'source_suffix = ".rst"']
    if old.exists():
        kept, left_out = carried_over(old, needless)
    classes = [name for name in _CLASSES if used[name]]
    path = base / ("conf.new.py" if old.exists() else "conf.py")
    gone = (name for name in _GONE if used[name])
    notes = [f"{used[name]} × {name}: nothing stands for it; see “migrate from exmemo”" for name in gone]
    if old.exists():
        notes.insert(0, f"compare {path.name} with conf.py, then put it in its place: mv {path.name} conf.py")
    if used["datadir"]:
        notes.append("set DATA_ADDRESS, if the project's data can be browsed somewhere")
    head = _part("exmemo_imports") if classes else ""
    if not any(line.startswith("extensions") for line in kept):
        kept = [*kept, 'extensions = ["exptdir"]']
    own = "".join(f"\n\n{_part(_CLASSES[name][0])}" for name in classes)
    setup = "\n\ndef setup(app):\n" + "".join(f"    {_CLASSES[name][1]}\n" for name in classes) if classes else ""
    text = "".join([head, "\n".join(kept), "\n", _part("exmemo_options"), own, setup])
    return Import(path, text, tuple(left_out), tuple(notes))


def carried_over(conf: Path, needless: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return the statements of a ``conf.py`` that stay, and what is left out."""
    text = read_log(conf)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ImportFailed(f"{conf} is not Python: {error}") from None
    kept: list[str] = []
    left_out: list[str] = []
    extensions: list[str] = []
    patterns: list[str] = []
    for statement in tree.body:
        name: str | None = None
        value: object = None
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.Assign) and len(targets) == 1 and isinstance(targets[0], ast.Name):
            name = targets[0].id
            # What is computed has no value here.
            with suppress(ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                value = ast.literal_eval(statement.value)
        if name == "extensions" and isinstance(value, list):
            wanted = (one for one in map(str, value) if not _REPLACED.fullmatch(one))
            extensions = [one for one in wanted if one not in needless]
        elif name == "exclude_patterns" and isinstance(value, list):
            patterns = [one for one in map(str, value) if one not in _NEEDLESS]
        elif name is not None and name not in _LEFT_OUT and value is not None:
            kept.append(ast.get_source_segment(text, statement) or "")
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            segment = (ast.get_source_segment(text, statement) or "").split("\n")[0]
            reason = _LEFT_OUT.get(name or "") or (
                "not needed"
                if "exmemo" in segment or "sphinx_rtd_theme" in segment or segment.endswith("= None")
                else "a program, not a value: take it over by hand if you need it"
            )
            left_out.append(f"line {statement.lineno}: {segment[:80]} ({reason})")
    kept += [f"exclude_patterns = {patterns!r}"] if patterns else []
    kept += [f"extensions = {['exptdir', *extensions]!r}".replace("'", '"')]
    return kept, left_out


def _part(name: str) -> str:
    return resources.files("exptdir.exchange").joinpath(f"{name}.txt").read_text("utf-8")
