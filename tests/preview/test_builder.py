"""The builder as a process: what it answers, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exptdir.preview.channel import Build, Built, Failed, Message, PagesShown, Progress, Ready, decode, encode
from tests.preview.warmly import RECORD, assert_clean, contents
from tests.sphinxext.building import Files, write

#: A directive that does what its argument says while a document is read.
EXTENSION = """\
import os, pathlib, signal, sys, time
from docutils.parsers.rst import Directive

class Trouble(Directive):
    required_arguments = 1

    def run(self):
        print("printed by a directive")
        what = self.arguments[0]
        if what == "raise":
            raise RuntimeError("a bug of the extension")
        if what == "exit":
            sys.exit("enough")
        if what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "wait":
            pathlib.Path(self.state.document.current_source).with_name("began").touch()
            # A long sleep that begins just when a signal has come is not ended by it.
            for _ in range(6000):
                time.sleep(0.01)
        return []

def setup(app):
    app.add_directive("trouble", Trouble)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
"""
TROUBLED = {
    **RECORD,
    "conf.py": "import sys\nsys.path.insert(0, __file__.rpartition('/')[0])\n"
    f"{RECORD['conf.py']!s}extensions.append('troubles')\n",
    "troubles.py": EXTENSION,
}


@dataclass
class Talk:
    """One conversation with a builder."""

    process: subprocess.Popen[bytes]
    source: Path

    def hear(self) -> Message:
        """Return what it says next, but for its progress."""
        assert self.process.stdout is not None
        while True:
            line = self.process.stdout.readline()
            assert line, f"the builder is gone ({self.process.wait()})"
            message = decode(line)
            if not isinstance(message, Progress):
                return message

    def say(self, build: Build) -> None:
        """Have it build."""
        assert self.process.stdin is not None
        self.process.stdin.write(encode(build))
        self.process.stdin.flush()

    def save(self, files: Files) -> list[Message]:
        """Change files and return all that it says until it has built, or has given up."""
        write(self.source, files)
        self.say(Build(tuple(str(self.source / name) for name in files)))
        heard = [self.hear()]
        while not isinstance(heard[-1], Built | Failed):
            heard.append(self.hear())
        return heard


def command_for(source: Path, output: Path, **options: object) -> list[str]:
    """Return the command of a builder."""
    where = {"source": str(source), "html": str(output / "html"), "doctrees": str(output / "doctrees")}
    order = {"alone": "", "jobs": 1, "define": {}, **where, **options}
    return [sys.executable, "-m", "exptdir.preview.builder", json.dumps(order)]


@contextmanager
def builder(root: Path, files: Files, **options: object) -> Iterator[Talk]:
    """Write a record and start a builder for it."""
    source = root / "source"
    write(source, files)
    command = command_for(source, root, **options)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Talk(process, source)
        finally:
            process.kill()


def test_it_tells_what_it_does_and_ends_with_its_server(tmp_path: Path) -> None:
    with builder(tmp_path, TROUBLED, define={"html_title": "Titled", "language": "de"}) as talk:
        ready = talk.hear()
        assert isinstance(ready, Ready)
        assert (ready.language, ready.words["Up to date"]) == ("de", "Aktuell")
        assert ready.home == "index.html"
        talk.say(Build())
        first = talk.hear()
        assert isinstance(first, Built)
        assert {"index.html", "docs/page.html"} <= set(first.pages)
        assert "Titled" in (tmp_path / "html/index.html").read_text("utf-8")
        assert str(talk.source / "troubles.py") in first.modules
        assert not any("site-packages" in module for module in first.modules)
        text = "# A page\n\nOther words, {expt}`3`.\n\n```{trouble} print\n```\n"
        page, built = talk.save({"docs/page.md": text})
        assert isinstance(page, PagesShown) and isinstance(built, Built)
        assert page.pages == ("docs/page.html",)
        others = {"expts/0002_second/notes.html", "expts/0003_third/notes.html"}
        assert set(built.pages) == {"docs/page.html", *others}
        assert built.warnings == () and built.wrote == ()
        assert talk.process.stdin is not None
        talk.process.stdin.close()
        assert talk.process.wait(60) == 0


def test_a_failure_names_the_place_and_mending_heals(tmp_path: Path) -> None:
    broken = "# A page\n\n```{trouble} raise\n```\n"
    with builder(tmp_path, TROUBLED) as talk:
        talk.hear()
        talk.say(Build())
        talk.hear()
        failure = talk.save({"docs/page.md": broken})[-1]
        assert isinstance(failure, Failed)
        assert failure.failure.text == "RuntimeError: a bug of the extension"
        assert failure.failure.file == str(talk.source / "troubles.py")
        assert failure.failure.line == 1 + EXTENSION[: EXTENSION.index("raise RuntimeError")].count("\n")
        assert "Traceback" in failure.traceback
        assert str(talk.source / "troubles.py") in failure.modules
        assert talk.process.wait(60) == 0
    with builder(tmp_path, {"docs/page.md": "# A page\n\nMended.\n"}) as talk:
        talk.hear()
        talk.say(Build())
        assert isinstance(talk.hear(), Built)
    assert_clean_after(tmp_path)


def assert_clean_after(root: Path) -> None:
    """Compare the output with a clean build, in a process of its own since the record's modules stay loaded."""
    before = contents(root / "html")
    where = [str(root / "source"), str(root / "clean/html")]
    command = [sys.executable, "-m", "sphinx", "-q", "-d", str(root / "clean/doctrees"), *where]
    subprocess.run(command, check=True)
    assert contents(root / "clean/html") == before


