"""Takes a cohort out of the log, as files that `monitor recount` reads and counts the same.

In: an open `Ledger`, a cohort's id. Out: its file as it holds, and its events one a line with `receivedtime`;
of the other events in the same deliveries a hash each. Never: changes the log, lets out an event that can't
count for this cohort (it may be another organiser's).
"""

import hashlib
from collections.abc import Callable, Iterator

import msgspec

from monitor.contents import write
from monitor.event import OURS, Event
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.ingest.sources import events
from monitor.store.entry import Entry
from monitor.store.ledger import Ledger

_CHUNK = 500


def cohort_file(ledger: Ledger, cohort: str, until: int) -> bytes | None:
    """The file of a cohort as it holds at position `until`; None where there is no such cohort."""
    found = None
    for entry in _read(ledger, {"cohort"}, {"staff"}, until):
        if entry.headers.get("cohort") == cohort:
            found = entry.body
    return found


def event_lines(
    ledger: Ledger,
    file: bytes,
    until: int,
    progress: Callable[[int, int], None] | None = None,
    others: Callable[[bytes], object] | None = None,
) -> Iterator[bytes]:
    """The events that can count for the cohort of a file, in the order in which they came.

    `others` is handed a line for each event that came in a delivery with one of those and is none of them:
    the delivery's position, and the SHA-256 of the event as it stands in its body.
    """
    fold = Fold(open_cohort(file))
    for entry in _read(ledger, {"delivery"}, {*fold.plan.sources, *OURS}, until, progress):
        found = events(entry)
        ours = [event for event in found if fold.touches(event)]
        for event in ours:
            yield write(event) + b"\n"
        if others is not None and 0 < len(ours) < len(found):
            for event in found:
                if not fold.touches(event):
                    others(_hashed(entry, event))


def _hashed(entry: Entry, event: Event) -> bytes:
    line = {"position": str(entry.position), "hash": hashlib.sha256(event.raw).hexdigest()}
    return msgspec.json.encode(line) + b"\n"


def _read(
    ledger: Ledger,
    kinds: set[str],
    sources: set[str],
    until: int,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Entry]:
    after = 0
    while entries := ledger.read(after, until, kinds, sources, _CHUNK):
        yield from entries
        after = entries[-1].position
        if progress is not None:
            progress(after, until)
