"""The live door over a real socket, with a client that is not ours."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from monitor.serve import board
from tests.live.state import apply
from tests.serve.school import COHORT, OTHER, School, opened, school, until


def address(place: School, query: str = f"?cohort={COHORT}") -> str:
    return place.url.replace("http", "ws") + "/v1/live" + query


def live(
    place: School, role: str | None = "teacher", query: str = f"?cohort={COHORT}", **more: Any
) -> connect:
    return connect(address(place, query), additional_headers=place.headers(role), **more)


async def told(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(20):
        return json.loads(await socket.recv())


async def closed(socket: ClientConnection) -> int:
    async with asyncio.timeout(20):
        await socket.wait_closed()
    assert socket.close_code is not None
    return socket.close_code


async def refused(place: School, role: str | None, query: str = f"?cohort={COHORT}", **more: Any) -> int:
    with pytest.raises(websockets.InvalidStatus) as answer:
        await live(place, role, query, **more)
    assert answer.value.response.headers["Content-Type"] == "application/problem+json"
    return answer.value.response.status_code


async def test_a_snapshot_then_changes_that_add_up_to_a_fresh_snapshot(place: School) -> None:
    async with live(place) as socket:
        state = apply(None, await told(socket))
        place.clock.to("08:31:00")
        await place.push([place.event("camera.heartbeat", "u-1", "08:30:30", camera="on")])
        state = apply(state, await told(socket))
        async with live(place) as another:
            assert (await told(another))["state"] == state


async def test_a_browser_says_who_it_is_in_its_first_message(place: School) -> None:
    async with live(place, None) as socket:
        assert await told(socket) == {"type": "auth_required"}
        await socket.send(json.dumps({"type": "auth", "token": place.tokens["teacher"]}))
        assert await told(socket) == {"type": "auth_ok"}
        assert (await told(socket))["type"] == "snapshot"


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [
        ('{"type": "auth", "token": "nonsense"}', 4401, "unauthorized"),
        ('{"type": "subscribe"}', 4401, "unauthorized"),
        ("[", 4401, "unauthorized"),
        (b"\x00", 4401, "unauthorized"),
        ("trainee", 4403, "forbidden"),
    ],
)
async def test_who_does_not_say_who_it_is_is_let_go(place: School, said: Any, code: int, reason: str) -> None:
    if said == "trainee":
        said = json.dumps({"type": "auth", "token": place.tokens["trainee"]})
    async with live(place, None) as socket:
        await told(socket)
        await socket.send(said)
        problem = await told(socket)
        assert (problem["type"], problem["reason"]) == ("problem", reason)
        assert await closed(socket) == code


async def test_a_cohort_not_given_is_not_found_in_the_first_message_either(place: School) -> None:
    for cohort in (OTHER, "nobody"):
        async with live(place, None, f"?cohort={cohort}") as socket:
            await told(socket)
            await socket.send(json.dumps({"type": "auth", "token": place.tokens["teacher"]}))
            assert (await told(socket))["reason"] == "not_found"
            assert await closed(socket) == 4404


async def test_silence_is_not_waited_for_long(place: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "AUTH_SECONDS", 0.05)
    async with live(place, None) as socket:
        assert [(await told(socket))["type"], (await told(socket))["reason"]] == [
            "auth_required",
            "unauthorized",
        ]
        assert await closed(socket) == 4401


async def test_with_a_header_a_refusal_comes_before_the_handshake(place: School) -> None:
    found = [
        await refused(place, "nonsense"),
        await refused(place, "trainee"),
        await refused(place, "teacher", f"?cohort={OTHER}"),
        await refused(place, "teacher", "?cohort=nobody"),
        await refused(place, "teacher", ""),
        await refused(place, "teacher", f"?cohort={COHORT}&token=x"),
        await refused(place, "auditor", f"?cohort={COHORT}&full=true"),
    ]
    assert found == [401, 403, 404, 404, 400, 400, 403]


async def test_a_page_of_another_origin_is_refused(place: School) -> None:
    assert await refused(place, "teacher", origin="https://evil.example") == 403
    assert await refused(place, None, origin="null") == 403
    async with live(place, origin=place.url) as socket:
        assert (await told(socket))["type"] == "snapshot"


async def test_behind_a_public_address_pages_of_that_origin_are_ours(tmp_path: Any) -> None:
    async with school(tmp_path / "data", public_url="https://hours.example.org/") as place:
        assert await refused(place, "teacher", origin=place.url) == 403
        async with live(place, origin="https://hours.example.org") as socket:
            assert (await told(socket))["type"] == "snapshot"


async def test_who_comes_back_gets_what_was_missed(place: School) -> None:
    async with live(place) as socket, live(place) as stays:
        first = await told(socket)
        await told(stays)
        await socket.close()
        await place.push([place.event("classroom.joined", "u-77", "08:19:00")])
        await told(stays)
        async with live(place, query=f"?cohort={COHORT}&after={first['position']}") as again:
            messages = [await told(again), await told(again)]
    assert [message["type"] for message in messages] == ["resumed", "change"]
    state = apply(apply(first["state"], messages[0]), messages[1])
    _, answer, _ = await place.get(f"/v1/cohorts/{COHORT}/attendance")
    assert state is not None
    assert answer == {key: state[key] for key in answer}


async def test_after_a_restart_it_is_right_again(tmp_path: Any) -> None:
    async with school(tmp_path / "data") as place:
        async with live(place) as socket:
            before = await told(socket)
        tokens, clock = place.tokens, place.clock
    async with opened(tmp_path / "data", clock) as place:
        place.tokens = tokens
        async with live(place, query=f"?cohort={COHORT}&after={before['position']}") as socket:
            assert await told(socket) == {"type": "resumed", "position": before["position"]}
        async with live(place) as socket:
            assert await told(socket) == before


async def test_names_are_masked_for_those_who_see_them_masked_and_it_is_written_down(place: School) -> None:
    async with live(place, "auditor") as socket:
        assert (await told(socket))["state"]["roster"][0]["name"] == "张*"
    async with live(place, "auditor", f"?cohort={COHORT}&full=true&reason=x") as socket:
        assert (await told(socket))["state"]["roster"][0]["name"] == "张三"
    readings = await place.parts.office.readings(COHORT)
    assert [(reading["door"], reading["full"]) for reading in readings] == [
        ("GET /v1/live", False),
        ("GET /v1/live", True),
    ]


async def test_a_binding_reaches_the_board(place: School) -> None:
    await place.morning()
    async with live(place) as socket:
        state = (await told(socket))["state"]
        assert state["people"][2]["credited"] == 0
        await place.post(f"/v1/cohorts/{COHORT}/people/t03/accounts", "clerk", {"account": "u-7"})
        state = apply(state, await told(socket))
        assert state["people"][2]["credited"] == 2


async def test_a_revoked_token_ends_its_board(place: School) -> None:
    row = next(row for row in place.parts.office.tokens() if row.role == "teacher")
    async with live(place) as socket, live(place, "admin") as other:
        await told(socket)
        await place.parts.office.revoke_token(row.id, by="tests", now=place.clock())
        assert await closed(socket) == 4401
        assert (await told(other))["type"] == "snapshot"


async def test_what_a_board_says_means_nothing_and_much_of_it_ends_it(place: School) -> None:
    async with live(place) as socket:
        await told(socket)
        await socket.send("hello")
        await place.push([place.event("classroom.joined", "u-1", "08:19:00")])
        assert (await told(socket))["type"] == "change"
        await socket.send("x" * 5_000)
        assert await closed(socket) == 1009


async def test_who_leaves_is_forgotten(place: School) -> None:
    async with live(place) as socket:
        await told(socket)
        assert place.parts.live.watchers == 1
    await until(lambda: not place.parts.sockets)
    assert place.parts.live.watchers == 0


async def test_a_board_that_does_not_read_is_told_to_refetch_and_cut_off(
    place: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection takes next to nothing, so that messages pile up in its queue; the others go on."""
    monkeypatch.setattr(board, "SEND_SECONDS", 0.3)
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 2048)
    raw.setblocking(False)
    host, port = place.url.removeprefix("http://").split(":")
    await asyncio.get_running_loop().sock_connect(raw, (host, int(port)))
    slow = await live(place, sock=raw, max_queue=1, compression=None)
    await until(lambda: len(place.parts.sockets) == 1)
    (ours,) = place.parts.sockets
    ours.get_extra_info("socket").setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, 2048)
    async with live(place, "admin") as good:
        await told(good)
        for n in range(30):
            await place.push([place.event("classroom.joined", f"a-{n}-{m}", "08:19:00") for m in range(200)])
            await told(good)
            if place.parts.live.watchers == 1:
                break
        await until(lambda: place.parts.live.watchers == 1)
    slow.transport.abort()


