"""The board's tests are fed by what the service says today, not by what it said once."""

import json
from pathlib import Path

import pytest

from tests.dashboard.written import CONTRACTS, HERE, written
from tests.live.state import apply


@pytest.mark.parametrize("name", CONTRACTS)
async def test_contract_files_are_up_to_date(name: str, tmp_path: Path) -> None:
    """Else: `.venv/bin/python -m tests.dashboard.written`."""
    assert (HERE / name).read_text("utf-8") == await written(name, tmp_path)


def test_a_morning_has_every_kind_of_message_and_leads_where_a_fresh_fetch_does() -> None:
    state, kinds = None, set()
    for step in json.loads((HERE / "live-morning.json").read_text("utf-8"))["steps"]:
        state = apply(state, step["message"])
        kinds |= {step["message"]["type"], *step["message"].keys()}
        assert step["state"] is None or state == step["state"]
    assert {"snapshot", "change", "values", "rows", "lists"} <= kinds
