"""What the words of the rules are called, what they mean, what can be done, and on which clauses they rest.

In: words.toml, a policy's clauses and values. Out: the words with the clauses of that policy. Never: a
verdict, a number.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec

from monitor.hours.rulebook import Rules, Value

GROUPS: Final = ("verdicts", "reasons", "categories", "standings", "findings", "kinds", "modes")


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in both languages."""

    zh: str
    en: str


class Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A word: its name, a sentence about it, what can be done; and the values of a policy it rests on."""

    name: Text
    about: Text | None = None
    do: Text | None = None
    values: tuple[str, ...] = ()


@cache
def words() -> dict[str, dict[str, Word]]:
    """All words, by group and word."""
    text = resources.files(__package__).joinpath("words.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, dict[str, Word]])


def clauses(rules: Rules, word: str, named: tuple[str, ...], on: date) -> list[dict[str, Any]]:
    """The clauses of a policy behind a word: those that name it, then those of its values as of `on`."""
    found = [
        {"clause": one.clause, "says": one.says, "silent": silent(rules, one.clause)}
        for one in rules.clause
        if word in one.of
    ]
    for name in named:
        value = value_on(rules, name, on)
        shown = {"clause": value.clause, "says": value.says, "silent": silent(rules, value.clause)}
        if shown not in found:
            found.append(shown)
    return found


def value_on(rules: Rules, name: str, on: date) -> Value:
    """The value of that name that holds on a day; the rulebook has checked that there is one."""
    return max((v for v in rules.value if v.name == name and v.since <= on), key=lambda v: v.since)


def silent(rules: Rules, clause: str) -> bool:
    """Whether the text says nothing of it, so that it is this project's choice (RULES section 2)."""
    return clause.startswith(("silent", f"{rules.short} silent"))
