"""The register, kept from instant to instant, against one that is made anew; and what its rows promise."""

from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
from hypothesis import given

from monitor.event import Event, decode
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.hours.recount import document
from monitor.hours.register import Changed, Register
from monitor.instant import instant

from .cohorts import Made, law
from .test_laws import anything, seeds

SILENCE_MS = 90_000


def told(register: Register) -> dict[str, Any]:
    """All that a register says, but for the instant."""
    return {
        "rate": register.rate,
        "totals": {name: msgspec.structs.asdict(totals) for name, totals in sorted(register.totals.items())},
        "now": register.now(),
        "findings": [finding.shown() for finding in register.findings()],
        "quiet": register.quiet.rows(),
        "due": register.due(),
    }


def fresh(whole: Made, events: list[Event], as_of: int) -> Register:
    fold = Fold(open_cohort(whole.cohort_bytes))
    for event in events:
        fold.add(event)
    register = Register(fold)
    register.turn(as_of)
    return register


def edges(whole: Made) -> list[int]:
    return [instant(at) for one in whole.cohort["sessions"] for span in one["periods"] for at in span]


def walk(whole: Made, rng: Random, steps: int) -> Iterator[tuple[list[Event], int]]:
    """Events as they come, nearly in the order of their time, and instants that only grow."""
    events = [decode(line) for line in whole.lines]
    events.sort(key=lambda event: event.at + rng.choice([0, 0, 0, 0, 400_000, -30_000, 10**8]))
    at = 0
    for step in range(steps):
        part = events[len(events) * step // steps : len(events) * (step + 1) // steps]
        last = part[-1].at if part else at
        near = rng.choice([last, last, last, rng.choice(edges(whole) or [last])])
        beside = rng.choice([-1, 0, 1, 1000, 40_000, SILENCE_MS, SILENCE_MS + 1, 900_001])
        at = max(at, near + beside)
        yield part, at


@law
@given(anything, seeds)
def test_kept_from_instant_to_instant_it_says_what_a_fresh_one_says(whole: Made, seed: int) -> None:
    """Events come late, early and again; others ask for results in between."""
    rng = Random(seed)
    fold = Fold(open_cohort(whole.cohort_bytes))
    register = Register(fold)
    so_far: list[Event] = []
    for part, at in walk(whole, rng, 12):
        for event in part:
            fold.add(event)
        so_far += part
        if rng.random() < 0.3:
            fold.result(at)
        register.turn(at)
        assert told(fresh(whole, so_far, at)) == told(register)
        ahead = at + rng.choice([0, 1, 50_000])
        if rng.random() < 0.3 and all(waits > ahead for waits in fold.waiting()):
            fold.result(ahead)


@law
@given(anything, seeds)
def test_what_it_says_has_changed_is_all_that_has_changed(whole: Made, seed: int) -> None:
    fold = Fold(open_cohort(whole.cohort_bytes))
    register = Register(fold)
    kept: dict[str, Any] = {"totals": {}, "now": [], "findings": []}
    for part, at in walk(whole, Random(seed), 12):
        for event in part:
            fold.add(event)
        register.turn(at)
        changed = register.changed()
        kept = follow(kept, register, changed)
        new = told(register)
        assert {key: new[key] for key in kept} == kept


def follow(kept: dict[str, Any], register: Register, changed: Changed) -> dict[str, Any]:
    """What was kept, brought up to the register by what it says has changed."""
    totals = {name: msgspec.structs.asdict(register.totals[name]) for name in changed.totals}
    rows = {row["id"]: row for row in map(register.row, changed.doing)}
    now = register.now() if changed.running else [rows.get(row["id"], row) for row in kept["now"]]
    found = [finding.shown() for finding in register.findings()] if changed.findings else kept["findings"]
    return {"totals": dict(sorted({**kept["totals"], **totals}.items())), "now": now, "findings": found}


@law
@given(anything, seeds)
def test_nothing_it_says_changes_before_it_is_due(whole: Made, seed: int) -> None:
    rng = Random(seed)
    events = [decode(line) for line in whole.lines]
    for _ in range(3):
        near = rng.choice([*edges(whole), instant(whole.as_of), *(event.at for event in events)])
        at = near + rng.choice([0, 1, 30_000, SILENCE_MS + 1])
        before = fresh(whole, events, at)
        due = before.due()
        until = at + 10**9 if due is None else due
        for later in {at + 1, until - 1, rng.randrange(at, until), at + rng.randrange(1, 100_000)}:
            if at < later < until:
                assert told(before) == told(fresh(whole, events, later))


@law
@given(anything, seeds)
def test_its_totals_and_rows_are_those_of_the_result(whole: Made, seed: int) -> None:
    """A row gives the milliseconds of every instant until it changes: `running` runs from `at` to `until`."""
    rng = Random(seed)
    events = [decode(line) for line in whole.lines]
    for _ in range(4):
        at = rng.choice([*edges(whole), instant(whole.as_of), *(event.at for event in events)])
        at += rng.choice([1, 1000, SILENCE_MS, 1_000_000])
        register = fresh(whole, events, at)
        answer = document(register._fold.result(at))
        assert answer["rate"] == register.rate
        assert answer["findings"] == [finding.shown() for finding in register.findings()]
        for person in answer["people"]:
            totals = msgspec.structs.asdict(register.totals[person["id"]])
            assert {key: person[key] for key in totals} == totals
        judged = {
            f"{person['id']} {row['session']}/{row['index']}": row
            for person in answer["people"]
            for row in person["periods"]
        }
        for row in register.now():
            if row["role"] == "trainee":
                assert judged[row["id"]]["verdict"] == row["verdict"]
                assert milliseconds(judged[row["id"]]) == clock(row, at)
                assert judged[row["id"]].get("reachable") == reachable(register, row, at)


def milliseconds(judged: dict[str, Any]) -> dict[str, int]:
    """Those of a verdict, what is awaited counted as proven."""
    found = dict(judged["milliseconds"])
    if awaited := found.pop("awaiting", 0):
        found["valid"] = found.get("valid", 0) + awaited
    return found


def runs(row: dict[str, Any], at: int) -> int:
    return min(at, instant(row["until"])) - instant(row["at"])


def clock(row: dict[str, Any], at: int) -> dict[str, int]:
    """What a board shows at the instant `at`."""
    found = dict(row["milliseconds"])
    found[row["running"]] = found.get(row["running"], 0) + runs(row, at)
    return {what: ms for what, ms in found.items() if ms}


def reachable(register: Register, row: dict[str, Any], at: int) -> int | None:
    """By the margin; it shrinks with the clock exactly where a `lost_at` or a lost period says so."""
    if row["verdict"] == "not_countable":
        return None
    hour_ms = register._plan.policy.hour_ms
    found = hour_ms + row["margin_ms"]
    graced = row["running"] == "no_sign_in" and any(
        period.session.id == row["session"]
        and at <= period.slot.start + register._plan.policy.sign_in_grace_minutes * 60_000
        for period in register._plan.periods
    )
    if row["running"] not in ("valid", "open") and not graced:
        found -= runs(row, at)
    assert row["can_still"] == (found >= hour_ms)
    if row["lost_at"] is not None:
        assert row["can_still"] == (at < instant(row["lost_at"]))
    return found
