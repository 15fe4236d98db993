"""``exptdir import`` of a log: what it says, and that it writes all or nothing."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run, contents

LOG = "Run 1\n-----\nloss: 2.5\n\nRun 2\n-----\nsame as 1 but wider, see 5/17 notes\n- [ ] repeat #later\n"


def test_it_says_what_it_wrote_and_what_it_recognised(run: Run, record: Path) -> None:
    (record.parent / "cress.txt").write_text(LOG)
    before = contents(record)
    tried = run("import", "../cress.txt", "--dry-run")
    assert contents(record) == before
    done = run("import", "../cress.txt")
    assert done.code == 0
    assert done.out == tried.out == "create expts/0066_cress/cress.txt\ncreate expts/0066_cress/index.md\n"
    told = [" ".join(line.split()) for line in done.err.splitlines()]
    assert told == [
        "Read as runs:",
        "entries 0",
        "runs 2",
        "references 1 linked, 0 that may mean several, 1 that lead nowhere",
        "quantities 1",
        "tasks 1 open, 0 done",
        "tags 1",
        "note: cress.txt, line 7: “5/17” leads nowhere, and is left as text",
    ]
    assert run("show", "66/2").code == 0
    assert run("check").err.count("cress") == 0


def test_a_log_of_no_known_form_or_outside_of_a_record_is_refused(run: Run, record: Path) -> None:
    (record.parent / "cress.txt").write_text(LOG)
    before = contents(record)
    assert "did you mean versions" in run("import", "../cress.txt", "--format", "version").err
    (record.parent / "empty.txt").write_text("")
    assert "nothing to import" in run("import", "../empty.txt").err
    (record.parent / "photo.txt").write_bytes(b"\x89PNG\x00\x01\x02")
    assert "no log" in run("import", "../photo.txt").err
    assert "no entries to make pages of" in run("import", "../cress.txt", "--one-an-entry").err
    assert contents(record) == before
