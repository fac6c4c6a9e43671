"""Binding accounts: the preview is what comes of it, a meeting is bound at once or not at all, and undone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from monitor.serve.shapes_of_inbox import BoundMany, CohortInbox, PreviewTold
from tests.serve.school import COHORT, OTHER, ROLES, School

DOOR = f"/v1/cohorts/{COHORT}"
BIND, PREVIEW, INBOX = f"{DOOR}/bindings", f"{DOOR}/bindings/preview", f"{DOOR}/inbox"


def bindings(*pairs: tuple[str, str], source: str | None = "main") -> dict[str, Any]:
    return {"bindings": [{"person": p, "account": a, "source": source} for p, a in pairs]}


async def meeting(place: School, instance: str = "i-9") -> None:
    """u-7 and u-8 sit in one meeting all morning; u-8 on two devices; the platform says their names."""
    place.clock.to("10:10:00")
    where = {"instance": instance}
    events = [
        place.event("classroom.joined", "u-7", "08:25:00", name="学员-张三", **where),
        *place.beats("u-7", "08:25:30", "10:06:00", **where),
        place.event("classroom.left", "u-7", "10:06:00", **where),
        place.event("classroom.joined", "u-8", "08:30:00", name="欧阳小四", **where),
        *place.beats("u-8", "08:30:30", "08:45:00", **where),
        place.event("classroom.left", "u-8", "08:45:00", **where),
        place.event("classroom.joined", "u-8", "08:40:00", **where, connection="phone"),
        *place.beats("u-8", "08:40:30", "09:00:00", **where, connection="phone"),
        place.event("classroom.left", "u-8", "09:00:00", **where, connection="phone"),
    ]
    status, answer, _ = await place.push(events)
    assert (status, answer["accepted"]) == (202, len(events))


async def unbind_all(place: School) -> None:
    """A cohort whose trainees hold no account yet."""
    from tests.serve.school import cohort_file

    file = cohort_file()
    for person in file["people"]:
        person.pop("accounts")
    status, answer, _ = await place.post("/v1/cohorts", "clerk", file)
    assert status == 200, answer


async def numbers(place: School) -> dict[str, Any]:
    """What the service says of the cohort: attendance, and every verdict."""
    _, answer, _ = await place.get(f"{DOOR}/attendance")
    _, progress, _ = await place.get(f"{DOOR}/progress")
    shown = {key: answer[key] for key in ("people", "rate", "findings")}
    return {**shown, "cells": {row["id"]: row["cells"] for row in progress["people"]}}


async def test_the_inbox_says_where_and_how_long_an_account_was_there(place: School) -> None:
    await meeting(place)
    status, answer, _ = await place.get(INBOX, "clerk")
    assert status == 200
    msgspec.convert(answer, CohortInbox, strict=True)
    first, second = answer["accounts"]
    (held,) = answer["meetings"]
    assert {key: first[key] for key in ("account", "first_at", "last_at", "in_room_ms", "connections")} == {
        "account": "u-7",
        "first_at": "2026-05-11T00:25:00.000Z",
        "last_at": "2026-05-11T02:06:00.000Z",
        "in_room_ms": 101 * 60_000,
        "connections": 1,
    }
    assert (first["proven_ms"], first["names"], first["meetings"]) == (
        90 * 60_000,
        ["学员-张三"],
        [held["id"]],
    )
    assert (second["connections"], second["in_room_ms"]) == (2, 30 * 60_000)
    assert (held["instance"], held["sessions"], held["date"]) == ("i-9", ["s01"], "2026-05-11")
    assert [one["account"] for one in held["accounts"]] == ["u-7", "u-8"]
    assert (held["from"], held["to"]) == ("2026-05-11T00:25:00.000Z", "2026-05-11T02:06:00.000Z")
    assert answer["left_out"] == 0


async def test_looking_at_the_inbox_changes_nothing(place: School) -> None:
    await meeting(place)
    before = await numbers(place)
    head = place.parts.log.head()
    await place.get(INBOX, "clerk")
    assert (before, head) == (await numbers(place), place.parts.log.head())


async def test_people_are_suggested_by_name_those_without_an_account_first(place: School) -> None:
    await unbind_all(place)
    await meeting(place)
    await place.post(BIND, "clerk", bindings(("t01", "u-1")))
    _, answer, _ = await place.get(INBOX, "clerk")
    found = {
        one["account"]: [(s["person"], s["how"], s["unbound"]) for s in one["suggestions"]]
        for one in answer["accounts"]
    }
    assert found == {"u-7": [("t01", "contains", False)], "u-8": [("t02", "same", True)]}
    assert "学员-张三" in answer["accounts"][0]["suggestions"][0]["why"]["zh"]
    assert [(p["id"], p["unbound"]) for p in answer["people"]] == [
        ("t02", True),
        ("t03", True),
        ("w01", True),
        ("t01", False),
    ]
    _, attendance, _ = await place.get(f"{DOOR}/attendance")
    assert [row["credited"] for row in attendance["people"]] == [0, 0, 0]  # nobody is bound by a name


async def test_a_preview_is_what_comes_of_the_binding(place: School) -> None:
    await unbind_all(place)
    await meeting(place)
    asked = bindings(("t01", "u-7"), ("t02", "u-8"))
    before = await numbers(place)
    head = place.parts.log.head()
    status, preview, _ = await place.post(PREVIEW, "clerk", asked)
    assert status == 200, preview
    msgspec.convert(preview, PreviewTold, strict=True)
    assert (before, head) == (await numbers(place), place.parts.log.head())  # nothing was written
    status, bound, _ = await place.post(BIND, "clerk", asked)
    assert status == 200
    msgspec.convert(bound, BoundMany, strict=True)
    after = await numbers(place)
    assert preview["rate"] == {"before": before["rate"], "after": after["rate"]}
    for told in preview["people"]:
        for when, numbers_then in (("before", before), ("after", after)):
            (row,) = (one for one in numbers_then["people"] if one["id"] == told["id"])
            assert row == {"id": told["id"], **{key: told[when][key] for key in row if key != "id"}}
    assert [(one["id"], one["after"]["credited"]) for one in preview["people"]] == [("t01", 2), ("t02", 0)]
    changed = {(p["session"], p["index"]): p for p in preview["people"][0]["periods"]}
    assert changed.keys() == {("s01", 0), ("s01", 1)}
    assert changed["s01", 0]["before"] == {"verdict": "refused", "reason": "not_in_room", "valid_ms": 0}
    assert changed["s01", 0]["after"] == {"verdict": "credited", "reason": None, "valid_ms": 2_700_000}
    gone = [one for one in before["findings"] if one not in after["findings"]]
    assert {(one["code"], one.get("account")) for one in preview["findings"]["gone"]} == {
        (one["code"], one.get("account")) for one in gone
    }


async def test_a_teachers_preview_has_periods_and_no_totals(place: School) -> None:
    await meeting(place)
    _, preview, _ = await place.post(PREVIEW, "clerk", bindings(("w01", "u-7")))
    (told,) = preview["people"]
    assert (told["before"], told["after"]) == (None, None)
    assert [p["after"]["valid_ms"] for p in told["periods"]] == [2_700_000, 2_700_000]
    assert {one["code"] for one in preview["findings"]["gone"]} == {"account_unmatched", "teacher_not_proven"}
    assert {one.get("name") for one in preview["findings"]["gone"]} == {None, "王老师"}


async def test_a_meeting_is_bound_in_one_version_or_not_at_all(place: School) -> None:
    await meeting(place)
    before = place.parts.log.head()
    wrong = bindings(("t01", "u-7"), ("t02", "u-1"), ("t03", "u-7"))
    for door in (PREVIEW, BIND):
        status, problem, _ = await place.post(door, "clerk", wrong)
        assert (status, problem["reason"]) == (409, "conflict")
        assert [error["where"] for error in problem["errors"]] == ["bindings[1]", "bindings[2]"]
    assert before == place.parts.log.head()
    status, done, _ = await place.post(BIND, "clerk", bindings(("t01", "u-7"), ("t02", "u-8")))
    assert (status, before[0] + 1) == (200, place.parts.log.head()[0])
    assert done["bound"] == [
        {"person": "t01", "account": "main/u-7"},
        {"person": "t02", "account": "main/u-8"},
    ]
    assert (await place.get(INBOX, "clerk"))[1]["accounts"] == []
    again = await place.post(BIND, "clerk", bindings(("t01", "u-7"), ("t02", "u-8")))
    assert (again[0], again[1]["version"]) == (200, done["version"])  # nothing new to say


async def test_each_binding_of_many_is_kept_by_an_import_and_taken_back_by_itself(place: School) -> None:
    from tests.serve.school import cohort_file

    await meeting(place)
    await place.post(BIND, "clerk", bindings(("t01", "u-7"), ("t02", "u-8")))
    status, answer, _ = await place.post("/v1/cohorts", "clerk", cohort_file())
    assert (status, answer["changed"]) == (200, False)
    status, _, _ = await place.ask("DELETE", f"{DOOR}/people/t01/accounts?account=u-7&source=main", "clerk")
    assert status == 200
    assert [one["account"] for one in (await place.get(INBOX, "clerk"))[1]["accounts"]] == ["u-7"]
    await place.parts.office.rebuild()  # the tables follow from the log, bindings of many too
    status, _, _ = await place.ask("DELETE", f"{DOOR}/people/t02/accounts?account=u-8&source=main", "clerk")
    assert status == 200


@pytest.mark.parametrize("door", [BIND, PREVIEW])
async def test_what_can_not_be_bound_is_named(place: School, door: str) -> None:
    for sent, reason, where in (
        (bindings(("t99", "u-7")), "not_found", "bindings[0]"),
        (bindings(("t01", "u-7"), ("t01", "u-8"), source="nowhere"), "not_found", "bindings[1]"),
    ):
        status, problem, _ = await place.post(door, "clerk", sent)
        assert (status, problem["reason"]) == (404, reason)
        assert problem["errors"][-1]["where"] == where
    for sent in ({}, {"bindings": []}, {"bindings": [{"person": "t01"}]}, bindings(("t01", " "))):
        status, problem, _ = await place.post(door, "clerk", sent)
        assert (status, problem["reason"]) == (400, "bad_body")


async def test_clerk_and_admin_alone_and_of_their_own_cohorts(place: School) -> None:
    sent = bindings(("t01", "u-7"))
    for role in ROLES:
        expected = 200 if role in ("clerk", "admin") else 403
        assert (await place.get(INBOX, role))[0] == expected
        assert (await place.post(PREVIEW, role, sent))[0] == expected
    for method, door, more in (
        ("GET", "inbox", {}),
        ("POST", "bindings", {"json": sent}),
        ("POST", "bindings/preview", {"json": sent}),
    ):
        status, _, _ = await place.ask(method, f"/v1/cohorts/{OTHER}/{door}", "clerk", **more)
        assert status == 404
