"""New numbers, names and places: every reference leads where it led, and is written as its author writes."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from exptdir.errors import EditError
from exptdir.record.edits.plan import Plan
from exptdir.record.edits.relocate import move, rename, renumber
from exptdir.record.model import Record
from exptdir.record.reference import Resolution
from exptdir.record.scan import scan
from exptdir.record.walk import ScanSettings
from tests.record.edits.helpers import apply, find_references

CORPUS = Path(__file__).parents[3] / "../shared/corpus/notebook"

RST = """Other
=====

:prerequisites: 0063, :expt:`63`
:builds-on: 63, 0063

See :expt:`63`, :expt:`0063`, :expt:`train`, :expt:`0063_train`, :expt:`Some
words <63@2024-05-01.2>`, :expt:run:`63/13-3`, :expt:`!63`, :expt:builds-on:`63#data`, :ref:`expt-63-2024-05-01`.
Not ``:expt:`63```, nor this::

   :expt:`63`

.. :expt:`63`

.. code-block:: rst

   :expt:`63`

.. figure:: ../0063_train/loss.png

   From :expt:`63/sub`.

.. toctree::

   Title <../0063_train/index>
   /expts/0063_train/sub/index

`Data <../0063_train/data.csv>`_ and :download:`/expts/0063_train/data.csv` and :doc:`../0063_train/index`.
"""
MD = """---
prerequisites: [63, "0063"]  # 63
builds_on: 0063
---
# Other

