"""The shapes of what comes in and goes out of the doors, for reading bodies and for the OpenAPI document.

In: nothing. Out: msgspec structs. Never: a rule; a body that fits its shape may still be refused for what
it says.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from monitor.cohort import CAMERAS, KINDS, ROLES

Name = Annotated[str, Meta(min_length=1)]
Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Count = Annotated[int, Meta(ge=0)]
Span = Annotated[list[Moment], Meta(min_length=2, max_length=2)]
Kind = Literal[KINDS]  # type: ignore[valid-type]
Camera = Literal[CAMERAS]  # type: ignore[valid-type]
Role = Literal[ROLES]  # type: ignore[valid-type]
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

# --- the cohort file (WIRE section 1) ------------------------------------------------------------------


class CohortHead(Struct, forbid_unknown_fields=True):
    """The class itself."""

    id: Name
    name: str | None = None
    organizer: str | None = None
    organizer_id: str | None = None
    district: str | None = None
    project: str | None = None
    timezone: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    filed_at: str | None = None
    policy_digest: str | None = None


class CohortSource(Struct, forbid_unknown_fields=True):
    """A platform that pushes events of this class."""

    id: Name
    camera: Camera
    heartbeat_seconds: Annotated[int, Meta(ge=1)] | None = None


class CohortPerson(Struct, forbid_unknown_fields=True):
    """A trainee or a teacher. No ID numbers here."""

    id: Name
    role: Role
    name: str | None = None
    accounts: list[Name] | None = None
    enrolled_on: date | None = None
    withdrawn_on: date | None = None
    employer: str | None = None
    post: str | None = None
    level: str | None = None
    certificate: str | None = None
    gender: str | None = None
    education: str | None = None
    note: str | None = None


class _Session(Struct, forbid_unknown_fields=True, kw_only=True):
    id: Name
    course: str
    kind: Kind
    periods: Annotated[list[Span], Meta(min_length=1)]
    teacher: str | None = None
    place: str | None = None
    people: list[Name] | None = None
    breakouts: list[Name] | None = None
    filed_at: str | None = None
    theme: str | None = None
    tasks: str | None = None
    guide: str | None = None
    sign_out: bool | None = None


class OnlineSession(_Session, forbid_unknown_fields=True, kw_only=True, tag_field="mode", tag="online"):
    """A session in a room of a platform."""

    room: Name


class OfflineSession(_Session, forbid_unknown_fields=True, kw_only=True, tag_field="mode", tag="offline"):
    """A session in a place."""

    room: Name | None = None


class CohortFile(Struct, forbid_unknown_fields=True):
    """A cohort file (WIRE section 1). Unknown keys are errors, so that a misspelt one is seen."""

    policy: Name
    cohort: CohortHead
    sources: list[CohortSource] | None = None
    people: list[CohortPerson] | None = None
    sessions: list[OnlineSession | OfflineSession] | None = None


# --- what staff send -----------------------------------------------------------------------------------


class Proposal(Struct, forbid_unknown_fields=True):
    """A correction: this person gets (or loses) this period, or all of the session where `period` is null."""

    person: Name
    session: Name
    credit: bool
    reason: Annotated[str, Meta(pattern=r"\S", max_length=1000)]
    period: Annotated[int, Meta(ge=0, le=10_000)] | None = None


class Binding(Struct, forbid_unknown_fields=True):
    """An account of the inbox that is this person's; with `source` only that platform's."""

    account: Annotated[str, Meta(pattern=r"\S", max_length=500)]
    source: Annotated[str, Meta(pattern="^[a-z0-9-]+$", max_length=100)] | None = None


# --- what goes out -------------------------------------------------------------------------------------


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


class Stay(Struct, kw_only=True):
    """A span in a room on one connection."""

    source: str
    room: str
    connection: str
    from_: Moment
    to: Moment | None
    from_by: Literal["joined", "implied"]
    to_by: Literal["left", "ended", "last_proof"] | None


class Proof(Struct, kw_only=True):
    """An event behind a period, with the delivery that brought it: its position and hash in the log."""

    event: dict[str, Any]
    position: str | None
    hash: str | None


class PersonTold(_Told, kw_only=True):
    """One person's part: periods and stays; a trainee's totals too."""

    id: str
    role: Role
    name: str | None
    periods: list[PeriodTold]
    stays: list[dict[str, Any]]
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


class CorrectionTold(Struct, kw_only=True):
    """A correction as it stands: proposed, or approved by another and counting since."""

    n: Count
    person: str
    session: str
    period: Count | None
    credit: bool
    reason: str
    state: Literal["proposed", "approved"]
    by: str
    at: Moment
    approved_by: str | None
    approved_at: Moment | None
    position: str


class Corrections(Struct, kw_only=True):
    """The corrections of a cohort by number, a page at a time."""

    corrections: list[CorrectionTold]
    next: str | None


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


class Bound(Struct, kw_only=True):
    """An account that is this person's from now on, and was from the start."""

    cohort: str
    person: str
    account: str
    version: str


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
