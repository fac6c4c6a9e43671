"""`GET /v1/cohorts/{id}/people/{person}`: one person's periods, stays, and the events behind a period.

In: a person, an instant, `?events=SESSION/INDEX`. Out: verdicts with their milliseconds, stays, and with each
event the delivery that brought it, by position and hash. Never: judges; shows an event of somebody else's.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from aiohttp import web

from monitor.hours import recount
from monitor.hours.strip import belongs_to, name_of
from monitor.live import Told
from monitor.serve import answer, shapes
from monitor.serve.door import Answer, Door, Param
from monitor.serve.parts import PARTS
from monitor.serve.problem import Problem
from monitor.serve.query import AS_OF, FULL, POSITION, REASON
from monitor.serve.reading import cohort_read, demo, head

EVENTS: Final = Param(
    "events",
    "SESSION/INDEX: the events behind that period, each with its delivery's position and hash.",
    example="s01/0",
)


async def person_door(request: web.Request) -> web.StreamResponse:
    """One person's part of the recount, with stays."""
    parts, person_id = request.app[PARTS], request.match_info["person"]
    told, names = await cohort_read(request, person=person_id)
    person = told.plan.people[person_id]
    document: dict[str, Any] = {
        **head(parts, told),
        "id": person.id,
        "role": person.role,
        "name": names.of(person),
        **_part(told, person.id),
        "stays": told.fold.stays(person.id, told.as_of),
        "findings": [found for found in told.document["findings"] if found.get("person") == person.id],
    }
    wanted = request.query.get("events")
    if wanted is not None:
        document["events"] = await _proofs(request, told, person.id, wanted)
    return answer.told(request, answer.canonical(document), demo=demo(parts, told.plan))


def _part(told: Told, person: str) -> dict[str, Any]:
    """A trainee's part as in section 3; of a teacher the periods alone, by what the events prove of them."""
    for found in told.document["people"]:
        if found["id"] == person:
            return dict(found)
    taught = {session.id for session in told.plan.cohort.sessions if session.teacher == person}
    standing = told.fold.at(told.as_of).standing(told.plan.people[person], told.as_of)
    return {"periods": [one for one in recount.person(standing)["periods"] if one["session"] in taught]}


async def _proofs(request: web.Request, told: Told, person: str, wanted: str) -> list[dict[str, Any]]:
    session, slash, index = wanted.rpartition("/")
    if not slash or not (index.isascii() and index.isdigit() and len(index) < 9):
        raise Problem("not_found", "events: name a period as SESSION/INDEX, for example s01/0")
    connections = list(told.fold.traces[person].connections())
    try:
        found = await request.app[PARTS].live.behind(told, person, session, int(index))
    except LookupError:
        raise Problem("not_found", "events: there is no such period") from None
    return [
        {
            "event": msgspec.json.decode(one.event.raw),
            "position": str(one.position),
            "hash": one.hash,
            "connections": [name_of(c) for c in belongs_to(one.event, connections)],
        }
        for one in found
    ]


DOORS = [
    Door(
        "GET",
        "/v1/cohorts/{cohort}/people/{person}",
        person_door,
        "attendance",
        "One person's periods, down to the events 一人的学时",
        "That person's part of section 3 with `periods` (of a teacher those that they teach, no totals), "
        "the stays in rooms, and with `events` the proof of one period.",
        params=(AS_OF, POSITION, EVENTS, FULL, REASON),
        answers={
            200: Answer(
                "The person",
                {answer.JSON: shapes.PersonTold},
                headers={"ETag": "Holds until something changes"},
            ),
            304: Answer("Nothing changed since the ETag in If-None-Match"),
        },
        problems=("as_of_ahead", "position_unknown", "reason_needed"),
    )
]
