"""Who may use which door: every door with every role, and what nobody may know."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor.serve.door import Door
from monitor.serve.problem import MEDIA_TYPE
from monitor.serve.rights import RIGHTS, ROLES
from monitor.serve.routes import DOORS, DoorWithoutRight, application
from tests.serve.school import COHORT, OTHER, School, cohort_file

BODIES: dict[str, Any] = {
    "POST /v1/cohorts": cohort_file(),
    "POST /v1/cohorts/{cohort}/corrections": {
        "person": "t01",
        "session": "s01",
        "period": 0,
        "credit": True,
        "reason": "教师点名在场",
    },
    "POST /v1/cohorts/{cohort}/bindings": {"bindings": [{"person": "t01", "account": "u-78"}]},
    "POST /v1/cohorts/{cohort}/bindings/preview": {"bindings": [{"person": "t01", "account": "u-79"}]},
    "POST /v1/cohorts/{cohort}/people/{person}/accounts": {"account": "u-77"},
    "POST /v1/users": {"name": "wang", "role": "teacher"},
    "PATCH /v1/users/{user}": {"display": "王"},
}
NOBODY = "0a0a0a0a"
GUARDED = [door for door in DOORS if RIGHTS[door.key].roles]


def address(door: Door, cohort: str = COHORT) -> str:
    path = door.path.format(
        cohort=cohort,
        person="t01",
        number=1,
        source="main",
        file="start.js",
        policy="beijing-2026",
        position=1,
        user=NOBODY,
        session=NOBODY,
    )
    asked = {"/v1/live": f"?cohort={cohort}", "/v1/deliveries": "?source=main"}
    return path + asked.get(door.path, "")


async def use(place: School, door: Door, role: str | None, cohort: str = COHORT) -> int:
    headers = {}
    if door.path.endswith(("/stream", "/live")):
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
    more = {"json": BODIES[door.key]} if door.key in BODIES else {}
    if role == "auditor" and door.path.startswith("/v1/deliveries"):
        role = await place.token("auditor")  # of all cohorts; one of some finds those doors closed
    sent = place.headers(role, **headers)
    async with place.http.request(
        door.method, place.url + address(door, cohort), headers=sent, **more
    ) as got:
        if got.status >= 400:
            assert got.headers["Content-Type"] == MEDIA_TYPE
            assert {"type", "title", "status", "detail", "reason"} <= json.loads(await got.read()).keys()
        elif got.status == 101:
            got.close()
        return got.status


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_may_do_what_the_table_says_and_nothing_else(place: School, role: str) -> None:
    found, expected = {}, {}
    for door in GUARDED:
        status = await use(place, door, role)
        found[door.key] = status in (401, 403)
        expected[door.key] = role not in RIGHTS[door.key].roles
    assert expected == found


async def test_without_a_token_no_guarded_door_opens(place: School) -> None:
    elsewhere = {"GET /v1/live", "GET /metrics"}  # first message; this machine
    found = {door.key: await use(place, door, None) for door in GUARDED if door.key not in elsewhere}
    assert set(found.values()) == {401}


async def test_a_token_that_is_unknown_or_revoked_opens_no_door(place: School) -> None:
    gone = await place.token("admin")
    token = next(r for r in place.parts.office.tokens() if gone.split("_")[1] == r.id)
    await place.parts.office.revoke_token(token.id, by="tests", now=place.clock())
    for text in ("nonsense", gone, "mon_" + "x" * 500):
        for door in GUARDED:
            assert await use(place, door, text) == 401


async def test_a_cohort_not_given_answers_like_one_that_is_not_there(place: School) -> None:
    for door in GUARDED:
        if "{cohort}" not in door.path and door.path != "/v1/live":
            continue
        for role in RIGHTS[door.key].roles - {"admin"}:
            answers = []
            for cohort in (OTHER, "no-such-cohort"):
                sent = {"json": BODIES[door.key]} if door.key in BODIES else {}
                headers = {}
                if door.path == "/v1/live":
                    headers = {
                        "Connection": "Upgrade",
                        "Upgrade": "websocket",
                        "Sec-WebSocket-Version": "13",
                        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                    }
                status, body, _ = await place.ask(
                    door.method, address(door, cohort), role, headers=headers, **sent
                )
                body.pop("request_id")
                answers.append((status, body))
            assert answers[0] == answers[1]
            assert answers[0][0] == 404


async def test_a_clerk_of_nothing_can_not_read_others_events_through_a_cohort_of_their_own(
    place: School,
) -> None:
    """A source is somebody's: who was not given it lists it in no file, whether it exists or not."""
    await place.morning()
    spy = await place.token("clerk")
    file = cohort_file("spy")
    for sources in (file["sources"], [{"id": "nowhere", "camera": "heartbeat"}]):
        status, problem, _ = await place.post("/v1/cohorts", spy, {**file, "sources": sources})
        assert (status, problem["reason"]) == (403, "forbidden")
        assert [error["where"] for error in problem["errors"]] == ["sources[0].id"]
    status, _, _ = await place.post("/v1/cohorts", spy, {**file, "sources": []})
    assert status == 201
    status, told, _ = await place.get("/v1/cohorts/spy/people/t01?events=s01/0", spy)
    assert (status, told["events"], told["stays"]) == (200, [], [])
    assert (await place.get("/v1/inbox", spy))[1]["inbox"] == []
    status, _, _ = await place.post("/v1/cohorts", spy, file)
    assert status == 403
    token = next(row for row in place.parts.office.tokens() if spy.split("_")[1] == row.id)
    await place.parts.office.grant_token(token.id, may_list=["main"], by="tests", now=place.clock())
    status, _, _ = await place.post("/v1/cohorts", spy, file)
    assert status == 200


async def test_a_trainee_sees_that_trainee_alone(place: School) -> None:
    found = {}
    for person in ("t01", "t02", "w01", "nobody"):
        found[person], _, _ = await place.get(f"/v1/cohorts/{COHORT}/people/{person}", "trainee")
    assert found == {"t01": 200, "t02": 404, "w01": 404, "nobody": 404}


async def test_a_platform_may_stream_for_its_own_source_alone(place: School) -> None:
    status, _, _ = await place.get("/v1/ingest/other/stream", "platform")
    assert status == 404


async def test_metrics_are_for_this_machine_or_an_admin(place: School) -> None:
    found = [
        (await place.get("/metrics", role, **headers))[0]
        for role, headers in (
            (None, {}),
            ("admin", {}),
            ("auditor", {}),
            (None, {"X-Forwarded-For": "127.0.0.1"}),
            ("admin", {"X-Forwarded-For": "203.0.113.9"}),
        )
    ]
    assert found == [200, 200, 403, 401, 200]


def test_a_door_without_a_row_does_not_start(place: School) -> None:
    async def handle(request: Any) -> Any:
        raise AssertionError

    stray = Door("GET", "/v1/secrets", handle, "service", "Nobody decided who may")
    with pytest.raises(DoorWithoutRight, match="GET /v1/secrets"):
        application(place.parts, [*DOORS, stray])


def test_a_row_without_a_door_does_not_start(place: School) -> None:
    with pytest.raises(DoorWithoutRight, match="GET /docs"):
        application(place.parts, [door for door in DOORS if door.path != "/docs"])


def test_the_roles_of_the_doors_are_those_of_the_tokens() -> None:
    from monitor.cli.token import ROLES as offered

    assert set(ROLES) == set(offered)
