"""Measure the house: how many files, lines and helpers there are, and how many files one feature goes through.

    python -m benchmarks.house
    python -m benchmarks.house --source ../older --csv house.csv

Counted in the source of ``src/exptdir``:

- *lines* as they stand; *lines of code* without blank lines, comments and docstrings;
- *private, called once*: functions and methods with a name of one leading underscore that occurs exactly twice in its
  file, as a share of all functions but ``__special__`` ones;
- *places that read page text*: the room ``record/markup`` is one; every other module of the core is one
  that holds, outside of its docstrings, a pattern of a fence, a comment, a directive or a literal;
- *ways to ask whether a file changed*: ``record/files.py`` is one, and so is every other module that reads a
  file's time.

Counted while it runs, by ``sys.setprofile`` in every thread and in every Python process that is started, forked ones
and the plot script's own included: the files of ``src/exptdir`` with a named function that is called

- for a table: in a build of a page with a table of a small workbook, and not in a build of the same page without it;
- for a plot script: in a build with a script and the page that shows its figure, and not in one that shows a
  figure that is there;
- for a save in the preview: modules of ``preview/`` in which anything is called from the save of a page's log until
  the preview is at rest, a browser listening.

Ends with 1 where a limit is passed.
"""

from __future__ import annotations

import argparse
import ast
import csv
import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import surroundings

HERE = Path(__file__).resolve().parents[1]
#: Where a limit is set; what has none is only told.
LIMITS = {
    "files": 185,
    "lines": 29_000,
    "private, called once (%)": 15.0,
    "files for a table": 20,
    "files for a plot script": 22,
    "modules of the preview for a save": 14,
    "modules of the preview": 16,
    "scripts of the preview": 6,
    "places that read page text": 1,
    "ways to ask whether a file changed": 1,
    "longest file": 400,
}
#: Rooms that came on top of the house for which the limits of files and lines were set.
LATER = (
    "logs/",
    "runs/",
    "record/timeline",
    "record/mentions",
    "sphinxext/logs",
    "sphinxext/runs",
    "sphinxext/curves",
    "sphinxext/journal/",
    "sphinxext/notebooks",
    "cli/journal",
)
_MARKUP = re.compile(r"`\{3|`{3}|<!--|\\\.\\\.[(\[ ]|:`|``")
_TIMES = re.compile(r"st_mtime|getmtime")
#: Writes the first call of each function to a file, and begins anew when it is told to.
_HOOK = """
import os, signal, sys, threading

descriptor = os.open(os.environ["HOUSE_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
root, seen = os.environ["HOUSE_ROOT"] + os.sep, set()

def note(frame, event, argument):
    code = frame.f_code
    if event == "call" and code not in seen:
        seen.add(code)
        if code.co_filename.startswith(root) and code.co_flags & 2 and not code.co_name.startswith("<"):
            name = f"{os.getpid()}\\t{code.co_filename[len(root):]}\\t{code.co_qualname}\\n"
            os.write(descriptor, name.encode())

if hasattr(signal, "SIGUSR2"):
    signal.signal(signal.SIGUSR2, lambda number, frame: seen.clear())
threading.setprofile(note)
sys.setprofile(note)
"""
_CONF = 'extensions = ["exptdir", "myst_parser"]\nexptdir_figures = "auto"\n'
_FIGURE = '<svg xmlns="http://www.w3.org/2000/svg"/>'
_SCRIPT = f"open('data.csv').read()\nopen('a.svg', 'w').write('{_FIGURE}')\n"
_SHOWN = "# Cells\n\n## 2024-05-20: Begun\n\n![a](a.svg)\n"


@dataclass(frozen=True)
class Count:
    """What is in some files."""

    files: int
    lines: int
    code: int
    comments: int
    functions: int
    once: int


def count(paths: Sequence[Path]) -> Count:
    """Count what is in source files."""
    lines = code = comments = functions = once = 0
    for path in paths:
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        words = Counter(re.findall(r"\b_[A-Za-z]\w*", text))
        lines += text.count("\n")
        documented = {number for node in _docstrings(tree) for number in range(node.lineno, (node.end_lineno or 0) + 1)}
        skipped = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
        written: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                comments += token.line.lstrip().startswith("#")
            elif token.type not in skipped:
                written.update(range(token.start[0], token.end[0] + 1))
        code += len(written - documented)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("__"):
                functions += 1
                once += node.name.startswith("_") and words[node.name] == 2
    return Count(len(paths), lines, code, comments, functions, once)


