"""Sources, and their secrets that come and go."""

import sqlite3
from typing import Any

import pytest

from monitor.control import opened
from monitor.ingest.refusals import Refusal
from monitor.office import Office
from monitor.store.folder import Folder
from tests.ingest.signing import NOW, OTHER, PUBLIC, SECRET, signed
from tests.office.desk import declined, entries, kept
from tests.store.logs import hand_on_the_writer


async def test_a_source_opens_what_its_secret_signed_at_once_and_after_a_restart(folder: Folder) -> None:
    async with opened(folder) as (_, office):
        row, secret = await office.add_source("main", "native", may_sign_in=True, by="cli/a", now=NOW)
        assert secret.startswith("whsec_")
        assert (row.may_sign_in, row.position) == (True, 1)
        found = office.source("main")
        assert found is not None
        assert found.seal.open(signed("m", b"[]", secret=secret), b"[]", NOW).id == "m"
    async with opened(folder) as (_, office):
        again = office.source("main")
        assert again is not None
        assert again.seal.open(signed("m", b"[]", secret=secret), b"[]", NOW).id == "m"
        assert again.may_sign_in


async def test_a_secret_is_nowhere_in_the_clear(office: Office, folder: Folder) -> None:
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    assert not any(SECRET.encode() in data for data in kept(folder))


async def test_a_secret_or_public_key_may_be_given(office: Office) -> None:
    _, secret = await office.add_source("a", "native", secret=SECRET, by="cli/a", now=NOW)
    _, public = await office.add_source("b", "native", secret=PUBLIC, by="cli/a", now=NOW)
    assert (secret, public) == (SECRET, PUBLIC)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"source_id": "staff"}, "invalid"),
        ({"source_id": "door"}, "invalid"),
        ({"source_id": "Main"}, "invalid"),
        ({"source_id": "../x"}, "invalid"),
        ({"source_id": ""}, "invalid"),
        ({"kind": "nowhere"}, "invalid"),
        ({"camera": "maybe"}, "invalid"),
        ({"heartbeat_seconds": 0}, "invalid"),
        ({"secret": "not a secret"}, "invalid"),
        ({"source_id": "there"}, "conflict"),
    ],
)
async def test_a_source_that_can_not_be_is_declined(
    office: Office, changed: dict[str, Any], reason: str
) -> None:
    await office.add_source("there", "native", by="cli/a", now=NOW)
    said: dict[str, Any] = {"source_id": "main", "kind": "native"} | changed
    assert (await declined(office.add_source(**said, by="cli/a", now=NOW))).reason == reason
    assert len(await entries(office)) == 1


async def test_a_demonstration_is_known_as_one(office: Office) -> None:
    await office.add_source("demo", "native", demo=True, by="cli/a", now=NOW)
    await office.add_source("main", "native", by="cli/a", now=NOW)
    assert office.demo(["main", "demo"])
    assert not office.demo(["main", "nowhere"])


# --- secrets that come and go ----------------------------------------------------------------------------

HOUR = 3_600_000


def opens(office: Office, secret: str, now: int) -> bool:
    source = office.source("main")
    assert source is not None
    try:
        return source.seal.open(signed("m", b"[]", secret=secret, at=now), b"[]", now).id == "m"
    except Refusal:
        return False


async def test_two_secrets_hold_for_a_while_and_the_old_one_ends_at_its_instant(folder: Folder) -> None:
    async with opened(folder) as (_, office):
        await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
        _, new, ends = await office.rotate_source("main", keep_ms=HOUR, by="cli/a", now=NOW)
        assert ends == NOW + HOUR
    async with opened(folder) as (_, office):
        for now, old in ((NOW, True), (NOW + HOUR - 1, True), (NOW + HOUR, False), (NOW + 9 * HOUR, False)):
            assert (opens(office, SECRET, now), opens(office, new, now)) == (old, True)
        assert [one["ends_at"] for one in office.secrets_of("main")] == [None, NOW + HOUR]
        assert opens(office, SECRET, NOW), "a clock that steps back finds it again"


async def test_without_keep_the_old_secret_ends_at_once(office: Office) -> None:
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    _, new, ends = await office.rotate_source("main", by="cli/a", now=NOW)
    assert (ends, opens(office, SECRET, NOW), opens(office, new, NOW)) == (None, False, True)
    assert len(office.secrets_of("main")) == 1


async def test_a_third_secret_does_not_lengthen_the_life_of_the_first(office: Office) -> None:
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    _, second, _ = await office.rotate_source("main", keep_ms=HOUR, by="cli/a", now=NOW)
    await office.rotate_source("main", secret=OTHER, keep_ms=5 * HOUR, by="cli/a", now=NOW + 1)
    found = [opens(office, secret, NOW + 2 * HOUR) for secret in (SECRET, second, OTHER)]
    assert found == [False, True, True]
    (*_, entry) = await entries(office)
    assert (entry.kind, entry.headers["why"]) == ("source", "secret rotated")
    assert OTHER.encode() not in entry.body


async def test_a_rotation_that_can_not_be_written_leaves_the_old_secret(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    with hand_on_the_writer(monkeypatch) as hand:
        hand.fail.append(sqlite3.OperationalError("disk I/O error"))
        assert (await declined(office.rotate_source("main", by="cli/a", now=NOW))).reason == "unavailable"
    assert opens(office, SECRET, NOW)
    assert len(office.secrets_of("main")) == 1


@pytest.mark.parametrize(
    ("source", "more", "reason"),
    [
        ("nobody", {}, "not_found"),
        ("main", {"secret": "whsec_~"}, "invalid"),
        ("main", {"keep_ms": -1}, "invalid"),
    ],
)
async def test_a_rotation_that_can_not_be_is_declined(
    office: Office, source: str, more: dict[str, Any], reason: str
) -> None:
    await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
    assert (await declined(office.rotate_source(source, by="cli/a", now=NOW, **more))).reason == reason
    assert opens(office, SECRET, NOW)
