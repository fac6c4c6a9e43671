"""Signing in and out: `/v1/session`, one-time links, the sessions that one has oneself.

In: a name and a password, or the secret of a link. Out: a cookie that only the browser sees, and who signed
in. Never: says whether it was the name or the password, or why a link does not open.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import web

from monitor.instant import rfc3339
from monitor.office.passwords import check
from monitor.office.sessions import IDLE_MS, LIFE_MS, digest_of
from monitor.office.users import login
from monitor.serve import answer, bodies, user_shapes
from monitor.serve.cookie import agent_of, check_origin, cookie_of, csrf_of, drop_cookie, put_cookie
from monitor.serve.decisions import decided
from monitor.serve.door import Answer, Door
from monitor.serve.guard import asker
from monitor.serve.parts import PARTS, PEER, WHO, Parts
from monitor.serve.problem import Problem, not_found
from monitor.store.keyring import Session
from monitor.store.records import UserRow

_BODY = 8_192
_NEEDS = {
    "invitation": ["password"],
    "reset": ["password"],
    "first": ["name", "display", "password"],
    "sign_in": [],
}
T = TypeVar("T")


async def session_door(request: web.Request) -> web.StreamResponse:
    """Who signed in here, or that nobody did."""
    who, parts = asker(request), request.app[PARTS]
    cookie = cookie_of(request)
    if who is None or who.session is None or cookie is None:
        nobody = dict.fromkeys(("user", "csrf", "session", "idle_seconds", "ends_at"))
        return answer.plain({**nobody, "demo": False})
    found = parts.office.session(digest_of(cookie), parts.clock())
    return answer.plain(_told(parts, *found, cookie)) if found else not_found()


def _told(parts: Parts, session: Session, user: UserRow, cookie: str) -> dict[str, Any]:
    rows = [row for row in parts.office.cohorts() if user.may_see(row.id)]
    return {
        "user": head(user),
        "csrf": csrf_of(cookie),
        "session": session.id,
        "demo": any(parts.office.demo(row.sources) for row in rows),
        "idle_seconds": IDLE_MS // 1000,
        "ends_at": rfc3339(session.ends_at),
    }


def head(user: UserRow) -> dict[str, Any]:
    """A user as they see themselves."""
    return {
        "id": user.id,
        "name": user.name,
        "display": user.display,
        "role": user.role,
        "cohorts": None if user.cohorts is None else list(user.cohorts),
        "persons": user.persons,
    }


async def sign_in_door(request: web.Request) -> web.StreamResponse:
    """A name and its password."""
    check_origin(request)
    asked = await answer.read_json(request, bodies.SignIn, _BODY)
    parts = request.app[PARTS]

    async def prove() -> UserRow | None:
        return await parts.office.signed_in(asked.name, asked.password, parts.clock())

    user = await _tried(request, login(asked.name), prove)
    if user is None:
        raise Problem("sign_in_failed", "登录名或密码不对 · the name or the password is wrong")
    return await _begin(request, user)


async def _tried(request: web.Request, name: str | None, trying: Callable[[], Awaitable[T]]) -> T:
    """What came of a try, which is charged to who tries until it is found right (neither None nor False)."""
    parts, address = request.app[PARTS], request[PEER].address
    wait = parts.lockout.wait(name, address, parts.clock())
    if wait:
        seconds = math.ceil(wait / 1000)
        raise Problem(
            "locked_out",
            f"尝试次数过多，请 {seconds} 秒后再试 · too many tries: wait {seconds} seconds",
            headers={"Retry-After": str(seconds)},
            more={"retry_after": seconds},
        )
    parts.lockout.charge(name, address, parts.clock())
    try:
        with decided():
            found = await trying()
    except Problem as problem:
        if problem.reason != "link_gone":  # it was no guess
            parts.lockout.refund(name, address)
        raise
    if found is not None and found is not False:
        parts.lockout.forgive(name, address)
    return found


async def _begin(request: web.Request, user: UserRow) -> web.Response:
    """A new session for who proved it; the one that this browser had ends."""
    parts = request.app[PARTS]
    before = asker(request)
    if before is not None and before.session is not None:
        await parts.office.end_sessions(before.token, only=before.session)
    session, cookie = await parts.office.begin_session(user, agent_of(request), parts.clock())
    who = parts.find_session(session.sha256)
    if who is not None:
        request[WHO] = who
    response = answer.plain(_told(parts, session, user, cookie))
    put_cookie(request, response, cookie, LIFE_MS // 1000)
    return response


async def sign_out_door(request: web.Request) -> web.StreamResponse:
    """Ends this session."""
    who = request[WHO]
    await request.app[PARTS].office.end_sessions(who.token, only=who.session)
    response = web.Response(status=204)
    drop_cookie(request, response)
    return response


async def password_door(request: web.Request) -> web.StreamResponse:
    """Another password; every session ends, and a new one begins here."""
    asked = await answer.read_json(request, bodies.NewPassword, _BODY)
    parts, who = request.app[PARTS], request[WHO]
    user = parts.office.user(who.token)
    if user is None:
        not_found()

    async def change() -> bool:
        return await parts.office.change_password(user.id, asked.old, asked.new, now=parts.clock())

    with decided():
        check(asked.new, user.name, user.display)
    if not await _tried(request, user.name, change):
        raise Problem("sign_in_failed", "原密码不对 · the old password is wrong")
    return await _begin(request, user)


async def link_door(request: web.Request) -> web.StreamResponse:
    """What a link is for; it can still be used afterwards."""
    check_origin(request)
    asked = await answer.read_json(request, bodies.LinkSecret, _BODY)
    parts = request.app[PARTS]

    async def look() -> dict[str, Any]:
        link, user = parts.office.link(asked.secret, parts.clock())
        return {
            "kind": link.kind,
            "name": user.name if user else None,
            "display": user.display if user else None,
            "role": user.role if user else "admin",
            "needs": _NEEDS[link.kind],
            "expires_at": rfc3339(link.ends_at),
        }

    return answer.plain(await _tried(request, None, look))


async def use_link_door(request: web.Request) -> web.StreamResponse:
    """Uses a link up and signs its user in."""
    check_origin(request)
    asked = await answer.read_json(request, bodies.LinkUse, _BODY)
    parts = request.app[PARTS]

    async def use() -> UserRow:
        parts.office.link(asked.secret, parts.clock())  # who has no link is told nothing else
        return await parts.office.use_link(
            asked.secret,
            password=asked.password,
            name=asked.name,
            display=asked.display,
            now=parts.clock(),
        )

    return await _begin(request, await _tried(request, None, use))


async def sessions_door(request: web.Request) -> web.StreamResponse:
    """One's own sessions."""
    return answer.plain({"sessions": lines(request, request[WHO].token)})


