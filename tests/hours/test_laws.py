"""What must always hold (RULES section 10, and each "always" and "never" elsewhere), whatever the class."""

import json
from collections import Counter
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.event import decode
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.hours.recount import document, recount, to_bytes
from monitor.instant import instant

from .cohorts import Made, classes, law, made, plain_event
from .reference_evidence import to_ms, to_text

anything = st.one_of(made(), classes())
seeds = st.integers(min_value=0, max_value=2**16)


def with_events(whole: Made, events: list[dict[str, Any]]) -> Made:
    return Made(whole.seed, whole.cohort, events, whole.as_of, whole.tick_ms)


def answer(whole: Made) -> dict[str, Any]:
    return recount(whole.cohort_bytes, whole.lines, instant(whole.as_of))


def valid_times(told: dict[str, Any]) -> dict[tuple[str, str, int], int]:
    return {
        (person["id"], row["session"], row["index"]): row["milliseconds"].get("valid", 0)
        for person in told["people"]
        for row in person["periods"]
    }


def unproven(told: dict[str, Any]) -> set[tuple[str, str, int]]:
    rows = [row for row in told["findings"] if row["code"] == "teacher_not_proven"]
    return {(row["person"], row["session"], row["index"]) for row in rows}


# -- functions of the set of events ------------------------------------------------------------------------


@law
@given(anything, seeds)
def test_any_order_and_any_repetition_give_the_same_bytes(whole: Made, seed: int) -> None:
    rng = Random(seed)
    again = [*whole.events, *(event for event in whole.events if rng.random() < 0.3)]
    rng.shuffle(again)
    assert to_bytes(answer(whole)) == to_bytes(answer(with_events(whole, again)))


@law
@given(anything, seeds)
def test_a_copy_received_later_changes_no_byte(whole: Made, seed: int) -> None:
    rng = Random(seed)
    copies = []
    for event in whole.events:
        if "receivedtime" in event and rng.random() < 0.3:
            later = to_text(to_ms(event["receivedtime"]) + rng.choice([0, 1, 10**9]))
            copies.append({**event, "receivedtime": later})
    events = [*copies, *whole.events]
    assert to_bytes(answer(whole)) == to_bytes(answer(with_events(whole, events)))


def other_words(event: dict[str, Any], rng: Random) -> bytes:
    """The same contents: other key order, white space, escapes, offset of the time, form of numbers."""
    at = to_ms(event["time"])
    zone = timezone(timedelta(hours=rng.randrange(-12, 14)))
    words = list({**event, "time": datetime.fromtimestamp(at / 1000, zone).isoformat()}.items())
    rng.shuffle(words)
    text = json.dumps(
        dict(words), ensure_ascii=rng.random() < 0.5, separators=(rng.choice([",", " ,\t"]), ":")
    )
    return text.replace('"number":1.0', '"number":1e0').encode()


@law
@given(anything, seeds)
def test_the_same_contents_in_other_words_are_the_same_event(whole: Made, seed: int) -> None:
    rng = Random(seed)
    events = []
    for event in whole.events:
        odd = {"number": 1.0, "ｆ": "é", "𠮷": None} if rng.random() < 0.1 else {}
        events.append({**event, "data": {**event["data"], **odd}})
    told = with_events(whole, events)
    again = [*told.lines, *(other_words(event, rng) for event in events)]
    rng.shuffle(again)
    actual = recount(whole.cohort_bytes, again, instant(whole.as_of))
    assert to_bytes(answer(told)) == to_bytes(actual)


@law
@given(anything, seeds)
def test_when_an_event_was_received_changes_no_number(whole: Made, seed: int) -> None:
    rng = Random(seed)
    events = []
    for event in whole.events:
        at = to_ms(event["time"])
        plain = {key: value for key, value in event.items() if key != "receivedtime"}
        received = {"receivedtime": to_text(at + rng.choice([0, 10**6, 10**10]))}
        events.append(rng.choice([event, plain, plain | received]))
    told, again = answer(whole), answer(with_events(whole, events))
    of_receipt = ("late_event", "clock_off")
    for document_ in (told, again):
        document_["findings"] = [row for row in document_["findings"] if row["code"] not in of_receipt]
    assert told == again


