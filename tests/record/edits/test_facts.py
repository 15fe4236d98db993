"""A fact is set where its author keeps it, and the rest of the file stays as it is."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exptdir.errors import EditError
from exptdir.record.edits.facts import set_fact
from exptdir.record.model import Experiment
from exptdir.record.scan import scan
from tests.record.edits.helpers import apply


def experiment(base: Path, files: dict[str, str]) -> Experiment:
    for name, text in files.items():
        path = base / "expts/0063_x" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return read(base)


def read(base: Path) -> Experiment:
    record = scan(base)
    assert record.problems == ()
    return record.experiments["expts/0063_x"]


def put(base: Path, fact: str, value: object) -> Experiment:
    record = scan(base)
    apply(set_fact(record, record.experiments["expts/0063_x"], fact, value))
    return read(base)


def text(base: Path, name: str) -> str:
    return (base / "expts/0063_x" / name).read_bytes().decode()


TOML = """# The facts
status = "new"   # for now
tags = [
  "cnn",  # the net
  "lba",
]

[figure]
dpi = 300
"""


def test_toml_keeps_its_comments_its_order_and_its_tables(tmp_path: Path):
    experiment(tmp_path, {"index.md": "# T\n", "expt.toml": TOML})
    assert put(tmp_path, "status", "complete").status == "complete"
    assert text(tmp_path, "expt.toml") == TOML.replace('"new"', '"complete"')
    assert put(tmp_path, "tags", ["cnn", "new one"]).tags == ("cnn", "new one")
    assert '"cnn",  # the net\n' in text(tmp_path, "expt.toml")
    assert put(tmp_path, "title", "T").title == "T"
    assert text(tmp_path, "expt.toml").endswith("[figure]\ndpi = 300\n")
    assert put(tmp_path, "status", None).status is None
    assert "# The facts\n" in text(tmp_path, "expt.toml")


def test_toml_keeps_windows_line_ends_and_a_file_of_tables_takes_facts_in_front(tmp_path: Path):
    experiment(tmp_path, {"index.md": "# X\n", "expt.toml": "[figure]\r\ndpi = 300\r\n"})
    assert put(tmp_path, "tags", ["a", "b"]).tags == ("a", "b")
    new = text(tmp_path, "expt.toml")
    assert new.endswith("[figure]\r\ndpi = 300\r\n")
    assert "\n" not in new.replace("\r\n", "")


def test_small_files_stay_small_files(tmp_path: Path):
    files = {"index.rst": "X\n=\n", ".expt/status": "new\n", ".expt/tags/old": "", ".expt/tags/kept": "note"}
    experiment(tmp_path, files)
    assert put(tmp_path, "status", "complete").status == "complete"
    assert text(tmp_path, ".expt/status") == "complete\n"
    assert put(tmp_path, "tags", ("kept", "new")).tags == ("kept", "new")
    assert text(tmp_path, ".expt/tags/kept") == "note"
    with pytest.raises(EditError, match=r"expt\.toml"):
        put(tmp_path, "tags", ("a/b",))
    assert not (tmp_path / "expts/0063_x/expt.toml").exists()


FRONT = "---\nstatus: new  # for now\ntags:\n  - cnn  # the net\n  - lba\nother: [1, 2]\n---\n# X\n\nstatus: no fact\n"


def test_front_matter_keeps_its_style(tmp_path: Path):
    experiment(tmp_path, {"index.md": FRONT})
    assert put(tmp_path, "status", "in progress").status == "in progress"
    assert text(tmp_path, "index.md") == FRONT.replace("status: new ", "status: in progress ")
    assert put(tmp_path, "tags", ["cnn", "yes", "a: b"]).tags == ("cnn", "yes", "a: b")
    assert '  - cnn  # the net\n  - "yes"\n  - "a: b"\nother: [1, 2]\n' in text(tmp_path, "index.md")
    assert put(tmp_path, "tags", []).tags == ()


@pytest.mark.parametrize(
    ("line", "value", "new"),
    [
        ("tags: [a, b]", ("b", "c"), "tags: [b, c]"),
        ("tags: a, b", ("b", "c d"), 'tags: "b, c d"'),
        ("status: 'new'", "complete", "status: complete"),
        ("'status' : new", "complete", "'status' : complete"),
    ],
)
def test_values_in_front_matter_are_replaced_on_their_line(tmp_path: Path, line: str, value: object, new: str):
    experiment(tmp_path, {"index.md": f"---\r\n{line}\r\n---\r\n# X\r\n"})
    fact = "tags" if "tags" in line else "status"
    found = put(tmp_path, fact, value)
    assert getattr(found, fact) == value
    assert text(tmp_path, "index.md") == f"---\r\n{new}\r\n---\r\n# X\r\n"


def test_a_field_list_keeps_its_other_fields(tmp_path: Path):
    log = "X\n=\n\n:status: new\n:tags: a,\n   b\n:author: Me\n\nText.\n\n:status: not here\n"
    experiment(tmp_path, {"log.rst": log})
    assert put(tmp_path, "tags", ("b", "c")).tags == ("b", "c")
    assert put(tmp_path, "status", "complete").status == "complete"
    expected = log.replace("a,\n   b", "b, c").replace(":status: new", ":status: complete")
    assert text(tmp_path, "log.rst") == expected
    put(tmp_path, "tags", None)
    assert ":tags:" not in text(tmp_path, "log.rst")


def test_a_fact_that_is_nowhere_goes_beside_the_others_or_into_a_new_file(tmp_path: Path):
    experiment(tmp_path, {"index.md": "# X\n"})
    assert put(tmp_path, "status", "new").status == "new"
    assert text(tmp_path, "expt.toml") == 'status = "new"\n'
    other = tmp_path / "other"
    experiment(other, {"log.rst": "X\n=\n\n:tags: a\n"})
    assert put(other, "status", "new").status == "new"
    assert text(other, "log.rst") == "X\n=\n\n:tags: a\n:status: new\n"


def test_every_place_that_states_a_fact_is_set_so_that_they_agree(tmp_path: Path):
    experiment(tmp_path, {"index.md": "---\nstatus: new\n---\n# X\n", ".expt/status": "new"})
    assert put(tmp_path, "status", "complete").status == "complete"
    assert text(tmp_path, ".expt/status") == "complete"


def test_what_cannot_be_set_is_refused_and_the_file_stays(tmp_path: Path):
    experiment(tmp_path, {"index.md": "# X\n"})
    for fact, value in [("name", "y"), ("tags", ["a,b"]), ("id", -3), ("tags", ["a\nb"])]:
        with pytest.raises(EditError):
            put(tmp_path, fact, value)
    (tmp_path / "expts/0063_x/expt.toml").write_text("status = [\n")
    record = scan(tmp_path)
    with pytest.raises(EditError, match="not TOML"):
        set_fact(record, record.experiments["expts/0063_x"], "status", "new")


TAG = st.text(st.sampled_from("ab1 :#-'\"[]{}&*!|>%@`=\\é训"), min_size=1, max_size=6).map(str.strip).filter(bool)
HOMES = [
    ("log.md", "---\ntags: {}\n---\n# X\n", ["[one]", "\n  - one # 1\n  - two", "'one, two'", "one", "[]"]),
    ("expt.toml", "tags = {}\nid = 63 # 1\n[figure]\na = 1\n", ["[]", "['one', # 1\n 'two',]", "'one, two'"]),
    (".expt/tags/one", "{}", [""]),
]


@settings(max_examples=80, deadline=None)
@given(st.lists(TAG, max_size=3, unique=True), st.sampled_from([(n, t, s) for n, t, all_ in HOMES for s in all_]))
def test_any_tags_can_be_set_in_any_place_and_are_read_back(tags: list[str], home: tuple[str, str, str]):
    with TemporaryDirectory() as directory:
        base = Path(directory)
        experiment(base, {"log.md": "# X\n", home[0]: home[1].format(home[2])})
        try:
            plan = set_fact(record := scan(base), record.experiments["expts/0063_x"], "tags", tags)
        except EditError:
            assert home[0].startswith(".expt")
            return
        apply(plan)
        assert sorted(read(base).tags) == sorted(tags)