def lines(request: web.Request, user_id: str) -> list[dict[str, Any]]:
    """The sessions of a user, the newest first."""
    parts, who = request.app[PARTS], request[WHO]
    return [
        {
            "session": one.id,
            "begun_at": rfc3339(one.begun_at),
            "seen_at": rfc3339(one.seen_at),
            "ends_at": rfc3339(one.ends_at),
            "agent": one.agent,
            "current": one.id == who.session,
        }
        for one in parts.office.sessions_of(user_id, parts.clock())
    ]


async def end_door(request: web.Request) -> web.StreamResponse:
    """Ends one of one's own sessions."""
    ended = await request.app[PARTS].office.end_sessions(
        request[WHO].token, only=request.match_info["session"]
    )
    return web.Response(status=204) if ended else not_found()


_SESSION = {answer.JSON: user_shapes.SessionTold}

DOORS = [
    Door(
        "GET",
        "/v1/session",
        session_door,
        "users",
        "Who signed in here 当前登录",
        "Of the cookie; `user` is null where nobody did. `csrf` goes along as `X-CSRF-Token` with every "
        "request by cookie that is no GET.",
        answers={200: Answer("Who", _SESSION)},
    ),
    Door(
        "POST",
        "/v1/session",
        sign_in_door,
        "users",
        "Sign in 登录",
        "Sets the cookie. Who guesses has to wait, longer with each guess: `Retry-After`.",
        body={answer.JSON: bodies.SignIn},
        body_example={"name": "yan", "password": "a long sentence is a good one"},
        body_limit=_BODY,
        answers={200: Answer("Signed in", _SESSION, headers={"Set-Cookie": "The session"})},
        problems=("sign_in_failed", "locked_out", "origin_refused"),
    ),
    Door(
        "DELETE",
        "/v1/session",
        sign_out_door,
        "users",
        "Sign out 退出",
        answers={204: Answer("Signed out")},
    ),
    Door(
        "PUT",
        "/v1/session/password",
        password_door,
        "users",
        "Change one's password 修改密码",
        "Ends every session of this user; a new one begins with the answer.",
        body={answer.JSON: bodies.NewPassword},
        body_example={"old": "the one so far", "new": "a long sentence is a good one"},
        body_limit=_BODY,
        answers={200: Answer("Changed", _SESSION, headers={"Set-Cookie": "The new session"})},
        problems=("sign_in_failed", "bad_password", "locked_out"),
    ),
    Door(
        "POST",
        "/v1/link",
        link_door,
        "users",
        "What a one-time link is for 查看链接",
        "The secret is what stands behind # in its address. Does not use it.",
        body={answer.JSON: bodies.LinkSecret},
        body_example={"secret": "behind-the-hash-sign"},
        body_limit=_BODY,
        answers={200: Answer("What it is for", {answer.JSON: user_shapes.LinkTold})},
        problems=("link_gone", "locked_out", "origin_refused"),
    ),
    Door(
        "POST",
        "/v1/link/use",
        use_link_door,
        "users",
        "Use a one-time link 使用链接",
        "Sets the password where it is for that, makes the first admin where it is the first, and signs in.",
        body={answer.JSON: bodies.LinkUse},
        body_example={"secret": "behind-the-hash-sign", "password": "a long sentence is a good one"},
        body_limit=_BODY,
        answers={200: Answer("Signed in", _SESSION, headers={"Set-Cookie": "The session"})},
        problems=("link_gone", "bad_name", "bad_password", "conflict", "locked_out", "origin_refused"),
    ),
    Door(
        "GET",
        "/v1/sessions",
        sessions_door,
        "users",
        "One's own sessions 我的登录",
        answers={200: Answer("Those that hold", {answer.JSON: user_shapes.SessionList})},
    ),
    Door(
        "DELETE",
        "/v1/sessions/{session}",
        end_door,
        "users",
        "End one of one's own sessions 结束登录",
        answers={204: Answer("Ended")},
    ),
]
