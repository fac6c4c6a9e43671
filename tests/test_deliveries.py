"""Deliveries are found again by source, room or session and day; the catalogue is a way there."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from monitor.control import opened
from monitor.ingest import touches
from monitor.intake import Intake
from monitor.office import Declined, Office
from monitor.office.deliveries import CatalogueBehind
from monitor.store import chain
from monitor.store.catalogue import SHELF
from monitor.store.folder import Folder
from monitor.store.log import Log
from monitor.store.migrate import migrate
from monitor.store.place import Place, Server
from tests.databases import execute_at
from tests.ingest.signing import NOW, SECRET, batch, event, signed
from tests.store.test_migrate import Old

DAY = touches.day_of("2026-05-11")
ROOM = touches.room("room-1")


@pytest.fixture
def folder(tmp_path: Path, place: Place) -> Folder:
    return Folder(tmp_path / "data", place.url if isinstance(place, Server) else None)


@pytest.fixture
async def office(folder: Folder) -> AsyncIterator[Office]:
    async with opened(folder) as (_, found):
        for name in ("main", "other"):
            await found.add_source(name, "native", secret=SECRET, by="cli/a", now=NOW)
        yield found


async def push(office: Office, name: str, *events: Any, source: str = "main", now: int = NOW) -> int:
    body = batch(*({**one, "source": source} if isinstance(one, dict) else one for one in events))
    intake = Intake(office.log, office.source)
    return int((await intake.deliver(source, signed(name, body, at=now), body, now)).position)


async def many(office: Office, count: int, source: str = "main", **data: Any) -> list[int]:
    """Deliveries of one event each, written as the door writes them."""
    said = {"account": "u-1001", "room": "room-1", "camera": "on", **data}
    kept = [
        office.log.append("delivery", source, NOW, {"webhook-id": f"{source}{n}"}, batch(one), "native/1")
        for n in range(count)
        for one in [event(f"{source}{n}", source=source, data=said)]
    ]
    return [entry.position for entry in await asyncio.gather(*kept)]


async def positions(
    office: Office, source: str = "main", place: str | None = None, day: int | None = None, most: int = 500
) -> list[int]:
    """All of them, page by page; a page that leads nowhere would never end, so there is a bound."""
    found: list[int] = []
    after: int | None = 0
    for _ in range(1_000):
        page = await office.find(source, place, day, after=after or 0, most=most)
        assert len(page.found) <= most
        assert page.next is None or page.next > (after or 0)
        found += [one.position for one in page.found]
        after = page.next
        if after is None:
            return found
    raise AssertionError("there is no last page")


async def test_a_delivery_is_found_by_what_it_is_about_and_by_nothing_else(office: Office) -> None:
    late = event("b", time="2026-05-10T23:00:00+08:00")
    first = await push(office, "m1", event("a"))
    second = await push(office, "m2", event("c", data={"room": "room-2", "camera": "on"}), late)
    third = await push(office, "m3", event("a"), source="other")
    assert await positions(office, place=ROOM, day=DAY) == [first]
    assert await positions(office, place=ROOM, day=DAY - 1) == [second]
    assert await positions(office, place=ROOM) == [first, second]
    assert await positions(office, place=touches.room("room-2"), day=DAY) == [second]
    assert await positions(office, place=touches.room("room-2"), day=DAY - 1) == []
    assert await positions(office, place=touches.session("room-1")) == []
    assert await positions(office, day=DAY) == [first, second]
    assert await positions(office) == [first, second]
    assert await positions(office, "other") == [third]
    assert await positions(office, "other", ROOM, DAY) == [third]


async def test_it_is_told_as_the_log_holds_it(office: Office) -> None:
    position = await push(office, "m1", event("a"), event("b", source="x"), 5)
    (found,) = (await office.find("main", ROOM, DAY)).found
    entry = await office.log.entry(position)
    assert (found.position, found.at, found.source, found.webhook_id) == (position, NOW, "main", "m1")
    assert (found.events, found.refused, found.hash, found.erased) == (2, 1, entry.hash, False)


async def test_no_cohort_and_no_person_need_be_known_and_none_is_in_the_catalogue(office: Office) -> None:
    await push(office, "m1", event("a", data={"cohort": "nobody-knows", "account": "u-secret", "room": "r"}))
    assert len(await positions(office, place=touches.room("r"))) == 1
    rows = execute_at_thread(office)
    text = repr(await rows)
    assert "room/r" in text
    assert "u-secret" not in text
    assert "nobody-knows" not in text


async def execute_at_thread(office: Office) -> Any:
    return await asyncio.to_thread(execute_at, office._folder.office, "SELECT * FROM catalogue")


async def test_what_arrives_after_somebody_looked_is_found_too(office: Office) -> None:
    expected = []
    for n in range(4):
        expected.append(await push(office, f"m{n}", event(f"e{n}")))
        assert await positions(office, place=ROOM) == expected


@pytest.mark.parametrize("most", [1, 7, 100, 500])
async def test_pages_end_and_hold_each_delivery_once(office: Office, most: int) -> None:
    count = {1: 40, 7: 600}.get(most, 1_300)
    ours, theirs = await many(office, count), await many(office, count // 2, "other")
    assert await positions(office, place=ROOM, day=DAY, most=most) == ours
    assert await positions(office, place=ROOM, most=most) == ours
    assert await positions(office, most=most) == ours
    assert await positions(office, "other", day=DAY, most=most) == theirs


async def test_a_page_of_large_bodies_is_short_and_the_next_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = await many(office, 20)
    monkeypatch.setattr("monitor.office.deliveries._MOST_BYTES", 500)
    for place in (ROOM, None):
        page = await office.find("main", place, None)
        assert 0 < len(page.found) < 20
        assert page.next is not None
        assert await positions(office, place=place) == expected


async def test_who_does_not_wait_is_told_how_far_it_is_and_finds_all_later(office: Office) -> None:
    expected = await many(office, 9 * SHELF)
    with pytest.raises(CatalogueBehind) as behind:
        await office.find("main", ROOM, DAY, patience_s=0)
    assert behind.value.position < behind.value.head == office.log.head()[0]
    page = await office.find("main", ROOM, DAY, patience_s=60)
    assert [one.position for one in page.found] == expected[:100]


async def test_it_goes_on_where_it_stood_when_all_was_closed(folder: Folder, office: Office) -> None:
    expected = await many(office, 5)
    assert await positions(office, place=ROOM) == expected
    await office.close()
    again = await Office.open(folder, office.log)
    assert await again._where() == office.log.head()[0]
    expected += await many(again, 5)
    assert await positions(again, place=ROOM) == expected
    await again.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE facts SET value = '1 3 " + "0" * 64 + "' WHERE name = 'catalogued'",
        "UPDATE facts SET value = '0' || substr(value, 2) WHERE name = 'catalogued'",
        "UPDATE facts SET value = '1 999999 x' WHERE name = 'catalogued'",
        "UPDATE facts SET value = 'nonsense' WHERE name = 'catalogued'",
        "DELETE FROM facts WHERE name = 'catalogued'",
    ],
)
async def test_a_catalogue_of_another_log_or_another_form_is_thrown_away(
    folder: Folder, office: Office, statement: str
) -> None:
    """As when a backup of the log alone was put back: what it says of positions is of entries that went."""
    expected = await many(office, 5)
    assert await positions(office, place=ROOM) == expected
    wrong = "UPDATE catalogue SET place = 'room/gone'"
    await asyncio.to_thread(execute_at, folder.office, wrong, statement)
    await office.close()
    again = await Office.open(folder, office.log)
    assert await positions(again, place=ROOM) == expected
    assert await positions(again, place=touches.room("gone")) == []
    assert "gone" not in repr(await execute_at_thread(again))
    await again.close()


async def test_what_the_catalogue_says_wrongly_is_not_told(folder: Folder, office: Office) -> None:
    expected = await many(office, 5)
    assert await positions(office, place=ROOM) == expected
    wrong = "INSERT INTO catalogue SELECT source, 'room/x', shelf, day, positions FROM catalogue"
    await asyncio.to_thread(execute_at, folder.office, wrong)
    assert await positions(office, place=touches.room("x")) == []


async def test_thrown_away_it_is_filled_again_and_is_the_same(folder: Folder, office: Office) -> None:
    await many(office, 700)
    await push(office, "m", event("a", time="2026-05-01T08:00:00Z"), "nonsense")
    found = await positions(office, place=ROOM)
    rows = sorted((await execute_at_thread(office))[0])
    await office.rebuild()
    assert (await execute_at_thread(office))[0] == []
    assert await positions(office, place=ROOM) == found
    assert sorted((await execute_at_thread(office))[0]) == rows


@pytest.mark.parametrize("replaced", [False, True])
async def test_what_was_erased_is_in_the_catalogue_no_more(office: Office, replaced: bool) -> None:
    stays = event("a")
    goes = event("b", data={"account": "u-1", "room": "room of one person", "camera": "on"})
    position = await push(office, "m1", stays, goes)
    room = touches.room("room of one person")
    assert await positions(office, place=room) == [position]
    instead = batch(stays) if replaced else b""
    await office.erase(position, "asked", by="a", now=NOW, replacement=instead)
    assert "one person" not in repr(await execute_at_thread(office))
    assert await positions(office, place=room) == []
    assert await positions(office, place=ROOM) == ([position] if replaced else [])
    (found,) = (await office.find("main", None, DAY)).found
    assert (found.position, found.erased, found.events) == (position, True, int(replaced))
    rows = sorted((await execute_at_thread(office))[0])
    await office.rebuild()
    await positions(office, place=ROOM)
    assert sorted((await execute_at_thread(office))[0]) == rows


async def test_an_erasure_that_the_tables_missed_is_found_in_the_log(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = await push(office, "m1", event("a", data={"account": "u", "room": "r", "camera": "on"}))
    await many(office, 2 * SHELF)
    assert await positions(office, place=touches.room("r")) == [position]

    async def missed(_position: int) -> None:
        """As if the tables could not be written."""

    monkeypatch.setattr(office, "refile", missed)
    await office.erase(position, "asked", by="a", now=NOW)
    assert "room/r'" in repr(await execute_at_thread(office))
    assert await positions(office, place=touches.room("r")) == []
    assert "room/r'" not in repr(await execute_at_thread(office))


async def test_nothing_is_filed_while_the_log_can_not_be_written(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables may be another service's by then."""
    await many(office, 5)
    monkeypatch.setattr(Log, "_probe", lambda _log: None)
    monkeypatch.setattr(office.log, "writable", False)
    with pytest.raises(CatalogueBehind):
        await office.find("main", ROOM, DAY)
    assert (await execute_at_thread(office))[0] == []


