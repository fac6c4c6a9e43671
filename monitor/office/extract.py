"""Takes a cohort out of the log, as files that `monitor recount` reads and counts the same.

In: an open `Ledger`, a cohort's id. Out: its file as it holds, and its events one a line with `receivedtime`;
of the other events in the same deliveries a hash each. Never: changes the log, lets out an event that can't
count for this cohort (it may be another organiser's), or the last line from a log whose chain doesn't hold.
"""

import hashlib
from collections.abc import Callable, Iterator

import msgspec

from monitor.contents import write
from monitor.event import OURS, Event
from monitor.hours.fold import Fold
from monitor.hours.plan import CohortFileError, open_cohort
from monitor.ingest.sources import events
from monitor.store.entry import Entry
from monitor.store.ledger import Ledger, entry
from monitor.store.verify import Broken, Head, walked

_CHUNK = 500


class DoesNotHold(Exception):
    """The chain doesn't hold: nothing that was taken out of this log may be believed."""

    def __init__(self, broken: Broken) -> None:
        super().__init__(broken.problem)
        self.broken = broken


def cohort_file(ledger: Ledger, cohort: str, until: int) -> bytes | None:
    """The file of a cohort as it holds at position `until`; None where there is no such cohort."""
    found = None
    for one in _read(ledger, {"cohort"}, {"staff"}, until):
        if one.headers.get("cohort") == cohort:
            found = one.body
    return found


def event_lines(
    ledger: Ledger,
    file: bytes,
    until: int,
    progress: Callable[[int, int], None] | None = None,
    others: Callable[[bytes], object] | None = None,
    *,
    head: str | None = None,
) -> Iterator[bytes]:
    """The events that can count for the cohort of a file, in the order in which they came.

    The chain is checked as it is read, every body and every link; DoesNotHold in the end or before, at the
    first that doesn't hold, or where it doesn't pass through `head` (hex) at `until`.
    `others` is handed a line for each event that came in a delivery with one of those and is none of them:
    the delivery's position, and the SHA-256 of the event as it stands in its body.
    """
    try:
        fold = Fold(open_cohort(file))
    except CohortFileError:  # it was taken on once
        must_hold(ledger)
        raise
    heads = [] if head is None else [Head(until, head)]
    for one in _held(ledger, {*fold.plan.sources, *OURS}, until, progress, heads):
        found = events(one)
        ours = [event for event in found if fold.touches(event)]
        for event in ours:
            yield write(event) + b"\n"
        if others is not None and 0 < len(ours) < len(found):
            for event in found:
                if not fold.touches(event):
                    others(_hashed(one, event))


def _hashed(entry: Entry, event: Event) -> bytes:
    line = {"position": str(entry.position), "hash": hashlib.sha256(event.raw).hexdigest()}
    return msgspec.json.encode(line) + b"\n"


def must_hold(ledger: Ledger) -> None:
    """DoesNotHold, where the chain doesn't."""
    for _ in _held(ledger, set(), 0, None, []):
        pass


def _held(
    ledger: Ledger,
    sources: set[str],
    until: int,
    progress: Callable[[int, int], None] | None,
    heads: list[Head],
) -> Iterator[Entry]:
    """The deliveries of these sources up to and with `until`; then DoesNotHold, where the chain doesn't.

    It is walked to its end: what erased a body by then is said by an entry behind it.
    """
    steps = walked(ledger, progress, heads)
    while True:
        try:
            rows = next(steps)
        except StopIteration as end:
            found = end.value
            break
        for row, link in rows:
            if row.position <= until and row.kind == "delivery" and row.source in sources:
                yield entry(row._replace(link=link))
    if found.broken is not None:
        raise DoesNotHold(found.broken)
    if found.missed:
        missed = found.missed[0]
        raise DoesNotHold(Broken(missed.head.position, missed.problem))


def _read(ledger: Ledger, kinds: set[str], sources: set[str], until: int) -> Iterator[Entry]:
    after = 0
    while entries := ledger.read(after, until, kinds, sources, _CHUNK):
        yield from entries
        after = entries[-1].position
