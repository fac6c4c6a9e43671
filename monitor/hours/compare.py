"""Whether an answer that the service gave says what a recount says (WIRE sections 3 and 4).

In: the object of a recount, and an answer of the attendance or the person door, as JSON. Out: the members in
which they differ, by name. Never: a member that a recount can't know (position, head, version, names, stays,
events), an answer of another shape.
"""

from __future__ import annotations

from typing import Any, Final

_HEAD: Final = ("as_of", "cohort", "policy")
_CLASS: Final = (*_HEAD, "planned", "rate", "findings")


class NoAnswer(ValueError):
    """What was given is no answer of the attendance or the person door; the sentence says why."""


def instant_of(answer: Any) -> str:
    """The instant that an answer is for, as text; NoAnswer where it is none."""
    if not isinstance(answer, dict) or not isinstance(answer.get("as_of"), str):
        raise NoAnswer("is no answer of /attendance or /people/ID as JSON: it has no as_of")
    return str(answer["as_of"])


def differences(recounted: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    """The members in which an answer differs from a recount of the same instant, as in `people t01: rate`."""
    instant_of(answer)
    if isinstance(answer.get("people"), list):
        found = _members(recounted, answer, _CLASS, "")
        return found + _people(recounted["people"], answer["people"])
    if isinstance(answer.get("id"), str) and "periods" in answer:
        return _members(recounted, answer, _HEAD, "") + _person(recounted, answer)
    raise NoAnswer("is no answer of /attendance or /people/ID: it has neither people nor periods")


def _members(recounted: dict[str, Any], answer: dict[str, Any], names: Any, before: str) -> list[str]:
    return [f"{before}{name}" for name in names if recounted.get(name) != answer.get(name)]


def _people(recounted: list[dict[str, Any]], told: list[Any]) -> list[str]:
    """Everybody's totals, in their order; names are the service's own."""
    if [one["id"] for one in recounted] != [one.get("id") for one in told if isinstance(one, dict)]:
        return ["people: others, or in another order"]
    found: list[str] = []
    for one, other in zip(recounted, told, strict=True):
        found += _members(one, other, [name for name in one if name != "periods"], f"people {one['id']}: ")
    return found


def _person(recounted: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    """One trainee's totals, periods and findings."""
    who = answer["id"]
    one = next((one for one in recounted["people"] if one["id"] == who), None)
    if one is None:
        return [f"people {who}: a recount has trainees only"]
    findings = [finding for finding in recounted["findings"] if finding.get("person") == who]
    return _members({**one, "findings": findings}, answer, [*one, "findings"], f"people {who}: ")
