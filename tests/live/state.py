"""What a board does with what it is told: `apply`, pure, as a client would write it."""

from __future__ import annotations

import copy
from typing import Any


def apply(state: dict[str, Any] | None, message: dict[str, Any]) -> dict[str, Any] | None:
    """The state after a message; neither is changed. `resumed` and `auth_ok` leave it as it is."""
    if message["type"] == "snapshot":
        return copy.deepcopy(message["state"])
    if message["type"] != "change":
        return state
    assert state is not None
    new = copy.deepcopy(state) | message.get("values", {})
    for key in message.get("gone", []):
        del new[key]
    for key, rows in message.get("rows", {}).items():
        new[key] = [rows.get(row["id"], row) for row in new[key]]
    for key, (start, gone, come) in message.get("lists", {}).items():
        new[key][start : start + gone] = come
    return new
