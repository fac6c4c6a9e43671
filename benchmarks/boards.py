"""P5: how long after an event was sent the boards that watch its class have seen it.

In: rounds, a scale. Out: the 99th percentile over all events and boards, over the median of one raw durable
commit. 1,000 events a second, one a request, over 32 connections, an hour of class going on in 10 cohorts;
100 boards, 10 a cohort, each a WebSocket of its own. An event counts as sent at the instant it was due, and
as seen by a board with the first message whose position is that of its delivery or a later one. What no board
saw within the patience is counted as if it had been seen then.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import classroom, cores, proof, raw, sealed, service
from benchmarks.load import HOST, Answer, unframed
from benchmarks.rounds import Wanted, median, result, rotated, share
from monitor.clock import now_ms

COHORTS, BOARDS, RATE, SECONDS = 10, 10, 1_000, 3.0
CONNECTIONS = 32
COMMITS = 400
PATIENCE_S = 10.0
_WARM = 0.2


class Seen(NamedTuple):
    """A message of a board: when it came, up to which position of the log it tells."""

    at: float
    position: int


class _Board(asyncio.Protocol):
    """A board's socket: keeps when which position was told, and nothing else of it."""

    def __init__(self, cohort: str, token: str) -> None:
        self.cohort = cohort
        self.seen: list[Seen] = []
        self.open = asyncio.Event()
        self._hello = (
            f"GET /v1/live?cohort={cohort} HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nAuthorization: Bearer {token}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()
        self._buffer = b""
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self._hello)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._buffer += data
        if not self._upgraded:
            head, whole, rest = self._buffer.partition(b"\r\n\r\n")
            if not whole:
                return
            if b" 101 " not in head[:20]:
                raise RuntimeError(head.decode("utf-8", "replace"))
            self._upgraded, self._buffer = True, rest
        payloads, self._buffer = unframed(self._buffer)
        for payload in payloads:
            start = payload.index(b'"position":"') + 12
            self.seen.append(Seen(now, int(payload[start : payload.index(b"-", start)])))
            self.open.set()


class _Sender(asyncio.Protocol):
    """A connection that sends what is due, whether or not the last was answered; answers come in order."""

    def __init__(self, answers: list[Answer]) -> None:
        self._answers = answers
        self._under_way: list[int] = []
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def send(self, number: int, request: bytes) -> None:
        self._under_way.append(number)
        self.transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head := self._buffer.find(b"\r\n\r\n")) >= 0:
            text = self._buffer[:head].lower()
            start = text.index(b"content-length: ") + 16
            size = int(text[start:].split(b"\r\n", 1)[0])
            if len(self._buffer) < head + 4 + size:
                return
            body = self._buffer[head + 4 : head + 4 + size]
            self._answers.append(Answer(self._under_way.pop(0), int(text[9:12]), body))
            self._buffer = self._buffer[head + 4 + size :]


