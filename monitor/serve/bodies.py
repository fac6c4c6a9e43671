"""The shapes of what comes in at the doors: cohort files, proposals, bindings, sign-ins, users.

In: nothing. Out: msgspec structs, for reading bodies and for the OpenAPI document. Never: a rule; a body that
fits its shape may still be refused for what it says.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from monitor.cohort import CAMERAS, KINDS, ROLES
from monitor.office.users import USER_ROLES

CohortId = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Name = Annotated[str, Meta(min_length=1)]
Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Span = Annotated[list[Moment], Meta(min_length=2, max_length=2)]
Kind = Literal[KINDS]  # type: ignore[valid-type]
Camera = Literal[CAMERAS]  # type: ignore[valid-type]
Role = Literal[ROLES]  # type: ignore[valid-type]

# --- the cohort file (WIRE section 1) ------------------------------------------------------------------


class CohortHead(Struct, forbid_unknown_fields=True):
    """The class itself."""

    id: CohortId
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


# --- people who sign in --------------------------------------------------------------------------------

_Typed = Annotated[str, Meta(max_length=1000)]
_Secret = Annotated[str, Meta(min_length=1, max_length=200)]
UserRole = Literal[USER_ROLES]  # type: ignore[valid-type]


class SignIn(Struct, forbid_unknown_fields=True):
    """A name and its password."""

    name: _Typed
    password: _Typed


class NewPassword(Struct, forbid_unknown_fields=True):
    """Another password for who knows the one they have."""

    old: _Typed
    new: _Typed


class LinkSecret(Struct, forbid_unknown_fields=True):
    """What stands behind # in the address of a one-time link."""

    secret: _Secret


class LinkUse(Struct, forbid_unknown_fields=True):
    """A one-time link, and what it is for: `name` and `display` of the first admin, a password."""

    secret: _Secret
    password: _Typed = ""
    name: _Typed = ""
    display: _Typed = ""


class NewUser(Struct, forbid_unknown_fields=True):
    """A user. Without `cohorts`, or with none: admin, center and auditor are given all, others none."""

    name: Annotated[str, Meta(pattern=r"^[\w.@-]+$", max_length=64)]
    role: UserRole
    display: Annotated[str, Meta(max_length=100)] = ""
    cohorts: list[CohortId] | None = []
    persons: dict[str, str] = {}


class UserChange(Struct, forbid_unknown_fields=True):
    """What changes of a user; what is not named stays."""

    display: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    role: UserRole | UnsetType = UNSET
    cohorts: list[CohortId] | UnsetType | None = UNSET
    persons: dict[str, str] | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class OneBinding(Binding, forbid_unknown_fields=True, kw_only=True):
    """An account that is this person's."""

    person: Name


class Bindings(Struct, forbid_unknown_fields=True):
    """Accounts to bind at once: all of them, or none."""

    bindings: Annotated[list[OneBinding], Meta(min_length=1, max_length=200)]
