"""JSON that every reader can read: valid, not nested too deeply, no number beyond a double.

In: the bytes of one JSON value. Out: the value, or `Illegible` with the member and what is wrong with it.
Never: depends on how deep the stack is or how this Python was set up. What one reader takes, another refuses
and a third reads differently can't be counted the same everywhere, so it is not taken at all.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

DEEPEST: Final = 64
"""How deep objects and lists may be nested: the value itself is 1, what stands in it 2, and so on."""

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)
"""What msgspec raises for bytes that it can't read as a type."""

_decode = msgspec.json.Decoder().decode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_LONG: Final = re.compile(rb"\d{309}")  # a double has at most 309 digits before the point
_AS_LISTS: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(sign for sign in range(256) if sign not in b"{}[]")


class Illegible(ValueError):
    """JSON that not every reader can read: which member (`data.n`, or empty), and what is wrong with it."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}" if where else problem)
        self.where = where
        self.problem = problem


def read(raw: bytes) -> Any:
    """The value, or Illegible."""
    check_nesting(raw)
    try:
        found = _decode(raw)
    except msgspec.ValidationError:
        raise Illegible(_where(raw), _TOO_LARGE) from None
    except UnicodeDecodeError:
        raise Illegible(_where(raw), "not UTF-8") from None
    except UNREADABLE as problem:
        raise Illegible("", f"not JSON ({problem})") from None
    if len(raw) > 309 and _LONG.search(raw) and _too_large(found):
        raise Illegible(_where(raw), _TOO_LARGE)
    return found


def check_nesting(raw: bytes) -> None:
    """Illegible where JSON is nested deeper than DEEPEST: its brackets alone tell, whatever else is in it."""
    if raw.count(b"[") + raw.count(b"{") <= DEEPEST:
        return
    brackets = _STRING.sub(b"", raw).translate(_AS_LISTS, _NO_BRACKETS)
    for _ in range(DEEPEST):
        brackets, before = brackets.replace(b"[]", b""), brackets  # the innermost of them all
        if len(brackets) == len(before):
            break
    if b"[" in brackets:
        raise Illegible("", f"nested too deeply: more than {DEEPEST} objects and lists in one another")


_TOO_LARGE: Final = "a number beyond 1.8e308, the largest that JSON readers share"


def _too_large(value: Any) -> bool:
    """Whether there is an integer in it that is beyond a double."""
    if isinstance(value, dict):
        return any(_too_large(item) for item in value.values())
    if isinstance(value, list):
        return any(_too_large(item) for item in value)
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            float(value)
        except OverflowError:
            return True
    return False


def _where(raw: bytes) -> str:
    """The member of an object (of an event, or of its data) that can't be read; empty where it isn't one."""
    names: list[str] = []
    while len(names) < 2:
        try:
            members = _members(raw)
        except UNREADABLE:
            break
        name = next((name for name, value in members.items() if not _reads(bytes(value))), None)
        if name is None:
            break
        names.append(name if len(name) <= 60 else f"{name[:57]}...")
        raw = bytes(members[name])
    return ".".join(names)


def _reads(raw: bytes) -> bool:
    try:
        return not _too_large(_decode(raw))
    except UNREADABLE:
        return False


_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)


def items(body: bytes) -> list[bytes]:
    """The items of a JSON array of objects of which some can't be read: they alone are to be refused.

    Only brackets and strings are looked at. Empty where the brackets don't close or an item is no object.
    """
    found: list[bytes] = []
    depth, start = 0, 0
    text = body.strip(b" \t\r\n")
    for token in _TOKEN.finditer(text):
        sign = token.group()
        if sign in b"[{":
            depth += 1
            start = token.end() if depth == 1 else start
        elif sign in b"]}" or (sign == b"," and depth == 1):
            depth -= sign != b","
            if depth == 0 or sign == b",":
                found.append(text[start : token.start()].strip(b" \t\r\n"))
                start = token.end()
            if depth == 0:
                whole = text.startswith(b"[") and token.end() == len(text)
                return found if whole and all(i[:1] + i[-1:] == b"{}" for i in found) else []
    return []
