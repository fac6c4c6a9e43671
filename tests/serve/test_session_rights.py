"""Every door of the table of rights, by a session: the same roles and the same cohorts as by a token."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.office.users import USER_ROLES
from monitor.serve.door import Door
from monitor.serve.rights import RIGHTS
from monitor.serve.routes import DOORS
from tests.serve.browser import UPGRADE, Browser, user
from tests.serve.school import COHORT, OTHER, School
from tests.serve.test_rights import BODIES, GUARDED, address

OF_SESSIONS = [door for door in DOORS if RIGHTS[door.key].session]
OF_A_COHORT = [door for door in GUARDED if "{cohort}" in door.path or door.path == "/v1/live"]


async def on_the_socket(browser: Browser, cohort: str) -> tuple[int, Any]:
    """The first that a board says; of a refusal the status that the socket's close code stands for."""
    url = browser.place.url
    address = f"{url}/v1/live?cohort={cohort}"
    async with browser.http.ws_connect(address, headers={"Origin": url}) as socket:
        told = await socket.receive_json()
        return (200, told) if told["type"] == "snapshot" else ((await socket.receive()).data - 4000, told)


async def use(browser: Browser, door: Door, cohort: str = COHORT) -> tuple[int, Any]:
    if door.path == "/v1/live":  # by cookie the refusal comes on the socket, where a page can read it
        return await on_the_socket(browser, cohort)
    headers = UPGRADE if door.path.endswith("/stream") else {}
    more = {"json": BODIES[door.key]} if door.key in BODIES else {}
    status, body, _ = await browser.ask(door.method, address(door, cohort), headers=headers, **more)
    return status, body


@pytest.mark.parametrize("role", USER_ROLES)
async def test_who_signed_in_may_do_what_the_table_says_and_nothing_else(place: School, role: str) -> None:
    everywhere = role in ("admin", "auditor")  # some doors are for who was given all cohorts
    row = await user(place, role, cohorts=() if everywhere else (COHORT,))
    found, expected = {}, {}
    for door in [*GUARDED, *OF_SESSIONS]:
        async with Browser(place) as browser:
            await browser.begin(row)
            status, body = await use(browser, door)
        assert not isinstance(body, dict) or body.get("reason") not in ("csrf_refused", "origin_refused")
        found[door.key] = status in (401, 403)
        expected[door.key] = not (RIGHTS[door.key].session or role in RIGHTS[door.key].roles)
    expected["PUT /v1/session/password"] = False
    assert expected == found


@pytest.mark.parametrize("door", OF_A_COHORT, ids=lambda door: door.key)
async def test_a_cohort_not_given_answers_like_one_that_is_not_there(place: School, door: Door) -> None:
    """Of every door that names a cohort, for every role that may use it, by session."""
    roles = [role for role in USER_ROLES if role in RIGHTS[door.key].roles]
    assert roles
    for role in roles:
        async with Browser(place) as browser:
            await browser.begin(await user(place, role, f"{role}-1", cohorts=(COHORT,)))
            answers = []
            for cohort in (OTHER, "no-such-cohort"):
                status, body = await use(browser, door, cohort)
                body.pop("request_id", None)
                answers.append((status, body))
            assert answers[0] == answers[1]
            assert (answers[0][0], answers[0][1]["reason"]) == (404, "not_found")
            assert (await use(browser, door))[1] != answers[0][1] or "accounts" in door.path


@pytest.mark.parametrize("role", USER_ROLES)
async def test_lists_name_the_cohorts_that_were_given_and_no_others(place: School, role: str) -> None:
    await place.morning()
    async with Browser(place) as browser:
        await browser.begin(await user(place, role, cohorts=(OTHER,)))
        _, told, _ = await browser.get("/v1/cohorts")
        assert [one["id"] for one in told["cohorts"]] == [OTHER]
        status, told, _ = await browser.get("/v1/inbox")
        if role in RIGHTS["GET /v1/inbox"].roles:
            assert {one["cohort"] for one in told["inbox"]} <= {OTHER}
        else:
            assert status == 403


@pytest.mark.parametrize("role", ["teacher", "clerk", "approver"])
async def test_who_was_given_nothing_sees_nothing(place: School, role: str) -> None:
    async with Browser(place) as browser:
        await browser.begin(await user(place, role, cohorts=()))
        assert (await browser.get("/v1/cohorts"))[1]["cohorts"] == []
        assert (await browser.get(f"/v1/cohorts/{COHORT}"))[0] == 404


@pytest.mark.parametrize("door", OF_SESSIONS, ids=lambda door: door.key)
async def test_a_token_has_no_session(place: School, door: Door) -> None:
    status, told, _ = await place.ask(door.method, address(door), "admin", json={})
    assert (status, told["reason"]) == (403, "session_needed")
    assert (await place.ask(door.method, address(door), None, json={}))[0] == 401


async def test_names_are_masked_for_an_auditor_who_signed_in_and_the_reading_names_them(
    place: School,
) -> None:
    row = await user(place, "auditor")
    async with Browser(place) as browser:
        await browser.begin(row)
        _, told, _ = await browser.get(f"/v1/cohorts/{COHORT}")
        assert told["people"][0]["name"] == "张*"
        _, told, _ = await browser.get(f"/v1/cohorts/{COHORT}?full=true&reason=spot-check")
        assert told["people"][0]["name"] == "张三"
    readings = await place.parts.office.readings(COHORT)
    assert [(one["token"], one["role"], one["full"]) for one in readings] == [
        (row.id, "auditor", False),
        (row.id, "auditor", True),
    ]


async def test_a_clerk_who_signed_in_lists_no_source_of_others_and_is_given_what_they_create(
    place: School,
) -> None:
    from tests.serve.school import cohort_file

    async with Browser(place) as browser:
        await browser.begin(await user(place, "clerk", cohorts=()))
        status, told, _ = await browser.post("/v1/cohorts", cohort_file("spy"))
        assert (status, told["reason"]) == (403, "forbidden")
        assert (await browser.post("/v1/cohorts", {**cohort_file("own"), "sources": []}))[0] == 201
        assert (await browser.get("/v1/cohorts/own"))[0] == 200
