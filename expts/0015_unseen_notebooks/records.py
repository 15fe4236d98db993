"""Writes records in the habits of notebooks that exptdir had not seen, and what plain Sphinx needs to build them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

WORDS = ["buffer", "gradient", "sample", "detector", "loss", "baseline", "membrane", "batch", "spectrum", "kernel"]
WORDS += ["cold", "noisy", "dry", "early", "pure", "shallow", "paired", "slow", "blank", "wide", "was", "left", "over"]
TOPICS = ["python", "statistics", "field work", "notes", "maps", "R"]

#: What the logs of the older tool use, for a plain Sphinx that does not know it.
STUBS = '''
from collections import defaultdict

from docutils import nodes
from docutils.parsers.rst import Directive, directives


class Box(Directive):
    """Shows what stands in it, and nothing of its argument and options."""

    optional_arguments, final_argument_whitespace, has_content = 9, True, True
    option_spec = defaultdict(lambda: directives.unchanged, name=directives.unchanged)

    def run(self):
        box = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


def setup(app):
    for name in ("expt", "doi", "pdb"):
        app.add_generic_role(name, nodes.literal)
    for name in ("update", "datatable", "protocol"):
        app.add_directive(name, Box)
'''
CONF = """\
project = "Notebook"
html_theme = "alabaster"
language = "en"
html_copy_source = False
"""


class Notebook(NamedTuple):
    """A kind of notebook: what writes it, and the lines of ``conf.py`` with exptdir and without."""

    write: Callable[[Path], None]
    ours: str
    plain: str


def prose(chance: random.Random, words: int) -> str:
    """Return a paragraph that says nothing."""
    return " ".join(chance.choice(WORDS) for _ in range(words)).capitalize() + "."


def save(path: Path, text: str) -> None:
    """Write a file, and the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def figure(colour: str) -> str:
    """Return an SVG as a plot script would have written it."""
    line = f'<path d="M0 90L40 60L80 70L160 20" stroke="{colour}" fill="none"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 100" width="160" height="100">{line}</svg>\n'


def wet_lab(root: Path) -> None:
    """Copy a notebook of the older tool from the corpus."""
    shutil.copytree(Path(__file__).parents[3] / "shared" / "corpus" / "notebook", root, symlinks=True)


def blog(root: Path) -> None:
    """Write 1,718 posts that link to one another as the tool that rendered them would, which are files of no record."""
    chance = random.Random(13)
    names = [
        f"20{10 + n // 118}-{1 + n % 12:02}-{1 + n % 28:02}-{chance.choice(TOPICS[:2])}-{n:04}" for n in range(1718)
    ]
    save(root / "index.md", "# A blog\n\nWhat I found out.\n")
    for name in names:
        links = " ".join(
            f"As in [that post](../{chance.choice(names)}/index.qmd)." for _ in range(chance.randint(0, 3))
        )
        head = f'title: "About {name[11:]}: {chance.choice(WORDS)}"\nauthor: A. Person\ndate: "{name[:10]}"\n'
        head += f"categories: [{', '.join(chance.sample(TOPICS, 2))}]\n"
        body = f"{prose(chance, 60)} {links}\n\n## Data\n\n{prose(chance, 80)}\n\n"
        body += "```r\nlibrary(stats)\nx <- rnorm(100)\nsummary(x)\n```\n\n"
        body += "## What came out\n\n" + "".join(f"- {prose(chance, 12)}\n" for _ in range(5))
        body += f"\n| group | mean |\n|---|---|\n| a | {chance.random():.2f} |\n| b | {chance.random():.2f} |\n\n"
        save(root / "posts" / name / "index.md", f"---\n{head}---\n\n{body}{prose(chance, 120)}\n")


