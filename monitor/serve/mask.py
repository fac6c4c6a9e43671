"""What center and auditor see of a person unless they ask in full: 张*, and nothing written about them.

In: a name, or a cohort file's content. Out: the same with names masked. Never: changes what it was given.
"""

from __future__ import annotations

from typing import Any, Final

_DROPPED: Final = ("note", "certificate", "accounts")
"""Of a person in a cohort file: words about them, papers, and ids by which another system knows them."""


def masked(name: str | None) -> str | None:
    """The first character and one star, however long the name: 张三 and 张小三 are both 张*."""
    if not name:
        return name
    return f"{name[0]}*"


def masked_file(content: dict[str, Any]) -> dict[str, Any]:
    """A cohort file's content with its people masked."""
    people = [
        {key: value for key, value in person.items() if key not in _DROPPED}
        | ({"name": masked(person["name"])} if person.get("name") else {})
        for person in content.get("people") or []
    ]
    return {**content, "people": people}
