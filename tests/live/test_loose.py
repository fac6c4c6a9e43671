"""What lies loose and is given to classes many deliveries at a time says what each would have by itself."""

from __future__ import annotations

import gc
import json
from random import Random

import pytest
from hypothesis import given

from monitor import beats, forms
from monitor.beats import Taken
from monitor.hours.ids import Doubt
from monitor.ingest import sources
from monitor.instant import instant, rfc3339
from monitor.live import Held
from monitor.live.held import Arrivals
from monitor.live.loose import Loose
from monitor.store.entry import Entry
from tests.hours.cohorts import Made, law
from tests.hours.test_laws import anything, seeds
from tests.serve.school import COHORT, cohort_file

from .stage import Stage, heard
from .test_lean import DAY_MS, cohort_entry, deliveries, told


def give(loose: Loose, held: Held) -> None:
    lots, others = loose.parted()
    for lot in lots:
        assert lot.cohort == held.plan.cohort.id
        assert lot.positions.tolist() == [lot.parts[number][0].position for number in lot.which]
        held.take_many(lot)
    for entry, taken in others:
        held.take(entry, taken)


@law
@given(anything, seeds)
def test_a_class_that_is_told_many_deliveries_at_once_says_the_same(whole: Made, seed: int) -> None:
    """Also where beats are late, ahead of their arrival, or of a wrong clock; a Doubt is one in both."""
    rng = Random(seed)
    each, many = Held(cohort_entry(whole), sources), Held(cohort_entry(whole), sources)
    name = each.plan.cohort.id
    many.wait_for(rng.choice([1, 40, 10**6]))
    loose = Loose(rng.choice([1, 30, 10**6]), rng.choice([1, 7, 10**6]))
    doubts = []
    for held in (each, many):
        try:
            for entry in deliveries(whole, Random(seed)):
                taken = sources.taken(entry).only({name})
                if held is each:
                    held.take(entry, taken)
                elif taken.ids and loose.add(entry, taken):
                    give(loose, held)
            if held is many:
                give(loose, held)
            held.tell(10**13)
        except Doubt:
            doubts.append(held)
    if doubts:
        assert doubts == [each, many]
        return
    assert (many.position, many.head) == (each.position, each.head)
    for asked in (instant(whole.as_of), 10**13):
        if not each.stands_past(asked):
            assert many.last_change(asked) == each.last_change(asked)
            assert told(many, asked) == told(each, asked)
    arrivals = [sorted(held.tell(10**13).arrivals.positions(0, 10**13)) for held in (each, many)]
    assert arrivals[0] == arrivals[1]


def test_what_arrived_in_no_order_is_found_in_order() -> None:
    arrivals = Arrivals()
    arrivals.add(range(100, 300), 0, 50)
    arrivals.add((7,), 60, 70)
    arrivals.add(range(8, 90), 60, 70)
    arrivals.add((7,), 60, 70)
    assert list(arrivals.positions(65, 66))[:3] == [7, 8, 9]
    assert list(arrivals.positions(0, 100)) == [*range(7, 90), *range(100, 300)]
    assert list(arrivals.positions(71, 80)) == []


def test_there_is_a_bound_to_what_lies_loose() -> None:
    events, parts = Loose(most_events=5), Loose(most_parts=2)
    entry = Entry(2, "delivery", "main", 0, {}, b"", "native/1", "0" * 64)
    assert [events.add(entry, Taken(None, [], ["a", "b"])) for _ in range(3)] == [False, False, True]
    assert [parts.add(entry, Taken(None, [], ["a", "b"])) for _ in range(2)] == [False, True]
    assert events.parted() == parts.parted() == ([], [])
    assert [parts.add(entry, Taken(None, [], ["a", "b"])) for _ in range(2)] == [False, True]