{expt}`63`, [](#0063@2024-05-01), [loss](../0063_train/index.md#loss), ![](../0063_train/loss.png), {ref}`expt-63`,
`{expt}`, {expt}`64`, 163, 63

<!-- {expt}`63` -->
```
{expt}`63`
```

```{figure} ../0063_train/loss.png
In {expt}`63`
```

```{eval-rst}
:expt:`63`
```
"""


def write(base: Path, name: str, text: str | bytes) -> None:
    path = base / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.fixture
def base(tmp_path: Path) -> Path:
    log = "---\nid: 0063\n---\n# Train\n\n{expt}`@2024-05-01`, ![](loss.png), [](sub/index.md), {expt}`64`\n"
    write(tmp_path, "expts/0063_train/index.md", log)
    write(tmp_path, "expts/0063_train/loss.png", b"\x89PNG")
    write(tmp_path, "expts/0063_train/data.csv", "a\n")
    write(tmp_path, "expts/0063_train/sub/index.md", "# Sub\n\n{expt}`-1`, {expt}`63`, [](../../0064_rst/index.rst)\n")
    write(tmp_path, "expts/0064_rst/index.rst", RST)
    write(tmp_path, "expts/0065_md/index.md", MD)
    write(tmp_path, "expts/0065_md/expt.toml", "prereqs = [\n  63, # 63\n  '0063_train']\nbuilds_on = [63]\n")
    write(tmp_path, "expts/0070_links/log.md", "# Links\n")
    write(tmp_path, "expts/0070_links/.expt/prereqs/63", "")
    (tmp_path / "expts/0070_links/data").symlink_to("../0063_train/data.csv")
    return tmp_path


def tree(base: Path) -> dict[str, object]:
    found = {}
    for path in base.rglob("*"):
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[path.relative_to(base).as_posix()] = content
    return found


def leads(record: Record) -> Counter[tuple[str, object]]:
    """What the references of each experiment lead to, by something that no command changes: the log's heading."""
    found: Counter[tuple[str, object]] = Counter()
    for token, origin, target in find_references(record):
        assert isinstance(target, Resolution), token
        label = target.label if target.kind == "label" else None
        title = str(origin.title if origin else "")
        found[title, (target.experiment.title, target.date, target.n, target.run, label)] += 1
    return found


def read(base: Path, name: str) -> str:
    return (base / name).read_bytes().decode()


def done(plan: Plan) -> Record:
    assert plan.problems == ()
    apply(plan)
    return scan(plan.base)


def test_a_new_number_goes_into_directory_metadata_and_every_reference_as_each_was_written(base: Path):
    record = scan(base)
    before = leads(record)
    after = done(renumber(record, record.by_id[63][0], 71))
    assert len(after.problems) == len(record.problems)
    assert read(base, "expts/0071_train/index.md").startswith("---\nid: 0071\n---\n")
    rst = RST
    for old, new in [
        (":prerequisites: 0063, :expt:`63`", ":prerequisites: 0071, :expt:`71`"),
        (":builds-on: 63, 0063", ":builds-on: 71, 0071"),
        ("See :expt:`63`, :expt:`0063`", "See :expt:`71`, :expt:`0071`"),
        (":expt:`0063_train`", ":expt:`0071_train`"),
        ("<63@2024-05-01.2>`", "<71@2024-05-01.2>`"),
        (":expt:run:`63/13-3`, :expt:`!63`", ":expt:run:`71/13-3`, :expt:`!71`"),
        ("`63#data`, :ref:`expt-63-", "`71#data`, :ref:`expt-71-"),
        ("From :expt:`63/sub`", "From :expt:`71/sub`"),
        ("/0063_train/", "/0071_train/"),
    ]:
        assert old in rst
        rst = rst.replace(old, new)
    assert read(base, "expts/0064_rst/index.rst") == rst
    md = MD.replace('[63, "0063"]', '[71, "0071"]').replace("on: 0063", "on: 0071")
    md = md.replace("/0063_train/", "/0071_train/")
    md = md.replace("`expt-63`", "`expt-71`")
    md = md.replace("\n{expt}`63`, [](#0063@", "\n{expt}`71`, [](#0071@").replace("In {expt}`63`", "In {expt}`71`")
    md = md.replace(":expt:`63`", ":expt:`71`")
    assert read(base, "expts/0065_md/index.md").split("\n") == md.split("\n")
    assert read(base, "expts/0065_md/expt.toml") == "prereqs = [\n  71, # 63\n  '0071_train']\nbuilds_on = [71]\n"
    assert os.listdir(base / "expts/0070_links/.expt/prereqs") == ["71"]
    assert os.readlink(base / "expts/0070_links/data") == "../0071_train/data.csv"
    assert leads(after) == before


def test_there_and_back_again_is_byte_identical(base: Path):
    before = tree(base)
    record = scan(base)
    record = done(renumber(record, record.by_id[63][0], 71))
    record = done(rename(record, record.by_id[71][0], "other name"))
    record = done(move(record, record.by_id[71][0], record.by_id[64][0]))
    assert (base / "expts/0064_rst/0071_other name/sub/index.md").is_file()
    record = done(move(record, record.by_id[71][0], None))
    record = done(rename(record, record.by_id[71][0], "train"))
    done(renumber(record, record.by_id[71][0], 63))
    assert tree(base) == before


def test_a_step_up_is_written_out_when_the_experiment_gets_another_parent(base: Path):
    record = scan(base)
    before = leads(record)
    sub = record.experiments["expts/0063_train/sub"]
    after = done(move(record, sub, record.by_id[64][0]))
    assert read(base, "expts/0064_rst/sub/index.md") == "# Sub\n\n{expt}`63`, {expt}`63`, [](../index.rst)\n"
    assert "![](loss.png), [](../0064_rst/sub/index.md)" in read(base, "expts/0063_train/index.md")
    assert "/expts/0064_rst/sub/index\n" in read(base, "expts/0064_rst/index.rst")
    assert leads(after) == before


def test_a_name_that_becomes_ambiguous_is_written_out(base: Path):
    write(base, "expts/0080_fit/index.md", "# Fit\n\n{expt}`train`\n")
    write(base, "expts/0081_other/index.md", "# Another\n")
    record = scan(base)
    before = leads(record)
    after = done(rename(record, record.by_id[81][0], "train"))
    assert read(base, "expts/0080_fit/index.md") == "# Fit\n\n{expt}`63`\n"
    assert leads(after) == before


def test_what_cannot_be_done_is_refused(base: Path):
    record = scan(base)
    train, rst = record.by_id[63][0], record.by_id[64][0]
    (base / "expts/0099_train").mkdir()
    with pytest.raises(EditError, match="taken by 0064_rst"):
        renumber(record, train, 64)
    with pytest.raises(EditError, match="exists already"):
        renumber(record, train, 99)
    with pytest.raises(EditError, match="no id"):
        renumber(record, train, -1)
    for name in ("", ".x", "a/b", "../x", "a\nb", "x" * 300, " x"):
        with pytest.raises(EditError, match="cannot be the name"):
            rename(record, train, name)
    with pytest.raises(EditError, match="into itself"):
        move(record, train, record.experiments["expts/0063_train/sub"])
    for place in ("docs", "..", "/etc", "expts/.hidden"):
        with pytest.raises(EditError):
            move(record, rst, place)
    named = record.experiments["expts/0063_train/sub"]
    with pytest.raises(EditError, match="another number"):
        rename(record, named, "0012_x")


def test_a_reference_that_led_nowhere_and_now_leads_somewhere_is_named(base: Path):
    write(base, "notes.md", "# Notes\n\n{expt}`63`\n{expt}`71`\n")
    record = scan(base)
    plan = renumber(record, record.by_id[63][0], 71)
    assert [(problem.path, problem.line) for problem in plan.problems] == [(base / "notes.md", 4)]
    apply(plan)
    assert read(base, "notes.md") == "# Notes\n\n{expt}`71`\n{expt}`71`\n"


def test_nothing_is_written_to_pages_that_are_left_alone_and_unreadable_ones_are_named(base: Path):
    write(base, "_build/x.md", "{expt}`63`\n")
    write(base, "bad.md", b"\xff\xfe{\0")
    record = scan(base)
    plan = renumber(record, record.by_id[63][0], 71, exclude=lambda path: path.startswith("_build"))
    assert [problem.path for problem in plan.problems] == [base / "bad.md"]
    assert base / "_build/x.md" not in {edit.path for edit in plan.edits}


def citations(record: Record) -> Counter[str]:
    targets = (target for _, _, target in find_references(record))
    return Counter(target.experiment.key for target in targets if isinstance(target, Resolution))


@pytest.mark.parametrize(
    ("name", "top"),
    [
        ("log.rst", ":prereqs: {0}, c d\n:builds-on: c d,  {0}\n\nB\n=\n"),
        ("log.md", "---\nprereqs: [c d, {0}] # both\nbuilds-on: {0}\n---\n# B\n"),
        ("log.md", "---\nprereqs:\n  - {0}\n  - c d\n---\n# B\n"),
    ],
)
def test_facts_follow_an_experiment_whose_name_holds_blanks(tmp_path: Path, name: str, top: str) -> None:
    write(tmp_path, "expts/a b/log.md", "# A\n")
    write(tmp_path, "expts/c d/log.md", "# C\n")
    write(tmp_path, f"expts/b/{name}", top.format("a b"))
    record = scan(tmp_path, ScanSettings())
    apply(rename(record, record.experiments["expts/a b"], "one  more word"))
    assert read(tmp_path, f"expts/b/{name}") == top.format("one  more word")
    assert scan(tmp_path, ScanSettings()).experiments["expts/b"].prerequisites.count("one  more word") == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("log.md", '---\nprereqs: ["{0}", c d] # both\n---\n# B\n'),
        ("log.md", "---\nprereqs:\n  - c d\n  - {0}\n---\n# B\n"),
        ("log.md", "---\nbuilds-on:\n- '{0}'\n---\n# B\n"),
        ("expt.toml", 'prereqs = ["c d", "{0}"]\n'),
    ],
)
def test_facts_follow_an_experiment_whose_name_holds_a_comma(tmp_path: Path, name: str, text: str) -> None:
    for key in ("a, b", "b", "c d"):
        write(tmp_path, f"expts/{key}/log.md", f"# {key}\n")
    write(tmp_path, f"expts/b/{name}", text.format("a, b"))
    record = scan(tmp_path, ScanSettings())
    plan = rename(record, record.experiments["expts/a, b"], "more")
    assert plan.problems == ()
    apply(plan)
    assert read(tmp_path, f"expts/b/{name}") == text.format("more")


