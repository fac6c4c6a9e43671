"""All doors, hung up behind their rights; none without a row in the table of rights, and no row without one.

In: the rooms behind the doors. Out: the application. Never: opens a door that the table of rights does not
name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aiohttp import web

from monitor.serve import (
    attendance,
    bindings,
    board,
    cohort_inbox,
    cohorts,
    corrections,
    days,
    deliveries,
    findings,
    health,
    inbox,
    ingest,
    overview,
    pages,
    person,
    policies,
    progress,
    session,
    shortfalls,
    site,
    stream,
    users,
)
from monitor.serve.door import Door
from monitor.serve.edge import edge
from monitor.serve.guard import guarded
from monitor.serve.parts import PARTS, Parts
from monitor.serve.rights import RIGHTS

DOORS: Final[tuple[Door, ...]] = (
    *cohorts.DOORS,
    *attendance.DOORS,
    *overview.DOORS,
    *person.DOORS,
    *days.DOORS,
    *policies.DOORS,
    *progress.DOORS,
    *findings.DOORS,
    *shortfalls.DOORS,
    *corrections.DOORS,
    *inbox.DOORS,
    *deliveries.DOORS,
    *cohort_inbox.DOORS,
    *bindings.DOORS,
    *board.DOORS,
    *session.DOORS,
    *users.DOORS,
    *ingest.DOORS,
    *stream.DOORS,
    *health.DOORS,
    *pages.DOORS,
    *site.DOORS,
)


class DoorWithoutRight(RuntimeError):
    """A door that no row of the table of rights names, or a row that names no door."""


def application(parts: Parts, doors: Iterable[Door] = DOORS) -> web.Application:
    """The application with its doors; raises DoorWithoutRight before it could answer anything."""
    app = web.Application(middlewares=[edge], client_max_size=0)
    app[PARTS] = parts
    hung = {door.key: door for door in doors}
    unmatched = hung.keys() ^ RIGHTS.keys()
    if unmatched:
        raise DoorWithoutRight(f"doors and rights differ in {', '.join(sorted(unmatched))}")
    for door in hung.values():
        if door.method == "GET":
            app.router.add_get(door.path, guarded(door, RIGHTS[door.key]))
        else:
            app.router.add_route(door.method, door.path, guarded(door, RIGHTS[door.key]))
    return app
