"""What every test of the doors may ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.serve.school import School, school


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[School]:
    """A school with two cohorts, nothing pushed yet, at 08:20."""
    async with school(tmp_path / "data") as found:
        yield found
