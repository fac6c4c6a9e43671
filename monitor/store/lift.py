r"""Takes random ids out of text, so that what is left packs well; and puts them back, byte for byte. Pure.

In: bytes, or what `lift` made of them. Out: the same bytes. Never: a loss; text that can't be put back as it
was stays as it is. A UUID is 36 characters that hold 16 bytes, or 10 behind a time that others share (v7).

    {"id":"9f0c...","source"...   ─▶   {"id":\0,"source"...   and 16 bytes
"""

import re
from typing import Final

MARK: Final = b"\0"
_HEX: Final = rb"[0-9a-f]"
_ANY: Final = rb"(%b{8}-%b{4}-%b{4}-%b{4}-%b{12})" % ((_HEX,) * 5)
_TIMED: Final = rb"%b{8}-%b{4})(-7%b{3}-%b{4}-%b{12})" % ((_HEX,) * 5)
_FORMS: Final = (
    ("", re.compile(rb"()" + _ANY), "00000000-0000-0000-0000-000000000000"),
    ("", re.compile(rb"(" + _TIMED), "-0000-0000-000000000000"),
    ('"id":"', re.compile(rb'("id":")' + _ANY), "00000000-0000-0000-0000-000000000000"),
    ('"id":"', re.compile(rb'("id":"' + _TIMED), "-0000-0000-000000000000"),
    ('"id": "', re.compile(rb'("id": ")' + _ANY), "00000000-0000-0000-0000-000000000000"),
    ('"id": "', re.compile(rb'("id": "' + _TIMED), "-0000-0000-000000000000"),
)
NOTHING: Final = -1
"""The form of text that nothing was taken out of."""


def lift(text: bytes) -> tuple[int, bytes, bytes]:
    """The form of the ids, the text with marks in their place, and the ids' own bytes."""
    form = _form(text)
    if form == NOTHING:
        return NOTHING, text, b""
    parts = _FORMS[form][1].split(text)
    found = parts[2::3]
    parts[2::3] = [MARK] * len(found)
    return form, b"".join(parts), bytes.fromhex(b"".join(found).replace(b"-", b"").decode())


def lower(form: int, text: bytes, lifted: bytes) -> bytes:
    """What `lift` was given; ValueError where these never came from it."""
    if form == NOTHING:
        return text
    if not 0 <= form < len(_FORMS):
        raise ValueError(f"ids of a form this version doesn't know: {form}")
    parts = text.split(MARK)
    ids = _written(_FORMS[form][2], lifted)
    if len(ids) != len(parts) - 1:
        raise ValueError("there are not as many ids as places for them")
    whole: list[bytes] = [b""] * (2 * len(ids) + 1)
    whole[0::2] = parts
    whole[1::2] = ids
    return b"".join(whole)


def _form(text: bytes) -> int:
    """How the ids of a text are written, judged by the first; NOTHING where they would not come back."""
    if MARK in text:
        return NOTHING
    for form in (2, 4) if text[:1] in (b"{", b"[") else (0,):
        sample = text.find(_FORMS[form][0].encode()) if form else 0
        found = _FORMS[form][1].search(text, sample, sample + 100) if sample >= 0 else None
        if found is not None:
            return form + (found[2][14:15] == b"7")
    return NOTHING


def _written(pattern: str, lifted: bytes) -> list[bytes]:
    """The ids as text, all at once: column by column, for a loop over ids takes ten times as long."""
    digits = [place for place, sign in enumerate(pattern) if sign == "0"]
    count, rest = divmod(len(lifted) * 2, len(digits))
    if rest:
        raise ValueError("the bytes of the ids are not whole")
    width = len(pattern) + 1
    rows = bytearray((pattern + "\n").encode() * count)
    text = lifted.hex().encode()
    for n, place in enumerate(digits):
        rows[place::width] = text[n :: len(digits)]
    return bytes(rows).split(b"\n")[:count]
