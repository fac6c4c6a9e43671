"""What is asked of a fold beside the result: when time changes it, what stands behind it."""

from random import Random
from typing import Any

from hypothesis import given

from monitor.event import decode
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.hours.recount import document, recount, summary
from monitor.hours.register import Register
from monitor.instant import instant

from .cohorts import Made, classes, law, make
from .reference_evidence import to_ms, to_text
from .test_laws import anything, seeds, valid_times


def folded(whole: Made) -> Fold:
    fold = Fold(open_cohort(whole.cohort_bytes))
    for line in whole.lines:
        fold.add(decode(line))
    return fold


def judged(fold: Fold, at: int) -> dict[str, Any]:
    """All that an answer says, but for the milliseconds that run with the clock."""
    told = document(fold.result(at))
    verdicts = [
        [(row["session"], row["index"], row["verdict"], row["reason"]) for row in person["periods"]]
        for person in told["people"]
    ]
    return summary(told) | {"as_of": None, "verdicts": verdicts}


@law
@given(anything, seeds)
def test_nothing_changes_before_the_next_change_is_due(whole: Made, seed: int) -> None:
    rng = Random(seed)
    fold = folded(whole)
    ends = [to_ms(end) for session in whole.cohort["sessions"] for _, end in session["periods"]]
    asked = rng.choice([instant(whole.as_of), rng.choice(ends), min(ends) - rng.randrange(3_600_000)])
    register = Register(fold)
    register.turn(asked)
    due = register.due()
    assert due is None or due > asked
    until = asked + 10**9 if due is None else due
    before = judged(fold, asked)
    for at in {until - 1, asked + (until - asked) // 2, rng.randrange(asked, until)}:
        if asked < at < until:
            assert before == judged(fold, at)


@law
@given(classes())
def test_the_events_behind_a_period_prove_its_valid_time(whole: Made) -> None:
    """Every number can be opened down to its events: those alone give the same valid time."""
    known = [event for event in whole.events if "account" in event["data"]]
    whole = Made(whole.seed, whole.cohort, known, whole.as_of, whole.tick_ms)
    at = instant(whole.as_of)
    fold = folded(whole)
    behind = fold.behind("t01", "s01", 0, at)
    taken = [fold.as_taken(decode(line)) for line in whole.lines]
    ids = {event.id for event in taken if behind.has(event)}
    proof = [event for event in known if event["id"] in ids]
    told = recount(whole.cohort_bytes, whole.lines, at)
    again = recount(whole.cohort_bytes, Made(0, whole.cohort, proof, "", 1).lines, at)
    assert valid_times(told) == valid_times(again)


@law
@given(anything)
def test_stays_are_spans_in_their_order(whole: Made) -> None:
    fold = folded(whole)
    at = instant(whole.as_of)
    for person in whole.cohort["people"]:
        stays = fold.stays(person["id"], at)
        assert sorted(stays, key=lambda stay: stay["from"]) == stays
        for stay in stays:
            assert stay["from"] <= to_text(at)
            assert stay["to"] is None or stay["from"] <= stay["to"] <= to_text(at)
            assert stay["from_by"] in ("joined", "implied")
            assert (stay["to"] is None) == (stay["to_by"] is None)
            assert stay["to_by"] in ("left", "ended", "last_proof", None)


def test_a_stay_tells_how_it_began_and_ended() -> None:
    made = make(2)
    cohort = made.cohort | {
        "sources": [{"id": "main", "camera": "heartbeat"}],
        "people": [{"id": "t01", "role": "trainee", "accounts": ["u-1"]}],
        "sessions": [],
    }
    hour = "2026-05-11T00"

    def event(number: int, clock: str, type_: str, **said: str) -> dict[str, Any]:
        who = {} if type_ == "classroom.ended" else {"account": "u-1"}
        return {
            "specversion": "1.0",
            "id": f"e{number}",
            "source": "main",
            "type": type_,
            "time": f"{hour}:{clock}.000Z",
            "data": {"room": "room-1", **who, **said},
        }

    events = [
        event(1, "25:00", "classroom.joined"),
        event(2, "30:00", "classroom.left"),
        event(3, "31:00", "camera.heartbeat", camera="on"),
        event(4, "32:00", "classroom.ended"),
        event(5, "33:00", "camera.heartbeat", camera="on"),
        event(6, "33:30", "camera.heartbeat", camera="on"),
    ]
    fold = folded(Made(0, cohort, events, "", 1))

    def spans(at: str) -> list[tuple[str, str | None, str, str | None]]:
        stays = fold.stays("t01", instant(f"{hour}:{at}.000Z"))
        assert {("main", "room-1", "")} == {(s["source"], s["room"], s["connection"]) for s in stays}
        return [(s["from"][14:19], s["to"] and s["to"][14:19], s["from_by"], s["to_by"]) for s in stays]

    first = [("25:00", "30:00", "joined", "left"), ("31:00", "32:00", "implied", "ended")]
    assert [*first, ("33:00", None, "implied", None)] == spans("35:00")
    assert [*first, ("33:00", "33:30", "implied", "last_proof")] == spans("35:01")
