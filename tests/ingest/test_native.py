"""The native source: what a platform may say, and that nothing it says makes us stumble."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.beats import of_number
from monitor.event import BadEvent, Event
from monitor.ingest.native import decode, decode_ours, ids, take
from monitor.ingest.refusals import EVENT, Refused
from tests.ingest.signing import NOW, batch, event


def reasons(*events: Any, may_sign_in: bool = False, now: int = NOW) -> list[str | None]:
    found = decode(batch(*events), "main", now, may_sign_in)
    return [item.reason if isinstance(item, Refused) else None for item in found]


def test_a_beat_is_taken_with_its_arrival() -> None:
    (taken,) = decode(batch(event()), "main", NOW + 5, False)
    assert isinstance(taken, Event)
    assert (taken.id, taken.at, taken.received) == ("e1", NOW, NOW + 5)


def test_one_object_is_a_batch_of_one() -> None:
    (taken,) = decode(json.dumps(event()).encode(), "main", NOW, False)
    assert isinstance(taken, Event)


def test_an_empty_batch_is_empty() -> None:
    assert decode(b"[]", "main", NOW, False) == []


def test_when_it_reached_us_is_ours_to_say() -> None:
    (taken,) = decode(batch(event(receivedtime="2020-01-01T00:00:00Z")), "main", NOW, False)
    assert isinstance(taken, Event)
    assert taken.received == NOW


def test_a_bad_event_stops_no_other() -> None:
    bad = event("e2", data={"room": "room-1"})
    assert reasons(event("e1"), bad, 5, None, "x", event("e3")) == [None, *["malformed"] * 4, None]


def test_what_is_refused_is_named() -> None:
    found = decode(batch(event(), event("e2", data={"account": "u-1", "camera": "on"})), "main", NOW, False)
    assert isinstance(found[1], Refused)
    assert (found[1].index, found[1].reason) == (1, "malformed")
    assert "data.room" in found[1].detail


def test_another_source_is_refused() -> None:
    assert reasons(event(source="other"), event(source="staff"), event(source="")) == [
        "source_mismatch",
        "source_mismatch",
        "malformed",
    ]


SIGN_IN = {"account": "u-1001", "session": "s01", "method": "qr"}


def test_sign_ins_need_the_right() -> None:
    events = [
        event("a", "attendance.signed-in", data=SIGN_IN),
        event("b", "attendance.signed-out", data=SIGN_IN),
    ]
    assert reasons(*events) == ["not_allowed"] * 2
    assert reasons(*events, may_sign_in=True) == [None] * 2


@pytest.mark.parametrize("may_sign_in", [False, True])
@pytest.mark.parametrize(
    "one",
    [
        event(data={"person": "t01", "room": "room-1", "camera": "on"}),
        event(kind="attendance.signed-in", data=SIGN_IN | {"method": "manual"}),
        event(kind="attendance.signed-in", data=SIGN_IN | {"person": "t01"}),
        event(kind="attendance.corrected", data={"person": "t01", "session": "s01", "credit": True}),
        event(kind="attendance.excused", data={"person": "t01", "session": "s01"}),
        event(kind="attendance.corrected", data={"account": "u-1001", "session": "s01", "credit": True}),
        event(kind="attendance.excused", data={"account": "u-1001", "session": "s01"}),
        event(kind="something.new", data={"person": "t01"}),
    ],
)
def test_what_is_ours_alone_is_refused(one: dict[str, Any], may_sign_in: bool) -> None:
    assert reasons(one, may_sign_in=may_sign_in) == ["not_allowed"]


def test_what_nobody_knows_yet_is_kept() -> None:
    assert (
        reasons(
            event(kind="something.new", data={"x": [1]}),
            event(kind="something.bare", data=None),
            event(data={"account": "nobody", "room": "nowhere", "camera": "off", "cohort": "unheard-of"}),
            event(extra=1, data={"account": "u", "room": "r", "camera": "on", "extra": {"deep": [1]}}),
        )
        == [None] * 4
    )


@pytest.mark.parametrize(("ahead_ms", "reason"), [(300_000, None), (300_001, "too_far_ahead")])
def test_an_event_up_to_300_seconds_ahead_is_taken(ahead_ms: int, reason: str | None) -> None:
    assert reasons(event(), now=NOW - ahead_ms) == [reason]


def test_an_event_of_long_ago_is_taken() -> None:
    assert reasons(event(), now=NOW + 90 * 86_400_000) == [None]


def test_what_is_ours_is_not_judged() -> None:
    ours = event(source="staff", kind="attendance.corrected", data={"person": "t01"})
    assert [type(item) for item in decode_ours(batch(ours), NOW)] == [Event]


def test_every_reason_is_in_the_table() -> None:
    found = [
        *reasons(5, event(source="x"), event(kind="attendance.excused", data={})),
        *reasons(event(), now=0),
    ]
    assert {reason for reason in found if reason} <= EVENT.keys()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = ["specversion", "id", "source", "type", "time", "data", "receivedtime", "datacontenttype"]
KINDS = [
    "camera.on",
    "camera.heartbeat",
    "classroom.ended",
    "attendance.signed-in",
    "attendance.corrected",
    "x",
]
odd_events = st.builds(
    lambda base, changed: {**base, **changed},
    st.sampled_from([event(kind=kind) for kind in KINDS]),
    st.dictionaries(st.sampled_from(NAMES), json_values, max_size=3),
)
odd_data = st.builds(
    lambda kind, data: event(kind=kind, data=data),
    st.sampled_from(KINDS),
    st.dictionaries(
        st.sampled_from(
            ["cohort", "account", "person", "room", "camera", "stream", "session", "method", "x"]
        ),
        json_values,
        max_size=5,
    ),
)


@given(st.lists(json_values | odd_events | odd_data, max_size=6), st.booleans())
@settings(max_examples=500, deadline=None)
def test_every_item_of_a_batch_is_taken_or_refused_with_a_reason(items: list[Any], may: bool) -> None:
    body = json.dumps(items).encode()
    try:
        found = decode(body, "main", NOW, may)
    except BadEvent:  # json.dumps writes NaN and lone surrogates, which JSON has not
        assert b"NaN" in body or b"Infinity" in body or b"\\ud" in body
        return
    assert len(items) == len(found)
    for index, item in enumerate(found):
        if isinstance(item, Refused):
            assert item.index == index
            assert item.reason in EVENT
            assert item.detail
        else:
            assert item.source == "main"
            assert item.received == NOW
            assert item.at <= NOW + 300_000


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
@settings(max_examples=500, deadline=None)
def test_bytes_that_are_no_batch_are_a_bad_event_and_nothing_else(body: bytes) -> None:
    with contextlib.suppress(BadEvent):
        decode(body, "main", NOW, False)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"1",
        b'"x"',
        b"{",
        b"[",
        b"[1,]",
        b"[]]",
        b"[] []",
        b"\xff",
        b"\xef\xbb\xbf[]",
        "[]".encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 600 + b"]" * 600,
        b'{"id":' + b"9" * 100_000 + b"}",
    ],
)
def test_hostile_bodies_are_refused_calmly(body: bytes) -> None:
    found: list[Event | Refused] = []
    said = ""
    try:
        found = decode(body, "main", NOW, False)
    except BadEvent as bad:
        said = str(bad)
    assert len(said) < 1_000
    assert all(isinstance(item, Refused) for item in found)


@pytest.mark.parametrize("count", [1, 3, 40])
@pytest.mark.parametrize(
    ("plain", "twice"),
    [
        ('"id": "e', '"id": "x", "id": "e'),
        ('"time": "', '"time": "2020-01-01T00:00:00Z", "time": "'),
        ('"source": "main"', '"source": "other", "source": "main"'),
        ('"room": "', '"room": "elsewhere", "room": "'),
        ('"data": {', '"data": {"room": "elsewhere"}, "data": {'),
    ],
)
def test_of_a_key_that_comes_twice_the_last_counts_for_all_who_read_it(
    count: int, plain: str, twice: str
) -> None:
    """JSON leaves it open; so the door, the log and a recount must at least agree, however they read."""
    known = batch(*(event(f"e{n}") for n in range(count)))
    for _ in range(3):  # what is learnt from a body must not be believed of the next
        take(known, "main", NOW, False)
        body = known.replace(plain.encode(), twice.encode())
        expected = decode(known, "main", NOW, False)
        read = decode(body, "main", NOW, False)
        assert [(e.id, e.source, e.at, e.data) for e in read] == [  # type: ignore[union-attr]
            (e.id, e.source, e.at, e.data)
            for e in expected  # type: ignore[union-attr]
        ]
        taken, refused = take(body, "main", NOW, False)
        assert (sorted(taken.ids), refused) == (sorted(e.id for e in expected), [])  # type: ignore[union-attr]
        beats = taken.beats(None)
        assert beats is not None
        assert {of_number(number).data.room for number in beats.numbers} == {"room-1"}
        assert set(beats.at) == {NOW}
        assert ids(body, "main") == set(taken.ids)
