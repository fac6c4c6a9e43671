"""The shapes of what the door of policies says, for the OpenAPI document.

In: nothing. Out: msgspec structs. Never: makes an answer.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from monitor.serve.shapes import PolicyMark


class TextTold(Struct):
    """A text in Chinese and English."""

    zh: str
    en: str


class ClauseTold(Struct, kw_only=True):
    """A clause and its words; `silent` where the text says nothing and the value is this project's choice."""

    clause: str
    says: str
    silent: bool


class WordTold(Struct, kw_only=True):
    """A word of the rules: its name, what it means, what can be done, on which clauses it rests."""

    name: TextTold
    about: TextTold | None
    do: TextTold | None
    clauses: list[ClauseTold]


class ValueTold(Struct, kw_only=True, rename={"from_": "from"}):
    """A value of a policy and where it stands."""

    name: str
    value: int | list[str]
    unit: str
    from_: date
    clause: str
    says: str
    means: str
    silent: bool


class PolicyTold(Struct, kw_only=True):
    """A policy with the values of one digest, and the words by group."""

    policy: PolicyMark
    title: str
    document: str
    short: str
    checked_on: date
    values: list[ValueTold]
    words: dict[str, dict[str, WordTold]]
