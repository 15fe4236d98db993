"""Edit a record a thousand times while the preview runs: it must build once for each edit, and end up right.

Edits are of every kind that a person, an editor or git makes: prose, headings, new and deleted and renamed
experiments, workbooks, data of plot scripts that write files beside themselves, saves by a temporary file and a rename,
files that come with a time of last year or of next year, another branch with 300 changed files at once. In between
there are changes that mean nothing: files that are merely touched, and editors' temporary files.

    python -m benchmarks.preview_soak --edits 1000

It says how many builds there were against how many there should have been, and whether the output is, byte for byte,
that of a clean build. It ends with 1 where one of them is wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.generate import generate
from benchmarks.serving import Preview, memory_of_builder

#: Sphinx's own state, which differs between an incremental build and a clean one.
STATE = {"searchindex.js", ".buildinfo", ".buildinfo.bak"}
#: How long nothing may happen after a change that means nothing, in seconds.
QUIET = 1.0
#: The memory after so many changes is what that at the end is compared with.
SETTLED_IN = 20
#: Files that another branch changes.
BRANCH = 300
PLOT = """\
import os
import matplotlib.pyplot as plt

values = [float(line) for line in open("values.csv")]
plt.plot(values)
plt.savefig("values.svg")
# What scripts leave beside themselves is another each time.
with open("cache.bin", "wb") as stream:
    stream.write(os.urandom(64))
"""
SHOWN = "\n\n.. figure:: values.svg\n\n   Values\n\n.. datatable:: values.csv\n"


class Editor:
    """Makes changes to a record, at random but the same for the same seed.

    Parameters
    ----------
    record
        The record's directory, a git repository.
    seed
        What chance begins with.
    """

    def __init__(self, record: Path, seed: int) -> None:
        self.record, self.chance, self.made = record, random.Random(seed), 0
        self.branch = "main"

    def logs(self) -> list[Path]:
        """Return all logs."""
        return sorted(self.record.glob("expts/*/notes.*"))

    def plots(self) -> list[Path]:
        """Return the data of all plot scripts."""
        return sorted(self.record.glob("expts/*/values.csv"))

    def prose(self) -> None:
        """Add a sentence to a log."""
        log = self.chance.choice(self.logs())
        log.write_text(f"{log.read_text('utf-8')}\n\nSentence {self._number()}.\n", "utf-8")

    def by_renaming(self) -> None:
        """Add a sentence as an editor does that writes beside the file and renames."""
        log = self.chance.choice(self.logs())
        beside = log.with_name(f".{log.name}.swp")
        beside.write_text(f"{log.read_text('utf-8')}\n\nSentence {self._number()}.\n", "utf-8")
        beside.replace(log)

    def heading(self) -> None:
        """Change a title, which other pages show."""
        log = self.chance.choice([log for log in self.logs() if log.suffix == ".rst"])
        _, rule, rest = log.read_text("utf-8").split("\n", 2)
        title = f"Title {self._number()}"
        log.write_text(f"{title}\n{rule[:1] * len(title)}\n{rest}", "utf-8")

    def new(self) -> None:
        """Make an experiment."""
        number = 5000 + self._number()
        directory = self.record / f"expts/{number:04}_added"
        directory.mkdir()
        (directory / "notes.rst").write_text(f"Added\n=====\n\nAfter :expt:`{number - 1}`, see :expt:`3`.\n", "utf-8")

    def delete(self) -> None:
        """Take an experiment away, one of those that were added if there is one."""
        added = sorted(self.record.glob("expts/*_added"))
        shutil.rmtree(self.chance.choice(added or [log.parent for log in self.logs()]))

    def rename(self) -> None:
        """Give the directory of an experiment another name."""
        directory = self.chance.choice([log.parent for log in self.logs()])
        directory.rename(directory.with_name(f"{directory.name[:4]}_renamed{self._number()}"))

    def data(self) -> None:
        """Change what a plot script and a table read."""
        path = self.chance.choice(self.plots())
        path.write_text(path.read_text("utf-8") + f"{self._number()}\n", "utf-8")

    def last_year(self) -> None:
        """Save a log with a time long past, as unpacked archives have, and clocks that were set back."""
        self._dated(time.time() - 365 * 86400)

    def next_year(self) -> None:
        """Save a log with a time to come, as a clock makes that was set wrong."""
        self._dated(time.time() + 365 * 86400)

    def checkout(self) -> None:
        """Go to another branch, and so change many files at once."""
        git(self.record, "add", "--all")
        git(self.record, "commit", "--quiet", "--allow-empty", "-m", f"State {self._number()}")
        logs = self.logs()[:BRANCH]
        git(self.record, "checkout", "--quiet", "-b", f"side{self.made}")
        # Not seen by the preview as it happens: git puts all of it there at once.
        edited = {log: f"{log.read_text('utf-8')}\n\nOn a branch: {self.made}.\n" for log in logs}
        self._commit_unseen(edited)
        git(self.record, "reset", "--quiet", "--hard", f"unseen{self.made}")

    def _commit_unseen(self, edited: dict[Path, str]) -> None:
        with tempfile.TemporaryDirectory() as other:
            git(self.record, "worktree", "add", "--quiet", "-b", f"unseen{self.made}", f"{other}/tree")
            for log, text in edited.items():
                Path(other, "tree", log.relative_to(self.record)).write_text(text, "utf-8")
            git(Path(other, "tree"), "commit", "--quiet", "--all", "-m", "Branch")
            git(self.record, "worktree", "remove", "--force", f"{other}/tree")

    def touch(self) -> None:
        """Give a log another time, and nothing else."""
        os.utime(self.chance.choice(self.logs()))

    def temporary(self) -> None:
        """Make and delete what editors make beside a file."""
        log = self.chance.choice(self.logs())
        for name in ("4913", f".{log.name}.swp", f"{log.name}~", f"#{log.name}#", f".goutputstream-{self._number()}"):
            path = log.with_name(name)
            path.write_text("unfinished", "utf-8")
            path.unlink()

    def _dated(self, when: float) -> None:
        log = self.chance.choice(self.logs())
        beside = log.with_name(f"{log.name}~")
        beside.write_text(f"{log.read_text('utf-8')}\n\nDated {self._number()}.\n", "utf-8")
        os.utime(beside, (when, when))
        beside.replace(log)

    def _number(self) -> int:
        self.made += 1
        return self.made


def git(directory: Path, *arguments: str) -> None:
    """Run git, as nobody in particular."""
    identity = ["-c", "user.name=A. Person", "-c", "user.email=person@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, capture_output=True)


def make_record(record: Path, size: int) -> None:
    """Write a record with plot scripts in every tenth experiment, and commit it."""
    generate(record, size, extensions=["exptdir"], markdown=0.3)
    for directory in sorted((record / "expts").iterdir())[::10]:
        log = directory / "notes.rst"
        if log.is_file():
            (directory / "values.csv").write_text("1\n4\n9\n", "utf-8")
            (directory / "plot_values.py").write_text(PLOT, "utf-8")
            log.write_text(log.read_text("utf-8") + SHOWN, "utf-8")
    (record / ".gitignore").write_text("_build/\n", "utf-8")
    git(record, "init", "--quiet", "--initial-branch=main")
    git(record, "add", "--all")
    git(record, "commit", "--quiet", "-m", "Begun")


def kinds(editor: Editor) -> dict[Callable[[], None], tuple[int, bool]]:
    """Return what can be done, how often (in a hundred), and whether it is a reason to build."""
    return {
        editor.prose: (40, True),
        editor.by_renaming: (12, True),
        editor.heading: (8, True),
        editor.new: (5, True),
        editor.delete: (3, True),
        editor.rename: (3, True),
        editor.data: (10, True),
        editor.last_year: (5, True),
        editor.next_year: (3, True),
        editor.checkout: (1, True),
        editor.touch: (5, False),
        editor.temporary: (5, False),
    }


def contents(output: Path) -> dict[str, bytes]:
    """Read all that must be the same."""
    files = (path for path in output.rglob("*") if path.is_file() and path.name not in STATE)
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in files}


def differences(record: Path, output: Path) -> list[str]:
    """Build the record from nothing, and name the files that are other than the preview's."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-D", "exptdir_figures=never"]
        clean = Path(directory, "html")
        command += ["-d", f"{directory}/doctrees", str(record), str(clean)]
        subprocess.run(command, check=True, capture_output=True)
        ours, theirs = contents(output), contents(clean)
    return sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))


