"""A record made up at random, and edits of it of many kinds, by commands and by the shell; a seed says all."""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from exptdir.cli import main
from exptdir.record.scan import scan

NAMES = ["fit", "dose", "train_cnn", "b", "größe", "two words"]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="9"><rect width="{0}" height="9"/></svg>\n'
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU"
CONF = """\
project = "Random"
extensions = ["exptdir", "sphinx.ext.todo"]
html_theme = "{theme}"
html_static_path = ["_static"]
html_css_files = ["own.css"]
numfig = True
exptdir_figures = "never"
"""
#: What a page may hold, in reStructuredText and in Markdown; {n} is an experiment's number, {m} another's, {c} a word.
SNIPPETS = [
    ("See :expt:`{n}`.", "See {{expt}}`{n}`."),
    ("After :expt:`{n}@2024-05-21` and :expt:`{m}`.", "After {{expt}}`{n}@2024-05-21` and [](#{m})."),
    (":expt:builds-on:`{n}`", "{{expt:builds-on}}`{n}`"),
    (":any:`expt-{n}` :ref:`expt-{m}`", "{{any}}`expt-{n}` {{ref}}`expt-{m}`"),
    (":doc:`/docs/{c}` :ref:`spot-{c}`", "{{doc}}`/docs/{c}` {{ref}}`spot-{c}` [page](/docs/{c}.md)"),
    (".. _spot-{c}:\n\nSpot {c}\n--------\n\nHere.", "(spot-{c})=\n\n## Spot {c}\n\nHere."),
    (
        ".. figure:: {c}.svg\n   :name: fig-{c}\n\n   Figure {c}",
        "```{{figure}} {c}.svg\n:name: fig-{c}\nFigure {c}\n```",
    ),
    (":numref:`fig-{c}`", "{{numref}}`fig-{c}` ![{c}]({c}.svg)"),
    (".. image:: {c}.*", "```{{image}} {c}.*\n```"),
    (".. include:: {c}.txt", "```{{include}} {c}.txt\n```"),
    (".. literalinclude:: {c}.txt\n   :diff: b.txt", "```{{literalinclude}} {c}.txt\n:diff: b.txt\n```"),
    (":download:`{c}.csv` :cell:`{c}.csv!A2`", "{{download}}`{c}.csv` {{cell}}`{c}.csv!A2`"),
    (
        ".. datatable:: {c}.csv\n   :name: t-{c}\n\n   Table {c}",
        "```{{datatable}} {c}.csv\n:name: t-{c}\nTable {c}\n```",
    ),
    (".. math:: a = b\n   :label: eq-{c}", "```{{math}}\n:label: eq-{c}\na = b\n```"),
    (":eq:`eq-{c}` and :term:`{c}`", "{{eq}}`eq-{c}` and {{term}}`{c}`"),
    (".. glossary::\n\n   {c}\n      A word.", "```{{glossary}}\n{c}\n  A word.\n```"),
    (".. index:: {c}", "```{{index}} {c}\n```"),
    (".. expt-figures::", "```{{expt-figures}}\n```"),
    (".. expt-figures::\n   :experiment: {n}", "```{{expt-figures}}\n:experiment: {n}\n```"),
    (".. update:: 2024-06-0{d}\n\nUpdated.", "```{{update}} 2024-06-0{d}\n```\n\nUpdated."),
    (".. expt:run:: v{d}\n\n   Done.", "```{{expt:run}} v{d}\nDone.\n```"),
    (":expt:run:`{n}/v{d}`", "{{expt:run}}`{n}/v{d}`"),
    ("Text [{c}2020]_.\n\n.. [{c}2020] Words of {c}.", "Text[^{c}].\n\n[^{c}]: Words of {c}."),
    (".. only:: html\n\n   :expt:`{n}`", "```{{only}} html\n{{expt}}`{n}`\n```"),
    (".. todo:: Look at {c}.", "```{{todo}}\nLook at {c}.\n```"),
    ("2024-07-0{d}: Day of {c}\n------------------------\n\nDone.", "## 2024-07-0{d}: Day of {c}\n\nDone."),
]
WORDS = ["a", "b", "loss"]


