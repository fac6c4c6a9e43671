"""docs/operate.md names every setting, metric and limit as the code has them."""

import inspect

import pytest

from monitor import app, config, intake
from monitor.live import live
from monitor.serve import answer, cohorts, connection
from monitor.store import log, seen
from tests.docs.fences import page

TEXT = " ".join(page("operate.md").split())


def test_every_setting_is_listed_with_its_variable_and_default() -> None:
    rows = [line for line in page("operate.md").splitlines() if line.startswith("| `--")]
    for setting in config.SETTINGS:
        row = next(row for row in rows if f"`{setting.option} " in row)
        assert f"`{setting.variable}`" in row
        assert not setting.default or f"`{setting.default}`" in row


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("a delivery | 5 MiB, 10,000 events", (intake.MOST_BYTES, intake.MOST_EVENTS) == (5 << 20, 10_000)),
        ("a cohort file over HTTP | 5 MiB", cohorts.MOST_BYTES == 5 << 20),
        ("a delivery id is remembered | 7 days", seen.KEY_DAYS == 7),
        ("a body 30 seconds", answer.BODY_SECONDS == 30),
        ("8 KiB a line", connection.HEADER_LINE == 8190),
        ("100 lines, 30 seconds", (connection.HEADER_COUNT, connection.HEADER_SECONDS) == (100, 30)),
        ("at most 10 seconds", app.DRAIN_SECONDS == 10),
        ("ten minutes after the last question", live.IDLE_MS == 600_000),
        ("tried anew every second", log._PROBE_S == 1),
    ],
)
def test_a_limit_is_what_the_code_has(expected: str, actual: bool) -> None:
    assert expected in TEXT
    assert actual


def test_what_may_wait_for_the_disk_is_what_the_log_takes_on() -> None:
    defaults = inspect.signature(log.Log.__init__).parameters

    assert (defaults["waiting"].default, defaults["waiting_bytes"].default) == (5_000, 64 << 20)
    assert "5,000 deliveries or 64 MiB" in TEXT
