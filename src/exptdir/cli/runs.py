"""Runs on the command line: the list of them, and what a log says of one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from exptdir.cli.list import bold, columns, dim
from exptdir.cli.options import echo_json, one_line
from exptdir.cli.session import Session
from exptdir.record.documents import DescribedRun
from exptdir.runs.model import Run as FiledRun
from exptdir.runs.model import shown

if TYPE_CHECKING:
    from exptdir.record.model import Experiment

#: So many sentences and quantities are shown of a run; JSON has them all.
_SHOWN = 12


def list_runs(session: Session, experiments: Iterable[Experiment], as_json: bool) -> int:
    """Write the runs of some experiments, each where its log tells of it; return 1 if there are none."""
    from exptdir.logs.runs import runs_of, shows_runs
    from exptdir.record.documents import Document

    found = []
    for one in experiments:
        described = Document.log_of(session.conf, one).described
        found += [(one, run) for run in described]
        if shows_runs(one):
            names = {run.name for run in described}
            every, _ = runs_of(session.record, one, session.conf.settings.date_order)
            found += [(one, _described(one, run)) for run in every.every if run.files and run.id not in names]
    if as_json:
        echo_json([_plain(session, *pair) for pair in found])
    elif not found:
        click.echo("no log tells of a run", err=True)
    else:
        rows = []
        for one, run in found:
            title = "" if run.title == run.name else run.title
            rows.append((one.label(), one_line(run.name), one_line(title), _place(session, run)))
        click.echo("\n".join(columns(rows, [dim, bold, None, dim], flexible=2)))
    return int(not found)


def find_run(session: Session, text: str, *, anywhere: bool = False) -> tuple[Experiment, DescribedRun] | None:
    """Find the run that a reference means, or *anywhere* the one of that name if only one experiment has it."""
    from exptdir.record.documents import Document
    from exptdir.record.reference import Resolution, experiment_at, resolve

    here, experiments = experiment_at(session.record, session.start), session.record.experiments
    logs = {key: Document.log_of(session.conf, one) for key, one in experiments.items()}
    owners = [(key, text) for key in logs if anywhere and text in logs[key].runs]
    found = resolve(
        session.record, text, here, lambda of, run: run in logs[of.key].runs or bool(_files(session, of, run))
    )
    if isinstance(found, Resolution) and found.kind == "run":
        owners = [(found.experiment.key, str(found.run))]
    if len(owners) != 1:
        return None
    key, name = owners[0]
    described = next((run for run in logs[key].described if run.name == name), None)
    if described is None:
        # No log tells of it.
        described = _described(experiments[key], *_files(session, experiments[key], name))
    return experiments[key], described


def _described(experiment: Experiment, run: FiledRun) -> DescribedRun:
    """Return a run that no log tells of as if the file that it was read from did."""
    return DescribedRun(run.id, "", run.files[0] if run.files else experiment.log, 1)


def _files(session: Session, experiment: Experiment, name: str) -> list[FiledRun]:
    """Return the one run of a name among those that an experiment has files of, if there is just one."""
    from exptdir.logs.runs import runs_of

    runs, _ = runs_of(session.record, experiment, session.conf.settings.date_order)
    found = runs.called(name)
    return found if len(found) == 1 else []


def show_run(session: Session, experiment: Experiment, run: DescribedRun, as_json: bool) -> None:
    """Write where a run is told of, and what is said of it."""
    from exptdir.logs import LogError
    from exptdir.logs.files import read_form
    from exptdir.record.documents import Document

    metrics: list[dict[str, Any]] = []
    says: list[tuple[int, str]] = []
    parent = file = ""
    for path, form in Document.log_of(session.conf, experiment).forms:
        if path == run.path:
            try:
                log = read_form(path, form, session.conf.settings.date_order, experiment.begun)
            except LogError:
                continue
            says = log.sentences(run.name)
            metrics = [
                {"name": one.name, "value": f"{one.value} {one.unit}".strip(), "line": one.line, "given": one.setting}
                for one in log.metrics
                if one.run == run.name
            ]
            parent, file = next(((one.parent, one.file) for one in log.runs if one.id == run.name), ("", ""))
    own = next(iter(_files(session, experiment, run.name)), FiledRun(run.name))
    if as_json:
        more: dict[str, Any] = {"parent": parent or None, "file": file or None, "quantities": metrics}
        more |= {"mentions": [{"line": line, "text": text} for line, text in says]}
        more |= {"settings": own.configuration, "results": own.metrics, "commit": own.commit or None}
        more |= {"goes_back_to": [one.run for one in own.parents]}
        echo_json(_plain(session, experiment, run) | more)
        return
    click.echo(bold(one_line(run.name)) + (f"  {one_line(run.title)}" if run.title not in {"", run.name} else ""))
    lines = [("part of", experiment.label("#{id}  {title}")), ("log", _place(session, run))]
    lines += [("sweep of", parent)] * bool(parent) + [("file", file)] * bool(file)
    lines += [(one.how, one.run) for one in own.parents if one.how != "part of"]
    lines += [("commit", own.commit)] * bool(own.commit)
    lines += [("setting", f"{key} {shown(value)}") for key, value in own.configuration.items()]
    lines += [("result", f"{key} {shown(value)}") for key, value in own.metrics.items() if own.directory]
    lines += [
        ("given" if one["given"] else "result", f"{one['name']} {one['value']}".strip()) for one in metrics[:_SHOWN]
    ]
    lines += [("says", f"{line}: {text.strip()}") for line, text in islice(says, _SHOWN)]
    last = ""
    for name, value in lines:
        click.echo(f"{dim(f'{name if name != last else str():9}')}  {one_line(value)}".rstrip())
        last = name


def _place(session: Session, run: DescribedRun) -> str:
    return f"{run.path.relative_to(session.base).as_posix()}:{run.line}"


def _plain(session: Session, experiment: Experiment, run: DescribedRun) -> dict[str, Any]:
    path = run.path.relative_to(session.base).as_posix()
    return {"experiment": experiment.address, "run": run.name, "title": run.title, "path": path, "line": run.line}
