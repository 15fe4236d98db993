"""A record of many plot scripts, of which it is known what each depends on; for what measures how they are run."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MODULES, SHARED = 5, 12


@dataclass
class Planned:
    """One script of the record, and everything that it depends on."""

    number: int
    directory: str
    modules: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    globs: str | None = None
    optional: str | None = None
    saves: str | None = None

    @property
    def path(self) -> str:
        return f"{self.directory}/plot_{self.number:03}.py"

    @property
    def figure(self) -> str:
        return f"{self.directory}/figure_{self.number:03}.svg"

    def relative(self, path: str) -> str:
        return os.path.relpath(path, self.directory)


def planned(count: int, inputs: int) -> list[Planned]:
    """Lay out *count* scripts that read *inputs* files each beside what they share."""
    scripts = []
    for number in range(count):
        group = f"expts/{number // 10:03}_group"
        directory = group if number % 10 == 0 else f"{group}/part/{number:03}_run"
        script = Planned(number, directory, modules=[f"expts/lib/util{number % MODULES}.py"])
        script.reads = [f"{directory}/data/{at}.csv" for at in range(inputs)]
        script.reads.append(f"expts/data/shared{number % SHARED}.csv")
        if number % 7 == 3:
            script.globs = f"{directory}/globbed"
        if number % 11 == 5:
            script.optional = f"{directory}/optional.csv"
        if number % 6 in (3, 4):
            script.saves = f"{directory}/table.csv"
        if number % 6 in (4, 5):
            script.reads.append(scripts[-1].saves or "")
        scripts.append(script)
    return scripts


#: How a script draws its values.
MATPLOTLIB = ("import matplotlib.pyplot as plt", "plt.plot(values)", "plt.savefig({figure!r})")
PLAIN = ("", "with open({figure!r}, 'w') as file:", "    file.write(f'<svg><!-- {{values}} --></svg>')")


def emit_python(script: Planned, drawing: Sequence[str] = PLAIN) -> str:
    """Write the script."""
    module = os.path.basename(script.modules[0]).removesuffix(".py")
    lines = [
        "import glob, os, sys",
        f"sys.path.insert(0, {script.relative('expts/lib')!r})",
        drawing[0],
        f"import {module}",
        f"values = [{script.number}, {module}.SCALE]",
        f"names = {[script.relative(path) for path in script.reads]}",
    ]
    if script.globs:
        lines.append(f"names += sorted(glob.glob({script.relative(script.globs) + '/*.csv'!r}))")
    if script.optional:
        lines += ["try:", f"    open({script.relative(script.optional)!r}).close()"]
        lines += [f"    names.append({script.relative(script.optional)!r})", "except OSError:", "    pass"]
    lines += ["for name in names:", "    with open(name) as file:", "        values += map(float, file.read().split())"]
    if script.saves:
        lines += [f"with open({script.relative(script.saves)!r}, 'w') as file:", "    file.write(str(sum(values)))"]
    lines += [line.format(figure=os.path.basename(script.figure)) for line in drawing[1:]]
    return "\n".join(lines) + "\n"


def write_record(base: Path, scripts: list[Planned], emit: Callable[[Planned], str] = emit_python) -> None:
    """Write the record."""
    for number in range(MODULES):
        text = f"# read common.py\nimport common\nSCALE = common.SCALE + {number}\n"
        put(base, f"expts/lib/util{number}.py", text)
    put(base, "expts/lib/common.py", "SCALE = 1\n")
    for number in range(SHARED):
        put(base, f"expts/data/shared{number}.csv", f"{number}\n")
    saved = {script.saves for script in scripts}
    for script in scripts:
        log = f"Experiment {script.number}\n{'=' * 20}\n\n.. figure:: {os.path.basename(script.figure)}\n"
        put(base, f"{script.directory}/index.rst", log)
        put(base, script.path, emit(script))
        for path in script.reads:
            if path not in saved and not (base / path).exists():
                put(base, path, f"{script.number}\n")
        if script.globs:
            put(base, f"{script.globs}/first.csv", "1\n")


def put(base: Path, name: str, text: str) -> None:
    """Write a file."""
    path = base / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
