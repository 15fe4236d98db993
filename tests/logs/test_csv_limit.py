"""Reading a log leaves the process as it was."""

from __future__ import annotations

import csv
from pathlib import Path

from exptdir.logs import read_log


def test_the_limit_of_cells_is_what_it_was(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    path = tmp_path / "log.csv"
    path.write_text("run,log\n1,warm\n2,cold\n", "utf-8")
    read_log(path)
    assert csv.field_size_limit() == limit