def test_sys_exit_while_a_document_is_read_ends_the_build_with_words(tmp_path: Path) -> None:
    with builder(tmp_path, {**TROUBLED, "docs/page.md": "# A page\n\n```{trouble} exit\n```\n"}) as talk:
        talk.hear()
        talk.say(Build())
        failure = talk.hear()
        assert isinstance(failure, Failed)
        assert "sys.exit('enough')" in failure.failure.text


def test_a_killed_build_leaves_whole_pages_and_the_next_is_right(tmp_path: Path) -> None:
    with builder(tmp_path, TROUBLED) as talk:
        talk.hear()
        talk.say(Build())
        talk.hear()
        write(talk.source, {"expts/0001_first/notes.rst": "First\n=====\n\n.. trouble:: kill\n"})
        talk.say(Build((str(talk.source / "expts/0001_first/notes.rst"),)))
        assert talk.process.wait(60) == -signal.SIGKILL
    with builder(tmp_path, {"expts/0001_first/notes.rst": "First\n=====\n\nMended.\n"}) as talk:
        talk.hear()
        talk.say(Build())
        assert isinstance(talk.hear(), Built)
    assert_clean_after(tmp_path)


def test_a_signal_in_the_middle_of_a_build_ends_it_at_once(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        root = tmp_path / number.name
        with builder(root, TROUBLED) as talk:
            talk.hear()
            talk.say(Build())
            talk.hear()
            write(talk.source, {"docs/page.md": "# A page\n\n```{trouble} wait\n```\n"})
            talk.say(Build((str(talk.source / "docs/page.md"),)))
            while not (talk.source / "docs/began").exists():
                assert talk.process.poll() is None
            os.kill(talk.process.pid, number)
            talk.process.wait(60)
            assert (root / "doctrees/exptdir-unfinished").exists()


def test_a_conf_py_that_is_broken_ends_it_with_words(tmp_path: Path) -> None:
    with builder(tmp_path, {**RECORD, "conf.py": "project = 'X'\nextensions = [\n"}) as talk:
        failure = talk.hear()
        assert isinstance(failure, Failed)
        assert (failure.failure.file, failure.failure.line) == (str(talk.source / "conf.py"), 2)
        assert talk.process.wait(60) == 0


def test_a_document_without_conf_py_is_shown(tmp_path: Path) -> None:
    document = tmp_path / "notes.md"
    document.write_text("# Alone\n\nWords.\n", "utf-8")
    command = command_for(tmp_path, tmp_path / "out", alone=str(document), define={"language": "de"})
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        talk = Talk(process, tmp_path)
        ready = talk.hear()
        assert isinstance(ready, Ready) and ready.home == "notes.html"
        assert ready.language == "de"
        talk.say(Build())
        assert isinstance(talk.hear(), Built)
        assert "Words." in (tmp_path / "out/html/notes.html").read_text("utf-8")
        process.kill()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.md", "out"]


def test_nonsense_on_its_input_is_passed_over(tmp_path: Path) -> None:
    with builder(tmp_path, RECORD) as talk:
        talk.hear()
        assert talk.process.stdin is not None
        talk.process.stdin.write(b'nonsense\n{"is": "Nothing"}\n\xff\n')
        talk.say(Build())
        assert isinstance(talk.hear(), Built)
    assert_clean(tmp_path / "source", tmp_path / "clean", contents(tmp_path / "html"))
