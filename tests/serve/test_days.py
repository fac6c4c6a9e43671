"""One person day by day: strips, devices, sign-ins, corrections, and from an event back to its device."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import msgspec

from monitor.instant import instant, rfc3339
from monitor.serve.shapes_of_days import DaysTold
from tests.serve.school import COHORT, SECRET, School, cohort_file

DOOR = f"/v1/cohorts/{COHORT}/people"


async def days(place: School, person: str, role: str = "admin", more: str = "") -> dict[str, Any]:
    status, answer, _ = await place.get(f"{DOOR}/{person}/days{more}", role)
    assert status == 200, answer
    msgspec.convert(answer, DaysTold, strict=True)
    return dict(answer)


async def with_a_hall(place: School) -> None:
    """A second platform, at the door of the hall, that may send sign-ins."""
    office, now = place.parts.office, place.clock()
    await office.add_source("hall", "native", secret=SECRET, may_sign_in=True, by="tests", now=now)
    file = cohort_file()
    file["sources"].append({"id": "hall", "camera": "none"})
    await office.import_cohort(json.dumps(file).encode(), by="tests", why="tests", now=now)


async def test_a_strip_says_second_by_second_what_the_milliseconds_sum_up(place: School) -> None:
    await place.morning()
    answer = await days(place, "t02")
    first = answer["days"][0]["periods"][0]
    assert first["strip"] == [
        ["2026-05-11T00:30:00.000Z", "2026-05-11T00:40:10.000Z", "valid"],
        ["2026-05-11T00:40:10.000Z", "2026-05-11T01:15:00.000Z", "camera_off"],
    ]
    assert (first["verdict"], first["reason"]) == ("refused", "camera_off")
    assert first["milliseconds"] == {"camera_off": 2_090_000, "valid": 610_000}
    assert (first["length_ms"], first["valid_ms"], first["needed_ms"]) == (2_700_000, 610_000, 1_790_000)
    assert first["full_at"] is None
    (device,) = first["connections"]
    assert (device["account"], device["connection"]) == ("u-2", "c-u-2")
    assert [(s["from_by"], s["to_by"]) for s in device["stays"]] == [("joined", "left")]


async def test_every_strip_is_its_whole_period(place: School) -> None:
    await place.morning()
    for person in ("t01", "t02", "t03", "w01"):
        for day in (await days(place, person))["days"]:
            for period in day["periods"]:
                for strip in (period["strip"], *(one["strip"] for one in period["connections"])):
                    assert (period["start"], period["end"]) == (strip[0][0], strip[-1][1])
                    assert all(before[1] == after[0] for before, after in pairwise(strip))


async def test_the_hour_is_full_at_the_instant_at_which_it_counts(place: School) -> None:
    await place.morning()
    first = (await days(place, "t01"))["days"][0]["periods"][0]
    assert first["full_at"] == "2026-05-11T01:10:00.000Z"


async def test_two_devices_have_a_strip_each_and_the_period_the_best_of_both(place: School) -> None:
    place.clock.to("10:10:00")
    phone = {"connection": "phone"}
    await place.push(
        [
            place.event("classroom.joined", "u-1", "08:30:00", camera="on", **phone),
            *place.beats("u-1", "08:30:30", "08:50:00", **phone),
            place.event("classroom.left", "u-1", "08:50:00", **phone),
            place.event("classroom.joined", "u-1", "08:45:00", camera="off", connection="laptop"),
            place.event("classroom.left", "u-1", "09:00:00", connection="laptop"),
        ]
    )
    first = (await days(place, "t01"))["days"][0]["periods"][0]
    assert [(at[11:16], c) for at, _, c in first["strip"]] == [
        ("00:30", "valid"),
        ("00:50", "camera_off"),
        ("01:00", "not_in_room"),
    ]
    strips = {one["connection"]: [c for _, _, c in one["strip"]] for one in first["connections"]}
    assert strips == {
        "phone": ["valid", "not_in_room"],
        "laptop": ["not_in_room", "camera_off", "not_in_room"],
    }
    _, told, _ = await place.get(f"{DOOR}/t01?events=s01/0")
    ids = {one["id"]: one["connection"] for one in first["connections"]}
    for proof in told["events"]:
        assert [ids[name] for name in proof["connections"]] == [proof["event"]["data"]["connection"]]


async def test_what_runs_is_told_up_to_now_and_the_rest_is_ahead(place: School) -> None:
    place.clock.to("08:36:00")
    await place.push(
        [place.event("classroom.joined", "u-1", "08:25:00"), *place.beats("u-1", "08:25:30", "08:36:00")]
    )
    answer = await days(place, "t01")
    first, second = answer["days"][0]["periods"]
    assert first["verdict"] == "live"
    assert first["strip"][-1][2] == "ahead"
    assert first["strip"][-1][0] == answer["as_of"]
    assert sum(first["milliseconds"].values()) == instant(answer["as_of"]) - instant(first["start"])
    assert (first["can_still"], first["reachable_ms"] >= 2_400_000) == (True, True)
    assert second["strip"] == [[second["start"], second["end"], "ahead"]]


async def test_sign_ins_stand_under_their_period_and_days_under_their_date(place: School) -> None:
    place.clock.to("2026-05-12T10:00:00+08:00")
    await with_a_hall(place)
    signed = {"source": "hall"}
    sent = [
        place.event("attendance.signed-in", "u-1", f"2026-05-12T{at}+08:00", session="s02") | signed
        for at in ("07:30:00", "08:20:00")
    ]
    headers, body = place.signed(sent)
    status, said, _ = await place.ask("POST", "/v1/ingest/hall", None, headers=headers, data=body)
    assert (status, said["accepted"]) == (202, 2)
    answer = await days(place, "t01")
    assert [(day["date"], day["weekday"], len(day["periods"])) for day in answer["days"]] == [
        ("2026-05-11", 1, 2),
        ("2026-05-12", 2, 1),
    ]
    offline = answer["days"][1]["periods"][0]
    assert [(mark["what"], mark["accepted"]) for mark in offline["marks"]] == [
        ("signed_in", False),
        ("signed_in", True),
    ]
    assert (offline["slot"]["half_day"], offline["connections"]) == ("morning", [])
    assert [category for _, _, category in offline["strip"]] == ["valid"]


async def test_a_correction_stands_with_the_period_it_decides(place: School) -> None:
    await place.morning()
    proposal = {"person": "t03", "session": "s01", "period": 1, "credit": True, "reason": "教师点名在场"}
    _, made, _ = await place.post(f"/v1/cohorts/{COHORT}/corrections", "clerk", proposal)
    status, _, _ = await place.post(f"/v1/cohorts/{COHORT}/corrections/{made['n']}/approve", "approver")
    assert status == 200
    first, second = (await days(place, "t03"))["days"][0]["periods"]
    assert first["correction"] is None
    assert second["correction"] is not None
    assert (second["verdict"], second["reason"], second["correction"]["credit"]) == (
        "credited",
        "manual",
        True,
    )


async def test_a_teacher_has_no_totals_and_the_periods_they_teach(place: School) -> None:
    await place.morning()
    answer = await days(place, "w01")
    assert answer["totals"] is None
    assert [(day["date"], day["credited"], len(day["periods"])) for day in answer["days"]] == [
        ("2026-05-11", None, 2)
    ]


async def test_center_and_auditor_see_no_whole_name_and_no_account(place: School) -> None:
    await place.morning()
    for role in ("center", "auditor"):
        answer = await days(place, "t01", role)
        assert answer["name"] == "张*"
        assert all(
            "account" not in one
            for day in answer["days"]
            for period in day["periods"]
            for one in period["connections"]
        )
        whole = await days(place, "t01", role, "?full=true&reason=抽查")
        assert whole["name"] == "张三"
        assert whole["days"][0]["periods"][0]["connections"][0]["account"] == "u-1"


async def test_a_trainee_sees_their_own_days_alone(place: School) -> None:
    found = {
        person: (await place.get(f"{DOOR}/{person}/days", "trainee"))[0]
        for person in ("t01", "t02", "nobody")
    }
    assert found == {"t01": 200, "t02": 404, "nobody": 404}


async def test_its_etag_holds_until_something_changes(place: School) -> None:
    _, _, headers = await place.get(f"{DOOR}/t01/days")
    tag = {"If-None-Match": headers["ETag"]}
    assert (await place.get(f"{DOOR}/t01/days", **tag))[0] == 304
    await place.push([place.event("classroom.joined", "u-1", "08:19:00")])
    assert (await place.get(f"{DOOR}/t01/days", **tag))[0] == 200


async def test_what_arrives_while_a_reading_is_noted_does_not_break_the_answer(place: School) -> None:
    """The fold may not have moved past the answer when its strips are made."""
    await place.morning()
    note = place.parts.note

    async def slowly(reading: Any) -> None:
        place.clock.now += 60_000
        at = rfc3339(place.clock())
        await place.push([place.event("camera.heartbeat", "u-1", at, camera="on")])
        await place.get(f"/v1/cohorts/{COHORT}/attendance")  # and is folded, for somebody else asks
        await note(reading)

    place.parts.note = slowly
    for door in (f"{DOOR}/t01/days", f"{DOOR}/t01?events=s01/0"):
        status, _, _ = await place.get(door, "auditor")
        assert status == 200


async def test_an_event_belongs_to_the_connection_of_its_own_account(place: School) -> None:
    """Two accounts of one person where the platform tells no devices apart; the room's end is of both."""
    place.clock.to("10:10:00")
    await place.push(
        [
            place.event("classroom.joined", "u-1", "08:31:00", connection=""),
            place.event("classroom.joined", "u-7", "08:32:00", connection=""),
            place.event("classroom.ended", "", "09:00:00", connection=None),
        ]
    )
    binding = {"bindings": [{"person": "t01", "account": "u-7"}]}
    assert (await place.post(f"/v1/cohorts/{COHORT}/bindings", "clerk", binding))[0] == 200
    first = (await days(place, "t01"))["days"][0]["periods"][0]
    accounts = {one["id"]: one["account"] for one in first["connections"]}
    _, told, _ = await place.get(f"{DOOR}/t01?events=s01/0")
    found = [
        (proof["event"]["data"]["account"], [accounts[name] for name in proof["connections"]])
        for proof in told["events"]
    ]
    assert found == [("u-1", ["u-1"]), ("u-7", ["u-7"]), ("", ["u-1", "u-7"])]
