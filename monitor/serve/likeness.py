"""Whose name is like what a platform called an account: a suggestion for a person to judge, never a match.

In: texts of the platform, the people of a cohort. Out: at most five, those without an account first. Never: a
binding; anything that counts (RULES section 3: names never match anybody).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

from monitor.cohort import Person

MOST: Final = 5
_HOW: Final = ("same", "contains", "close")
_ENOUGH: Final = 0.85  # of a name in Latin letters, how much has to be alike
_WHY: Final = {
    "same": ("平台显示的“{text}”与姓名相同", 'the platform shows "{text}", which is the name'),
    "contains": ("平台显示的“{text}”里有姓名", 'the platform shows "{text}", which has the name in it'),
    "close": ("平台显示的“{text}”与姓名相近", 'the platform shows "{text}", which is close to the name'),
}


def suggestions(texts: Sequence[str], people: Iterable[Person], source: str) -> list[dict[str, Any]]:
    """Who may be meant by one of the texts, best first: who holds nothing on the source, then how alike."""
    found = []
    for person in people:
        alike = [(_HOW.index(how), text) for text in texts if (how := likeness(text, person.name or ""))]
        if alike:
            rank, text = min(alike)
            zh, en = _WHY[_HOW[rank]]
            shown = {
                "person": person.id,
                "name": person.name,
                "unbound": unbound(person, source),
                "how": _HOW[rank],
                "why": {"zh": zh.format(text=text), "en": en.format(text=text)},
            }
            found.append(((not shown["unbound"], person.role != "trainee", rank, person.id), shown))
    return [shown for _, shown in sorted(found, key=lambda one: one[0])[:MOST]]


def unbound(person: Person, source: str) -> bool:
    """Whether no account of this person's is one on that source, or on any."""
    return not any("/" not in account or account.startswith(f"{source}/") for account in person.accounts)


def likeness(text: str, name: str) -> str | None:
    """How a text is like a name: `same`, `contains`, `close`; None where it is not."""
    said, called = _plain(text), _plain(name)
    if len(called) < 2 or len(said) < 2:
        return None
    if said == called:
        return "same"
    if called in said:
        return "contains"
    if not any(_chinese(letter) for letter in called):
        return "close" if SequenceMatcher(None, said, called).ratio() >= _ENOUGH else None
    said = "".join(letter for letter in said if _chinese(letter))
    if len(called) > 2 and len(said) >= 2 and called.endswith(said):
        return "close"  # the given name without the family name
    one_off = sum(a != b for a, b in zip(said, called, strict=False)) == 1
    return "close" if len(called) > 2 and len(said) == len(called) and one_off else None


def _plain(text: str) -> str:
    """Letters and digits alone, in one width and one case."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def _chinese(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("CJK UNIFIED")
