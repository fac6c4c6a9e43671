"""The chain: what anybody needs to check it, and that no alteration passes."""

import hashlib
import json
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.store import chain
from monitor.store.ledger import Ledger
from monitor.store.log import Log
from monitor.store.verify import verify
from tests.store.logs import alter, keep, verified

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


SWAP = (
    "UPDATE entries SET position = -1 WHERE position = 3",
    "UPDATE entries SET position = 3 WHERE position = 4",
    "UPDATE entries SET position = 4 WHERE position = -1",
    "UPDATE bodies SET position = -1 WHERE position = 3",
    "UPDATE bodies SET position = 3 WHERE position = 4",
    "UPDATE bodies SET position = 4 WHERE position = -1",
)
ALTERATIONS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "a body": (
        ("UPDATE bodies SET bytes = x'5B5D', encoding = 0 WHERE position = 3",),
        3,
        "body was altered",
    ),
    "a packed body": (("UPDATE bodies SET bytes = x'00', encoding = 1 WHERE position = 3",), 3, "unpacked"),
    "a body and its hash": (
        (
            "UPDATE bodies SET bytes = x'5B5D', encoding = 0 WHERE position = 3",
            f"UPDATE entries SET body_hash = x'{hashlib.sha256(b'[]').hexdigest()}' WHERE position = 3",
        ),
        3,
        "altered",
    ),
    "an arrival": (("UPDATE entries SET at = at + 1 WHERE position = 3",), 3, "altered"),
    "a source": (("UPDATE entries SET source = 'x' WHERE position = 3",), 3, "altered"),
    "a kind": (("UPDATE entries SET kind = 'x' WHERE position = 3",), 3, "altered"),
    "a decoder": (("UPDATE entries SET decoder = 'x' WHERE position = 3",), 3, "altered"),
    "a header": (("UPDATE entries SET headers = '{}' WHERE position = 3",), 3, "altered"),
    "headers that are none": (("UPDATE entries SET headers = '[' WHERE position = 3",), 3, "can't be read"),
    "a link": (("UPDATE entries SET hash = x'00' WHERE position = 3",), 3, "altered"),
    "the last link": (("UPDATE entries SET hash = x'00' WHERE position = 6",), 6, "altered"),
    "a row taken out": (("DELETE FROM entries WHERE position = 3",), 3, "missing"),
    "the first row taken out": (("DELETE FROM entries WHERE position = 1",), 1, "missing"),
    "a body taken out": (("DELETE FROM bodies WHERE position = 3",), 3, "missing"),
    "two rows swapped": (SWAP, 3, "altered, moved or inserted"),
    "a row put in": (
        (
            "INSERT INTO entries SELECT 7, kind, source, at, headers, body_hash, decoder, hash "
            "FROM entries WHERE position = 6",
            "INSERT INTO bodies SELECT 7, encoding, bytes FROM bodies WHERE position = 6",
        ),
        7,
        "inserted",
    ),
    "a row put before the first": (
        (
            "INSERT INTO entries SELECT 0, kind, source, at, headers, body_hash, decoder, hash "
            "FROM entries WHERE position = 6",
        ),
        0,
        "missing",
    ),
    "a body without an entry": (("INSERT INTO bodies VALUES (9, 0, x'00')",), 9, "without an entry"),
}


@pytest.mark.parametrize("what", ALTERATIONS)
async def test_verify_names_the_first_link_that_does_not_hold_after_altering(what: str, path: Path) -> None:
    statements, position, words = ALTERATIONS[what]
    log = Log(path)
    for n in range(6):
        await keep(log, b"[%d]" % n * 100, once=f"{n}")
    await log.close()
    assert (verified(path).entries, verified(path).broken) == (6, None)
    alter(path, *statements)
    broken = verified(path).broken
    assert broken is not None
    assert position == broken.position
    assert words in broken.problem


async def test_verify_tells_how_far_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.store.verify._CHUNK", 10)
    log = Log(path)
    for _ in range(25):
        await keep(log)
    await log.close()
    told: list[tuple[int, int]] = []
    ledger = Ledger(path)
    verify(ledger, lambda done, total: told.append((done, total)))
    ledger.close()
    assert told == [(10, 25), (20, 25), (25, 25)]
