"""The shapes of findings, of the inbox of a cohort, and of what binding accounts would change.

In: nothing. Out: msgspec structs. Never: makes an answer.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from monitor.serve.bodies import Moment, Role
from monitor.serve.shapes import Count, FindingTold, Reason, Verdict, _Told
from monitor.serve.shapes_of_days import PersonTotals
from monitor.serve.shapes_of_rules import TextTold, WordTold


class FindingNamed(FindingTold, kw_only=True):
    """A finding, with the name of the person it names."""

    name: str | UnsetType | None = UNSET


class CodeTold(WordTold, kw_only=True):
    """A code of which there are findings: how many, what it means, what can be done."""

    code: str
    count: Count


class FindingsTold(_Told, kw_only=True):
    """Findings by code and instant, a page at a time."""

    findings: list[FindingNamed]
    codes: list[CodeTold]
    next: str | None


class AccountMark(Struct, kw_only=True):
    """An account of a source."""

    source: str
    account: str


class Suggestion(Struct, kw_only=True):
    """Somebody whose name is like what the platform called the account. Nobody is bound by it."""

    person: str
    name: str
    unbound: bool
    how: Literal["same", "contains", "close"]
    why: TextTold


class UnclaimedTold(AccountMark, kw_only=True):
    """An account that matches nobody: where and when it was seen, and who it may be."""

    names: list[str]
    first_at: Moment | None
    last_at: Moment | None
    in_room_ms: Count
    proven_ms: Count
    connections: Count
    sign_ins: Count
    meetings: list[str]
    suggestions: list[Suggestion]


class MeetingTold(Struct, kw_only=True, rename={"from_": "from"}):
    """One meeting in a room (of a local date, where the platform does not tell them apart)."""

    id: str
    source: str
    room: str
    instance: str
    date: date
    from_: Moment
    to: Moment | None
    sessions: list[str]
    accounts: list[AccountMark]


class Bindable(Struct, kw_only=True):
    """Somebody to whom an account may be bound; `unbound`: who has none yet."""

    id: str
    name: str | None
    role: Role
    unbound: bool


class CohortInbox(_Told, kw_only=True):
    """The accounts of a cohort that match nobody, and the meetings they were seen in."""

    accounts: list[UnclaimedTold]
    meetings: list[MeetingTold]
    people: list[Bindable]
    next_time: TextTold
    left_out: Count


class Judgement(Struct, kw_only=True):
    """What a period comes to."""

    verdict: Verdict
    reason: Reason | None
    valid_ms: Count


class PeriodChange(Struct, kw_only=True):
    """A period that the binding would change."""

    session: str
    index: Count
    course: str
    date: date
    start: Moment
    end: Moment
    before: Judgement
    after: Judgement


class PersonChange(Struct, kw_only=True):
    """Somebody whom the binding would change; `before` and `after` are null of a teacher."""

    id: str
    role: Role
    name: str | None
    before: PersonTotals | None
    after: PersonTotals | None
    periods: list[PeriodChange]


class RateChange(Struct, kw_only=True):
    """The class's rate before and after."""

    before: str | None
    after: str | None


class StandingsChange(Struct, kw_only=True):
    """How many stand where, before and after."""

    before: dict[str, Count]
    after: dict[str, Count]


class FindingsChange(Struct, kw_only=True):
    """Findings that would go, and that would come."""

    gone: list[FindingNamed]
    new: list[FindingNamed]


class PreviewTold(_Told, kw_only=True):
    """What bindings would change; nothing was written."""

    people: list[PersonChange]
    rate: RateChange
    standings: StandingsChange
    findings: FindingsChange


class BoundOne(Struct, kw_only=True):
    """An account, as a cohort file has it, and whose it is."""

    person: str
    account: str


class BoundMany(Struct, kw_only=True):
    """Accounts that are these people's from now on, and were from the start."""

    cohort: str
    bound: list[BoundOne]
    version: str
    demo: bool | UnsetType = UNSET
