"""`GET /v1/cohorts/{id}/people/{person}/days`: one person day by day, each period with its strip of seconds.

In: a person, an instant. Out: verdicts, strips, what each device alone says, sign-ins, what a correction
decided. Never: judges; adds up what the fold did not.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import msgspec
from aiohttp import web

from monitor.cohort import Person
from monitor.hours import sign_in
from monitor.hours.days import days_of
from monitor.hours.evidence import Stay
from monitor.hours.plan import Period, Plan
from monitor.hours.record import Standing
from monitor.hours.standing import spare
from monitor.hours.strip import Device, Piece, devices, full_at, name_of, strip
from monitor.hours.traces import Traces
from monitor.hours.verdict import COUNTED_FOR_NOTHING, Correction, Judged
from monitor.instant import rfc3339
from monitor.live import Told
from monitor.serve import answer, shapes_of_days
from monitor.serve.door import Answer, Door
from monitor.serve.parts import PARTS
from monitor.serve.query import AS_OF, FULL, POSITION, REASON
from monitor.serve.reading import cohort_read, demo, head, titled


async def days_door(request: web.Request) -> web.StreamResponse:
    """One person, day by day."""
    parts, person_id = request.app[PARTS], request.match_info["person"]
    told, names = await cohort_read(request, person=person_id)
    person = told.plan.people[person_id]
    standing = standing_of(told, person)
    document = {
        **head(parts, told),
        **titled(told.plan),
        "id": person.id,
        "role": person.role,
        "name": names.of(person),
        "timezone": told.plan.cohort.timezone,
        "needs": needs(told.plan),
        "totals": totals(told.plan, standing) if person.role == "trainee" else None,
        "days": _days(told, person, standing, accounts=not names.masked),
        "excuses": told.fold.excuses(person.id, told.as_of),
        "findings": [found for found in told.document["findings"] if found.get("person") == person.id],
    }
    return answer.told(request, answer.canonical(document), demo=demo(parts, told.plan))


def totals(plan: Plan, standing: Standing) -> dict[str, Any]:
    """Where a trainee stands, and how many hours they may still miss."""
    return {**msgspec.structs.asdict(standing.totals), **spare(plan, standing.totals)}


def standing_of(told: Told, person: Person) -> Standing:
    """A trainee's part of the result; of a teacher what the events prove of the periods they teach."""
    for standing in told.result.people:
        if standing.person.id == person.id:
            return standing
    standing = told.fold.at(told.as_of).standing(person, told.as_of)
    taught = [judged for judged in standing.periods if judged.period.session.teacher == person.id]
    return msgspec.structs.replace(standing, periods=taught)


def needs(plan: Plan) -> dict[str, int]:
    """What the cohort's policy asks of a trainee."""
    policy = plan.policy
    return {"hours": policy.total_hours, "seminar": policy.seminar_hours, "hour_ms": policy.hour_ms}


def named(period: Period) -> dict[str, Any]:
    """What every list of periods says of one."""
    session = period.session
    return {
        "session": session.id,
        "index": period.index,
        "course": session.course,
        "kind": session.kind,
        "mode": session.mode,
        "seminar": period.seminar,
        "countable": period.countable,
        "teacher": session.teacher,
        "start": rfc3339(period.start),
        "end": rfc3339(period.end),
    }


def _days(told: Told, person: Person, standing: Standing, *, accounts: bool) -> list[dict[str, Any]]:
    traces = told.fold.traces[person.id]
    decided = told.fold.corrections.get(person.id, ())
    by_date: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for judged in standing.periods:
        shown = _period(told, person, traces, judged, accounts=accounts)
        shown["correction"] = _correction(judged, decided)
        by_date[judged.period.on].append(shown)
    sums = {day.on: day for day in days_of(told.plan, standing.periods)} if person.role == "trainee" else {}
    return [
        {
            "date": on,
            "weekday": on.isoweekday(),
            **{key: getattr(sums.get(on), key, None) for key in ("credited", "settled", "required")},
            "periods": periods,
        }
        for on, periods in by_date.items()
    ]