def older_tool(root: Path) -> None:
    """Write 140 logs that are named like their directories, with figures through links to the project's root."""
    chance = random.Random(17)
    names = [
        f"20{17 + n // 48}{1 + n // 4 % 12:02}{1 + n * 7 % 28:02}_{'_'.join(chance.sample(WORDS[:18], 2))}_{n}"
        for n in range(140)
    ]
    title = "Enzymes\n=======\n"
    save(root / "index.rst", f"{title}\n.. toctree::\n   :maxdepth: 1\n\n   ideas.rst\n   {{notebook_entries}}\n")
    save(root / "ideas.rst", f"*****\nIdeas\n*****\n\n{prose(chance, 30)}\n")
    for number, name in enumerate(names):
        slug, home = name.split("_", 1)[1], root / name
        (home / ".expt").mkdir(parents=True)
        # The project's root is above the notebook.
        (home / ".expt" / "root").symlink_to("../../..")
        save(root.parent / "data" / f"{slug}.svg", figure("green"))
        (home / f"{slug}.svg").symlink_to(f".expt/root/data/{slug}.svg")
        line = "*" * len(slug)
        text = f"{line}\n{slug}\n{line}\n\n{prose(chance, 40)}\n\n"
        if number:
            text += f"This goes on from :expt:`{chance.choice(names[:number])}`.\n\n"
        for _ in range(chance.randint(1, 4)):
            heading = f"{prose(chance, 3)[:-1]} --- {name[:4]}/{int(name[4:6])}/{chance.randint(1, 28)}"
            text += f"{heading}\n{'=' * len(heading)}\n\n{prose(chance, 70)}\n\n"
        text += f".. figure:: {slug}.svg\n\n   {prose(chance, 9)}\n\n"
        text += f".. update:: {name[:4]}-12-{chance.randint(1, 28):02}\n\n   {prose(chance, 30)}\n"
        save(home / f"{slug}.rst", text)


def fresh_clone(root: Path) -> None:
    """Write 600 logs with a dead link each, whose data have stayed at home and whose figures are committed."""
    chance = random.Random(19)
    save(root / "index.md", "# Growth\n\nAll that was measured.\n")
    script = "import glob\nimport matplotlib.pyplot as plt\n\nfigure, axes = plt.subplots()\n"
    script += 'for name in sorted(glob.glob("data/*.csv")):\n    axes.plot([float(x) for x in open(name)])\n'
    script += 'figure.savefig("loss.svg")\n'
    for number in range(1, 601):
        home = root / "expts" / f"{number:04}_{chance.choice(WORDS)}_{chance.choice(WORDS)}"
        dead = f"[before](../{number + 700:04}_{chance.choice(WORDS)}_{chance.choice(WORDS)}/index.qmd)"
        text = f"# Run {number}\n\n{prose(chance, 30)} See {dead}.\n\n"
        text += f"## 2024-0{1 + number % 9}-17\n\n{prose(chance, 60)}\n"
        if number % 10 == 0:
            text += "\n![Loss](loss.svg)\n"
            save(home / "plot_loss.py", script)
            save(home / "loss.svg", figure("blue"))
            (home / "data").symlink_to("/data/that/is/not/here")
        save(home / "index.md", text)


#: Sphinx would follow the links to the project's root without end.
OLDER = 'exclude_patterns = ["**/.expt"]\n' + STUBS
MYST = 'extensions = ["myst_parser"]\n'
KINDS = {
    "wet lab": Notebook(
        wet_lab, 'extensions = ["exptdir"]\nexptdir_roots = ["."]\n', 'extensions = ["sphinx.ext.todo"]\n' + STUBS
    ),
    "blog": Notebook(blog, 'extensions = ["exptdir"]\nexptdir_roots = ["posts"]\n', MYST),
    "logs named like directories": Notebook(
        older_tool, 'extensions = ["exptdir"]\nexptdir_roots = ["."]\nsource_suffix = ".rst"\n', OLDER
    ),
    "fresh clone": Notebook(fresh_clone, 'extensions = ["exptdir"]\n', MYST),
}