@pytest.mark.parametrize("arrives", [1, 0, -1_000, -200_000, 4 * DAY_MS])
@pytest.mark.parametrize("account", ["u-1", "u-nobody"])
def test_beats_that_are_ahead_or_late_keep_their_arrival(arrives: int, account: str) -> None:
    """Stamped as late as they arrive or later, by a wrong clock, or told four days late (ms)."""
    plan = json.dumps(cohort_file()).encode()
    version = Entry(1, "cohort", "staff", 0, {"cohort": COHORT}, plan, "office/1", "0" * 64)
    each, many = Held(version, sources), Held(version, sources)
    loose = Loose()
    begun = instant("2026-05-11T08:30:00+08:00")
    for n in range(40):
        data = {"cohort": COHORT, "account": account, "room": "room-1", "connection": "c", "camera": "on"}
        at = begun + n * 30_000
        beat = {"specversion": "1.0", "id": f"e{n}", "source": "main", "type": "camera.heartbeat"}
        body = json.dumps(beat | {"time": rfc3339(at), "data": data}).encode()
        entry = Entry(2 + n, "delivery", "main", at + arrives, {}, body, "native/1", f"{n:064x}")
        each.take(entry, sources.taken(entry))
        assert not loose.add(entry, sources.taken(entry))
    give(loose, many)
    first = begun + arrives
    for now in (first + 39 * 30_000, first + 39 * 30_000 + 1_000, 10**13):
        assert many.last_change(now) == each.last_change(now)
        assert many.due() == each.due()
    assert told(many, 10**13) == told(each, 10**13)


@pytest.mark.parametrize("together", [True, False])
def test_beats_of_many_classes_come_to_their_own(together: bool) -> None:
    """Read by the hundred and one by one, and long after the words they say were forgotten."""
    rng = Random(3)
    loose = Loose()
    expected: dict[str, list[tuple[int, int]]] = {}
    brought: dict[str, set[int]] = {}
    for position in range(1, 13):
        events = []
        for n in range(40 if together else 1):
            cohort = f"k-{rng.randrange(25)}" if n % 2 else f"only-{position}-{n % 3}"
            at = (position * 40 + n) * 1_000
            brought.setdefault(cohort, set()).add(position)
            expected.setdefault(cohort, []).append((at, hash(f"e{position}-{n}")))
            data = {"cohort": cohort, "account": f"u-{rng.randrange(5)}", "room": "r", "camera": "on"}
            head = {"specversion": "1.0", "id": f"e{position}-{n}", "source": "main"}
            events.append({**head, "type": "camera.heartbeat", "time": rfc3339(at), "data": data})
        body = json.dumps(events if together else events[0], separators=(",", ":")).encode()
        entry = Entry(position, "delivery", "main", 10**6, {}, body, "native/1", f"{position:064x}")
        loose.add(entry, sources.taken(entry))
    del entry
    beats._by_bytes.clear()
    beats._by_words.clear()
    forms._forms.clear()
    forms._words = forms._Words()
    gc.collect()
    lots, others = loose.parted()
    assert not others
    assert len({lot.cohort for lot in lots}) == len(lots)
    told = {lot.cohort: list(zip(lot.beats.at, lot.beats.ids, strict=True)) for lot in lots}
    assert told == expected
    for lot in lots:
        assert lot.positions.tolist() == sorted(brought[lot.cohort])
        assert [lot.parts[number][0].position for number in lot.which] == sorted(brought[lot.cohort])
        assert (lot.beats.first, lot.beats.last) == (min(lot.beats.at), max(lot.beats.at))
        assert lot.last.position == max(lot.positions)
    wait = {lot.cohort: lot.beats for lot in lots}
    del lot, lots, loose
    gc.collect()
    for cohort, waiting in wait.items():
        assert {beats.of_number(number).data.cohort for number in waiting.numbers} == {cohort}


async def test_a_delivery_for_many_classes_reaches_who_watches_one_of_them(stage: Stage) -> None:
    """And the classes at which nobody looks have theirs when they are asked."""
    names = [COHORT, *(f"other-{n}" for n in range(12))]
    for name in names:
        file = cohort_file()
        await stage.cohort(file | {"cohort": {**file["cohort"], "id": name}})
        assert await stage.live.answer(name, None, None, stage.clock()) is not None
    watcher = await stage.watch()
    heard(watcher)
    await stage.push(
        [
            stage.event("camera.heartbeat", "u-1", f"08:{minute}:{n:02d}", camera="on", cohort=name)
            for minute in (16, 17, 18)
            for n, name in enumerate(names)
        ]
    )
    assert stage.later.pass_by()
    assert heard(watcher)
    fresh = stage.fresh()
    for name in names:
        now = stage.clock()
        asked = [await live.answer(name, None, None, now) for live in (stage.live, fresh)]
        assert asked[0] is not None
        assert asked[1] is not None
        assert asked[0].document == asked[1].document
        assert asked[0].fold.heard == {
            "main": instant("2026-05-11T08:18:00+08:00") + names.index(name) * 1_000
        }
