"""Events as they come: batches in which some items can't be read, and instants at their edges."""

import pytest

from monitor.event import BadEvent, Event, decode_batch
from monitor.instant import instant, rfc3339

GOOD = b'{"specversion":"1.0","id":"a","source":"main","type":"x","time":"2026-05-11T08:30:30Z"}'
HALF_A_PAIR = GOOD.replace(b'"a"', b'"\\ud800"')
TRICKY = GOOD.replace(b'"a"', b'"b,]}\\""')
DEEP = b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"


def ids(body: bytes) -> list[str | None]:
    return [item.id if isinstance(item, Event) else None for item in decode_batch(body)]


def test_an_item_that_no_reader_can_read_is_refused_alone() -> None:
    assert ids(b"[" + GOOD + b"," + HALF_A_PAIR + b", " + TRICKY + b"]") == ["a", None, 'b,]}"']
    assert ids(b" [" + DEEP + b",\n" + GOOD + b"] ") == [None, "a"]


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"nope", b"[" + GOOD + b",]", b"[" + GOOD + b"] x", HALF_A_PAIR, b"[" + HALF_A_PAIR, DEEP],
)
def test_a_body_that_is_no_array_of_objects_is_refused_whole(body: bytes) -> None:
    with pytest.raises(BadEvent):
        decode_batch(body)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-05-11T08:30:30.123+08:00", "2026-05-11T00:30:30.123Z"),
        ("2026-05-11T08:30:30.123-08:00", "2026-05-11T16:30:30.123Z"),
        ("2026-05-11T08:30:30-08:00", "2026-05-11T16:30:30.000Z"),
        ("2026-05-11T08:30:30.9999999Z", "2026-05-11T08:30:30.999Z"),
        ("2026-05-11t08:30:30z", "2026-05-11T08:30:30.000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
    ],
)
def test_finer_digits_are_cut_and_the_second_reading_is_as_the_first(text: str, shown: str) -> None:
    assert [rfc3339(instant(text)) for _ in range(2)] == [shown, shown]


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-11T08:30:30",
        "2026-02-30T08:30:30Z",
        "2026-05-11T24:00:00Z",
        "2026-05-11T08:30:60Z",
        "2026-05-11 08:30:30Z",
        "2026-05-11T08:30:30+0800",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59-23:00",
        "２026-05-11T08:30:30Z",
    ],
)
def test_what_is_no_instant_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError):
        instant(text)
