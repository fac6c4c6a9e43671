"""Prints of beats: the same for the same words in whatever company, another for other words."""

from typing import Any

import pytest

from monitor.beats import Taken, heads, plain, prints
from monitor.event import Event, decode
from monitor.ingest import native
from monitor.ingest.refusals import Refused
from tests.ingest.signing import NOW, batch, event

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


ODD: list[dict[str, Any]] = [
    {},
    {"datacontenttype": "application/json"},
    {"data": {**BEAT, "cohort": "k1"}},
    {"data": {**BEAT, "cohort": "k1", "more": 1}},
    {"data": {**BEAT, "person": "t01"}},
    {"data": {**BEAT, "camera": "sideways"}},
    {"data": {"account": "u-1"}},
    {"type": "camera.on"},
    {"type": "camera.unheard-of"},
    {"source": "other"},
    {"id": ""},
    {"time": "2999-05-11T08:30:30.000+08:00"},
    {"time": "yesterday"},
    {"specversion": "0.3"},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_event_alone_is_taken_as_among_others_and_as_read_by_itself(odd: dict[str, Any]) -> None:
    one = {**event("a", "camera.heartbeat", data=BEAT), **odd}
    usual = event("b", "camera.heartbeat", data={**BEAT, "connection": "c-2"})
    alone = native.take(batch(one)[1:-1], "main", NOW, False)
    found = native.decode(batch(one)[1:-1], "main", NOW, False)
    by_itself = Taken.of(one for one in found if isinstance(one, Event))
    among, refused = native.take(batch(one, usual), "main", NOW, False)
    assert [one for one in found if isinstance(one, Refused)] == alone[1] == refused
    for taken in (by_itself, among):
        told = [(rows(taken, name), [e.raw for e in taken.events]) for name in (None, "k1")]
        assert told == [(rows(alone[0], name), [e.raw for e in alone[0].events]) for name in (None, "k1")]
    assert by_itself.ids == alone[0].ids == [name for name in among.ids if name != "b"]


def rows(taken: Taken, cohort: str | None) -> set[tuple[int, ...]]:
    """The beats for a cohort but for the usual one: what is said, when, under which id."""
    found = taken.beats(cohort)
    if found is None:
        return set()
    every = set(zip(found.numbers, found.at, found.ids, found.prints, strict=True))
    return {row for row in every if row[2] != hash("b")}


def test_a_delivery_of_many_cohorts_is_parted_by_cohort() -> None:
    items = [event(str(n), "camera.heartbeat", data={**BEAT, "cohort": f"k{n % 3}"}) for n in range(7)]
    taken = Taken.of(decode(batch(item)[1:-1]) for item in items)
    assert taken.cohorts() == {"k0", "k1", "k2"}
    assert [len(taken.beats(f"k{n}") or ()) for n in range(4)] == [3, 2, 2, 0]
    assert taken.only({None}).cohorts() == set()
