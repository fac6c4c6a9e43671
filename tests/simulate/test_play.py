"""The pace, with a clock that only sleeping moves: nothing here waits in earnest."""

import asyncio

import msgspec
import pytest

from monitor.simulate import play as playing
from monitor.simulate.device import Facts, Report
from monitor.simulate.people import telling
from monitor.simulate.play import Pace, Window, play, postings
from monitor.simulate.post import Delivery, Posting, Shares
from tests.simulate.made import NOW, QUIET, cohort

START = 1_000_000_000_000


class Clock:
    """Moved by sleeping alone."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


class Took:
    """A push that notes what was handed over, and when."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sent: list[tuple[int, list[str], bool]] = []

    async def send(self, sent: Delivery, *, again: bool = False) -> None:
        ids = [event["id"] for event in msgspec.json.decode(sent.body)]
        self.sent.append((self.clock.at, ids, again))


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock(START)
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        clock.at += max(1, round(seconds * 1000)) if seconds else 0
        await real(0)

    monkeypatch.setattr(playing.asyncio, "sleep", sleep)
    return clock


def planned(*seconds: float) -> list[Posting]:
    return [
        Posting(
            START + int(second * 1000),
            Report(START + int(second * 1000), f"e{n}", "camera.on", Facts(room="r")),
        )
        for n, second in enumerate(seconds)
    ]


async def played(clock: Clock, pace: Pace, events: list[Posting], **more) -> Took:
    took = Took(clock)
    count = await play(events, took, pace, clock, source="main", **more)
    assert count == len(events)
    return took


async def test_what_is_past_goes_at_once_in_batches(clock):
    took = await played(clock, Pace(START, START), planned(*[-1.0] * 5), batch=2)

    assert took.sent == [(START, ["e0", "e1"], False), (START, ["e2", "e3"], False), (START, ["e4"], False)]


async def test_in_real_time_nothing_goes_before_its_time_and_what_is_close_goes_together(clock):
    took = await played(clock, Pace(START, START), planned(10, 10.4, 30))

    assert [ids for _, ids, _ in took.sent] == [["e0", "e1"], ["e2"]]
    assert START + 10_400 <= took.sent[0][0] <= START + 11_500
    assert START + 30_000 <= took.sent[1][0] <= START + 31_500


async def test_quicker_than_real_time_until_it_has_caught_up_with_the_clock(clock):
    an_hour_ago = START - 3_600_000
    pace = Pace(an_hour_ago, START, speed=60.0)
    took = await played(clock, pace, planned(-1800, 120))

    assert START + 30_000 <= took.sent[0][0] <= START + 31_500
    assert START + 120_000 <= took.sent[1][0] <= START + 122_000


async def test_as_fast_as_possible_does_not_wait_for_late_deliveries_but_for_the_future(clock):
    late = [msgspec.structs.replace(planned(-5)[0], deliver_at=START + 3_600_000)]
    took = await played(clock, Pace(START, START, None), late)
    assert took.sent[0][0] == START

    took = await played(clock, Pace(START, START, None), planned(90))
    assert took.sent[0][0] >= START + 90_000


async def test_a_share_of_the_deliveries_goes_twice(clock):
    took = await played(clock, Pace(START, START), planned(*[-1.0] * 400), batch=1, twice=0.25)

    assert 60 < sum(again for _, _, again in took.sent) < 140


async def test_it_says_how_far_it_is(clock):
    heard = []
    await played(
        clock, Pace(START, START), planned(-2, -1), batch=1, moved=lambda count, at: heard.append((count, at))
    )

    assert heard == [(1, START - 2000), (2, START - 1000)]


def test_a_window_cuts_by_the_events_own_time_and_days_are_always_planned_whole():
    of = cohort()
    tells = telling(of, "main")
    every = list(postings(of, tells, 1, Shares(), Window()))
    cut = list(postings(of, tells, 1, Shares(), Window(NOW - 600_000, NOW)))

    assert [p for p in every if NOW - 600_000 <= p.report.at < NOW] == cut
    assert cut


def test_postings_of_all_days_come_in_the_order_of_their_delivery():
    of = cohort()
    at = [p.deliver_at for p in postings(of, telling(of, "main"), 1, QUIET, Window())]

    assert sorted(at) == at
