"""Walks the chain of a log from the first entry to the last and names the first link that doesn't hold.

In: an open `Ledger`. Out: how far it holds, and what breaks it. Never: mends anything, looks at what the
entries say. A log that was cut at its end still holds: that is seen only by a head that was given out before.
"""

from collections.abc import Callable

import msgspec

from monitor.store import chain
from monitor.store.ledger import Ledger, unpack

_CHUNK = 1_000
_BEFORE_ALL = -(2**63)
_headers = msgspec.json.Decoder(dict[str, str]).decode


class Broken(msgspec.Struct, frozen=True):
    """The first link that doesn't hold: at which position, and what is wrong there."""

    position: int
    problem: str


class Verified(msgspec.Struct, frozen=True):
    """What the walk found: how many `entries` hold, the link of the last, and what broke it, if anything."""

    entries: int
    head: str
    broken: Broken | None = None


def verify(ledger: Ledger, progress: Callable[[int, int], None] | None = None) -> Verified:
    """Every entry and every body, from the first; `progress` is told how many of how many are done."""
    last, _ = ledger.head()
    position, link = 0, chain.ORIGIN
    after = _BEFORE_ALL
    while True:
        for row in ledger.rows(after, _CHUNK):
            problem, here = _check(row, position, link)
            if problem:
                return Verified(position, link.hex(), Broken(min(position + 1, row[0]), problem))
            position, link = row[0], here
        if position in (after, 0):
            break
        after = position
        if progress is not None:
            progress(position, max(last, position))
    stray = ledger.stray_body()
    if stray is not None:
        return Verified(position, link.hex(), Broken(stray, "a body without an entry"))
    return Verified(position, link.hex())


def _check(row: tuple[object, ...], before: int, link: bytes) -> tuple[str | None, bytes]:
    """What is wrong with a stored row that follows position `before`, and its link."""
    position, kind, source, at, headers, body_hash, decoder, stored_link, encoding, stored = row
    if position != before + 1:
        return f"position {before + 1} is missing: entry {position} follows {before}", link
    try:
        assert isinstance(headers, str)
        fields = chain.canonical(position, kind, source, at, _headers(headers), body_hash, decoder)  # type: ignore[arg-type]
    except (ValueError, TypeError, AttributeError, AssertionError):
        return "the entry can't be read: a column holds what was never written there", link
    here = chain.link(link, fields)
    if here != stored_link:
        return "the entry was altered, moved or inserted: its link doesn't follow from the one before", link
    try:
        body = unpack(encoding, stored)  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        return f"{error}", link
    if chain.body_hash(body) != body_hash:
        return "the body was altered: it doesn't have the hash that the entry commits to", link
    return None, here
