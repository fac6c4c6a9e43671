"""The table of sources: a replay of the log decides as the door did."""

import pytest

from monitor.event import OURS, BadEvent, Event
from monitor.ingest import native
from monitor.ingest.refusals import Refused
from monitor.ingest.sources import KINDS, MAY, Source, decode, events, ids
from monitor.store.entry import Entry
from tests.ingest.signing import NOW, SECRET, batch, event, signed

SIGN_IN = event(kind="attendance.signed-in", data={"account": "u", "session": "s01"})


def entry(
    body: bytes, *, source: str = "main", headers: dict[str, str] | None = None, at: int = NOW
) -> Entry:
    return Entry(1, "delivery", source, at, headers or {}, body, native.DECODER, "00")


def source(*, may_sign_in: bool) -> Source:
    kind = KINDS["native"]
    return Source("main", kind, "heartbeat", None, may_sign_in, False, 0, kind.seal((SECRET,)))


def test_every_kind_names_its_events_its_decoder_and_its_proof() -> None:
    for name, kind in KINDS.items():
        assert name == kind.name
        assert kind.events
        assert "/" in kind.decoder
        assert kind.proof


@pytest.mark.parametrize("may_sign_in", [False, True])
def test_what_a_source_might_do_then_is_in_the_entry_and_decides_for_ever(may_sign_in: bool) -> None:
    body = batch(SIGN_IN)
    kept = source(may_sign_in=may_sign_in).headers(signed("m", body) | {"cookie": "x", "user-agent": "y"})
    assert kept.keys() - {MAY} == {"webhook-id", "webhook-timestamp", "webhook-signature"}
    (found,) = decode(entry(body, headers=kept))
    assert isinstance(found, Event if may_sign_in else Refused)


def test_a_platform_can_not_give_itself_a_right_by_a_header() -> None:
    body = batch(SIGN_IN)
    assert MAY not in source(may_sign_in=False).headers(signed("m", body) | {MAY: "sign-in"})


def test_an_event_ahead_of_its_arrival_stays_refused_when_it_is_read_again() -> None:
    (found,) = decode(entry(batch(event()), at=NOW - 300_001))
    assert isinstance(found, Refused)


@pytest.mark.parametrize("ours", OURS)
def test_what_is_ours_is_read_without_asking_for_rights(ours: str) -> None:
    body = batch(event(source=ours, kind="attendance.corrected", data={"person": "t01"}))
    assert [one.type for one in events(entry(body, source=ours))] == ["attendance.corrected"]


def test_events_are_those_that_were_taken() -> None:
    assert [one.id for one in events(entry(batch(event("a"), 5, event("b", source="x"), event("c"))))] == [
        "a",
        "c",
    ]


def test_a_body_that_is_none_has_no_events() -> None:
    with pytest.raises(BadEvent):
        decode(entry(b"{"))
    assert events(entry(b"{")) == []


def test_what_is_no_delivery_has_no_events() -> None:
    assert decode(Entry(1, "cohort", "staff", NOW, {}, b"{}", "ours/1", "00")) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (batch(event("a"), event("b", source="x"), event("c")), {"a", "c"}),
        (b" " + batch(event("a"))[1:-1], {"a"}),
        (batch(event("a"), 5, event("b")), {"a", "b"}),
        (batch(event("a"), {"id": 7, "source": "main"}), {"a"}),
        (b"", set()),
        (b"[{", set()),
        (b"\xff", set()),
    ],
)
def test_ids_are_those_of_the_events_that_were_taken(body: bytes, expected: set[str]) -> None:
    """Read quickly where all heads can be read, and one by one where not."""
    assert expected == ids(entry(body))
    assert expected == {one.id for one in events(entry(body))}


def test_an_entry_that_is_no_delivery_has_no_ids() -> None:
    assert ids(Entry(1, "cohort", "staff", 0, {}, batch(event("a")), "ours/1", "00")) == set()
