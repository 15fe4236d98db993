"""What counts as an experiment, and what is said of roots and logs that are not right."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import pytest

from exptdir.record.model import Record, in_order
from exptdir.record.scan import likely_root, numbers_left_out, scan
from exptdir.record.settings import Settings
from exptdir.record.walk import ScanSettings, compile_patterns, directories_apart


def fill(base: Path, *names: str) -> Path:
    """Write files; logs get a title."""
    for name in names:
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Title\n=====\n", "utf-8")
    return base


def keys(base: Path, *roots: str, **settings: object) -> list[str]:
    return list(found(base, *roots, **settings).experiments)


def found(base: Path, *roots: str, **settings: object) -> Record:
    return scan(base, ScanSettings(roots=roots or ("expts",), **settings))


def messages(record: Record) -> list[str]:
    return [problem.message for problem in record.problems]


def test_logs_of_every_name_and_both_formats_nest_to_any_depth(tmp_path: Path):
    fill(tmp_path, "expts/a/index.rst", "expts/b/notes.md", "expts/c/log.rst", "expts/d/README.md")
    fill(tmp_path, "expts/group/e/Notes.rst", "expts/a/sub/x/y/log.md", "expts/data/results.txt", "expts/f/other.rst")
    record = found(tmp_path)
    assert list(record.experiments) == [
        "expts/a",
        "expts/a/sub/x/y",
        "expts/b",
        "expts/c",
        "expts/d",
        "expts/group/e",
    ]
    assert record.problems == ()
    deep = record.experiments["expts/a/sub/x/y"]
    assert (deep.path, deep.docname, deep.log) == (
        "a/sub/x/y",
        "expts/a/sub/x/y/log",
        tmp_path / "expts/a/sub/x/y/log.md",
    )
    assert record.parent(deep) is record.experiments["expts/a"]


@pytest.mark.parametrize(
    ("there", "log"),
    [
        (("README.md", "log.md", "notes.rst", "index.md"), "index.md"),
        (("README.md", "log.md", "notes.rst"), "notes.rst"),
        (("README.md", "log.md"), "log.md"),
        (("readme.rst",), "readme.rst"),
    ],
)
def test_the_best_name_is_the_log_and_the_others_are_files(tmp_path: Path, there: tuple[str, ...], log: str):
    record = found(fill(tmp_path, *(f"expts/a/{name}" for name in there)))
    assert record.experiments["expts/a"].log.name == log
    assert record.problems == ()


def test_names_of_logs_and_suffixes_are_configurable(tmp_path: Path):
    fill(tmp_path, "expts/a/index.md", "expts/a/journal.rst", "expts/b/notes.md", "expts/c/index.rst")
    record = found(tmp_path, log_names=("journal", "notes"))
    assert [experiment.docname for experiment in record.experiments.values()] == ["expts/a/journal", "expts/b/notes"]
    assert keys(tmp_path, suffixes=(".rst",)) == ["expts/c"]


def test_two_logs_of_one_rank_are_reported_at_the_one_that_is_not_used(tmp_path: Path):
    record = found(fill(tmp_path, "expts/a/notes.rst", "expts/a/notes.md"))
    (problem,) = record.problems
    used = record.experiments["expts/a"].log.name
    other = "notes.md" if used == "notes.rst" else "notes.rst"
    assert (problem.kind, problem.path) == ("log", tmp_path / "expts/a" / other)
    assert problem.message == f"two logs of the same rank: {used} is used, {other} is not"


def test_the_source_directory_may_be_the_root(tmp_path: Path):
    fill(tmp_path, "index.rst", "63_a/notes.rst", "docs/index.rst")
    record = found(tmp_path, ".")
    assert list(record.experiments) == ["63_a", "docs"]
    assert record.experiments["63_a"].path == "63_a"


@pytest.mark.parametrize("root", ["expts", "expts/", "./expts", "expts/."])
def test_a_root_may_be_written_in_many_ways(tmp_path: Path, root: str):
    fill(tmp_path, "expts/index.rst", "expts/a/notes.rst")
    record = found(tmp_path, root)
    # The root's own page is none of them.
    assert [experiment.path for experiment in record.experiments.values()] == ["a"]
    assert record.problems == ()


def test_overlapping_roots_hold_each_experiment_once_and_are_not_called_empty(tmp_path: Path):
    fill(tmp_path, "expts/a/notes.rst", "expts/a/b/notes.rst")
    record = found(tmp_path, "expts", "expts/a", "expts")
    assert list(record.experiments) == ["expts/a", "expts/a/b"]
    assert record.problems == ()


def test_one_path_below_two_roots_is_written_from_the_source_directory(tmp_path: Path):
    fill(tmp_path, "one/same/notes.rst", "two/same/notes.rst", "two/other/notes.rst")
    record = found(tmp_path, "one", "two")
    assert [experiment.address for experiment in record.experiments.values()] == ["one/same", "other", "two/same"]


@pytest.mark.parametrize("root", ["../elsewhere", "/elsewhere", "expts/../../elsewhere"])
def test_a_root_outside_the_source_directory_is_refused(tmp_path: Path, root: str):
    fill(tmp_path, "elsewhere/a/notes.rst", "source/expts/a/notes.rst")
    record = found(tmp_path / "source", root)
    assert record.experiments == {}
    assert messages(record) == [f"the record root {root!r} is not inside the source directory"]


def test_a_root_that_does_not_exist_is_reported_with_the_likely_one(tmp_path: Path):
    record = found(fill(tmp_path, "experiments/a/notes.rst", "experiments/b/notes.rst", "docs/c/index.rst"))
    (problem,) = record.problems
    assert problem.kind == "root"
    assert problem.message == (
        "the record root 'expts' does not exist; did you mean exptdir_roots = [\"experiments\"]?"
    )


def test_a_root_without_experiments_is_reported_with_the_likely_one(tmp_path: Path):
    fill(tmp_path, "expts/data.csv", "1_a/notes.rst", "2_b/notes.rst")
    assert messages(found(tmp_path)) == [
        "the record root 'expts' holds no experiment; did you mean exptdir_roots = [\".\"]?"
    ]


def test_without_any_experiment_nothing_is_guessed(tmp_path: Path):
    (tmp_path / "expts").mkdir()
    assert messages(found(tmp_path)) == ["the record root 'expts' holds no experiment"]


@pytest.mark.parametrize(
    "name",
    [
        ".hidden/notes.rst",
        "a/.git/notes.rst",
        ".venv/lib/python3.11/site-packages/x/README.rst",
        "env/lib/x/README.rst",
        "a/env/x/README.rst",
        "node_modules/x/README.md",
        "a/__pycache__/README.md",
    ],
)
def test_hidden_directories_and_those_of_programs_are_left_alone(tmp_path: Path, name: str):
    fill(tmp_path, "a/notes.rst", name, "env/pyvenv.cfg", "a/env/pyvenv.cfg")
    assert keys(tmp_path, ".") == ["a"]


def test_virtual_environments_and_links_are_kept_from_other_searches_too(tmp_path: Path):
    fill(tmp_path, "a/notes.rst", "a/env/pyvenv.cfg", "venv/pyvenv.cfg", "not_one/pyvenv.txt")
    (tmp_path / "a" / "data").symlink_to(tmp_path)
    (tmp_path / "a" / "dangling").symlink_to(tmp_path / "nothing")
    (tmp_path / "a" / "file.rst").symlink_to("notes.rst")
    assert directories_apart(tmp_path) == ["a/data", "a/env", "venv"]
    assert directories_apart(tmp_path, compile_patterns(["a"])) == ["venv"]


def test_linked_directories_are_not_entered_even_where_they_loop(tmp_path: Path):
    fill(tmp_path, "expts/a/notes.rst", "outside/b/notes.rst")
    for name, target in [("self", "."), ("up", ".."), ("outside", "../../outside"), ("a", "a")]:
        (tmp_path / "expts" / "a" / name).symlink_to(target)
    record = found(tmp_path)
    assert list(record.experiments) == ["expts/a"]
    assert record.problems == ()


def test_a_log_may_be_a_link(tmp_path: Path):
    fill(tmp_path, "real.rst", "expts/a/data.csv")
    (tmp_path / "expts/a/notes.rst").symlink_to("../../real.rst")
    assert keys(tmp_path) == ["expts/a"]


def test_excluded_patterns_hold_for_directories_and_logs(tmp_path: Path):
    fill(tmp_path, "expts/a/notes.rst", "expts/old/b/notes.rst", "expts/c/README.rst", "expts/c/notes.rst")
    exclude = compile_patterns(["expts/old", "**/notes.rst"])
    record = found(tmp_path, exclude=exclude)
    assert [experiment.docname for experiment in record.experiments.values()] == ["expts/c/README"]


def test_a_directory_that_cannot_be_listed_counts_as_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fill(tmp_path, "expts/a/notes.rst", "expts/locked/notes.rst")
    real = os.scandir

    def scandir(path: str):
        # Tests may run as root, who may read everything.
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert keys(tmp_path) == ["expts/a"]


@pytest.mark.parametrize(
    "name", ["with space", 'it\'s "quoted"', "实验 一", "🧪 test", "ünï", "a#b", "[x]", "a*b", "-1"]
)
def test_names_are_taken_as_they_are(tmp_path: Path, name: str):
    record = found(fill(tmp_path, f"expts/{name}/notes.rst"))
    (experiment,) = record.experiments.values()
    assert (experiment.key, experiment.name) == (f"expts/{name}", name)
    assert record.problems == ()


def test_facts_and_titles_reach_the_experiment(tmp_path: Path):
    fill(tmp_path, "expts/0063_train_cnn/notes.rst")
    (tmp_path / "expts/0063_train_cnn/expt.toml").write_text('status = "complete"\ntags = ["cnn"]\n')
    (experiment,) = found(tmp_path).experiments.values()
    assert (experiment.id, experiment.name, experiment.title) == (63, "train_cnn", "Title")
    assert (experiment.status, experiment.tags) == ("complete", ("cnn",))
    assert experiment.origins["status"] == (tmp_path / "expts/0063_train_cnn/expt.toml", 1)


def test_malformed_metadata_is_a_problem_and_the_experiment_stays(tmp_path: Path):
    fill(tmp_path, "expts/63_a/notes.rst")
    (tmp_path / "expts/63_a/expt.toml").write_text("status = \n")
    record = found(tmp_path)
    (problem,) = record.problems
    assert (problem.kind, problem.path, problem.line) == ("metadata", tmp_path / "expts/63_a/expt.toml", 1)
    assert record.experiments["expts/63_a"].id == 63


@pytest.mark.parametrize("name", ["README.MD", "index.Rst"])
def test_a_log_whose_ending_has_capitals_is_told(tmp_path: Path, name: str):
    fill(tmp_path, "expts/1_a/index.rst", f"expts/2_b/{name}", f"expts/1_a/{name}")
    record = found(tmp_path)
    assert list(record.by_id) == [1]
    stem, suffix = name.split(".")
    assert messages(record) == [f"{name} is not read, for its ending has capitals; call it {stem}.{suffix.lower()}"]
    assert record.problems[0].path == tmp_path / "expts/2_b" / name


@pytest.mark.skipif(sys.platform == "darwin", reason="the file system takes no such names")
def test_what_has_no_name_in_utf8_is_left_alone_and_told(tmp_path: Path):
    fill(tmp_path, "expts/1_a/index.rst", "expts/2_\udcff/index.rst", "expts/1_a/\udcfe.md", "expts/1_a/größe.md")
    fill(tmp_path, "expts/1_a/\udcfe.csv")
    record = found(tmp_path)
    assert list(record.by_id) == [1]
    assert [problem.path and problem.path.name for problem in record.problems] == ["2_\udcff", "\udcfe.md"]
    assert set(messages(record)) == {"its name is not UTF-8, so it is left alone; give it another name"}


def test_the_likely_root_is_above_nested_experiments(tmp_path: Path):
    for name in ("work/a", "work/a/again", "work/a/more", "work/a/third"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "notes.rst").write_text("Text\n")
    assert likely_root(tmp_path, ScanSettings()) == "work"


@pytest.mark.parametrize(
    "name",
    ["20170714_qpcr/qpcr.rst", "20170714_x/20170714_x.md", "0063_train/train.md", "0063_CNN/cnn.rst", "07_1_a/1_a.md"],
)
def test_a_log_may_bear_the_name_of_its_directory(tmp_path: Path, name: str):
    fill(tmp_path, f"expts/{name}")
    [experiment] = found(tmp_path).experiments.values()
    assert experiment.log == tmp_path / "expts" / name


def test_a_page_called_as_a_directory_without_a_number_is_a_log_where_names_of_logs_say_so(tmp_path: Path):
    fill(tmp_path, "expts/appendix/appendix.rst", "expts/0001_a/index.md", "expts/b/b.csv", "expts/c/other.md")
    assert keys(tmp_path) == ["expts/0001_a"]
    names = ("index", "{name}")
    assert keys(tmp_path, log_names=names) == ["expts/0001_a", "expts/appendix"]
    vault = fill(tmp_path / "vault", "expts/Cavity lock/Cavity lock.md")
    [message] = messages(found(vault))
    assert message.endswith("; pages called as their directory are logs with “{name}” in exptdir_log_names")
    assert keys(vault, log_names=names) == ["expts/Cavity lock"]


def test_a_log_of_a_usual_name_is_better_than_one_that_is_called_as_its_directory(tmp_path: Path):
    fill(tmp_path, "expts/0063_train/train.md", "expts/0063_train/index.md")
    [experiment] = found(tmp_path).experiments.values()
    assert experiment.log.name == "index.md" and found(tmp_path).problems == ()


def test_a_root_without_experiments_says_which_names_it_saw(tmp_path: Path):
    fill(tmp_path, *(f"expts/{day}/lab.md" for day in "abc"), "expts/d/main.rst", "expts/d/data.txt")
    [message] = messages(found(tmp_path))
    assert message.startswith("the record root 'expts' holds no experiment")
    assert "index, notes, log, README" in message and "there is lab.md, main.rst" in message


def test_a_root_with_pages_alone_says_that_an_experiment_is_a_directory(tmp_path: Path):
    fill(tmp_path, "expts/index.md", "expts/dropout.md", "expts/data.csv")
    [message] = messages(found(tmp_path))
    assert message == "the record root 'expts' holds no experiment; an experiment is a directory: give dropout.md one"


def test_a_log_that_sphinx_reads_and_we_do_not_is_told(tmp_path: Path):
    fill(tmp_path, "expts/a/log.txt", "expts/b/index.ipynb", "expts/c/index.md", "expts/c/log.txt", "expts/d/data.txt")
    record = found(tmp_path, unread=(".txt", ".ipynb"))
    assert list(record.experiments) == ["expts/c"]
    assert [(problem.kind, problem.path) for problem in record.problems] == [
        ("log", tmp_path / "expts/a/log.txt"),
        ("log", tmp_path / "expts/b/index.ipynb"),
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_no_log(tmp_path: Path):
    fill(tmp_path, "expts/a/data.csv", "expts/b/index.md")
    os.mkfifo(tmp_path / "expts/a/index.md")
    record = found(tmp_path)
    assert list(record.experiments) == ["expts/b"]
    assert messages(record) == ["index.md is no regular file, so it is left alone"]
    assert directories_apart(tmp_path) == ["expts/a/index.md"]


@pytest.mark.parametrize("name", ["2023", "2023-05", "2023_05", "202305", "052023", "052023_gels"])
def test_a_year_or_a_month_is_no_number(tmp_path: Path, name: str):
    fill(tmp_path, f"expts/{name}/index.md", f"expts/{name}/0007_old/index.md", "expts/0002_second/index.md")
    assert sorted(found(tmp_path).by_id) == [2, 7]


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("20092021-Biotek", date(2021, 9, 20)),
        ("20212009_x", date(2021, 9, 20)),
        ("20.09.2021_x", date(2021, 9, 20)),
        ("2023.06.15_x", date(2023, 6, 15)),
        ("20230615", date(2023, 6, 15)),
        ("2021-9-2_x", date(2021, 9, 2)),
    ],
)
def test_eight_digits_that_are_a_day_are_no_number(tmp_path: Path, name: str, day: date):
    fill(tmp_path, f"expts/{name}/index.rst")
    [experiment] = found(tmp_path).experiments.values()
    assert (experiment.id, experiment.begun, experiment.name) == (None, day, name)
    assert found(tmp_path).problems == ()


def test_a_day_that_can_be_two_is_doubtful_and_no_number(tmp_path: Path):
    fill(tmp_path, "expts/05062021_x/index.rst")
    [experiment] = found(tmp_path).experiments.values()
    assert (experiment.id, experiment.begun) == (None, None)
    [message] = messages(found(tmp_path))
    assert "2021-06-05 or 2021-05-06" in message
    (tmp_path / "expts/05062021_x/expt.toml").write_text("date = 2021-06-05\n")
    assert messages(found(tmp_path)) == []


@pytest.mark.parametrize(("order", "day"), [("DMY", "2021-06-05"), ("MDY", "2021-05-06"), ("YMD", None)])
def test_which_day_names_mean_can_be_said_for_the_whole_record(tmp_path: Path, order: str, day: str | None):
    fill(tmp_path, "expts/05062021_x/index.rst", "expts/2021-05-30_y/index.rst", "expts/20122021_z/index.rst")
    record = scan(tmp_path, Settings.of({"date_order": order}).scan([".rst"], lambda path: False))
    days = [str(one.begun) for one in in_order(record.experiments.values()) if one.begun]
    assert days == sorted(filter(None, ["2021-05-30", "2021-12-20", day]))
    assert len(record.problems) == (day is None)


def test_eight_digits_that_are_no_day_are_a_number(tmp_path: Path):
    fill(tmp_path, "expts/12345678_x/index.rst")
    assert list(found(tmp_path).by_id) == [12345678]


def test_names_sort_by_their_dates_however_these_are_written(tmp_path: Path):
    names = ["2023.06.15_x", "20230701_y", "2023-11-02_z", "03.12.2023_a", "other"]
    fill(tmp_path, *(f"expts/{name}/index.md" for name in names), "expts/2023.06.15_x/sub/index.md")
    names.insert(1, "2023.06.15_x/sub")
    names.remove("03.12.2023_a")
    found_names = [one.path for one in in_order(found(tmp_path).experiments.values())]
    found_names.remove("03.12.2023_a")
    assert found_names == names


def test_numbers_of_directories_that_are_excluded_are_taken(tmp_path: Path):
    fill(tmp_path, "expts/0001_a/index.md", "expts/0009_old/index.md", "expts/0009_old/0012_in/index.md")
    fill(tmp_path, "expts/0009_old/99_data/x.csv")
    settings = ScanSettings(exclude=compile_patterns(["expts/0009_old"]))
    record = scan(tmp_path, settings)
    assert list(record.by_id) == [1]
    assert numbers_left_out(record, settings) == {9: "expts/0009_old", 12: "expts/0009_old/0012_in"}
