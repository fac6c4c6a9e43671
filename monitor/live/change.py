"""What changed between two states of a cohort, as one message that makes the one into the other.

In: two states (dictionaries ready for JSON), or two changes. Out: the parts of a change message, empty where
nothing changed. Never: knows what a row means, sends anything. Pure.

    state    {"as_of": ..., "rate": ..., "people": [{"id": "t01", ...}, ...], "findings": [...], ...}
    change   {"values": {"as_of": ..., "rate": ...}, "gone": ["demo"],
              "rows": {"people": {"t01": {...}}},          the row of that id is now this
              "lists": {"findings": [3, 1, [{...}]]}}      at 3, one entry makes way for these

To apply it: set the values, drop what is gone, put each row in the place of the row with its id, then cut
each list at its place. A list of rows with ids comes as `rows` while ids and order stay, else as `lists`.
"""

from __future__ import annotations

from typing import Any

State = dict[str, Any]
Change = dict[str, Any]


def difference(old: State, new: State) -> Change:
    """The change from `old` to `new`; {} when they are equal."""
    values: dict[str, Any] = {}
    rows: dict[str, dict[str, Any]] = {}
    lists: dict[str, list[Any]] = {}
    for key, value in new.items():
        before = old.get(key)
        if value == before and key in old:
            continue
        if not isinstance(value, list) or not isinstance(before, list):
            values[key] = value
            continue
        changed = _changed_rows(before, value)
        if changed is None:
            lists[key] = cut(before, value)
        else:
            rows[key] = changed
    gone = sorted(old.keys() - new.keys())
    parts = {"values": values, "gone": gone, "rows": rows, "lists": lists}
    return {name: part for name, part in parts.items() if part}


def together(first: Change, then: Change) -> Change | None:
    """One change that does what both do, one after the other; None where no one message can say it.

    Of a list that was cut before, neither rows nor another cut can be told in the same message.
    """
    rows, lists = first.get("rows", {}), first.get("lists", {})
    anew = then.get("values", {}).keys() | set(then.get("gone", ()))
    rows = {key: part for key, part in rows.items() if key not in anew}
    lists = {key: part for key, part in lists.items() if key not in anew}
    if lists.keys() & (then.get("rows", {}).keys() | then.get("lists", {}).keys()):
        return None
    gone = set(first.get("gone", ())) - then.get("values", {}).keys()
    parts = {
        "values": {**first.get("values", {}), **then.get("values", {})},
        "gone": sorted(gone | set(then.get("gone", ()))),
        "rows": rows | {key: {**rows.get(key, {}), **part} for key, part in then.get("rows", {}).items()},
        "lists": {**lists, **then.get("lists", {})},
    }
    return {name: part for name, part in parts.items() if part}


def _changed_rows(old: list[Any], new: list[Any]) -> dict[str, Any] | None:
    """The rows that differ, by id; None unless both lists hold the same ids in the same order."""
    if len(old) != len(new):
        return None
    changed: dict[str, Any] = {}
    for before, after in zip(old, new, strict=True):
        if not isinstance(after, dict) or "id" not in after or before.get("id") != after["id"]:
            return None
        if before != after:
            changed[after["id"]] = after
    return changed


def cut(old: list[Any], new: list[Any]) -> list[Any]:
    """[where, how many go, what comes]: what lies between the common beginning and the common end."""
    most = min(len(old), len(new))
    start = 0
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return [start, len(old) - start - end, new[start : len(new) - end]]
