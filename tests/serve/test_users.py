"""Users: who may make them, what of, and that two people are two people."""

from __future__ import annotations

from typing import Any

import pytest

from tests.serve.browser import PASSWORD, Browser, user
from tests.serve.school import COHORT, OTHER, School

PROPOSAL = {"person": "t01", "session": "s01", "period": 0, "credit": True, "reason": "教师点名在场"}


async def test_an_admin_invites_a_teacher_who_sets_a_password(place: School) -> None:
    async with Browser(place) as admin, Browser(place) as teacher:
        await admin.begin(await user(place, "admin"))
        wanted = {
            "name": "Wang",
            "display": "王老师",
            "role": "teacher",
            "cohorts": [COHORT],
            "persons": {COHORT: "w01"},
        }
        status, told, _ = await admin.post("/v1/users", wanted)
        assert (status, told["user"]["name"], told["user"]["state"]) == (201, "wang", "invited")
        assert told["link"]["url"].startswith(f"{place.url}/link#")
        secret = told["link"]["url"].partition("#")[2]
        assert (await teacher.post("/v1/link/use", {"secret": secret, "password": PASSWORD}))[0] == 200
        _, listed, _ = await admin.get("/v1/users")
        assert {one["name"]: one["state"] for one in listed["users"]}["wang"] == "active"
        status, again, _ = await admin.post("/v1/users", wanted)
        assert (status, again["reason"]) == (409, "conflict")
        number = told["user"]["id"]
        assert (await admin.get(f"/v1/users/{number}/sessions"))[1]["sessions"][0]["current"] is False
        assert (await admin.ask("DELETE", f"/v1/users/{number}/sessions"))[0] == 204
        assert (await teacher.get("/v1/cohorts"))[0] == 401
        status, link, _ = await admin.post(f"/v1/users/{number}/link")
        assert (status, link["kind"]) == (201, "reset")
        status, told, _ = await admin.ask("PATCH", f"/v1/users/{number}", json={"disabled": True})
        assert (status, told["state"]) == (200, "disabled")
        assert (await teacher.sign_in("wang"))[0] == 401


@pytest.mark.parametrize(
    ("wanted", "status", "reason"),
    [
        ({"name": "a b"}, 422, "bad_name"),
        ({"name": ""}, 422, "bad_name"),
        ({"cohorts": ["nowhere"]}, 404, "not_found"),
        ({"cohorts": None}, 409, "declined"),
        ({"role": "trainee"}, 400, "bad_body"),
        ({"persons": {OTHER: "w01"}}, 409, "declined"),
        ({"persons": {COHORT: "t01"}}, 404, "not_found"),
        ({"display": "x" * 101}, 400, "bad_body"),
        ({"password": "x"}, 400, "bad_body"),
    ],
)
async def test_a_user_that_can_not_be_is_declined(
    place: School, wanted: dict[str, Any], status: int, reason: str
) -> None:
    content = {"name": "wang", "role": "teacher", "cohorts": [COHORT], **wanted}
    found, told, _ = await place.post("/v1/users", "admin", content)
    assert (found, told["reason"]) in ((status, reason), (400, "bad_body"))
    assert place.parts.office.users() == []


async def test_a_teacher_of_a_cohort_is_one_user(place: School) -> None:
    await user(place, "teacher", "one", persons={COHORT: "w01"})
    content = {"name": "two", "role": "teacher", "cohorts": [COHORT], "persons": {COHORT: "w01"}}
    status, told, _ = await place.post("/v1/users", "admin", content)
    assert (status, told["reason"]) == (409, "conflict")


async def test_an_admin_of_one_cohort_gives_and_sees_nothing_beyond_it(place: School) -> None:
    whole = await user(place, "admin", "whole")
    other = await user(place, "teacher", "other", cohorts=(OTHER,))
    mine = await user(place, "teacher", "mine")
    async with Browser(place) as admin:
        row = await user(place, "admin", "part", cohorts=(COHORT,))
        await admin.begin(row)
        listed = (await admin.get("/v1/users"))[1]["users"]
        assert {one["name"] for one in listed} == {"part", "mine"}
        for number in (whole.id, other.id, "u00000000"):
            for method, path, content in (
                ("GET", "", None),
                ("PATCH", "", {"disabled": True}),
                ("POST", "/link", None),
                ("GET", "/sessions", None),
                ("DELETE", "/sessions", None),
                ("DELETE", "/sessions/0a0a", None),
            ):
                status, _, _ = await admin.ask(method, f"/v1/users/{number}{path}", json=content)
                assert status == 404
        for content in (
            {"name": "spy", "role": "teacher", "cohorts": [OTHER]},
            {"name": "spy", "role": "center"},
            {"name": "spy", "role": "admin", "cohorts": None},
        ):
            status, told, _ = await admin.post("/v1/users", content)
            assert (status, told["reason"]) == (403, "forbidden")
        for change in (
            {"cohorts": [OTHER]},
            {"cohorts": [], "role": "admin"},
            {"role": "center", "cohorts": None},
        ):
            status, told, _ = await admin.ask("PATCH", f"/v1/users/{mine.id}", json=change)
            assert (status, told["reason"]) == (403, "forbidden")
        status, _, _ = await admin.ask("PATCH", f"/v1/users/{row.id}", json={"cohorts": None})
        assert status == 403


