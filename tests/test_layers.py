"""The house keeps its floors: imports run downward, and the core loads nothing heavy."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "exptdir"

FLOORS = (
    {"errors"},
    {"record"},
    {"tables", "figures"},
    {"runs"},
    {"logs"},
    {"exchange"},
    {"sphinxext"},
    {"preview"},
    {"cli"},
    {"__main__"},
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
ADAPTERS = {"sphinxext", "preview"}
CORE = frozenset().union(*FLOORS[: FLOOR_OF["sphinxext"]])

#: What only the adapters may import; the last two load docutils themselves.
SPHINX = {"sphinx", "docutils", "myst_parser", "sphinx_design"}
HEAVY = ("sphinx", "docutils", "matplotlib", "openpyxl")

#: The package's own `__init__`: it belongs to no floor and holds the `setup` that Sphinx looks for.
DOOR = ""


@dataclass(frozen=True)
class Module:
    """One source file, and the room that it is in."""

    path: Path
    name: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return [*self.name.split("."), DOOR][1]


@dataclass(frozen=True)
class Import:
    """One imported module, and where it is written."""

    module: Module
    target: str
    line: int
    lazy: bool

    @property
    def package(self) -> str:
        return self.target.partition(".")[0]

    @property
    def room(self) -> str:
        return [*self.target.split("."), DOOR][1]

    def __str__(self) -> str:
        return f"{self.module.path.relative_to(PACKAGE.parent)}:{self.line}: {self.target}"


def read_modules() -> list[Module]:
    modules = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        modules.append(Module(path, name, ast.parse(path.read_bytes(), str(path))))
    return modules


MODULES = read_modules()


def absolute(module: Module, node: ast.ImportFrom) -> str:
    """Return what ``from … import`` names, without its dots."""
    if not node.level:
        return node.module or ""
    package = module.name.split(".")
    if module.path.name != "__init__.py":
        package.pop()
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def targets(module: Module, node: ast.AST) -> Iterator[str]:
    """Yield the modules that one statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        origin = absolute(module, node)
        if origin != "exptdir":
            yield origin
            return
        for alias in node.names:
            # Out of the package itself come its rooms, and things like `__version__` that belong to the door.
            known = alias.name in FLOOR_OF or alias.name in ROOMS
            yield f"exptdir.{alias.name}" if known else "exptdir"


def imports_of(module: Module, node: ast.AST | None = None, lazy: bool = False) -> Iterator[Import]:
    """Yield every import of a module, those for type checking and those inside functions included."""
    for child in ast.iter_child_nodes(node or module.tree):
        for target in targets(module, child):
            yield Import(module, target, getattr(child, "lineno", 0), lazy)
        inner = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from imports_of(module, child, inner)


ROOMS = {module.room for module in MODULES}
IMPORTS = [found for module in MODULES for found in imports_of(module)]


def is_downward(found: Import) -> bool:
    if found.module.room == DOOR:
        return found.room in (DOOR, "errors") or (found.room == "sphinxext" and found.lazy)
    if found.room in (DOOR, found.module.room):
        return True
    return FLOOR_OF.get(found.room, len(FLOORS)) < FLOOR_OF.get(found.module.room, -1)


def test_every_room_has_its_floor():
    assert ROOMS - {DOOR} <= set(FLOOR_OF), "say in DESIGN.md and here which floor a new room belongs to"


def test_imports_run_downward():
    assert [str(found) for found in IMPORTS if found.package == "exptdir" and not is_downward(found)] == []


def test_only_the_adapters_import_sphinx():
    def allowed(found: Import) -> bool:
        # The door's `setup` may say in its signature that it is given a Sphinx application; that it loads
        # nothing by this is seen below.
        room = found.module.room
        return room in ADAPTERS or (room == DOOR and found.target == "sphinx.application")

    assert [str(found) for found in IMPORTS if found.package in SPHINX and not allowed(found)] == []


def test_no_star_imports():
    stars = [
        f"{module.path}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]
    assert stars == []


def test_core_neither_logs_nor_prints():
    core = [module for module in MODULES if module.room in CORE]
    loggers = [str(found) for found in IMPORTS if found.module in core and found.package == "logging"]
    printers = [
        f"{module.path}:{node.lineno}"
        for module in core
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert loggers + printers == []


PROBE = """
import importlib, os, sys

heavy, shared, modules = sys.argv[1].split(","), sys.argv[2].split(","), sys.argv[3:]
for module in shared:
    importlib.import_module(module)
for module in modules:
    sys.stdout.flush()
    # A fork of an interpreter that has imported nothing of ours yet is as fresh as a new one.
    if os.fork() == 0:
        importlib.import_module(module)
        for found in heavy:
            if found in sys.modules:
                print(module, "loads", found)
        sys.stdout.flush()
        os._exit(0)
    _, status = os.wait()
    if status:
        print(module, "cannot be imported alone")
"""


def test_core_modules_import_alone_and_light():
    core = [module.name for module in MODULES if module.room in CORE | {DOOR}]
    assert "exptdir.errors" in core
    # What comes with Python is loaded once for all of them.
    shared = {found.target for found in IMPORTS if found.package in sys.stdlib_module_names and not found.lazy}
    command = [sys.executable, "-c", PROBE, ",".join(HEAVY), ",".join(sorted(shared)), *core]
    done = subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True, check=True)
    assert done.stdout == "", done.stdout + done.stderr


def test_modules_that_contributing_names_exist():
    text = (PACKAGE.parents[1] / "CONTRIBUTING.md").read_text("utf-8")
    there = {path.name for path in PACKAGE.rglob("*.py")} | {path.parent.name for path in PACKAGE.rglob("*.py")}
    named = re.findall(r"\b(\w+\.py)\b", text.partition("## The house")[2].partition("## Caps")[0])
    assert len(named) > 30
    assert sorted(set(named) - there - {"conf.py", "test_layers.py"}) == []
