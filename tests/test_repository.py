"""What must not get into the repository, and how long a file may grow."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 400

# The ledgers of figures are ours, and belong into version control.
LOCK_FILES = re.compile(
    r"((?!figures\.lock\Z).*\.lockb?|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|pylock.*\.toml)",
    re.IGNORECASE,
)
MINIFIED = re.compile(r".*[.-]min\.(js|mjs|css)(\.map)?", re.IGNORECASE)

# Both are spelt so that they do not find themselves.
REGISTRIES = re.compile(
    r"pypi\.(?:python\.)?org|pythonhosted\.org|registry\.npmjs|registry\.yarnpkg|conda\.anaconda"
    r"|crates\.io|deb\.debian\.org|[-]-(?:extra-)?index-url|[-]-find-links|PIP_(?:EXTRA_)?INDEX_URL"
)
# A notebook's own `.expt/root/` is no absolute path: one begins a word, or follows a file URL's slashes.
MACHINE_PATHS = re.compile(r"(?:(?<![\w.~/*)}\]-])|(?<=file://))/(?:work|root|home|Users)/")

#: What a merge leaves where it gives up.
CONFLICTS = re.compile(r"^(?:<{7}|>{7}|[|]{7}) ")


def tracked() -> list[Path]:
    """Return the files that are, or are about to be, in the repository."""
    # A tree that belongs to somebody else is common in containers; git would refuse to look at it.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-c", "-o", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = sorted(ROOT / name for name in set(listed.split("\0")) if name)
    return [path for path in paths if path.is_file() and not path.is_symlink()]


FILES = tracked()


def lines_with(pattern: re.Pattern[str]) -> Iterator[str]:
    for path in FILES:
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1):
            if pattern.search(line):
                yield f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"


def test_there_are_files():
    assert ROOT / "pyproject.toml" in FILES


@pytest.mark.parametrize("pattern", [LOCK_FILES, MINIFIED], ids=["lock files", "minified files"])
def test_no_such_files(pattern):
    assert [str(path.relative_to(ROOT)) for path in FILES if pattern.fullmatch(path.name)] == []


@pytest.mark.parametrize(
    "pattern", [REGISTRIES, MACHINE_PATHS, CONFLICTS], ids=["registries", "machine paths", "conflicts"]
)
def test_no_such_text(pattern):
    assert list(lines_with(pattern)) == []


def test_patterns_tell_apart():
    home = "/" + "home/"
    assert MACHINE_PATHS.search(f"data = '{home}ann/x.csv'")
    assert MACHINE_PATHS.search(f"file://{home}ann")
    assert not MACHINE_PATHS.search(f"figures/.expt{home.replace('home', 'root')}data/x.csv")
    assert not MACHINE_PATHS.search(f"https://example.org{home}")
    assert REGISTRIES.search("https://" + "pypi" + ".org/simple")


def test_source_files_stay_short():
    long = {
        str(path.relative_to(ROOT)): count
        for path in FILES
        # Catalogues have as many lines as there are words.
        if path.is_relative_to(ROOT / "src")
        and path.suffix != ".po"
        and (count := len(path.read_bytes().splitlines())) > LONGEST
    }
    assert long == {}
