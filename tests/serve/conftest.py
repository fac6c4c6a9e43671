"""What every test of the doors may ask for."""

import io
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from monitor.serve.journal import begin
from tests.serve.school import School, school


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[School]:
    """A school with two cohorts, nothing pushed yet, at 08:20."""
    async with school(tmp_path / "data") as found:
        yield found


@pytest.fixture
def journal() -> Iterator[io.StringIO]:
    """What the service writes down of itself, of every level."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    begin(stream, logging.DEBUG)
    yield stream
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level
