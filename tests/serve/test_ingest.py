"""A platform's door: 202 when it is durable, each refusal as the wire has it; the stream answers alike."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from monitor.serve.problem import TABLE
from tests.serve.school import COHORT, School, school, until
from tests.store.logs import hand_on_the_writer


async def send(
    place: School, headers: dict[str, str], body: bytes, source: str = "main"
) -> tuple[int, Any, Any]:
    return await place.ask("POST", f"/v1/ingest/{source}", None, headers=headers, data=body)


async def test_a_delivery_is_answered_with_what_became_of_it(place: School) -> None:
    events = [place.event("classroom.joined", "u-1", "08:19:00"), {"specversion": "1.0", "id": "bad"}]
    status, answer, _ = await place.push(events)
    assert status == 202
    assert (answer["accepted"], answer["duplicate"]) == (1, 0)
    assert [(refused["index"], refused["reason"]) for refused in answer["refused"]] == [(1, "malformed")]
    entry = await place.parts.log.entry(int(answer["position"]))
    assert json.loads(entry.body) == events


async def test_an_event_that_nobody_could_read_later_is_refused_alone(place: School) -> None:
    """By its index, with the field; the other counts, and the doors that show events stand."""
    good, bad = place.beats("u-1", "08:19:00", "08:19:30")
    _, body = place.signed([good, bad])
    assert body.endswith(b"}}]")
    headers, body = place.signed(body[:-3] + b', "n": 1e999}}]')
    status, answer, _ = await send(place, headers, body)
    assert (status, answer["accepted"]) == (202, 1)
    (refused,) = answer["refused"]
    assert (refused["index"], refused["reason"]) == (1, "malformed")
    assert "data.n" in refused["detail"]
    place.clock.to("09:00:00")
    status, told, _ = await place.get(f"/v1/cohorts/{COHORT}/people/t01?events=s01/0")
    assert (status, [one["event"]["id"] for one in told["events"]]) == (200, [good["id"]])


async def test_the_same_delivery_again_is_a_duplicate(place: School) -> None:
    headers, body = place.signed([place.event("classroom.joined", "u-1", "08:19:00")], "msg_twice")
    _, first, _ = await send(place, headers, body)
    status, again, _ = await send(place, headers, body)
    assert (status, again["accepted"], again["duplicate"]) == (202, 0, 1)
    assert first["position"] == again["position"]


async def test_the_same_id_with_another_body_is_a_conflict(place: School) -> None:
    await place.push([place.event("classroom.joined", "u-1", "08:19:00")], "msg_twice")
    status, problem, _ = await place.push([place.event("classroom.joined", "u-2", "08:19:00")], "msg_twice")
    assert (status, problem["reason"]) == (409, "id_reused")


async def test_stale_forged_and_unsigned_are_unauthorized_and_leave_no_trace(place: School) -> None:
    headers, body = place.signed([place.event("classroom.joined", "u-1", "08:19:00")])
    before = place.parts.log.head()
    refused = {
        "not_authentic": await send(place, headers, body + b" "),
        "unsigned": await send(place, {"content-type": headers["content-type"]}, body),
    }
    unknown = await send(place, headers, body, "nobody")
    place.clock.to("08:25:01")
    refused["stale"] = await send(place, headers, body)
    for reason, (status, problem, sent) in refused.items():
        assert (status, problem["reason"]) == (401, reason)
        assert sent["WWW-Authenticate"].startswith("Webhook-Signature")
    assert (unknown[0], unknown[1]["reason"]) == (401, "not_authentic")
    assert before == place.parts.log.head()


async def test_oversized_is_refused_before_it_is_read(place: School) -> None:
    headers, _ = place.signed([])
    body = io.BytesIO(b"x" * (5 * 1024 * 1024 + 1))
    status, problem, _ = await place.ask("POST", "/v1/ingest/main", None, headers=headers, data=body)
    assert (status, problem["reason"]) == (413, "too_large")


async def test_what_says_no_length_is_refused_when_it_grows_too_large(place: School) -> None:
    async def endless() -> Any:
        for _ in range(6 * 16):
            yield b"x" * 65_536

    headers, _ = place.signed([])
    status, problem, _ = await place.ask("POST", "/v1/ingest/main", None, headers=headers, data=endless())
    assert (status, problem["reason"]) == (413, "too_large")


async def test_compressed_bodies_are_refused(place: School) -> None:
    headers, body = place.signed([place.event("classroom.joined", "u-1", "08:19:00")])
    status, problem, _ = await send(place, headers | {"Content-Encoding": "gzip"}, body)
    assert (status, problem["reason"]) == (415, "unsupported_encoding")


async def test_a_log_that_is_full_says_when_to_come_again(place: School) -> None:
    place.parts.log._closing = True
    status, problem, headers = await place.push([place.event("classroom.joined", "u-1", "08:19:00")])
    assert (status, problem["reason"]) == (503, "busy")
    assert int(headers["Retry-After"]) > 0


def test_every_refusal_of_a_delivery_is_in_the_table_of_problems() -> None:
    from monitor.ingest.refusals import DELIVERY

    assert {reason: status for reason, (status, _) in DELIVERY.items()} == {
        reason: TABLE[reason].status for reason in DELIVERY
    }


# --- the stream ----------------------------------------------------------------------------------------


def stream(place: School, role: str = "platform", **more: Any) -> connect:
    address = place.url.replace("http", "ws") + "/v1/ingest/main/stream"
    return connect(address, additional_headers=place.headers(role), **more)


def frame(place: School, events: list[dict[str, Any]], delivery: str | None = None) -> bytes:
    headers, body = place.signed(events, delivery)
    line = " ".join(headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature"))
    return line.encode() + b"\n" + body


async def answers(socket: ClientConnection, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(20):
        return [json.loads(await socket.recv()) for _ in range(count)]


async def test_frames_are_answered_in_order_like_deliveries(place: School) -> None:
    frames = [frame(place, [place.event("classroom.joined", f"u-{n}", "08:19:00")]) for n in range(50)]
    frames[10] = frames[10].replace(b"room-1", b"room-2")
    frames[20] = frames[19]
    frames[30] = b"nonsense"
    async with stream(place) as socket:
        for each in frames:
            await socket.send(each)
        found = await answers(socket, len(frames))
    said = [one.get("reason") or ("duplicate" if one["duplicate"] else "accepted") for one in found]
    expected = ["accepted"] * 50
    expected[10], expected[20], expected[30] = "not_authentic", "duplicate", "unsigned"
    assert expected == said
    positions = [int(one["position"]) for one in found if "position" in one]
    assert positions == sorted(positions)
    for one in found:
        if "position" in one:
            await place.parts.log.entry(int(one["position"]))


async def test_several_signatures_fit_on_the_line_and_text_frames_do_too(place: School) -> None:
    line, _, body = frame(place, [place.event("classroom.joined", "u-1", "08:19:00")]).partition(b"\n")
    async with stream(place) as socket:
        await socket.send((line + b" v1,AAAA\n" + body).decode())
        (answer,) = await answers(socket, 1)
    assert answer["accepted"] == 1


async def test_the_stream_is_for_the_sources_own_token(place: School) -> None:
    for role in ("admin", "clerk", "nonsense"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await stream(place, role)
        assert refused.value.response.status_code == (401 if role == "nonsense" else 403)


async def test_a_frame_that_is_too_large_is_refused_and_the_stream_goes_on(place: School) -> None:
    good = [frame(place, [place.event("classroom.joined", f"u-{n}", "08:19:00")]) for n in range(4)]
    async with stream(place) as socket:
        for each in (good[0], good[1], b"a b v1,c\n" + b"x" * (6 << 20), good[2], good[3]):
            await socket.send(each)
        found = await answers(socket, 5)
    assert [one.get("accepted") for one in found] == [1, 1, None, 1, 1]
    assert (found[2]["status"], found[2]["reason"]) == (413, "too_large")


async def test_a_frame_that_is_not_even_read_ends_the_stream_with_the_reason_behind_the_other_answers(
    place: School,
) -> None:
    good = [frame(place, [place.event("classroom.joined", f"u-{n}", "08:19:00")]) for n in range(20)]
    async with stream(place) as socket:
        for each in good:
            await socket.send(each)
        with contextlib.suppress(websockets.ConnectionClosed):
            await socket.send(b"x" * (11 << 20))
        assert [one["accepted"] for one in await answers(socket, 20)] == [1] * 20
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await answers(socket, 1)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1009, "at most 10485760 bytes")


async def test_a_frame_that_could_not_be_taken_on_is_told_when_to_come_again_and_the_stream_goes_on(
    place: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (frame(place, [place.event("classroom.joined", f"u-{n}", "08:19:00")]) for n in range(2))
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode, full.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"

    def fails(error: Exception) -> Callable[[int], Awaitable[None]]:
        async def entry(_position: int) -> None:
            raise error

        return entry

    async with stream(place) as socket:
        with monkeypatch.context() as patch:
            patch.setattr(place.parts.log, "_limit", 0)
            patch.setattr(place.parts.log, "_pending", 1)
            await socket.send(one)
            found = await answers(socket, 1)
        with hand_on_the_writer(monkeypatch) as hand:
            hand.fail.append(full)
            await socket.send(one)
            found += await answers(socket, 1)
        await socket.send(one)
        found += await answers(socket, 1)
        with monkeypatch.context() as patch:
            for error in (full, RuntimeError("张三")):  # the same again: what it was can't be looked up
                patch.setattr(place.parts.log, "entry", fails(error))
                await socket.send(one)
                found += await answers(socket, 1)
        await socket.send(two)
        found += await answers(socket, 1)
    said = [(one.get("status", 202), one.get("reason"), one.get("retry_after")) for one in found]
    assert said == [
        (503, "busy", 2),
        (503, "not_kept", 5),
        (202, None, None),
        (503, "unavailable", 5),
        (500, "failed", None),
        (202, None, None),
    ]
    assert "张三" not in json.dumps(found, ensure_ascii=False)


async def test_a_platform_that_says_goodbye_is_told_first_what_became_of_its_frames(
    place: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [frame(place, [place.event("classroom.joined", f"u-{n}", "08:19:00")]) for n in range(5)]
    async with stream(place) as socket:
        with hand_on_the_writer(monkeypatch) as hand:
            hand.go.clear()
            for each in frames:
                await socket.send(each)
            await until(lambda: place.parts.log.pending == 5)
            leaving = asyncio.create_task(socket.close())
            told = asyncio.create_task(answers(socket, 5))
            await asyncio.sleep(0)
            hand.go.set()
            assert [one["accepted"] for one in await told] == [1] * 5
        await leaving
    assert socket.close_code == 1000


async def test_a_revoked_token_ends_its_stream(place: School) -> None:
    row = next(row for row in place.parts.office.tokens() if row.role == "platform")
    async with stream(place) as socket:
        await socket.send(frame(place, [place.event("classroom.joined", "u-1", "08:19:00")]))
        await answers(socket, 1)
        await place.parts.office.revoke_token(row.id, by="tests", now=place.clock())
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await answers(socket, 1)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_without_a_handshake_the_stream_asks_for_one(place: School) -> None:
    status, problem, _ = await place.get("/v1/ingest/main/stream", "platform")
    assert (status, problem["reason"]) == (426, "upgrade_required")


async def test_frames_under_way_are_answered_when_the_service_ends(tmp_path: Path) -> None:
    async with school(tmp_path / "data") as place:
        socket = await stream(place, max_queue=None)  # a client that goes on reading
        frames = [frame(place, [place.event("classroom.joined", f"u-{n}", "08:19:00")]) for n in range(20)]
        for each in frames:
            await socket.send(each)
        await until(lambda: place.parts.intake.counts["deliveries"] == 20)
    found = await answers(socket, 20)
    assert [one["accepted"] for one in found] == [1] * 20
    async with asyncio.timeout(20):
        await socket.wait_closed()
    assert socket.close_code == 1001
