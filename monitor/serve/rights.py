"""Who may use which door: one table, and nothing is open that has no row in it.

In: a method and a path as the router knows them. Out: the roles that may pass, or that it is open, or that
the door checks a signature itself. Never: looks at a request, knows which cohorts a token was given.
"""

from __future__ import annotations

from typing import Final, NamedTuple

ROLES: Final = ("platform", "teacher", "clerk", "approver", "center", "auditor", "admin", "trainee")
"""平台, 教师, 经办, 审批, 中心, 审计, 管理员, 学员. A trainee's token sees that trainee alone."""

STAFF: Final = frozenset({"teacher", "clerk", "approver", "admin"})
READERS: Final = STAFF | {"center", "auditor"}
MASKED: Final = frozenset({"center", "auditor"})
"""Who sees names masked unless they ask in full; each of their readings is written down."""


class Right(NamedTuple):
    """Who may pass: `roles`; or anyone (`open`); or whoever the door itself makes prove it (`proof`).

    `session`: whoever signed in, of any role, and no token: it is about their own session.
    """

    roles: frozenset[str] = frozenset()
    open: bool = False
    proof: str | None = None
    session: bool = False


def _to(*roles: str) -> Right:
    return Right(frozenset(roles))


_OPEN: Final = Right(open=True)
_READ: Final = Right(READERS)
_SIGNED_IN: Final = Right(session=True)
_ADMIN: Final = _to("admin")

RIGHTS: Final[dict[str, Right]] = {
    "POST /v1/ingest/{source}": Right(proof="signature"),
    "GET /v1/ingest/{source}/stream": _to("platform"),
    "GET /v1/policies/{policy}": _READ,
    "GET /v1/cohorts": _READ,
    "POST /v1/cohorts": _to("admin", "clerk"),
    "GET /v1/cohorts/{cohort}": _READ,
    "GET /v1/cohorts/{cohort}/attendance": _READ,
    "GET /v1/cohorts/{cohort}/overview": _READ,
    "GET /v1/cohorts/{cohort}/people/{person}": Right(READERS | {"trainee"}),
    "GET /v1/cohorts/{cohort}/people/{person}/days": Right(READERS | {"trainee"}),
    "GET /v1/cohorts/{cohort}/progress": _READ,
    "GET /v1/cohorts/{cohort}/findings": Right(STAFF | {"auditor"}),
    "GET /v1/cohorts/{cohort}/shortfalls": _READ,
    "GET /v1/cohorts/{cohort}/corrections": Right(STAFF | {"auditor"}),
    "POST /v1/cohorts/{cohort}/corrections": _to("clerk", "teacher"),
    "POST /v1/cohorts/{cohort}/corrections/{number}/approve": _to("approver"),
    "POST /v1/cohorts/{cohort}/corrections/{number}/reject": _to("clerk", "teacher", "approver"),
    "GET /v1/cohorts/{cohort}/inbox": _to("clerk", "admin"),
    "POST /v1/cohorts/{cohort}/bindings": _to("clerk", "admin"),
    "POST /v1/cohorts/{cohort}/bindings/preview": _to("clerk", "admin"),
    "GET /v1/inbox": _to("clerk", "admin"),
    "POST /v1/cohorts/{cohort}/people/{person}/accounts": _to("clerk", "admin"),
    "DELETE /v1/cohorts/{cohort}/people/{person}/accounts": _to("clerk", "admin"),
    "GET /v1/deliveries": _to("admin", "auditor"),
    "GET /v1/deliveries/{position}": _to("admin", "auditor"),
    "GET /v1/live": Right(READERS, proof="first message"),
    "GET /v1/session": _OPEN,
    "POST /v1/session": Right(proof="name and password"),
    "DELETE /v1/session": _SIGNED_IN,
    "PUT /v1/session/password": _SIGNED_IN,
    "GET /v1/sessions": _SIGNED_IN,
    "DELETE /v1/sessions/{session}": _SIGNED_IN,
    "POST /v1/link": Right(proof="the link's secret"),
    "POST /v1/link/use": Right(proof="the link's secret"),
    "GET /v1/users": _ADMIN,
    "POST /v1/users": _ADMIN,
    "GET /v1/users/{user}": _ADMIN,
    "PATCH /v1/users/{user}": _ADMIN,
    "POST /v1/users/{user}/link": _ADMIN,
    "GET /v1/users/{user}/sessions": _ADMIN,
    "DELETE /v1/users/{user}/sessions": _ADMIN,
    "DELETE /v1/users/{user}/sessions/{session}": _ADMIN,
    "GET /": _OPEN,
    "GET /{path:(?!v1(?:/|$)).+}": _OPEN,
    "GET /healthz": _OPEN,
    "GET /readyz": _OPEN,
    "GET /openapi.json": _OPEN,
    "GET /docs": _OPEN,
    "GET /docs/{file}": _OPEN,
    "GET /problems": _OPEN,
    "GET /metrics": Right(frozenset({"admin"}), proof="loopback"),
}
