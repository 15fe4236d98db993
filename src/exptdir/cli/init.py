"""``exptdir init`` and ``exptdir import``: a record where there is none, anew or from another tool's notebook."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import date
from importlib import resources
from pathlib import Path

import click

from exptdir.cli.options import dry_run_option, examples
from exptdir.cli.session import Session

#: Where each forge looks for its recipe.
_RECIPES = {"github": ".github/workflows/site.yml", "gitlab": ".gitlab-ci.yml"}
_FIRST = "First experiment"
#: The name alone might be anybody's package.
_UNKNOWN_ORIGIN = "# Where exptdir is installed from, such as: exptdir @ git+https://(the address of its repository)"


@click.command(
    short_help="Make a new record.",
    epilog=examples("exptdir init", "exptdir init notebook --rst", "exptdir init --ci none"),
)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--md", "suffix", flag_value=".md", help="Write pages in Markdown, which is the default.")
@click.option("--rst", "suffix", flag_value=".rst", help="Write pages in reStructuredText.")
@click.option("--project", help="The notebook's name; by default the directory's.")
@click.option("--author", help="Whose it is; by default who git says you are.")
@click.option(
    "--ci",
    type=click.Choice(["auto", "github", "gitlab", "both", "none"]),
    default="auto",
    show_default=True,
    help="Recipes that publish the site; auto: for where the repository was cloned from, else both.",
)
@click.pass_obj
def init(
    session: Session, directory: Path, suffix: str | None, project: str | None, author: str | None, ci: str
) -> None:
    """Make a new record in DIRECTORY (by default here), which builds at once.

    Only files that are missing are written, and no others touched. In a repository that holds other things, Sphinx is
    kept to the record.
    """
    from exptdir.record.edits.apply import locked
    from exptdir.record.edits.plan import Plan, create

    base = Path(os.path.abspath(session.start / directory))
    from exptdir.record.home import names_exptdir

    conf = base / "conf.py"
    if conf.exists() and not names_exptdir(conf):
        hint = "choose a directory for the notebook, as in “exptdir init notebook”"
        raise click.ClickException(f"{conf} belongs to another Sphinx project; {hint}")
    base.mkdir(parents=True, exist_ok=True)
    repository = next((above for above in (base, *base.parents) if (above / ".git").exists()), base)
    suffix = suffix or (".rst" if (base / "index.rst").exists() else ".md")
    name = project or base.name.replace("_", " ").replace("-", " ").strip().capitalize() or "Notebook"
    files = {base / path: text for path, text in _files(base, suffix, " ".join(name.split()), author).items()}
    files |= _recipes(base, repository, ci)
    missing = {path: text for path, text in files.items() if not os.path.lexists(path)}
    with locked(repository) as writer:
        writer.apply(Plan(repository, tuple(create(path, text) for path, text in missing.items())))
    for path in files:
        shown = os.path.relpath(path, session.start)
        click.echo(f"create {shown}" if path in missing else f"keep   {shown}, which is there already")
    _advise(session, base, missing)


def _files(base: Path, suffix: str, project: str, author: str | None) -> dict[str, str]:
    """Return what a record is made of, by path."""
    from exptdir.record.edits.entry import new_entry
    from exptdir.record.markup.blocks import columns

    values = {
        "project": project,
        "rule": "=" * max(columns(project), 4),
        "index": f"index{suffix}",
    }
    kind = suffix.removeprefix(".")
    quoted = {
        **values,
        "project": _quoted(project),
        "author": _quoted(author or (_git(base, "config", "user.name") or "The authors")),
    }
    files = {
        "conf.py": _starter("conf", quoted),
        f"index{suffix}": _starter(f"index_{kind}", values),
        ".gitignore": _starter("gitignore", {}),
        "requirements.txt": f"{_requirement()}\n",
    }
    if not _holds_something(base / "expts"):
        title = f"# {_FIRST}\n" if suffix == ".md" else f"{_FIRST}\n{'=' * len(_FIRST)}\n"
        files[f"expts/0001_first_experiment/index{suffix}"] = new_entry(title, suffix, "Begun", date.today())
    return files


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
        commit = _git(clone, "rev-parse", "HEAD") if (clone / ".git").exists() else ""
        url = _git(clone, "remote", "get-url", "origin") if commit else ""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return _UNKNOWN_ORIGIN
    # Without a name or a password that the address may hold: this file is published.
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return f"exptdir @ git+{place}@{commit}" if commit else f"exptdir @ {place}"


def _quoted(text: str) -> str:
    """Write a text as Python does, in double quotes, without anything that ends a line."""
    plain = re.sub(r"[\x00-\x1f\x7f]+", " ", text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _holds_something(directory: Path) -> bool:
    return directory.is_dir() and any(directory.iterdir())


def _starter(name: str, values: dict[str, str]) -> str:
    """Fill in one of the files that come with the command."""
    text = resources.files("exptdir.cli").joinpath(f"starter/{name}.txt").read_text("utf-8")
    return re.sub(r"\{(\w+)\}", lambda field: values.get(field[1], field[0]), text)


def _git(base: Path, *arguments: str) -> str:
    command = ["git", "-C", str(base), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, errors="replace", check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _recipes(base: Path, repository: Path, ci: str) -> dict[Path, str]:
    """Return the recipes for the forges, at the top of the repository, where these look for them."""
    forges = {"both": list(_RECIPES), "none": [], "github": ["github"], "gitlab": ["gitlab"]}.get(ci)
    if forges is None:
        remotes = _git(repository, "remote", "-v")
        forges = [forge for forge in _RECIPES if forge in remotes] or list(_RECIPES)
    record = base.relative_to(repository).as_posix()
    values = {"record": record, "requirements": "requirements.txt" if record == "." else f"{record}/requirements.txt"}
    return {repository / _RECIPES[forge]: _starter(forge, values) for forge in forges}


def _advise(session: Session, base: Path, missing: dict[Path, str]) -> None:
    """Say what the files that were there already may still need."""
    notes = []
    ignore, needed = base / ".gitignore", base / "requirements.txt"
    if ignore not in missing and "_build" not in _text(ignore):
        notes.append(f"add the line /_build/ to {os.path.relpath(ignore, session.start)}")
    if not re.search(r"(?m)^[ \t]*[^#\n]*exptdir", _text(needed)):
        notes.append(f"say in {os.path.relpath(needed, session.start)} where exptdir is installed from")
    from exptdir.record.home import OUTPUT, read_conf
    from exptdir.record.scan import likely_root
    from exptdir.record.walk import LOG_NAMES, ScanSettings, compile_patterns

    names = tuple(name for name in LOG_NAMES if name != "README")
    settings = ScanSettings(log_names=names, exclude=compile_patterns([OUTPUT, "expts", "docs", "doc"]))
    found = likely_root(base, settings)
    if elsewhere := (None if found in read_conf(base / "conf.py").settings.roots else found):
        pages, place = f"{elsewhere}/**".removeprefix("./"), f"{elsewhere}/*/".removeprefix("./")
        roots = f'exptdir_roots = ["{elsewhere}"] and include_patterns = ["{pages}"]'
        notes.append(f"set {roots} in conf.py: there are logs in {place} already")
    for note in notes:
        click.echo(f"You may want to {note}.", err=True)
    place = os.path.relpath(base, session.start)
    there = "" if place == "." else f"cd {place}; "
    click.echo(f"Next: {there}exptdir serve", err=True)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


@click.command(
    "import",
    short_help="Take over a notebook of another tool.",
    epilog=examples("exptdir import ../enzymes", "exptdir import notebook --dry-run"),
)
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(["exmemo"]), default="exmemo", show_default=True, help="What it is.")
@dry_run_option
@click.pass_obj
def import_(session: Session, directory: Path, kind: str, dry_run: bool) -> None:
    """Take over a notebook of another tool: write a conf.py for it, and say what else must change.

    Nothing that is there is changed: where there is a conf.py, the new one is called conf.new.py. With --dry-run it is
    printed.
    """
    from exptdir.exchange.exmemo import import_exmemo
    from exptdir.record.edits.apply import locked
    from exptdir.record.edits.plan import Plan, create

    found = import_exmemo(Path(os.path.abspath(session.start / directory)))
    if dry_run:
        click.echo(found.text, nl=False)
    else:
        with locked(found.path.parent) as writer:
            writer.apply(Plan(found.path.parent, (create(found.path, found.text),)))
        click.echo(f"create {os.path.relpath(found.path, session.start)}")
    for line in found.left_out:
        click.echo(f"left out, {line}", err=True)
    for line in found.notes:
        click.echo(f"note: {line}", err=True)