@law
@given(anything, seeds, st.lists(st.floats(0, 1), max_size=4))
def test_a_fold_that_was_asked_on_the_way_answers_as_a_fresh_one(
    whole: Made, seed: int, cuts: list[float]
) -> None:
    rng = Random(seed)
    events = [decode(line) for line in whole.lines]
    asked = instant(whole.as_of)
    fold = Fold(open_cohort(whole.cohort_bytes))
    edges = sorted({0, len(events), *(round(cut * len(events)) for cut in cuts)})
    for begin, end in pairwise(edges):
        for event in events[begin:end]:
            fold.add(event)
        for at in (asked, asked + rng.choice([1, 10**6, 10**8]), asked - rng.choice([1, 10**6, 10**7])):
            so_far = recount(whole.cohort_bytes, whole.lines[:end], at)
            assert to_bytes(so_far) == to_bytes(document(fold.result(at)))
    assert to_bytes(answer(whole)) == to_bytes(document(fold.result(asked)))


@law
@given(anything, seeds)
def test_what_comes_late_counts_as_if_it_had_come_in_time(whole: Made, seed: int) -> None:
    """Held back: what is near an edge of the timetable, or all of one account; asked before and after."""
    rng = Random(seed)
    spans = [span for session in whole.cohort["sessions"] for span in session["periods"]]
    edges = [to_ms(text) for span in spans for text in span]
    afterwards = max(edges) + 24 * 3_600_000
    accounts = sorted({event["data"].get("account") or "" for event in whole.events})
    for _ in range(4):
        edge = rng.choice(edges)
        low, high = edge - rng.randrange(3) * whole.tick_ms, edge + rng.randrange(1, 6) * whole.tick_ms
        account = rng.choice(accounts) if accounts else None
        by_account = account is not None and rng.random() < 0.5
        late = [
            event["data"].get("account") == account if by_account else low <= to_ms(event["time"]) <= high
            for event in whole.events
        ]
        fold = Fold(open_cohort(whole.cohort_bytes))
        for line, held_back in zip(whole.lines, late, strict=True):
            if not held_back:
                fold.add(decode(line))
        fold.result(rng.choice([instant(whole.as_of), edge + 90_000, afterwards]))
        fold.result(afterwards)
        for line, held_back in zip(whole.lines, late, strict=True):
            if held_back:
                fold.add(decode(line))
        fresh = recount(whole.cohort_bytes, whole.lines, afterwards)
        assert to_bytes(fresh) == to_bytes(document(fold.result(afterwards)))


@law
@given(anything)
def test_an_earlier_answer_is_the_same_after_a_later_one(whole: Made) -> None:
    fold = Fold(open_cohort(whole.cohort_bytes))
    for line in whole.lines:
        fold.add(decode(line))
    ends = [to_ms(end) for session in whole.cohort["sessions"] for _, end in session["periods"]]
    instants = sorted({instant(whole.as_of), *ends, *(end + 90_000 for end in ends)})[:8]
    for at in [*instants, *reversed(instants)]:
        assert to_bytes(recount(whole.cohort_bytes, whole.lines, at)) == to_bytes(document(fold.result(at)))


@law
@given(anything)
def test_what_is_stamped_after_the_question_changes_no_byte(whole: Made) -> None:
    # Each id once: of two contents the one that is taken may be the later one.
    once = list({(event["source"], event["id"]): event for event in whole.events}.values())
    until = [event for event in once if to_ms(event["time"]) <= instant(whole.as_of)]
    assert to_bytes(answer(with_events(whole, once))) == to_bytes(answer(with_events(whole, until)))


# -- evidence -----------------------------------------------------------------------------------------------