class RandomRecord:
    """A record on the disk; :meth:`edit` does one thing to it and says what."""

    def __init__(self, base: Path, seed: int, theme: str) -> None:
        self.base, self.theme = base, theme
        self.chance = random.Random(seed)
        self.count = 0
        self._last = 6
        for name in ("docs", "_static", "expts"):
            (base / name).mkdir(parents=True)
        (base / "conf.py").write_text(CONF.format(theme=theme))
        (base / "_static/own.css").write_text("p { margin: 0 }\n")
        (base / "index.md").write_text("# Home\n\n```{toctree}\n:glob:\ndocs/*\n```\n")
        for word in WORDS[:2]:
            (base / f"docs/{word}.md").write_text(f"# Page {word}\n\nText.\n")
        for number in range(1, 7):
            above = self.chance.choice(["expts", *self.directories()]) if number > 3 else "expts"
            self._experiment(f"{above}/{number:04}_{self.chance.choice(NAMES)}", number)
        for _ in range(8):
            self.add_snippet()

    def directories(self) -> list[str]:
        """The directories of experiments, from the source directory."""
        return sorted({path.parent.relative_to(self.base).as_posix() for path in self._pages("expts")})

    def _pages(self, below: str = ".") -> list[Path]:
        return sorted(path for path in (self.base / below).rglob("*") if path.suffix in {".md", ".rst"})

    def _page(self) -> Path:
        return self.chance.choice([path for path in self._pages() if path.parent != self.base])

    def _directory(self) -> Path:
        return self.base / self.chance.choice(self.directories())

    def _number(self) -> int:
        return self.chance.randint(1, self._last + 1)

    def _file(self, *suffixes: str) -> Path:
        """A file beside a page, there or not, of one of the names that pages use."""
        return self._page().parent / f"{self.chance.choice(WORDS)}{self.chance.choice(suffixes)}"

    def _experiment(self, key: str, number: int) -> None:
        directory, suffix = self.base / key, self.chance.choice([".md", ".rst"])
        directory.mkdir(parents=True)
        title = f"Title {number}"
        text = f"{title}\n{'=' * 12}\n\nWords.\n" if suffix == ".rst" else f"# {title}\n\nWords.\n"
        rule = "2024-05-21: Start\n-----------------\n" if suffix == ".rst" else "## 2024-05-21: Start\n"
        (directory / f"{self.chance.choice(['index', 'notes'])}{suffix}").write_text(f"{text}\n{rule}\nBegun.\n")
        (directory / f"{self.chance.choice(WORDS)}.svg").write_text(SVG.format(number))
        (directory / f"{self.chance.choice(WORDS)}.csv").write_text(f"x,y\n{number},2\n")

    def _command(self, *arguments: str) -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            main(["-C", str(self.base), *arguments])

    def _some(self) -> str:
        """The address of an experiment, which every command takes."""
        return self.chance.choice(sorted(one.path for one in scan(self.base).experiments.values()))

    def edit(self) -> str:
        """Do one thing at random, and return its name."""
        self.count += 1
        name = self.chance.choice(EDITS)
        getattr(self, name)()
        return name

    def add_snippet(self) -> None:
        page, word = self._page(), self.chance.choice(WORDS)
        values = {"n": self._number(), "m": self._number(), "c": word, "d": self.chance.randint(1, 9)}
        text = self.chance.choice(SNIPPETS)[page.suffix == ".md"].format(**values)
        # Of a term or an equation that two pages have, Sphinx itself knows the one that it read last.
        once = next((mark for mark in ("glossary", f":label: eq-{word}") if mark in text), None)
        if once is None or not any(once in other.read_text() for other in self._pages()):
            page.write_text(f"{page.read_text()}\n{text}\n")

    def drop_last_block(self) -> None:
        page = self._page()
        blocks = page.read_text().rstrip().split("\n\n")
        if len(blocks) > 2:
            page.write_text("\n\n".join(blocks[:-1]) + "\n")

    def change_prose(self) -> None:
        page = self._page()
        page.write_text(re.sub(r"\b(Words|Text|Begun|Here|Done)\b", f"Words{self.count}", page.read_text(), count=1))

    def change_title(self) -> None:
        page = self._page()
        page.write_text(re.sub(r"\b(Title|Page) (\w+)", rf"\1 \g<2>{self.count}", page.read_text(), count=1))

    def change_date(self) -> None:
        page = self._page()
        day = f"2024-0{self.chance.randint(1, 9)}-1{self.chance.randint(0, 9)}"
        page.write_text(re.sub(r"2024-\d\d-\d\d(?=: )", day, page.read_text(), count=1))

    def undate_entries(self) -> None:
        page = self._page()
        page.write_text(re.sub(r"2024-\d\d-\d\d: ", "", page.read_text(), count=1))

    def touch(self) -> None:
        self._page().touch()

    def turn_back_time(self) -> None:
        """As from a backup: other content, and an older time."""
        path = self._file(".svg", ".csv", ".txt")
        path.write_text(SVG.format(self.count + 20) if path.suffix == ".svg" else f"x,y\n{self.count},0\n")
        os.utime(path, (1_500_000_000 + self.count, 1_500_000_000 + self.count))

    def front_matter(self) -> None:
        page = self.chance.choice(self._pages("expts"))
        facts = [f"title: Called {self.count}", "status: ready", f"id: {self._number()}", "tags: [a]"]
        if page.suffix == ".md" and not page.read_text().startswith("---"):
            page.write_text(f"---\n{self.chance.choice(facts)}\n---\n{page.read_text()}")

    def toml(self) -> None:
        path = self._directory() / "expt.toml"
        facts = [f"id = {self._number()}", f"prerequisites = [{self._number()}]", "status = 'complete'"]
        path.write_text(self.chance.choice(facts) + "\n")

    def toml_gone(self) -> None:
        for path in sorted(self.base.rglob("expt.toml"))[:1]:
            path.unlink()

    def write_figure(self) -> None:
        self._file(".svg").write_text(SVG.format(self.count + 10))

    def write_other_format(self) -> None:
        self._file(".png").write_bytes(PNG)

    def write_text_file(self) -> None:
        self._file(".txt").write_text(f"Included {self.count}, see [](#1).\n")

    def write_data(self) -> None:
        self._file(".csv").write_text(f"x,y\n{self.count},3\n")

    def delete_file(self) -> None:
        files = sorted(path for path in self.base.rglob("*") if path.suffix in {".svg", ".png", ".txt", ".csv"})
        if files:
            self.chance.choice(files).unlink()

    def new_experiment(self) -> None:
        self._last += 1
        above = self.chance.choice(["expts", *self.directories()])
        self._experiment(f"{above}/{self._last:04}_{self.chance.choice(NAMES)}{self._last}", self._last)

    def delete_experiment(self) -> None:
        if len(self.directories()) > 4:
            shutil.rmtree(self._directory())

    def delete_log(self) -> None:
        if len(self.directories()) > 5:
            self.chance.choice(self._pages("expts")).unlink()

    def other_markup(self) -> None:
        """The log becomes one in the other language, under the same document's name."""
        page = self.chance.choice(self._pages("expts"))
        if page.suffix == ".rst":
            page.with_suffix(".md").write_text(f"# Title {self.count}\n\nWords in Markdown.\n")
            page.unlink()

    def rename_by_shell(self) -> None:
        directory = self._directory()
        directory.rename(directory.with_name(f"{directory.name[:4]}_{self.chance.choice(NAMES)}{self.count}"))

    def move_by_shell(self) -> None:
        directory, into = self._directory(), self.base / self.chance.choice(["expts", *self.directories()])
        if directory not in (into, *into.parents) and not (into / directory.name).exists():
            directory.rename(into / directory.name)

    def new(self) -> None:
        self._command("new", f"Made {self.count}")

    def entry(self) -> None:
        self._command("entry", self._some(), f"Noted {self.count}", "--date", f"2024-08-{self.chance.randint(10, 28)}")

    def status(self) -> None:
        self._command("status", self._some(), self.chance.choice(["ready", "complete", "in progress"]))

    def tag(self) -> None:
        self._command("tag", self._some(), f"tag{self.count}")

    def rename(self) -> None:
        self._command("rename", self._some(), f"{self.chance.choice(NAMES)}{self.count}")

    def renumber(self) -> None:
        self._command("renumber", self._some(), str(self.chance.randint(1, self._last + 9)))

    def move(self) -> None:
        where = self.chance.choice(["--top", "--under"])
        self._command("move", self._some(), where, *([self._some()] if where == "--under" else []))

    def new_page(self) -> None:
        path = self.base / f"docs/{self.chance.choice([*WORDS, 'genindex'])}.md"
        if not path.exists():
            path.write_text(f"# Page {path.stem}\n\nText.\n")

    def delete_page(self) -> None:
        pages = self._pages("docs")
        if len(pages) > 1:
            self.chance.choice(pages).unlink()

    def change_toctree(self) -> None:
        """The home page lists other pages, or numbers them."""
        logs = [path.relative_to(self.base).with_suffix("").as_posix() for path in self._pages("expts")]
        listed = self.chance.choice(["docs/*", "docs/a\ndocs/loss", f"docs/*\n{self.chance.choice(logs)}"])
        option = self.chance.choice([":glob:", ":glob:\n:numbered:", ":glob:\n:hidden:", ":glob:\n:maxdepth: 1"])
        (self.base / "index.md").write_text(f"# Home {self.count}\n\n```{{toctree}}\n{option}\n{listed}\n```\n")

    def orphan(self) -> None:
        page = self._page()
        if page.suffix == ".rst" and not page.read_text().startswith(":orphan:"):
            page.write_text(f":orphan:\n\n{page.read_text()}")

    def change_style(self) -> None:
        (self.base / "_static/own.css").write_text(f"p {{ margin: {self.count}px }}\n")

    def change_conf(self) -> None:
        lines = [
            f"html_title = 'Random {self.count}'\n",
            "exptdir_ref_format = '{title}'\n",
            "exptdir_entry_list = 'newest'\n",
            "html_show_sourcelink = False\n",
            "html_copy_source = False\n",
            "exptdir_cited_by = False\n",
            "todo_include_todos = True\n",
            f"exclude_patterns = ['{self.chance.choice(self.directories())}/**']\n",
            "",
        ]
        (self.base / "conf.py").write_text(CONF.format(theme=self.theme) + self.chance.choice(lines))

    def broken_page(self) -> None:
        page = self._page()
        text = ".. unknown:: x\n\n:expt:`99`\n" if page.suffix == ".rst" else "```{unknown}\n```\n\n{expt}`99`\n"
        page.write_text(f"{page.read_text()}\n{text}")


EDITS = sorted(
    name
    for name, value in vars(RandomRecord).items()
    if isinstance(value, Callable) and not name.startswith("_") and name not in {"edit", "directories"}
)
