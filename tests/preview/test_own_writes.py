"""What a builder writes into the source tree itself is noted, so that it starts no builds without end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import os, sys, threading
from pathlib import Path
from exptdir.preview.dependencies import Writes
base = Path(sys.argv[1])
writes = Writes(base, [base / "_build"])
writes.listen()
(base / "log.txt").write_text("1")
(base / "_build/page.html").write_text("1")
(base / "same.md").write_text("same")
(base / "other.md").read_text()
(base / "new.tmp").write_text("x")
os.replace(base / "new.tmp", base / "moved.md")
thread = threading.Thread(target=lambda: (base / "figure.svg").write_text("1"))
thread.start(); thread.join()
found = writes.take()
print([(Path(path).name, stamp[2], differs) for path, stamp, differs in found], bool(writes.rewritten))
print(writes.take())
"""


def test_what_a_process_writes_is_noted_with_whether_it_differs(tmp_path: Path) -> None:
    (tmp_path / "_build").mkdir()
    for name in ("same.md", "other.md"):
        (tmp_path / name).write_text("same")
    done = subprocess.run([sys.executable, "-c", CODE, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "[('log.txt', 1, True), ('moved.md', 1, True), ('same.md', 4, False)] True",
        "()",
    ]


GOING_ON = """
import subprocess, sys, threading
from exptdir.preview.dependencies import goes_on
end, said = threading.Event(), [goes_on()]
for name in ("exptdir-figures", "of an extension"):
    thread = threading.Thread(target=end.wait, name=name)
    thread.start(); said.append(goes_on()); end.set(); thread.join(); end.clear()
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
said.append(goes_on() or sys.platform != "linux"); child.communicate(b"1")
print(*said, goes_on())
"""


def test_what_extensions_have_begun_is_known_to_go_on() -> None:
    command = [sys.executable, "-c", GOING_ON]
    done = subprocess.run(command, capture_output=True, text=True, check=True, start_new_session=True)
    assert done.stdout.split() == ["False", "False", "True", "True", "False"]
