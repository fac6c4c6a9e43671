"""The push over real sockets, on both lines: what follows each answer, and that no event is lost silently."""

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from random import Random

import pytest
from aiohttp import web

from monitor.clock import now_ms
from monitor.simulate.line import HttpLine, StreamLine, _seconds
from monitor.simulate.post import Delivery, delivery
from monitor.simulate.push import Line, Patience, Push, Stopped
from monitor.simulate.sign import SecretError, Signer
from monitor.simulate.tally import Answer, Tally
from tests.simulate.platform import SECRET, TOKEN, Service, running

QUICK = Patience(first=0.001, most=0.002, in_all=5.0)
BOTH = pytest.mark.parametrize("kind", ["http", "stream"])


def line_to(service: Service, kind: str, *, token: str = TOKEN, answer_seconds: float = 20.0) -> Line:
    signer = Signer(SECRET)
    if kind == "stream":
        return StreamLine(service.address, "main", token, signer, now_ms, answer_seconds=answer_seconds)
    return HttpLine(service.address, "main", signer, now_ms, answer_seconds=answer_seconds)


def deliveries(count: int, size: int = 3) -> list[Delivery]:
    return [
        delivery([b'{"id":"e%d-%d"}' % (number, event) for event in range(size)]) for number in range(count)
    ]


async def pushed(
    service: Service, sent: list[Delivery], kind: str, *, again: bool = False, patience: Patience = QUICK
) -> Tally:
    async with running(service), Push(line_to(service, kind), in_flight=4, patience=patience) as push:
        await send_all(push, sent, again=again)
        return await push.drain()


async def send_all(push: Push, sent: list[Delivery], *, again: bool = False) -> None:
    for one in sent:
        await push.send(one, again=again)


@BOTH
async def test_all_events_arrive_signed_and_are_counted(kind):
    service = Service()
    tally = await pushed(service, deliveries(20), kind)

    assert len(service.events) == 60
    assert (tally.handed, tally.accepted, tally.duplicate, tally.deliveries) == (60, 60, 0, 20)
    assert tally.clean


@BOTH
async def test_a_503_is_repeated_under_the_same_id(kind):
    service = Service(lambda attempt, body: (503, {}) if attempt in (1, 2, 5) else None)
    tally = await pushed(service, deliveries(4), kind)

    assert tally.retries == 3
    assert sorted(service.ids) == sorted(one.id for one in deliveries(4))
    assert tally.clean


@BOTH
async def test_a_delivery_sent_twice_is_a_duplicate_and_loses_nothing(kind):
    service = Service()
    tally = await pushed(service, deliveries(3), kind, again=True)

    assert (tally.handed, tally.accepted, tally.duplicate, tally.repeated) == (18, 9, 9, 3)
    assert set(service.ids.values()) == {2}
    assert tally.clean


@BOTH
@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_it_stops_with_a_sentence_and_counts_what_is_left(kind, status):
    service = Service(lambda attempt, body: (status, {}))
    async with running(service):
        push = Push(line_to(service, kind), in_flight=2, patience=QUICK)
        async with push:
            with pytest.raises(Stopped, match=f"({status})"):
                await send_all(push, deliveries(50))

    assert service.attempts <= 4
    assert push.tally.undelivered == push.tally.handed > 0
    assert not push.tally.clean


async def test_a_token_that_is_not_accepted_stops_the_stream():
    service = Service()
    async with running(service), Push(line_to(service, "stream", token="wrong"), patience=QUICK) as push:
        await push.send(deliveries(1)[0])
        with pytest.raises(Stopped, match="token"):
            await push.drain()

    assert push.tally.undelivered == 3


@BOTH
async def test_what_can_not_be_delivered_is_given_up_and_counted(kind):
    service = Service(lambda attempt, body: (503, {}))
    tally = await pushed(service, deliveries(2), kind, patience=Patience(0.001, 0.001, 0.01))

    assert tally.undelivered == 6
    assert tally.reasons == {"503 as told": 6}
    assert not tally.clean


@BOTH
async def test_a_refusal_of_the_whole_delivery_is_not_repeated(kind):
    service = Service(lambda attempt, body: (409, {}))
    tally = await pushed(service, deliveries(2), kind)

    assert (service.attempts, tally.retries) == (2, 0)
    assert tally.reasons == {"409 as told": 6}