def test_a_name_with_a_comma_is_not_written_where_it_would_be_two(tmp_path: Path) -> None:
    write(tmp_path, "expts/a/log.md", "# A\n")
    write(tmp_path, "expts/b/log.rst", ":prereqs: a\n\nB\n=\n")
    record = scan(tmp_path, ScanSettings())
    (problem,) = rename(record, record.experiments["expts/a"], "a, c").problems
    assert problem.message == "the reference “a” cannot be written anew; look where it leads"


@pytest.mark.parametrize("name", ["log.md", "expt.toml"])
def test_prerequisites_are_followed_also_where_they_are_written_with_escapes(tmp_path: Path, name: str) -> None:
    for key, title in (("训练", "One"), ("b", "Two")):
        (tmp_path / "expts" / key).mkdir(parents=True)
        (tmp_path / "expts" / key / "log.md").write_text(f"# {title}\n", encoding="utf-8")
    fact = '["\\u8bad\\u7ec3"]\n'
    text = f"---\nprereqs: {fact}---\n# Two\n" if name == "log.md" else f"prereqs = {fact}"
    (tmp_path / "expts" / "b" / name).write_text(text, encoding="utf-8")
    record = scan(tmp_path)
    apply(rename(record, record.experiments["expts/训练"], "新"))
    after = scan(tmp_path)
    assert after.problems == ()
    assert after.experiments["expts/b"].prerequisites[0].rpartition("/")[2] == "新"


