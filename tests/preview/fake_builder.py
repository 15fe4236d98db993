"""Stands for the builder in tests: quick, and as bad as a file called ``mood`` in its source directory says.

It writes a page for each ``.md`` file, and a line for each build into ``builds`` beside the output.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from exptdir.preview.channel import Build, BuildWarning, Built, Failed, PagesShown, Ready, decode, encode
from exptdir.record.files import stamp


def say(message) -> None:
    sys.stdout.buffer.write(encode(message))
    sys.stdout.buffer.flush()


def pages(source: Path, output: Path) -> tuple[str, ...]:
    written = []
    for document in sorted(source.rglob("*.md")):
        page = document.relative_to(source).with_suffix(".html")
        (output / page).parent.mkdir(parents=True, exist_ok=True)
        text = f"<html><head></head><body>{document.read_text()}</body></html>"
        if not (output / page).is_file() or (output / page).read_text() != text:
            (output / page).write_text(text)
            written.append(page.as_posix())
    return tuple(written)


def answer(build: Build, source: Path, output: Path, moods: list[str]):
    if "die" in moods:
        print("last words", file=sys.stderr, flush=True)
        os._exit(3)
    if "slow" in moods:
        begun = output.parent / "begun"
        begun.touch()
        while begun.exists():
            time.sleep(0.01)
    if "fail" in moods:
        failure = BuildWarning("it is broken", str(source / "conf.py"), 2, severity="error")
        return Failed(failure, "Traceback: here")
    wrote = ()
    if "writes" in moods:
        figure = source / "figure.svg"
        figure.write_text(f"<svg>{time.time_ns()}</svg>")
        wrote = ((str(figure), stamp(figure)),)
    if "untold" in moods:
        (source / "untold.csv").write_text(str(time.time_ns()))
    written = pages(source, output)
    warnings = (BuildWarning("odd", str(source / "a.md"), 3, "exptdir.ref"),) if "warn" in moods else ()
    say(PagesShown(written))
    return Built(written, (), warnings, wrote, (str(source / "module.py"),), (), 0.25, goes_on="goes" in moods)


def main() -> None:
    source, output = Path(sys.argv[1]), Path(sys.argv[2])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN if "stubborn" in sys.argv else signal.SIG_DFL)
    if "stubborn" in sys.argv:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (output.parent / "processes").write_text(f"{os.getpid()} {child.pid}")
    output.mkdir(parents=True, exist_ok=True)
    for number, line in enumerate(iter(sys.stdin.buffer.readline, b"")):
        build = decode(line)
        mood = source / "mood"
        moods = mood.read_text().split() if mood.is_file() else []
        with (output.parent / "builds").open("a") as stream:
            stream.write(json.dumps([os.getpid(), list(build.changed), list(build.viewed), build.everything]) + "\n")
        if not number:
            say(Ready("index.html", (str(source / "static"),), (str(source / "templates"),), (), ""))
        said = answer(build, source, output, moods)
        say(said)
        if isinstance(said, Failed):
            return
    if "stubborn" in sys.argv:
        time.sleep(600)


if __name__ == "__main__":
    main()
