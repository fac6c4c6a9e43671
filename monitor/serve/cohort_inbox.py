"""`GET /v1/cohorts/{id}/inbox`: accounts that match nobody, where they were, and who it may be.

In: a cohort. Out: unclaimed accounts, the meetings they were in, whom one may bind them to. Never: binds;
counts them for anybody: they are folded as people of their own, apart from the cohort's.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec
from aiohttp import web

from monitor.beats import Taken
from monitor.event import Event
from monitor.hours import sign_in
from monitor.hours.evidence import Connection
from monitor.hours.plan import Plan
from monitor.hours.strip import told_stays
from monitor.hours.traces import Traces
from monitor.ingest import sources
from monitor.instant import rfc3339
from monitor.live import Told
from monitor.serve import answer, shapes_of_inbox
from monitor.serve.door import Answer, Door
from monitor.serve.likeness import suggestions
from monitor.serve.parts import PARTS
from monitor.serve.reading import cohort_read, demo, head
from monitor.store.entry import Entry

MOST: Final = 500
"""Accounts that are looked into; of a meeting open to the world there may be more."""
_NAMES: Final = 3  # names kept of one account

NEXT_TIME: Final = {
    "zh": (
        "下次可以不用认领：给每位学员单独的报名链接，或在建会时把学员编号放进平台的用户标识"
        "（如 customer_key、identity、externUserID），再把它写进班次文件的 accounts；平台带回来就自动对上。"
    ),
    "en": (
        "To spare yourself this: give each trainee a registration link of their own, or put the trainee's id "
        "into the platform's user key (customer_key, identity, externUserID) when the meeting is made, and "
        "list it under accounts in the cohort file; what the platform sends back then finds its person."
    ),
}

Account = tuple[str, str]
"""(source, account)."""


class _Seen(NamedTuple):
    """A connection of an unclaimed account, and when it was in the room: [from, to], `to` None while open."""

    account: Account
    connection: Connection
    start: int
    end: int | None


async def cohort_inbox_door(request: web.Request) -> web.StreamResponse:
    """The inbox of one cohort."""
    parts = request.app[PARTS]
    told, _ = await cohort_read(request)
    found = [one for one in told.document["findings"] if one["code"] == "account_unmatched"]
    first_at = {(one["source"], one["account"]): one["at"] for one in found[:MOST]}
    listener = _Listener(first_at)
    there = await parts.trials.told(parts.log, listener, told, _with_accounts(told.plan, first_at))
    seen = [one for account in first_at for one in _seen(account, _traces(there, account), told.as_of)]
    meetings = _meetings(there.plan, seen)
    people = sorted(told.plan.cohort.people, key=lambda p: (bool(p.accounts), p.role != "trainee", p.id))
    document = {
        **head(parts, told),
        "accounts": [
            {
                **_account(there, account, at, [one for one in seen if one.account == account]),
                "names": (names := listener.names.get(account, [])),
                "meetings": [m["id"] for m in meetings if _mark(account) in m["accounts"]],
                "suggestions": suggestions([*names, account[1]], told.plan.cohort.people, account[0]),
            }
            for account, at in first_at.items()
        ],
        "meetings": meetings,
        "people": [{"id": p.id, "name": p.name, "role": p.role, "unbound": not p.accounts} for p in people],
        "next_time": NEXT_TIME,
        "left_out": len(found) - len(first_at),
    }
    return answer.plain(document, demo=demo(parts, told.plan))


class _Listener:
    """The decoder of all sources, which notes what joins call unclaimed accounts (`data.name`)."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._accounts = set(accounts)
        self.names: dict[Account, list[str]] = defaultdict(list)

    def events(self, entry: Entry) -> list[Event]:
        """The events of an entry that were taken."""
        found = sources.events(entry)
        self._note(found)
        return found

    def taken(self, entry: Entry) -> Taken:
        """The same, plain beats in columns."""
        found = sources.taken(entry)
        self._note(found.events)
        return found

    def _note(self, events: Iterable[Event]) -> None:
        for event in events:
            key = (event.source, event.data.account or "")
            if event.type != "classroom.joined" or key not in self._accounts:
                continue
            try:
                name = _named(event.raw).data.name
            except msgspec.MsgspecError:
                continue
            names = self.names[key]
            if name and name.strip() and name not in names and len(names) < _NAMES:
                names.append(name[:100])