@BOTH
async def test_a_delivery_that_is_too_large_goes_out_in_halves(kind):
    service = Service(lambda attempt, body: (413, {}) if body.count(b"id") > 4 else None)
    tally = await pushed(service, deliveries(1, size=16), kind)

    assert len(service.events) == 16
    assert tally.deliveries == 4
    assert tally.clean


async def test_no_service_at_all_is_given_up_and_counted():
    service = Service()
    async with running(service):
        pass
    async with Push(line_to(service, "http"), patience=Patience(0.001, 0.001, 0.003)) as push:
        await push.send(deliveries(1)[0])
        tally = await push.drain()

    assert tally.undelivered == 3
    assert tally.retries > 0
    assert "no answer" in next(iter(tally.reasons))


async def test_no_more_than_in_flight_are_under_way():
    service = Service()
    await pushed(service, deliveries(40), "http")

    assert 1 < service.most_under_way <= 4


async def test_a_broken_stream_is_opened_again_and_nothing_is_missing():
    service = Service()
    service.break_after = 7
    tally = await pushed(service, deliveries(20), "stream")

    assert service.connections == 2
    assert len(service.events) == 60
    assert tally.retries > 0
    assert tally.clean


@BOTH
async def test_an_answer_that_does_not_come_is_no_answer(kind):
    hung_up = asyncio.Event()

    class Deaf(Service):
        async def post(self, request):
            await hung_up.wait()
            return web.Response()

        async def stream(self, request):
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for _ in socket:
                pass
            return socket

    async with running(Deaf()) as service:
        line = line_to(service, kind, answer_seconds=0.05)
        answer = await line.attempt(deliveries(1)[0])
        await line.close()
        hung_up.set()

    assert answer.status == 0
    assert answer.fault


async def test_what_is_under_way_when_it_is_broken_off_is_counted_as_undelivered():
    asked = asyncio.Event()
    service = Service(lambda attempt, body: asked.set() or (503, {"Retry-After": "3000"}))
    async with running(service):
        push = Push(line_to(service, "http"), patience=Patience(in_all=10_000))
        async with push:
            await push.send(deliveries(1)[0])
            await asked.wait()

    assert (push.tally.handed, push.tally.undelivered) == (3, 3)
    assert push.tally.reasons == {"interrupted": 3}


def test_each_event_of_a_202_is_counted_once_and_what_it_leaves_out_is_not_forgotten():
    tally = Tally(handed=10)
    body = {
        "accepted": 5,
        "duplicate": 2,
        "refused": [{"index": 1, "reason": "not_allowed"}],
        "position": "9",
    }

    assert tally.judge(deliveries(1, size=10)[0], Answer(202, body)) == "done"
    assert (tally.accepted, tally.duplicate, tally.refused, tally.undelivered) == (5, 2, 1, 2)
    assert tally.reasons["not_allowed"] == 1
    assert tally.position == "9"


def test_an_answer_without_sense_counts_as_undelivered():
    tally = Tally(handed=3)
    tally.judge(deliveries(1)[0], Answer(202, "fine"))

    assert tally.undelivered == 3


@pytest.mark.parametrize(
    ("attempt", "least", "most"), [(1, 0.25, 0.5), (2, 0.5, 1.0), (4, 2, 4), (99, 15, 30)]
)
def test_pauses_double_to_a_limit(attempt, least, most):
    assert least <= Patience().pause(attempt, None, Random(1)) <= most
    assert Patience().pause(attempt, 77.0, Random(1)) == 77.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", None), ("3", 3.0), ("-3", None), ("soon", None), ("nan", None), ("inf", None)],
)
def test_retry_after_as_a_number(text, expected):
    assert expected == _seconds(text, 0)


def test_retry_after_as_a_date():
    moment = datetime(2026, 5, 11, 8, 0, 30, tzinfo=UTC)

    assert _seconds(format_datetime(moment, usegmt=True), int(moment.timestamp() * 1000) - 30_000) == 30.0


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64 at all!"])
def test_a_bad_secret_is_named_but_never_quoted(secret):
    with pytest.raises(SecretError) as caught:
        Signer(secret)

    assert "not base64 at all" not in str(caught.value)
    assert caught.value.__cause__ is None
