"""A cohort held lean says what one says that keeps every event, or that it can't tell."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.beats import Taken, of_number
from monitor.event import OURS
from monitor.hours import waiting
from monitor.hours.ids import Doubt, Ids
from monitor.hours.recount import recount
from monitor.ingest import sources
from monitor.instant import instant, rfc3339
from monitor.live import Held
from monitor.store.entry import Entry
from tests.hours.cohorts import Made, law
from tests.hours.test_laws import anything, seeds

DAY_MS = 86_400_000


def deliveries(whole: Made, rng: Random) -> list[Entry]:
    """The events of a class as platforms push them: in bodies of one source, some late, some twice."""
    odd = rng.random() < 0.3
    bodies: list[tuple[int, str, bytes]] = []
    for source in sorted({event["source"] for event in whole.events}):
        events = [
            {key: value for key, value in event.items() if key != "receivedtime"}
            for event in whole.events
            if event["source"] == source
        ]
        if rng.random() < 0.7:
            events.sort(key=lambda event: instant(event["time"]))
        while events:
            size = rng.choice([1, 3, 40, 300])
            part, events = events[:size], events[size:]
            latest = max(instant(event["time"]) for event in part)
            at = latest + rng.choice([0, 300, 5_000])
            if odd and rng.random() < 0.2:
                at += rng.choice([-200_000, -1_000, 4 * DAY_MS])
            body = json.dumps(part if size > 1 else part[0], ensure_ascii=False).encode()
            bodies += [(at, source, body)] * rng.choice([1, 1, 1, 2])
    bodies.sort(key=lambda one: one[0])
    return [
        Entry(n, "delivery", source, at, {"monitor-may": "sign-in"}, body, decoder(source), f"{n:064x}")
        for n, (at, source, body) in enumerate(bodies, 2)
    ]


def decoder(source: str) -> str:
    return "ours/1" if source in OURS else "native/1"


def cohort_entry(whole: Made) -> Entry:
    return Entry(1, "cohort", "staff", 0, {"cohort": "c-1"}, whole.cohort_bytes, "ours/1", "0" * 64)


def told(held: Held, as_of: int) -> dict[str, Any]:
    return held.tell(as_of).document


@law
@given(anything, seeds)
def test_lean_and_whole_say_the_same(whole: Made, seed: int) -> None:
    """At every step, whether few beats come or many; doubts only arise where ids or orphans are at odds."""
    rng = Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "_FEW", rng.choice([1, 64, 10**6]))
        patch.setattr(waiting, "_MANY", rng.choice([50, 10**6]))
        patch.setattr("monitor.hours.ids._YOUNG", rng.choice([2, 1000]))
        patch.setattr("monitor.hours.sorting._BITS", rng.choice([0, 63]))
        lean = Held(cohort_entry(whole), sources)
        keeping = Held(cohort_entry(whole), sources, whole=True)
        for entry in deliveries(whole, rng):
            taken = sources.taken(entry)
            concerned = keeping.take(entry, taken)
            try:
                assert lean.take(entry, taken) == concerned
                asked = rng.random() < 0.1
                if asked:
                    assert lean.due() == keeping.due()
                assert lean.last_change(entry.at) == keeping.last_change(entry.at)
                if asked:  # not before: a fold may not stand ahead of its register
                    assert told(lean, entry.at) == told(keeping, entry.at)
            except Doubt:
                return
        for asked in (instant(whole.as_of), 10**13):
            if not lean.stands_past(asked):
                try:
                    assert told(lean, asked) == told(keeping, asked)
                except Doubt:
                    return


@law
@given(anything, seeds)
def test_a_lean_cohort_can_be_folded_for_an_instant_that_is_over(whole: Made, seed: int) -> None:
    rng = Random(seed)
    asked = instant(whole.as_of) - rng.choice([0, 1, 10**6, 10**7])
    lean = Held(cohort_entry(whole), sources, until=asked)
    keeping = Held(cohort_entry(whole), sources, whole=True)
    try:
        for entry in deliveries(whole, rng):
            lean.take(entry, sources.taken(entry))
            keeping.take(entry, sources.taken(entry))
        assert not lean.stands_past(asked)
        assert told(lean, asked) == told(keeping, asked)
    except Doubt:
        return


@law
@given(anything, seeds)
def test_columns_and_events_are_the_same_events(whole: Made, seed: int) -> None:
    """What is taken in columns is what is taken event by event, and no beat is taken otherwise."""
    for entry in deliveries(whole, Random(seed)):
        events = sources.events(entry)
        taken = sources.taken(entry)
        assert sorted(taken.ids) == sorted(event.id for event in events)
        beats = [
            (name, of_number(number).data, at, one)
            for name in taken.cohorts()
            if (beats := taken.beats(name)) is not None
            for number, at, one in zip(beats.numbers, beats.at, beats.ids, strict=True)
        ]
        in_columns = {one for _, _, _, one in beats}
        others = [event for event in events if hash(event.id) not in in_columns]
        assert sorted(event.id for event in taken.events) == sorted(event.id for event in others)
        assert len(beats) + len(taken.events) == len(events)
        slowly = Taken.of(events)
        for name in taken.cohorts():
            columns, again = taken.beats(name), slowly.beats(name)
            if columns is None or again is None:
                assert columns is again
                continue
            rows = [sorted(zip(one.at, one.ids, one.prints, strict=True)) for one in (columns, again)]
            assert rows[0] == rows[1]


@law
@given(anything, seeds)
def test_a_class_without_reused_ids_raises_no_doubt(whole: Made, seed: int) -> None:
    """The answer of a lean cohort is that of a recount over what was delivered."""
    unique = [event | {"id": f"e{n}"} for n, event in enumerate(whole.events) if event["data"].get("account")]
    whole = Made(whole.seed, whole.cohort, unique, whole.as_of, whole.tick_ms)
    lean = Held(cohort_entry(whole), sources)
    lines: dict[str, bytes] = {}
    for entry in deliveries(whole, Random(seed)):
        lean.take(entry, sources.taken(entry))
        for event in sources.events(entry):
            if lean.fold.touches(event):
                content = {**json.loads(event.raw), "receivedtime": rfc3339(entry.at)}
                lines.setdefault(event.id, json.dumps(content).encode())
    asked = instant(whole.as_of) + 10 * DAY_MS
    assert told(lean, asked) == recount(whole.cohort_bytes, list(lines.values()), asked)


@given(
    st.lists(st.lists(st.integers(-300, 300), min_size=1, max_size=80), max_size=6), st.sampled_from([0, 53])
)
@settings(deadline=None)
def test_ids_that_come_together_are_told_apart_as_one_by_one(parts: list[list[int]], shift: int) -> None:
    """Whether or not they differ in the upper bits, by which they are sorted; and with what came alone."""
    together, alone = Ids(), Ids()
    for part in parts:
        ids = np.array(part, np.int64) << shift
        new = together.add_many(ids, (ids >> shift).astype(np.uint32))
        one_by_one = {one for one in part if alone.add(one << shift, one)}
        found = part if new is None else [one for one, is_new in zip(part, new, strict=True) if is_new]
        assert sorted(found) == sorted(one_by_one)
        assert together.add(len(parts) << 40, 7) == alone.add(len(parts) << 40, 7)
    for one in {one for part in parts for one in part}:
        with pytest.raises(Doubt):
            together.add(one << shift, one + 1)
        with pytest.raises(Doubt):
            together.add_many(np.array([5, one << shift]), np.array([5 >> shift, one + 1]).astype(np.uint32))


def test_an_id_is_new_known_or_in_doubt() -> None:
    ids = Ids()
    assert ids.add(7, 1)
    assert not ids.add(7, 1)
    with pytest.raises(Doubt):
        ids.add(7, 2)
    many = range(100_000)
    for n in many:
        assert ids.add(n * 2654435761 + 11, n)
    assert not any(ids.add(n * 2654435761 + 11, n) for n in many[::97])
    with pytest.raises(Doubt):
        ids.add(11, 5)