async def test_the_last_admin_stays_one(place: School) -> None:
    async with Browser(place) as admin:
        row = await user(place, "admin")
        await admin.begin(row)
        for change in ({"role": "teacher", "cohorts": []}, {"disabled": True}):
            status, told, _ = await admin.ask("PATCH", f"/v1/users/{row.id}", json=change)
            assert (status, told["reason"]) == (409, "conflict")
        await user(place, "admin", "another")
        assert (await admin.ask("PATCH", f"/v1/users/{row.id}", json={"disabled": True}))[0] == 200


async def test_what_is_decided_of_users_can_be_read_again_from_the_log(place: School) -> None:
    office = place.parts.office
    row = await user(place, "teacher", persons={COHORT: "w01"})
    await office.change_user(row.id, {"display": "严老师"}, by="tests", now=place.clock())
    link = await office.link_for(row.id, by="cli/a", now=place.clock())
    before = office.users()
    await office.rebuild()
    assert (office.users(), before[0].display) == (before, "严老师")
    assert office.link(link.secret, place.clock())[1] == before[0]
    entries = [entry async for entry in office.log.read() if entry.kind == "user"]
    assert [entry.headers.get("why") for entry in entries] == [None, None, "invitation link"]
    assert link.secret.encode() not in b"".join(entry.body for entry in entries)


# --- two people -------------------------------------------------------------------------------------------


async def proposed(place: School, role: str) -> int:
    status, told, _ = await place.post(f"/v1/cohorts/{COHORT}/corrections", role, PROPOSAL)
    assert status == 201
    return int(told["n"])


async def approved(browser: Browser, number: int) -> tuple[int, str | None]:
    path = f"/v1/cohorts/{COHORT}/corrections/{number}/approve"
    status, told, _ = await browser.post(path)
    return status, told["reason"] if status >= 400 else None


async def test_two_users_correct_and_both_are_named(place: School) -> None:
    async with Browser(place) as clerk, Browser(place) as approver:
        await clerk.begin(await user(place, "clerk", display="查老师"))
        await approver.begin(await user(place, "approver", display="屠主任"))
        _, told, _ = await clerk.post(f"/v1/cohorts/{COHORT}/corrections", PROPOSAL)
        assert (await approved(approver, told["n"])) == (200, None)
        _, listed, _ = await clerk.get(f"/v1/cohorts/{COHORT}/corrections")
    (row,) = listed["corrections"]
    assert (row["by"], row["approved_by"], row["state"]) == ("查老师", "屠主任", "approved")


async def test_who_has_a_token_and_a_user_is_one_person(place: School) -> None:
    row = await user(place, "approver", "tu", display="屠主任")
    token = await place.token("clerk", cohorts=(COHORT,), holder="tu", name="another name")
    number = await proposed(place, token)
    async with Browser(place) as browser:
        await browser.begin(row)
        assert await approved(browser, number) == (403, "two_people")


async def test_a_user_whose_role_changed_meanwhile_is_still_who_proposed_it(place: School) -> None:
    row = await user(place, "clerk", "tu", display="屠")
    async with Browser(place) as browser:
        await browser.begin(row)
        _, told, _ = await browser.post(f"/v1/cohorts/{COHORT}/corrections", PROPOSAL)
        changes = {"role": "approver", "display": "另一人"}
        await place.parts.office.change_user(row.id, changes, by="tests", now=place.clock())
        await browser.begin(row)
        assert await approved(browser, told["n"]) == (403, "two_people")


async def test_two_names_of_one_teacher_are_one_person(place: School) -> None:
    """The first user was disabled, so that another could be tied to the same teacher."""
    office = place.parts.office
    first = await user(place, "teacher", "one", persons={COHORT: "w01"})
    async with Browser(place) as browser:
        await browser.begin(first)
        _, told, _ = await browser.post(f"/v1/cohorts/{COHORT}/corrections", PROPOSAL)
        await office.change_user(first.id, {"disabled": True}, by="tests", now=place.clock())
        second = await user(place, "approver", "two", display="别名", persons={COHORT: "w01"})
        await browser.begin(second)
        assert await approved(browser, told["n"]) == (403, "two_people")


async def test_one_name_written_in_two_ways_is_one_person(place: School) -> None:
    number = await proposed(place, await place.token("clerk", cohorts=(COHORT,), name="Wang Li"))
    async with Browser(place) as browser:
        await browser.begin(await user(place, "approver", display="ＷＡＮＧ Li"))
        assert await approved(browser, number) == (403, "two_people")