async def test_a_source_that_nobody_knows_is_named(office: Office) -> None:
    with pytest.raises(Declined, match="no source mian"):
        await office.find("mian", None, None)


async def test_decisions_of_staff_are_found_by_their_session(office: Office) -> None:
    correction = event("c", "attendance.corrected", source="staff", data={"session": "s01", "person": "t01"})
    kept = await office.log.append("delivery", "staff", NOW, {"by": "x"}, batch(correction), "ours/1")
    assert await positions(office, "staff", touches.session("s01"), DAY) == [kept.position]


async def test_a_delivery_shows_all_that_its_link_commits_to(office: Office) -> None:
    position = await push(office, "m1", event("a"))
    proof = await office.delivery(position)
    assert proof is not None
    entry = proof.entry
    digest = chain.body_hash(entry.body)
    fields = chain.canonical(position, "delivery", "main", entry.at, entry.headers, digest, "native/1")
    assert chain.link(bytes.fromhex(proof.before), fields).hex() == proof.found.hash
    assert [await office.delivery(n) for n in (0, 1, position + 1)] == [None] * 3


async def test_deliveries_of_the_first_schema_are_found(bare: Place, tmp_path: Path) -> None:
    """A log and an office as the first version made them, with data; brought up to date, they are filed."""
    folder = Folder(tmp_path / "data", bare.url if isinstance(bare, Server) else None)

    def first() -> None:
        old = Old(folder.log)
        source = {"id": "main", "kind": "native", "camera": "heartbeat", "heartbeat_seconds": 30}
        said = json.dumps({**source, "may_sign_in": False, "demo": False, "added_at": NOW}).encode()
        old.add(("source", "staff", {"by": "cli/a"}, said))
        old.add(*(("delivery", "main", {"webhook-id": f"{n}"}, batch(event(f"e{n}"))) for n in range(700)))
        migrate(folder.office, "office", to="office_0001")

    await asyncio.to_thread(first)
    async with opened(folder) as (_, office):
        assert await positions(office, place=ROOM, day=DAY) == list(range(2, 702))
