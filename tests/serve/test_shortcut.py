"""The short way: a plain delivery is answered as its door would answer, and nothing else goes that way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp.web_protocol import MAX_MSG_QUEUE_SIZE
from standardwebhooks import Webhook

from monitor import app
from monitor.serve import connection
from monitor.serve.connection import Connection
from tests.serve.school import SECRET, School, school, until
from tests.store.logs import Hand, hand_on_the_writer

Answered = tuple[int, dict[str, str], Any]


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hand]:
    with hand_on_the_writer(monkeypatch) as found:
        yield found


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """Every connection that the service opens from now on."""
    found: list[Connection] = []
    made = Connection.connection_made

    def noted(self: Connection, transport: asyncio.BaseTransport) -> None:
        found.append(self)
        made(self, transport)

    monkeypatch.setattr(Connection, "connection_made", noted)
    return found


class Line:
    """A platform's connection, by hand."""

    def __init__(self, place: School, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.place, self.reader, self.writer = place, reader, writer

    def request(self, account: str = "u-1", delivery: str | None = None, **more: str) -> bytes:
        headers, body = self.place.signed(
            [self.place.event("classroom.joined", account, "08:19:00")], delivery
        )
        return written(headers | {"Content-Length": str(len(body))} | more) + body

    async def answer(self) -> Answered:
        async with asyncio.timeout(20):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *rest = head.split("\r\n")[:-2]
            headers = dict(line.split(": ", 1) for line in rest)
            body = await self.reader.readexactly(int(headers["Content-Length"]))
        return int(first.split()[1]), headers, json.loads(body)

    async def ended(self) -> bytes:
        async with asyncio.timeout(20):
            return await self.reader.read()


def written(headers: dict[str, str], first: str = "POST /v1/ingest/main HTTP/1.1") -> bytes:
    return "\r\n".join([first, "Host: x", *(f"{k}: {v}" for k, v in headers.items()), "", ""]).encode()


@asynccontextmanager
async def line(place: School) -> AsyncIterator[Line]:
    host, port = place.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Line(place, reader, writer)
    finally:
        writer.close()


def only_short(place: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on deliveries that go the long way fail."""

    async def none(*_: Any) -> None:
        raise RuntimeError("the long way")

    monkeypatch.setattr(place.parts.intake, "deliver", none)


@pytest.mark.parametrize("public", [None, "https://hours.example.org"])
async def test_it_answers_what_the_door_would_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, public: str | None
) -> None:
    async with school(tmp_path / "data", public_url=public) as place, line(place) as one:
        one.writer.write(one.request(Expect="100-continue"))
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == await one.reader.readuntil(b"\r\n\r\n")
        long = await one.answer()
        only_short(place, monkeypatch)
        one.writer.write(one.request())
        short = await one.answer()
    own = {"X-Request-Id", "Date"}
    assert (202, 202) == (long[0], short[0])
    assert {name: text for name, text in long[1].items() if name not in own} == {
        name: text for name, text in short[1].items() if name not in own
    }
    assert own <= short[1].keys()
    assert long[1]["X-Request-Id"] != short[1]["X-Request-Id"]
    assert {**long[2], "position": ""} == {**short[2], "position": ""}
    assert int(long[2]["position"]) + 1 == int(short[2]["position"])


@pytest.mark.parametrize(
    "changed",
    [
        {"Expect": "100-continue"},
        {"Connection": "close"},
        {"Connection": "Upgrade", "Upgrade": "websocket"},
        {"first": "POST /v1/ingest/main HTTP/1.0", "Connection": "keep-alive"},
        {"first": "POST /v1/ingest/main?a=b HTTP/1.1"},
        {"first": "POST /v1/ingest/%6dain HTTP/1.1"},
        {"first": "POST http://x/v1/ingest/main HTTP/1.1"},
    ],
)
async def test_what_is_not_plain_goes_the_long_way(
    place: School, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str]
) -> None:
    headers, body = place.signed([place.event("classroom.joined", "u-1", "08:19:00")])
    sent = headers | {"Content-Length": str(len(body))} | changed
    first = sent.pop("first", "POST /v1/ingest/main HTTP/1.1")
    only_short(place, monkeypatch)
    async with line(place) as one:
        one.writer.write(written(sent, first) + body)
        if "Expect" in sent:
            await one.reader.readuntil(b"\r\n\r\n")
        status, _, problem = await one.answer()
    assert (500, "failed") == (status, problem["reason"])


async def test_what_comes_at_once_is_answered_in_order_whichever_way_it_goes(place: School) -> None:
    async with line(place) as one:
        sent = []
        for n in range(90):
            if n % 3 == 0:
                sent.append(one.request(f"u-{n}"))
            elif n % 3 == 1:
                sent.append(written({}, "GET /healthz HTTP/1.1"))
            else:
                sent.append(one.request(f"u-{n}").replace(f"u-{n}".encode(), f"v-{n}".encode()))
        one.writer.write(b"".join(sent))
        found = [await one.answer() for _ in sent]
    assert [202, 200, 401] * 30 == [status for status, _, _ in found]
    positions = [int(said["position"]) for status, _, said in found if status == 202]
    assert positions == sorted(positions)
    assert len({headers["X-Request-Id"] for _, headers, _ in found}) == 90


async def test_after_many_deliveries_what_comes_at_once_is_still_read_whole(place: School) -> None:
    async with line(place) as one:
        for _ in range(2 * MAX_MSG_QUEUE_SIZE):
            one.writer.write(one.request())
            assert (await one.answer())[0] == 202
        one.writer.write(one.request() + one.request() + one.request())
        assert [202] * 3 == [(await one.answer())[0] for _ in range(3)]


async def test_what_is_refused_is_a_problem_and_counted_once(place: School) -> None:
    async with line(place) as one:
        request = one.request()
        one.writer.write(request[:-1] + b" ")
        status, headers, problem = await one.answer()
        assert (401, "not_authentic") == (status, problem["reason"])
        assert problem["request_id"] == headers["X-Request-Id"]
        assert headers["WWW-Authenticate"].startswith("Webhook-Signature")
        one.writer.write(one.request(delivery="msg_1") + one.request("u-2", delivery="msg_1"))
        assert [202, 409] == [(await one.answer())[0] for _ in range(2)]
    counts = place.parts.intake.counts
    assert (1, 1, 1) == (counts["not_authentic"], counts["id_reused"], counts["deliveries"])
    text = place.parts.metrics.text().decode()
    for code in (202, 401, 409):
        assert f'monitor_requests_total{{door="POST /v1/ingest/{{source}}",status="{code}"}} 1.0' in text
    assert 'monitor_request_seconds_count{door="POST /v1/ingest/{source}"} 3.0' in text


async def test_a_delivery_of_nothing_is_kept_and_refused(place: School) -> None:
    """It has no body to look at on the short way; on the long one it is proven like any other."""
    signed = Webhook(SECRET).sign("msg_0", datetime.fromtimestamp(place.clock() // 1000, UTC), "")
    headers, _ = place.signed([], "msg_0")
    async with line(place) as one:
        for length in ({"Content-Length": "0"}, {}):
            one.writer.write(written(headers | {"webhook-signature": signed} | length))
            status, _, problem = await one.answer()
            assert (400, "malformed") == (status, problem["reason"])
    assert (await place.parts.log.entry(place.parts.log.head()[0])).body == b""


async def test_a_commit_that_fails_is_told_with_when_to_come_again(place: School, hand: Hand) -> None:
    async with line(place) as one:
        hand.fail = [OSError("no space")]
        request = one.request()
        one.writer.write(request + request)
        status, headers, problem = await one.answer()
        assert (503, "not_kept") == (status, problem["reason"])
        assert int(headers["Retry-After"]) > 0
        assert (await one.answer())[0] == 202


async def test_what_breaks_on_the_way_is_a_failure_that_says_nothing(
    place: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("张三 was here")

    async with line(place) as one:
        with monkeypatch.context() as patch:
            patch.setattr(place.parts.intake, "take", broken)
            one.writer.write(one.request())
            status, _, problem = await one.answer()
        assert (500, "failed") == (status, problem["reason"])
        assert "张三" not in json.dumps(problem, ensure_ascii=False)
        one.writer.write(one.request())
        assert (await one.answer())[0] == 202


async def test_a_trusted_proxy_gives_the_request_id_here_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = []
    for trusted in ((), ("127.0.0.0/8",)):
        async with school(tmp_path / str(len(trusted)), trusted_proxies=trusted) as place, line(place) as one:
            only_short(place, monkeypatch)
            for given in ("from-proxy-1", "a b"):
                one.writer.write(one.request(**{"X-Request-Id": given}))
                ids.append((await one.answer())[1]["X-Request-Id"])
    assert "from-proxy-1" == ids[2]
    assert not {"from-proxy-1", "a b"} & {ids[0], ids[1], ids[3]}


async def test_who_leaves_before_the_answer_leaves_nothing_behind(
    place: School, hand: Hand, lines: list[Connection]
) -> None:
    first = await hand.hold(place.parts.log)
    async with line(place) as one:
        one.writer.write(one.request() + one.request())
        await until(lambda: place.parts.log.pending == 2)
    (theirs,) = lines
    loop_over_requests = theirs._task_handler
    await until(lambda: theirs.transport is None)
    hand.go.set()
    await first
    await until(lambda: place.parts.intake.counts["deliveries"] == 1)
    await until(loop_over_requests.done)


async def test_a_delivery_under_way_is_answered_when_the_service_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hand: Hand
) -> None:
    monkeypatch.setattr(app, "DRAIN_SECONDS", 1_000.0)  # it ends when all are answered, not when time is up
    async with asyncio.timeout(20), AsyncExitStack() as lines_open:
        async with school(tmp_path / "data") as place:
            one = await lines_open.enter_async_context(line(place))
            idle = await lines_open.enter_async_context(line(place))
            first = await hand.hold(place.parts.log)
            idle.writer.write(idle.request()[:-1] + b" ")
            assert (await idle.answer())[0] == 401
            one.writer.write(one.request() + one.request())
            await until(lambda: place.parts.log.pending == 2)
            draining = asyncio.create_task(place.parts.drain.wait())
            draining.add_done_callback(lambda _: hand.go.set())
        await first
        assert (await one.answer())[0] == 202
        second = await one.ended()  # it was taken up before the line was told to end, or not at all
        assert second == b"" or second.startswith(b"HTTP/1.1 202 ")
        assert b"" == await idle.ended()


async def test_a_line_told_to_end_ends_with_its_answer(
    place: School, hand: Hand, lines: list[Connection]
) -> None:
    async with line(place) as one, asyncio.timeout(20):
        first = await hand.hold(place.parts.log)
        one.writer.write(one.request())
        await until(lambda: place.parts.log.pending == 2)
        ending = asyncio.create_task(lines[0].shutdown(1_000))
        await asyncio.sleep(0)
        hand.go.set()
        await first
        await ending
        assert (await one.answer())[0] == 202
        assert b"" == await one.ended()


async def test_a_line_is_closed_when_nothing_comes_and_not_while_it_waits_for_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hand: Hand, lines: list[Connection]
) -> None:
    monkeypatch.setattr(connection, "HEADER_SECONDS", 0.2)
    async with school(tmp_path / "data") as place, line(place) as one:
        first = await hand.hold(place.parts.log)
        one.writer.write(one.request())
        await until(lambda: place.parts.log.pending == 2)
        (theirs,) = lines
        await until(lambda: theirs._keepalive_handle is None)  # the time for it has come and gone
        hand.go.set()
        await first
        assert (await one.answer())[0] == 202
        assert b"" == await one.ended()


async def test_who_reads_no_answers_is_not_read_either(place: School, lines: list[Connection]) -> None:
    async with line(place) as one:
        one.writer.write(one.request())
        assert (await one.answer())[0] == 202
        (theirs,) = lines
        theirs.pause_writing()
        one.writer.write(one.request() + one.request())
        assert (await one.answer())[0] == 202  # the long way, which waits until it may write again
        await until(lambda: theirs._drain_waiter is not None)
        assert len(theirs._messages) == 1
        theirs.resume_writing()
        assert (await one.answer())[0] == 202
