"""A column of a workbook: how it is headed, what it holds; and which one a heading means.

One table for both directions: the readers find columns by these words, the templates are written from them.
The tables themselves are `people_columns`, `plan_columns` and `class_columns`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from monitor.workbook.values import squeezed

_HINTS: Final = re.compile(r"[(\[【<][^)\]】>]*[)\]】>]")
_MARKS: Final = "*:。.、"


@dataclass(frozen=True, slots=True)
class Column:
    """A column, or a line of the class sheet. `words`: other headings read as the same."""

    key: str
    header: str
    words: tuple[str, ...] = ()
    zh: str = ""
    en: str = ""
    example: str = ""
    width: float = 12
    required: bool = False
    ours: bool = False
    text: bool = False
    printed: bool = True
    choices: tuple[str, ...] = ()
    form: str = ""


@cache
def _by_word(columns: tuple[Column, ...]) -> dict[str, Column]:
    return {squeezed(word): column for column in columns for word in (column.header, *column.words)}


def spot(columns: tuple[Column, ...], heading: str) -> Column | None:
    """The column that a heading means; blanks, brackets, stars and colons in it don't matter."""
    words = _by_word(columns)
    plain = squeezed(heading)
    bare = _HINTS.sub("", plain)
    tries = [plain, bare, *bare.split("/")] if bare else [plain]
    for form in tries:
        if found := words.get(form) or words.get(form.strip(_MARKS)):
            return found
    if "证书" in plain and plain.endswith(("编号", "号", "号码")):
        return next((column for column in columns if column.key == "certificate"), None)
    return None


def words_to_keys(words: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Every word, and the key itself, to the key."""
    return {squeezed(word): key for key, some in words.items() for word in (key, *some)}


def first_words(words: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The word of each key that is offered."""
    return tuple(some[0] for some in words.values())