def soak(preview: Preview, editor: Editor, edits: int) -> tuple[Counter[str], Counter[str]]:
    """Make *edits* changes; return how many of each kind, and what went otherwise than it should."""
    chosen, wrong, done = kinds(editor), Counter[str](), Counter[str]()
    actions, weights = list(chosen), [share for share, _ in chosen.values()]
    for number in range(edits):
        if number == min(SETTLED_IN, edits - 1):
            preview.settled()
            print(f"memory of the builder after {number} changes: {memory(preview)}", flush=True)
        action = editor.chance.choices(actions, weights)[0]
        before = preview.settled()
        action()
        done[action.__name__] += 1
        if chosen[action][1]:
            preview.wait_for_build(before)
            extra = preview.settled() - before - 1
        else:
            extra = preview.builds_within(QUIET) - before
        if extra:
            wrong[action.__name__] += extra
            print(f"edit {number}, {action.__name__}: {extra} builds more than it should be", flush=True)
    time.sleep(5 * QUIET)
    loops = preview.builds_within(QUIET) - preview.settled()
    wrong["at rest"] += loops
    return done, +wrong


def memory(preview: Preview) -> str:
    """Say how much memory the builder has."""
    found = memory_of_builder(preview.process.pid)
    return "unknown" if found is None else f"{found:.0f} MiB"


def main() -> int:
    """Print what was done and what was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--size", type=int, default=BRANCH + 20, help="number of experiments")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        record = Path(directory, "record")
        make_record(record, asked.size)
        with Preview(record) as preview:
            first = preview.settled()
            done, wrong = soak(preview, Editor(record, asked.seed), asked.edits)
            builds = preview.settled() - first
            print(f"memory of the builder at the end: {memory(preview)}")
        different = differences(record, preview.output)
    print(", ".join(f"{name} {count}" for name, count in sorted(done.items())))
    wanted = sum(done.values()) - done["touch"] - done["temporary"]
    print(f"{sum(done.values())} changes, {wanted} of them reasons to build; {builds} builds")
    print(f"otherwise than it should be: {dict(wrong) or 'nothing'}")
    print(f"files that differ from a clean build: {different or 'none'}")
    return 1 if wrong or different or builds != wanted else 0


if __name__ == "__main__":
    raise SystemExit(main())
