"""All that is wrong now, whichever build said so first, and nothing that was mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.preview.warmly import RECORD, Preview, preview
from tests.sphinxext.building import titled

BROKEN = "# A page\n\nText with {nosuchrole}`x`.\n"
UNRESOLVED = "# A page\n\nText with {ref}`nowhere`.\n"
FINE = "# A page\n\nText.\n"


def about(shown: Preview, file: str) -> list[str]:
    """Return the warnings about a file."""
    return [line for line in shown.warnings if line.startswith(f"{file}:")]


def test_a_sound_record_has_none(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        assert shown.warnings == []


@pytest.mark.parametrize(("text", "words"), [(BROKEN, "nosuchrole"), (UNRESOLVED, "nowhere")], ids=["read", "written"])
def test_one_stays_while_others_are_edited_and_goes_when_mended(tmp_path: Path, text: str, words: str) -> None:
    with preview(tmp_path) as shown:
        shown.save({"docs/page.md": text})
        [line] = about(shown, "docs/page.md")
        assert words in line
        assert line.startswith("docs/page.md:3: ")
        shown.save({"expts/0003_third/notes.rst": titled("Third", "Edited.")})
        shown.warm.build()
        assert about(shown, "docs/page.md") == [line]
        shown.save({"docs/page.md": FINE})
        assert about(shown, "docs/page.md") == []


def test_what_every_build_says_is_there_once(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        shown.save({"docs/page.md": "# A page\n\nSee {expt}`99`.\n"})
        shown.warm.build()
        shown.warm.build()
        [line] = about(shown, "docs/page.md")
        assert "[exptdir.ref]" in line
        shown.save({"docs/page.md": FINE})
        assert shown.warnings == []


def test_a_document_that_is_in_no_list_is_told_of_until_it_goes(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        shown.save({"docs/alone.md": "# Alone\n"})
        [line] = about(shown, "docs/alone.md")
        assert "toctree" in line
        shown.warm.build()
        assert about(shown, "docs/alone.md") == [line]
        shown.save({"docs/alone.md": None})
        assert shown.warnings == []


def test_a_deleted_document_takes_its_own_with_it(tmp_path: Path) -> None:
    with preview(tmp_path) as shown:
        shown.save({"docs/broken.md": f"---\norphan: true\n---\n{BROKEN}"})
        assert len(about(shown, "docs/broken.md")) == 1
        shown.save({"docs/broken.md": None})
        assert shown.warnings == []


def test_they_are_known_to_the_next_start(tmp_path: Path) -> None:
    with preview(tmp_path, {**RECORD, "docs/page.md": BROKEN + UNRESOLVED, "docs/alone.md": "# Alone\n"}) as shown:
        before = shown.warnings
    assert len(before) == 3
    with preview(tmp_path, {}) as again:
        assert not again.warm.app.fresh_env_used
        assert again.warnings == before
        again.save({"docs/page.md": FINE})
        assert len(again.warnings) == 1


def test_damaged_notes_of_them_are_forgotten(tmp_path: Path) -> None:
    with preview(tmp_path, {**RECORD, "docs/page.md": BROKEN}):
        pass
    (tmp_path / "doctrees/exptdir-warnings.json").write_text('{"version": 1, "read": [3]}', "utf-8")
    with preview(tmp_path, {}) as again:
        assert again.warnings == []


def test_what_conf_py_causes_is_told_as_long_as_the_application_lives(tmp_path: Path) -> None:
    conf = f"{RECORD['conf.py']!s}exptdir_navigation_window = 'wide'\n"
    with preview(tmp_path, {**RECORD, "conf.py": conf}) as shown:
        shown.save({"docs/page.md": FINE})
        assert any("exptdir_navigation_window" in line for line in shown.warnings)


def test_suppressed_ones_are_not_told(tmp_path: Path) -> None:
    conf = f"{RECORD['conf.py']!s}suppress_warnings = ['exptdir.ref', 'myst']\nshow_warning_types = True\n"
    text = "# A page\n\n{expt}`99` {nosuchrole}`x` [](nowhere.md) {ref}`nowhere`\n"
    with preview(tmp_path, {**RECORD, "conf.py": conf, "docs/page.md": text}) as shown:
        assert all("exptdir.ref" not in line and "myst" not in line for line in shown.warnings)
        [line] = [line for line in shown.warnings if "nowhere" in line]
        assert line.count("[ref.ref]") == 1


def test_reading_and_writing_in_several_processes_tells_the_same(tmp_path: Path) -> None:
    text = "---\norphan: true\n---\n# P{0}\n\n{{nosuchrole{0}}}`x` {{ref}}`none{0}`\n"
    many = {f"docs/p{number:02}.md": text.format(number) for number in range(30)}
    found = []
    for jobs in (1, 2):
        with preview(tmp_path / str(jobs), {**RECORD, **many}, jobs=jobs) as shown:
            said = shown.warm.listener.said
            assert len(said.read) > 30
            assert sorted(name for name, some in said.written.items() if some) == [f"docs/p{at:02}" for at in range(30)]
            found.append(shown.warnings)
            shown.save({"docs/p07.md": "---\norphan: true\n---\n# P7\n"})
            assert about(shown, "docs/p07.md") == []
            assert len(shown.warnings) == len(found[-1]) - 2
    assert found[0] == found[1]
    assert len(found[0]) == 60
