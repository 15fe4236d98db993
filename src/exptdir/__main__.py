"""Lets ``python -m exptdir`` be the ``exptdir`` command."""

from __future__ import annotations

from exptdir.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
