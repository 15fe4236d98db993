"""Fixtures that build records; see :mod:`tests.sphinxext.building`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.sphinxext.building import CONF, Built, Files, Site

Build = Callable[..., Built]


def _builder(fresh: Callable[[], Path]) -> Build:
    def build(
        files: Files,
        builder: str = "html",
        *,
        conf: str = "",
        confoverrides: Mapping[str, Any] | None = None,
        parallel: int = 1,
    ) -> Built:
        site = Site(fresh(), CONF + conf, dict(confoverrides or {}))
        return site.build(builder, files, parallel=parallel)

    return build


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Write files (name → text, bytes or `Link`) and build them; each call makes a record of its own."""
    made: list[Path] = []

    def fresh() -> Path:
        made.append(tmp_path / f"record{len(made)}")
        return made[-1]

    return _builder(fresh)


@pytest.fixture(scope="module")
def build_once(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Do the same for the fixtures that share a built record among the tests of one file."""
    return _builder(lambda: tmp_path_factory.mktemp("record"))