class Stage:
    """The service with its classes on, and what goes on in them."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack, scale: float) -> None:
        now = now_ms()
        begun = now - now % classroom.MINUTE - 20 * classroom.MINUTE
        zone = classroom.zone_of_noon(now)
        cohorts = max(2, int(COHORTS * min(1, scale * 10)))
        self.boards = max(2, int(BOARDS * min(1, scale * 10)))
        self.rate = max(100, int(RATE * min(1, scale * 10)))
        self.seconds = max(0.5, SECONDS * scale)
        self.classes = [classroom.made(f"live-{n}", (begun,), zone=zone) for n in range(cohorts)]
        self.path = folder / "data"
        self.keys = service.prepared(self.path, self.classes)
        self.running = stack.enter_context(service.serving(self.path, self.keys))
        self._rng = random.Random(5)
        self._stays = {
            account: f"c-{self._rng.getrandbits(64):016x}" for one in self.classes for account in one.accounts
        }

    def took(self) -> dict[str, float]:
        """Milliseconds to the boards, and how many events no board saw."""
        after = proof.position(self.path)
        count = int(self.rate * self.seconds * (1 + _WARM))
        told = [self._event(number, count) for number in range(count)]
        of = [number % len(self.classes) for number in range(count)]
        sent = sealed.deliveries(told, 1, count, self.keys.secret, now_ms())
        requests = [sealed.request(one, f"{HOST}:{self.running.port}") for one in sent]
        with cores.as_load():
            due, answers, boards = asyncio.run(self._run(requests))
        proof.proven(self.path, sent, answers, after=after, chain=False)
        return self._measured(due, answers, boards, of)

    def _event(self, number: int, count: int) -> classroom.Event:
        """A beat of the class whose turn it is, stamped when it is due."""
        one = self.classes[number % len(self.classes)]
        account = self._rng.choice(one.accounts)
        at = now_ms() + int(number / self.rate * 1000)
        camera = "off" if self._rng.random() < 0.05 else "on"
        stay = self._stays[account]
        return classroom.said(one, self._rng, at, "camera.heartbeat", account, stay, camera)

    async def _run(self, requests: list[bytes]) -> tuple[list[float], list[Answer], list[_Board]]:
        loop = asyncio.get_running_loop()
        answers: list[Answer] = []
        boards = [_Board(one.id, self.keys.center) for one in self.classes for _ in range(self.boards)]
        senders = [_Sender(answers) for _ in range(CONNECTIONS)]
        for line in (*boards, *senders):
            await loop.create_connection(lambda line=line: line, HOST, self.running.port)  # type: ignore[misc]
        async with asyncio.timeout(60):
            for board in boards:
                await board.open.wait()
        await asyncio.sleep(0.3)
        first, due = time.perf_counter() + 0.05, []
        for number, request in enumerate(requests):
            due.append(first + number / self.rate)
            if (early := due[-1] - time.perf_counter()) > 0.0005:
                await asyncio.sleep(early)
            senders[number % CONNECTIONS].send(number, request)
        until = time.perf_counter() + PATIENCE_S
        while not self._over(len(requests), answers, boards) and time.perf_counter() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        for line in (*boards, *senders):
            line.transport.close()
        return due, answers, boards

    def _over(self, count: int, answers: list[Answer], boards: list[_Board]) -> bool:
        if len(answers) < count:
            return False
        last: dict[int, int] = {}
        for answer in answers:
            place = answer.number % len(self.classes)
            last[place] = max(last.get(place, 0), _position(answer))
        return all(board.seen[-1].position >= last.get(n // self.boards, 0) for n, board in enumerate(boards))

    def _measured(
        self, due: list[float], answers: list[Answer], boards: list[_Board], of: list[int]
    ) -> dict[str, float]:
        warm = int(len(due) * _WARM / (1 + _WARM))
        by_class: dict[int, list[tuple[int, float]]] = {n: [] for n in range(len(self.classes))}
        for answer in answers:
            if answer.number >= warm:
                by_class[of[answer.number]].append((_position(answer), due[answer.number]))
        waits, unseen = [], 0
        for number, board in enumerate(boards):
            messages = iter(board.seen)
            message = next(messages, None)
            for position, at in sorted(by_class[number // self.boards]):
                while message is not None and message.position < position:
                    message = next(messages, None)
                unseen += message is None
                waits.append(PATIENCE_S if message is None else message.at - at)
        return {
            "p50": share(waits, 0.5) * 1000,
            "p99": share(waits, 0.99) * 1000,
            "unseen": unseen,
            "messages": sum(len(board.seen) for board in boards) / len(boards),
        }


def _position(answer: Answer) -> int:
    return int(json.loads(answer.body)["position"])


def run(wanted: Wanted) -> dict[str, Any]:
    """{"P5": ...}."""
    with _stage(wanted) as stage:
        rows = raw.rows(max(50, int(COMMITS * wanted.scale)))
        found = rotated({"boards": stage.took, "commit": partial(_commit, rows)}, wanted)
    return {
        "P5": result(
            [one["boards"]["p99"] / one["commit"] for one in found],
            milliseconds={
                "p50": median(one["boards"]["p50"] for one in found),
                "p99": median(one["boards"]["p99"] for one in found),
                "commit": median(one["commit"] for one in found),
            },
            unseen=sum(one["boards"]["unseen"] for one in found),
            messages_a_board=median(one["boards"]["messages"] for one in found),
        )
    }


@contextlib.contextmanager
def _stage(wanted: Wanted) -> Iterator[Stage]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        yield Stage(folder, stack, wanted.scale)


def _commit(rows: raw.Rows) -> float:
    """The median of one raw durable commit, in milliseconds."""
    with cores.as_service():
        return share(raw.commits(rows, 1), 0.5) * 1000