def _docstrings(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value


def page_readers(package: Path) -> list[str]:
    """Return the places of the core that read the text of pages."""
    found = set()
    for path in package.rglob("*.py"):
        name = path.relative_to(package).as_posix()
        if name.startswith(("sphinxext/", "preview/", "cli/", "tables/")):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        documented = {id(node) for node in _docstrings(tree)}
        # The help of an option is prose for the manual.
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
        options = (call for call in calls if ast.unparse(call.func) == "_option")
        documented.update(id(part) for option in options for part in ast.walk(option))
        texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
        if any(id(node) not in documented and _MARKUP.search(str(node.value)) for node in texts):
            found.add("record/markup" if name.startswith("record/markup/") else name)
    return sorted(found)


def askers(package: Path) -> list[str]:
    """Return the modules that read a file's time."""
    paths = package.rglob("*.py")
    return sorted(path.relative_to(package).as_posix() for path in paths if _TIMES.search(path.read_text("utf-8")))


@contextmanager
def _recording(source: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield a log of what is called, and the environment of the processes that write it."""
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made).resolve()
        (directory / "sitecustomize.py").write_text(_HOOK, "utf-8")
        package = source / "src"
        yield (
            directory / "log",
            surroundings(
                PYTHONPATH=f"{directory}{os.pathsep}{package}",
                HOUSE_LOG=str(directory / "log"),
                HOUSE_ROOT=str(package / "exptdir"),
                PYTHONDONTWRITEBYTECODE="1",
            ),
        )


def _write(directory: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return directory


def _calls(lines: str) -> set[tuple[str, str]]:
    return {(parts[1], parts[2]) for line in lines.splitlines() if len(parts := line.split("\t")) == 3}


def _called_by_build(source: Path, files: dict[str, str | bytes]) -> set[tuple[str, str]]:
    with _recording(source) as (log, environment), tempfile.TemporaryDirectory() as made:
        home = {"conf.py": _CONF, "index.md": "# Notebook\n"}
        base = _write(Path(made).resolve(), {**home, **files})
        command = [sys.executable, "-m", "sphinx", "-q", str(base), str(base / "_build")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode or "WARNING" in done.stderr:
            raise SystemExit(f"a build went wrong:\n{done.stderr}")
        return _calls(log.read_text("utf-8"))


def called_for_table(source: Path) -> set[tuple[str, str]]:
    """Return the functions, by file, that a table adds to a build."""
    from openpyxl import Workbook

    book, content = Workbook(), io.BytesIO()
    book.active.append(["dose", "cells"])
    book.active.append([1.5, 2000])
    book.save(content)
    # What a directive and a paragraph call anyhow is not the table's.
    name, page = "expts/0001_cells/index.md", "# Cells\n\n## 2024-05-20: Begun\n\n```{note}\nText.\n```\n\nText.\n"
    table = {name: f"{page}\n```{{datatable}} a.xlsx\n```\n", "expts/0001_cells/a.xlsx": content.getvalue()}
    return _called_by_build(source, {**table}) - _called_by_build(source, {name: page})


def called_for_plot(source: Path) -> set[tuple[str, str]]:
    """Return the functions, by file, that a plot script adds to a build."""
    where = "expts/0001_cells"
    shown: dict[str, str | bytes] = {f"{where}/index.md": _SHOWN, f"{where}/data.csv": "1,2\n"}
    without = {**shown, f"{where}/a.svg": _FIGURE}
    return _called_by_build(source, {**shown, f"{where}/fig_a.py": _SCRIPT}) - _called_by_build(source, without)


def called_for_save(source: Path) -> set[tuple[str, str]]:
    """Return the functions of the preview, by file, that are called from a save until all is at rest."""
    from benchmarks.serving import Preview

    with _recording(source) as (log, environment), tempfile.TemporaryDirectory() as made:
        pages: dict[str, str | bytes] = {f"expts/{at:04}_x/index.md": f"# Title {at}\n\nText.\n" for at in range(1, 9)}
        base = _write(Path(made).resolve(), {"conf.py": _CONF, "index.md": "# Notebook\n", **pages})
        with Preview(base, port=8653, environment=environment) as preview:
            preview.view("expts/0003_x/index.html")
            before = preview.settled()
            preview.builds_within(3)
            for process in {int(line.partition("\t")[0]) for line in log.read_text("utf-8").splitlines()}:
                # Processes of earlier moments are gone.
                if _is_traced(process):
                    os.kill(process, signal.SIGUSR2)
            preview.builds_within(1)
            begin = log.stat().st_size
            (base / "expts/0003_x/index.md").write_text("# Title 3\n\nOther text.\n", "utf-8")
            preview.wait_for_build(before)
            preview.builds_within(2)
            return {call for call in _calls(log.read_bytes()[begin:].decode()) if call[0].startswith("preview/")}


def _is_traced(process: int) -> bool:
    """Tell whether a process is one of ours that listens: another may have its number by now."""
    try:
        caught = re.search(r"SigCgt:\s*(\w+)", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return False
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGUSR2 - 1) & 1)


def measure(source: Path, *, run: bool) -> dict[str, float]:
    """Return the figures of a checkout by name.

    Parameters
    ----------
    source
        Its directory.
    run
        Whether to measure also what is called.
    """
    package = source / "src/exptdir"
    paths = sorted(package.rglob("*.py"))
    whole = count(paths)
    later = count([path for path in paths if path.relative_to(package).as_posix().startswith(LATER)])
    figures: dict[str, float] = {
        "files": whole.files - later.files,
        "lines": whole.lines - later.lines,
        "files, logs, runs and journal": later.files,
        "lines, logs, runs and journal": later.lines,
        "lines of code": whole.code,
        "longest file": max(path.read_text("utf-8").count("\n") for path in paths),
        "private, called once (%)": round(100 * whole.once / whole.functions, 1),
        "lines of comment (%)": round(100 * whole.comments / whole.lines, 1),
        "modules of the preview": len(list((package / "preview").rglob("*.py"))),
        "scripts of the preview": len(list((package / "preview").rglob("*.js"))),
        "places that read page text": len(page_readers(package)),
        "ways to ask whether a file changed": len(askers(package)),
    }
    if run:
        for what, calls in (
            ("files for a table", called_for_table(source)),
            ("files for a plot script", called_for_plot(source)),
            ("modules of the preview for a save", called_for_save(source)),
        ):
            figures[what] = len({path for path, _ in calls})
            figures[what.replace("files", "functions").replace("modules", "functions")] = len(calls)
    return figures


def rooms(source: Path) -> dict[str, Count]:
    """Return what is in each room of a checkout."""
    package = source / "src/exptdir"
    found: dict[str, list[Path]] = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).parts
        found.setdefault(parts[0] if len(parts) > 1 else "exptdir", []).append(path)
    return {room: count(paths) for room, paths in found.items()}


def main() -> int:
    """Measure, show the figures beside their limits, and compare them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, action="append", metavar="DIR", help="another checkout; more than once")
    parser.add_argument("--no-run", action="store_true", help="count in the source only")
    parser.add_argument("--verbose", action="store_true", help="name the files that are counted")
    parser.add_argument("--csv", type=Path, help="write the figures there as well")
    asked = parser.parse_args()
    sources = [source.resolve() for source in asked.source or [HERE]]
    measured = [measure(source, run=not asked.no_run) for source in sources]
    rows = [("", "limit", *(source.name for source in sources))]
    for name in measured[-1]:
        limit = LIMITS.get(name, "")
        rows.append((name, f"{limit:,}" if limit else "", *(f"{figures.get(name, 0):,}" for figures in measured)))
    for row in rows:
        print(f"{row[0]:40} {row[1]:>8} " + " ".join(f"{cell:>12}" for cell in row[2:]))
    for source in sources:
        print(f"\n{source.name}: {'room':12} {'files':>6} {'lines':>7} {'of code':>8} {'once %':>7} {'comments %':>11}")
        for room, found in rooms(source).items():
            shares = 100 * found.once / max(found.functions, 1), 100 * found.comments / max(found.lines, 1)
            print(
                f"{'':{len(source.name)}}  {room:12} {found.files:6} {found.lines:7,} {found.code:8,} {shares[0]:7.1f}"
                f" {shares[1]:11.1f}"
            )
        if asked.verbose:
            package = source / "src/exptdir"
            print("read page text:", ", ".join(page_readers(package)))
            print("read a file's time:", ", ".join(askers(package)))
    if asked.csv:
        with asked.csv.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["figure", "limit", *(source.name for source in sources)])
            writer.writerows(
                [name, LIMITS.get(name, ""), *(one.get(name, "") for one in measured)] for name in measured[-1]
            )
    over = [name for name, figure in measured[-1].items() if figure > LIMITS.get(name, float("inf"))]
    for name in over:
        print(f"over the limit: {name}: {measured[-1][name]:,}, at most {LIMITS[name]:,}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    raise SystemExit(main())
