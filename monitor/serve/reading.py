"""How a door comes to what it tells: the cohort as of an instant and a position, for whoever asks.

In: a request for a cohort. Out: the cohort as `live` tells it, names as this caller may see them, and the
note that it was read. Never: folds or judges.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from monitor.cohort import Person
from monitor.hours.plan import Plan
from monitor.live import PositionUnknown, Told
from monitor.serve import query
from monitor.serve.guard import read
from monitor.serve.mask import masked
from monitor.serve.parts import PARTS, WHO, Parts
from monitor.serve.problem import Problem, not_found


class Names:
    """Names as one caller sees them."""

    def __init__(self, *, mask: bool) -> None:
        self.masked = mask

    def of(self, person: Person) -> str | None:
        """The name, whole or masked; None where the cohort file has none."""
        return masked(person.name) if self.masked else person.name

    def all(self, plan: Plan) -> dict[str, str | None]:
        """The names of a cohort's people, by id."""
        return {person.id: self.of(person) for person in plan.cohort.people}


async def cohort_read(request: web.Request, *, person: str | None = None) -> tuple[Told, Names]:
    """The cohort that the address names, as asked for (`as_of`, `position`); the reading is noted.

    Until something is awaited again its fold stands at the answer's instant, and may be asked.
    """
    told = await _told(request, person)
    mask = await read(request, cohort=request.match_info["cohort"], person=person)
    if request[WHO].masked:  # it took time to note that, in which the fold may have moved on
        told = await _told(request, person)
    return told, Names(mask=mask)


async def _told(request: web.Request, person: str | None) -> Told:
    parts, cohort = request.app[PARTS], request.match_info["cohort"]
    now = parts.clock()
    as_of = query.as_of(request, now)
    try:
        told = await parts.live.answer(cohort, as_of, request.query.get("position"), now)
    except PositionUnknown:
        raise Problem("position_unknown", "position: not one at which there was this cohort") from None
    if told is None or (person is not None and person not in told.plan.people):
        not_found()
    return told


def demo(parts: Parts, plan: Plan) -> bool:
    """Whether one of the cohort's sources is a demonstration: then every answer over it says so."""
    return parts.office.demo(plan.sources)


def is_demo_cohort(parts: Parts, cohort: str) -> bool:
    """The same of a cohort by its id; False where there is none."""
    row = parts.office.cohort(cohort)
    return row is not None and parts.office.demo(row.sources)


def titled(plan: Plan) -> dict[str, str | None]:
    """What a page or a sheet over a cohort has in its head, beside the id."""
    return {"cohort_name": plan.cohort.name, "organizer": plan.cohort.organizer}


def head(parts: Parts, told: Told) -> dict[str, Any]:
    """What every answer over a cohort bears: as of when, by which policy, from which log."""
    document = told.document
    found = {key: document[key] for key in ("as_of", "cohort", "policy")}
    found |= {"position": str(told.position), "head": told.head}
    return {**found, "demo": True} if demo(parts, told.plan) else found
