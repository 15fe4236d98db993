"""``exptdir init``: a record where there is none."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Sequence
from datetime import date
from importlib import resources
from pathlib import Path

import click

from exptdir.cli.options import command, dry_run_option
from exptdir.cli.session import Session, can_ask
from exptdir.record.home import OUTPUT

#: Where each forge looks for its recipe.
_RECIPES = {"github": ".github/workflows/site.yml", "gitlab": ".gitlab-ci.yml"}
_EXAMPLE = "First experiment"
#: Directories that hold documents, and no experiments.
_NO_ROOTS = (OUTPUT, "docs", "doc", "src", "tests")
#: The name alone might be anybody's package.
_UNKNOWN_ORIGIN = "# Where exptdir is installed from, such as: exptdir @ git+https://(the address of its repository)"


@command(
    "Make a new record.",
    "exptdir init",
    "exptdir init notebook --first 'Period and length'",
    "exptdir init --root .",
    "exptdir init --rst --ci github",
    page="first_hour",
)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--first", metavar="TITLE", help="Begin with an experiment of this title; by default with an example.")
@click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="DIR",
    help="Where experiments are; . for folders that are here already; by default expts.",
)
@click.option("--md", "suffix", flag_value=".md", help="Write pages in Markdown, which is the default.")
@click.option("--rst", "suffix", flag_value=".rst", help="Write pages in reStructuredText.")
@click.option("--project", help="The notebook's name; by default the directory's.")
@click.option("--author", help="The author; by default who git says you are.")
@click.option(
    "--ci",
    type=click.Choice(["auto", "github", "gitlab", "both", "none"]),
    default="auto",
    show_default=True,
    help="Write recipes that publish the site; auto: for where the repository was cloned from.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@dry_run_option
def init(
    session: Session,
    directory: Path,
    first: str | None,
    roots: tuple[str, ...],
    suffix: str | None,
    project: str | None,
    author: str | None,
    ci: str,
    yes: bool,
    dry_run: bool,
) -> None:
    """Make a new record in DIRECTORY (by default here), which builds at once.

    Names every file before it writes it, and touches none that is there. Keeps Sphinx to the record, whatever else is
    in the repository.
    """
    from exptdir.record.edits.apply import locked
    from exptdir.record.edits.plan import Plan, create
    from exptdir.record.files import read_log
    from exptdir.record.home import find_conf, names_exptdir
    from exptdir.record.reference import experiment_at

    base = Path(os.path.abspath(session.start / directory))
    conf, asks = base / "conf.py", can_ask() and not yes
    likely, there = _experiments_there(base)
    for other in {conf, base / likely / "conf.py"} if there and not roots else {conf}:
        if other.exists() and not names_exptdir(other):
            hint = "add “exptdir” to its extensions, or choose another directory, as in “exptdir init notebook”"
            if "exmemo" in read_log(other):
                hint = f"to take it over: exptdir import {shlex.quote(os.path.relpath(other.parent, session.start))}"
            raise click.ClickException(f"{other} belongs to another Sphinx project; {hint}")
    around = experiment_at(Session(base.parent).record, base) if find_conf(base.parent) and not conf.exists() else None
    if around is not None:
        raise click.ClickException(f"{base} is in the experiment {around.label()} of a record already")
    repository = next((above for above in (base, *base.parents) if (above / ".git").exists()), base)
    suffix = suffix or (".rst" if (base / "index.rst").exists() else ".md")
    name = project or base.name.replace("_", " ").replace("-", " ").strip().capitalize() or "Notebook"
    if there and likely != "expts" and not roots and not conf.exists():
        what = "folders here" if likely == "." else f"folders in {likely}/"
        if not asks:
            click.echo(
                f"{there} {what} hold a log. To take them as experiments: exptdir init --root {likely}", err=True
            )
        elif click.confirm(f"{there} of the {what} hold a log. Take them as experiments?", default=True, err=True):
            roots = (likely,)
    roots = roots or ("expts",)
    is_empty = not any((base / root).is_dir() and any((base / root).iterdir()) for root in roots)
    begun = _first_experiment(base, roots, suffix, first) if first is not None or is_empty else {}
    files = _files(base, roots, suffix, " ".join(name.split()), author) | begun
    # The recipes for the forges are at the top of the repository, where these look for them.
    remotes = _ask_git(repository, "remote", "-v") if ci == "auto" else ""
    forges = [forge for forge in _RECIPES if ci in {forge, "both"} or forge in remotes]
    record = base.relative_to(repository).as_posix()
    values = {"record": record, "requirements": "requirements.txt" if record == "." else f"{record}/requirements.txt"}
    files |= {repository / _RECIPES[forge]: _starter(forge, values) for forge in forges}
    missing = {path: text for path, text in files.items() if not os.path.lexists(path)}
    for path in files:
        shown = os.path.relpath(path, session.start)
        is_example = first is None and path in begun
        example = f", an example: delete {os.path.dirname(shown)} when you begin your own" if is_example else ""
        click.echo(f"create {shown}{example}" if path in missing else f"keep   {shown}, which is there already")
    if dry_run:
        return
    if asks and missing:
        click.confirm("Write these files?", default=True, abort=True, err=True)
    base.mkdir(parents=True, exist_ok=True)
    with locked(repository) as writer:
        writer.apply(Plan(repository, tuple(create(path, text) for path, text in missing.items())))
    _advise(session, base, missing, roots[0] if roots != ("expts",) else likely if there else "")


def _experiments_there(base: Path) -> tuple[str, int]:
    """Return the directory in which experiments seem to be already, and how many; one alone may be anything."""
    from exptdir.record.scan import likely_root, scan
    from exptdir.record.walk import ScanSettings, compile_patterns

    exclude = compile_patterns(_NO_ROOTS)
    likely = likely_root(base, ScanSettings(exclude=exclude)) if base.is_dir() else None
    if likely is None:
        return "expts", 0
    found = scan(base, ScanSettings(roots=(likely,), exclude=exclude)).experiments
    return likely, len(found) if len(found) > 1 else 0


def _files(base: Path, roots: Sequence[str], suffix: str, project: str, author: str | None) -> dict[Path, str]:
    """Return what a record is made of, by path."""
    from exptdir.record.markup.blocks import columns

    author = author or _ask_git(base, "config", "user.name") or "The authors"
    below = [f"{root}/" for root in roots if root != "."]
    exclude = [OUTPUT, *(f"{one}_templates" for one in below or [""])]
    where = f"exptdir_roots = {_as_list(roots)}\n" if tuple(roots) != ("expts",) else ""
    if "." in roots:
        exclude.append("README.*")
    else:
        where += "# Only these are pages of the notebook, whatever else the repository holds.\n"
        where += f"include_patterns = {_as_list([f'index{suffix}', *(f'{one}**' for one in below)])}\n"
    where += f"exclude_patterns = {_as_list(exclude)}\n"
    quoted = {"project": _quoted(project), "author": _quoted(author), "where": where}
    index = {"project": project, "rule": "=" * max(columns(project), 4)}
    return {
        base / "conf.py": _starter("conf", quoted),
        base / f"index{suffix}": _starter(f"index_{suffix.removeprefix('.')}", index),
        base / ".gitignore": _starter("gitignore", {}),
        base / "requirements.txt": f"{_requirement()}\n",
    }


def _first_experiment(base: Path, roots: Sequence[str], suffix: str, title: str | None) -> dict[Path, str]:
    """Return the log of the first experiment, by its path: the person's, or an example that says how to delete it."""
    from exptdir.record.create import NewExperiment, new_experiment
    from exptdir.record.home import Conf
    from exptdir.record.scan import scan

    conf = Conf(base / "conf.py", {"roots": list(roots)})
    wanted = NewExperiment(title or _EXAMPLE, date.today(), suffix=suffix)
    plan, log, _ = new_experiment(conf, scan(base, conf.scan_settings), wanted)
    path = log.relative_to(base).as_posix()
    text = (plan.edits[0].after or b"").decode("utf-8")
    if title is None:
        folder = f"`{path.rpartition('/')[0]}`" if suffix == ".md" else f"``{path.rpartition('/')[0]}``"
        text += f"\nThis is an example. When you begin your own, delete the folder {folder}.\n"
    return {log: text}


