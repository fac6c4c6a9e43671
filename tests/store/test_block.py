"""Blocks: what is taken out of one is what was put in, byte for byte, whatever it was; and it is small."""

import base64
import json
import random
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.store import chain
from monitor.store.block import FAST, SMALL, Blobs, Kept, pack, unpack
from monitor.store.lift import NOTHING, lift, lower

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
SIGNATURE = st.binary(min_size=31, max_size=33).map(lambda raw: "v1," + base64.b64encode(raw).decode())
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "webhook-id": TEXT | st.uuids().map(str) | st.just("a\nb"),
        "webhook-timestamp": TEXT | st.integers(0, 10**13).map(str) | st.just("007"),
        "webhook-signature": TEXT | SIGNATURE | st.just("v1," + "=" * 44),
        "monitor-may": st.just("sign-in"),
        "why": TEXT,
    },
)
IDS = st.uuids().flatmap(lambda one: st.sampled_from("1478").map(lambda v: str(one)[:14] + v + str(one)[15:]))
EVENT = st.builds(lambda one, text: {"id": one, "data": text}, IDS, TEXT)
BODY = (
    st.binary(max_size=60)
    | st.lists(EVENT, max_size=4).map(lambda found: json.dumps(found).encode())
    | st.lists(EVENT, max_size=4).map(lambda found: json.dumps(found, separators=(",", ":")).encode())
    | st.binary(max_size=3).map(lambda seed: seed * 700)
)
ENTRY = st.tuples(
    st.sampled_from(["delivery", "cohort"]),
    TEXT,
    st.integers(0, 2**53),
    HEADERS,
    BODY,
    st.sampled_from(["a/1", "b/2"]),
)


def chained(entries: list[Any], first: int = 1, before: bytes = chain.ORIGIN) -> list[Kept]:
    rows: list[Kept] = []
    for n, (kind, source, at, headers, body, decoder) in enumerate(entries):
        row = Kept(first + n, kind, source, at, headers, body, decoder, b"")
        before = row.next_link(before)
        rows.append(row._replace(link=before))
    return rows


@given(st.lists(ENTRY, min_size=1, max_size=6), st.integers(1, 2**40), st.sampled_from([FAST, SMALL]))
@settings(max_examples=300, deadline=None)
def test_a_block_gives_back_what_was_put_in(entries: list[Any], first: int, level: int) -> None:
    before = chain.body_hash(b"before")
    rows = chained(entries, first, before)
    assert rows == unpack(first, before, pack(rows, level))


@given(st.lists(ENTRY, min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_an_erased_body_keeps_its_place_in_the_chain(entries: list[Any]) -> None:
    rows = chained(entries)
    gone = [rows[0]._replace(body=b"[]", erased=chain.body_hash(rows[0].body)), *rows[1:]]
    assert gone == unpack(1, chain.ORIGIN, pack(gone))


@given(st.lists(BODY, max_size=5).map(b"".join) | st.lists(TEXT | IDS).map("\n".join).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_ids_are_put_back_where_they_were(text: bytes) -> None:
    assert text == lower(*lift(text))


@pytest.mark.parametrize("version", [4, 7])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_of_a_random_id_its_bytes_are_kept(version: int, separators: tuple[str, str]) -> None:
    drawn = [str(uuid.UUID(int=random.Random(n).getrandbits(128))) for n in range(50)]
    ids = [one[:14] + str(version) + one[15:] for one in drawn]
    text = json.dumps([{"id": one} for one in ids], separators=separators).encode()
    form, rest, lifted = lift(text)
    assert form != NOTHING
    assert (16 if version == 4 else 10) * 50 == len(lifted)
    assert ids[7].encode()[-12:] not in rest
    assert text == lower(form, rest, lifted)


@pytest.mark.parametrize(
    ("form", "text", "lifted"),
    [(0, b"\0", b""), (0, b"", bytes(16)), (0, b"\0", bytes(15)), (99, b"", b""), (-2, b"", b"")],
)
def test_ids_that_do_not_fit_their_places_are_an_error(form: int, text: bytes, lifted: bytes) -> None:
    with pytest.raises(ValueError, match="ids"):
        lower(form, text, lifted)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_block_is_a_value_error_or_other_entries_never_another_error(data: st.DataObject) -> None:
    rows = chained([("delivery", "main", 5, {"webhook-id": f"{n}"}, b"[1]", "a/1") for n in range(5)])
    blobs = [bytearray(blob) for blob in pack(rows)]
    blob = data.draw(st.sampled_from(blobs))
    place = data.draw(st.integers(0, len(blob) - 1))
    blob[place] ^= data.draw(st.integers(1, 255))
    try:
        unpack(1, chain.ORIGIN, Blobs(*(bytes(one) for one in blobs)))
    except ValueError:
        return


def test_a_source_that_is_no_text_is_damage() -> None:
    r"""One byte makes a mapping of a text: of \xa4main a \x82 with two numbers to two numbers."""
    blobs = pack(chained([("delivery", "main", 5, {"webhook-id": "1"}, b"[1]", "a/1")]))
    assert b"\xa4main" in blobs.head

    with pytest.raises(ValueError, match="text"):
        unpack(1, chain.ORIGIN, Blobs(blobs.head.replace(b"\xa4main", b"\x82main"), blobs.bodies))


def delivery(rng: random.Random, n: int, events: int) -> Any:
    """A delivery as platforms send them: random ids, a signature, jittered times."""
    told = [
        {
            "specversion": "1.0",
            "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "source": "main",
            "type": "camera.heartbeat",
            "time": f"2026-05-11T08:{n % 60:02}:{rng.randrange(60):02}.{rng.randrange(1000):03}+08:00",
            "data": {
                "account": f"u-{rng.randrange(30):08}",
                "room": "room-1",
                "connection": f"c-{random.Random(rng.randrange(30)).getrandbits(64):016x}",
                "camera": "on",
            },
        }
        for _ in range(events)
    ]
    headers = {
        "webhook-id": "msg_" + "".join(rng.choices("0123456789ABCDEFGHIJabcdefghij", k=27)),
        "webhook-timestamp": str(1_778_459_430 + n),
        "webhook-signature": "v1," + base64.b64encode(rng.randbytes(32)).decode(),
    }
    body = json.dumps(told if events > 1 else told[0], separators=(",", ":")).encode()
    return ("delivery", "main", 1_778_459_430_000 + n * 1000 + rng.randrange(1000), headers, body, "native/1")


@pytest.mark.parametrize(("events", "deliveries", "most"), [(1, 512, 95), (100, 16, 35)])
def test_an_event_takes_few_bytes(events: int, deliveries: int, most: int) -> None:
    rng = random.Random(1)
    rows = chained([delivery(rng, n, events) for n in range(deliveries)])
    assert sum(map(len, pack(rows))) / (events * deliveries) < most
