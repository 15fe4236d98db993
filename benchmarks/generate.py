"""Write a synthetic record: numbered experiments with dated entries, some prose and some references.

The same arguments give the same bytes. The pages are the same whether plain Sphinx or exptdir is to build
them, but for the references, which plain Sphinx is given as text or as its own ``:doc:``.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

Toctree = Literal["none", "flat"]

FIRST_DAY = date(2019, 1, 7)

#: In a nested record the first of ten experiments has the next five in it, and those the last four.
BLOCK, CHILDREN = 10, 5

VERBS = ["measure", "train", "compare", "repeat", "calibrate", "split", "cool", "anneal", "fit", "sweep"]
NOUNS = [
    "gradient",
    "sample",
    "detector",
    "loss",
    "baseline",
    "membrane",
    "batch",
    "spectrum",
    "kernel",
    "cell",
    "buffer",
    "array",
]
ADJECTIVES = [
    "cold",
    "larger",
    "second",
    "noisy",
    "dry",
    "early",
    "pure",
    "shallow",
    "paired",
    "slow",
    "blank",
    "wide",
]
SENTENCES = (
    "The {adjective} {noun} was left overnight and read again at {number} in the morning",
    "We {verb} the {noun} with {number} repeats because the {adjective} one had drifted",
    "Nothing in the {noun} explains why the {adjective} {noun2} came out at {number} per cent",
    "To {verb} it once more would take {number} hours and a {adjective} {noun}",
    "The {noun2} of the {adjective} {noun} is within {number} per cent of what we saw before",
    "I set the {noun} to {number} and kept the {adjective} {noun2} as it was",
    "Next, {verb} the {adjective} {noun2} before anyone touches the {noun}",
    "About {number} of the {adjective} readings are missing, all of them from the {noun}",
)


@dataclass(frozen=True)
class Markup:
    """How one markup language writes the few things that a log is made of."""

    log: str
    title: str
    section: str
    literal: str
    role: str
    document: str


REST = Markup(
    log="notes.rst",
    title="{text}\n{line}\n",
    section="{text}\n{dashes}\n",
    literal="::\n\n    {text}\n",
    role=":expt:`{target}`",
    document=":doc:`#{target} </expts/{path}/notes>`",
)
MYST = Markup(
    log="index.md",
    title="# {text}\n",
    section="## {text}\n",
    literal="```text\n{text}\n```\n",
    role="{{expt}}`{target}`",
    document="{{doc}}`#{target} </expts/{path}/index>`",
)


class Page:
    """One experiment, made of nothing but its number and the record's seed."""

    def __init__(self, number: int, seed: int, markup: Markup) -> None:
        self.number = number
        self.markup = markup
        self._random = random.Random(f"{seed}/{number}")
        self._verb, self._adjective, self._noun = (self._random.choice(words) for words in (VERBS, ADJECTIVES, NOUNS))

    @property
    def title(self) -> str:
        """The experiment's title, as a person would write it."""
        return f"{self._verb.capitalize()} the {self._adjective} {self._noun}"

    @property
    def directory(self) -> str:
        """The name of the experiment's directory."""
        return f"{self.number:04}_{self._verb}_{self._adjective}_{self._noun}"

    def text(self, entries: int, references: Sequence[str]) -> str:
        """Return the whole log; the references end the paragraphs of its entries, in turn."""
        parts = [self.markup.title.format(text=self.title, line="=" * len(self.title))]
        parts.append(self._paragraph(3))
        day = FIRST_DAY + timedelta(days=self.number)
        endings: list[list[str]] = [[] for _ in range(max(entries, 1))]
        for index, reference in enumerate(references):
            endings[index % len(endings)].append(f" This goes on from {reference}.")
        for ending in endings[:entries]:
            parts += self._entry(day, "".join(ending))
            day += timedelta(days=self._random.randint(1, 9))
        values = ", ".join(f"{self._random.random():.3f}" for _ in range(6))
        parts.append(self.markup.literal.format(text=f"{self._noun} = [{values}]"))
        if not entries:
            parts.append("".join(endings[0]).strip() + "\n")
        return "\n".join(parts)

    def _entry(self, day: date, ending: str) -> Iterator[str]:
        text = f"{day.isoformat()}: {self._random.choice(ADJECTIVES)} {self._random.choice(NOUNS)}"
        yield self.markup.section.format(text=text, dashes="-" * len(text))
        yield self._paragraph(3).rstrip("\n") + ending + "\n"

    def _paragraph(self, sentences: int) -> str:
        return " ".join(self._sentence() + "." for _ in range(sentences)) + "\n"

    def _sentence(self) -> str:
        noun, noun2 = self._random.sample(NOUNS, 2)
        return self._random.choice(SENTENCES).format(
            verb=self._random.choice(VERBS),
            adjective=self._random.choice(ADJECTIVES),
            noun=noun,
            noun2=noun2,
            number=self._random.randint(2, 90),
        )


