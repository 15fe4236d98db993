"""``exptdir check``: everything that is wrong, without building."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING
from zipfile import is_zipfile

import click

from exptdir.cli.options import command, echo_json, json_option, one_line
from exptdir.cli.plot import examine
from exptdir.cli.session import Session

if TYPE_CHECKING:
    from exptdir.figures.update import Report
    from exptdir.record.model import Record
    from exptdir.record.problem import Problem

#: What leaves the site right, so that it is only pointed out; everything else is an error.
WARNINGS = frozenset({"config", "date", "figure", "future", "mention", "run", "size", "status"})
_COLOURS = {"error": "red", "warning": "yellow"}


@command(
    "Find what is wrong, without building.",
    "exptdir check",
    "exptdir check --fail-on warning",
    "exptdir check --format github",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "github"]), default="text", help="Text, or annotations of GitHub."
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="End with 1 at these.",
)
@click.option(
    "--max-size",
    type=click.FloatRange(0),
    default=10.0,
    show_default=True,
    metavar="MIB",
    help="Name files above this size.",
)
@click.option("--no-figures", is_flag=True, help="Leave out figures that are stale.")
@click.option("--mentions", is_flag=True, help="Also find words that name an experiment without a reference.")
@json_option
def check(
    session: Session, form: str, fail_on: str, max_size: float, no_figures: bool, mentions: bool, as_json: bool
) -> int:
    """Find what is wrong with the record, without building it.

    Errors: ids and facts, dead and ambiguous references, missing files. Warnings: unclear dates, undated sections among
    dated ones, figures that are stale or on no page, large files.
    """
    from exptdir.logs.runs import run_problems
    from exptdir.record.audit import Audit, large_files

    conf, record = session.conf, session.record
    audit, order = Audit(conf, record), conf.settings.date_order
    problems = [
        *conf.problems,
        *record.problems,
        *audit.problems(),
        *(audit.unlinked_mentions() if mentions else ()),
        *_tables(session),
        *large_files(conf, record, int(max_size * (1 << 20))),
        *(problem for one in record.experiments.values() for problem in run_problems(record, one, order)),
        *(() if no_figures else _figures(record, examine(session, record))),
    ]
    # Of a page that is left out, it need not be said that its facts cannot be read either.
    left_out = {(one.path, one.line) for one in problems if one.kind == "log"}
    problems = [one for one in problems if one.kind != "metadata" or (one.path, one.line) not in left_out]
    found = sorted(dict.fromkeys(problems), key=lambda one: (os.fspath(one.path or ""), one.line or 0, one.message))
    counts = Counter(map(severity, found))
    if as_json:
        echo_json(
            [
                {
                    "severity": severity(one),
                    "kind": one.kind,
                    "path": None if one.path is None else os.path.relpath(one.path, session.base),
                    "line": one.line,
                    "message": one.message,
                }
                for one in found
            ]
        )
    else:
        for one in found:
            how, place = severity(one), click.style(session.located(one), bold=True)
            text = f"{place}: {click.style(how, fg=_COLOURS[how])}: {one_line(one.message)} [{one.kind}]"
            click.echo(_annotation(one) if form == "github" else text)
        session.tell_folders_without_log()
        words = [f"{counts[how]} {how}{'s' if counts[how] > 1 else ''}" for how in ("error", "warning") if counts[how]]
        click.echo(", ".join(words) if words else "Nothing is wrong.", err=True)
    counted = {"error": {"error"}, "warning": {"error", "warning"}, "never": set[str]()}
    return 1 if counts.keys() & counted[fail_on] else 0


def severity(problem: Problem) -> str:
    """Tell how bad a problem is: ``error`` or ``warning``."""
    return "warning" if problem.kind in WARNINGS else "error"


def _tables(session: Session) -> Iterator[Problem]:
    """Find tables that a build could not open at all; what is in them is not looked at, which may take seconds."""
    from exptdir.errors import TableError
    from exptdir.record.documents import Document, documents
    from exptdir.record.markup.references import arguments, inline
    from exptdir.record.problem import Problem
    from exptdir.tables.delimited import null_problems
    from exptdir.tables.encoding import decode
    from exptdir.tables.read import TableReader, check_file

    for name in documents(session.conf, session.record):
        page = session.base / name
        blocks = Document(page, session.conf.settings.date_order).blocks
        named = "datatable" in blocks.text or "cell" in blocks.text
        tokens = (*arguments(blocks), *inline(blocks)) if named else ()
        for token in sorted(token for token in tokens if token.name in {"datatable", "cell"}):
            path = (session.base if token.text.startswith("/") else page.parent) / token.text.lstrip("/")
            if not os.path.lexists(path):
                continue
            line = blocks.line_of(token.start)
            if path.is_dir():
                yield Problem("asset", f"{token.text}: it is a directory", page, line)
                continue
            try:
                check_file(path)
                if path.suffix.lower() in (".csv", ".tsv"):
                    for found in null_problems(decode(path.read_bytes())[0], page):
                        message = f"{token.text}: {found.message} (line {found.line} of the file)"
                        yield Problem("table", message, page, line)
                elif path.suffix.lower() != ".xls" and not is_zipfile(path):
                    TableReader(1).open(path)
            except TableError as error:
                yield Problem("table", f"{token.text}: {str(error).replace(f'{path} ', '')}", page, line)


def _figures(record: Record, report: Report) -> Iterator[Problem]:
    """Find the figures that are stale, and those that a script draws and no document shows."""
    from exptdir.figures.find import Finder
    from exptdir.record.problem import Problem

    yield from (*report.problems, *report.unknown)
    told = {problem.path for problem in report.problems}
    for key in report.planned:
        path = record.base / report.scripts[key].script.path
        if path not in told:
            reasons = "; ".join(report.scripts[key].verdict.reasons)
            yield Problem("figure", f"its figures are stale{f' ({reasons})' if reasons else ''}", path)
    drawn = {path for script in report.scripts.values() for path in script.figures}
    finder = Finder()
    shown = {path for paths in finder.shown(record, finder.survey(record)).values() for path in paths}
    for name in sorted(drawn - shown):
        if (record.base / name).is_file() and not name.rpartition(".")[0].endswith(".dark"):
            yield Problem("figure", "no page shows this figure", record.base / name)


def _annotation(problem: Problem) -> str:
    """Write a problem as a workflow command of GitHub's, which shows it beside the line.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """

    def escaped(text: str, more: str = "") -> str:
        for character in "%\r\n" + more:
            text = text.replace(character, f"%{ord(character):02X}")
        return text

    place = ""
    if problem.path is not None:
        place = f" file={escaped(os.path.relpath(problem.path), ':,')}"
        place += f",line={problem.line}" if problem.line is not None else ""
    return f"::{severity(problem)}{place}::{escaped(problem.message)} [{problem.kind}]"
