"""What /metrics tells: what happened, in the words of docs/operate.md, and nobody's name."""

from __future__ import annotations

import asyncio
import re

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from monitor.ingest import sources
from monitor.serve import metrics
from monitor.serve.unknown import MOST, UnknownTypes
from monitor.store.ledger import Ledger
from tests.docs.fences import page
from tests.ingest.signing import NOW, batch, event
from tests.ingest.test_sources import entry
from tests.serve.school import COHORT, School, until


async def scraped(place: School) -> dict[str, Metric]:
    _, body, _ = await place.get("/metrics", None)
    return {family.name: family for family in text_string_to_metric_families(body.decode())}


async def value(place: School, name: str, **labels: str) -> float:
    """The sample of that very name and these labels."""
    for family in (await scraped(place)).values():
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    raise AssertionError(f"no sample {name} {labels}")


async def watching(place: School):  # type: ignore[no-untyped-def]
    """A board of the cohort, with its snapshot heard."""
    socket = await place.http.ws_connect(
        f"{place.url}/v1/live?cohort={COHORT}", headers=place.headers("teacher")
    )
    await socket.receive_json()
    return socket


async def test_every_metric_is_in_the_page_and_every_one_of_the_page_is_told(place: School) -> None:
    """By name, kind and labels, once something of everything has happened."""
    place.clock.to("08:31:00")
    board = await watching(place)
    await place.push([place.event("classroom.waved", "u-1", "08:30:00")])
    listed = {
        (name.removesuffix("_total"), kind, frozenset(filter(None, (labels or "").split(","))))
        for name, labels, kind in re.findall(r"^\| `(\w+)(?:{(.+)})?` \| (\w+) \|", page("operate.md"), re.M)
    }
    told = {
        (name, family.type, frozenset().union(*(sample.labels for sample in family.samples)) - {"le"})
        for name, family in (await scraped(place)).items()
    }
    await board.close()

    assert {one for one in told if one[0].startswith("monitor_")} == {
        one for one in listed if one[0].startswith("monitor_")
    }
    assert {one for one in told if not one[0].startswith("monitor_")} <= listed


async def test_deliveries_and_events_are_counted_with_what_was_refused(place: School) -> None:
    """Each reason has its row from the start, at 0."""
    for reason in ("stale", "busy"):
        assert 0 == await value(place, "monitor_refused_deliveries_total", reason=reason)
    good, bad = (
        place.event("classroom.joined", "u-1", "08:19:00"),
        place.event("camera.on", "u-1", "08:19:00"),
    )
    await place.push([good, {**bad, "source": "other"}], "m1")
    await place.push([good], "m2")
    await place.push([good], "m2")
    headers, body = place.signed([good])
    await place.ask("POST", "/v1/ingest/main", None, headers=headers, data=body + b" ")

    for name, expected in (("deliveries", 2), ("repeated_deliveries", 1), ("events", 2)):
        assert (name, expected) == (name, await value(place, f"monitor_{name}_total"))
    assert 1 == await value(place, "monitor_refused_events_total", reason="source_mismatch")
    assert 1 == await value(place, "monitor_refused_deliveries_total", reason="not_authentic")