@law
@given(anything, seeds)
def test_one_more_on_heartbeat_never_lowers_anybodys_valid_time(whole: Made, seed: int) -> None:
    rng = Random(seed)
    told = answer(whole)
    platforms = {source["id"] for source in whole.cohort["sources"]}
    beside = [
        event
        for event in whole.events
        if event["source"] in platforms
        and event["type"].startswith(("classroom.", "camera."))
        and event["data"].get("account") is not None
    ]
    assume(beside)
    # An account that its connection already names; or a connection of its own.
    near = rng.choice(beside)
    at = min(to_ms(near["time"]) + rng.randrange(-240, 240) * whole.tick_ms, instant(whole.as_of))
    where = {key: near["data"][key] for key in ("room", "instance", "connection") if key in near["data"]}
    if rng.random() < 0.3:
        where["connection"] = "never seen before"
    who = rng.choice(beside)["data"]["account"] if "never" in str(where) else near["data"]["account"]
    beat = {**plain_event("one more", at, "beat", who, "", "-"), "source": near["source"]}
    beat["data"] |= where
    more = answer(with_events(whole, [*whole.events, beat]))
    before, after = valid_times(told), valid_times(more)
    assert {key: time for key, time in before.items() if after[key] < time} == {}
    assert unproven(more) <= unproven(told)


@law
@given(classes(camera="heartbeat"), st.integers(-40, 130), st.sampled_from(["", "c-1", "c-2"]))
def test_one_more_on_heartbeat_never_lowers_valid_time_in_small(whole: Made, step: int, device: str) -> None:
    named = {e["data"].get("account") for e in whole.events if e["data"].get("connection", "") == device}
    assume("u-1" in named)
    start = to_ms(whole.cohort["sessions"][0]["periods"][0][0])
    at = min(start + step * whole.tick_ms, instant(whole.as_of))
    beat = plain_event("one more", at, "beat", "u-1", device, "room-1")
    named_here = [
        e
        for e in whole.events
        if e["data"].get("account") == "u-1"
        and e["data"].get("connection", "") == device
        and e["data"]["room"] == "room-1"
    ]
    assume(named_here)
    before, after = valid_times(answer(whole)), valid_times(answer(with_events(whole, [*whole.events, beat])))
    assert {key: time for key, time in before.items() if after[key] < time} == {}


@law
@given(anything)
def test_the_categories_of_a_period_add_up_to_what_has_passed_of_it(whole: Made) -> None:
    spans = {
        (session["id"], index): (to_ms(start), to_ms(end))
        for session in whole.cohort["sessions"]
        for index, (start, end) in enumerate(session["periods"])
    }
    as_of = instant(whole.as_of)
    for person in answer(whole)["people"]:
        assert len(spans) == len(person["periods"])
        for row in person["periods"]:
            start, end = spans[row["session"], row["index"]]
            expected = 0 if row["verdict"] == "not_enrolled" else max(0, min(end, as_of) - start)
            assert expected == sum(row["milliseconds"].values())
            assert 0 not in row["milliseconds"].values()
            assert ("reachable" in row) == (row["verdict"] == "live")


@law
@given(anything)
def test_a_person_counts_once_however_many_devices(whole: Made) -> None:
    """The same events once more from a second device of everybody add nothing to any category."""
    twins = []
    for event in whole.events:
        if event["type"].startswith(("classroom.", "camera.")) and event["type"] != "classroom.ended":
            device = event["data"].get("connection")
            data = event["data"] | ({"connection": f"{device} twin"} if device else {})
            if not device and event["data"].get("account") is not None:
                data["connection"] = "twin of none"
            twins.append({**event, "id": f"{event['id']} twin", "data": data})
    doubled = answer(with_events(whole, [*whole.events, *twins]))
    assert answer(whole)["people"] == doubled["people"]


@law
@given(classes(camera="heartbeat"), st.integers(1, 400))
def test_no_beat_stamped_later_changes_what_is_settled(whole: Made, later: int) -> None:
    """But for beats without account: whose they are may be told later."""
    known = [event for event in whole.events if "account" in event["data"]]
    at = instant(whole.as_of)
    first = recount(whole.cohort_bytes, with_events(whole, known).lines, at)
    second = recount(whole.cohort_bytes, with_events(whole, known).lines, at + later * whole.tick_ms)
    for person, person_later in zip(first["people"], second["people"], strict=True):
        for row, row_later in zip(person["periods"], person_later["periods"], strict=True):
            if row["verdict"] in ("credited", "refused", "pending"):
                assert row == row_later


@law
@given(anything, seeds)
def test_our_own_sources_give_no_camera_evidence(whole: Made, seed: int) -> None:
    rng = Random(seed)
    ours = [
        {**event, "id": f"{event['id']} ours", "source": rng.choice(["staff", "door"])}
        for event in whole.events
        if event["type"].startswith("camera.") and event["data"].get("connection") is None
    ]
    assert answer(whole)["people"] == answer(with_events(whole, [*whole.events, *ours]))["people"]


