"""The inbox: accounts that match nobody, and binding one to a person.

In: a token's cohorts; an account and whose it is. Out: what waits; the cohort's new version. Never: guesses
whose an account is.
"""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

from monitor.serve import answer, bodies, query, shapes
from monitor.serve.decisions import decided
from monitor.serve.door import Answer, Door, Param
from monitor.serve.parts import PARTS, WHO, Parts
from monitor.serve.problem import Problem
from monitor.serve.query import CURSOR, LIMIT
from monitor.serve.reading import is_demo_cohort

_BODY = 4_096


async def inbox_door(request: web.Request) -> web.StreamResponse:
    """Accounts that match nobody, cohort by cohort; folds no more cohorts than the page needs."""
    parts, who = request.app[PARTS], request[WHO]
    most = query.limit(request)
    after = _after(query.cursor(request))
    rows: list[dict[str, str | None]] = []
    is_demo = False
    for cohort in parts.office.cohorts():
        if not who.may_see(cohort.id) or cohort.id < after[0]:
            continue
        found = await _unclaimed(parts, cohort.id)
        rows += [row for row in found if _key(row) > after]
        is_demo |= bool(found) and parts.office.demo(cohort.sources)
        if len(rows) > most:
            break
    shown = rows[:most]
    following = _cursor(shown[-1]) if len(rows) > most else None
    return answer.plain({"inbox": shown, "next": following}, demo=is_demo)


async def _unclaimed(parts: Parts, cohort: str) -> list[dict[str, str | None]]:
    told = await parts.live.answer(cohort, None, None, parts.clock())
    found = told.document["findings"] if told is not None else []
    rows: list[dict[str, str | None]] = [
        {"cohort": cohort, "source": one["source"], "account": one["account"], "first_at": one["at"]}
        for one in found
        if one["code"] == "account_unmatched"
    ]
    return sorted(rows, key=_key)


def _key(row: dict[str, str | None]) -> tuple[str, ...]:
    return tuple(row[name] or "" for name in ("cohort", "source", "account"))


def _cursor(row: dict[str, str | None]) -> str:
    return query.write_cursor(msgspec.json.encode(_key(row)).decode())


def _after(key: str | None) -> tuple[str, ...]:
    if key is None:
        return ("", "", "")
    try:
        return msgspec.json.decode(key.encode(), type=tuple[str, str, str])
    except msgspec.MsgspecError:
        raise Problem("position_unknown", "cursor: not one that an earlier page gave as `next`") from None


async def bind_door(request: web.Request) -> web.StreamResponse:
    """Gives an account to a person; its events count as if it had been there from the start."""
    parts, who = request.app[PARTS], request[WHO]
    cohort, person = request.match_info["cohort"], request.match_info["person"]
    asked = await answer.read_json(request, bodies.Binding, _BODY)
    account = _written(asked.source, asked.account)
    with decided():
        bound = await parts.office.bind_account(
            cohort,
            person,
            asked.account,
            source=asked.source,
            by=who.token,
            why="bound from the inbox",
            now=parts.clock(),
        )
    document = {"cohort": cohort, "person": person, "account": account, "version": str(bound.position)}
    return answer.plain(document, demo=is_demo_cohort(parts, cohort))


async def unbind_door(request: web.Request) -> web.StreamResponse:
    """Takes an account that staff bound from its person again."""
    parts, who = request.app[PARTS], request[WHO]
    cohort, person = request.match_info["cohort"], request.match_info["person"]
    account = _written(request.query.get(SOURCE.name), request.query.get(ACCOUNT.name, ""))
    with decided():
        done = await parts.office.unbind_account(
            cohort, person, account, by=who.token, why="unbound", now=parts.clock()
        )
    document = {"cohort": cohort, "person": person, "account": account, "version": str(done.position)}
    return answer.plain(document, demo=is_demo_cohort(parts, cohort))


def _written(source: str | None, account: str) -> str:
    """An account as a cohort file has it."""
    return account if source is None else f"{source}/{account}"


ACCOUNT: Final = Param("account", "The account, as it was bound.", example="u-1001", required=True)
SOURCE: Final = Param("source", "The source it was bound on, where it was bound on one.", example="main")

DOORS = [
    Door(
        "GET",
        "/v1/inbox",
        inbox_door,
        "inbox",
        "Accounts that match nobody 待认领账号",
        "Of the cohorts given to this token; their events are kept, and count once the account is bound.",
        params=(LIMIT, CURSOR),
        answers={200: Answer("What waits", {answer.JSON: shapes.Inbox})},
        problems=("position_unknown",),
    ),
    Door(
        "POST",
        "/v1/cohorts/{cohort}/people/{person}/accounts",
        bind_door,
        "inbox",
        "Bind an account to a person 认领账号",
        "A new version of the cohort. With `source` the account is this person's on that platform alone.",
        body={answer.JSON: bodies.Binding},
        body_example={"account": "u-1001", "source": "main"},
        answers={200: Answer("Bound", {answer.JSON: shapes.Bound})},
        problems=("declined", "conflict"),
    ),
    Door(
        "DELETE",
        "/v1/cohorts/{cohort}/people/{person}/accounts",
        unbind_door,
        "inbox",
        "Take back a binding 取消认领",
        "Of an account that staff bound; those of the cohort file are changed there. A new version of the "
        "cohort; the account is back in the inbox.",
        params=(ACCOUNT, SOURCE),
        answers={200: Answer("Unbound", {answer.JSON: shapes.Bound})},
        problems=("conflict",),
    ),
]
