"""The shapes of what is told of users, sessions and links, for the OpenAPI document; beside `shapes`.

In: nothing. Out: msgspec structs. Never: makes an answer.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from monitor.serve.bodies import Moment, UserRole

LinkKind = Literal["invitation", "reset", "first", "sign_in"]


class UserHead(Struct):
    """Who signed in; `cohorts` null is all of them, `persons` who they are in a cohort."""

    id: str
    name: str
    display: str
    role: UserRole
    cohorts: list[str] | None
    persons: dict[str, str]


class SessionTold(Struct):
    """Who signed in, and what their page sends along; all null where nobody did."""

    user: UserHead | None
    csrf: str | None
    session: str | None
    demo: bool
    idle_seconds: int | None
    ends_at: Moment | None


class LinkTold(Struct):
    """What a one-time link is for, and what has to be sent to use it."""

    kind: LinkKind
    name: str | None
    display: str | None
    role: UserRole
    needs: list[Literal["name", "display", "password"]]
    expires_at: Moment


class SessionLine(Struct):
    """A session: since when, when last used, from what kind of browser."""

    session: str
    begun_at: Moment
    seen_at: Moment
    ends_at: Moment
    agent: str
    current: bool


class SessionList(Struct):
    """The sessions of a user that hold."""

    sessions: list[SessionLine]


class UserTold(UserHead):
    """A user, as admins see them."""

    state: Literal["invited", "active", "disabled"]
    added_at: Moment
    changed_at: Moment


class UserList(Struct):
    """Users, and where the next page begins."""

    users: list[UserTold]
    next: str | None


class LinkGiven(Struct):
    """A one-time link; it is shown this once."""

    url: str
    kind: LinkKind
    expires_at: Moment


class UserAdded(Struct):
    """A new user, and the link that lets them set a password."""

    user: UserTold
    link: LinkGiven
