"""One person: totals, periods, stays, and from a period down to the delivery."""

from __future__ import annotations

from typing import Any

import pytest

from tests.serve.school import COHORT, School

DOOR = f"/v1/cohorts/{COHORT}/people"


async def test_a_trainee_has_totals_periods_and_stays(place: School) -> None:
    await place.morning()
    status, answer, _ = await place.get(f"{DOOR}/t01")
    assert status == 200
    assert (answer["id"], answer["credited"], answer["standing"]) == ("t01", 2, "unrecoverable")
    assert [(p["session"], p["index"], p["verdict"]) for p in answer["periods"]] == [
        ("s01", 0, "credited"),
        ("s01", 1, "credited"),
        ("s02", 0, "upcoming"),
    ]
    assert answer["stays"] == [
        {
            "source": "main",
            "room": "room-1",
            "connection": "c-u-1",
            "from": "2026-05-11T00:25:00.000Z",
            "to": "2026-05-11T02:06:00.000Z",
            "from_by": "joined",
            "to_by": "last_proof",
        }
    ]


async def test_a_persons_numbers_are_those_of_the_attendance(place: School) -> None:
    await place.morning()
    _, everybody, _ = await place.get(f"/v1/cohorts/{COHORT}/attendance")
    for row in everybody["people"]:
        _, one, _ = await place.get(f"{DOOR}/{row['id']}")
        assert row == {key: one[key] for key in row}


async def test_a_teacher_has_the_periods_they_teach_and_no_totals(place: School) -> None:
    await place.morning()
    status, answer, _ = await place.get(f"{DOOR}/w01")
    assert (status, answer["role"]) == (200, "teacher")
    assert "credited" not in answer
    assert [(p["session"], p["milliseconds"]) for p in answer["periods"]] == [
        ("s01", {"valid": 2_700_000}),
        ("s01", {"valid": 2_700_000}),
    ]


async def test_from_a_period_to_its_events_to_their_delivery(place: School) -> None:
    await place.push([place.event("classroom.joined", "u-1", "08:19:00")])
    await place.morning()
    _, answer, _ = await place.get(f"{DOOR}/t01?events=s01/0")
    times = [proof["event"]["time"] for proof in answer["events"]]
    assert (times[0], times[-1]) == ("2026-05-11T00:29:30.000Z", "2026-05-11T01:15:30.000Z")  # and neighbours
    for proof in answer["events"]:
        entry = await place.parts.log.entry(int(proof["position"]))
        assert proof["hash"] == entry.hash
        assert proof["event"]["id"].encode() in entry.body


async def test_a_repeated_event_leads_to_the_delivery_that_brought_it_first(place: School) -> None:
    event = place.event("classroom.joined", "u-1", "08:19:00")
    _, first, _ = await place.push([event])
    place.clock.to("08:31:00")
    await place.push([event])
    _, answer, _ = await place.get(f"{DOOR}/t01?events=s01/0")
    assert [proof["position"] for proof in answer["events"]] == [first["position"]]


async def test_a_period_that_is_not_there_is_not_found(place: School) -> None:
    for name in ("s01/9", "s09/0", "s01", "/", "s01/-1", "s01/x"):
        status, problem, _ = await place.get(f"{DOOR}/t01?events={name}")
        assert (status, problem["reason"]) == (404, "not_found")


async def test_somebody_who_is_not_there_is_not_found(place: School) -> None:
    status, _, _ = await place.get(f"{DOOR}/t99")
    assert status == 404


async def test_its_etag_holds_until_something_changes(place: School) -> None:
    _, _, headers = await place.get(f"{DOOR}/t01")
    status, _, _ = await place.get(f"{DOOR}/t01", **{"If-None-Match": headers["ETag"]})
    assert status == 304
    await place.push([place.event("classroom.joined", "u-1", "08:19:00")])
    status, _, _ = await place.get(f"{DOOR}/t01", **{"If-None-Match": headers["ETag"]})
    assert status == 200


async def test_shortfalls_name_the_gap_and_what_could_close_it(place: School) -> None:
    await place.morning()
    _, answer, _ = await place.get(f"/v1/cohorts/{COHORT}/shortfalls")
    assert [(one["id"], one["gap"], one["gap_seminar"]) for one in answer["shortfalls"]] == [
        ("t01", 78, 16),
        ("t02", 80, 16),
        ("t03", 80, 16),
    ]
    assert answer["shortfalls"][0]["could_close"] == [
        {
            "session": "s02",
            "index": 0,
            "course": "研讨",
            "kind": "discussion",
            "mode": "offline",
            "seminar": True,
            "start": "2026-05-12T00:30:00.000Z",
            "end": "2026-05-12T01:15:00.000Z",
            "verdict": "upcoming",
            "room": None,
            "place": "一号楼",
        }
    ]


async def test_shortfalls_page_by_cursor(place: School) -> None:
    door, found, cursor = f"/v1/cohorts/{COHORT}/shortfalls?limit=2", [], ""
    while True:
        _, answer, _ = await place.get(door + cursor)
        found.append([one["id"] for one in answer["shortfalls"]])
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert found == [["t01", "t02"], ["t03"]]


async def test_only_a_live_period_that_can_still_be_reached_could_close_a_gap(place: School) -> None:
    place.clock.to("08:36:00")
    await place.push(
        [place.event("classroom.joined", "u-1", "08:25:00"), *place.beats("u-1", "08:25:30", "08:36:00")]
    )
    _, answer, _ = await place.get(f"/v1/cohorts/{COHORT}/shortfalls")
    live = {
        one["id"]: [p["verdict"] for p in one["could_close"] if p["verdict"] == "live"]
        for one in answer["shortfalls"]
    }
    assert live == {"t01": ["live"], "t02": [], "t03": []}


@pytest.mark.parametrize("connection", ["c-u-1", None])
async def test_events_of_other_days_stand_behind_no_period(place: School, connection: str | None) -> None:
    """A platform that names no connection, or the same one each day, has neighbours days away."""

    def event(kind: str, at: str) -> dict[str, Any]:
        return place.event(kind, "u-1", at, connection=connection, camera="on")

    days = ("2026-05-08", "2026-05-11", "2026-05-14")
    place.clock.to("2026-05-15T10:00:00+08:00")
    for day in days:
        beats = [f"{day}T08:{minute:02}:00+08:00" for minute in range(32, 40)]
        await place.push(
            [
                event("classroom.joined", f"{day}T08:31:00+08:00"),
                *(event("camera.heartbeat", at) for at in beats),
                event("classroom.left", f"{day}T08:45:00+08:00"),
            ]
        )
    for period, last in (("s01/0", 10), ("s01/1", 1)):
        _, answer, _ = await place.get(f"{DOOR}/t01?events={period}")
        times = [proof["event"]["time"] for proof in answer["events"]]
        assert {time[:10] for time in times} == {"2026-05-11"}
        assert len(times) == last


async def test_a_period_that_nobody_came_near_shows_what_was_nearest_that_day(place: School) -> None:
    """Two connections of the day, neither in the period: the last before it and the first behind it."""
    place.clock.to("23:00:00")
    for connection, at in (("a", "07:00:00"), ("b", "08:00:00"), ("c", "11:00:00"), ("d", "12:00:00")):
        await place.push(
            [
                place.event("classroom.joined", "u-1", at, connection=connection),
                place.event("classroom.left", "u-1", at[:6] + "30", connection=connection),
            ]
        )
    _, answer, _ = await place.get(f"{DOOR}/t01?events=s01/0")
    assert [proof["event"]["time"][11:19] for proof in answer["events"]] == ["08:00:30", "11:00:00"]
