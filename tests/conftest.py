"""What all tests share."""

from __future__ import annotations

import functools
import logging
import os
from pathlib import Path

import pytest
import sphinx.registry
import sphinx.theming
from hypothesis import HealthCheck, settings

from tests.sphinxext.building import no_matplotlib
from tests.templates import DIRECTORY

# How long an example takes says more of the machine than of the code: benchmarks/ is where time is measured.
# Examples are the same in each run, so that none fails where another passed; `make fuzz` is where others are tried.
settings.register_profile(
    "exptdir",
    deadline=None,
    derandomize="EXPTDIR_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("exptdir")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long: one that comes last would keep a single processor busy."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Say where :mod:`tests.templates` keeps what it compiles; no session finds what another one compiled."""
    os.environ[DIRECTORY] = str(tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="session", autouse=True)
def only_what_somebody_sees_is_logged() -> None:
    """Leave out what Sphinx tells about itself, a thousand lines a build and a fifth of its time."""
    logging.disable(logging.DEBUG)


@pytest.fixture(scope="session", autouse=True)
def themes_looked_for_once() -> None:
    """Read what is installed once: nothing is installed or removed while tests run, and Sphinx asks in each build."""
    for module in (sphinx.registry, sphinx.theming):
        module.entry_points = functools.cache(module.entry_points)


@pytest.fixture
def without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare scripts that do not draw with it what it takes to load it."""
    for name, value in no_matplotlib(tmp_path / "cache").items():
        monkeypatch.setenv(name, value)
