"""The shapes of what goes out of the doors, for the OpenAPI document; the doors are tested against them.

In: nothing. Out: msgspec structs. Never: makes an answer.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from monitor.hours.attention import Attention
from monitor.serve.bodies import Kind, Moment, Role

Count = Annotated[int, Meta(ge=0)]
Standing = Literal["met", "short", "unrecoverable", "at_risk", "on_track"]
Verdict = Literal["credited", "refused", "pending", "live", "upcoming", "not_countable", "not_enrolled"]
Reason = Literal[
    "camera_off",
    "no_evidence",
    "not_in_room",
    "open",
    "no_sign_in",
    "late",
    "left_early",
    "overlap",
    "over_daily_cap",
    "manual",
]


class PolicyMark(Struct):
    """The policy and the digest of its values."""

    id: str
    digest: str


class Planned(Struct):
    """Class hours on the timetable."""

    hours: Count
    seminar: Count


class _Totals(Struct, kw_only=True):
    id: str
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
    standing: Standing


class Trainee(_Totals, kw_only=True):
    """Where one trainee stands (RULES section 8)."""


class PeriodTold(Struct, kw_only=True):
    """One class hour of one trainee: verdict, reason, and milliseconds by category."""

    session: str
    index: Count
    verdict: Verdict
    reason: Reason | None
    milliseconds: dict[str, Count]
    reachable: Count | UnsetType = UNSET


class FindingTold(Struct, kw_only=True):
    """Something that somebody should look at; it changes no number (RULES section 9)."""

    code: str
    at: Moment | None
    person: str | UnsetType = UNSET
    session: str | UnsetType = UNSET
    index: Count | UnsetType = UNSET
    source: str | UnsetType = UNSET
    event: str | UnsetType = UNSET
    account: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    room: str | UnsetType = UNSET


class _Told(Struct, kw_only=True):
    as_of: Moment
    cohort: str
    policy: PolicyMark
    position: str
    head: str
    demo: bool | UnsetType = UNSET


class Attendance(_Told, kw_only=True):
    """Section 3 of WIRE.md without `periods`; `position` and `head` say which log it was given from."""

    planned: Planned
    rate: str | None
    people: list[Trainee]
    findings: list[FindingTold]


class Stay(Struct, kw_only=True, rename={"from_": "from"}):
    """A span in a room on one connection."""

    source: str
    room: str
    connection: str
    from_: Moment
    to: Moment | None
    from_by: Literal["joined", "implied"]
    to_by: Literal["left", "ended", "last_proof"] | None


class Proof(Struct, kw_only=True):
    """An event behind a period, with the delivery that brought it: its position and hash in the log.

    `connections`: ids of the connections it belongs to, as the person's days name them.
    """

    event: dict[str, Any]
    position: str | None
    hash: str | None
    connections: list[str]


class PersonTold(_Told, kw_only=True):
    """One person's part: periods and stays; a trainee's totals too."""

    id: str
    role: Role
    name: str | None
    periods: list[PeriodTold]
    stays: list[Stay]
    findings: list[FindingTold]
    credited: Count | UnsetType = UNSET
    seminar: Count | UnsetType = UNSET
    online: Count | UnsetType = UNSET
    required: Count | UnsetType = UNSET
    rate: str | UnsetType | None = UNSET
    slots_required: Count | UnsetType = UNSET
    slots_met: Count | UnsetType = UNSET
    possible: Count | UnsetType = UNSET
    possible_seminar: Count | UnsetType = UNSET
    gap: Count | UnsetType = UNSET
    gap_seminar: Count | UnsetType = UNSET
    standing: Standing | UnsetType = UNSET
    events: list[Proof] | UnsetType = UNSET


class Closing(Struct, kw_only=True):
    """A period that could still close a gap."""

    session: str
    index: Count
    course: str
    kind: Kind
    mode: Literal["online", "offline"]
    seminar: bool
    start: Moment
    end: Moment
    verdict: Literal["pending", "live", "upcoming"]
    room: str | None
    place: str | None
    reachable: Count | UnsetType = UNSET


class Shortfall(Struct, kw_only=True):
    """A trainee neither `met` nor `on_track`, and what could still close the gap."""

    id: str
    name: str | None
    standing: Standing
    credited: Count
    seminar: Count
    possible: Count
    possible_seminar: Count
    gap: Count
    gap_seminar: Count
    could_close: list[Closing]


class Shortfalls(_Told, kw_only=True):
    """Shortfalls by trainee id, a page at a time."""

    shortfalls: list[Shortfall]
    next: str | None


Doing = Literal[
    "camera_on", "camera_off", "no_evidence", "not_in_room", "signed_in", "signed_out", "not_signed_in"
]


class PeriodOn(Struct, kw_only=True):
    """A period of the timetable. `hour` of `hours`: which of its local date, those at one time as one."""

    id: str
    session: str
    index: Count
    course: str
    kind: Kind
    mode: Literal["online", "offline"]
    teacher: str | None
    room: str | None
    place: str | None
    start: Moment
    end: Moment
    countable: bool
    hour_ms: Count
    hour: Count
    hours: Count


class PeriodRunning(PeriodOn, kw_only=True):
    """One that runs: how many trainees do what, and how many of them need what attention."""

    states: dict[Doing, Count]
    attention: dict[Attention, Count]


class QuietSource(Struct, kw_only=True):
    """A platform from which nothing comes while a class is on, and when it was heard last."""

    id: str
    since: Moment | None


class Overview(_Told, kw_only=True):
    """A cohort at a glance."""

    name: str | None
    timezone: str
    trainees: Count
    planned: Planned
    rate: str | None
    standings: dict[Standing, Count]
    running: list[PeriodRunning]
    next: PeriodOn | None
    quiet: list[QuietSource]


class CohortLine(Struct, kw_only=True):
    """A cohort in the list."""

    id: str
    name: str | None
    organizer: str | None
    policy: str
    sources: list[str]
    changed_at: Moment
    version: str
    demo: bool | UnsetType = UNSET


class Cohorts(Struct, kw_only=True):
    """The cohorts given to this token, by id, a page at a time."""

    cohorts: list[CohortLine]
    next: str | None


class CohortTold(Struct, kw_only=True):
    """The cohort file in force, and where in the log it stands."""

    policy: str
    cohort: dict[str, Any]
    position: str
    head: str
    sources: list[Any] | UnsetType | None = UNSET
    people: list[Any] | UnsetType | None = UNSET
    sessions: list[Any] | UnsetType | None = UNSET
    demo: bool | UnsetType = UNSET


class Imported(Struct, kw_only=True):
    """A cohort file that was taken on."""

    id: str
    created: bool
    changed: bool
    version: str
    notes: list[str]
    demo: bool | UnsetType = UNSET


class CorrectionTold(Struct, kw_only=True):
    """A correction as it stands: proposed, approved by another and counting since, or laid aside."""

    n: Count
    person: str
    session: str
    period: Count | None
    credit: bool
    reason: str
    state: Literal["proposed", "approved", "rejected", "withdrawn"]
    by: str
    at: Moment
    approved_by: str | None
    approved_at: Moment | None
    position: str
    rejected_by: str | UnsetType = UNSET
    rejected_at: Moment | UnsetType = UNSET
    demo: bool | UnsetType = UNSET


class Corrections(Struct, kw_only=True):
    """The corrections of a cohort by number, a page at a time."""

    corrections: list[CorrectionTold]
    next: str | None
    demo: bool | UnsetType = UNSET


class Unclaimed(Struct, kw_only=True):
    """An account that matches nobody in a cohort that lists its source."""

    cohort: str
    source: str
    account: str
    first_at: Moment | None


class Inbox(Struct, kw_only=True):
    """Accounts that match nobody, a page at a time."""

    inbox: list[Unclaimed]
    next: str | None
    demo: bool | UnsetType = UNSET


class Bound(Struct, kw_only=True):
    """An account that is this person's from now on, and was from the start."""

    cohort: str
    person: str
    account: str
    version: str
    demo: bool | UnsetType = UNSET


