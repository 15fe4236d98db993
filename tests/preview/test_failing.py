"""What ended a build, in words and with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sphinx.errors import ExtensionError, SphinxParallelError, ThemeError

from exptdir.preview.warm_sphinx import warm
from exptdir.preview.warnings import failed
from tests.preview.warmly import RECORD, project
from tests.sphinxext.building import write


@pytest.mark.parametrize(
    ("conf", "text", "line"),
    [
        ("project = 'X'\nextensions = [\n", "SyntaxError: '[' was never closed", 2),
        ("project = 'X'\n\nproject = nothing\n", "NameError: name 'nothing' is not defined", 3),
        ("import sys\nsys.exit(3)\n", "it was ended by sys.exit(3)", 2),
        ("extensions = [\n    'exptdir',\n    'not_there',\n]\n", "No module named 'not_there'", 3),
        ("\n\ndef setup(app):\n    app.add_role('x')\n", "missing 1 required positional argument", 4),
    ],
    ids=["syntax", "name", "exit", "extension", "setup"],
)
def test_a_broken_conf_py_is_told_with_its_line(tmp_path: Path, conf: str, text: str, line: int) -> None:
    write(tmp_path / "source", {**RECORD, "conf.py": conf})
    file = tmp_path / "source/conf.py"
    with pytest.raises((Exception, SystemExit)) as raised, warm(project(tmp_path)):
        pass
    told = failed(raised.value, conf=file)
    assert text in told.failure.text
    assert "\n" not in told.failure.text
    assert (told.failure.file, told.failure.line) == (os.path.realpath(file), line)
    assert told.failure.severity == "error"


def test_a_failure_without_a_place_of_the_authors_is_put_to_the_document(tmp_path: Path) -> None:
    document = str(tmp_path / "notes.rst")
    told = failed(ThemeError("the template is no template"), conf=None, document=document)
    assert (told.failure.text, told.failure.file, told.failure.line) == ("the template is no template", document, 0)
    assert told.traceback == ""


def test_what_another_process_raised_is_found_in_its_traceback(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("raise ValueError\n", "utf-8")
    frames = ((os.__file__, 9), (str(module), 1))
    trace = "".join(f'  File "{file}", line {line}, in run\n    raise ValueError\n' for file, line in frames)
    told = failed(SphinxParallelError("ValueError", trace), conf=None)
    assert (told.failure.text, told.failure.file, told.failure.line) == ("ValueError", str(module), 1)
    assert told.traceback == trace


def test_what_a_handler_raised_is_told_rather_than_that_it_raised() -> None:
    told = failed(ExtensionError("Handler <x> threw an exception", KeyError("column")), conf=None)
    assert told.failure.text == "KeyError: 'column'"
    assert "KeyError" in told.traceback
