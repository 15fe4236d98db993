"""``plot``: what is drawn, what would be, and what goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run, contents, write

SCRIPT = "from pathlib import Path\nPath('x.svg').write_text('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')\n"


@pytest.fixture
def plots(record: Path, plain_surroundings: None, without_matplotlib: None) -> Path:
    for name in ("0070_a", "0071_b"):
        write(record, {f"expts/{name}/index.md": "# X\n\n![x](x.svg)\n", f"expts/{name}/plot.py": SCRIPT})
    return record


def test_a_dry_run_says_what_and_why_and_does_nothing(run: Run, plots: Path):
    before = contents(plots)
    done = run("plot", "--dry-run")
    assert done.code == 0
    assert "expts/0070_a/plot.py: " in done.out and "x.svg" in done.out
    assert [row["script"] for row in run("plot", "-n", "71", "--json").json] == ["expts/0071_b/plot.py"]
    assert contents(plots) == before and not (plots / "_build").exists()


def test_only_what_is_named_is_drawn(run: Run, plots: Path):
    done = run("plot", "70")
    assert done.code == 0 and "Figures: 1 drawn" in done.err
    assert (plots / "expts/0070_a/x.svg").exists() and not (plots / "expts/0071_b/x.svg").exists()
    assert run("show", "70", "--json").json["figures"][0]["state"] == "fresh"


def test_nothing_is_drawn_twice_unless_forced(run: Run, plots: Path):
    assert len(run("plot", "--json", "--jobs", "1").json["ran"]) == 2
    assert run("plot", "--json").json["ran"] == []
    assert "Nothing is stale." in run("plot", "--dry-run").err
    assert len(run("plot", "-n", "--force", "--json").json) == 2
    assert run("plot", "--force", "70", "--json").json["ran"] == ["expts/0070_a/plot.py"]


def test_a_script_that_fails_ends_with_1(run: Run, plots: Path):
    write(plots, {"expts/0070_a/plot.py": "1 / 0\n"})
    done = run("plot", "70")
    assert done.code == 1 and "ZeroDivisionError" in done.err
    assert "ZeroDivisionError" in run("plot", "--force").err
    # Who asks for another experiment is not told of it.
    assert "ZeroDivisionError" not in run("plot", "71", "--force").err


def test_an_executor_that_is_none_is_wrong_usage(run: Run, plots: Path):
    assert run("plot", "--executor", "cloud").code == 2


@pytest.mark.parametrize("value", ["'never'", "False", "'off'"])
def test_it_says_that_it_draws_although_builds_do_not(run: Run, plots: Path, value: str):
    conf = (plots / "conf.py").read_text()
    (plots / "conf.py").write_text(f"{conf}\nexptdir_figures = {value}\n")
    done = run("plot", "70")
    assert "exptdir_figures keeps builds from running plot scripts, not this command" in done.err
    assert (plots / "expts/0070_a/x.svg").exists()
    (plots / "conf.py").write_text(conf)
    assert "exptdir_figures" not in run("plot", "71").err