def test_the_most_cited_experiment_of_a_real_notebook_gets_another_number_and_back(tmp_path: Path):
    if not CORPUS.is_dir():
        pytest.skip("the corpus is not here")
    base = tmp_path / "notebook"
    shutil.copytree(CORPUS, base, symlinks=True)
    before = tree(base)
    roots = ScanSettings(roots=["."])
    record = scan(base, roots)
    cited = citations(record)
    key, times = cited.most_common(1)[0]
    old = record.experiments[key].id
    assert old is not None
    assert times > 5
    plan = renumber(record, record.experiments[key], 7777)
    assert plan.problems == ()
    apply(plan)
    record = scan(base, roots)
    assert citations(record) == cited
    assert tree(base) != before
    apply(renumber(record, record.by_id[7777][0], old))
    assert tree(base) == before


def test_a_path_may_leave_its_directory_and_enter_it_again(tmp_path: Path):
    folder = tmp_path / "expts/0001_a"
    folder.mkdir(parents=True)
    (folder / "log.md").write_text("# A\n\n[x](../0001_a/log.md) [y](log.md)\n")
    (folder / "again.md").symlink_to("../0001_a/log.md")
    record = scan(tmp_path)
    apply(rename(record, record.experiments["expts/0001_a"], "b"))
    moved = tmp_path / "expts/0001_b"
    assert (moved / "log.md").read_text() == "# A\n\n[x](log.md) [y](log.md)\n"
    assert (moved / "again.md").read_text() == (moved / "log.md").read_text()


def test_a_directory_whose_name_does_not_carry_the_id_keeps_it(tmp_path: Path):
    write(tmp_path, "expts/01_first/notes.md", "# First\n")
    write(tmp_path, "expts/01_first/.expt/id", "73\n")
    write(tmp_path, "expts/02_second/notes.md", "# Second\n\n{expt}`73`\n")
    before = tree(tmp_path)
    record = scan(tmp_path)
    plan = renumber(record, record.by_id[73][0], 80)
    assert not plan.renames
    apply(plan)
    assert read(tmp_path, "expts/01_first/.expt/id") == "80\n"
    assert "{expt}`80`" in read(tmp_path, "expts/02_second/notes.md")
    record = scan(tmp_path)
    apply(renumber(record, record.by_id[80][0], 73))
    assert tree(tmp_path) == before