class _Name(msgspec.Struct):
    name: str | None = None


class _Joined(msgspec.Struct):
    data: _Name


_named = msgspec.json.Decoder(_Joined).decode


def _person_of(account: Account) -> str:
    """The id under which an unclaimed account is folded; no person of a file is called so."""
    return f"\0{account[0]}/{account[1]}"


def _with_accounts(plan: Plan, accounts: Iterable[Account]) -> bytes:
    """The cohort's file with a person for each account, who is in no total and owes nothing."""
    content = dict(plan.cohort.content)
    content["people"] = [
        *(content.get("people") or []),
        *({"id": _person_of(one), "role": "teacher", "accounts": [f"{one[0]}/{one[1]}"]} for one in accounts),
    ]
    return msgspec.json.encode(content)


def _traces(there: Told, account: Account) -> Traces:
    return there.fold.traces[_person_of(account)]


def _seen(account: Account, traces: Traces, as_of: int) -> list[_Seen]:
    return [
        _Seen(account, connection, stay.start, stay.end)
        for connection in traces.connections()
        for stay in told_stays(connection, as_of)
    ]


def _account(there: Told, account: Account, first_at: str, seen: list[_Seen]) -> dict[str, Any]:
    traces, as_of = _traces(there, account), there.as_of
    marks = [mark for marks in traces.marks.values() for mark in marks]
    last = [*(one.connection.last for one in seen), *(mark[0] for mark in marks)]
    begun = [period for period in there.plan.periods if period.start < as_of]
    return {
        **_mark(account),
        "first_at": first_at,
        "last_at": rfc3339(max(last)) if last else first_at,
        "in_room_ms": _length((one.start, as_of if one.end is None else one.end) for one in seen),
        "proven_ms": sum(
            traces.measure(period, as_of).get("valid", 0)
            for period in begun
            if period.session.mode == "online"
        ),
        "connections": len({id(one.connection) for one in seen}),
        "sign_ins": sum(mark[1] == sign_in.IN for mark in marks),
    }


def _length(spans: Iterable[tuple[int, int]]) -> int:
    """How long (ms) at least one of the spans lasts."""
    total = reached = 0
    for start, end in sorted(spans):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total


def _meetings(plan: Plan, seen: Iterable[_Seen]) -> list[dict[str, Any]]:
    """The meetings that unclaimed accounts were in, by start; by date where the platform tells none apart."""
    together: dict[tuple[str, str, str, date | None], list[_Seen]] = defaultdict(list)
    for one in seen:
        c = one.connection
        on = None if c.instance else plan.date_of(one.start)
        together[c.source, c.room, c.instance, on].append(one)
    found = []
    for (source, room, instance, on), there in together.items():
        start = min(one.start for one in there)
        ends = [one.end for one in there]
        end = None if None in ends else max(end for end in ends if end is not None)
        named = msgspec.json.encode((source, room, instance, on))
        found.append(
            {
                "id": hashlib.sha256(named).hexdigest()[:12],
                "source": source,
                "room": room,
                "instance": instance,
                "date": plan.date_of(start),
                "from": rfc3339(start),
                "to": None if end is None else rfc3339(end),
                "sessions": [
                    session.id
                    for session in plan.rooms.get(room, ())
                    if session.periods[-1][1] > start and (end is None or session.periods[0][0] < end)
                ],
                "accounts": [_mark(account) for account in dict.fromkeys(one.account for one in there)],
            }
        )
    return sorted(found, key=lambda one: (one["from"], one["id"]))


def _mark(account: Account) -> dict[str, str]:
    return {"source": account[0], "account": account[1]}


DOORS = [
    Door(
        "GET",
        "/v1/cohorts/{cohort}/inbox",
        cohort_inbox_door,
        "inbox",
        "The inbox of a cohort 班次的待认领账号",
        "Accounts that match nobody, with where and when they were seen, and whose name is like what the "
        "platform called them (`data.name` of a join, or the account itself). A suggestion binds nobody. "
        "`left_out` says how many accounts beyond 500 there are.",
        answers={200: Answer("What waits", {answer.JSON: shapes_of_inbox.CohortInbox})},
    )
]