class RefusedEvent(Struct, kw_only=True):
    """An event of the delivery that was kept and does not count."""

    index: Count
    reason: str
    detail: str | UnsetType = UNSET


class Taken(Struct, kw_only=True):
    """What became of a delivery; it would survive a power cut."""

    accepted: Count
    duplicate: Count
    refused: list[RefusedEvent]
    position: str


class Delivery(Struct, kw_only=True):
    """A delivery in the log: how many of its events were taken, how many refused, and its link."""

    position: str
    at: Moment
    source: str
    webhook_id: str | None
    events: Count
    refused: Count
    hash: str
    erased: bool


class Deliveries(Struct, kw_only=True):
    """Deliveries by position, a page at a time."""

    deliveries: list[Delivery]
    next: str | None
    demo: bool | UnsetType = UNSET


class DeliveryProof(Delivery, kw_only=True):
    """All that the link of a delivery commits to, the link before it, and where it was asked for the bytes.

    `body_sha256` is of the body as it was signed; `body` (base64) is what stands there now.
    """

    headers: dict[str, str]
    decoder: str
    body_sha256: str
    body_bytes: Count
    before: str
    arrived_ms: Count
    body: str | UnsetType = UNSET
    demo: bool | UnsetType = UNSET


class Health(Struct, kw_only=True):
    """How the service is."""

    status: str
    reason: str | UnsetType = UNSET


class ProblemTold(Struct, kw_only=True):
    """A problem (RFC 9457). `reason` is a word of the table at /problems; `errors` name each place."""

    type: str
    title: str
    status: int
    detail: str
    reason: str
    request_id: str | UnsetType = UNSET
    errors: list[dict[str, str]] | UnsetType = UNSET