def markup_of(number: int, share: float) -> Markup:
    """Return MyST for the given share of the experiments, spread over the record."""
    return MYST if number * 37 % 100 < share * 100 else REST


def referenced(number: int, n: int, count: int, seed: int) -> list[int]:
    """Return the numbers of the experiments that one of ``n`` refers to, never itself."""
    others = min(count, n - 1)
    chosen = random.Random(f"{seed}/{number}/references").sample(range(1, n), others)
    return [other + (other >= number) for other in chosen]


def parent_of(number: int) -> int | None:
    """Return the number of the experiment that a nested record has this one in."""
    place = (number - 1) % BLOCK
    if place == 0:
        return None
    return number - place if place <= CHILDREN else number - CHILDREN


def directories(pages: Sequence[Page], *, nested: bool) -> dict[int, str]:
    """Return each experiment's path below ``expts``; parents have smaller numbers than their children."""
    paths: dict[int, str] = {}
    for page in pages:
        parent = parent_of(page.number) if nested else None
        paths[page.number] = page.directory if parent is None else f"{paths[parent]}/{page.directory}"
    return paths


def generate(
    directory: Path,
    n: int,
    *,
    nested: bool = False,
    toctree: Toctree = "none",
    refs_per_page: int = 2,
    entries_per_page: int = 3,
    seed: int = 0,
    markdown: float = 0.0,
    extensions: Sequence[str] = (),
    theme: str = "alabaster",
    roles: bool | None = None,
    documents_linked: bool = False,
) -> None:
    """Write ``n`` experiments, their ``index.rst`` and a ``conf.py`` into a directory.

    Parameters
    ----------
    toctree
        ``flat`` lists every page in ``index.rst``; ``none`` leaves navigation to the extension, or out.
    markdown
        The share of the pages that is written in MyST, from 0 to 1.
    roles
        Whether references are real ones; by default where exptdir is among the extensions.
    documents_linked
        Whether those that are not are links to documents, as in plain Sphinx, in place of text.
    """
    if roles is None:
        roles = "exptdir" in extensions
    pages = [Page(number, seed, markup_of(number, markdown)) for number in range(1, n + 1)]
    paths = directories(pages, nested=nested)
    for page in pages:
        numbers = referenced(page.number, n, refs_per_page, seed)
        log = directory / "expts" / paths[page.number] / page.markup.log
        log.parent.mkdir(parents=True, exist_ok=True)
        # Each is written as the page that it leads to is named.
        references = [
            (
                page.markup.role if roles else pages[other - 1].markup.document if documents_linked else "#{target}"
            ).format(target=other, path=paths[other])
            for other in numbers
        ]
        log.write_text(page.text(entries_per_page, references), "utf-8")
    documents = [f"expts/{paths[page.number]}/{page.markup.log.partition('.')[0]}" for page in pages]
    (directory / "index.rst").write_text(index(documents if toctree == "flat" else []), "utf-8")
    (directory / "conf.py").write_text(configuration(extensions, theme, markdown > 0), "utf-8")


def index(documents: Sequence[str]) -> str:
    """Return the root document."""
    text = "A synthetic record\n==================\n\nWritten by a program, to be measured.\n"
    if documents:
        text += "\n.. toctree::\n   :maxdepth: 1\n\n" + "".join(f"   {document}\n" for document in documents)
    return text


def configuration(extensions: Sequence[str], theme: str, markdown: bool) -> str:
    """Return a ``conf.py``; MyST is named only where nobody else sets it up."""
    names = list(extensions)
    if markdown and not {"exptdir", "myst_parser"} & set(names):
        names.append("myst_parser")
    lines = ['project = "Synthetic"', f"extensions = {names!r}", f"html_theme = {theme!r}"]
    if "exptdir" in names:
        lines.append('exptdir_roots = ["expts"]')
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write a record as the command line asks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("n", type=int, help="how many experiments")
    parser.add_argument("--nested", action="store_true", help="experiments within experiments, three deep")
    parser.add_argument("--toctree", choices=["none", "flat"], default="none")
    parser.add_argument("--refs-per-page", type=int, default=2, metavar="N")
    parser.add_argument("--entries-per-page", type=int, default=3, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", type=float, default=0.0, metavar="SHARE", help="of .md pages, 0 to 1")
    parser.add_argument("--extensions", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--theme", default="alabaster")
    options = vars(parser.parse_args())
    generate(options.pop("directory"), options.pop("n"), **options)


if __name__ == "__main__":
    main()
