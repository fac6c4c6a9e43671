"""Walks the chain of a log from the first entry to the last and names the first link that doesn't hold.

In: an open `Ledger`; heads that were given out before. Out: how far the chain holds, what breaks it, which
bodies were erased, which heads it doesn't pass through. Never: mends anything, looks at what deliveries say.
A log that was cut at its end, or built anew, still holds in itself: only the heads tell.
"""

from collections.abc import Callable, Generator, Iterable

import msgspec

from monitor.store import chain
from monitor.store.block import Blobs, Kept, stored
from monitor.store.erasure import ERASURE, Erased, erased
from monitor.store.ledger import Ledger

_BEFORE_ALL = -(2**63)


class Broken(msgspec.Struct, frozen=True):
    """The first link that doesn't hold: at which position, and what is wrong there."""

    position: int
    problem: str


class Head(msgspec.Struct, frozen=True, order=True):
    """Where the chain stood once, as an answer gave it out: `hash` in hex."""

    position: int
    hash: str


class Missed(msgspec.Struct, frozen=True):
    """A head that the chain doesn't pass through."""

    head: Head
    problem: str


class Verified(msgspec.Struct, frozen=True):
    """What the walk found: how many `entries` hold, the link of the last, and what broke it, if anything.

    `erased`: positions whose body was erased, as a later entry says. `missed`: heads it doesn't pass through.
    """

    entries: int
    head: str
    broken: Broken | None = None
    erased: tuple[int, ...] = ()
    missed: tuple[Missed, ...] = ()


class _Walk:
    """How far the chain was walked, and what was met on the way."""

    def __init__(self, heads: Iterable[Head]) -> None:
        self.position, self.link = 0, chain.ORIGIN
        self.wanted: dict[int, list[Head]] = {}
        for head in sorted(set(heads)):
            self.wanted.setdefault(head.position, []).append(head)
        self.missed: list[Missed] = []
        self.gone: dict[int, tuple[bytes, bytes]] = {}
        self.told: dict[int, Erased] = {}
        self._meet()

    def step(self, link: bytes) -> None:
        """One entry further."""
        self.position, self.link = self.position + 1, link
        self._meet()

    def _meet(self) -> None:
        if self.position in self.wanted:
            for head in self.wanted.pop(self.position):
                if head.hash.lower() != self.link.hex():
                    problem = "another entry stands there now: the chain was built anew, or altered before"
                    self.missed.append(Missed(head, problem))

    def end(self, broken: Broken | None) -> Verified:
        """What was found."""
        if broken is None:
            broken = self._unsaid()
        beyond = (
            "is behind the break" if broken else "the chain ends before it: it was cut, or is an older copy"
        )
        self.missed += [Missed(head, beyond) for heads in self.wanted.values() for head in heads]
        return Verified(self.position, self.link.hex(), broken, tuple(sorted(self.gone)), tuple(self.missed))

    def _unsaid(self) -> Broken | None:
        """The first body that is not the signed one without an entry that says so."""
        for position, (body, now) in sorted(self.gone.items()):
            said = self.told.get(position)
            if said is None or said.body != body.hex():
                return Broken(position, "the body is gone, and no erasure entry says so")
            if said.replacement != now.hex():
                return Broken(position, "what stands for the erased body is not what its erasure entry says")
        return None


def verify(
    ledger: Ledger,
    progress: Callable[[int, int], None] | None = None,
    heads: Iterable[Head] = (),
) -> Verified:
    """Every entry and every body, from the first; `progress` is told how many of how many are done.

    `heads`: those seen earlier; the chain must pass through each.
    """
    steps = walked(ledger, progress, heads)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Verified = end.value
            return found


def walked(
    ledger: Ledger,
    progress: Callable[[int, int], None] | None = None,
    heads: Iterable[Head] = (),
) -> Generator[list[tuple[Kept, bytes]], None, Verified]:
    """The same, handing out on the way the entries of each block whose links hold, each with its link.

    What is wrong with the body of an erased one is known only at the end.
    """
    walk = _Walk(heads)
    last, _ = ledger.head()
    for block in ledger.blocks(_BEFORE_ALL):
        rows: list[tuple[Kept, bytes]] = []
        broken = _check(ledger, block, walk, rows)
        if broken is not None:
            return walk.end(broken)
        yield rows
        if progress is not None:
            progress(walk.position, max(last, walk.position))
    stray = ledger.stray_source()
    if stray is None:
        return walk.end(None)
    problem = (
        f"the chain ends before it, but the list of sources names a block at position {stray} that isn't "
        "there: the last entries were deleted, or that list was altered"
    )
    return walk.end(Broken(walk.position + 1, problem))


def _check(
    ledger: Ledger, block: tuple[object, ...], walk: _Walk, good: list[tuple[Kept, bytes]]
) -> Broken | None:
    """What is wrong with a stored block that follows where the walk stands; the walk goes on to its end.

    `good` is given the entries that hold, each with its link.
    """
    first, count, form, before, link, head, bodies, closed = block
    assert isinstance(first, int)  # the key of its table
    due = walk.position + 1
    if first != due:
        return Broken(min(due, first), f"position {due} is missing: entry {first} follows {walk.position}")
    if before != walk.link:
        return Broken(first, "what it says stands before it does not: it was altered, moved or inserted")
    sources = set()
    try:
        rows, checks = stored(first, Blobs(head, bodies), form)  # type: ignore[arg-type]
        for row, check in zip(rows, checks, strict=True):
            here = row.next_link(walk.link)
            if not here.startswith(check):
                return Broken(
                    row.position,
                    "the entry or its body was altered, moved or inserted: its link doesn't follow from the "
                    "one before",
                )
            if row.position == first + len(rows) - 1 and here != link:
                return Broken(row.position, "the link was altered: it doesn't follow from the one before")
            sources.add(row.source)
            if row.erased is not None:
                walk.gone[row.position] = (row.erased, chain.body_hash(row.body))
            if row.kind == ERASURE:
                said = erased(row.body)
                walk.told[said.position] = said
            walk.step(here)
            good.append((row, here))
    except (ValueError, TypeError, AttributeError) as error:
        return Broken(walk.position + 1, f"the entry can't be read: {error}")
    if len(rows) != count:
        return Broken(walk.position + 1, f"a block says that it has {count} entries, and has {len(rows)}")
    if closed and sources != set(ledger.sources_of(first)):
        return Broken(first, "it is not found under the sources that its entries have")
    return None