def _requirement() -> str:
    """Return the line of a requirements file that installs this exptdir: from where it came, or a note to say so."""
    from importlib.metadata import Distribution, PackageNotFoundError
    from urllib.parse import unquote, urlsplit

    try:
        found = Distribution.from_name("exptdir")
        origin = json.loads(found.read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return _UNKNOWN_ORIGIN
    if not origin:
        return f"exptdir=={found.version}"
    url, commit = origin.get("url", ""), origin.get("vcs_info", {}).get("commit_id", "")
    if "dir_info" in origin and url.startswith("file:"):
        clone = Path(unquote(urlsplit(url).path))
        # A directory that merely lies in some repository is none of that repository's.
        commit = _ask_git(clone, "rev-parse", "HEAD") if (clone / ".git").exists() else ""
        url = _ask_git(clone, "remote", "get-url", "origin") if commit else ""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return _UNKNOWN_ORIGIN
    # Without a name or a password that the address may hold: this file is published.
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return f"exptdir @ git+{place}@{commit}" if commit else f"exptdir @ {place}"


def _as_list(texts: Sequence[str]) -> str:
    return json.dumps(list(texts), ensure_ascii=False)


def _quoted(text: str) -> str:
    """Write a text as Python does, in double quotes, without anything that ends a line."""
    return json.dumps(re.sub(r"[\x00-\x1f\x7f]+", " ", text), ensure_ascii=False)


def _starter(name: str, values: dict[str, str]) -> str:
    """Fill in one of the files that come with the command."""
    text = resources.files("exptdir.cli").joinpath(f"starter/{name}.txt").read_text("utf-8")
    return re.sub(r"\{(\w+)\}", lambda field: values.get(field[1], field[0]), text)


def _ask_git(base: Path, *arguments: str) -> str:
    from exptdir.record.git import git

    return git(base, *arguments).decode("utf-8", "replace").strip()


def _advise(session: Session, base: Path, missing: dict[Path, str], likely: str) -> None:
    """Say what the files that were there already may still need, and which folders hold files but no log."""
    from exptdir.record.files import read_log
    from exptdir.record.home import read_conf

    notes = []
    ignore, needed, conf = base / ".gitignore", base / "requirements.txt", read_conf(base / "conf.py")
    if ignore not in missing and OUTPUT not in read_log(ignore):
        notes.append(f"add the line /{OUTPUT}/ to {os.path.relpath(ignore, session.start)}")
    if not re.search(r"(?m)^[ \t]*[^#\n]*exptdir", read_log(needed)):
        notes.append(f"say in {os.path.relpath(needed, session.start)} where exptdir is installed from")
    if any(base.glob("*.qmd")):
        notes.append("save pages that end in .qmd as .md, since only those and .rst are read")
    if likely and likely not in conf.settings.roots and "." not in conf.settings.roots:
        place = f"{likely}/*/".removeprefix("./")
        other = "without include_patterns" if likely == "." else f'and include_patterns = ["index.*", "{likely}/**"]'
        notes.append(f'set exptdir_roots = ["{likely}"] {other} in conf.py, to take {place} as experiments')
    for note in notes:
        click.echo(f"You may want to {note}.", err=True)
    place = os.path.relpath(base, session.start)
    there = "" if place == "." else f"cd {shlex.quote(place)}; "
    Session(base).tell_folders_without_log()
    click.echo(f"Next: {there}exptdir serve", err=True)
