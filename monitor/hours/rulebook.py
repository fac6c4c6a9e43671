"""The policies: dated, cited values, read from rules/*.toml.

In: a policy's id and a local date. Out: its values on that day and their digest. Never: a default for a day
before the first, and no value of the law anywhere else in the code.
"""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec
import rfc8785


class RulebookError(ValueError):
    """No such policy, or none yet on that day."""


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One value of a policy: what it is, since when, on which clause, and what that clause says."""

    name: str
    since: date = msgspec.field(name="from")
    value: int | list[str]
    unit: str
    clause: str
    means: str
    says: str = ""


class Clause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A clause on which words rest (`of`: reasons, categories, findings) beside those of values."""

    of: list[str]
    clause: str
    says: str


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A policy as its file has it: all values of all days, and further clauses."""

    id: str
    title: str
    document: str
    short: str
    checked_on: date
    value: list[Value]
    clause: list[Clause] = []


class Policy(msgspec.Struct, frozen=True):
    """A policy's values on one day, in the units their names say (RULES section 2)."""

    id: str
    digest: str
    hour_minutes: int
    total_hours: int
    seminar_hours: int
    daily_cap: int
    excluded_kinds: tuple[str, ...]
    seminar_kinds: tuple[str, ...]
    silence_seconds: int
    heartbeat_seconds: int
    state_limit_minutes: int
    sign_in_opens_minutes: int
    sign_in_grace_minutes: int
    sign_out_grace_minutes: int
    reserve_hours: int

    @property
    def hour_ms(self) -> int:
        """The proven time that makes a class hour, in milliseconds."""
        return self.hour_minutes * 60_000

    @property
    def silence_ms(self) -> int:
        """How far apart two beats may be, in milliseconds."""
        return self.silence_seconds * 1000


_NAMES: Final = tuple(name for name in Policy.__struct_fields__ if name not in ("id", "digest"))


@cache
def rulebook() -> dict[str, Rules]:
    """Every policy's file, by id."""
    files = sorted(
        (
            item
            for item in resources.files(__package__).joinpath("rules").iterdir()
            if item.name.endswith(".toml")
        ),
        key=lambda item: item.name,
    )
    read = (msgspec.convert(tomllib.loads(item.read_text("utf-8")), Rules) for item in files)
    return {rules.id: rules for rules in read}


@cache
def policy(policy_id: str, on: date) -> Policy:
    """The policy `policy_id` with the values that hold on the local date `on`.

    Raises RulebookError for an unknown policy and for a day before its first.
    """
    rules = rulebook().get(policy_id)
    if rules is None:
        raise RulebookError(f"unknown policy {policy_id}; known are {', '.join(rulebook())}")
    values: dict[str, Any] = {}
    for name in _NAMES:
        dated = [value for value in rules.value if value.name == name and value.since <= on]
        if not dated:
            first = min(value.since for value in rules.value if value.name == name)
            raise RulebookError(f"{policy_id} holds from {first}; there is no {name} for {on}")
        values[name] = max(dated, key=lambda value: value.since).value
    digest = hashlib.sha256(rfc8785.dumps(values)).hexdigest()
    return msgspec.convert({"id": policy_id, "digest": f"sha256:{digest}", **values}, Policy)
