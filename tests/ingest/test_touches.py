"""What a delivery is about: rooms, sessions, local days; whatever can be read of it."""

import json
from typing import Any

import pytest

from monitor.ingest import touches
from monitor.ingest.touches import Touch
from monitor.store.entry import Entry
from tests.ingest.signing import NOW, batch, event

DAY = touches.day_of("2026-05-11")


def delivery(body: bytes) -> Entry:
    return Entry(1, "delivery", "main", NOW, {}, body, "native/1", "00")


def found(*events: Any) -> set[Touch]:
    return touches.of(delivery(batch(*events)))


def test_rooms_and_sessions_are_found_under_the_local_day_of_the_event_not_of_its_arrival() -> None:
    assert found(
        event("a", time="2026-05-10T15:59:59.999Z"),
        event("b", time="2026-05-10T16:00:00Z", data={"room": "room-2", "camera": "on"}),
        event("c", "attendance.signed-in", time="2026-05-13T08:00:00+08:00", data={"session": "s01"}),
    ) == {
        Touch("room/room-1", DAY - 1),
        Touch("room/room-2", DAY),
        Touch("session/s01", DAY + 2),
    }


def test_a_session_and_a_room_of_one_name_are_two_things() -> None:
    assert found(event(data={"room": "x"}), event(data={"session": "x"})) == {
        Touch("room/x", DAY),
        Touch("session/x", DAY),
    }


def test_an_event_alone_is_read_as_a_batch_of_one() -> None:
    assert touches.of(delivery(b" \n" + json.dumps(event()).encode())) == {Touch("room/room-1", DAY)}


@pytest.mark.parametrize(
    "strange",
    [
        {"time": "yesterday"},
        {"time": 5},
        {"time": None},
    ],
)
def test_an_event_without_a_time_is_filed_under_the_day_it_came(strange: dict[str, Any]) -> None:
    assert found(event(**strange)) == {Touch("room/room-1", touches.local_day(NOW))}


@pytest.mark.parametrize("data", [{}, None, [], "x", {"room": 5}, {"room": ""}, {"camera": "on"}])
def test_an_event_that_names_no_room_is_filed_under_its_day_alone(data: Any) -> None:
    early = event("e", time="2026-05-01T08:00:00+08:00", data=data)
    assert found(early, event()) == {Touch("", DAY - 10), Touch("room/room-1", DAY)}


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"5", b'{"a":', b"\xff\xfe", b"[" * 100_000])
def test_what_can_not_be_read_is_filed_under_the_day_it_came(body: bytes) -> None:
    assert touches.of(delivery(body)) == {Touch("", touches.local_day(NOW))}


def test_one_item_that_can_not_be_read_hides_no_other() -> None:
    whole = batch(event(), event("b", data={"room": "room-2", "x": "?"}))
    assert touches.of(delivery(whole.replace(b'"?"', b'"\xff"'))) >= {Touch("room/room-1", DAY)}
    assert found(event(), 5, "x", None) >= {Touch("room/room-1", DAY)}


def test_a_name_of_any_length_and_any_signs_can_be_filed() -> None:
    long = "教室" * 5_000
    (one,) = found(event(data={"room": long}))
    assert one.place == touches.room(long)
    assert len(one.place) < 250
    assert touches.room(long + "1") != one.place
    (odd,) = found(event(data={"room": "a\0b"}))
    assert odd.place == touches.room("a\0b")
    assert "\0" not in odd.place


@pytest.mark.parametrize("text", ["2026-02-30", "2026-5-1", "20260511", "", "today", "２０２６-05-11"])
def test_what_is_no_day_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match="2026-05-11"):
        touches.day_of(text)