async def test_commits_are_timed_and_failed_ones_counted(
    place: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivery that was kept before costs no commit."""

    async def counted() -> tuple[float, float, float]:
        names = ("commits_total", "commit_seconds_count", "failed_commits_total")
        return tuple([await value(place, f"monitor_log_{name}") for name in names])  # type: ignore[return-value]

    commits, timed, failed = await counted()
    events = [place.event("classroom.joined", "u-1", "08:19:00")]
    await place.push(events, "m1")
    await place.push(events, "m1")
    assert (commits + 1, timed + 1, failed) == await counted()
    assert 0 < await value(place, "monitor_log_commit_seconds_sum")

    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "write", None)
        assert 503 == (await place.push(events, "m3"))[0]
    assert (commits + 1, timed + 1, failed + 1) == await counted()
    assert 0 == await value(place, "monitor_log_writable")


async def test_what_waits_for_the_disk_is_told_in_appends_and_bytes(place: School) -> None:
    assert (0, 0) == (
        await value(place, "monitor_log_pending"),
        await value(place, "monitor_log_pending_bytes"),
    )
    place.parts.log._pending, place.parts.log._pending_bytes = 3, 700
    assert (3, 700) == (
        await value(place, "monitor_log_pending"),
        await value(place, "monitor_log_pending_bytes"),
    )
    place.parts.log._pending = place.parts.log._pending_bytes = 0


async def test_a_fold_from_the_log_and_each_turn_are_timed(place: School) -> None:
    """Asking again folds nothing anew; a second board of a cohort neither."""
    assert 0 == await value(place, "monitor_fold_seconds_count")
    for _ in range(2):
        await place.get(f"/v1/cohorts/{COHORT}/attendance")
    assert 1 == await value(place, "monitor_fold_seconds_count")
    board = await watching(place)
    assert (1, 1) == (
        await value(place, "monitor_fold_seconds_count"),
        await value(place, "monitor_turn_seconds_count"),
    )
    await board.close()


async def test_the_lag_is_from_the_first_arrival_to_the_change_that_carries_it(place: School) -> None:
    """Of what rides in one change the first counts; a turn that changes nothing has no lag."""
    place.clock.to("08:31:00")
    board = await watching(place)
    gone_by = place.parts.live._turns
    held: list[str] = []
    gone_by.add, add = held.append, gone_by.add  # type: ignore[method-assign]
    await place.push([place.event("classroom.joined", "u-1", "08:30:30")])
    place.clock.now += 400
    await place.push([place.event("classroom.joined", "u-2", "08:30:31")])
    place.clock.now += 300
    gone_by.add = add  # type: ignore[method-assign]
    place.parts.live._turn(held[0])
    assert "change" == (await board.receive_json())["type"]

    assert 1 == await value(place, "monitor_board_lag_seconds_count")
    assert 0.7 == await value(place, "monitor_board_lag_seconds_sum")
    place.parts.live._turn(COHORT)
    assert 1 == await value(place, "monitor_board_lag_seconds_count")
    await board.close()


async def test_boards_and_changes_are_counted(place: School) -> None:
    place.clock.to("08:31:00")
    board = await watching(place)
    assert (1, 1) == (
        await value(place, "monitor_watchers"),
        await value(place, "monitor_cohorts_held"),
    )
    await place.push([place.event("classroom.joined", "u-1", "08:30:30")])
    await board.receive_json()
    assert 1 == await value(place, "monitor_changes_total")
    await board.close()
    await until(lambda: place.parts.live.watchers == 0)
    assert 0 == await value(place, "monitor_watchers")


async def test_metrics_count_without_naming_anybody(place: School) -> None:
    """Doors are named by their pattern; people, accounts, cohorts, tokens not at all."""
    await place.morning()
    await place.get(f"/v1/cohorts/{COHORT}/people/t01")
    _, body, _ = await place.get("/metrics", None)
    text = body.decode()
    assert 'door="GET /v1/cohorts/{cohort}/people/{person}",status="200"} 1.0' in text
    assert [word for word in ("t01", "u-1", COHORT, "张三", *place.tokens.values()) if word in text] == []


# --- types that nobody knows -----------------------------------------------------------------------------


def counted(*types: str, counts: UnknownTypes | None = None) -> dict[str, int]:
    found = counts or UnknownTypes()
    for kind in types:
        found.took(entry(b"[]"), sources.taken(entry(batch(event(kind=kind)), at=NOW)))
    return found.counts


def test_unknown_types_are_counted_by_name() -> None:
    """Those that the rules know are not among them."""
    types = ("room.locked", "camera.on", "room.locked", "RoomMoved_v2", "attendance.signed-in")
    assert counted(*types) == {"room.locked": 2, "RoomMoved_v2": 1}


@pytest.mark.parametrize(
    "name", ["张三.joined", "user.13912345678", "a b", "x" * 65, 'a"b', "1.joined", "a\nb"]
)
def test_a_type_that_may_name_somebody_is_counted_without_its_name(name: str) -> None:
    assert counted(name) == {"other": 1}


def test_so_many_names_are_counted_and_no_more() -> None:
    """A platform can't fill the memory with names; those that are known go on being counted."""
    counts = UnknownTypes()
    names = [f"new.t{n}" for n in range(MOST + 20)]
    counted(*names[:MOST], counts=counts)
    counted(*names[MOST:], names[7], counts=counts)
    assert dict.fromkeys(names[:MOST], 1) | {names[7]: 2, "other": 20} == counts.counts


def test_every_row_says_what_it_is_in_chinese_first() -> None:
    assert [
        row.name for row in (*metrics.TABLE, *metrics.PROCESS) if not "\u4e00" <= row.zh[0] <= "\u9fff"
    ] == []


async def test_counting_in_the_writer_thread_loses_nothing(place: School) -> None:
    """Commits are timed there while answers are counted in the event loop."""
    before = await value(place, "monitor_log_commit_seconds_count")
    commits = place.parts.log.commits
    await asyncio.gather(*(place.push([place.event("camera.on", "u-1", "08:19:00")]) for _ in range(20)))
    assert (
        place.parts.log.commits - commits == await value(place, "monitor_log_commit_seconds_count") - before
    )
