"""The guard in front of a door: who asks, whether the role may, whether the cohort was given to them.

In: a door and its row in the table of rights. Out: a handler that only those get through to. Never: tells a
cohort that is not there from one that the caller was not given.
"""

from __future__ import annotations

from aiohttp import web

from monitor.office.sessions import digest_of
from monitor.serve.cookie import check_meant, cookie_of
from monitor.serve.door import Door, Handler
from monitor.serve.edge import door_of
from monitor.serve.parts import PARTS, WHO, Reading
from monitor.serve.problem import Problem, not_found, unauthorized
from monitor.serve.query import check
from monitor.serve.rights import Right
from monitor.serve.who import AUTHORIZATION, Who, bearer, holder


def guarded(door: Door, right: Right) -> Handler:
    """The door's handler behind its right."""
    if right.open or (right.proof is not None and not (right.roles or right.session)):
        return door.handle

    async def handle(request: web.Request) -> web.StreamResponse:
        who = asker(request)
        if who is None:
            if right.proof is None or AUTHORIZATION in request.headers:
                unauthorized()
        else:
            request[WHO] = who
            if who.session is not None:
                check_meant(request)
            admit(who, right, request)
        check(request, door)
        return await door.handle(request)

    return handle


def asker(request: web.Request) -> Who | None:
    """Whose token the request carries, or else whose session; None where neither holds.

    A token that does not hold is not made up for by a cookie: who sends one means it.
    """
    parts = request.app[PARTS]
    if AUTHORIZATION in request.headers:
        token = bearer(request)
        return None if token is None else holder(token, parts.find_token)
    cookie = cookie_of(request)
    return None if cookie is None else parts.find_session(digest_of(cookie))


def admit(who: Who, right: Right, request: web.Request) -> None:
    """Refuses a role that may not use the door, and addresses of cohorts and people it was not given."""
    if right.session:
        if who.session is None:
            raise Problem("session_needed", "this door is about a session, and a token has none")
        return
    if who.role not in right.roles:
        raise Problem("forbidden", f"who has the role {who.role} may not use this door")
    cohort = request.match_info.get("cohort")
    if cohort is not None and not who.may_see(cohort):
        not_found()
    if who.role == "trainee" and request.match_info.get("person") != who.person:
        not_found()


async def read(request: web.Request, *, cohort: str | None, person: str | None = None) -> bool:
    """Writes down a reading by center or auditor; returns whether names go out masked.

    `?full=true&reason=...` asks for whole names, and the reason is written down.
    """
    if not request[WHO].masked:
        return False
    full, why = _full(request, "whole names are")
    await _note(request, cohort, person, why)
    return not full


async def read_in_full(request: web.Request) -> bool:
    """Whether bytes as they came are asked for, which hide nobody: whatever the role, that is written down.

    A center's or auditor's other readings are, too.
    """
    full, why = _full(request, "the bytes are")
    if full or request[WHO].masked:
        await _note(request, None, None, why)
    return full


def _full(request: web.Request, what: str) -> tuple[bool, str | None]:
    """Whether all is asked for, and why."""
    full = request.query.get("full") == "true"
    why = request.query.get("reason", "").strip()
    if full and not why:
        raise Problem("reason_needed", f"say why {what} needed: full=true&reason=...")
    return full, why if full else None


async def _note(request: web.Request, cohort: str | None, person: str | None, why: str | None) -> None:
    parts, who = request.app[PARTS], request[WHO]
    await parts.note(
        Reading(
            at=parts.clock(),
            token=who.token,
            role=who.role,
            door=door_of(request),
            cohort=cohort,
            person=person,
            full=why is not None,
            why=why,
        )
    )