def _period(told: Told, person: Person, traces: Traces, judged: Judged, *, accounts: bool) -> dict[str, Any]:
    period, hour_ms = judged.period, told.plan.policy.hour_ms
    pieces = strip(told.plan, person, traces, period, told.as_of)
    full = full_at(pieces, hour_ms)
    valid = judged.milliseconds.get("valid", 0)
    mine = judged.verdict != "not_enrolled"
    found = {
        **named(period),
        "room": period.session.room,
        "place": period.session.place,
        "length_ms": period.end - period.start,
        "verdict": judged.verdict,
        "reason": judged.reason,
        "settled": judged.settled,
        "valid_ms": valid,
        "needed_ms": None if judged.verdict in COUNTED_FOR_NOTHING else max(0, hour_ms - valid),
        "full_at": None if full is None else rfc3339(full),
        "milliseconds": judged.milliseconds,
        "strip": _strip(pieces),
        "connections": [
            _device(one, accounts=accounts) for one in (devices(traces, period, told.as_of) if mine else ())
        ],
        "marks": _marks(told.plan, traces, period),
        "slot": {
            "start": rfc3339(period.slot.start),
            "end": rfc3339(period.slot.end),
            "half_day": period.slot.half_day,
        },
    }
    if judged.reachable is not None:
        found |= {"reachable_ms": judged.reachable, "can_still": judged.can_still}
    return found


def _strip(pieces: list[Piece]) -> list[list[str]]:
    return [[rfc3339(start), rfc3339(end), category] for start, end, category in pieces]


def _device(one: Device, *, accounts: bool) -> dict[str, Any]:
    connection = one.connection
    found = {
        "id": name_of(connection),
        "source": connection.source,
        "room": connection.room,
        "instance": connection.instance,
        "connection": connection.connection,
        "strip": _strip(one.strip),
        "stays": [_stay(stay) for stay in one.stays],
    }
    return {**found, "account": connection.account} if accounts else found


def _stay(stay: Stay) -> dict[str, Any]:
    return {
        "from": rfc3339(stay.start),
        "to": None if stay.end is None else rfc3339(stay.end),
        "from_by": stay.start_by,
        "to_by": stay.end_by,
    }


def _marks(plan: Plan, traces: Traces, period: Period) -> list[dict[str, Any]]:
    return [
        {
            "at": rfc3339(mark[0]),
            "what": "signed_in" if mark[1] == sign_in.IN else "signed_out",
            "source": mark[3],
            "event": mark[2],
            "accepted": mark[1] == sign_in.OUT or sign_in.accepted(mark, period.slot, plan.policy),
        }
        for mark in sorted(traces.marks.get(period.slot, ()))
    ]


def _correction(judged: Judged, corrections: Any) -> dict[str, Any] | None:
    """The correction that decides the period (RULES section 7: the last by time and id), where one does."""
    period = judged.period
    named: list[Correction] = [
        one for one in corrections if one.session == period.session.id and one.number in (None, period.index)
    ]
    if not named or not judged.settled or judged.verdict in COUNTED_FOR_NOTHING:
        return None
    last = max(named)
    return {"at": rfc3339(last.at), "credit": last.credit, "event": last.id}


DOORS = [
    Door(
        "GET",
        "/v1/cohorts/{cohort}/people/{person}/days",
        days_door,
        "attendance",
        "One person, day by day and second by second 一人的逐日明细",
        "By local date every period of the cohort (of a teacher those that they teach), each with its strip: "
        "pieces `[from, to, category]` that follow one another from its start to its end. Under it what each "
        "device alone says, sign-ins, and the correction that decides. The events behind a period: "
        "`?events=` of the person's own door, each of which names its `connections`.",
        params=(AS_OF, POSITION, FULL, REASON),
        answers={
            200: Answer(
                "The days",
                {answer.JSON: shapes_of_days.DaysTold},
                headers={"ETag": "Holds until something changes"},
            ),
            304: Answer("Nothing changed since the ETag in If-None-Match"),
        },
        problems=("as_of_ahead", "position_unknown", "reason_needed"),
    )
]
