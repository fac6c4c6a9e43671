"""Users, for admins: who may sign in as what, links that let them set a password, their sessions.

In: a user's name, role, cohorts. Out: users, and links once. Never: a password; users or cohorts beyond those
that this admin was given.
"""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from monitor.instant import rfc3339
from monitor.office.links import Given
from monitor.serve import answer, bodies, query, user_shapes
from monitor.serve.cookie import origin_of
from monitor.serve.decisions import decided
from monitor.serve.door import Answer, Door
from monitor.serve.parts import PARTS, WHO, Parts
from monitor.serve.problem import not_found
from monitor.serve.query import CURSOR, LIMIT
from monitor.serve.session import head, lines
from monitor.serve.who import Who
from monitor.store.records import UserRow

_BODY = 65_536


async def users_door(request: web.Request) -> web.StreamResponse:
    """The users that this admin may change."""
    parts, who = request.app[PARTS], request[WHO]
    rows = [row for row in parts.office.users() if _within(who, row)]
    shown, following = query.page(request, rows, lambda row: row.id)
    return answer.plain({"users": [_told(parts, row) for row in shown], "next": following})


def _within(who: Who, row: UserRow) -> bool:
    """Whether a user has nothing that this admin was not given."""
    return who.cohorts is None or (row.cohorts is not None and who.cohorts.issuperset(row.cohorts))


def _told(parts: Parts, row: UserRow) -> dict[str, Any]:
    state = "active" if parts.office.has_password(row.id) else "invited"
    return {
        **head(row),
        "state": state if row.disabled_at is None else "disabled",
        "added_at": rfc3339(row.added_at),
        "changed_at": rfc3339(row.changed_at),
    }


def _user(request: web.Request) -> UserRow:
    row = request.app[PARTS].office.user(request.match_info["user"])
    if row is None or not _within(request[WHO], row):
        not_found()
    return row


def _link(request: web.Request, given: Given) -> dict[str, Any]:
    """A link as it is shown, once: under the address by which this admin came."""
    return {
        "url": f"{origin_of(request)}/link#{given.secret}",
        "kind": given.kind,
        "expires_at": rfc3339(given.ends_at),
    }


async def add_door(request: web.Request) -> web.StreamResponse:
    """A user, and the link that lets them set a password."""
    parts, who = request.app[PARTS], request[WHO]
    asked = await answer.read_json(request, bodies.NewUser, _BODY)
    with decided():
        row = await parts.office.add_user(
            asked.name,
            asked.role,
            display=asked.display,
            cohorts=asked.cohorts,
            persons=asked.persons,
            within=who.cohorts,
            by=who.token,
            now=parts.clock(),
        )
        given = await parts.office.link_for(row.id, by=who.token, now=parts.clock())
    return answer.plain({"user": _told(parts, row), "link": _link(request, given)}, 201)


async def user_door(request: web.Request) -> web.StreamResponse:
    """One user."""
    return answer.plain(_told(request.app[PARTS], _user(request)))


async def change_door(request: web.Request) -> web.StreamResponse:
    """Changes a user; what changes their rights ends their sessions."""
    parts, who, row = request.app[PARTS], request[WHO], _user(request)
    asked = await answer.read_json(request, bodies.UserChange, _BODY)
    changes = {
        name: value
        for name in asked.__struct_fields__
        if (value := getattr(asked, name)) is not msgspec.UNSET
    }
    with decided():
        row = await parts.office.change_user(
            row.id, changes, within=who.cohorts, by=who.token, now=parts.clock()
        )
    return answer.plain(_told(parts, row))


async def link_door(request: web.Request) -> web.StreamResponse:
    """A link for a user: an invitation, or where they have a password, a reset."""
    parts, row = request.app[PARTS], _user(request)
    with decided():
        given = await parts.office.link_for(row.id, by=request[WHO].token, now=parts.clock())
    return answer.plain(_link(request, given), 201)


async def sessions_door(request: web.Request) -> web.StreamResponse:
    """A user's sessions."""
    return answer.plain({"sessions": lines(request, _user(request).id)})


async def end_door(request: web.Request) -> web.StreamResponse:
    """Ends one session of a user."""
    ended = await request.app[PARTS].office.end_sessions(
        _user(request).id, only=request.match_info["session"]
    )
    return web.Response(status=204) if ended else not_found()


async def end_all_door(request: web.Request) -> web.StreamResponse:
    """Ends every session of a user."""
    await request.app[PARTS].office.end_sessions(_user(request).id)
    return web.Response(status=204)


_TOLD = {answer.JSON: user_shapes.UserTold}
_REFUSED = ("bad_name", "conflict", "declined", "forbidden")

DOORS = [
    Door(
        "GET",
        "/v1/users",
        users_door,
        "users",
        "Users 用户",
        "Those who were given nothing beyond what this admin was given.",
        params=(LIMIT, CURSOR),
        answers={200: Answer("The users", {answer.JSON: user_shapes.UserList})},
        problems=("position_unknown",),
    ),
    Door(
        "POST",
        "/v1/users",
        add_door,
        "users",
        "Invite a user 邀请用户",
        "The answer holds, once, a one-time link for them to set their password: for seven days.",
        body={answer.JSON: bodies.NewUser},
        body_example={
            "name": "wang",
            "display": "王老师",
            "role": "teacher",
            "cohorts": ["bj-cnc-01"],
            "persons": {"bj-cnc-01": "w01"},
        },
        body_limit=_BODY,
        answers={201: Answer("Added", {answer.JSON: user_shapes.UserAdded})},
        problems=(*_REFUSED, "not_found"),
    ),
    Door("GET", "/v1/users/{user}", user_door, "users", "One user 用户", answers={200: Answer("It", _TOLD)}),
    Door(
        "PATCH",
        "/v1/users/{user}",
        change_door,
        "users",
        "Change or disable a user 修改、停用用户",
        "What changes their rights ends their sessions and links. The last admin stays one.",
        body={answer.JSON: bodies.UserChange},
        body_example={"display": "王老师"},
        body_limit=_BODY,
        answers={200: Answer("As it is now", _TOLD)},
        problems=_REFUSED,
    ),
    Door(
        "POST",
        "/v1/users/{user}/link",
        link_door,
        "users",
        "A link to set a password 邀请、重置密码",
        "An invitation (seven days), or a reset (a day) where they have a password; shown once.",
        answers={201: Answer("The link", {answer.JSON: user_shapes.LinkGiven})},
        problems=("conflict",),
    ),
    Door(
        "GET",
        "/v1/users/{user}/sessions",
        sessions_door,
        "users",
        "A user's sessions 用户的登录",
        answers={200: Answer("Those that hold", {answer.JSON: user_shapes.SessionList})},
    ),
    Door(
        "DELETE",
        "/v1/users/{user}/sessions",
        end_all_door,
        "users",
        "End all sessions of a user 结束全部登录",
        answers={204: Answer("Ended")},
    ),
    Door(
        "DELETE",
        "/v1/users/{user}/sessions/{session}",
        end_door,
        "users",
        "End a session of a user 结束登录",
        answers={204: Answer("Ended")},
    ),
]
