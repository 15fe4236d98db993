"""Say in a line what each program of this directory is for: ``python -m benchmarks``."""

from __future__ import annotations

import ast
from pathlib import Path


def main() -> None:
    """List the programs; what they share is no program."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        text = path.read_text("utf-8")
        if path.name != "__main__.py" and '__name__ == "__main__"' in text:
            first = (ast.get_docstring(ast.parse(text)) or "").partition("\n\n")[0]
            print(f"python -m benchmarks.{path.stem:24}{' '.join(first.split()).rstrip('.')}")


if __name__ == "__main__":
    main()
