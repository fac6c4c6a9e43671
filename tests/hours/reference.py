"""The judge: the counting rules applied slowly and plainly, beside the engine and without it.

Comes in: a cohort file as a dict, events as CloudEvents dicts, `as_of` as text. Goes out: the object that
`monitor recount --json` prints, as a dict. It never imports anything of the project: it is made from the
text of the rules alone, so that where it and the engine agree, two readings of that text agree.

Here stand verdicts, totals and findings (sections 6 to 9), on the ticks that reference_evidence.py counts.
Every question is asked anew of all periods and all events.
"""

import hashlib
from datetime import date
from typing import Any

import rfc8785

from .reference_evidence import (
    BLAME,
    HOUR,
    MINUTE,
    ROOM_TYPES,
    SECOND,
    TYPES,
    Count,
    Event,
    Period,
    to_ms,
    to_text,
)


def percent(part: int, whole: int) -> str | None:
    """Two decimals, half up."""
    if not whole:
        return None
    hundredths = (2 * 10_000 * part + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def countable(count: Count, period: Period) -> bool:
    return period.session["kind"] not in count.policy["excluded_kinds"]


def settled(count: Count, end: int) -> bool:
    return count.as_of >= end + count.silence


def enrolled(person: dict[str, Any], period: Period) -> bool:
    since, until = person.get("enrolled_on"), person.get("withdrawn_on")
    listed = period.session.get("people")
    return (
        (since is None or date.fromisoformat(since) <= period.day)
        and (until is None or period.day <= date.fromisoformat(until))
        and (listed is None or person["id"] in listed)
    )


# -- corrections (section 7) --------------------------------------------------------------------------------


def fault(count: Count, event: Event) -> str | None:
    """Why a correction does nothing; the first that holds."""
    said = event.data
    if event.source != "staff":
        return "correction_not_ours"
    names = [said.get("by"), said.get("approved_by")]
    two_people = all(isinstance(name, str) and name for name in names) and names[0] != names[1]
    if not two_people or not isinstance(said.get("credit"), bool):
        return "correction_alone"
    session = count.sessions.get(said.get("session"))
    if said.get("person") not in count.people or session is None:
        return "correction_unknown"
    index = said.get("period")
    # Reading: JSON has one kind of number, so 0.0 is the first period; true is none.
    numbered = isinstance(index, int | float) and not isinstance(index, bool)
    if index is not None and not (numbered and index in range(len(session["periods"]))):
        return "correction_unknown"
    return None


def correction(count: Count, person: str, period: Period) -> bool | None:
    """What the last correction of a period says, if there is one."""
    named = [
        event
        for event in count.events
        if event.type == "attendance.corrected"
        and fault(count, event) is None
        and event.data["person"] == person
        and event.data["session"] == period.session["id"]
        and event.data.get("period") in (None, period.index)
    ]
    return max(named, key=lambda e: (e.at, e.id)).data["credit"] if named else None


# -- one period, one trainee (section 6) --------------------------------------------------------------------


def verdict(count: Count, person: dict[str, Any], period: Period) -> dict[str, Any]:
    row: dict[str, Any] = {"session": period.session["id"], "index": period.index, "reason": None}
    if not enrolled(person, period):
        return {**row, "verdict": "not_enrolled", "milliseconds": {}}
    spent = count.time_of(person["id"], period)
    row["milliseconds"] = spent
    if not countable(count, period):
        return {**row, "verdict": "not_countable"}
    if not settled(count, period.end):
        if count.as_of <= period.start:
            return {**row, "verdict": "upcoming"}
        left = max(0, period.end - count.as_of)
        reachable = spent.get("valid", 0) + spent.get("awaiting", 0) + spent.get("open", 0) + left
        slot_start, _ = count.slots[count.slot_key(period.session)]
        still_in_time = count.as_of <= slot_start + count.policy["sign_in_grace_minutes"] * MINUTE
        if period.session["mode"] == "offline" and still_in_time:
            reachable += spent.get("no_sign_in", 0)
        return {**row, "verdict": "live", "reachable": reachable}
    decided = correction(count, person["id"], period)
    if decided is not None:
        return {**row, "verdict": "credited" if decided else "refused", "reason": "manual"}
    if spent.get("valid", 0) >= count.hour:
        return {**row, "verdict": "credited"}
    if spent.get("valid", 0) + spent.get("open", 0) >= count.hour:
        return {**row, "verdict": "pending", "reason": "open"}
    reason = max(BLAME, key=lambda category: spent.get(category, 0))  # max keeps the first on a tie
    return {**row, "verdict": "refused", "reason": reason}


def walk(count: Count, rows: list[dict[str, Any]]) -> None:
    """One walk over the credited periods: overlaps, then the daily cap."""
    still: list[Period] = []
    for period, row in zip(count.periods, rows, strict=True):
        if row["verdict"] != "credited":
            continue
        if any(earlier.start < period.end and period.start < earlier.end for earlier in still):
            row.update(verdict="refused", reason="overlap")
        elif sum(earlier.day == period.day for earlier in still) >= count.policy["daily_cap"]:
            row.update(verdict="refused", reason="over_daily_cap")
        else:
            still.append(period)


# -- totals and standing (section 8) ------------------------------------------------------------------------


def capped(count: Count, periods: list[Period]) -> int:
    days = [period.day for period in periods]
    return sum(min(count.policy["daily_cap"], days.count(day)) for day in set(days))


def trainee(count: Count, person: dict[str, Any]) -> dict[str, Any]:
    policy = count.policy
    rows = [verdict(count, person, period) for period in count.periods]
    walk(count, rows)
    mine = [
        (period, row)
        for period, row in zip(count.periods, rows, strict=True)
        if row["verdict"] not in ("not_enrolled", "not_countable")
    ]

    def with_verdict(*verdicts: str) -> list[Period]:
        return [period for period, row in mine if row["verdict"] in verdicts]

    def seminars(periods: list[Period]) -> list[Period]:
        return [period for period in periods if period.session["kind"] in policy["seminar_kinds"]]

    credited = with_verdict("credited")
    reachable = [p for p, row in mine if row["verdict"] == "live" and row["reachable"] >= count.hour]
    hopes = with_verdict("pending", "upcoming") + reachable
    required = capped(count, with_verdict("credited", "refused", "pending"))
    possible, possible_seminar = capped(count, credited + hopes), capped(count, seminars(credited + hopes))

    slots_required, slots_met = 0, 0
    for key, (_, end) in count.slots.items():
        inside = [row for period, row in mine if count.slot_key(period.session) == key]
        if not inside or not settled(count, end):
            continue
        slots_required += 1
        signed_in = key[-1] == "offline" and count.accepted(person["id"], key)
        slots_met += signed_in or any(row["verdict"] == "credited" for row in inside)

    total, seminar = policy["total_hours"], policy["seminar_hours"]
    reserve = min(possible - total, possible_seminar - seminar)
    if len(credited) >= total and len(seminars(credited)) >= seminar:
        standing = "met"
    elif not hopes:
        standing = "short"
    elif possible < total or possible_seminar < seminar:
        standing = "unrecoverable"
    elif with_verdict("refused") and reserve <= policy["reserve_hours"]:
        standing = "at_risk"
    else:
        standing = "on_track"
    return {
        "id": person["id"],
        "credited": len(credited),
        "seminar": len(seminars(credited)),
        "online": sum(period.session["mode"] == "online" for period in credited),
        "required": required,
        "rate": percent(len(credited), required),
        "slots_required": slots_required,
        "slots_met": slots_met,
        "possible": possible,
        "possible_seminar": possible_seminar,
        "gap": max(0, total - len(credited)),
        "gap_seminar": max(0, seminar - len(seminars(credited))),
        "standing": standing,
        "periods": rows,
    }


# -- findings (section 9) -----------------------------------------------------------------------------------


def plan_findings(count: Count, planned: dict[str, int]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for day in {period.day for period in count.periods}:
        that_day = [p for p in count.periods if p.day == day and countable(count, p)]
        if len(that_day) > count.policy["daily_cap"]:
            # Reading: "start of its first period": the first countable period of that date.
            found.append({"code": "daily_cap_exceeded", "at": min(p.start for p in that_day)})
    short = planned["hours"] < count.policy["total_hours"]
    short_seminar = planned["seminar"] < count.policy["seminar_hours"]
    if short:
        found.append({"code": "plan_below_total", "at": None})
    if short_seminar:
        found.append({"code": "plan_below_seminar", "at": None})
    exact = (
        planned["hours"] == count.policy["total_hours"] or planned["seminar"] == count.policy["seminar_hours"]
    )
    if not short and not short_seminar and exact:
        found.append({"code": "plan_without_slack", "at": None})
    return found


def class_findings(count: Count) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for period in count.periods:
        session, teacher = period.session, period.session.get("teacher")
        if teacher is None or not countable(count, period) or not settled(count, period.end):
            continue
        if session["mode"] == "online":
            proven = count.time_of(teacher, period).get("valid", 0) >= count.hour
        else:
            proven = count.accepted(teacher, count.slot_key(session))
        if not proven:
            keys = {"person": teacher, "session": session["id"], "index": period.index}
            found.append({"code": "teacher_not_proven", "at": period.start, **keys})
    for session in count.sessions.values():
        key = count.slot_key(session)
        _, end = count.slots[key]
        if not session.get("sign_out") or not settled(count, end):
            continue
        for person in count.people.values():
            # Reading: any mode, any trainee who was there, whoever the session is for; the last stay counts.
            stays = count.stays(person["id"], key) if person["role"] == "trainee" else []
            if stays and not stays[-1].signed_out:
                keys = {"person": person["id"], "session": session["id"]}
                found.append({"code": "sign_out_missing", "at": end, **keys})
    return found


def connection_findings(count: Count) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for connection in count.connections:
        who = {"person": connection.person, "source": connection.source}
        leaves = [event for event in connection.skipped if event.type == "classroom.left"]
        found += [{"code": "leave_without_join", "at": e.at, **who, "event": e.id} for e in leaves]
        # Reading: a period is of a room that its session names as room or as breakout, in either mode.
        of_room = [
            p
            for p in count.periods
            if connection.room in [p.session.get("room"), *(p.session.get("breakouts") or [])]
        ]
        entries: set[int] = set()  # one finding for each entry of a connection, on however many days
        for day in {p.day for p in of_room}:
            closes = max(p.end for p in of_room if p.day == day) + count.silence
            if closes > count.as_of:
                continue
            entry = None  # the instant of the last step from out to in
            for at, state, _ in connection.kept:
                if at <= closes:
                    if state == "out":
                        entry = None
                    elif entry is None:
                        entry = at
            if entry is not None:
                entries.add(entry)
        found += [{"code": "join_without_leave", "at": entry, **who} for entry in entries]
    return found


def first_of_each(code: str, events: list[Event], keys: Any) -> list[dict[str, Any]]:
    """One finding for each different `keys(event)`, at the first such event."""
    first: dict[tuple[Any, ...], Event] = {}
    for event in sorted(events, key=lambda e: -e.at):  # the earliest is written last
        first[tuple(keys(event).items())] = event
    return [{"code": code, "at": event.at, **dict(key)} for key, event in first.items()]


def event_findings(count: Count) -> list[dict[str, Any]]:
    events = count.events
    found = [{"code": "id_reused", "at": e.at, "source": e.source, "event": e.id} for e in count.differing]
    found += first_of_each("unknown_source", count.strangers, lambda e: {"source": e.source})
    unknown = [e for e in events if e.type not in TYPES]
    found += first_of_each("unknown_type", unknown, lambda e: {"source": e.source, "type": e.type})
    rooms = {r for s in count.sessions.values() for r in [s.get("room"), *(s.get("breakouts") or [])]}
    lost = [e for e in events if e.type in ROOM_TYPES and e.data.get("room") not in rooms]
    found += first_of_each("unknown_room", lost, lambda e: {"source": e.source, "room": e.data.get("room")})
    lost = [
        e
        for e in events
        if e.type.startswith("attendance.")
        and e.type in TYPES
        and e.data.get("session") is not None
        and e.data["session"] not in count.sessions
    ]
    found += first_of_each(
        "unknown_session", lost, lambda e: {"source": e.source, "session": e.data["session"]}
    )
    # Reading: an event that names a person says whose it is, so its account need not match anybody.
    nobody = [
        e
        for e in events
        if e.source in count.sources
        and e.type != "classroom.ended"
        and e.data.get("person") is None
        and e.account is not None
        and e.person is None
    ]
    found += first_of_each("account_unmatched", nobody, lambda e: {"source": e.source, "account": e.account})
    for event in events:
        keys = {"source": event.source, "event": event.id}
        if event.type == "attendance.corrected" and (code := fault(count, event)):
            found.append({"code": code, "at": event.at, **keys})
        if event.received is not None and event.received - event.at > 72 * HOUR:
            found.append({"code": "late_event", "at": event.at, **keys})
    fast = [e for e in events if e.received is not None and e.at - e.received > 120 * SECOND]
    # One for each source and local date of receipt; the date is no key of the finding.
    by_day = first_of_each(
        "clock_off", fast, lambda e: {"source": e.source, "day": count.local(e.received or 0).date()}
    )
    found += [{key: value for key, value in row.items() if key != "day"} for row in by_day]
    return found


def sorted_findings(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def place(row: dict[str, Any]) -> tuple[Any, ...]:
        keys = ("code", "at", "person", "session", "index", "source", "event")
        told = tuple((row.get(key) is not None, row[key] if row.get(key) is not None else 0) for key in keys)
        return (*told, rfc8785.dumps({**row, "at": text(row["at"])}))

    def text(at: int | None) -> str | None:
        return None if at is None else to_text(at)

    return [{**row, "at": text(row["at"])} for row in sorted(found, key=place)]


# -- the whole ----------------------------------------------------------------------------------------------


def answer(count: Count) -> dict[str, Any]:
    trainees = [count.people[id_] for id_ in sorted(count.people) if count.people[id_]["role"] == "trainee"]
    people = [trainee(count, person) for person in trainees]
    plan = [p for p in count.periods if countable(count, p)]
    seminars = [p for p in plan if p.session["kind"] in count.policy["seminar_kinds"]]
    planned = {"hours": capped(count, plan), "seminar": capped(count, seminars)}
    found = plan_findings(count, planned) + class_findings(count)
    found += connection_findings(count) + event_findings(count)
    digest = hashlib.sha256(rfc8785.dumps(count.policy)).hexdigest()
    return {
        "as_of": to_text(count.as_of),
        "cohort": count.id,
        "policy": {"id": count.cohort["policy"], "digest": f"sha256:{digest}"},
        "planned": planned,
        "rate": percent(sum(p["credited"] for p in people), sum(p["required"] for p in people)),
        "people": people,
        "findings": sorted_findings(found),
    }


def reference(
    cohort: dict[str, Any], events: list[dict[str, Any]], as_of: str, tick_ms: int = 1000
) -> dict[str, Any]:
    """The whole answer; `tick_ms` must divide every instant in play (it is checked)."""
    return answer(Count(cohort, events, to_ms(as_of), tick_ms))
