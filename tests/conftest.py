"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says more of the machine than of the code: benchmarks/ is where time is measured.
settings.register_profile("exptdir", deadline=None)
settings.load_profile("exptdir")
