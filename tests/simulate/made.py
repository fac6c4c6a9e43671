"""A small class and its events, for the tests of this room."""

import msgspec

from monitor.cohort import Cohort, parse
from monitor.instant import instant
from monitor.simulate import school
from monitor.simulate.people import Telling, days, plan_day, telling
from monitor.simulate.post import Posting, Shares

NOW = instant("2026-05-13T10:03:00+08:00")
QUIET = Shares(0.0, 0.0, 0.0)


def cohort(trainees: int = 8, *, seed: int = 1, camera: str = "heartbeat", now: int = NOW) -> Cohort:
    content = school.made_up(trainees, now, "main", seed, camera=camera, beat_seconds=30)
    found, errors = parse(msgspec.json.encode(content))
    assert found is not None, errors
    return found


def events(of: Cohort, seed: int = 1, shares: Shares = QUIET, tells: Telling | None = None) -> list[Posting]:
    told = tells or telling(of, "main")
    return [posting for day in days(of) for posting in plan_day(of, day, seed, told, shares)]
