"""``check``: what is wrong, without building."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Run, contents, write

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clean(record: Path) -> Path:
    write(record, {"expts/paper_towel/README.md": "# Which towel\n"})
    return record


def messages(run: Run, *arguments: str) -> list[str]:
    return [f"{found['path']}:{found['line']}: {found['message']}" for found in run("check", "--json", *arguments).json]


def test_a_record_that_is_right(run: Run, clean: Path):
    before = contents(clean)
    done = run("check")
    assert (done.code, done.out, done.err) == (0, "", "Nothing is wrong.\n")
    assert contents(clean) == before


def test_dead_references_are_told_with_their_line(run: Run, clean: Path):
    write(
        clean,
        {
            "expts/0070_x/index.md": "# X\n\nSee {expt}`62`, {expt}`63@2024-05-22`, [](#61),\n{expt}`this <zzz>`.\n",
            "expts/0071_x/notes.rst": "X\n=\n\n:expt:`data` :expt:`more` :expt:`63/v1`\n\n``:expt:`62```\n",
        },
    )
    done = run("check")
    assert done.code == 1
    assert "expts/0070_x/index.md:3: error: no experiment or run '62'" in done.out
    assert "experiment '63' has no entry of 2024-05-22 [ref]" in done.out
    assert "expts/0070_x/index.md:4: error: no experiment or run 'zzz'" in done.out
    assert "experiment '63' has no run 'v1'" in done.out
    assert done.out.count("[ref]") == 5 and done.err == "5 errors\n"


def test_what_stands_in_code_is_no_reference(run: Run, clean: Path):
    write(
        clean,
        {
            "expts/0070_x/index.md": "# X\n\n```\n{expt}`62`\n```\n\n`` {expt}`62` ``\n\n<!-- {expt}`62` -->\n",
            "expts/0071_x/notes.rst": "X\n=\n\nSo::\n\n   :expt:`62`\n\n.. :expt:`62`\n\n.. code::\n\n   :expt:`62`\n",
        },
    )
    assert run("check").code == 0


def test_an_ambiguous_name_is_told(run: Run, clean: Path):
    write(clean, {"expts/0070_same/index.md": "# A\n", "expts/0071_same/index.md": "# B\n\n{expt}`same`\n"})
    assert "'same' could be any of 0070_same, 0071_same" in "".join(messages(run))


def test_two_experiments_with_one_number(run: Run, clean: Path):
    write(clean, {"expts/0063_rival/index.md": "# X\n"})
    assert "is taken by" in "".join(messages(run))


def test_missing_files_are_told_once_each(run: Run, clean: Path):
    figure = "# X\n\n![a](none.svg) ![b](there.svg) ![c](https://example.org/x.svg)\n\n```{datatable} none.xlsx\n```\n"
    protocol = "X\n=\n\n.. protocol:: a.txt 'b c.txt'\n   d.pdf\n\n.. figure:: /expts/0070_x/there.*\n"
    files = {"expts/0070_x/index.md": figure, "expts/0070_x/there.svg": "<svg/>", "expts/0071_x/notes.rst": protocol}
    write(clean, files)
    assert messages(run, "--no-figures") == [
        "expts/0070_x/index.md:3: none.svg: there is no such file",
        "expts/0070_x/index.md:5: none.xlsx: there is no such file",
        "expts/0071_x/notes.rst:4: a.txt: there is no such file",
        "expts/0071_x/notes.rst:4: b c.txt: there is no such file",
        "expts/0071_x/notes.rst:5: d.pdf: there is no such file",
    ]


def test_an_undated_section_among_dated_ones_is_a_warning(run: Run, clean: Path):
    write(clean, {"expts/0070_x/index.md": "# X\n\n## 2024-01-01\n\n## Thoughts\n\n## 2024-01-03\n\n## Open\n"})
    done = run("check")
    assert done.code == 0
    assert "index.md:5: warning: “Thoughts” has no date" in done.out and "Open" not in done.out
    assert run("check", "--fail-on", "warning").code == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "**2024-01-19**\nRetrained.\n\n__19 January 2024__\n\n*Jan 20*:\n",
            "“2024-01-19” (and 2 more) is no heading",
        ),
        ("**2024-01-19: retrained**\n\nText.\n", "“2024-01-19: retrained” is no heading, so this log has no entries"),
        ("2024-01-19:\n\nText.\n\n2024/01/20\n\nText.\n", "write “## 2024-01-19”"),
        ("*2024-01-19* was cold.\n\n- **2024-01-20**\n\n```\n**2024-01-21**\n```\n\n**20 mM**\n", ""),
        ("2024-01-19\n\nOne alone may say when the whole was.\n\n> **2024-01-20**\n", ""),
        ("## 2024-01-18\n\n**2024-01-19**\n\nText.\n", ""),
    ],
)
def test_dates_that_are_no_headings_are_told_where_a_log_has_no_entries(run: Run, clean: Path, text: str, told: str):
    write(clean, {"expts/0070_x/index.md": f"# X\n\n{text}"})
    found = messages(run)
    assert [line.startswith("expts/0070_x/index.md:3: ") and told in line for line in found] == [True] * bool(told)


def test_large_files_are_a_warning(run: Run, clean: Path):
    write(clean, {"expts/0063_train_cnn/data.bin": bytes(3 << 20)})
    assert run("check").out == ""
    assert "data.bin: warning: the file has 3.0 MiB" in run("check", "--max-size", "2").out


def test_a_figure_that_was_never_drawn_is_told(run: Run, clean: Path):
    write(clean, {"expts/0070_x/index.md": "# X\n\n![x](loss.svg)\n", "expts/0070_x/plot.py": "print()\n"})
    assert "expts/0070_x/plot.py: warning: " in run("check").out
    assert "plot.py" not in run("check", "--no-figures").out


def test_a_figure_whose_data_are_a_link_that_leads_nowhere_is_told(run: Run, clean: Path):
    files = {"index.md": "# X\n\n![x](loss.svg)\n", "plot.py": "open('data')\n", "loss.svg": "<svg/>"}
    write(clean, {f"expts/0070_x/{name}": text for name, text in files.items()})
    (clean / "expts/0070_x/data").symlink_to("/nowhere/at/all")
    for command in ("check", "plot", "check"):
        done = run(command)
        assert done.code == 0
        assert "0070_x/plot.py: " in done.out + done.err
        assert "are kept as they are (data leads nowhere)" in done.out + done.err
    assert any("are kept as they are" in message for message in run("plot", "--json").json["problems"])


def test_mentions_without_a_reference_are_told_where_asked_for(run: Run, clean: Path):
    text = "# X\n\nAs in experiment 63,\nand experiment 63 (see {expt}`63`).\n\n## 2024-08-01\n\nLike\nexperiment 63.\n"
    write(clean, {"expts/0070_x/index.md": text + "\n```\nexperiment 63\n```\n"})
    assert run("check").out == ""
    assert messages(run, "--mentions") == [
        "expts/0070_x/index.md:9: “experiment 63” may be a reference to 63",
    ]
    assert run("check", "--mentions", "--fail-on", "warning").code == 1
    assert run("check", "--mentions").code == 0


OTHER_FORMS = {
    "log.csv": ("run,date,notes\nv1,2024-08-01,as experiment 63\nv2,2024-08-02,`experiment 63`\n", 2),
    "notes.txt": ("2024-08-01\n- as before\n    - and as\n      in experiment 63\n- [experiment 63](../63)\n", 4),
    "log.txt": ("1\n- baseline\n\n2\n- like experiment 63\n", 5),
    "journal.org": ("* <2024-08-01 Thu> Begun\n** TODO compare with experiment 63\n** More\n", 2),
    "index.md": ("v1\nThe first.\n\nv2\nAs v1, and experiment 63.\n", 5),
}


@pytest.mark.parametrize("name", OTHER_FORMS)
def test_mentions_are_told_of_logs_in_other_forms(run: Run, clean: Path, name: str):
    text, line = OTHER_FORMS[name]
    form = '[log]\nformat = "versions"\n' if name == "index.md" else ""
    write(clean, {f"expts/0070_x/{name}": text, "expts/0070_x/expt.toml": form})
    told = f"expts/0070_x/{name}:{line}: “experiment 63” may be a reference to 63"
    assert [one for one in messages(run, "--mentions") if "“experiment 63”" in one] == [told]


def test_mentions_are_told_of_a_log_that_a_page_shows(run: Run, clean: Path):
    page = "# X\n\n## 2024-05-01\n\nIn experiment 63.\n\n## 2024-05-03\n\n```{expt-log} list.csv\n```\n"
    write(clean, {"expts/0070_x/index.md": page, "expts/0070_x/list.csv": "run,notes\na,ok\nb,see experiment 63\n"})
    assert messages(run, "--mentions") == [
        "expts/0070_x/index.md:5: “experiment 63” may be a reference to 63",
        "expts/0070_x/list.csv:3: “experiment 63” may be a reference to 63",
    ]


def test_annotations_for_github(run: Run, clean: Path):
    write(clean, {"expts/0070_a,b/index.md": "# X\n\n{expt}`62%`\n"})
    done = run("check", "--format", "github")
    assert done.out.startswith("::error file=expts/0070_a%2Cb/index.md,line=3::no experiment or run '62%25'")


def test_failing_can_be_switched_off(run: Run, clean: Path):
    write(clean, {"expts/0070_x/index.md": "# X\n\n{expt}`62`\n"})
    assert run("check", "--fail-on", "never").code == 0


def test_a_log_that_is_no_text_is_told_once(run: Run, clean: Path):
    write(clean, {"expts/0070_x/index.md": b"# M\xfcll\n"})
    [told] = messages(run)
    assert told.startswith("expts/0070_x/index.md:1: this is no text in UTF-8, so the page is left out")


@pytest.mark.parametrize("name", ["index.md", "notes.rst"])
@pytest.mark.parametrize("text", [b"", b"\xff\xfe#\x00", b"# \x80\n", b"```\n" * 999, b"`" * 5000, b".. \n" * 999])
def test_no_file_ends_in_a_traceback(run: Run, clean: Path, name, text):
    write(clean, {f"expts/0070_x/{name}": text})
    assert run("check").code in (0, 1)
    assert run("list").code == run("show", "70").code == 0


def test_the_hook_calls_the_command(run: Run, clean: Path):
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    program, *arguments = hook["entry"].split()
    assert (program, hook["pass_filenames"]) == ("exptdir", False)
    assert run(*arguments).code == 0


def test_what_the_page_finds_is_nothing_wrong(run: Run, clean: Path):
    """An anchor that begins with a date, entries in included files, dates in bold, images' names in any letters."""
    write(
        clean,
        {
            "expts/0070_x/index.md": (
                "# X\n\n## **2024-05-21**: Start\n\nSee [above](#2024-05-21-start).\n\n"
                "```{include} days/d.txt\n```\n\n![](größe.png) ![](my%20plot.png) ![](<my plot.png>)\n"
            ),
            "expts/0070_x/days/d.txt": "## 2024-05-22: Included\n\nx\n",
            "expts/0070_x/größe.png": b"\x89PNG\r\n\x1a\n",
            "expts/0070_x/my plot.png": b"\x89PNG\r\n\x1a\n",
            "expts/0071_y/notes.rst": "Y\n=\n\n:expt:`70@2024-05-21` :expt:`70@2024-05-22`\n\n.. include:: z.inc\n",
            "expts/0071_y/z.inc": "2024-05-23: Z\n-------------\n\n:expt:`71@2024-05-23`\n",
        },
    )
    done = run("check")
    assert (done.code, done.out) == (0, "")


def test_tables_that_no_build_can_open_are_told(run: Run, record: Path):
    names = ("empty.csv", "null.csv", "text.xlsx", "good.csv")
    shown = "".join(f"```{{datatable}} {name}\n```\n\n" for name in (*names, "folder.csv"))
    log = {"expts/0070_x/index.md": f"# X\n\n{shown}"}
    content = (b"", b"day,height\n1,2\n3,\0\n" * 9, b"day,height\n1,2\n", b"day\n1\n")
    write(record, {**log, **{f"expts/0070_x/{name}": data for name, data in zip(names, content, strict=True)}})
    (record / "expts/0070_x/folder.csv").mkdir()
    done = run("check", "--json")
    told = {(one["line"], one["kind"], one["message"].partition(":")[0]) for one in done.json if "0070" in one["path"]}
    assert done.code == 1
    assert told == {
        (3, "table", "empty.csv"),
        (6, "table", "null.csv"),
        (9, "table", "text.xlsx"),
        (15, "asset", "folder.csv"),
    }
