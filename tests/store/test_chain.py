"""The chain: what anybody needs to check it, and that no alteration passes."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.store import chain
from monitor.store.block import Kept
from monitor.store.ledger import Ledger
from monitor.store.log import Log
from monitor.store.place import Place
from monitor.store.verify import Head, verify
from tests.store.logs import alter, keep, rewrite, rewrite_entry, verified

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
NAME = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)


@given(
    position=st.integers(1, 2**53 - 1),
    kind=TEXT,
    source=TEXT,
    at=st.integers(0, 2**53 - 1),
    headers=st.dictionaries(NAME, TEXT, max_size=5),
    body=st.binary(max_size=50),
)
@settings(max_examples=200, deadline=None)
def test_the_fields_are_canonical_json(
    position: int, kind: str, source: str, at: int, headers: dict[str, str], body: bytes
) -> None:
    digest = chain.body_hash(body)
    fields = {
        "at": at,
        "body": hashlib.sha256(body).hexdigest(),
        "decoder": "native/1",
        "headers": headers,
        "kind": kind,
        "position": position,
        "source": source,
    }
    assert rfc8785.dumps(fields) == chain.canonical(position, kind, source, at, headers, digest, "native/1")


async def test_a_stranger_can_walk_the_chain_with_json_and_sha256(log: Log) -> None:
    for n in range(5):
        await keep(log, b"[%d]" % n, once=f"数-{n}")
    link = bytes(32)
    async for entry in log.read():
        fields = {
            "at": entry.at,
            "body": hashlib.sha256(entry.body).hexdigest(),
            "decoder": entry.decoder,
            "headers": entry.headers,
            "kind": entry.kind,
            "position": entry.position,
            "source": entry.source,
        }
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        link = hashlib.sha256(link + text.encode()).digest()
        assert link.hex() == entry.hash


def swapped(rows: list[Kept]) -> list[Kept]:
    third = next((n for n, row in enumerate(rows) if row.position == 3), 0)
    return [*rows[:third], *rows[third : third + 2][::-1], *rows[third + 2 :]]


SWAP_BLOCKS = (
    "UPDATE blocks SET first = -1 WHERE first = 3",
    "UPDATE blocks SET first = 3 WHERE first = 4",
    "UPDATE blocks SET first = 4 WHERE first = -1",
)
COPY = (
    "INSERT INTO blocks SELECT {}, entries, 0, form, before, link, head, bodies FROM blocks WHERE first = {}"
)
Change = Callable[[Place], None]


def entry(**fields: object) -> Change:
    return lambda place: rewrite_entry(place, 3, **fields)


def rows(change: Callable[[list[Kept]], list[Kept]], position: int = 3) -> Change:
    return lambda place: rewrite(place, position, change)


def sql(*statements: str) -> Change:
    return lambda place: alter(place, *statements)


ANYWHERE: dict[str, tuple[Change, int, str]] = {
    "a body": (entry(body=b"[]"), 3, "altered"),
    "a body by one of the same length": (entry(body=b"[3]" * 100), 3, "altered"),
    "an arrival": (entry(at=1), 3, "altered"),
    "a source": (entry(source="x"), 3, "altered"),
    "a kind": (entry(kind="x"), 3, "altered"),
    "a decoder": (entry(decoder="x"), 3, "altered"),
    "a header": (entry(headers={"webhook-id": "7"}), 3, "altered"),
    "headers taken away": (entry(headers={}), 3, "altered"),
    "a link": (entry(link=bytes(32)), 3, "altered"),
    "a body that is said to be erased": (
        entry(body=b"[]", erased=hashlib.sha256(b"[2]" * 100).digest()),
        3,
        "no erasure entry says so",
    ),
    "a row put behind the last": (
        rows(lambda found: [*found, found[-1]._replace(position=7)], 6),
        7,
        "inserted",
    ),
    "the last link": (sql("UPDATE blocks SET link = x'00' WHERE first + entries = 7"), 6, "altered"),
    "what stands before the first": (sql("UPDATE blocks SET before = x'00' WHERE first = 1"), 1, "altered"),
    "a count": (sql("UPDATE blocks SET entries = entries + 1 WHERE first + entries = 7"), 7, "entries"),
    "a block of another form": (sql("UPDATE blocks SET form = 99 WHERE first = 1"), 1, "doesn't know"),
    "a head of another type": (sql("UPDATE blocks SET head = 'x' WHERE first = 1"), 1, "can't be read"),
    "bodies that can't be unpacked": (sql("UPDATE blocks SET bodies = x'00' WHERE first = 1"), 1, "unpacked"),
    "bodies cut short": (
        sql("UPDATE blocks SET bodies = substr(bodies, 1, length(bodies) - 3) WHERE first = 1"),
        1,
        "can't be read",
    ),
    "a block put before the first": (
        sql(COPY.format(0, 1)),
        0,
        "missing",
    ),
}
ALONE: dict[str, tuple[Change, int, str]] = {
    "a row taken out": (sql("DELETE FROM blocks WHERE first = 3"), 3, "missing"),
    "the first row taken out": (sql("DELETE FROM blocks WHERE first = 1"), 1, "missing"),
    "two rows swapped": (sql(*SWAP_BLOCKS), 3, "altered, moved or inserted"),
    "a row put in between": (
        sql(
            "UPDATE blocks SET first = first + 10 WHERE first > 3",
            "UPDATE blocks SET first = first - 9 WHERE first > 10",
            COPY.format(4, 3),
        ),
        4,
        "inserted",
    ),
}
TOGETHER: dict[str, tuple[Change, int, str]] = {
    "a row taken out": (rows(lambda found: found[:2] + found[3:]), 3, "altered"),
    "the first row taken out": (rows(lambda found: found[1:]), 1, "altered"),
    "two rows swapped": (rows(swapped), 3, "altered, moved or inserted"),
    "a row put in between": (rows(lambda found: found[:3] + found[2:]), 4, "inserted"),
    "the rows behind one taken out": (rows(lambda found: found[:3]), 3, "link was altered"),
    "a source under which it is found": (sql("DELETE FROM block_sources"), 1, "not found under"),
    "a source of no entry": (sql("INSERT INTO block_sources VALUES ('x', 1)"), 1, "not found under"),
    "a source of no block": (
        sql("INSERT INTO block_sources VALUES ('x', 9)"),
        7,
        "position 9 that isn't there",
    ),
}
ALTERATIONS = [
    (where, what, *altered)
    for where, cases in (("alone", ANYWHERE | ALONE), ("together", ANYWHERE | TOGETHER))
    for what, altered in cases.items()
]


async def six(place: Place, monkeypatch: pytest.MonkeyPatch, *, together: bool) -> list[Head]:
    """A log of six entries, each in a block alone or all in one closed one; the heads that were given out."""
    monkeypatch.setattr("monitor.store.ledger._CLOSE", 6 if together else 100)
    log = Log(place)
    kept = [await keep(log, b"[%d]" % n * 100, once=f"{n}") for n in range(6)]
    await log.close()
    return [Head(one.position, one.hash) for one in kept]


@pytest.mark.parametrize(
    ("where", "what", "change", "position", "words"),
    ALTERATIONS,
    ids=[f"{a[0]}: {a[1]}" for a in ALTERATIONS],
)
async def test_verify_names_the_first_link_that_does_not_hold_after_altering(
    where: str,
    what: str,
    change: Change,
    position: int,
    words: str,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await six(place, monkeypatch, together=where == "together")
    assert (verified(place).entries, verified(place).broken) == (6, None)
    change(place)
    broken = verified(place).broken
    assert broken is not None
    assert (position, True) == (broken.position, words in broken.problem), broken


# --- heads that were given out ---------------------------------------------------------------------------


@pytest.mark.parametrize("together", [False, True])
async def test_a_chain_passes_through_every_head_that_was_given_out(
    together: bool, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = [Head(0, "0" * 64), *await six(place, monkeypatch, together=together)]
    assert verified(place, heads).missed == ()
    upper = [Head(head.position, head.hash.upper()) for head in heads]
    assert verified(place, upper).missed == ()


async def test_a_chain_cut_at_its_end_holds_in_itself_and_is_found_by_a_head(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = await six(place, monkeypatch, together=False)
    alter(place, "DELETE FROM blocks WHERE first > 4")
    found = verified(place, heads)
    assert (found.entries, found.broken) == (4, None)
    assert [missed.head for missed in found.missed] == heads[4:]
    assert "cut" in found.missed[0].problem


async def test_a_chain_built_anew_holds_in_itself_and_is_found_by_a_head(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = await six(place, monkeypatch, together=False)
    log = Log(tmp_path / "other.sqlite")
    for n in range(8):
        await keep(log, b"[9]" if n == 3 else b"[%d]" % n * 100, once=f"{n}")
    await log.close()
    found = verified(tmp_path / "other.sqlite", heads)
    assert (found.entries, found.broken) == (8, None)
    assert [missed.head for missed in found.missed] == heads[3:]
    assert "built anew" in found.missed[0].problem


async def test_a_head_behind_a_break_is_missed_too(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    heads = await six(place, monkeypatch, together=True)
    rewrite_entry(place, 3, at=1)
    found = verified(place, heads)
    assert [missed.head for missed in found.missed] == heads[2:]


async def test_verify_tells_how_far_it_is(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.store.ledger._CLOSE", 10)
    log = Log(place)
    for _ in range(25):
        await keep(log)
    await log.close()
    told: list[tuple[int, int]] = []

    def walk() -> None:
        ledger = Ledger(place)
        verify(ledger, lambda done, total: told.append((done, total)))
        ledger.close()

    await asyncio.to_thread(walk)
    assert told == [(done, 25) for done in (10, 20, 21, 22, 23, 24, 25)]