async def test_many_boards_are_told_the_same_frames_in_order(place: School) -> None:
    """Short ones, and one longer than 64 KB: each of the three ways to write a length."""
    async with live(place) as one, live(place) as two, live(place, "auditor") as masked:
        sockets_ = (one, two, masked)
        states = [apply(None, await told(socket)) for socket in sockets_]
        for count in (1, 700, 1):
            await place.push(
                [place.event("classroom.joined", f"a-{count}-{n}", "08:19:00") for n in range(count)]
            )
            messages = [await told(socket) for socket in sockets_]
            assert messages[0] == messages[1] == messages[2]
            states = [apply(state, message) for state, message in zip(states, messages, strict=True)]
        async with live(place) as another:
            fresh = (await told(another))["state"]
        assert [state and state["findings"] for state in states] == [fresh["findings"]] * 3


async def test_when_the_service_ends_boards_are_told_it_goes_away(tmp_path: Any) -> None:
    async with school(tmp_path / "data") as place:
        socket = await live(place)
        await told(socket)
    assert await closed(socket) == 1001


async def test_a_token_revoked_while_the_board_was_made_ready_opens_none(
    place: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = next(row for row in place.parts.office.tokens() if row.role == "teacher")
    watch = place.parts.live.watch

    async def slowly(*asked: Any) -> Any:
        await place.parts.office.revoke_token(row.id, by="tests", now=place.clock())
        return await watch(*asked)

    monkeypatch.setattr(place.parts.live, "watch", slowly)
    async with live(place) as socket:
        assert await closed(socket) == 4401
