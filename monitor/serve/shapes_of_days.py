"""The shapes of one person's days and a class's progress, for the OpenAPI document.

In: nothing. Out: msgspec structs. Never: makes an answer.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from monitor.hours.strip import CATEGORIES
from monitor.serve.bodies import Kind, Moment, Role
from monitor.serve.shapes import Count, FindingTold, Planned, Reason, Standing, Trainee, Verdict, _Told

Category = Literal[CATEGORIES]  # type: ignore[valid-type]
Mode = Literal["online", "offline"]
Weekday = Annotated[int, Meta(ge=1, le=7)]
Piece = Annotated[list[str], Meta(min_length=3, max_length=3)]


class Needs(Struct, kw_only=True):
    """What the policy asks of a trainee, in class hours, and how long one is (ms)."""

    hours: Count
    seminar: Count
    hour_ms: Count


class PersonTotals(Struct, kw_only=True):
    """Where a trainee stands (RULES section 8)."""

    credited: Count
    seminar: Count
    online: Count
    required: Count
    rate: str | None
    slots_required: Count
    slots_met: Count
    possible: Count
    possible_seminar: Count
    gap: Count
    gap_seminar: Count
    spare: Count
    spare_seminar: Count
    standing: Standing


class DeviceStay(Struct, kw_only=True, rename={"from_": "from"}):
    """A stay of one device in the room."""

    from_: Moment
    to: Moment | None
    from_by: Literal["joined", "implied"]
    to_by: Literal["left", "ended", "last_proof"] | None


class DeviceTold(Struct, kw_only=True):
    """What one device alone says of a period. `id` is what the events behind it name in `connections`."""

    id: str
    source: str
    room: str
    instance: str
    connection: str
    strip: list[Piece]
    stays: list[DeviceStay]
    account: str | UnsetType = UNSET


class MarkTold(Struct, kw_only=True):
    """A sign-in or sign-out in the period's slot; whether it is one that can count."""

    at: Moment
    what: Literal["signed_in", "signed_out"]
    source: str
    event: str
    accepted: bool


class SlotTold(Struct, kw_only=True):
    """The sign-in slot that the period is in."""

    start: Moment
    end: Moment
    half_day: Literal["morning", "afternoon", "evening"]


class Decided(Struct, kw_only=True):
    """The correction that decides the period."""

    at: Moment
    credit: bool
    event: str


class DayPeriod(Struct, kw_only=True):
    """One period of one person, with its seconds: `strip` is `[from, to, category]` over the whole of it."""

    session: str
    index: Count
    course: str
    kind: Kind
    mode: Mode
    seminar: bool
    countable: bool
    teacher: str | None
    room: str | None
    place: str | None
    start: Moment
    end: Moment
    length_ms: Count
    verdict: Verdict
    reason: Reason | None
    settled: bool
    valid_ms: Count
    needed_ms: Count | None
    full_at: Moment | None
    milliseconds: dict[str, Count]
    strip: list[Piece]
    connections: list[DeviceTold]
    marks: list[MarkTold]
    slot: SlotTold
    correction: Decided | None
    reachable_ms: Count | UnsetType = UNSET
    can_still: bool | UnsetType = UNSET


class DayTold(Struct, kw_only=True):
    """A local date. `credited`, `settled`, `required` are a trainee's; null of a teacher."""

    date: date
    weekday: Weekday
    credited: Count | None
    settled: Count | None
    required: Count | None
    periods: list[DayPeriod]


class Excuse(Struct, kw_only=True):
    """A leave (请假): shown, and counted nowhere."""

    session: str
    at: Moment
    reason: str | None
    by: str | None


class DaysTold(_Told, kw_only=True):
    """One person, day by day, down to the seconds."""

    cohort_name: str | None
    organizer: str | None
    id: str
    role: Role
    name: str | None
    timezone: str
    needs: Needs
    totals: PersonTotals | None
    days: list[DayTold]
    excuses: list[Excuse]
    findings: list[FindingTold]


class Column(Struct, kw_only=True):
    """A period of the cohort."""

    session: str
    index: Count
    course: str
    kind: Kind
    mode: Mode
    seminar: bool
    countable: bool
    teacher: str | None
    start: Moment
    end: Moment
    date: date
    settled: bool


class Row(Trainee, kw_only=True):
    """A trainee; `cells` has a letter for each period, whose meaning stands in `codes`.

    `spare`, `spare_seminar`: hours that may still be missed before a total is out of reach.
    """

    spare: Count
    spare_seminar: Count
    name: str | None
    cells: str


class ClassDayTold(Struct, kw_only=True):
    """A local date of the class: hours of that day, and of all days up to it."""

    date: date
    weekday: Weekday
    periods: Count
    countable: Count
    settled: Count
    trainees: Count
    present: Count
    credited: Count
    required: Count
    rate: str | None
    credited_so_far: Count
    required_so_far: Count
    rate_so_far: str | None


class ProgressTold(_Told, kw_only=True):
    """A class: every verdict of everybody, the sums by day, how many stand where."""

    cohort_name: str | None
    organizer: str | None
    timezone: str
    planned: Planned
    needs: Needs
    rate: str | None
    periods: list[Column]
    codes: dict[str, list[Any]]
    people: list[Row]
    standings: dict[str, Count]
    days: list[ClassDayTold]
    shortfalls: str
