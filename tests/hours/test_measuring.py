"""Many periods measured at once have the milliseconds that each has by itself."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given

from monitor.event import decode
from monitor.hours import traces
from monitor.hours.evidence import Connection
from monitor.hours.fold import Fold
from monitor.hours.measuring import measured
from monitor.hours.plan import open_cohort
from monitor.hours.recount import document
from monitor.instant import instant

from .cohorts import Made, law
from .test_laws import anything, seeds


@law
@given(anything, seeds)
def test_together_they_are_as_each_alone(whole: Made, seed: int) -> None:
    rng = Random(seed)
    asked = instant(whole.as_of) + rng.choice([0, 1, 10**6, 10**9])
    told = []
    for few in (0, 10**6):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(traces, "_FEW", few)
            fold = Fold(open_cohort(whole.cohort_bytes))
            for line in whole.lines:
                fold.add(decode(line))
            told.append(document(fold.result(asked)))
    assert told[0] == told[1]


@law
@given(anything)
def test_of_several_devices_the_first_category_holds(whole: Made) -> None:
    """Also where all devices of a class are one person's, and with a device twice."""
    fold = Fold(open_cohort(whole.cohort_bytes))
    for line in whole.lines:
        fold.add(decode(line))
    asked = instant(whole.as_of) + 10**10
    fold.up_to(asked)
    devices: list[Connection] = [one for left in fold.traces.values() for one in left.connections()]
    together = traces.Traces(fold.plan, "nobody", [])
    for device in devices:
        together.add(device)
    for rooms, periods in fold.plan.online.items():
        there = [one for one in devices if one.room in rooms]
        found = measured([*there, *there], periods, asked)
        assert found == [together.measure(period, asked) for period in periods]
