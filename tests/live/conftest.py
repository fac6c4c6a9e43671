"""What every test of live cohorts may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.live.stage import Stage
from tests.serve.school import cohort_file


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    found = Stage(tmp_path / "log.sqlite")
    await found.cohort(cohort_file())
    yield found
    await found.log.close()
