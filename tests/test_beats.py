"""Prints of beats: the same for the same words in whatever company, another for other words."""

from monitor.beats import Taken, heads, plain, prints
from monitor.event import decode
from tests.ingest.signing import batch, event

BEAT = {"account": "u-1", "room": "r1", "connection": "c-1", "camera": "on"}


def test_a_beat_has_one_print_whoever_it_comes_with() -> None:
    """Alone, among beats that state their content type, or read event by event."""
    one = event("a", "camera.heartbeat", data=BEAT)
    other = {**event("b", "camera.heartbeat", data=BEAT), "datacontenttype": "application/json"}
    found = heads(batch(one, other))
    assert found is not None
    together = prints(found, [bytes(head.data) for head in found])
    rows = [plain(decode(batch(item)[1:-1])) for item in (one, other)]
    assert together == [row.print for row in rows if row is not None]
    assert together[0] != together[1]


def test_a_delivery_of_many_cohorts_is_parted_by_cohort() -> None:
    items = [event(str(n), "camera.heartbeat", data={**BEAT, "cohort": f"k{n % 3}"}) for n in range(7)]
    taken = Taken.of(decode(batch(item)[1:-1]) for item in items)
    assert taken.cohorts() == {"k0", "k1", "k2"}
    assert [len(taken.beats(f"k{n}") or ()) for n in range(4)] == [3, 2, 2, 0]
    assert taken.unnamed().cohorts() == set()