@law
@given(anything)
def test_names_never_match_anybody(whole: Made) -> None:
    accounts = [event["data"].get("account") or "nobody" for event in whole.events] or ["nobody"]
    people = [
        {**person, "name": accounts[number % len(accounts)]}
        for number, person in enumerate(whole.cohort["people"])
    ]
    renamed = Made(whole.seed, whole.cohort | {"people": people}, whole.events, whole.as_of, whole.tick_ms)
    assert to_bytes(answer(whole)) == to_bytes(answer(renamed))


# -- decisions and totals -----------------------------------------------------------------------------------


@law
@given(anything, seeds)
def test_leave_and_corrections_that_do_not_count_change_no_number(whole: Made, seed: int) -> None:
    rng = Random(seed)
    people = [person["id"] for person in whole.cohort["people"]]
    extra = []
    for number in range(6):
        session = rng.choice(whole.cohort["sessions"])
        said = {"person": rng.choice(people), "session": session["id"], "period": None, "reason": "x"}
        said |= {"credit": rng.choice([True, False]), "by": "甲", "approved_by": "甲"}
        type_, source = rng.choice([("corrected", "staff"), ("corrected", "door"), ("excused", "staff")])
        if source == "door":
            said["approved_by"] = "乙"
        event = plain_event(f"extra {number}", instant(whole.as_of), "beat", None, "", "-")
        extra.append({**event, "source": source, "type": f"attendance.{type_}", "data": said})
    assert answer(whole)["people"] == answer(with_events(whole, [*whole.events, *extra]))["people"]


@law
@given(anything)
def test_credited_is_within_required_and_possible_holds_credited(whole: Made) -> None:
    told = answer(whole)
    for person in told["people"]:
        assert 0 <= person["credited"] <= person["required"]
        assert person["credited"] <= person["possible"]
        assert person["seminar"] <= person["possible_seminar"]
        assert person["possible_seminar"] <= person["possible"]
        assert person["seminar"] <= person["credited"]
        assert person["online"] <= person["credited"]
        assert person["slots_met"] <= person["slots_required"]
        assert person["credited"] + person["gap"] == max(80, person["credited"])
        assert person["seminar"] + person["gap_seminar"] == max(16, person["seminar"])
        assert person["credited"] == sum(row["verdict"] == "credited" for row in person["periods"])
        assert (person["rate"] is None) == (person["required"] == 0)


@law
@given(anything)
def test_no_two_credited_periods_overlap_and_no_day_holds_more_than_the_cap(whole: Made) -> None:
    zone = ZoneInfo(whole.cohort["cohort"].get("timezone") or "Asia/Shanghai")
    spans = {
        (session["id"], index): (to_ms(start), to_ms(end))
        for session in whole.cohort["sessions"]
        for index, (start, end) in enumerate(session["periods"])
    }
    for person in answer(whole)["people"]:
        rows = [row for row in person["periods"] if row["verdict"] == "credited"]
        taken = sorted(spans[row["session"], row["index"]] for row in rows)
        assert all(end <= start for (_, end), (start, _) in pairwise(taken))
        days = Counter(datetime.fromtimestamp(start // 1000, zone).date() for start, _ in taken)
        assert max(days.values(), default=0) <= 8


@law
@given(anything)
def test_periods_people_and_findings_are_in_their_order(whole: Made) -> None:
    told = answer(whole)
    starts = {
        (session["id"], index): to_ms(span[0])
        for session in whole.cohort["sessions"]
        for index, span in enumerate(session["periods"])
    }
    ids = [person["id"] for person in told["people"]]
    assert sorted(p["id"] for p in whole.cohort["people"] if p["role"] == "trainee") == ids
    for person in told["people"]:
        order = [
            (starts[row["session"], row["index"]], row["session"], row["index"]) for row in person["periods"]
        ]
        assert sorted(order) == order
    keys = ("code", "at", "person", "session", "index", "source", "event")
    places = [
        tuple((row.get(key) is not None, row.get(key) or 0) for key in keys) for row in told["findings"]
    ]
    assert sorted(places) == places
