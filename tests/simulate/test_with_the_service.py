"""The simulated platform against the real service, in this process, over real sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import pytest

from monitor.app import service
from monitor.clock import now_ms
from monitor.config import Config
from monitor.control import AddToken, ImportCohort, carry_out
from monitor.event import decode
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.hours.recount import document, summary
from monitor.instant import instant
from monitor.orders import AddSource
from monitor.simulate import school
from monitor.simulate.device import wire
from monitor.simulate.line import HttpLine, StreamLine
from monitor.simulate.people import telling
from monitor.simulate.play import Pace, Window, play, postings
from monitor.simulate.post import Shares, delivery
from monitor.simulate.push import Push, Stopped
from monitor.simulate.sign import Signer
from monitor.store.folder import Folder

SHARES = Shares(duplicates=0.05, disorder=0.1, late=0.02)


class Running:
    """The service, a platform's secret and token, an auditor's token, and a class that goes on now."""

    def __init__(self, url: str, secret: str, token: str, auditor: str, text: bytes) -> None:
        self.url = url
        self.secret = secret
        self.token = token
        self.auditor = auditor
        self.plan = open_cohort(text)

    def line(self, kind: str, secret: str | None = None) -> HttpLine | StreamLine:
        signer = Signer(secret or self.secret)
        if kind == "stream":
            return StreamLine(self.url, "main", self.token, signer, now_ms)
        return HttpLine(self.url, "main", signer, now_ms)


@asynccontextmanager
async def service_with_a_class(data) -> AsyncIterator[Running]:
    text = msgspec.json.encode(school.made_up(3, now_ms(), "main", 1, camera="heartbeat", beat_seconds=30))
    async with service(Config(data=data, port=0), now_ms) as running:
        folder = Folder(data)

        async def give(order):
            return await carry_out(folder, order, now_ms)

        _, secret = await give(AddSource(by="test", id="main", kind="native", demo=True))
        await give(ImportCohort(by="test", file=text.decode(), why="test"))
        _, token = await give(AddToken(by="test", role="platform", source="main"))
        _, auditor = await give(AddToken(by="test", role="auditor"))
        yield Running(running.url, secret, token, auditor, text)


@pytest.mark.parametrize("kind", ["http", "stream"])
async def test_what_the_service_answers_is_what_the_engine_makes_of_what_was_sent(tmp_path, kind):
    async with service_with_a_class(tmp_path / "data") as running:
        now = now_ms()
        cohort = running.plan.cohort
        planned = list(postings(cohort, telling(cohort, "main"), 1, SHARES, Window(None, now)))
        async with Push(running.line(kind)) as push:
            pace = Pace(now, now, None)
            await play(planned, push, pace, now_ms, source="main", batch=100, twice=0.1)
            tally = await push.drain()
        async with aiohttp.ClientSession(running.url) as session:
            path = f"/v1/cohorts/{cohort.id}/attendance"
            async with session.get(path, headers={"Authorization": f"Bearer {running.auditor}"}) as answer:
                told = await answer.json()

    fold = Fold(running.plan)
    for posting in planned:
        fold.add(decode(wire(posting.report, "main"), now))
    expected = summary(document(fold.result(instant(told["as_of"]))))
    assert tally.clean
    assert tally.accepted == len({posting.report.id for posting in planned}) > 1000
    assert told["people"] == expected["people"]
    assert told["rate"] == expected["rate"]


@pytest.mark.parametrize("kind", ["http", "stream"])
async def test_a_wrong_secret_stops_it(tmp_path, kind):
    async with service_with_a_class(tmp_path / "data") as running:
        now = now_ms()
        cohort = running.plan.cohort
        planned = list(postings(cohort, telling(cohort, "main"), 1, SHARES, Window(None, now)))[:50]
        async with Push(running.line(kind, "whsec_d3JvbmcgYnV0IHdlbGwgZm9ybWVk")) as push:
            await play(planned, push, Pace(now, now, None), now_ms, source="main")
            with pytest.raises(Stopped, match="signature"):
                await push.drain()

    assert push.tally.undelivered == push.tally.handed == 50


async def test_sign_ins_of_a_source_without_that_right_are_refused_and_counted(tmp_path):
    async with service_with_a_class(tmp_path / "data") as running:
        events = [
            b'{"specversion":"1.0","id":"x","source":"main","type":"attendance.signed-in",'
            b'"time":"2026-01-01T00:00:00Z","data":{"account":"a","session":"s01"}}'
        ]
        async with Push(running.line("http")) as push:
            await push.send(delivery(events))
            tally = await push.drain()

    assert (tally.refused, tally.undelivered) == (1, 0)
    assert tally.reasons["not_allowed"] == 1
    assert not tally.clean
