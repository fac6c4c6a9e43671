"""An erasure: which body goes, and the hashes of it and of what stands in its place. Pure.

In: a position and two bodies. Out: the body of the entry that says so, and the same from it. Never: what was
erased. Who wanted it, and why, are in the headers of the entry.
"""

from typing import Final

import msgspec

from monitor.store import chain
from monitor.store.entry import Entry

ERASURE: Final = "erasure"
"""The kind of entry that says a body is gone."""


class Erased(msgspec.Struct, frozen=True):
    """What an erasure entry says: hashes in hex, of the body as it was signed and of what replaced it."""

    position: int
    body: str
    replacement: str


_read = msgspec.json.Decoder(Erased).decode


def erased(body: bytes) -> Erased:
    """What the body of an erasure entry says; ValueError where it is none."""
    return _read(body)


def body(entry: Entry, replacement: bytes) -> bytes:
    """The body of the entry that says a body goes and what replaces it (nothing: no bytes)."""
    return msgspec.json.encode(
        Erased(
            entry.position,
            entry.erased or chain.body_hash(entry.body).hex(),
            chain.body_hash(replacement).hex(),
        )
    )
